from tests.rule_cases import Case, coco

CASE = Case(
    coco((1, 1, 9, 9), images=[]),
    [("a.json", "", "no image was found")],
    coco(),
)
