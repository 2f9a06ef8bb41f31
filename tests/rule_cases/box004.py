from tests.rule_cases import Case, H, Threshold, W, coco

CASE = Case(
    coco((-0.5, 20, 50, 40)),
    [("a.json", "annotations[0]", "box past the edge by 0.5 px: image 1")],
    coco((-0.001, 20, 50, 40), (-0.5011, 20, 50, 40), (0, 0, W, H)),
)
THRESHOLD = Threshold(coco((-0.5, 20, 50, 40)), {"up_to": 0.4}, 1, 0)
