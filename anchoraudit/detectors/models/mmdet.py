"""Read a configuration of mmdetection or mmyolo in memory, or a detector that was built of one.

A Config of mmengine has what its file and the `_base_` files have, and is read as they are. A detector has
its `cfg` if mmdetection's own `init_detector` made it. Of another one the same keys are filled in from its
heads; it has neither the training pipeline nor the data sets.

Sources: mmengine 0.10.7 config/config.py (Config.to_dict); mmdetection 3.3.0 apis/inference.py
(init_detector: `cfg`), models/detectors/*.py and models/dense_heads/*.py (attributes have the names of the
arguments; `train_cfg` stays a mapping), models/task_modules/prior_generators/{anchor,point}_generator.py.
mmyolo 0.6.0 models/dense_heads/*.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from anchoraudit.detectors.models._corners import short
from anchoraudit.detectors.models._inside import attributes, comes_from
from anchoraudit.detectors.readers import mmdet_config
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._table import table_of
from anchoraudit.detectors.spec import Detector

READS = "a Config or a detector of mmdetection or mmyolo"

_PACKAGES = ("mmdet", "mmyolo")
_RPN = "RPNHead"
# What a class of one's own may not have if it is to be taken for the class that it is made of.
_LABELLING = {"get_targets", "_get_targets_single", "loss_by_feat", "loss", "get_anchors"}
# Arguments of heads and generators that are attributes of the same name.
_OF_HEADS = (
    "num_classes",
    "use_atss",
    "regress_ranges",
    "center_sampling",
    "center_sample_radius",
    "prior_match_thr",
    "near_neighbor_thr",
    "ignore_iof_thr",
)
_OF_GENERATORS = ("offset", "center_offset", "scale_major", "base_sizes")
_OCTAVES = ("octave_base_scale", "scales_per_octave")


def recognises(model: Any) -> bool:
    """Tell whether an object is a Config with a `model`, or a detector of mmdetection or mmyolo."""
    if (values := _entries(model)) is not None:
        return isinstance(values.get("model"), Mapping)
    return comes_from(model, *_PACKAGES) and "backbone" in attributes(model)


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector of a configuration, or of a detector that was built of one."""
    if _entries(model) is not None:
        return _read_config(model, assume)
    config = getattr(model, "cfg", None)
    if _entries(config) is not None:
        return _read_config(config, assume)
    kind = type(model).__name__
    return mmdet_config.read_table(Path(kind), table_of({"model": _values(model)}, kind), assume)


def _entries(config: Any) -> Mapping[str, Any] | None:
    """Return the entries of a Config of mmengine, or of mmcv 1; None of another object."""
    if not comes_from(config, "mmengine", "mmcv"):
        return None
    values = attributes(config, hidden=("_cfg_dict",)).get("_cfg_dict")
    return values if isinstance(values, Mapping) else None


def _read_config(config: Any, assume: Assume) -> Detector:
    """Read a Config, which is called as its file, if it has one."""
    file = attributes(config, hidden=("_filename",)).get("_filename")
    name = file if isinstance(file, str) and file else type(config).__name__
    return mmdet_config.read_table(Path(name), table_of(config.to_dict(), "cfg"), assume)


def _values(model: Any) -> dict[str, Any]:
    """Return what a detector was made of, as its configuration has it."""
    values: dict[str, Any] = {"type": type(model).__name__, "train_cfg": getattr(model, "train_cfg", None)}
    if (head := getattr(model, "rpn_head", None)) is not None:
        values["rpn_head"] = _head(head)
    if (head := getattr(model, "bbox_head", None)) is not None:
        made, train = _head(head), getattr(head, "train_cfg", None)
        if made["type"] == _RPN:  # a detector RPN has its only head under this name
            values |= {"rpn_head": made, "train_cfg": {"rpn": train}}
        else:
            values["bbox_head"] = made
            if "rpn_head" not in values:
                values["train_cfg"] = train
    regions = getattr(model, "roi_head", None)
    parts = ((name, getattr(regions, name, None)) for name in ("bbox_head", "mask_head"))
    values["roi_head"] = {name: _counts(part) for name, part in parts if part is not None}
    if isinstance(queries := getattr(model, "num_queries", None), int):
        values["num_queries"] = queries
    divisor = getattr(getattr(model, "data_preprocessor", None), "pad_size_divisor", None)
    if isinstance(divisor, int):
        values["data_preprocessor"] = {"pad_size_divisor": divisor}
    return values


