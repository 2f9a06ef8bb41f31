"""Read a configuration of detectron2 in memory (CfgNode, or LazyConfig's DictConfig), or a built model.

A CfgNode has the keys of the YAML files, and is read as those are. Of a model or a lazy configuration the
same keys are filled in. A model has its anchors as corners in float32, and not the size of its input.

Sources: detectron2 02b5c4e2 modeling/anchor_generator.py (cell_anchors), modeling/matcher.py (thresholds with
infinity at both ends), modeling/proposal_generator/rpn.py, modeling/meta_arch/{rcnn,retinanet,fcos}.py,
config/lazy.py and configs/common/models/*.py (`_target_`, and the arguments of the class),
configs/common/data/coco.py (mapper.augmentations).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.models._corners import sizes_and_ratios
from anchoraudit.detectors.models._inside import attributes, comes_from, loaded
from anchoraudit.detectors.readers import detectron2_yaml
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._table import table_of
from anchoraudit.detectors.spec import Classes, Detector, Loading
from anchoraudit.errors import AnchorauditError

READS = "a cfg, a lazy config or a model of detectron2"

_WITH_RPN = ("GeneralizedRCNN", "ProposalNetwork", "PanopticFPN")
_ARCHITECTURES = (*_WITH_RPN, "RetinaNet", "FCOS")
_FCOS, _GENERATOR = "detectron2-fcos", "DefaultAnchorGenerator"
_USUAL_COUNT = 80  # config/defaults.py, of both heads
_USUAL_OFFSET = 0.5  # of DefaultAnchorGenerator itself, which a lazy config may leave out
# Methods that label anchors or points: a class of one's own that has one may label in any way.
_LABELLING = {"label_anchors", "label_and_sample_anchors", "_match_anchors", "losses", "forward_training"}
_RESIZE = "ResizeShortestEdge"
_DATASET, _FILTER = "get_detection_dataset_dicts", "filter_empty"
_NO_SIZE = (
    "The size of the input is in cfg.INPUT or in the data loader, and not in a model; replayed at "
    "detectron2's default, or at that of --input-size."
)
_NO_RESIZE = (
    "The augmentations of the training have no ResizeShortestEdge, and others are not replayed; replayed at "
    "detectron2's default size, or at that of --input-size."
)


def recognises(model: Any) -> bool:
    """Tell whether an object is a configuration or a meta architecture of detectron2."""
    if comes_from(model, "omegaconf"):
        return isinstance(model, Mapping) and _name(_lazy_model(model)) in _ARCHITECTURES
    if isinstance(model, Mapping):
        part = model.get("MODEL")
        return isinstance(part, Mapping) and "META_ARCHITECTURE" in part
    return comes_from(model, "detectron2") and "backbone" in attributes(model) and bool(_architecture(model))


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector of a configuration or a model."""
    detector = _read(model, assume)
    if detector.classes.count != _USUAL_COUNT:
        return detector
    # Nobody knows whether the user wrote the default there: in memory, all keys have a value.
    classes = msgspec.structs.replace(detector.classes, by_default=True)
    return msgspec.structs.replace(detector, classes=classes)


def _read(model: Any, assume: Assume) -> Detector:
    kind = type(model).__name__
    if comes_from(model, "omegaconf"):
        plain = _plain(model)
        detector = _read_parts(_lazy_model(plain), "LazyConfig", assume, _augmentations(plain))
        return msgspec.structs.replace(detector, loading=_loading(plain))
    if not isinstance(model, Mapping):
        return _read_parts(model, kind, assume, None)
    table = table_of(model, "cfg")
    return detectron2_yaml.read_table(Path(kind), table, assume, read_from=f"{kind} in memory")


