from tests.rule_cases import Case, coco

CASE = Case(
    coco((10, 20, 0, 0)),
    [("a.json", "images[0]", "annotations, but no box reaches the encoder: image 1")],
    coco((10, 20, 0, 0), (10, 20, 30, 40)),
)