def _counts(heads: Any) -> Any:
    """Return the number of classes of the heads of a second stage: one, or one for each stage."""
    several = list(attributes(heads, parts_only=True).values()) if _is_list(heads) else [heads]
    counts = [{"num_classes": getattr(head, "num_classes", None)} for head in several]
    return counts if len(counts) != 1 else counts[0]


def _is_list(module: Any) -> bool:
    return type(module).__name__ == "ModuleList"


def _head(head: Any) -> dict[str, Any]:
    values = {"type": _class_of(head), **_given(head, _OF_HEADS)}
    generator = next(
        (
            found
            for key in ("prior_generator", "anchor_generator")
            if (found := getattr(head, key, None)) is not None
        ),
        None,
    )
    strides = getattr(head, "strides", None)
    inner = getattr(head, "head_module", None)
    if inner is not None:  # a head of mmyolo
        values["head_module"] = _given(inner, ("num_classes", "featmap_strides"))
    if generator is not None:
        values["prior_generator" if inner is not None else "anchor_generator"] = _generator(generator)
    if strides is not None:
        values["strides"] = _strides(strides)
    return values


def _class_of(part: Any) -> str:
    """Return the class of the framework that a part is, or is made of; its own if that may label anchors."""
    for cls in type(part).__mro__:
        if cls.__module__.partition(".")[0] in _PACKAGES:
            return cls.__name__
        if _LABELLING & vars(cls).keys():
            break
    return type(part).__name__


def _generator(generator: Any) -> dict[str, Any]:
    """Return the arguments of a generator of anchors or points; tensors have them in float32."""
    kind = _class_of(generator)
    values = {"type": kind, "strides": _strides(generator.strides), **_given(generator, _OF_GENERATORS)}
    if kind == "SSDAnchorGenerator":
        return values | _ssd(generator)
    if kind == "YOLOAnchorGenerator":
        return values
    if getattr(generator, "centers", None) is not None:
        values["centers"] = _plain(generator.centers)
    octaves = _given(generator, _OCTAVES)
    if len(octaves) == len(_OCTAVES):
        values |= octaves
    elif hasattr(generator, "scales"):
        values["scales"] = _shortened(generator.scales)
    if hasattr(generator, "ratios"):
        values["ratios"] = _shortened(generator.ratios)
    return values


def _ssd(generator: Any) -> dict[str, Any]:
    """Return sizes and ratios: of each level the scales 1 and sqrt(max / min), the ratios 1, 1 / r and r."""
    smaller = [float(size) for size in generator.base_sizes]
    scales = [_plain(level) for level in generator.scales]
    return {
        "min_sizes": smaller,
        "max_sizes": [short(size * level[1] ** 2) for size, level in zip(smaller, scales, strict=True)],
        "ratios": [_shortened(level)[2::2] for level in generator.ratios],
    }


def _given(part: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Return the attributes that a part has, and that are not None."""
    found = ((key, _plain(getattr(part, key, None))) for key in keys)
    return {key: value for key, value in found if value is not None}


def _strides(strides: Any) -> list[Any]:
    """Return strides, as one number where they are the same in x and y."""
    pairs = (_plain(stride) for stride in _plain(strides))
    return [pair[0] if isinstance(pair, list | tuple) and len(set(pair)) == 1 else pair for pair in pairs]


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _shortened(values: Any) -> list[Any]:
    """Return the numbers of a tensor as they were written, at any depth."""
    plain = [_plain(value) for value in _plain(values)]
    return [_shortened(value) if isinstance(value, list) else short(float(value)) for value in plain]
