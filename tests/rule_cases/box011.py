from tests.rule_cases import NAN, Case, coco, ids

CASE = Case(
    coco((10, 20, 30, 40), (1, 1, 9, 9), (10, 20, 30, 40)),
    [("a.json", "annotations[2]", "the same box as annotations[0]: image 1")],
    coco(
        *((10, 20, 30, 40), {"bbox": [10, 20, 30, 40], "category_id": 2}),
        *({"bbox": [10, 20, 30, 40], "image_id": 2}, {"bbox": [10, 20, 30, 40], "iscrowd": 1}),
        *((10, 20, 30, 40.001), (0, 0, 0, NAN), (0, 0, 0, NAN)),
        images=ids(1, 2),
        categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    ),
)
