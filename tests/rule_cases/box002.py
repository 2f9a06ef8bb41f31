from tests.rule_cases import Case, coco

CASE = Case(
    coco((10, 20, 0, 40), (10, 20, 30, -1)),
    [("a.json", f"annotations[{i}]", "box without area: image 1") for i in (0, 1)],
    coco((10, 20, 1e-9, 40)),
)
