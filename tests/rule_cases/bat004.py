from tests.rule_cases import FedCase, bounding_boxes, fed

FED_CASE = FedCase(
    fed({"boxes": bounding_boxes("XYWH"), "labels": [1]}, {"boxes": bounding_boxes("CXCYWH"), "labels": [1]}),
    [
        ("targets[0]['boxes']", "boxes are in the order XYWH; the model takes them as x1, y1, x2, y2"),
        ("targets[1]['boxes']", "boxes are in the order CXCYWH; the model takes them as x1, y1, x2, y2"),
    ],
    fed({"boxes": bounding_boxes("XYXY"), "labels": [1]}),
)
