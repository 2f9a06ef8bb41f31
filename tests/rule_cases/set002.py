from tests.rule_cases import Case, coco

CASE = Case(
    coco((1, 1, 9, 9), {"id": 1}),
    [("a.json", "annotations[1].id", "annotation id 1 was used before")],
    coco((1, 1, 9, 9), {"id": "1"}),
)
