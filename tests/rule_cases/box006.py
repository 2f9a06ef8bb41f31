from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco((600, 20, 100, 40), {"bbox": [-3, 0, 50, 50], "iscrowd": 1}),
    [
        ("a.json", "annotations[0]", "box past the edge by 60 px: image 1"),
        ("a.json", "annotations[1]", "box past the edge by 3 px: image 1"),
    ],
    coco((600, 20, 41, 40), {"bbox": [700, 0, 50, 50], "iscrowd": 1}, (700, 0, 50, 50)),
)
THRESHOLD = Threshold(coco((-1.5, 20, 50, 40)), {"above": 1.5}, 1, 0)
