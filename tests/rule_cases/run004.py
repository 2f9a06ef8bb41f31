from tests.rule_cases import Case, coco, ids

GOOD = {"bbox": [100, 100, 74, 149], "area": 11026, "iscrowd": 0}

CASE = Case(
    coco(GOOD, images=ids(1, 2)),
    [
        (
            "a.json",
            "",
            "without boxes to train on, by design: no annotation (DATALOADER.FILTER_EMPTY_ANNOTATIONS)",
        )
    ],
    coco(GOOD, images=ids(1)),
    detector="detectron2-retinanet",
)
