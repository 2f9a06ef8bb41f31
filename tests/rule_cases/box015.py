from tests.rule_cases import Case, yolo

CASE = Case(
    yolo("0 0.5 0.5 0.2 0.4", "0 0.9 0.5 1.02 0.4", "0 -0.01 0.5 0.2 0.4"),
    [("labels/a.txt", "line 2", "2 of 3 boxes have values outside 0 to 1")],
    yolo("0 0.5 0.5 1 0.4", "0 1 0.5 0.2 0.4"),
)
