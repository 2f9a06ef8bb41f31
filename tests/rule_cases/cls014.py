from tests.rule_cases import Case, yolo

YAML = {"data.yaml": "train: images\nnames: [cat, dog]\n"}

CASE = Case(
    yolo("1 .5 .5 .2 .3", "2 .5 .5 .3 .2") | YAML,
    [("labels", "", "ids run 1 to 2, 0 is unused, and yolov5 with 2 classes takes 0 to 1: subtract 1")],
    yolo("1 .5 .5 .2 .3", "1 .5 .5 .3 .2") | YAML,
    detector="yolov5",
)
