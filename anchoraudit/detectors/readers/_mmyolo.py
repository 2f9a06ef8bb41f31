"""Read YOLOv5 and YOLOv7 from configs of open-mmlab/mmyolo, which are otherwise like mmdetection's.

Sources: mmyolo 0.6.0 models/dense_heads/yolov5_head.py (loss_by_feat), yolov7_head.py,
models/task_modules/assigners/batch_yolov7_assigner.py (yolov5_assigner, then simota_assigner),
datasets/transforms/transforms.py (YOLOv5KeepRatioResize, LetterResize, YOLOv5RandomAffine),
mix_img_transforms.py (Mosaic, Mosaic9).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._mmdet_anchors import anchors_of
from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._mmdet_resize import all_steps, drawn_by_batch, pipeline_of
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.spec import AutoAnchor, Detector, Loading, Match, Resize

_PRESETS = {"YOLOv5Head": "yolov5", "YOLOv5InsHead": "yolov5", "YOLOv7Head": "yolov7"}
_FRAMEWORK = "mmyolo 0.6.0"
_SOURCES = {
    "yolov5": ("mmyolo models/dense_heads/yolov5_head.py: YOLOv5Head.loss_by_feat",),
    "yolov7": (
        "mmyolo models/dense_heads/yolov7_head.py: YOLOv7Head",
        "mmyolo models/task_modules/assigners/batch_yolov7_assigner.py: yolov5_assigner",
    ),
}
_TRANSFORMS = "mmyolo datasets/transforms/transforms.py: YOLOv5KeepRatioResize, LetterResize"
# Notes of the presets that are about what ultralytics' training does and mmyolo's does not.
_NOT_OF_MMYOLO = ("AutoAnchor",)
# YOLOv5CocoDataset and YOLOv5VOCDataset are mmdetection's data sets, with another order of images in batches.
_LOADER = {"voc": "mmdet-voc", "*": "mmdet-coco"}
_LOADING = Loading(blank="kept")  # mmyolo's own configs of both: filter_cfg=dict(filter_empty_gt=False, ...)
_MOSAICS = ("Mosaic", "Mosaic9")
_NEIGHBOURS = {0.0: 0, 0.5: 2, 1.0: 4}
_DEFAULT: dict[str, Any] = {
    "type": "YOLOAnchorGenerator",
    "base_sizes": [
        [[10, 13], [16, 30], [33, 23]],
        [[30, 61], [62, 45], [59, 119]],
        [[116, 90], [156, 198], [373, 326]],
    ],
    "strides": [8, 16, 32],
}


def is_of_mmyolo(head: Table) -> bool:
    """Tell whether a head is one of mmyolo's heads with anchors, or a user's own that replaces one."""
    return class_name(head) in _PRESETS or _has_anchors(head)


def _has_anchors(head: Table) -> bool:
    generator = head.get("prior_generator")
    return isinstance(generator, Table) and class_name(generator) == "YOLOAnchorGenerator"


def read_mmyolo(path: Path, config: Table, head: Table, assume: Assume) -> Detector:
    """Read the detector of a config whose bbox_head is `head`."""
    kind = class_name(head)
    if kind not in _PRESETS:
        refusal = head.error(
            f"{kind} is not one of mmyolo's heads with anchors, so its rules are unknown",
            "type",
            f"Replayed: {', '.join(_PRESETS)}.",
        )
        assume.anchors(kind, "mmyolo's YOLOv5Head", refusal)
    name = _PRESETS.get(kind, "yolov5")
    base = preset(name)
    steps = pipeline_of(config)
    flat = list(all_steps(steps or ()))
    resize, notes = _resize(flat, base.resize)
    if steps is None:
        notes = ("no training pipeline is stated; replayed at the preset's input size",)
    mosaic = () if any(class_name(step) in _MOSAICS for step in flat) else ("Trained with mosaic",)
    return based_on(
        name,
        path,
        notes=(*notes, *_dropped(flat), *drawn_by_batch(config), *_ignored(head)),
        without=(*_NOT_OF_MMYOLO, *(mosaic if steps is not None else ())),
        framework=_FRAMEWORK,
        loader=_LOADER,
        loading=_LOADING,
        read_in=(*_SOURCES[name], _TRANSFORMS),
        resize=resize,
        anchors=anchors_of(_generator(head), base.anchors, assume),
        match=_match(head, base.match),
        auto_anchor=AutoAnchor(),  # mmyolo fits anchors only in a tool that is run by hand
    )


def _generator(head: Table) -> Table:
    generator = head.table("prior_generator")
    if generator is None:
        generator = Table(*head.where.get("type", (head.path, head.line)))
        for key, value in _DEFAULT.items():
            generator.put(key, value, generator.path, generator.line)
    own = head.numbers("head_module.featmap_strides", ())
    if own and own != generator.numbers("strides", ()):
        raise head.error(
            "head_module.featmap_strides are not the strides of prior_generator",
            "head_module",
            "Write the same strides in both: mmyolo divides the anchors of one by the strides of the other.",
        )
    return generator


def _match(head: Table, base: Match) -> Match:
    """Read prior_match_thr (limit of side ratios) and near_neighbor_thr (which cells beside the centre's)."""
    near = head.number("near_neighbor_thr", 0.5)
    if near not in _NEIGHBOURS:
        raise head.error(
            f"near_neighbor_thr is {near:g}, which is not replayed", "near_neighbor_thr", "Use 0, 0.5 or 1."
        )
    with head.blame("prior_match_thr"):
        ratio = head.number("prior_match_thr", 4.0)
        return msgspec.structs.replace(base, ratio=ratio, neighbours=_NEIGHBOURS[near])


def _resize(steps: list[Table], base: Resize) -> tuple[Resize, tuple[str, ...]]:
    """Return the resize of a single image, without mosaic, at the first size in the pipeline."""
    for step in steps:
        kind = class_name(step)
        if kind in (*_MOSAICS, "YOLOv5KeepRatioResize", "LetterResize"):
            break
    else:
        return base, ("no input size in the training pipeline; replayed at the preset's input size",)
    key = "img_scale" if kind in _MOSAICS else "scale"
    side = step.find(key, 640)
    width, height = (side, side) if isinstance(side, int) else step.read(key, tuple[int, int], (640, 640))
    if kind == "LetterResize" and step.flag("stretch_only", False):
        with step.blame(key):
            return Resize(kind="stretch", width=width, height=height, precision="float32"), ()
    with step.blame(key):
        resize = Resize(
            kind="longest_side",
            side=max(width, height),
            # LetterResize rounds; Mosaic, and YOLOv5KeepRatioResize before a LetterResize, round down.
            rounding="half_even" if kind == "LetterResize" else "floor",
            precision="float32",
            clip="canvas",
            pad="square",
            centred=True,
            whole_padding=True,
        )
    notes: tuple[str, ...] = ()
    if width != height:
        notes = (
            f"Trained at {width}x{height}; replayed with the longer side {resize.side} on a square. This is "
            f"exact only for images at least as {'wide' if width > height else 'tall'} in proportion.",
        )
    return resize, notes


def _dropped(steps: list[Table]) -> tuple[str, ...]:
    """Return a note on the boxes that YOLOv5RandomAffine drops after scaling."""
    step = next((step for step in steps if class_name(step) == "YOLOv5RandomAffine"), None)
    if step is None:
        return ()
    side, aspect = step.number("min_bbox_size", 2.0), step.number("max_aspect_ratio", 20.0)
    return (
        f"YOLOv5RandomAffine drops boxes of a side up to {side:g} px or an aspect of {aspect:g} or more "
        "after its random scaling; the replay keeps them.",
    )


def _ignored(head: Table) -> tuple[str, ...]:
    if head.number("ignore_iof_thr", -1.0) == -1:
        return ()
    return (
        "Training leaves anchors on ignored boxes (ignore_iof_thr) out of the loss; the replay does not.",
    )
