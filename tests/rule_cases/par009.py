from tests.rule_cases import Case, coco

BOX = [9, 9, 70, 90]
FLAT, POLYGON = [9, 9, 79, 9, 79, 99], [[9, 9, 79, 9, 79, 99]]

CASE = Case(
    coco({"bbox": BOX, "segmentation": POLYGON}, *({"bbox": BOX, "segmentation": FLAT} for _ in range(2))),
    [
        (
            "a.json",
            "annotations[1].segmentation",
            "2 of 3 annotations have a flat list of numbers as `segmentation`",
        )
    ],
    coco(
        {"bbox": BOX, "segmentation": POLYGON},
        {"bbox": BOX, "segmentation": []},
        {"bbox": BOX, "segmentation": {"size": [2, 2], "counts": [1, 3]}},
        {"bbox": BOX, "segmentation": None},
        {"bbox": BOX, "caption": '"segmentation": [1'},
        {"bbox": BOX},
    ),
)
