from tests.rule_cases import Case, H, W, drawn, picture

CASE = Case(
    drawn("a.jpg", declared=(H, W)),
    [("a.json", "images[0]", "image 1: declared 480x640, the file has 640x480")],
    {**drawn("a.jpg", declared=(H, W)), "images/a.jpg": picture(orientation=6)},
)
