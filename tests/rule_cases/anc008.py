from tests.rule_cases import Case, coco, ids

CASE = Case(
    coco((10, 20, 30, 40), images=ids(1, 2)),
    [("a.json", "images[1]", "no annotation: image 2")],
    coco((10, 20, 0, 0)),
)
