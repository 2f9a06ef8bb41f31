from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco((10, 20, 95, 100), (10, 20, 100, 100)),
    [
        (
            "a.json",
            "annotations[1]",
            "nearly the same box as annotations[0] (x1 10, y1 20, x2 105, y2 120): image 1",
        )
    ],
    coco((10, 20, 94, 100), (10, 20, 100, 100), (10, 20, 100, 100)),
)
THRESHOLD = Threshold(coco((10, 20, 94, 100), (10, 20, 100, 100)), {"iou": 0.94}, 0, 1)
