from tests.rule_cases import Case, yolo

NAMES = {"data.yaml": "train: images\nval: images\nnames: [cat]\n"}

CASE = Case(
    {**yolo("0 0.5 0.5 0.2 0.2", "1 0.5 0.5 0.2 0.2"), **NAMES},
    [("labels/a.txt", "line 2", "AssertionError: Label class 1 exceeds nc=1")],
    {**yolo("0 0.5 0.5 0.2 0.2"), **NAMES},
    detector="yolov5",
)
