from tests.rule_cases import Case, W, coco

CASE = Case(
    coco((W, 20, 50, 40), (-10, 20, 10, 40)),
    [("a.json", f"annotations[{i}]", "box outside its image: image 1") for i in (0, 1)],
    coco((W - 1e-9, 20, 50, 40), (-10, 20, 10.5, 40), {"bbox": [700, 20, 50, 40], "iscrowd": 1}),
)
