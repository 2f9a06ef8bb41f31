from tests.rule_cases import Case, numbered

CASE = Case(
    numbered(0, 5),
    [("a.json", "", "the category ids begin with 0; to number them from 1: 0 -> 1, 5 -> 2")],
    numbered(2, 1, 3),
)
