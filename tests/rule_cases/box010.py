from tests.rule_cases import Case, H, Threshold, W, coco

CASE = Case(
    coco((0, 0, W, 475.2)),
    [("a.json", "annotations[0]", "box over the whole image: image 1")],
    coco((0, 0, W, 475.1), {"bbox": [0, 0, W, H], "iscrowd": 1}),
)
THRESHOLD = Threshold(coco((0, 0, W, 240)), {"share": 0.5}, 0, 1)
