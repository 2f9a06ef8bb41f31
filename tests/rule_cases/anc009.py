from tests.rule_cases import Case, Threshold, coco

# Of 12x9 px, too small for every anchor of the reference; and of the size of one.
SMALL = tuple((10 * i, 100, 12, 9) for i in range(16))
LIKE_AN_ANCHOR = ((267, 240, 50, 100),)

CASE = Case(
    coco(*SMALL, *LIKE_AN_ANCHOR * 4),
    [("a.json", "", "16 of 20 boxes match no anchor of reference")],
    coco(*SMALL[1:], *LIKE_AN_ANCHOR * 5),  # three quarters
)
THRESHOLD = Threshold(coco(*SMALL[:5], *LIKE_AN_ANCHOR * 5), {"share": 0.4, "boxes": 10}, 0, 1)
