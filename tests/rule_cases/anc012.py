from tests.rule_cases import OWN_DETECTOR, Case, coco

TWO_LEVELS = OWN_DETECTOR.format(stride=8, shapes="[[20, 20]]") + (
    "[[anchors.levels]]\nstride = 32\nshapes = [[256, 256]]\n"
)
BOXES = [(8 + 8 * i, 100, 20, 20) for i in range(20)]

CASE = Case(
    coco(*BOXES),
    [("own", "", "of the 2 levels of own, level 2 (stride 32) has no positive anchor of any of 20 boxes")],
    coco(*BOXES, (64, 64, 256, 256)),
    own=TWO_LEVELS,
)
