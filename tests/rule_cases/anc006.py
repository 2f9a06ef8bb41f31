from tests.rule_cases import Case, coco

CASE = Case(
    coco(),
    [("a.json", "images[0]", "simple-faster-rcnn: no box, on which the framework raises: image 1")],
    coco((100, 100, 128, 128)),
    detector="simple-faster-rcnn",
)
