from tests.rule_cases import Case, coco

BOX = {"bbox": [100, 100, 74, 149], "category_id": 0}

CASE = Case(
    coco(BOX, categories=[{"id": 0, "name": "cat"}]),
    [("a.json", "", "1 box of class 'cat': torchvision-fasterrcnn_resnet50_fpn: a box of class id 0")],
    coco({**BOX, "category_id": 1}, categories=[{"id": 0, "name": "none"}, {"id": 1, "name": "cat"}]),
    detector="torchvision-fasterrcnn_resnet50_fpn",
)
