from tests.rule_cases import Case, coco

GOOD = {"bbox": [100, 100, 74, 149], "area": 11026, "iscrowd": 0}

CASE = Case(
    coco(GOOD, {"bbox": [9, 9, 40, 50], "iscrowd": 0}),
    [("a.json", "annotations[1]", "loader mmdet-coco raises: KeyError: 'area' (annotation without an area)")],
    coco(GOOD, GOOD),
    detector="mmdet-retinanet_fpn",
)
