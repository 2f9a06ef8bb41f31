from tests.rule_cases import Case, yolo
from tests.test_yolo import BOX

CASE = Case(
    {"Images/a.jpg": (64, 48), "Labels/a.txt": BOX},
    [
        (
            "Labels",
            "",
            "YOLOv5 and Ultralytics look in Images/ for 1 label file that is in Labels/. Rename Images/ to "
            "images/ and Labels/ to labels/",
        )
    ],
    yolo(BOX.strip()),
)
