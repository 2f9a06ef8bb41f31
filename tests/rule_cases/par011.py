from tests.rule_cases import Case, yolo

PAGE = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"
LINE = "0 0.5 0.5 0.2 0.2"
CASE = Case(
    {**yolo(LINE), "images/b.jpg": (64, 48), "labels/b.txt": PAGE},
    [("labels/b.txt", "", "a web page (HTML), saved under the name of a data file")],
    {**yolo(LINE), "images/b.jpg": (64, 48), "labels/b.txt": f"{LINE}\n", "index.html": PAGE},
)
