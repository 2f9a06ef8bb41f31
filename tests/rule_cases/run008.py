from tests.rule_cases import Case, yolo

CASE = Case(
    yolo("0 0.5 0.5 0.2 0.2", "0 0.5 0.5 0.0005 0.2"),
    [("labels/a.txt", "line 2", "yolov3-darknet: a box with a side below")],
    yolo("0 0.5 0.5 0.2 0.2", "0 0.5 0.5 0.01 0.2"),
    detector="yolov3-darknet",
)
