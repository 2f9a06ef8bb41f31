from tests.rule_cases import FedCase, fed

FED_CASE = FedCase(
    fed({"boxes": [], "labels": []}, {"boxes": [[1, 2, 3]], "labels": [1]}, {"labels": []}),
    [
        ("targets[0]['boxes']", "boxes have the shape [0], not [0, 4]"),
        ("targets[1]['boxes']", "boxes have the shape [1, 3], not [n, 4]"),
        ("targets[2]", "the target has no `boxes`; it has labels"),
    ],
    fed({"boxes": ("float32", (0, 4)), "labels": []}, {"boxes": [[1, 2, 30, 40]], "labels": [1]}),
)
