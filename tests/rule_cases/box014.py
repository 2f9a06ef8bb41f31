from tests.rule_cases import Case, H, W, voc

CASE = Case(
    voc(("cat", 0, 5, 9, 9), ("cat", 1, 1, W, H)),
    [("Annotations", "", "1 of 2 boxes begin before 1: coordinates start at 0; a loader that")],
    voc(("cat", 1, 1, W, H)),
)
