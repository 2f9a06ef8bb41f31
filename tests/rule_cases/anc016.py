from tests.rule_cases import Case, coco

CATEGORIES = [{"id": 1, "name": "car"}, {"id": 2, "name": "van"}]
CAR, VAN = ({"category_id": n, "bbox": [100, 100, 40, 40]} for n in (1, 2))

CASE = Case(
    coco(CAR, VAN, categories=CATEGORIES),
    [("a.json", "annotations[1]", "take all its candidates, whatever is predicted (annotations[0])")],
    coco(CAR, CAR, {"category_id": 2, "bbox": [300, 100, 40, 40]}, categories=CATEGORIES),
    detector="torchvision-fcos_resnet50_fpn",
)
