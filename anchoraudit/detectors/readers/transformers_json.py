"""Read the config.json of a detector of Hugging Face's transformers, and preprocessor_config.json beside it.

Sources: transformers 5.24.0 models/*/configuration_*.py (defaults: a saved file leaves them out),
configuration_utils.py (two labels, where neither id2label nor num_labels is there),
models/*/image_processing_*.py (size, do_resize; the int `size` with `max_size` of old files),
models/detr/image_processing_detr.py (prepare_coco_detection_annotation: crowds, clipping, boxes without
area), loss/loss_*.py, whose functions were called with odd boxes and labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchoraudit.detectors._block import LARGEST
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._files import read_text
from anchoraudit.detectors.spec import Classes, Detector, Labels, Loss, Match, Resize
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text
from anchoraudit.io.folders import is_file

SUFFIXES = (".json",)
FILES = ("config.json",)
LOOKS_FOR = "config.json of a detector of Hugging Face's transformers (.json with model_type)"

_BESIDE = "preprocessor_config.json"
_FRAMEWORK = "transformers 5.24.0"
_INVERTED = "ValueError: boxes2 must be in [x0, y0, x1, y1] (corner) format, but got ..."
_BEYOND = "IndexError: index ... is out of bounds for dimension 0 with size ..."
_SHORTEST = {"shortest_edge": 800, "longest_edge": 1333}
_SQUARE = {"height": 640, "width": 640}
_SIZES = (
    'Replayed are {"height": h, "width": w}, {"shortest_edge": s, "longest_edge": l} and {"max_height": m, '
    f'"max_width": m}}, 1 to {LARGEST} px.'
)
_PROCESSED = (
    "Boxes are taken as the image processor hands them over: without crowds, clipped to the image, and "
    "without those that have no area then. What a training script does before is not replayed."
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the models of a `model_type` have.

    queries: how many where the file leaves them out, which it does with the default. key: where they stand.
    softmax: the classes compete with one more for no object, so that the first id beyond them means that.
    size: that of the image processor where no file states it. groups: in training each query is there as
    often as `group_detr` says, and each group gets all boxes. denoises: by default training adds queries.
    """

    queries: int
    key: str = "num_queries"
    softmax: bool = False
    size: tuple[tuple[str, int], ...] = tuple(_SHORTEST.items())
    groups: bool = False
    denoises: bool = False


_KINDS = {
    "detr": _Kind(100, softmax=True),
    "table-transformer": _Kind(100, softmax=True),
    "yolos": _Kind(100, key="num_detection_tokens", softmax=True),
    "conditional_detr": _Kind(300),
    "deformable_detr": _Kind(300),
    "dab-detr": _Kind(300),
    "rt_detr": _Kind(300, size=tuple(_SQUARE.items()), denoises=True),
    "rt_detr_v2": _Kind(300, size=tuple(_SQUARE.items()), denoises=True),
    "d_fine": _Kind(300, size=tuple(_SQUARE.items()), denoises=True),
    "deimv2": _Kind(300, size=tuple(_SQUARE.items()), denoises=True),
    "rf_detr": _Kind(300, groups=True),
    "lw_detr": _Kind(300, groups=True),
}
_TEXTS = "its classes are texts that are given with each image"
_REFUSED = {
    **dict.fromkeys(("grounding-dino", "mm-grounding-dino", "omdet-turbo", "owlvit", "owlv2"), _TEXTS),
    "deta": "it gives a box several queries by IoU, and newer versions of transformers have it no more",
}


