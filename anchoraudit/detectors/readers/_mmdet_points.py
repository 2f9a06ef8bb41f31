"""Read the heads of mmdetection and mmyolo that have points or queries instead of anchors.

The preset of a head has its rule, and how it resizes. A config gives levels, ranges, radius, the number of
queries and the input size. What a config changes beyond that is an error, with its line.

Sources: mmdetection 3.3.0 models/dense_heads/ (fcos_head.py, nasfcos_head.py, rtmdet_head.py, yolox_head.py,
centernet_head.py, tood_head.py, detr_head.py), models/detectors/base_detr.py (num_queries),
models/task_modules/prior_generators/point_generator.py; 2.28.2 models/dense_heads/detr_head.py (num_query).
mmyolo 0.6.0 models/dense_heads/ (rtmdet_head.py, yolox_head.py, yolov6_head.py, yolov8_head.py,
ppyoloe_head.py), models/task_modules/assigners/utils.py (select_highest_overlaps: a contested point goes to
the highest IoU of all boxes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._mmdet_resize import all_steps, drawn_by_batch, pipeline_of, resize_of
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.spec import Detector, Loading, Match, Points, Resize

_INFINITE = 1e8  # mmdetection's INF, the end of the last range of levels
_USUAL_RANGES = ((-1.0, 64.0), (64.0, 128.0), (128.0, 256.0), (256.0, 512.0), (512.0, _INFINITE))
_EIGHT = (8.0, 16.0, 32.0)
_ASSIGNER = "train_cfg.assigner"
_SIZED = (
    "Mosaic", "Mosaic9", "CachedMosaic", "Resize", "RandomResize", "YOLOv5KeepRatioResize", "LetterResize",
)  # fmt: skip
_MASKS = "Masks move only the centres from which its costs are taken. The candidates follow from boxes."
_MMYOLO = "mmyolo 0.6.0"
# The preset that matches as an assigner of the first epochs does.
_SHOWN_BY = {"ATSSAssigner": "mmdet-gfl", "BatchATSSAssigner": "ppyoloe-warmup"}


def _unchanged(head: Table, model: Table, match: Match) -> Match:
    return match


def _radius(head: Table, model: Table, match: Match) -> Match:
    """Read the radius of SimOTAAssigner."""
    key = f"{_ASSIGNER}.center_radius"
    with model.blame(key):
        return msgspec.structs.replace(match, radius=model.number(key, 2.5))


def _ranges(head: Table, model: Table, match: Match) -> Match:
    """Read the ranges of the levels of FCOS, and the radius of its centre sampling."""
    ranges = head.read("regress_ranges", tuple[tuple[float, float], ...], _USUAL_RANGES)
    sampled = head.flag("center_sampling", False)
    with head.blame("regress_ranges"):
        return msgspec.structs.replace(
            match,
            ranges=ranges,
            radius=head.number("center_sample_radius", 1.5) if sampled else 0.0,
            radius_as="square" if sampled else "distance",
        )


def _contested(head: Table, model: Table, match: Match) -> Match:
    """Return the rule of mmyolo's BatchTaskAlignedAssigner."""
    key = f"{_ASSIGNER}.topk"
    with model.blame(key):
        top = model.read(key, int, 13)
        return Match(kind="in_box", inset=1e-9, top=top, without_candidate="contested")


def _top(head: Table, model: Table, match: Match) -> Match:
    """Read how many points TaskAlignedAssigner takes at most."""
    key = f"{_ASSIGNER}.topk"
    with model.blame(key):
        return msgspec.structs.replace(match, top=model.read(key, int, match.top))


@dataclass(frozen=True, slots=True)
class _Head:
    """What is particular to a head with points.

    preset: the one that has its rule. strides: of its levels, if the config names none. places: keys where
    the config may name them; the last one wins. offset: where in its cell a point lies, if no generator says.
    assigner: the class that it needs in `train_cfg`; "" if it has none. generator: the key of its point
    generator; "" if it makes one itself. read: what else of the matching is in the config. own_size: its
    preset resizes as it does, and the config gives the size alone.
    """

    preset: str
    strides: tuple[float, ...]
    places: tuple[str, ...]
    offset: float
    assigner: str = ""
    generator: str = ""
    read: Callable[[Table, Table, Match], Match] = _unchanged
    own_size: bool = True


