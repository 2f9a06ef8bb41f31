"""The dense heads of mmdetection: the default anchors of each, and why some cannot be replayed.

Sources: mmdetection 3.3.0 models/dense_heads/*.py (default arguments, and which assigner each head uses),
models/task_modules/assigners/*.py; mmyolo 0.6.0 models/dense_heads/*.py.
"""

from __future__ import annotations

from typing import Any

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._table import Table
from anchoraudit.errors import AnchorauditError

_ANCHOR_HEAD: dict[str, Any] = {
    "type": "AnchorGenerator",
    "scales": [8, 16, 32],
    "ratios": [0.5, 1.0, 2.0],
    "strides": [4, 8, 16, 32, 64],
}
_RETINA: dict[str, Any] = {
    "type": "AnchorGenerator",
    "octave_base_scale": 4,
    "scales_per_octave": 3,
    "ratios": [0.5, 1.0, 2.0],
    "strides": [8, 16, 32, 64, 128],
}
_SSD: dict[str, Any] = {
    "type": "SSDAnchorGenerator",
    "scale_major": False,
    "input_size": 300,
    "strides": [8, 16, 32, 64, 100, 300],
    "ratios": [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
    "basesize_ratio_range": [0.1, 0.9],
}
_YOLO: dict[str, Any] = {
    "type": "YOLOAnchorGenerator",
    "base_sizes": [
        [[116, 90], [156, 198], [373, 326]],
        [[30, 61], [62, 45], [59, 119]],
        [[10, 13], [16, 30], [33, 23]],
    ],
    "strides": [32, 16, 8],
}
# Heads whose anchors are labelled by train_cfg.assigner alone, and their default `anchor_generator`.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "AnchorHead": _ANCHOR_HEAD,
    "RPNHead": _ANCHOR_HEAD,
    "ATSSHead": _ANCHOR_HEAD,
    "ATSSVLFusionHead": _ANCHOR_HEAD,
    "GFLHead": _ANCHOR_HEAD,
    "LDHead": _ANCHOR_HEAD,
    "RetinaSepBNHead": _ANCHOR_HEAD,
    "RetinaHead": _RETINA,
    "PISARetinaHead": _RETINA,
    "SSDHead": _SSD,
    "PISASSDHead": _SSD,
    "YOLOV3Head": _YOLO,
    "YOLACTHead": {**_RETINA, "octave_base_scale": 3, "scales_per_octave": 1},
    "VFNetHead": {
        "type": "AnchorGenerator",
        "ratios": [1.0],
        "octave_base_scale": 8,
        "scales_per_octave": 1,
        "center_offset": 0.0,
        "strides": [8, 16, 32, 64, 128],
    },
}

_LOSS = "it chooses among its candidates by the losses of predictions, and there are none before training"
_GUIDED = "guided anchoring predicts where anchors are and which shape they have"
_CASCADE = "its first stage takes regions of cells (RegionAssigner), and later ones refine predicted anchors"
# Heads that have anchors, but label them by a rule that is not replayed.
_OWN_RULE = {
    "PAAHead": _LOSS,
    "LADHead": _LOSS,
    "FreeAnchorRetinaHead": "it learns which of its best anchors belong to a box",
    "DDODHead": "its two assigners are ATSS with alpha, where predictions stand for the anchors' IoU",
    "YOLOFHead": (
        "its UniformAssigner takes the anchors and the predictions that are nearest to a box, and ignores "
        "some by the IoU of predictions"
    ),
    "SABLRetinaHead": (
        "its ApproxMaxIoUAssigner labels a cell, not an anchor, by the best of the anchors at that cell"
    ),
    "GARPNHead": _GUIDED,
    "GARetinaHead": _GUIDED,
    "CascadeRPNHead": _CASCADE,
    "StageCascadeRPNHead": _CASCADE,
}
_POINTS = "it assigns points to boxes by a rule of its own"
_QUERIES = "it assigns learned queries or proposals to boxes by a rule of its own"
_HEATMAP = "it predicts heat maps of corners or centres"
# Heads without anchors that are not replayed. Those that are, are in `_mmdet_points`.
_FREE = {
    **dict.fromkeys(
        (
            "CondInstBboxHead", "BoxInstBboxHead", "AutoAssignHead", "FoveaHead", "RepPointsHead",
            "YOLOXPoseHead", "CenterNetUpdateHead", "RTMDetRotatedHead", "RTMDetRotatedSepBNHead",
        ),
        _POINTS,
    ),
    "FSAFHead": (
        "its one anchor a cell stands for a point: CenterRegionAssigner takes those in the middle of a box, "
        "and losses choose the level"
    ),
    **dict.fromkeys(("CornerHead", "CentripetalHead"), _HEATMAP),
    **dict.fromkeys(("DDQDETRHead", "EmbeddingRPNHead"), _QUERIES),
}  # fmt: skip
_AS_RPN = ("FCOSHead", "NASFCOSHead", "RTMDetHead", "YOLOXHead", "TOODHead", "CenterNetHead")
_CLOSEST = "Name another detector, or write a detector file with the nearest rule that can be replayed."