def detect(path: Path, text: str) -> bool:
    """Tell whether the text is a JSON object with `model_type`."""
    del path
    return text.lstrip()[:1] == "{" and re.search(r'"model_type"\s*:', text) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector: its queries and labels, and the size that the image processor resizes to."""
    del assume  # a type of one's own is code, of which nothing is known
    beside = path.parent / _BESIDE
    processor = json_text.parse(read_text(beside), beside) if is_file(beside) else None
    return read_values(
        Values(str(path), json_text.parse(text, path)),
        None if processor is None else Values(str(beside), processor),
        name=path.stem if path.name not in FILES else path.resolve().parent.name or path.stem,
        read_from=path.name,
        no_size=f"No {_BESIDE} beside it: replayed at the size that the image processor has by default.",
    )


def is_known(model_type: object) -> bool:
    """Tell whether a `model_type` is that of a detector, replayed or not."""
    return isinstance(model_type, str) and (model_type in _KINDS or model_type in _REFUSED)


def read_values(
    config: Values, processor: Values | None, *, name: str, read_from: str, no_size: str
) -> Detector:
    """Read the detector of a configuration.

    processor: what the image processor is configured with; None: nobody says, and a note, `no_size`, says so.
    name: that of the detector. read_from: what its sources call the configuration.
    """
    model_type = config.values.get("model_type")
    if not isinstance(model_type, str) or model_type not in _KINDS:
        why = _REFUSED.get(model_type, "") if isinstance(model_type, str) else ""
        raise config.error(
            f"model_type {str(model_type)[:60]!r} is not replayed{f': {why}' if why else ''}",
            "model_type",
            f"Replayed: {', '.join(_KINDS)}.",
        )
    kind = _KINDS[model_type]
    key = kind.key
    if config.values.get("two_stage") is True and model_type == "deformable_detr":
        key = "two_stage_num_proposals"  # the best of these many places become the queries
    queries = config.number(key, kind.queries)
    resize, notes = _resize(processor, kind, no_size)
    if kind.groups and (groups := config.number("group_detr", 13)) > 1:
        notes += (f"In training there are {groups} groups of these queries, each of which gets all boxes.",)
    if config.values.get("num_denoising", 100 if kind.denoises else 0):
        notes += ("Denoising queries, which are added in training, are not counted.",)
    return Detector(
        name=name,
        framework=f"{_FRAMEWORK} ({model_type})",
        resize=resize,
        match=Match(kind="queries", queries=queries),
        loss=Loss(normaliser="batch_boxes_or_one"),
        labels=Labels(
            zero_side="trains",
            inverted="raises",
            not_finite="raises",
            outside="trains",
            inverted_error=_INVERTED,
            not_finite_error=_INVERTED,
            at_count="background" if kind.softmax else "raises",
            above_count="raises",
            above_count_error=_BEYOND,
        ),
        classes=_classes(config),
        loader="none",
        class_rules="hf-detr" if kind.softmax else "hf-deformable-detr",
        sources=(
            f"{read_from}; what it does not say: the defaults of {_FRAMEWORK}",
            f"models/{model_type.replace('-', '_')}/: configuration and image processor; loss/",
        ),
        notes=(_PROCESSED, *notes),
    )


class Values:
    """The mapping at the top of a JSON file, or one in memory. path: the file, or the name of the object."""

    def __init__(self, path: str, values: Any) -> None:
        self.path = path
        if not isinstance(values, dict):
            raise AnchorauditError("not a JSON object", path=path, remedy="Name the model's config.json.")
        self.values: dict[str, Any] = values

    @property
    def name(self) -> str:
        """The name of the file, without its folder, or that of the object."""
        return Path(self.path).name

    def error(self, words: str, place: str, remedy: str) -> AnchorauditError:
        """Return the error about the value at a key."""
        return AnchorauditError(words, path=self.path, place=place, remedy=remedy)

    def number(self, key: str, default: int) -> int:
        """Return the whole number above 0 at a key; the default if it is not there."""
        value = self.values.get(key, default)
        if type(value) is not int or not 1 <= value <= LARGEST:
            raise self.error(
                f"{key} is {str(value)[:40]!r}", key, f"Write a whole number there, 1 to {LARGEST}."
            )
        return value


def _classes(config: Values) -> Classes:
    """Return the labels, in the order of their ids; `num_labels` alone gives a count."""
    stated = config.values.get("id2label")
    if stated is None:
        key = next((key for key in ("num_labels", "_num_labels") if key in config.values), "")
        count = config.number(key, 2) if key else 2
        where = f"{config.name}, {key}" if key else f"{config.name}, without id2label"
        return Classes(count=count, by_default=not key, stated_in=where)
    if not isinstance(stated, dict) or not stated:
        raise config.error("id2label is not a mapping of ids to names", "id2label", 'Write {"0": "cat"}.')
    names: dict[int, str] = {}
    for key, label in stated.items():
        number = str(key)  # in memory, ids are numbers
        if not re.fullmatch(r"[0-9]{1,9}", number):
            raise config.error(
                f"id {number[:40]!r} of id2label is not a whole number",
                "id2label",
                "Number the labels from 0.",
            )
        names[int(number)] = str(label)
    ids = tuple(sorted(names))
    return Classes(
        names=tuple(names[number] for number in ids),
        ids=() if ids == tuple(range(len(ids))) else ids,
        count=len(stated),
        stated_in=f"{config.name}, id2label",
    )


def _resize(processor: Values | None, kind: _Kind, no_size: str) -> tuple[Resize, tuple[str, ...]]:
    """Return how the image processor resizes; by default if nobody says, and the note on that."""
    size: Any = dict(kind.size)
    if processor is not None:
        if _flag(processor, "do_resize") is False:
            return Resize(kind="none", precision="float32", clip="image"), ()
        size = processor.values.get("size", size)
        if type(size) is int:  # before transformers 4.27
            size = {"shortest_edge": size, "longest_edge": processor.values.get("max_size", 1333)}
    changes = _as_resize(size)
    if changes is None:
        assert processor is not None  # the defaults are replayed
        shown = str(size)
        raise processor.error(f"size is {shown if len(shown) <= 80 else shown[:77] + '...'}", "size", _SIZES)
    resize = Resize(**changes, precision="float32", clip="image")
    return resize, () if processor is not None else (no_size,)


def _flag(processor: Values, key: str) -> bool:
    value = processor.values.get(key, True)
    if not isinstance(value, bool):
        raise processor.error(f"{key} is {str(value)[:40]!r}", key, "Write true or false.")
    return value


def _as_resize(size: Any) -> dict[str, Any] | None:
    """Return the keys of the resize for a size of an image processor; None if it is not replayed."""
    if not isinstance(size, dict):
        return None
    sides = {key: side for key, side in size.items() if side is not None}
    if not all(type(side) is int and 1 <= side <= LARGEST for side in sides.values()):
        return None
    if sides.keys() == {"height", "width"}:
        return {"kind": "stretch", **sides}
    if sides.keys() == {"shortest_edge", "longest_edge"}:
        side, cap = sides["shortest_edge"], sides["longest_edge"]
        if cap < side:  # the longer side always meets its limit first
            return {"kind": "longest_side", "side": cap, "rounding": "floor"}
        return {"kind": "short_side", "side": side, "cap": cap, "rounding": "floor"}
    if sides.keys() == {"max_height", "max_width"} and sides["max_height"] == sides["max_width"]:
        return {"kind": "longest_side", "side": sides["max_width"], "rounding": "floor"}
    return None
