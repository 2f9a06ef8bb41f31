from tests.model_cases import Case, Tensor, of

PACKAGE = "mmdet"
_MAX_IOU = {"type": "MaxIoUAssigner", "pos_iou_thr": 0.5, "neg_iou_thr": 0.4, "min_pos_iou": 0}
_NAMES = (
    "retinanet/retinanet_r50_fpn_1x_coco.py",
    "ssd/ssd300_coco.py",
    "yolo/yolov3_d53_8xb8-320-273e_coco.py",
    "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
    "yolox/yolox_s_8xb8-300e_coco.py",
    "atss/atss_r50_fpn_1x_coco.py",
    "tood/tood_r50_fpn_1x_coco.py",
    "rpn/rpn_r50_fpn_1x_coco.py",
    "detr/detr_r50_8xb2-150e_coco.py",
)


_YOLO = [
    [[10, 13], [16, 30], [33, 23]],
    [[30, 61], [62, 45], [59, 119]],
    [[116, 90], [156, 198], [373, 326]],
]


class Config:
    """As mmengine's."""

    def __init__(self, filename=None, **values):
        self._cfg_dict, self._filename = values, filename

    def to_dict(self):
        return self._cfg_dict


Config.__module__ = "mmengine.config.config"


def config(filename="configs/mine.py", **more):
    generator = {
        "type": "AnchorGenerator",
        "octave_base_scale": 4,
        "scales_per_octave": 3,
        "ratios": [0.5, 1.0, 2.0],
        "strides": [8, 16, 32, 64, 128],
    }
    head = {"type": "RetinaHead", "num_classes": 3, "anchor_generator": generator}
    train = {"assigner": _MAX_IOU, "allowed_border": -1}
    steps = [{"type": "LoadAnnotations"}, {"type": "Resize", "scale": (1333, 800), "keep_ratio": True}]
    data = {
        "type": "CocoDataset",
        "metainfo": {"classes": ("cat", "dog", "cow")},
        "filter_cfg": {"filter_empty_gt": True, "min_size": 32},
        "pipeline": steps,
    }
    preprocessor = {"type": "DetDataPreprocessor", "pad_size_divisor": 32}
    model = {"type": "RetinaNet", "data_preprocessor": preprocessor, "bbox_head": head, "train_cfg": train}
    return Config(filename, model={**model, **more}, train_dataloader={"dataset": data})


def generator(kind="AnchorGenerator", strides=(8, 16, 32, 64, 128), **more):
    pairs = [(stride, stride) for stride in strides]
    module = "mmdet.models.task_modules.prior_generators.anchor_generator"
    return of(module, kind, **{"strides": pairs, **more})


def octaves(**more):
    values = {
        "base_sizes": [8, 16, 32, 64, 128],
        "scales": Tensor(4.0, 5.039684295654297, 6.349604606628418),
        "octave_base_scale": 4,
        "scales_per_octave": 3,
        "ratios": Tensor(0.5, 1.0, 2.0),
        "scale_major": True,
        "centers": None,
        "center_offset": 0.0,
    }
    return generator(**{**values, **more})


def detector(kind, head, package="mmdet", **more):
    parts = {"backbone": of("mmdet.models.backbones.resnet", "ResNet"), "bbox_head": head}
    parts["data_preprocessor"] = of(
        "mmdet.models.data_preprocessors", "DetDataPreprocessor", pad_size_divisor=32
    )
    return of(f"{package}.models.detectors", kind, "BaseDetector", **{**parts, **more})


def head(kind, package="mmdet", **more):
    return of(f"{package}.models.dense_heads", kind, "AnchorHead", **{"num_classes": 80, **more})


def retinanet(**more):
    values = {"train_cfg": {"assigner": _MAX_IOU, "allowed_border": -1}, "prior_generator": octaves()}
    return detector("RetinaNet", head("RetinaHead", **{**values, **more}))


def ssd():
    sizes, larger = [21, 45, 99, 153, 207, 261], [45, 99, 153, 207, 261, 315]
    few, many = (1.0, 0.5, 2.0), (1.0, 0.5, 2.0, 0.3333333432674408, 3.0)
    made = generator(
        "SSDAnchorGenerator",
        (8, 16, 32, 64, 100, 300),
        base_sizes=sizes,
        scales=[Tensor(1.0, (high / low) ** 0.5) for low, high in zip(sizes, larger, strict=True)],
        ratios=[Tensor(*level) for level in (few, many, many, many, few, few)],
        scale_major=False,
        center_offset=0,
    )
    assigner = {**_MAX_IOU, "neg_iou_thr": 0.5, "gt_max_assign_all": False}
    train = {"assigner": assigner, "allowed_border": -1}
    own = of("mmdet", "DetDataPreprocessor", pad_size_divisor=1)
    return detector(
        "SingleStageDetector", head("SSDHead", prior_generator=made, train_cfg=train), data_preprocessor=own
    )


