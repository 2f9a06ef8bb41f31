from tests.rule_cases import OWN_DETECTOR, Case, coco

COARSE = "[[anchors.levels]]\nstride = 32\nshapes = {}\n"

CASE = Case(
    coco(),
    [("own", "", "own has its larger anchors on the finer levels")],
    coco(),
    own=OWN_DETECTOR.format(stride=8, shapes="[[64, 64]]") + COARSE.format("[[40, 100]]"),
    but=OWN_DETECTOR.format(stride=8, shapes="[[64, 64]]") + COARSE.format("[[64, 64]]"),
)