def _read_parts(model: Any, kind: str, assume: Assume, augmentations: list[Any] | None) -> Detector:
    """Read a built model, or the `model` of a lazy configuration.

    augmentations: those of the training, of a lazy configuration that has them.
    """
    architecture = _architecture(model) or _name(model)
    owner = _get(model, "proposal_generator") if architecture in _WITH_RPN else model
    if owner is None:
        raise AnchorauditError(
            f"the {architecture} has no proposal_generator, so it matches no anchors",
            remedy="Give one with an RPN, or name a preset (`anchoraudit detectors` lists them).",
        )
    owners = _name_of_its_own(model), _name_of_its_own(owner)
    resize, notes = _resize(augmentations)
    read_from = f"{kind} in memory"
    if architecture == "FCOS":
        _require(owners[0], "FCOS", assume)
        detector = _fcos(model, kind, read_from)
        if resize:
            config = table_of({"INPUT": resize}, kind)
            size, drawn = detectron2_yaml.resize_of(config, detector.resize)
            detector = msgspec.structs.replace(detector, resize=size, notes=(*detector.notes, *drawn))
    else:
        values = _values(model, owner, owners[0] or architecture, owners[1] if owner is not model else "")
        table = table_of({**values, "INPUT": resize}, kind)
        detector = detectron2_yaml.read_table(Path(kind), table, assume, read_from=read_from)
        if not detector.classes.is_silent:
            place = f"{kind}.num_classes" if owner is model else f"{kind}.roi_heads.num_classes"
            classes = msgspec.structs.replace(detector.classes, stated_in=place)
            detector = msgspec.structs.replace(detector, classes=classes)
    return msgspec.structs.replace(detector, notes=(*detector.notes, *notes))


def _values(model: Any, owner: Any, architecture: str, own_rpn: str) -> dict[str, Any]:
    """Return what a model has as the keys of a cfg. owner: what has the anchors, the model or its RPN."""
    generator, matcher = _get(owner, "anchor_generator"), _get(owner, "anchor_matcher")
    strides = [float(stride) for stride in _listed(_get(generator, "strides"))]
    powers = [math.log2(stride) for stride in strides]
    if not all(power in range(2, 8) for power in powers):
        raise AnchorauditError(
            f"strides {', '.join(f'{stride:g}' for stride in strides)} are not replayed",
            remedy="Replayed are 4, 8, 16, 32, 64 and 128. Write a detector file (docs/detectors.md).",
        )
    features = [f"p{power:.0f}" for power in powers]
    sizes, ratios = _get(generator, "sizes"), _get(generator, "aspect_ratios")
    if sizes is None and _name(generator) == _GENERATOR:  # the reader refuses others
        levels = [sizes_and_ratios(_listed(corners)) for corners in _get(generator, "cell_anchors")]
        sizes, ratios = [list(one) for one, _ in levels], [list(one) for _, one in levels]
    retinanet = owner is model
    heads = model if retinanet else _get(model, "roi_heads")
    count, margin = _get(heads, "num_classes"), _get(owner, "anchor_boundary_thresh")
    labelling: dict[str, Any] = {
        "IN_FEATURES": features,
        "IOU_THRESHOLDS": [one for one in _listed(_get(matcher, "thresholds")) if math.isfinite(one)],
        "IOU_LABELS": _listed(_get(matcher, "labels")),
    }
    counted = {"NUM_CLASSES": count} if isinstance(count, int) else {}
    offset = _get(generator, "offset")
    values: dict[str, Any] = {
        "META_ARCHITECTURE": architecture,
        "BACKBONE": {"NAME": _name(_get(model, "backbone"))},
        "ANCHOR_GENERATOR": {
            "NAME": _name(generator),
            "SIZES": sizes or [],
            "ASPECT_RATIOS": ratios or [],
            "OFFSET": _USUAL_OFFSET if offset is None else offset,
        },
        "RESNETS": {"OUT_FEATURES": features},
    }
    if retinanet:
        values["RETINANET"] = labelling | counted
    else:
        values["PROPOSAL_GENERATOR"] = {"NAME": own_rpn or _name(owner)}
        values["RPN"] = labelling if margin is None else {**labelling, "BOUNDARY_THRESH": margin}
        values["ROI_HEADS"] = counted
    return {"MODEL": values}


def _fcos(model: Any, kind: str, read_from: str) -> Detector:
    """Return the detector of FCOS, whose ranges are 4 to 8 strides, of a model or a lazy configuration."""
    base = preset(_FCOS)
    strides = base.points.strides
    if (generator := _get(model, "anchor_generator")) is not None:
        strides = tuple(float(stride) for stride in _listed(_get(generator, "strides")))
    inner = [(4 * stride, 8 * stride) for stride in strides]
    ends = zip([0.0, *(low for low, _ in inner[1:])], [*(high for _, high in inner[:-1]), 1e8], strict=True)
    radius = _get(model, "center_sampling_radius")
    match = msgspec.structs.replace(
        base.match, ranges=tuple(ends), radius=base.match.radius if radius is None else float(radius)
    )
    count = _get(model, "num_classes")
    classes = Classes(count=count, stated_in=f"{kind}.num_classes") if isinstance(count, int) else Classes()
    points = msgspec.structs.replace(base.points, strides=strides)
    return based_on(_FCOS, Path(kind), read_from=read_from, points=points, match=match, classes=classes)


