from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco((10, 20, 0.99, 40), {"bbox": [10, 20, 40, 0.5], "iscrowd": 1}),
    [
        ("a.json", "annotations[0]", "box of 0.99 x 40 px: image 1"),
        ("a.json", "annotations[1]", "box of 40 x 0.5 px: image 1"),
    ],
    coco((10, 20, 1, 40), (10, 20, 0, 40), {"bbox": [10, 20, 0, 40], "iscrowd": 1}),
)
THRESHOLD = Threshold(coco((10, 20, 1.5, 40)), {"below": 2}, 0, 1)
