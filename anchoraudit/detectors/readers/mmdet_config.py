"""Read configs of open-mmlab/mmdetection (3.x, also with the names of 2.x) and mmyolo without executing them.

Sources: mmdetection 3.3.0 models/dense_heads/anchor_head.py (allowed_border, get_targets),
task_modules/assigners/{max_iou,atss,grid}_assigner.py, and the configs that come with it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._mmdet_anchors import anchors_of
from anchoraudit.detectors.readers._mmdet_classes import classes_of
from anchoraudit.detectors.readers._mmdet_heads import assigner_of, generator_of
from anchoraudit.detectors.readers._mmdet_loading import with_loading
from anchoraudit.detectors.readers._mmdet_parse import class_name, read_config
from anchoraudit.detectors.readers._mmdet_points import has_places_of_its_own, read_places
from anchoraudit.detectors.readers._mmdet_resize import resize_of
from anchoraudit.detectors.readers._mmyolo import is_of_mmyolo, read_mmyolo
from anchoraudit.detectors.readers._stated import Stated
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.spec import Border, Detector, Match

SUFFIXES = (".py",)
LOOKS_FOR = "mmdetection config, or one of mmyolo (.py with model or _base_)"

_NEW_STYLE = re.compile(r"^with read_base\(\)", re.M)
_DUMP = "Name the config in full that training writes to work_dirs, or that `Config.dump` writes."


def detect(path: Path, text: str) -> bool:
    """Tell whether the text assigns `model` or `_base_`, or has `with read_base()`.

    Configs of YOLOv6 look alike, but have its head; lazy ones of detectron2 take their model from a file.
    """
    del path
    own = re.search(r"^(model|_base_)\s*=|^with read_base\(\)", text, re.M)
    return own is not None and not re.search(r"EffiDeHead|Lite_EffideHead|models/fcos\.py", text)


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector. A value that the file does not have is that of the preset of its kind."""
    return read_table(path, read_config(path, text), assume)


def read_table(path: Path, config: Table, assume: Assume) -> Detector:
    """Read the detector of a configuration. path: the detector gets its name."""
    return classes_of(config).put_into(with_loading(_detector(path, config, assume), config))


def classes(path: Path, text: str) -> Stated:
    """Read the names of the training data set, and every `num_classes` of the model."""
    if _NEW_STYLE.search(text):
        raise Table(str(path)).error(
            "a config of the new style (`with read_base()`) cannot be read", "", _DUMP
        )
    return classes_of(read_config(path, text))


def _detector(path: Path, config: Table, assume: Assume) -> Detector:
    """Return the detector without its classes."""
    model = config.table("model")
    if model is None:
        raise config.error(
            "no model = dict(...) in the file or its _base_",
            remedy=f"Configs of the new style (`with read_base()`) cannot be read. {_DUMP}",
        )
    model = _inner(model)
    single = model.get("bbox_head")
    if isinstance(single, Table) and is_of_mmyolo(single):
        return read_mmyolo(path, config, single, assume)
    if "rpn_head" not in model and isinstance(single, Table) and has_places_of_its_own(single):
        return read_places(path, config, model, single)
    generator, train = _generator(model, assume)
    owner = model if model.find(train) is not None else config  # before mmdet 2.4 it is beside the model
    kind, assigner = assigner_of(owner, train, assume)
    ssd = class_name(generator) == "SSDAnchorGenerator"
    rpn = "rpn_head" in model
    name = {"ATSSAssigner": "mmdet-atss", "GridAssigner": "mmdet-yolov3"}.get(
        kind, "mmdet-faster_rcnn_fpn" if rpn else "mmdet-ssd300" if ssd else "mmdet-retinanet_fpn"
    )
    base = preset(name)
    resize, notes = resize_of(config, base.resize)
    anchors = anchors_of(generator, base.anchors, assume)
    if kind == "ATSSAssigner" and any(level.count > 1 for level in anchors.levels):
        raise generator.error("several anchors in a cell; ATSSAssigner is replayed only with one", "ratios")
    with model.blame("train_cfg"):
        return based_on(
            name,
            path,
            notes=notes,
            without="The COCO sizes" if ssd else "The COCO config",
            resize=resize,
            anchors=anchors,
            border=_border(owner, train, base, kind),
            match=_match(assigner, kind, base.match),
        )


def _inner(model: Table) -> Table:
    """Return the detector inside a tracker or a semi-supervised model, or the model itself."""
    inner: Any = model
    for _ in range(5):
        if not isinstance(inner, Table):
            break
        if "rpn_head" in inner or "bbox_head" in inner:
            return inner
        inner = inner.get("detector")
    return model


def _generator(model: Table, assume: Assume) -> tuple[Table, str]:
    """Return the generator of the anchors that are matched, and the key of its head's train_cfg."""
    key = "rpn_head" if model.find("rpn_head") is not None else "bbox_head"
    head = model.table(key)
    if head is None:
        kind = model.text("type", "?")
        raise model.error(f"model of type {kind} has neither rpn_head nor bbox_head, so no anchors", "type")
    return generator_of(head, assume), "train_cfg.rpn" if key == "rpn_head" else "train_cfg"


def _border(owner: Table, train: str, base: Detector, kind: str) -> Border:
    key = f"{train}.allowed_border"
    margin = owner.number(key, -1.0) if owner.find(key) is not None else None
    if margin is None or kind == "GridAssigner":
        return base.border
    if margin < 0:
        return msgspec.structs.replace(base.border, margin="off")
    if kind == "ATSSAssigner":
        raise owner.error(
            f"allowed_border is {margin:g}; ATSS is replayed only without a border rule", key, "Use -1."
        )
    with owner.blame(key):
        return msgspec.structs.replace(preset("mmdet-cascade_rcnn").border, margin=margin)


def _match(assigner: Table, kind: str, base: Match) -> Match:
    if kind == "ATSSAssigner":
        if assigner.find("alpha") is not None:
            raise assigner.error("ATSSAssigner with alpha uses predictions, so it is not replayed", "alpha")
        with assigner.blame("topk"):
            return msgspec.structs.replace(base, candidates=assigner.read("topk", int, base.candidates))
    changes: dict[str, Any] = {
        "positive": assigner.number("pos_iou_thr", base.positive or 0.5),
        "negative": _negative(assigner, base.negative or 0.0),
        "force_floor": assigner.number("min_pos_iou", 0.0),
    }
    if kind == "MaxIoUAssigner":
        every = assigner.flag("gt_max_assign_all", True)
        changes["force"] = "ties" if every else "best"
        if not assigner.flag("match_low_quality", True):
            changes |= {"force": "none", "force_floor": 0.0}
    with assigner.blame("pos_iou_thr"):
        return msgspec.structs.replace(base, **changes)


def _negative(assigner: Table, default: float) -> float:
    values = assigner.numbers("neg_iou_thr", (default,))
    if len(values) == 1:
        return values[0]
    if len(values) == 2 and values[0] == 0:
        return values[1]
    raise assigner.error("neg_iou_thr must be one number, or a pair (0, number)", "neg_iou_thr")
