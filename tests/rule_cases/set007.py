from tests.rule_cases import Case, Threshold, coco, ids

CASE = Case(
    coco(*({"image_id": i} for i in range(8)), images=ids(*range(9))),
    [("a.json", "", "1 of 9 images (11.1%) have no annotation; up to 10% is usual")],
    coco(*({"image_id": i} for i in range(9)), images=ids(*range(10))),
)
THRESHOLD = Threshold(coco({"image_id": 1}, images=ids(1, 2)), {"above": 0.5}, 1, 0)
