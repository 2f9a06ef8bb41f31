"""Read a detection model of torchvision in memory.

Sources: torchvision models/detection/{transform,anchor_utils,rpn,retinanet,ssd,faster_rcnn,_utils}.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from anchoraudit.detectors.models._inside import unwrapped
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.spec import (
    Anchors,
    Border,
    Classes,
    Detector,
    Labels,
    Level,
    Loss,
    Match,
    Points,
    Resize,
)
from anchoraudit.errors import AnchorauditError

READS = "a detection model of torchvision (Faster or Mask R-CNN, RetinaNet, FCOS, SSD, SSDlite)"

_SOURCES = (
    "torchvision models/detection/transform.py (size, padding), _utils.py (Matcher, SSDMatcher)",
    "torchvision models/detection/anchor_utils.py (AnchorGenerator, DefaultBoxGenerator)",
)
_SOURCES_OF_FCOS = (
    "torchvision models/detection/transform.py (size, padding)",
    "torchvision models/detection/fcos.py (FCOS.compute_loss: candidates, ranges of levels, areas)",
)
_AREAS = 1e8  # FCOS subtracts areas from it; no range of a level ends above it
_DEGENERATE = "AssertionError: All bounding boxes should have positive height and width."
_MODELS = "Faster or Mask R-CNN, RetinaNet, FCOS, SSD, SSDlite"
_ONE_IMAGE = "One image a batch. Images of a batch share one canvas, and the last anchors move with it."


def recognises(model: Any) -> bool:
    """Tell whether an object has the parts of such a model, whatever its class is called."""
    transform = getattr(model, "transform", None)
    if not (hasattr(transform, "min_size") or hasattr(transform, "fixed_size")):
        return False
    return hasattr(_owner(model), "anchor_generator")


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector of a model whose strides are the usual ones."""
    del assume  # classes of one's own are taken for what their attributes say
    return from_torchvision(model)


