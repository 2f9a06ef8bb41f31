from tests.rule_cases import CAT, Case, voc

CASE = Case(
    voc(CAT, ("cat", 10, 10, 30, 50)),
    [("Annotations/a.xml", "object 2", "loader mmdet-voc drops the box: ignored: a side below 32 pixels")],
    voc(CAT, ("cat", 10, 10, 42, 50)),
    detector="mmdet-retinanet_fpn",
)
