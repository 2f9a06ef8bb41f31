from tests.rule_cases import CAT, LISTS, Case, voc

CASE = Case(
    {**voc(CAT), LISTS[0]: "a\nb\n"},
    [(LISTS[0], "line 2", "'b', but there is neither an annotation nor an image")],
    {**voc(CAT), LISTS[0]: "a\n\n"},
)
