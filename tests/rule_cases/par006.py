from tests.rule_cases import CAT, Case, voc

CASE = Case(
    {**voc(CAT), "Annotations/b.xml": b"<?xml version='1.0' encoding='utf-8'?>\n<annotation>\xfc"},
    [("Annotations/b.xml", "byte 51", "utf-8")],
    {**voc(CAT), "Annotations/b.xml": b"<?xml version='1.0' encoding='latin-1'?>\n<annotation>\xfc"},
)
