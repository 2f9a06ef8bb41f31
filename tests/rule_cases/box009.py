from tests.rule_cases import Case, Threshold, coco

CASE = Case(
    coco((0.25, 0.5, 0.1, 0.2), (0.5, 0.5, 0.5, 0.5)),
    [("a.json", "annotations[0]", "2 of 2 boxes lie between 0 and 1: normalised coordinates, not pixels")],
    coco((0.25, 0.5, 0.1, 0.2), (0.5, 0.5, 0.52, 0.5), (0, 0, 0, 0)),
)
THRESHOLD = Threshold(coco((0.25, 0.5, 0.1, 0.2), (9, 9, 9, 9)), {"share": 0.5}, 0, 1)
