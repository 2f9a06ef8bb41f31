from tests.rule_cases import FedCase, fed

WHOLE = {"boxes": [[0, 0, 1, 1]], "labels": [1]}

FED_CASE = FedCase(
    fed({"boxes": [[10, 20, 30, 40]], "labels": [1]}, {"boxes": [[0.1, 0.2, 0.5, 0.6]], "labels": [1]}),
    [("targets[1]['boxes']", "boxes are fractions of the image, at most 0.6; the model takes pixels")],
    fed({"boxes": [[0.1, 0.2, 30.5, 40.6]], "labels": [1]}, WHOLE),
)
