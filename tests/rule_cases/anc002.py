from tests.rule_cases import Case, coco

CASE = Case(
    coco((100, 100, 12, 9)),
    [("a.json", "images[0]", "boxes, but no positive anchor of reference: image 1")],
    coco((100, 100, 12, 9), (267, 240, 50, 100)),
)
