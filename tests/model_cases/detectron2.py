import math
import struct
from pathlib import Path
from types import SimpleNamespace as Plain

from tests.model_cases import Case, Tensor, of

PACKAGE = "detectron2"
_META, _RPN = "detectron2.modeling.meta_arch", "detectron2.modeling.proposal_generator.rpn"
_CONFIGS = (
    "COCO-Detection/retinanet_R_50_FPN_1x.yaml",
    "COCO-Detection/faster_rcnn_R_50_C4_1x.yaml",
    "PascalVOC-Detection/faster_rcnn_R_50_FPN.yaml",
)


class CfgNode(dict):
    pass


CfgNode.__module__ = "detectron2.config.config"


def node(**values):
    return CfgNode({name: node(**one) if isinstance(one, dict) else one for name, one in values.items()})


def cfg(architecture="GeneralizedRCNN", *, count=80, sides=(800,), **more):
    """What get_cfg() has, of the keys that are read, with an FPN."""
    retinanet = architecture == "RetinaNet"
    octaves = [[size * 2 ** (k / 3) for k in range(3)] for size in (32, 64, 128, 256, 512)]
    model = {
        "META_ARCHITECTURE": architecture,
        "BACKBONE": {"NAME": f"build_{'retinanet_' * retinanet}resnet_fpn_backbone"},
        "PROPOSAL_GENERATOR": {"NAME": "RPN"},
        "ANCHOR_GENERATOR": {
            "NAME": "DefaultAnchorGenerator",
            "SIZES": octaves if retinanet else [[32], [64], [128], [256], [512]],
            "ASPECT_RATIOS": [[0.5, 1.0, 2.0]],
            "OFFSET": 0.0,
        },
        "RPN": {
            "IN_FEATURES": ["p2", "p3", "p4", "p5", "p6"],
            "IOU_THRESHOLDS": (0.3, 0.7),
            "IOU_LABELS": (0, -1, 1),
            "BOUNDARY_THRESH": -1,
        },
        "RETINANET": {
            "IN_FEATURES": ["p3", "p4", "p5", "p6", "p7"],
            "IOU_THRESHOLDS": (0.4, 0.5),
            "IOU_LABELS": (0, -1, 1),
            "NUM_CLASSES": count,
        },
        "ROI_HEADS": {"NUM_CLASSES": count},
        "RESNETS": {"OUT_FEATURES": ["res2", "res3", "res4", "res5"], "RES5_DILATION": 1},
    }
    model |= more
    size = {"MIN_SIZE_TRAIN": sides, "MIN_SIZE_TRAIN_SAMPLING": "choice", "MAX_SIZE_TRAIN": 1333}
    return node(MODEL=model, INPUT={**size, "CROP": {"ENABLED": False}}, VERSION=2)


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def corners(size, ratio):
    w = math.sqrt(size**2.0 / ratio)
    return [float32(side / 2) for side in (-w, -ratio * w, w, ratio * w)]


def generator(sizes, strides, offset=0.0, name="DefaultAnchorGenerator"):
    cells = [
        Tensor(*(corners(size, ratio) for size in level for ratio in (0.5, 1.0, 2.0))) for level in sizes
    ]
    values = {"cell_anchors": cells, "strides": strides, "offset": offset}
    return of("detectron2.modeling.anchor_generator", name, **values)


def matcher(low, high):
    return Plain(thresholds=[-math.inf, low, high, math.inf], labels=[0, -1, 1])


def rcnn(kind="GeneralizedRCNN", rpn="RPN", sizes=((32,), (64,), (128,), (256,), (512,)), **more):
    anchors = generator(sizes, [4, 8, 16, 32, 64])
    proposals = of(
        _RPN, rpn, anchor_generator=anchors, anchor_matcher=matcher(0.3, 0.7), anchor_boundary_thresh=-1
    )
    backbone, heads = of("detectron2.modeling.backbone.fpn", "FPN"), of("detectron2", "Heads", num_classes=80)
    parts = {"backbone": backbone, "proposal_generator": proposals, "roi_heads": heads, **more}
    return of(f"{_META}.rcnn", kind, *(["GeneralizedRCNN"] if kind == "PanopticFPN" else []), **parts)


