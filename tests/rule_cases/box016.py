from tests.rule_cases import Case, H, Threshold, W, coco

CASE = Case(
    coco(
        (600, 20, 91000, 40),
        {"bbox": [-W - 1, 0, W + 50, 50], "iscrowd": 1},
        (10, H - 0.3, 50, 40),  # 0.3 of 40 px are inside
        (W - 1e-9, 20, 50, 40),
    ),
    [
        (
            "a.json",
            "annotations[0]",
            "past the edge by 90,960 px in an image of 640x480, of which 40 x 40 px",
        ),
        ("a.json", "annotations[1]", "past the edge by 641 px in an image of 640x480, of which 49 x 50 px"),
        ("a.json", "annotations[2]", "past the edge by 39.7 px"),
        ("a.json", "annotations[3]", "of which 1e-09 x 40 px are inside"),
    ],
    coco((600, 20, W, 40), (-W, -H, 3 * W, 3 * H), (10, H - 0.5, 50, 40), (W, 20, 50, 40), (9, 9, 70, 90)),
)
THRESHOLD = Threshold(coco((600, 20, 600, 40)), {"beyond": 0.5, "inside": 0}, 0, 1)
