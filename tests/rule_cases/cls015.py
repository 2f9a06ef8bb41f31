from anchoraudit.detectors.classes import Classes
from tests.rule_cases import Case, coco

BOX = {"bbox": [100, 100, 74, 149], "category_id": 90}

CASE = Case(
    coco({**BOX, "category_id": 1}, BOX, categories=[{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}]),
    [("a.json", "", "the class of 1 box is beyond the 2 classes of torchvision-fasterrcnn_resnet50_fpn")],
    coco({**BOX, "category_id": 1}, categories=[{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}]),
    detector="torchvision-fasterrcnn_resnet50_fpn",
    options={"classes": Classes(count=2, stated_in="train.py")},
)
