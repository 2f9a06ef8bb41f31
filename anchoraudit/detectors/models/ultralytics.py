"""Read a YOLO or RTDETR of ultralytics in memory, or the DetectionModel inside.

The strides are those that the model measured when it was built. The size is `imgsz` of the arguments that
training starts with. Training through `YOLO` takes number and names of the classes of data.yaml, and builds
the head anew: so a model that was loaded says nothing of the classes that will be trained.

Sources: ultralytics 8.4.190 engine/model.py (_new, _load; train: `overrides` are the arguments that it starts
with; _reset_ckpt_args), engine/trainer.py (_setup_train), utils/checks.py (check_imgsz), nn/tasks.py
(DetectionModel: stride, yaml, names; init_criterion: E2ELoss where the head has one2one_cv2),
models/yolo/detect/train.py (set_model_attributes: nc, names and args of a model in training),
nn/modules/head.py (RTDETRDecoder.num_queries).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors.models._inside import attributes, comes_from
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._ultralytics_heads import (
    HEADS,
    OTHER,
    REFUSED,
    with_points,
    with_queries,
)
from anchoraudit.detectors.spec import Classes, Detector, Resize
from anchoraudit.errors import AnchorauditError

READS = "a YOLO, RTDETR or DetectionModel of ultralytics"

_USUAL_SIDE = 640  # imgsz of cfg/default.yaml
_LEAST_STRIDE = 32  # engine/trainer.py: sizes are multiples of the greatest stride, and of 32 at least
_DECODER = "RTDETRDecoder"
_NO_SIZE = (
    "The model has no imgsz, so that training starts with ultralytics' default; replayed at 640, or at that "
    "of --input-size."
)
_SIZE = "Replayed at the model's imgsz, {side}; another one in train(imgsz=...) is not known here."
_CLASSES = "Training takes number and names of the classes of data.yaml, in place of the model's {count}."


def recognises(model: Any) -> bool:
    """Tell whether an object is ultralytics' YOLO or RTDETR, or a network of it."""
    if not comes_from(model, "ultralytics"):
        return False
    own = attributes(model)
    return "model" in own and ("overrides" in own or "yaml" in own)


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector, with ultralytics' newest rules; the caller chooses those of a version.

    Raises AnchorauditError if the model is an exported one, if its head or its loss is not replayed.
    """
    own = attributes(model)
    kind = type(model).__name__
    network = own["model"] if "overrides" in own else model
    if isinstance(network, str | Path):
        raise AnchorauditError(
            f"the {kind} is the exported model {str(network)!r}, which is not trained",
            remedy="Give the one that it was exported from, such as YOLO('yolo11n.pt').",
        )
    head = network.model[-1]
    settings = own.get("overrides", getattr(network, "args", None))
    side = _side(_setting(settings, "imgsz"), _plain(getattr(network, "stride", None)))
    notes = (_NO_SIZE if side is None else _SIZE.format(side=side),)
    path = Path(_name(model, network))
    read_from = f"{kind} in memory"
    name = _known(head, kind, assume)
    _require_own_loss(network, assume)
    if name == _DECODER:
        queries = int(head.num_queries)
        detector = with_queries(path, notes=notes, queries=queries, read_from=read_from)
    else:
        strides = tuple(map(float, _plain(head.stride)))
        # v10Detect trains two branches as YOLO26 does, with the same candidates, but was there before it.
        both = getattr(head, "one2one_cv2", None) is not None and name != "v10Detect"
        detector = with_points(path, strides, name, notes=notes, end_to_end=both, read_from=read_from)
    if side is not None:
        detector = msgspec.structs.replace(detector, resize=_resize(detector.resize, side))
    return _with_classes(detector, network, is_loaded=isinstance(settings, dict))


def _known(head: Any, kind: str, assume: Assume) -> str:
    """Return the class of ultralytics that a head is of: its own, or one that it is made of."""
    for cls in type(head).__mro__:
        name = cls.__name__
        if not cls.__module__.startswith("ultralytics."):
            continue
        if name in REFUSED:
            raise AnchorauditError(
                f"the {kind} has a head of {name}, which is not replayed: {REFUSED[name]}", remedy=OTHER
            )
        if name in HEADS or name == _DECODER:
            return name
    own = type(head).__name__
    refusal = AnchorauditError(
        f"the {kind} has a head of {own}, which is not one of ultralytics",
        remedy=f"Replayed: {', '.join((*HEADS, _DECODER))}.",
    )
    assume.that(own, "takes the points of ultralytics' Detect", refusal)
    return "Detect"


def _require_own_loss(network: Any, assume: Assume) -> None:
    """Raise, or assume, if a class of one's own makes the loss, which has the assigner."""
    for cls in type(network).__mro__:
        if not {"init_criterion", "loss"} & vars(cls).keys():
            continue
        if not cls.__module__.startswith("ultralytics."):
            refusal = AnchorauditError(
                f"{cls.__name__} has a loss of its own, so how it assigns points is unknown",
                remedy="Write a detector file (docs/detectors.md), or name the preset that it is like.",
            )
            assume.that(cls.__name__, "assigns as ultralytics does", refusal)
        return


