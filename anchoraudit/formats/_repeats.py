"""Annotation files that repeat one of their folder: `instances_val_50.json` beside `instances_val.json`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.dataset.columns import Source
from anchoraudit.dataset.findings import Finding

if TYPE_CHECKING:  # which uses this module
    from anchoraudit.formats._builder import Part

# Splits for training and for evaluation are never two readings of one set, whatever they share.
_ROLES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "minival": "val",
    "test": "test",
    "testing": "test",
}
_MOST_COMPARED = 20  # files that one file is compared with; a folder may hold ten thousand


def without_repeats(parts: Sequence[Part]) -> tuple[list[int], list[Finding]]:
    """Return the numbers of the parts that count, in order, and SET015 for each of the others.

    A part repeats another one if all its images are in it, with the same boxes. Of two equal parts the first
    counts. parts: one for each file.
    """
    if len(parts) < 2:
        return list(range(len(parts))), []
    holders: dict[str, list[int]] = {}
    order = sorted(range(len(parts)), key=lambda number: (-len(parts[number].ids), number))
    repeats: dict[int, int] = {}
    for number in order:
        names = parts[number].file_names
        larger = holders.get(names[0], [])[:_MOST_COMPARED] if names else []
        whole = next((one for one in larger if _repeats(parts[number], parts[one])), None)
        if whole is not None:
            repeats[number] = whole
            continue
        for name in dict.fromkeys(names):
            holders.setdefault(name, []).append(number)
    found = [_finding(parts[number], parts[whole]) for number, whole in sorted(repeats.items())]
    return [number for number in range(len(parts)) if number not in repeats], found


def _finding(part: Part, whole: Part) -> Finding:
    name = whole.sources[0].path.name
    among = f"its {len(part.ids):,} images are among the {len(whole.ids):,} of {name}"
    message = f"not counted: {among}, with the same boxes"
    return Finding("SET015", message, str(part.sources[0].path), "", name, f"split {part.splits}")


def _repeats(part: Part, whole: Part) -> bool:
    """Tell whether all images of a part are in the other one, in the same folder and with the same boxes."""
    if not may_repeat(part.sources[0], whole.sources[0]):
        return False
    if not set(part.file_names) <= set(whole.file_names):
        return False
    every = _boxes_by_name(whole, set(part.file_names))
    return all(boxes == every[name] for name, boxes in _boxes_by_name(part, set(part.file_names)).items())


def may_repeat(source: Source, other: Source) -> bool:
    """Tell whether a file may repeat the other one, by their places and the names of their splits."""
    roles = {role_of(source.split), role_of(other.split)}
    if len(roles - {""}) > 1 or source.path.parent != other.path.parent:
        return False
    return source.image_folder in (None, other.image_folder)


def role_of(split: str) -> str:
    """Return what a split is for by its name: train, val or test; "" if it does not say."""
    words = re.findall(r"[a-z]+", split.lower())
    return next((_ROLES[word] for word in words if word in _ROLES), "")


def _boxes_by_name(part: Part, names: set[str]) -> dict[str, bytes]:
    """Return the boxes and classes of the named images, in an order that does not depend on the file's."""
    boxes = part.boxes
    classes = np.array([str(category.id) for category in part.categories] + [""], dtype=np.str_)
    # Classes are compared by their ids, as numbers of the sorted ids: two files may list them differently.
    rank = np.array([hash(text) for text in classes.tolist()], dtype=np.int64)[boxes.category]
    rows = np.column_stack([boxes.xyxy, rank.view(np.float64)])
    order = np.lexsort((*boxes.xyxy.T, rank, boxes.image))
    starts = np.searchsorted(boxes.image[order], np.arange(len(part.ids) + 1)).tolist()
    found: dict[str, bytes] = {}
    for image, name in enumerate(part.file_names):
        if name in names:
            own = rows[order[starts[image] : starts[image + 1]]].tobytes()
            found[name] = found.get(name, b"") + own
    return found
