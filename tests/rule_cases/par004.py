from tests.rule_cases import Case, voc

CASE = Case(
    voc(("cat", "twelve", 8, 90, 60)),
    [("Annotations/a.xml", "object 1, line 1", "<xmin>")],
    voc(("cat", "12.0", 8, 90, 60)),
)
