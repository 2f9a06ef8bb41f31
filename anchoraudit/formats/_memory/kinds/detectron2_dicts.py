"""detectron2's "standard dataset dicts": a list of them, or a data set that holds such a list.

Each has `file_name`, `height`, `width` and `annotations` with `bbox`, `bbox_mode` and `category_id`. Source:
detectron2 at 02b5c4e2 (version 0.6), data/common.py `DatasetFromList`, structures/boxes.py `BoxMode`,
data/detection_utils.py `transform_instance_annotations`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats._memory.held import held, plain

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions
    from anchoraudit.formats._memory.values import Values

TITLE = "detectron2's dataset dicts, in a list or a DatasetFromList"
NAME = Path("<dataset dicts>")
_MODES = {0: "XYXY_ABS", 1: "XYWH_ABS", 2: "XYXY_REL", 3: "XYWH_REL", 4: "XYWHA_ABS"}
_XYXY, _XYWH, _ROTATED = 0, 1, 4
_TELLING = 100  # first entries, of which one has annotations


def recognises(dataset: Any) -> bool:
    """Tell whether its first entries are dicts with annotations of detectron2."""
    if not (isinstance(dataset, list | tuple) or (held(dataset, "_lst") is not None and _has_items(dataset))):
        return False
    count = min(len(dataset), _TELLING)
    return any(map(_is_dict, islice((dataset[i] for i in range(count)), count)))


def _has_items(dataset: Any) -> bool:
    return hasattr(type(dataset), "__getitem__") and hasattr(type(dataset), "__len__")


def _is_dict(entry: Any) -> bool:
    if not (isinstance(entry, Mapping) and "file_name" in entry and "boxes" not in entry):
        return False
    annotations = entry.get("annotations")
    if not isinstance(annotations, list) or not annotations:
        return isinstance(annotations, list)
    return isinstance(annotations[0], Mapping) and "bbox" in annotations[0]


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read the dicts. A value that cannot be read becomes a finding."""
    from anchoraudit.dataset.conventions import XYWH, XYXY
    from anchoraudit.formats._builder import NO_BOX, BoxRow, ImageRow
    from anchoraudit.formats._memory.labelled import labelled
    from anchoraudit.formats._memory.values import Values

    values = Values(NAME)
    rows: list[ImageRow] = []
    labels: list[int] = []
    modes: set[int] = set()
    for at in range(len(dataset)):
        entry, place = dataset[at], f"[{at}]"
        if not isinstance(entry, Mapping):
            values.report("PAR002", "the entry is no dict", place, entry)
            entry = {}
        file = str(entry.get("file_name", ""))
        identity = plain(entry.get("image_id", at))
        row = ImageRow(
            file,
            id=identity if isinstance(identity, int | str) else at,
            width=values.side(entry, "width", place),
            height=values.side(entry, "height", place),
            place=place,
            entry=at,
        )
        annotations = entry.get("annotations", ())
        for j, annotation in enumerate(annotations if isinstance(annotations, list | tuple) else ()):
            where = f"{place}['annotations'][{j}]"
            mode = plain(annotation.get("bbox_mode"))
            modes.add(mode)
            corners = _corners(annotation.get("bbox"), mode, where, values)
            row.boxes.append(
                BoxRow(
                    NO_BOX if corners is None else corners,
                    crowd=bool(plain(annotation.get("iscrowd", 0))),
                    entry=j,
                    outline=mode == _ROTATED,
                )
            )
            labels.append(values.label(annotation.get("category_id"), f"{where}['category_id']"))
        rows.append(row)
    return labelled(
        NAME,
        rows,
        labels,
        None,
        options,
        recognised=f"detectron2: {len(rows):,} dataset dicts in memory",
        places=("[{image}]", "[{image}]['annotations'][{box}]"),
        convention=XYWH if modes == {_XYWH} else XYXY,
        findings=values.findings,
    )


def _corners(value: Any, mode: Any, place: str, values: Values) -> tuple[float, float, float, float] | None:
    """Return `x1, y1, x2, y2` in pixels as detectron2 makes them, None if it would not."""
    if mode not in (_XYXY, _XYWH, _ROTATED):
        shown = _MODES.get(mode) if isinstance(mode, int) else None
        said = "there is no bbox_mode" if mode is None else f"bbox_mode is {shown or mode!r}"
        message = f"{said}; detectron2 trains on XYXY_ABS, XYWH_ABS and XYWHA_ABS"
        values.report("PAR003", message, f"{place}['bbox_mode']", mode)
        return None
    numbers = values.numbers(value, 5 if mode == _ROTATED else 4, f"{place}['bbox']")
    if numbers is None:
        return None
    x, y, w, h, *angle = numbers
    if mode == _XYXY:
        return x, y, w, h
    if mode == _XYWH:
        return x, y, x + w, y + h
    cos, sin = (abs(turn(math.radians(angle[0]))) for turn in (math.cos, math.sin))
    wide, high = cos * w + sin * h, cos * h + sin * w
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
