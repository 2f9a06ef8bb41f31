from tests.rule_cases import Case, H, W, drawn, picture

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg", "g.jpg")
STORED = [(W, H), (H, W), *[(W, H)] * 5]
ORIENTATIONS = (6, 8, 2, 3, 4, 5, 7)
SAME = "; the size is the same in both views"
SAID = (
    "orientation 6: stored 640x480, shown 480x640; the declared size is that of the stored",
    "orientation 8: stored 480x640, shown 640x480; the declared size is that of the turned",
    f"orientation 2: shown mirrored{SAME}",
    f"orientation 3: shown turned by half{SAME}",
    f"orientation 4: shown upside down and mirrored{SAME}",
    "orientation 5: stored 640x480, shown 480x640 and mirrored; the declared size is that of the stored",
    "orientation 7: stored 640x480, shown 480x640 and mirrored; the declared size is that of the stored",
)

CASE = Case(
    {
        **drawn(*NAMES),
        **{
            f"images/{name}": picture(size, number, orientation)
            for number, (name, size, orientation) in enumerate(zip(NAMES, STORED, ORIENTATIONS, strict=True))
        },
    },
    [(f"images/{name}", "", said) for name, said in zip(NAMES, SAID, strict=True)],
    {**drawn("a.jpg", "b.jpg"), "images/a.jpg": picture(orientation=1)},
)
