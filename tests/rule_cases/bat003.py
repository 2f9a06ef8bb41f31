from tests.rule_cases import FedCase, fed

BOXES = ("float32", [[1, 2, 30, 40]])

FED_CASE = FedCase(
    fed(
        {"boxes": BOXES, "labels": ("float32", [1])},
        {"boxes": BOXES, "labels": ("int32", [1])},
        {"boxes": ("float32", (0, 4)), "labels": ("float32", (0,))},
    ),
    [
        ("targets[0]['labels']", "labels are float32, not int64"),
        ("targets[1]['labels']", "labels are int32, not int64"),
        ("targets[2]['labels']", "labels are float32, not int64"),
    ],
    fed(
        {"boxes": ("float64", [[1, 2, 30, 40]]), "labels": ("int64", [1])},
        {"boxes": ("int64", [[1, 2, 30, 40]]), "labels": ("int64", [1])},
    ),
)
