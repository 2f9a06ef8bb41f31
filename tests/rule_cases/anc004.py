from tests.rule_cases import OWN_DETECTOR, Case, coco

CASE = Case(
    coco(),
    [("own", "levels[0]", "level 1 of own, stride 16: 10x13, 40x15.9 px")],
    coco(),
    own=OWN_DETECTOR.format(stride=16, shapes="[[10, 13], [16, 16], [40, 15.9]]"),
    but=OWN_DETECTOR.format(stride=16, shapes="[[16, 16], [16, 90]]"),
)
