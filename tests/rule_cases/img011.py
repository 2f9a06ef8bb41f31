from tests.rule_cases import Case, drawn

CASE = Case(
    drawn("a.JPG", "b.jpg", file_names=["a.jpg", "b.jpg"]),
    [("images/a.jpg", "", "the file is named 'a.JPG'")],
    drawn("a.JPG", "b.jpg", file_names=["c.jpg", "b.jpg"]),
)
