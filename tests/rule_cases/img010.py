from tests.rule_cases import Case, drawn, picture

CASE = Case(
    {**drawn("a.jpg", "b.jpg", "c.jpg"), "images/c.jpg": picture(seed=0)},
    [("images/c.jpg", "", "the same bytes as 'a.jpg'")],
    drawn("a.jpg", "b.jpg", "c.jpg"),
)
