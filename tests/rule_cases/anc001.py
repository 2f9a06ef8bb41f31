from tests.rule_cases import Case, coco

CASE = Case(
    coco((0, 0, 4, 4)),
    [("a.json", "annotations[0]", "box that overlaps no anchor of simple-faster-rcnn: image 1")],
    coco((100, 100, 4, 4)),
    detector="simple-faster-rcnn",
)
