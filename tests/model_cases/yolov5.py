from tests.model_cases import Case, Tensor, of

PACKAGE = "models.yolo"  # a checkout of YOLOv5, in PYTHONPATH
_ANCHORS = ((10, 13, 16, 30, 33, 23), (30, 61, 62, 45, 59, 119), (116, 90, 156, 198, 373, 326))
_YOLOV7 = ((12, 16, 19, 36, 40, 28), (36, 75, 76, 55, 72, 146), (142, 110, 192, 243, 459, 401))


def network(
    head="Detect", anchors=_ANCHORS, strides=(8, 16, 32), *, module="models.yolo", of_head=(), **more
):
    """What Model has once it is built: the anchors of each level are in units of its stride."""
    levels = [
        [[side / stride for side in row[at : at + 2]] for at in range(0, len(row), 2)]
        for row, stride in zip(anchors, strides, strict=True)
    ]
    parts = {"nc": 80, "stride": Tensor(*map(float, strides)), "anchors": Tensor(*levels)}
    if not anchors:
        parts["anchors"] = Tensor()
    last = of(module, head, *of_head, **parts)
    inner = of("torch.nn.modules.container", "Sequential", conv=of("models.common", "Conv"), head=last)
    yaml = {"nc": 80, "anchors": [list(row) for row in anchors] or 3}
    values = {"model": inner, "yaml": yaml, "yaml_file": "yolov5s.yaml", "training": True, **more}
    return of(module, "DetectionModel", "BaseModel", **values)


def auto_shape(model):
    model.training = False
    return of("models.common", "AutoShape", model=model, yaml=model.yaml)


def stand_ins():
    points = network("DualDDetect", (), ())
    points.model[-1].stride = Tensor(8.0, 16.0, 32.0)
    free = network("Detect", (), ())
    free.model[-1].stride = Tensor(8.0, 16.0, 32.0)
    return [
        Case("yolov5", network(), "yolov5", "A model does not have the size of its input"),
        Case("installed", network(module="yolov5.models.yolo"), "yolov5"),
        Case("masks", network("Segment", of_head=("Detect",)), "yolov5"),
        Case("yolov7", network("IAuxDetect", _YOLOV7), "yolov7"),
        Case("yolov9", points, "yolov9"),
        Case("no anchors", free, says="Detect has 0 levels of anchors for 3 strides"),
        Case("another head", network("Mine"), says="the head is a Mine, which is not replayed"),
        Case(
            "no shapes",
            network(anchors=((0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 3))),
            says="have no shapes yet",
        ),
    ]


def real():
    from pathlib import Path

    from models import yolo

    folder = Path(yolo.__file__).parent
    files = [
        file
        for name in ("yolov5s", "hub/yolov5n6", "hub/yolov3-tiny")
        if (file := folder / f"{name}.yaml").is_file()
    ]
    return [Case(file.name, yolo.Model(file), file) for file in files]