def from_torchvision(model: Any, strides: Sequence[float] | None = None) -> Detector:
    """Return the detector of a model of torchvision: Faster and Mask R-CNN, RetinaNet, FCOS, SSD, SSDlite.

    It reads transform.{min_size, max_size, fixed_size, size_divisible}, anchor_generator and proposal_matcher
    (the last two from model.rpn, if there is one); of FCOS center_sampling_radius instead of a matcher.

    strides: pixels per cell of each level, if they are not the usual ones for that number of levels.

    Raises AnchorauditError if an attribute is missing, or the strides are unknown.
    """
    model = unwrapped(model)
    owner = _owner(model)
    rpn = owner is not model
    generator = getattr(owner, "anchor_generator", None)
    matcher = getattr(owner, "proposal_matcher", None)
    transform = getattr(model, "transform", None)
    kind = type(model).__name__
    radius = getattr(model, "center_sampling_radius", None)
    if generator is None or transform is None or (matcher is None and radius is None):
        missing = "anchor_generator" if generator is None else "transform" if transform is None else None
        raise AnchorauditError(
            f"{kind} has no {missing or 'proposal_matcher, and no center_sampling_radius either'}",
            remedy=f"Give a detection model of torchvision: {_MODELS}.",
        )
    if matcher is None:
        return _fcos(model, strides)
    boxes = hasattr(generator, "_wh_pairs")
    try:
        resize, notes = _resize(transform)
        if boxes:
            anchors = _default_boxes(generator, strides)
        else:
            anchors = _anchors(generator, rpn, strides)
            notes = (*notes, _ONE_IMAGE)
        return Detector(
            name=kind,
            framework="torchvision",
            class_rules="torchvision",
            sources=_SOURCES,
            notes=notes,
            resize=resize,
            anchors=anchors,
            border=Border(margin="off"),
            match=_match(matcher, single=boxes),
            loss=_loss(model, rpn=rpn, boxes=boxes),
            labels=_labels(rpn=rpn, boxes=boxes),
            classes=_classes(model),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise AnchorauditError(
            f"{kind} cannot be read: {error}",
            remedy="Give an unchanged detection model of torchvision, or write a detector file.",
        ) from None


def _owner(model: Any) -> Any:
    """Return what has the anchors: the RPN, or the model itself if it has none."""
    rpn = getattr(model, "rpn", None)
    return model if rpn is None else rpn


def _fcos(model: Any, strides: Sequence[float] | None) -> Detector:
    """Return the detector of FCOS, whose generator has one square a cell: its side is the level's size.

    A level's range is 4 to 8 sizes, but from 0 on the first and without end on the last. Points lie where the
    grid's cells begin, and areas are compared after they were subtracted from 1e8.
    """
    kind = type(model).__name__
    try:
        resize, notes = _resize(model.transform)
        # Sides of anchors are rounded to even numbers: half a side is, to whole pixels.
        sizes = [2.0 * round(float(size[0]) / 2) for size in _plain(model.anchor_generator.sizes)]
        if strides is None:
            strides = _usual([[size] for size in sizes], rpn=False)
        if len(sizes) != len(strides):
            raise ValueError(f"{len(sizes)} sizes, {len(strides)} strides")
        shares = {size / float(stride) for size, stride in zip(sizes, strides, strict=True)}
        if len(shares) > 1:
            raise ValueError("sizes of anchors that are not the same share of the stride on all levels")
        ends = [8.0 * size for size in sizes[:-1]]
        return Detector(
            name=kind,
            framework="torchvision",
            class_rules="torchvision",
            sources=_SOURCES_OF_FCOS,
            notes=(*notes, _ONE_IMAGE),
            resize=resize,
            points=Points(strides=tuple(map(float, strides)), offset=0.0, spacing="floor"),
            match=Match(
                kind="level_range",
                ranges=tuple(zip([0.0, *(4.0 * size for size in sizes[1:])], [*ends, _AREAS], strict=True)),
                radius=float(_plain(model.center_sampling_radius)) * shares.pop(),
                areas_from=_AREAS,
            ),
            loss=Loss(normaliser="batch_positives_or_one"),
            labels=msgspec.structs.replace(
                _labels(rpn=False, boxes=False),
                outside="no_effect",
                types_that_raise=("float64",),
                types_of_nan=("float16",),
            ),
            classes=_classes(model),
        )
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise AnchorauditError(
            f"{kind} cannot be read: {error}",
            remedy="Give an unchanged FCOS of torchvision, or write a detector file.",
        ) from None


def _plain(value: Any) -> Any:
    """Turn tensors and arrays into lists, at any depth."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _resize(transform: Any) -> tuple[Resize, tuple[str, ...]]:
    multiple = int(getattr(transform, "size_divisible", 32))
    common: dict[str, Any] = {
        "precision": "float32",
        "degenerate": "raises",
        "degenerate_error": _DEGENERATE,
    }
    if multiple > 1:
        common |= {"pad": "multiple", "multiple": multiple}
    fixed = _plain(getattr(transform, "fixed_size", None))
    if fixed is not None:
        return Resize(kind="stretch", width=int(fixed[0]), height=int(fixed[1]), **common), ()
    common["rounding"] = "floor"
    sides = _plain(transform.min_size)
    sides = [int(side) for side in (sides if isinstance(sides, list) else [sides])]
    resize = Resize(kind="short_side", side=max(sides), cap=int(_plain(transform.max_size)), **common)
    if len(set(sides)) < 2:
        return resize, ()
    listed = ", ".join(str(side) for side in sides)
    return resize, (f"training draws the shorter side from {listed}; replayed at {max(sides)}",)


def _anchors(generator: Any, rpn: bool, strides: Sequence[float] | None) -> Anchors:
    sizes, ratios = _plain(generator.sizes), _plain(generator.aspect_ratios)
    if strides is None:
        strides = _usual(sizes, rpn)
    if not len(sizes) == len(ratios) == len(strides):
        raise ValueError(f"{len(sizes)} sizes, {len(ratios)} aspect_ratios, {len(strides)} strides")
    return Anchors(
        levels=tuple(
            Level(stride=float(stride), sizes=tuple(map(float, size)), ratios=tuple(map(float, ratio)))
            for stride, size, ratio in zip(strides, sizes, ratios, strict=True)
        ),
        precision="float32",
        sides="root",
        sides_precision="float32",
        round_sides=True,
        spacing="floor",
    )


def _usual(sizes: list[Any], rpn: bool) -> tuple[float, ...]:
    if len(sizes) == 5:
        return (4.0, 8.0, 16.0, 32.0, 64.0) if rpn else (8.0, 16.0, 32.0, 64.0, 128.0)
    if rpn and len(sizes) == 3 and sizes[0] == sizes[1] == sizes[2]:
        return (32.0, 32.0, 64.0)  # MobileNetV3: two feature maps of one size, and a pooled one
    raise AnchorauditError(
        f"unknown strides of {len(sizes)} levels: the model has no attribute for them",
        remedy="Give them: Detector.from_torchvision(model, strides=(16,)), pixels of the input per cell.",
    )


def _default_boxes(generator: Any, strides: Sequence[float] | None) -> Anchors:
    """Read SSD's anchors: sides in fractions of the canvas; spacing from `steps`, else canvas / cells."""
    pairs = _plain(generator._wh_pairs)
    if getattr(generator, "clip", True):
        pairs = [[[min(max(side, 0.0), 1.0) for side in pair] for pair in level] for level in pairs]
    shapes = [tuple((float(w), float(h)) for w, h in level) for level in pairs]
    steps = strides or _plain(getattr(generator, "steps", None))
    exact = getattr(generator, "steps", None) is None
    if steps is None:
        if len(shapes) != 6:
            raise AnchorauditError(
                f"unknown strides of {len(shapes)} levels: the model's DefaultBoxGenerator has no steps",
                remedy="Give them: Detector.from_torchvision(model, strides=(16, 32, ...)).",
            )
        steps = [16.0 * 2**i for i in range(6)]  # SSDlite: a sixteenth of the input, then halved
    if len(steps) != len(shapes):
        raise ValueError(f"{len(steps)} steps or strides for {len(shapes)} levels")
    levels = [
        Level(stride=float(step), offset=float(step) / 2, shapes=shape)
        for step, shape in zip(steps, shapes, strict=True)
    ]
    return Anchors(
        levels=tuple(levels),
        precision="float32",
        units="fractions",
        spacing="exact" if exact else "declared",
    )


def _match(matcher: Any, *, single: bool) -> Match:
    low_quality = bool(getattr(matcher, "allow_low_quality_matches", False))
    return Match(
        positive=float(_plain(matcher.high_threshold)),
        negative=float(_plain(matcher.low_threshold)),
        negative_inclusive=False,
        force="best" if single else "ties" if low_quality else "none",
        forced_to="last" if single else "own",
    )


def _loss(model: Any, *, rpn: bool, boxes: bool) -> Loss:
    if boxes:
        per = float(_plain(getattr(model, "neg_to_pos_ratio", 3.0)))
        return Loss(normaliser="batch_positives_or_one", negatives_per_positive=per)
    return Loss(normaliser="sampled_anchors" if rpn else "image_positives_or_one")


def _classes(model: Any) -> Classes:
    """Return how many classes each head has, as the model counts them; nothing of a head that is unknown.

    Sources: models/detection/roi_heads.py (labels index the outputs of `box_predictor` and `mask_predictor`),
    faster_rcnn.py (FastRCNNPredictor: four outputs of `bbox_pred` a class), retinanet.py (num_classes beside
    cls_logits), ssd.py (SSDScoringHead: num_columns). A head of keypoints counts no classes.
    """
    roi, single = "roi_heads.box_predictor", "head.classification_head"
    columns = _number(model, f"{single}.num_classes") or _number(model, f"{single}.num_columns")
    anchors = _number(model, f"{single}.num_anchors")
    counted = {
        f"{roi}.cls_score": _number(model, f"{roi}.cls_score.out_features"),
        "roi_heads.mask_predictor.mask_fcn_logits": _number(
            model, "roi_heads.mask_predictor.mask_fcn_logits.out_channels"
        ),
        single: columns,
    }
    heads = {place: count for place, count in counted.items() if count}
    if not heads:
        return Classes()
    first = next(iter(heads.values()))
    again = {  # the same head, counted at another layer: shown only if the two do not agree
        f"{roi}.bbox_pred": _number(model, f"{roi}.bbox_pred.out_features") // 4,
        f"{single}.cls_logits": _number(model, f"{single}.cls_logits.out_channels") // max(anchors, 1),
    }
    heads |= {place: count for place, count in again.items() if count and count != first}
    return Classes(
        count=first,
        heads=heads if len(heads) > 1 else {},
        stated_in=f"{type(model).__name__}.{next(iter(heads))}",
    )


def _number(model: Any, place: str) -> int:
    """Return the whole number at `a.b.c` of the model; 0 if there is none."""
    value = model
    for attribute in place.split("."):
        value = getattr(value, attribute, None)
    return value if isinstance(value, int) and value > 0 else 0


def _labels(*, rpn: bool, boxes: bool) -> Labels:
    """Return what the models do with odd boxes and class ids.

    Sources: models/detection/generalized_rcnn.py (degenerate boxes), roi_heads.py, retinanet.py and ssd.py
    (losses). Infinity ends the process in roi_align, on a CPU.
    """
    common: dict[str, Any] = {
        "zero_side": "raises",
        "inverted": "raises",
        "zero_side_error": _DEGENERATE,
        "inverted_error": _DEGENERATE,
        "outside": "trains",
        "at_count": "raises",
        "above_count": "raises",
    }
    if not (rpn or boxes):
        beyond = "IndexError: index ... is out of bounds for dimension 1 with size ..."
        return Labels(**common, not_finite="nan", above_count_error=beyond)
    common |= {
        "id_zero": "background",
        "count_includes_background": True,
        "above_count_error": "IndexError: Target ... is out of bounds.",
    }
    if rpn:
        common["types_that_raise"] = ("bfloat16",)  # roi_heads.py: check_targets
        return Labels(**common, not_finite="crashes", not_finite_error="Segmentation fault")
    return Labels(**common, not_finite="nan")