def faster_rcnn():
    made = octaves(
        strides=[(4, 4), (8, 8), (16, 16), (32, 32), (64, 64)],
        base_sizes=[4, 8, 16, 32, 64],
        scales=Tensor(8.0),
        octave_base_scale=None,
        scales_per_octave=None,
    )
    assigner = {"type": "MaxIoUAssigner", "pos_iou_thr": 0.7, "neg_iou_thr": 0.3, "min_pos_iou": 0.3}
    rpn = {"assigner": {**assigner, "match_low_quality": True}, "allowed_border": -1}
    regions = of(
        "mmdet.models.roi_heads", "StandardRoIHead", bbox_head=head("Shared2FCBBoxHead", num_classes=5)
    )
    return detector(
        "FasterRCNN",
        None,
        rpn_head=head("RPNHead", num_classes=1, prior_generator=made),
        train_cfg={"rpn": rpn, "rcnn": {}},
        roi_head=regions,
    )


def rpn():
    """A detector RPN has its only head under the name of another."""
    made = faster_rcnn()
    own = made.rpn_head
    own.train_cfg = made.train_cfg["rpn"]
    return detector("RPN", own, train_cfg=made.train_cfg)


def fcos():
    points = {"strides": [(8, 8), (16, 16), (32, 32), (64, 64), (128, 128)], "offset": 0.5}
    module = "mmdet.models.task_modules.prior_generators.point_generator"
    ranges = ((-1, 64), (64, 128), (128, 256), (256, 512), (512, 1e8))
    values = {
        "strides": [8, 16, 32, 64, 128],
        "regress_ranges": ranges,
        "center_sampling": False,
        "center_sample_radius": 1.5,
        "train_cfg": None,
        "prior_generator": of(module, "MlvlPointGenerator", **points),
    }
    return detector("FCOS", head("FCOSHead", **values))


def yolov5():
    made = generator(
        "YOLOAnchorGenerator",
        (8, 16, 32),
        base_sizes=[[tuple(shape) for shape in level] for level in _YOLO],
        centers=[(4.0, 4.0), (8.0, 8.0), (16.0, 16.0)],
    )
    inner = of("mmyolo.models.dense_heads.yolov5_head", "YOLOv5HeadModule", featmap_strides=[8, 16, 32])
    values = {"prior_generator": made, "head_module": inner, "prior_match_thr": 4.0, "near_neighbor_thr": 0.5}
    return detector("YOLODetector", head("YOLOv5Head", "mmyolo", **values), "mmyolo")


def stand_ins():
    plain = of("mmdet", "DetDataPreprocessor", pad_size_divisor=1)
    queries = detector("DETR", head("DETRHead", train_cfg=None), num_queries=100, data_preprocessor=plain)
    return [
        Case("config", config(), "mmdet-retinanet_fpn"),
        Case("retinanet", retinanet(), "mmdet-retinanet_fpn", "no training pipeline is stated"),
        Case(
            "with cfg",
            of("mmdet.models.detectors", "RetinaNet", backbone=of("mmdet", "A"), cfg=config()),
            config(),
        ),
        Case("ssd", ssd(), ssd_config()),
        Case("faster", faster_rcnn(), "mmdet-faster_rcnn_fpn"),
        Case("rpn", rpn(), "mmdet-faster_rcnn_fpn"),
        Case("fcos", fcos(), "mmdet-fcos"),
        Case("detr", queries, "mmdet-detr"),
        Case("another head", retinanet_with("PAAHead"), says="PAAHead has anchors, but is not replayed"),
        Case("no head", detector("MaskFormer", None), says="MaskFormer has neither rpn_head nor bbox_head"),
        Case("yolov5", yolov5(), yolov5_config()),
    ]


def ssd_config():
    made = {
        "type": "SSDAnchorGenerator",
        "scale_major": False,
        "input_size": 300,
        "basesize_ratio_range": (0.15, 0.9),
        "strides": [8, 16, 32, 64, 100, 300],
        "ratios": [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
    }
    assigner = {**_MAX_IOU, "neg_iou_thr": 0.5, "gt_max_assign_all": False}
    own = {"type": "SSDHead", "num_classes": 80, "anchor_generator": made}
    train = {"assigner": assigner, "allowed_border": -1}
    preprocessor = {"type": "DetDataPreprocessor", "pad_size_divisor": 1}
    return Config(
        "ssd.py",
        model={"type": "SSD", "bbox_head": own, "train_cfg": train, "data_preprocessor": preprocessor},
    )


def retinanet_with(kind):
    return detector("PAA", head(kind, train_cfg={"assigner": _MAX_IOU}, prior_generator=octaves()))


def yolov5_config():
    made = {
        "type": "YOLOAnchorGenerator",
        "base_sizes": _YOLO,
        "strides": [8, 16, 32],
    }
    own = {"type": "YOLOv5Head", "head_module": {"num_classes": 80}, "prior_generator": made}
    return Config("yolov5.py", model={"type": "YOLODetector", "bbox_head": own})


def real():
    from pathlib import Path

    import mmdet
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules
    from mmengine import Config

    register_all_modules()
    folder = Path(mmdet.__file__).parent / ".mim/configs"
    cases = []
    for name in _NAMES:
        made = Config.fromfile(folder / name)
        cases.append(Case(name, made, folder / name))
        made.model.backbone.init_cfg = None
        built = MODELS.build(made.model)
        built.cfg = made  # as init_detector
        cases.append(Case(f"built {name}", built, folder / name))
    return cases
