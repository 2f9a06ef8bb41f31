from tests.rule_cases import Case, H, W, drawn

CASE = Case(
    drawn("a.jpg", declared=(W, H + 1)),
    [("a.json", "images[0]", "image 1: declared 640x481, the file has 640x480")],
    drawn("a.jpg", declared=(H, W)),
)
