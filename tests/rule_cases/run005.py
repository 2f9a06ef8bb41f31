from tests.rule_cases import Case, coco

CASE = Case(
    coco((100, 100, 74, 149), (9, 9, 40, 0)),
    [
        (
            "a.json",
            "annotations[1]",
            "AssertionError: All bounding boxes should have positive height and width",
        )
    ],
    coco((100, 100, 74, 149), (9, 9, 40, 1)),
    detector="torchvision-fasterrcnn_resnet50_fpn",
)
