from tests.rule_cases import OWN_DETECTOR, Case, Threshold, coco

CASE = Case(
    coco(*((100 + i, 100, 20, 20) for i in range(20))),
    [("own", "", "1 of 2 anchor shapes of own are never the best match: 512x256")],
    coco(*((100 + i, 100, 20, 20) for i in range(19)), (0, 0, 512, 256)),
    own=OWN_DETECTOR.format(stride=8, shapes="[[20, 20], [512, 256]]"),
)
# All boxes are like one of the reference's nine shapes.
THRESHOLD = Threshold(coco(*((100 + i, 100, 74, 149) for i in range(90))), {"share": 1}, 1, 0)
