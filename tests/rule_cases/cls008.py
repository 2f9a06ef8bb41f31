from tests.rule_cases import Case, Threshold, of_classes

CASE = Case(
    of_classes(car=200, cow=100, bicycle=2, none=0),
    [("a.json", "", "'car' has 200 boxes, 'bicycle' 2")],
    of_classes(car=199, cow=100, bicycle=2, none=0),
)
THRESHOLD = Threshold(of_classes(dog=20, dogg=10), {"ratio": 2}, 0, 1)