def _resize(augmentations: list[Any] | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the augmentations' resize as the keys of cfg.INPUT, and notes on what is not there."""
    if augmentations is None:
        return {}, (_NO_SIZE,)
    for step in augmentations:
        if isinstance(step, Mapping) and _name(step) == _RESIZE:
            keys = {
                "short_edge_length": "MIN_SIZE_TRAIN",
                "max_size": "MAX_SIZE_TRAIN",
                "sample_style": "MIN_SIZE_TRAIN_SAMPLING",
            }
            return {name: step[key] for key, name in keys.items() if step.get(key) is not None}, ()
    return {}, (_NO_RESIZE,)


def _require(own: str, like: str, assume: Assume) -> None:
    """Raise, or assume, if a class of one's own labels anchors."""
    if own:
        refusal = AnchorauditError(
            f"{own} labels its anchors by code of its own, which is not replayed",
            remedy=f"Name the preset that it is like, such as {_FCOS}.",
        )
        assume.anchors(own, f"detectron2's {like}", refusal)


def _architecture(model: Any) -> str:
    """Return the architecture of detectron2 that a model is, or is made of; "" if it is none."""
    return next((cls.__name__ for cls in type(model).__mro__ if cls.__name__ in _ARCHITECTURES), "")


def _name_of_its_own(part: Any) -> str:
    """Return the name of a class that is not detectron2's and labels anchors itself; "" if there is none."""
    if isinstance(part, Mapping):
        name = _name(part)
        return "" if name in (*_ARCHITECTURES, "RPN") else name
    for cls in type(part).__mro__:
        if _LABELLING & vars(cls).keys():
            return "" if cls.__module__.startswith("detectron2.") else cls.__name__
    return ""


def _get(part: Any, key: str) -> Any:
    """Return an attribute of an object, or an entry of a mapping; None if there is none."""
    return part.get(key) if isinstance(part, Mapping) else getattr(part, key, None)


def _listed(values: Any) -> list[Any]:
    values = values.tolist() if hasattr(values, "tolist") else values
    return [values] if isinstance(values, int | float) else list(values)


def _name(part: Any) -> str:
    """Return the name of a class: of an object, or of the `_target_` of a lazy configuration."""
    if not isinstance(part, Mapping):
        return type(part).__name__
    target = part.get("_target_")
    text = target if isinstance(target, str) else getattr(target, "__name__", "")
    return str(text).rpartition(".")[2]


def _lazy_model(config: Any) -> Any:
    """Return the `model` of a lazy configuration, or the configuration itself if it is that."""
    inner = config.get("model")
    return inner if isinstance(inner, Mapping) else config


def _plain(config: Any) -> Any:
    """Return a DictConfig as a dict, with its interpolations resolved."""
    omegaconf = loaded("omegaconf")
    if omegaconf is None or not omegaconf.OmegaConf.is_config(config):
        return config
    try:
        return omegaconf.OmegaConf.to_container(config, resolve=True)
    except omegaconf.errors.OmegaConfBaseException as error:
        raise AnchorauditError(
            f"the lazy config cannot be resolved: {str(error).splitlines()[0]}",
            remedy="Give one of which `omegaconf.OmegaConf.to_container(cfg, resolve=True)` works.",
        ) from None


def _augmentations(config: Any) -> list[Any] | None:
    """Return the augmentations of the training; None if the configuration has none."""
    value = _of_training(config, "mapper", "augmentations")
    return value if isinstance(value, list) else None


def _loading(config: Any) -> Loading:
    """Return whether a lazy configuration keeps images without annotations. Source: data/build.py."""
    dataset = _of_training(config, "dataset")
    if not isinstance(dataset, Mapping) or _name(dataset) != _DATASET or _FILTER not in dataset:
        return Loading()
    return Loading(blank="dropped" if dataset[_FILTER] else "kept")


def _of_training(config: Any, *keys: str) -> Any:
    """Return what a lazy configuration has under these keys of its training's data loader; None without."""
    value: Any = config
    for key in ("dataloader", "train", *keys):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