def _name(model: Any, network: Any) -> str:
    """Return what the model is called: by its checkpoint or its model file, else by its class."""
    stated = getattr(network, "yaml", None)
    names = (
        getattr(network, "pt_path", None),
        stated.get("yaml_file") if isinstance(stated, dict) else None,
        type(model).__name__,
    )
    return Path(next(name for name in names if isinstance(name, str) and name)).name


def _setting(settings: Any, key: str) -> Any:
    return settings.get(key) if isinstance(settings, dict) else getattr(settings, key, None)


def _plain(value: Any) -> Any:
    """Turn a tensor into a list."""
    return value.tolist() if hasattr(value, "tolist") else value


def _side(imgsz: Any, strides: Any) -> int | None:
    """Return the side of the canvas in pixels, as check_imgsz makes it of imgsz; None if there is none."""
    sides: list[Any] = list(imgsz) if isinstance(imgsz, list | tuple) else [imgsz]
    if not sides or not all(isinstance(side, int) and not isinstance(side, bool) for side in sides):
        return None
    multiple = max([_LEAST_STRIDE, *(int(stride) for stride in strides or ())])
    greatest: int = max(sides)
    return max(math.ceil(greatest / multiple) * multiple, multiple)


def _resize(base: Resize, side: int) -> Resize:
    """Return the resize to the same canvas of another side: a letterbox, or a stretch for RTDETR."""
    if base.is_fixed_size and not base.side:
        return msgspec.structs.replace(base, width=side, height=side)
    return msgspec.structs.replace(base, side=side)


def _with_classes(detector: Detector, network: Any, *, is_loaded: bool) -> Detector:
    """Return the detector with the classes of a network that is trained as it stands.

    is_loaded: `YOLO` loaded or made it, and training builds its head anew for the classes of data.yaml.
    """
    names = getattr(network, "names", None)
    names = dict(enumerate(names)) if isinstance(names, list | tuple) else names
    stated = getattr(network, "yaml", None)
    # A model in training has `nc` itself, and the loss counts by that of the head.
    count = getattr(network.model[-1], "nc", None) or (stated or {}).get("nc")
    if not isinstance(count, int) or count < 1:
        return detector
    if is_loaded:
        notes = (*detector.notes, _CLASSES.format(count=count))
        return msgspec.structs.replace(detector, notes=notes)
    texts: tuple[str, ...] = ()
    if isinstance(names, dict) and any(str(key) != str(name) for key, name in names.items()):
        texts = tuple(str(names[key]) for key in sorted(names))
    found = Classes(names=texts, count=count, stated_in=f"{type(network).__name__}.nc")
    return msgspec.structs.replace(detector, classes=found)
