from tests.rule_cases import Case, Threshold, coco, image

CASE = Case(
    coco((20, 20, 6, 40), images=[image(width=9600, height=7200)]),
    [("a.json", "annotations[0]", "box of 0.6 x 4 px on the input of reference: image 1")],
    coco((20, 20, 10, 40), (20, 20, 0.9, 40), images=[image(width=9600, height=7200)]),
)
THRESHOLD = Threshold(coco((20, 20, 6, 40), images=[image(width=9600, height=7200)]), {"below": 0.5}, 1, 0)
