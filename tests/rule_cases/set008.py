from tests.rule_cases import CAT, Case, voc

CASE = Case(
    voc(CAT, file_name="IMG_7731.JPG"),
    [("Annotations/a.xml", "", "<filename> is 'IMG_7731.JPG'")],
    voc(CAT, file_name="C:\\set\\a.png"),
)
