from tests.rule_cases import Case, H, W, drawn, picture

CASE = Case(
    {
        **drawn("a.jpg", "b.jpg"),
        **{"images/a.jpg": picture(orientation=6), "images/b.jpg": picture((H, W), orientation=8)},
    },
    [
        (
            "images/a.jpg",
            "",
            "orientation 6: stored 640x480, shown 480x640; the declared size is that of the stored",
        ),
        (
            "images/b.jpg",
            "",
            "orientation 8: stored 480x640, shown 640x480; the declared size is that of the turned",
        ),
    ],
    {**drawn("a.jpg"), "images/a.jpg": picture(orientation=4)},
)
