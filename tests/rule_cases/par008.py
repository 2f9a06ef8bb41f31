from tests.rule_cases import Case, coco

WITHOUT = coco((9, 9, 70, 90))["a.json"]
del WITHOUT["info"]

CASE = Case(
    {"a.json": WITHOUT},
    [("a.json", "", "the file has no key `info`: `loadRes` of pycocotools 2.0.10")],
    coco((9, 9, 70, 90), info={"year": 2017}),
)
