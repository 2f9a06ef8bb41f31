from tests.rule_cases import Case, coco

CASE = Case(
    coco((10, 20, 0, 40), (10, 20, 30, -1)),
    [
        ("a.json", "annotations[0]", "box without area: image 1"),
        ("a.json", "annotations[1]", "inverted box, y1 > y2: image 1"),
    ],
    coco((10, 20, 1e-9, 40)),
)