# Assigners of mmdetection that are not replayed, and why.
_ASSIGNERS = {
    "ApproxMaxIoUAssigner": "it labels a cell, not an anchor, by the best of the anchors at that cell",
    "CenterRegionAssigner": "it takes the cells in the middle of a box, whatever the anchors are",
    "DynamicSoftLabelAssigner": "predictions decide which points are taken",
    "HungarianAssigner": "predictions decide which query is taken",
    "MultiInstanceAssigner": "it labels proposals, which are predictions",
    "PointAssigner": "it takes points, whatever the anchors are",
    "RegionAssigner": "it takes regions of cells, whatever the anchors are",
    "SimOTAAssigner": "predictions decide which points are taken",
    "TaskAlignedAssigner": "predictions decide which anchors are taken",
    "TopkHungarianAssigner": "predictions decide which queries are taken",
    "UniformAssigner": "the anchors and the predictions nearest to a box are taken",
}
REPLAYED = ("MaxIoUAssigner", "ATSSAssigner", "GridAssigner")


def generator_of(head: Table, assume: Assume) -> Table:
    """Return the anchor generator of a head, or the default of its class if the file has none.

    Raises AnchorauditError if the head is anchor-free, labels anchors by a rule that is not replayed, or is a
    class that mmdetection does not have.
    """
    name = class_name(head)
    if name in _FREE:
        raise _not_replayed(head, name, _FREE[name])
    if name in _OWN_RULE:
        raise head.error(f"{name} has anchors, but is not replayed: {_OWN_RULE[name]}", "type", _CLOSEST)
    if name in _AS_RPN:
        raise _not_replayed(head, name, "it proposes regions to a second stage, in the place of an RPN")
    if name == "VFNetHead" and not head.flag("use_atss", True):
        raise _not_replayed(head, f"{name} with use_atss=False", _POINTS, "use_atss")
    given = head.table("anchor_generator")
    if given is None and name in _DEFAULTS:
        given = Table(*head.where.get("type", (head.path, head.line)))
        for key, value in _DEFAULTS[name].items():
            given.put(key, value, given.path, given.line)
    if given is None:
        raise head.error(
            f"{name} is not a head of mmdetection and has no anchor_generator, so its anchors are unknown",
            "type",
            "Add the head's anchor_generator there; an anchor-free head has none.",
        )
    if class_name(given) == "MlvlPointGenerator":
        raise _not_replayed(given, name, _POINTS)
    if name not in _DEFAULTS:
        assume.anchors(
            name,
            "mmdetection's AnchorHead",
            head.error(
                f"{name} is not a head of mmdetection, so its rules are unknown",
                "type",
                "Name the head of mmdetection that it replaces.",
            ),
        )
    return given


def _not_replayed(table: Table, name: str, why: str, key: str = "type") -> AnchorauditError:
    return table.error(f"{name} has no anchors, and is not replayed: {why}", key, _CLOSEST)


def assigner_of(owner: Table, train: str, assume: Assume) -> tuple[str, Table]:
    """Return the name and the entries of the assigner at `train`.assigner.

    Raises AnchorauditError if there is none, or it is not replayed.
    """
    assigner = owner.table(f"{train}.assigner")
    if assigner is None:
        raise owner.error(
            f"no model.{train}.assigner, so the rule for labelling anchors is unknown",
            train.split(".", maxsplit=1)[0],
        )
    kind = class_name(assigner)
    if kind in REPLAYED:
        return kind, assigner
    known = f"Replayed: {', '.join(REPLAYED)}."
    if kind in _ASSIGNERS:
        raise assigner.error(f"assigner {kind} is not replayed: {_ASSIGNERS[kind]}", "type", known)
    refusal = assigner.error(f"assigner {kind} is not an assigner of mmdetection", "type", known)
    standard = (
        "MaxIoUAssigner" if "pos_iou_thr" in assigner else "ATSSAssigner" if "topk" in assigner else None
    )
    if standard is None:
        raise refusal
    assume.anchors(kind, f"mmdetection's {standard}", refusal)
    return standard, assigner
