from tests.rule_cases import Case, coco

# Of 640x480 px at an input of 640: nothing is scaled.
FLAT = (100, 100, 400, 8)


def like_an_anchor(count):
    """Boxes of different places: the loader drops those that are twice in an image."""
    return [(100 + i, 100, 62, 45) for i in range(count)]


CASE = Case(
    coco(*like_an_anchor(49), FLAT),
    [("a.json", "", "the best possible recall (BPR) of 50 boxes is 0.9800")],
    coco(*like_an_anchor(50), FLAT),
    detector="yolov5",
)
