from tests.rule_cases import Case, coco

# Two corners each, read as x, y, w, h.
CASE = Case(
    coco((400, 300, 500, 420), (320, 240, 600, 470), (90, 260, 600, 300)),
    [
        (
            "a.json",
            "",
            "read as x, y, w, h, 3 of 3 boxes are impossible "
            "(no extent, past the image, or in its first pixels); "
            "read as x1, y1, x2, y2, none is impossible: use --box-convention xyxy",
        )
    ],
    coco((400, 300, 500, 420), (320, 240, 600, 470), (90, 260, 300, 200)),
)
