from tests.rule_cases import Case, drawn, picture

CASE = Case(
    {**drawn("a.png", "b.png"), "images/b.png": picture(plain=True)},
    [("images/b.png", "", "every pixel has the same colour")],
    drawn("a.png", "b.png"),
    options={"images": "decode"},
)
