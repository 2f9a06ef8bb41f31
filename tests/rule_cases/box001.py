from tests.rule_cases import INF, NAN, Case, coco

CASE = Case(
    coco((10, 20, NAN, 40), (10, 20, 30, INF)),
    [("a.json", f"annotations[{i}].bbox", "not finite") for i in (0, 1)],
    coco((10, 20, 1e300, 40)),
)
