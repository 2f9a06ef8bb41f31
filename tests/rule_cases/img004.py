from tests.rule_cases import Case, drawn

CASE = Case(
    drawn("a.jpg", "b.jpg", file_names=["a.jpg"]),
    [("images/b.jpg", "", "no entry for this image")],
    {**drawn("a.jpg"), "images/b.txt": "", "images/.b.jpg": b""},
)
