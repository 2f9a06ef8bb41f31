from tests.rule_cases import Case, Threshold, of_classes

CASE = Case(
    of_classes(dog=21, dogg=9),
    [("a.json", "", "the class 'dogg' has 9 boxes")],
    of_classes(dog=20, dogg=10),
)
THRESHOLD = Threshold(of_classes(dog=20, dogg=10), {"below": 11}, 0, 1)
