from tests.rule_cases import FedCase, fed

BOX = [[10, 20, 30, 40]]

FED_CASE = FedCase(
    fed({"boxes": ("float64", BOX), "labels": [1]}, {"boxes": ("float64", (0, 4)), "labels": []}),
    [
        ("targets[0]['boxes']", "boxes are float64, which this model does not take"),
        ("targets[1]['boxes']", "boxes are float64, which this model does not take"),
    ],
    fed({"boxes": ("float32", BOX), "labels": [1]}, {"boxes": ("int64", BOX), "labels": [1]}),
    detector="torchvision-fcos_resnet50_fpn",
)
