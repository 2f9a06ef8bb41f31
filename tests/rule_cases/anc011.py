from tests.rule_cases import Case, Threshold, coco

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dot"}]
CATS = [{"category_id": 1, "bbox": [267, 240, 50, 100]}] * 20
DOT, LARGE_DOT = (
    {"category_id": 2, "bbox": [100, 100, 12, 9]},
    {"category_id": 2, "bbox": [267, 240, 50, 100]},
)

CASE = Case(
    coco(*CATS, *[DOT] * 16, *[LARGE_DOT] * 4, categories=CATEGORIES),
    [("a.json", "", "most boxes of a class are never matched: 'dot' 16 of 20; --input-size ")],
    coco(*CATS, *[DOT] * 15, *[LARGE_DOT] * 5, categories=CATEGORIES),  # three quarters
)
THRESHOLD = Threshold(
    coco(*CATS, *[DOT] * 5, *[LARGE_DOT] * 5, categories=CATEGORIES), {"share": 0.4, "boxes": 10}, 0, 1
)
