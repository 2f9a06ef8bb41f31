from tests.rule_cases import Case, coco

CASE = Case(
    coco((10, 20, 30, 40), (10, 20, 30)),
    [("a.json", "annotations[1].bbox", "not a list of four numbers")],
    coco((10, 20, 30, 40), (10, 20, 30, 41)),
)
