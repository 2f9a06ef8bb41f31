from tests.rule_cases import Case, coco

CASE = Case(
    coco((100, 100, 12, 9)),
    [
        (
            "a.json",
            "images[0]",
            "positive anchors of torchvision-fasterrcnn_resnet50_fpn only by forced matches",
        )
    ],
    coco((100, 100, 12, 9), (100, 100, 154, 154)),
    detector="torchvision-fasterrcnn_resnet50_fpn",
)
