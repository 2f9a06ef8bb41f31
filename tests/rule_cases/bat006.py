from tests.rule_cases import FedCase, fed

BOXES = [[10, 20, 30, 40], [50, 60, 80, 90]]

FED_CASE = FedCase(
    fed({"boxes": BOXES, "labels": [1, -1]}, {"boxes": BOXES, "labels": [-1, -2]}),
    [
        ("targets[0]['labels']", "1 class index is below 0, such as -1"),
        ("targets[1]['labels']", "2 class indices are below 0, such as -1"),
    ],
    fed({"boxes": BOXES, "labels": [0, 1]}),
)
