from tests.rule_cases import CAT, Case, voc

CASE = Case(
    {**voc(CAT), "Annotations/b.xml": "<settings/>"},
    [("Annotations/b.xml", "", "settings")],
    {**voc(CAT), "Annotations/b.xml": "<annotation/>"},
)
