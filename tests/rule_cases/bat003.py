from tests.rule_cases import FedCase, fed

FED_CASE = FedCase(
    fed(
        {"boxes": ("int64", [[1, 2, 30, 40]]), "labels": ("int64", [1])},
        {"boxes": ("float32", [[1, 2, 30, 40]]), "labels": ("float32", [1])},
        {"boxes": ("float64", [[1, 2, 30, 40]]), "labels": ("int32", [1])},
    ),
    [
        ("targets[0]['boxes']", "boxes are int64, not floating point"),
        ("targets[1]['labels']", "labels are float32, not int64"),
        ("targets[2]['labels']", "labels are int32, not int64"),
    ],
    fed(
        {"boxes": ("float16", [[1, 2, 30, 40]]), "labels": ("int64", [1])},
        {"boxes": ("float32", (0, 4)), "labels": ("float32", (0,))},
    ),
)
