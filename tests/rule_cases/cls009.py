from tests.rule_cases import Case, in_splits

CASE = Case(
    in_splits(train=["cat", "cat"], val=["cat", "dog", "dog"], test=["cow"]),
    [
        ("Annotations", "", "the class 'cow' has 1 box, none of them in a training split"),
        ("Annotations", "", "the class 'dog' has 2 boxes, none of them in a training split"),
    ],
    in_splits(train=["cat", "dog", "cow"], val=["cat", "dog"], test=["cow"]),
)
