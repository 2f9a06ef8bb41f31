from tests.rule_cases import Case, coco

CASE = Case(
    coco((1, 1, 9, 9), categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]),
    [("a.json", "", "no box has the class 'dog'")],
    coco(categories=[{"id": 2, "name": "dog"}]),
)
