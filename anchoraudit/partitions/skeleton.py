"""A data set without its images and boxes, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import numpy as np

from anchoraudit.dataset.columns import Boxes, Dataset, Images
from anchoraudit.io.addresses import path_of

_OF_PARTS = {"images", "boxes", "findings", "notes", "label_lines", "opened"}


def plain_skeleton(dataset: Dataset) -> dict[str, Any]:
    """Return all that parts of a data set have in common, as plain values."""
    own = {name.name: getattr(dataset, name.name) for name in fields(dataset) if name.name not in _OF_PARTS}
    own["sources"] = [replace(source, reading=None, files=()) for source in own["sources"]]
    return {name: msgspec.to_builtins(value, enc_hook=_plain) for name, value in own.items()}


def skeleton_from(plain: Mapping[str, Any]) -> Dataset:
    """Return a data set without images and boxes."""
    hints = get_type_hints(Dataset)
    own: dict[str, Any] = {}
    for name, value in plain.items():
        if name == "class_boxes":
            own[name] = None if value is None else np.array(value, dtype=np.int64).reshape(len(value), -1)
        else:
            own[name] = msgspec.convert(value, hints[name], dec_hook=_made, strict=False)
    return Dataset(images=no_images(), boxes=no_boxes(), **own)


def no_images() -> Images:
    """Return columns over no image."""
    no, none = np.empty(0), np.empty(0, dtype=np.int64)
    return Images([], [], no, no, none, none)


def no_boxes() -> Boxes:
    """Return columns over no box."""
    none, flags = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    return Boxes(none, None, none, np.empty((0, 4)), flags, flags)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError


def _made(kind: Any, value: Any) -> Any:
    if kind is Path:
        return path_of(value)
    raise NotImplementedError
