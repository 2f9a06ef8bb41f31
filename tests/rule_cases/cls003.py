from tests.rule_cases import Case, coco

CASE = Case(
    coco(categories=[{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}]),
    [("a.json", "", "category id 1 is 'cat', 'dog'")],
    coco(categories=[{"id": 1, "name": "cat"}, {"id": 1, "name": "cat"}, {"id": "1", "name": "dog"}]),
)
