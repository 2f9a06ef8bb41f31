from tests.rule_cases import Case, coco

BOX = {"bbox": [100, 100, 74, 149], "category_id": 1}

CASE = Case(
    coco(BOX, categories=[{"id": "1", "name": "cat"}]),
    [
        (
            "a.json",
            "",
            'another type: 1 in the annotations, "1" in `categories`; '
            "mmdet-retinanet_fpn silently drops these",
        )
    ],
    coco({**BOX, "category_id": "1"}, categories=[{"id": "1", "name": "cat"}]),
    detector="mmdet-retinanet_fpn",
)