_GENERATED = ("anchor_generator.strides",)
_MY_PLACES = ("head_module.featmap_strides", "prior_generator.strides")
_SOFT = "DynamicSoftLabelAssigner"
_RTMDET = _Head("mmdet-rtmdet", (), _GENERATED, 0.5, _SOFT, "anchor_generator")
_MY_RTMDET = _Head("mmyolo-rtmdet", _EIGHT, _MY_PLACES, 0.0, f"Batch{_SOFT}", "prior_generator")
_MY_YOLO = _Head(
    "mmyolo-rtmdet", _EIGHT, _MY_PLACES, 0.5, "BatchTaskAlignedAssigner", "prior_generator", _contested
)
_LOADING_OF_MY_YOLO = Loading(blank="kept")  # mmyolo's own configs of YOLOv6 and v8: filter_empty_gt=False
_FCOS = _Head("mmdet-fcos", (4.0, 8.0, 16.0, 32.0, 64.0), ("strides",), 0.5, read=_ranges, own_size=False)
# Heads of mmdetection with points.
_HEADS = {
    "FCOSHead": _FCOS,
    "NASFCOSHead": _FCOS,
    "RTMDetHead": _RTMDET,
    "RTMDetSepBNHead": _RTMDET,
    "RTMDetInsHead": _RTMDET,
    "RTMDetInsSepBNHead": _RTMDET,
    "YOLOXHead": _Head("mmdet-yolox", _EIGHT, ("strides",), 0.5, "SimOTAAssigner", read=_radius),
    "CenterNetHead": _Head("mmdet-centernet512", (4.0,), (), 0.5),
    "TOODHead": _Head(
        "mmdet-tood", (), _GENERATED, 0.0, "TaskAlignedAssigner", "anchor_generator", _top, own_size=False
    ),
}
# Heads of mmyolo with points, in the library's own layout: with a `head_module`.
_OF_MMYOLO = {
    "RTMDetHead": _MY_RTMDET,
    "RTMDetInsSepBNHead": _MY_RTMDET,
    "YOLOXHead": _Head("mmdet-yolox", _EIGHT, _MY_PLACES, 0.5, "SimOTAAssigner", read=_radius),
    "YOLOv8Head": _MY_YOLO,
    "YOLOv6Head": _MY_YOLO,
    "PPYOLOEHead": _Head(
        "ppyoloe", _EIGHT, _MY_PLACES, 0.5, "BatchTaskAlignedAssigner", "prior_generator", _top
    ),
}
_GENERATORS = ("MlvlPointGenerator", "AnchorGenerator")
# Heads that give every box a query, and the number of queries if the config names none.
_QUERIES = {
    "DETRHead": 100,
    "ConditionalDETRHead": 100,
    "DABDETRHead": 100,
    "DeformableDETRHead": 100,
    "DINOHead": 100,
    "GroundingDINOHead": 100,
}


def has_places_of_its_own(head: Table) -> bool:
    """Tell whether a head has points or queries that are replayed."""
    return class_name(head) in _QUERIES or _head(head) is not None


def _head(head: Table) -> _Head | None:
    return (_OF_MMYOLO if "head_module" in head else _HEADS).get(class_name(head))


def read_places(path: Path, config: Table, model: Table, head: Table) -> Detector:
    """Read the detector of a config whose `bbox_head` has points or queries."""
    if class_name(head) in _QUERIES:
        return _with_queries(path, config, model, head)
    found = _head(head)
    assert found is not None  # `has_places_of_its_own` is asked first
    base = preset(found.preset)
    if found.assigner:
        _require_assigner(config, model, found.assigner)
    points = _points(head, found, base.points)
    with head.blame("type"):
        match = found.read(head, model, base.match)
    resize, notes = _size(config, base.resize) if found.own_size else resize_of(config, base.resize)
    mmyolo = "head_module" in head
    more: dict[str, Any] = {"framework": _MMYOLO} if mmyolo else {}
    if found is _MY_YOLO:
        more["loading"] = _LOADING_OF_MY_YOLO
    if mmyolo:
        more["read_in"] = (f"mmyolo models/dense_heads: {class_name(head)}",)
    with head.blame("regress_ranges" if match.ranges else "type"):
        return based_on(
            found.preset,
            path,
            notes=(
                *notes,
                *_warm_up(model),
                *drawn_by_batch(config),
                *((_MASKS,) if _has_masks(head) else ()),
            ),
            resize=resize,
            points=points,
            match=match,
            **more,
        )


def _has_masks(head: Table) -> bool:
    return "Ins" in class_name(head)


