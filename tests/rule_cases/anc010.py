from tests.rule_cases import Case, Threshold, coco

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dot"}]
CATS = [{"category_id": 1, "bbox": [100 + i, 100, 74, 149]} for i in range(4)]
# Of the reference's smallest anchor, 34x149 px at an input of 960x720, a quarter a side.
DOTS = [{"category_id": 2, "bbox": [20 * i, 20, 6, 25]} for i in range(3)]

CASE = Case(
    coco(*CATS, *DOTS, categories=CATEGORIES),
    [("a.json", "", "no box of 'dot' is ever matched; --input-size ")],
    coco(*CATS, *DOTS, {"category_id": 2, "bbox": [200, 200, 50, 100]}, categories=CATEGORIES),
)
THRESHOLD = Threshold(coco(*CATS, *DOTS[:2], categories=CATEGORIES), {"chance": 0.2}, 0, 1)
