from tests.rule_cases import Case, cut_off, drawn

CASE = Case(
    {
        **drawn("a.jpg", "b.jpg", "c.jpg"),
        **{"images/b.jpg": b"", "images/c.jpg": b"no image"},
        "images/./a.jpg": cut_off,
    },
    [
        ("images/a.jpg", "", "truncated"),
        ("images/b.jpg", "", "empty file"),
        ("images/c.jpg", "", "not an image"),
    ],
    drawn("a.jpg", "b.jpg", "c.jpg"),
)
