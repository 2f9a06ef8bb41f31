from tests.rule_cases import FedCase, fed, on_device


def batch(boxes, labels):
    images, targets = fed({"boxes": ("float32", [[10, 20, 30, 40]]), "labels": ("int64", [1])})
    (target,) = targets
    moved = {"boxes": on_device(target["boxes"], boxes), "labels": on_device(target["labels"], labels)}
    return [on_device(image, "cuda:0") for image in images], [moved]


FED_CASE = FedCase(
    batch("cpu", "cuda:1"),
    [
        ("targets[0]['boxes']", "boxes are on cpu, and their image on cuda:0"),
        ("targets[0]['labels']", "labels are on cuda:1, and their image on cuda:0"),
    ],
    batch("cuda:0", "cuda:0"),
)
