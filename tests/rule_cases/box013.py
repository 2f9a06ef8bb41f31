from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco({"bbox": [10, 20, 30, 40], "area": 1212.5}, {"bbox": [10, 20, 30, 40], "area": 0}),
    [
        ("a.json", "annotations[0]", "area 1212.5 of a box of 30 x 40 px: image 1"),
        ("a.json", "annotations[1]", "area 0 of a box of 30 x 40 px: image 1"),
    ],
    coco({"bbox": [10, 20, 30, 40], "area": 1212}, {"bbox": [10, 20, 30, 40], "area": 1}, (1, 1, 1, 1)),
)
THRESHOLD = Threshold(coco({"bbox": [10, 20, 30, 40], "area": 1220}), {"tolerance": 0.02}, 1, 0)