def _require_assigner(config: Table, model: Table, wanted: str) -> None:
    """Raise AnchorauditError unless the config's assigner is the one that the head's rule belongs to."""
    owner = model if model.find("train_cfg") is not None else config
    assigner = owner.table(_ASSIGNER)
    if assigner is None:
        raise owner.error(
            f"no model.{_ASSIGNER}, so the rule for labelling points is unknown",
            "train_cfg",
            f"Add assigner=dict(type='{wanted}') there.",
        )
    if (kind := class_name(assigner)) != wanted:
        raise assigner.error(
            f"assigner {kind} is not replayed with this head", "type", f"Replayed: {wanted}."
        )


def _points(head: Table, found: _Head, base: Points) -> Points:
    """Return the levels, and where in its cell a point lies."""
    offset = found.offset
    strides, place = found.strides, "type"
    for key in found.places:
        if head.find(key) is not None:
            strides, place = _strides(head, key), key
    if not strides:
        raise head.error(f"{class_name(head)} needs {found.places[-1]}", "type")
    generator = head.table(found.generator) if found.generator else None
    if generator is not None:
        if (kind := class_name(generator)) not in _GENERATORS:
            raise generator.error(f"{found.generator} of type {kind!r} is not replayed", "type")
        if kind == "MlvlPointGenerator":
            offset = generator.number("offset", 0.5)
        elif generator.number("center_offset", 0.0):
            raise generator.error("center_offset is replayed only as 0", "center_offset")
    if len(found.places) > 1 and len({_strides(head, key) for key in found.places if head.find(key)}) > 1:
        raise head.error(
            "head_module.featmap_strides are not the strides of prior_generator",
            "head_module",
            "Write the same strides in both.",
        )
    with head.blame(place):
        return msgspec.structs.replace(base, strides=strides, offset=offset)


def _strides(head: Table, key: str) -> tuple[float, ...]:
    value = head.find(key)
    if isinstance(value, list) and value and isinstance(value[0], list):
        rows = head.rows(key, ())
        if any(len(set(row)) != 1 for row in rows):
            raise head.error("strides that differ between x and y are not replayed", key)
        return tuple(row[0] for row in rows)
    return head.numbers(key, ())


def _size(config: Table, base: Resize) -> tuple[Resize, tuple[str, ...]]:
    """Return the preset's resize at the size of the first step of the training pipeline that has one."""
    steps = pipeline_of(config)
    if steps is None:
        return base, ("no training pipeline is stated; replayed at the preset's input size",)
    for step in all_steps(steps):
        kind = class_name(step)
        key = next((key for key in ("img_scale", "scale") if key in step), None)
        if kind not in _SIZED or key is None:
            continue
        value = step.find(key)
        width, height = (value, value) if isinstance(value, int) else step.read(key, tuple[int, int], (0, 0))
        with step.blame(key):
            if kind == "Resize" and not step.flag("keep_ratio", key == "img_scale"):
                return base.with_size(width, height), ()
            if base.kind == "stretch":
                return base.with_size(width, height), ()
            resize = base.with_size(max(width, height))
        if width == height:
            return resize, ()
        return resize, (
            f"Trained at {width}x{height}; replayed with the longer side {resize.side} on a square. This is "
            f"exact only for images at least as {'wide' if width > height else 'tall'} in proportion.",
        )
    return base, ("no input size in the training pipeline; replayed at the preset's input size",)


def _warm_up(model: Table) -> tuple[str, ...]:
    """Return a note on the first epochs, in which another assigner holds."""
    epochs = model.find("train_cfg.initial_epoch")
    assigner = model.table("train_cfg.initial_assigner")
    if not isinstance(epochs, int) or epochs < 1 or assigner is None:
        return ()
    kind = class_name(assigner)
    note = f"Its first {epochs} epochs assign by {kind}; the rule of those after them is replayed."
    shown = _SHOWN_BY.get(kind)
    return (f"{note} The preset {shown} shows the rule of the first." if shown else note,)


def _with_queries(path: Path, config: Table, model: Table, head: Table) -> Detector:
    """Read the number of queries: `num_queries` of the model, or `num_query` of a head of mmdetection 2."""
    kind = class_name(head)
    if config.find(f"model.{_ASSIGNER}") is not None or model.find(_ASSIGNER) is not None:
        _require_assigner(config, model, "HungarianAssigner")
    name = "mmdet-dino" if kind == "DINOHead" else "mmdet-detr"
    base = preset(name)
    owner, key = (head, "num_query") if "num_query" in head else (model, "num_queries")
    queries = owner.read(key, int, _QUERIES[kind])
    resize, notes = resize_of(config, base.resize)
    with owner.blame(key):
        match = msgspec.structs.replace(base.match, queries=queries)
    return based_on(name, path, notes=notes, without="The COCO config", resize=resize, match=match)
