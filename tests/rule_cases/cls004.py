from tests.rule_cases import Case, coco

CASE = Case(
    coco(categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]),
    [("a.json", "", "the class 'cat' has the ids 1, 2")],
    coco(categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "Cat"}]),
)
