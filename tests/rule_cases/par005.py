from tests.rule_cases import CAT, Case, voc, xml

CASE = Case(
    {**voc(CAT), "Annotations/b.xml": f"<!DOCTYPE annotation>{xml(CAT)}"},
    [("Annotations/b.xml", "", "document type")],
    {**voc(CAT), "Annotations/b.xml": f"<!-- DOCTYPE annotation -->{xml(CAT)}"},
)
