"""Read a Model of ultralytics/yolov5, WongKinYiu/yolov7 or WongKinYiu/yolov9 in memory.

These repositories are no packages: their classes are in a module `models.yolo`, or `yolov5.models.yolo`. The
head has anchors in units of its strides, in the order of the levels, and as autoanchor left them.

Sources: yolov5 5081342f models/yolo.py (DetectionModel: check_anchor_order, `m.anchors /= m.stride`), utils/
loss.py (ComputeLoss: hyp["anchor_t"]), utils/autoanchor.py, train.py (nc, hyp and names of the model that is
trained), models/experimental.py (attempt_load leaves a model in evaluation mode); yolov7 a207844b
models/yolo.py (IDetect, IAuxDetect, IBin, IKeypoint); yolov9 5b1ea9a8 models/yolo.py (DDetect, DualDDetect
and others, without anchors).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.models._inside import attributes
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers.yolo_yaml import anchors_of
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.errors import AnchorauditError

READS = "a Model of YOLOv5, YOLOv7 or YOLOv9"

_MODULE = "models.yolo"
_OF_YOLOV5 = ("Detect", "Segment")
_OF_YOLOV7 = ("IDetect", "IAuxDetect", "IBin", "IKeypoint")
_OF_YOLOV9 = ("DDetect", "DualDetect", "DualDDetect", "TripleDetect", "TripleDDetect")
_SIZE = "A model does not have the size of its input; replayed at 640, or at that of --input-size."
_CLASSES = (
    "The model is not in training mode, and training takes number and names of the classes of data.yaml: the "
    "model's {count} are not taken."
)


def recognises(model: Any) -> bool:
    """Tell whether an object is a network of such a repository, by the module of its class."""
    own = attributes(model)
    return "model" in own and "yaml" in own and any(_is_of_repository(cls) for cls in type(model).__mro__)


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector: the anchors and strides of the head."""
    head = model.model[-1]
    kind, name = type(model).__name__, _head(head, assume)
    strides = [float(stride) for stride in head.stride.tolist()]
    file = getattr(model, "yaml_file", None)
    path = Path(file if isinstance(file, str) and file else kind)
    read_from, recipe = f"{kind} in memory", preset(name).augmentation
    blocks: dict[str, Any]
    if name == "yolov9":
        blocks = {"points": msgspec.structs.replace(preset(name).points, strides=tuple(strides))}
        recipe = ""
    else:
        levels = head.anchors.tolist()
        if len(levels) != len(strides):
            raise AnchorauditError(
                f"{type(head).__name__} has {len(levels)} levels of anchors for {len(strides)} strides, and "
                "heads without anchors are replayed only by their names",
                remedy=f"Replayed are {', '.join(_OF_YOLOV9)}.",
            )
        shapes = [
            [(w * stride, h * stride) for w, h in level]
            for stride, level in zip(strides, levels, strict=True)
        ]
        if min(shapes[0][0], default=0.0) <= 0:  # `anchors: 3` in the model file
            raise AnchorauditError(
                f"the anchors of the {kind} have no shapes yet; autoanchor chooses them when training starts",
                remedy="Give a trained model, or the .yaml with the anchors that the framework prints.",
            )
        blocks = {"anchors": anchors_of(name, shapes, strides, reordered=_is_reversed(model, shapes))}
        hyp = getattr(model, "hyp", None)
        if isinstance(hyp, dict) and isinstance(hyp.get("anchor_t"), int | float):
            blocks["match"] = msgspec.structs.replace(preset(name).match, ratio=float(hyp["anchor_t"]))
    detector = based_on(name, path, notes=(_SIZE,), augmentation=recipe, read_from=read_from, **blocks)
    return _with_classes(detector, model, head.nc)


def _is_of_repository(cls: type) -> bool:
    return cls.__module__ == _MODULE or cls.__module__.endswith(f".{_MODULE}")


def _head(head: Any, assume: Assume) -> str:
    """Return the preset that has the rules of a head, by its class or one that it is made of."""
    presets = dict.fromkeys(_OF_YOLOV5, "yolov5") | dict.fromkeys(_OF_YOLOV7, "yolov7")
    presets |= dict.fromkeys(_OF_YOLOV9, "yolov9")
    for cls in type(head).__mro__:
        if cls.__name__ in presets and _is_of_repository(cls):
            return presets[cls.__name__]
    own = type(head).__name__
    refusal = AnchorauditError(
        f"the head is a {own}, which is not replayed",
        remedy=f"Replayed: {', '.join(presets)}.",
    )
    if not hasattr(head, "anchors"):
        raise refusal
    assume.anchors(own, "YOLOv5's Detect", refusal)
    return "yolov5"


def _is_reversed(model: Any, shapes: list[list[tuple[float, float]]]) -> bool:
    """Tell whether the levels of the model file are there in reversed order (check_anchor_order)."""
    stated = model.yaml.get("anchors") if isinstance(model.yaml, dict) else None
    if not isinstance(stated, list) or len(stated) < 2:
        return False
    flat = [[side for shape in level for side in shape] for level in shapes]

    def are(rows: list[Any]) -> bool:
        return all(
            isinstance(row, list)
            and len(row) == len(level)
            and all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(row, level, strict=True))
            for row, level in zip(rows, flat, strict=False)
        )

    return are(stated[::-1]) and not are(stated)


def _with_classes(detector: Detector, model: Any, count: Any) -> Detector:
    """Return the detector with the classes of a model that is trained as it stands."""
    if not isinstance(count, int) or count < 1:
        return detector
    if getattr(model, "training", True) is False:
        notes = (*detector.notes, _CLASSES.format(count=count))
        return msgspec.structs.replace(detector, notes=notes)
    names = getattr(model, "names", None)
    listed = list(names.values()) if isinstance(names, dict) else names
    texts: tuple[str, ...] = ()
    if isinstance(listed, list | tuple) and len(listed) == count:
        texts = tuple(map(str, listed))
    if texts == tuple(map(str, range(count))):  # the names until there are some
        texts = ()
    classes = Classes(names=texts, count=count, stated_in=f"{type(model).__name__}.nc")
    return msgspec.structs.replace(detector, classes=classes)
