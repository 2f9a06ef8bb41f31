from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco((600, 441, 40, 40)),
    [("a.json", "annotations[0]", "box past the edge by 1 px: image 1")],
    coco((600, 440.5, 40, 40), (600, 441.0011, 40, 40)),
)
THRESHOLD = Threshold(coco((-1.5, 20, 50, 40)), {"up_to": 2}, 0, 1)
