from tests.model_cases import Case, Tensor, of

PACKAGE = "ultralytics"
_TASKS, _HEADS, _ENGINE = "ultralytics.nn.tasks", "ultralytics.nn.modules.head", "ultralytics.models.yolo"
_NAMES = ("yolo11n", "yolov8n-p2", "yolo26n-p6", "yolov10n", "yolo11n-seg", "yolov6n")


def network(head, *strides, name="yolo11n.yaml", of_head=("Detect",), kind="DetectionModel", **more):
    if strides:
        more = {"stride": Tensor(*map(float, strides)), **more}
    own = {key: more.pop(key) for key in ("args", "names", "nc") if key in more}
    last = of(_HEADS, head, *of_head, nc=80, **more)
    model = of("torch.nn.modules.container", "Sequential", conv=of("torch", "Conv"), head=last)
    yaml = {"nc": 80, "yaml_file": name, "backbone": [], "head": []}
    names = {number: str(number) for number in range(80)}
    stride = Tensor(*map(float, strides or (32,)))
    return of(_TASKS, kind, model=model, yaml=yaml, **{"names": names, "stride": stride, **own})


def yolo(model, **overrides):
    return of(f"{_ENGINE}.model", "YOLO", "Model", model=model, overrides={"task": "detect", **overrides})


def stand_ins():
    three = network("Detect", 8, 16, 32)
    end_to_end = network("Detect", 8, 16, 32, one2one_cv2=of("torch", "ModuleList"))
    decoder = network("RTDETRDecoder", of_head=(), kind="RTDETRDetectionModel", num_queries=300)
    masks = network("Segment", 8, 16, 32, kind="SegmentationModel")
    return [
        Case("network", three, "yolo11n.yaml", "The model has no imgsz"),
        Case("yolo", yolo(three), "yolo11n.yaml"),
        Case("p2", yolo(network("Detect", 4, 8, 16, 32)), "yolov8n-p2.yaml"),
        Case("end to end", yolo(end_to_end), "yolo26n.yaml"),
        Case("v10", network("v10Detect", 8, 16, 32, one2one_cv2=of("torch", "ModuleList")), "yolov10n.yaml"),
        Case("masks", masks, "yolo11n-seg.yaml", "Segment chooses among the same points"),
        Case("a head of one's own", network("Mine", 8, 16, 32), "yolo11n.yaml"),
        Case("rtdetr", yolo(decoder), "rtdetr-l.yaml"),
        Case("rotated", network("OBB", 8, 16, 32), says="a head of OBB, which is not replayed"),
        Case("classifier", network("Classify", of_head=()), says="a head of Classify"),
        Case("another head", network("Mine", of_head=()), says="a head of Mine, which is not one of"),
        Case("exported", yolo("yolo11n.onnx"), says="exported model"),
    ]


def real():
    from ultralytics import RTDETR, YOLO

    return [
        *(Case(name, YOLO(f"{name}.yaml"), f"{name}.yaml") for name in _NAMES),
        Case("network", YOLO("yolo12n.yaml").model, "yolo12n.yaml", "in place of the model's 80"),
        Case("rtdetr", RTDETR("rtdetr-resnet50.yaml"), "rtdetr-resnet50.yaml"),
        Case("rotated", YOLO("yolo11n-obb.yaml"), says="a head of OBB"),
    ]