def retinanet():
    octaves = [[size * 2 ** (k / 3) for k in range(3)] for size in (32, 64, 128, 256, 512)]
    backbone = of("detectron2.modeling.backbone.fpn", "FPN")
    anchors = generator(octaves, [8, 16, 32, 64, 128])
    return of(
        f"{_META}.retinanet",
        "RetinaNet",
        "DenseDetector",
        backbone=backbone,
        anchor_generator=anchors,
        anchor_matcher=matcher(0.4, 0.5),
        num_classes=80,
    )


def fcos():
    backbone = of("detectron2.modeling.backbone.fpn", "FPN")
    anchors = generator([[8], [16], [32], [64], [128]], [8, 16, 32, 64, 128], offset=0.5)
    values = {"anchor_generator": anchors, "center_sampling_radius": 1.5, "num_classes": 80}
    return of(f"{_META}.fcos", "FCOS", "DenseDetector", backbone=backbone, **values)


class DictConfig(dict):
    pass


DictConfig.__module__ = "omegaconf.dictconfig"


def lazy(target="detectron2.modeling.meta_arch.rcnn.GeneralizedRCNN", **more):
    step = {
        "_target_": "detectron2.data.transforms.ResizeShortestEdge",
        "short_edge_length": [800],
        "max_size": 1333,
        "sample_style": "choice",
    }
    anchors = {
        "_target_": "detectron2.modeling.anchor_generator.DefaultAnchorGenerator",
        "sizes": [[32], [64], [128], [256], [512]],
        "aspect_ratios": [0.5, 1.0, 2.0],
        "strides": [4, 8, 16, 32, 64],
        "offset": 0.0,
    }
    rpn = {
        "_target_": f"{_RPN}.RPN",
        "anchor_generator": anchors,
        "anchor_matcher": {"thresholds": [0.3, 0.7], "labels": [0, -1, 1]},
    }
    backbone = {"_target_": "detectron2.modeling.backbone.fpn.FPN"}
    model = {"_target_": target, "backbone": backbone, "proposal_generator": rpn, **more}
    return DictConfig(model=model, dataloader={"train": {"mapper": {"augmentations": [step]}}})


def stand_ins():
    return [
        Case("cfg", cfg(), "detectron2-rpn_fpn"),
        Case("cfg of RetinaNet", cfg("RetinaNet"), retinanet()),
        Case("rcnn", rcnn(), "detectron2-rpn_fpn", "size of the input is in cfg.INPUT"),
        Case("panoptic", rcnn("PanopticFPN"), "detectron2-rpn_fpn"),
        Case("fcos", fcos(), "detectron2-fcos"),
        Case("lazy", lazy(), "detectron2-rpn_fpn"),
        Case("lazy fcos", lazy("detectron2.modeling.meta_arch.FCOS", num_classes=80), "detectron2-fcos"),
        Case("another architecture", cfg("Mine"), says="cfg.MODEL.META_ARCHITECTURE: MODEL.META_ARCH"),
        Case("rotated", rcnn(rpn="RRPN"), says="'RRPN' is not replayed: its anchors are rotated"),
        Case("another generator", cfg(ANCHOR_GENERATOR={"NAME": "Mine"}), says="'Mine' is not replayed"),
        Case("no proposals", rcnn(proposal_generator=None), says="has no proposal_generator"),
    ]


def real():
    import detectron2
    from detectron2.config import get_cfg
    from detectron2.modeling import build_model

    package = Path(detectron2.__file__).parent  # installed, or a checkout
    folder = next(f for f in (package / "model_zoo/configs", package.parent / "configs") if f.is_dir())
    cases = []
    for name in _CONFIGS:
        config = get_cfg()
        config.merge_from_file(str(folder / name))
        config.MODEL.DEVICE = "cpu"
        cases.append(Case(name, config, folder / name))
        cases.append(Case(f"built {name}", build_model(config), config))
    return cases
