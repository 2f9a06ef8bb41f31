from tests.rule_cases import CAT, Case, voc

CASE = Case(
    {**voc(CAT), "Annotations/b.xml": "<annotation><object>"},
    [("Annotations/b.xml", "line 1, column 21", "no element found")],
    {**voc(CAT), "Annotations/b.xml": "<annotation/>"},
)
