from tests.rule_cases import Case, yolo

CASE = Case(
    yolo("0 0.5 0.5 0.2 0.2", "0 1.02 0.5 0.2 0.2"),
    [("labels/a.txt", "line 2", "loader yolov5 drops it")],
    yolo("0 0.5 0.5 0.2 0.2", "0 0.98 0.5 0.2 0.2"),
    detector="yolov5",
)
