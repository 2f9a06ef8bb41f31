from tests.rule_cases import Case, yolo
from tests.test_yolo import BOX

CASE = Case(
    {"Images/a.jpg": (64, 48), "Labels/a.txt": BOX},
    [
        (
            "Labels",
            "",
            "1 label file is in Labels/; YOLOv5 and Ultralytics look in Images/. Rename Images/ to images/ "
            "and Labels/ to labels/",
        )
    ],
    yolo(BOX.strip()),
)
