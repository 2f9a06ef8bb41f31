from tests.rule_cases import FedCase, fed

FED_CASE = FedCase(
    fed(
        {"boxes": [[1, 2, 30, 40], [1, 2, 30, 50]], "labels": [1]},
        {"boxes": [[1, 2, 30, 40]]},
        {"boxes": [[1, 2, 30, 40]], "labels": [1, 1]},
    ),
    [
        ("targets[0]['labels']", "there are 1 labels for 2 boxes"),
        ("targets[1]", "the target has no `labels`; it has boxes"),
        ("targets[2]['labels']", "there are 2 labels for 1 boxes"),
    ],
    fed({"boxes": [[1, 2, 30, 40]], "labels": [1]}),
)
