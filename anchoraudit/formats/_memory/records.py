"""Reads dicts, one for each image, as torchvision's detectors take them: boxes, labels, and the image's size.

Numbers may be lists, NumPy arrays or tensors of any library: whatever has `tolist` is asked for it. Boxes are
`x1, y1, x2, y2` in pixels, unless they say themselves what they are, as torchvision's `BoundingBoxes` do with
`format` and `canvas_size` (torchvision/tv_tensors/_bounding_boxes.py).

A value that cannot be read becomes a finding. What is no dict at all is an error of the caller's program, and
raises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.dataset.columns import Category, Dataset, ImageId, Source
from anchoraudit.dataset.conventions import ORDERS, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.readings import boxes_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import (
    NO_BOX,
    BoxRow,
    ImageRow,
    Part,
    Where,
    classes_by_name,
    join,
    part_of,
    report_missing,
    shorten,
)
from anchoraudit.formats._memory.held import plain
from anchoraudit.formats._memory.images import find_named
from anchoraudit.formats._memory.values import number_of
from anchoraudit.images.found import Found
from anchoraudit.images.in_memory import size_in_memory
from anchoraudit.io.suggest import did_you_mean

NAME = Path("<records>")
# What a dict may hold; of two names for one thing the first counts.
_BOXES, _LABELS, _ID = ("boxes", "bboxes"), ("labels", "classes"), ("image_id", "id")
_FILE = ("file_name", "filename", "path")
_PICTURE = ("image", "img", "pixel_values")
_KEYS = (*_BOXES, *_LABELS, *_ID, *_FILE, "width", "height", "split", "iscrowd", "difficult")
_REMEDY = (
    "Each entry is a dict with width, height, boxes (x1, y1, x2, y2 in pixels) and labels, "
    "or a pair of an image and such a dict."
)
# Integers beyond this are no image ids or class ids, and do not fit the columns.
_LARGEST = 2**63 - 1


@dataclass(slots=True)
class _Read:
    """What was read so far: rows with their splits, class ids by name, and findings."""

    rows: list[ImageRow] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    ids: dict[str, ImageId] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def report(self, code: str, message: str, place: str, value: object, thing: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, message, str(NAME), place, shorten(value), thing))


def read_records(
    entries: Iterable[Any], options: ReadOptions, *, numbers: Sequence[int] | None = None
) -> Dataset:
    """Read dicts, or pairs of an image and a dict.

    numbers: what the entries are numbered in their data set, for places and ids; None to count them.

    Raises AnchorauditError for an entry that is neither, if no entry has boxes, or if a split is unknown.
    """
    read, count, first = _Read(), 0, None
    with_boxes = False
    for count, entry in enumerate(entries, 1):
        at = count - 1 if numbers is None else numbers[count - 1]
        target, size = _target_of(entry, at)
        first = target if first is None else first
        with_boxes = with_boxes or any(key in target for key in _BOXES)
        _read(target, size, at, read)
    if first is not None and not with_boxes:
        keys = ", ".join(map(repr, list(first)[:8])) or "none"
        hint = next(filter(None, (did_you_mean(str(key), _BOXES[:1]) for key in first)), "")
        raise AnchorauditError(
            f"no entry has the key 'boxes'; the keys of the first are {keys}",
            path=NAME,
            place="[0]",
            remedy=f"{hint}{_REMEDY} An image without objects has boxes=[].",
        )
    require_known_splits(options.splits, read.splits, NAME)
    splits = dict.fromkeys(read.splits)
    wanted = [name for name in splits if not options.splits or name in options.splits]
    categories = _categories(read)
    parts = [_part(name, read, categories, options.image_folder) for name in wanted]
    if parts:
        chosen = {row.place for name in wanted for row in _of_split(read, name)}
        parts[0].findings += [f for f in read.findings if f.place.partition("]")[0] + "]" in chosen]
    return join(
        Detection("records", NAME, "dicts"),
        parts,
        recognised=f"records: {count:,} dicts in memory",
        declares_ids=bool(read.ids) and all(isinstance(one, int) for one in read.ids.values()),
        in_pixels=True,
    )


def _target_of(entry: Any, at: int) -> tuple[Mapping[str, Any], tuple[float, float] | None]:
    """Return the dict of an entry, and the size of its image if the entry holds the image."""
    if isinstance(entry, Mapping):
        picture = next((entry[key] for key in _PICTURE if key in entry), None)
        return entry, None if isinstance(picture, str | bytes) else size_in_memory(picture)
    if isinstance(entry, tuple | list) and len(entry) >= 2 and isinstance(entry[1], Mapping):
        return entry[1], size_in_memory(entry[0])
    held, remedy = f"the entry is of type {type(entry).__name__}", _REMEDY
    if isinstance(entry, tuple | list) and len(entry) >= 2:
        second = entry[1]
        held = f"the second part of the pair is of type {type(second).__name__}"
        first = second[0] if isinstance(second, tuple | list) and second else None
        if isinstance(first, Mapping) and "bbox" in first:
            remedy = "These are annotations of COCO: give the path of their JSON file."
        elif isinstance(first, Mapping):
            remedy = "These look like batches: give the data set itself, not a DataLoader."
    raise AnchorauditError(f"{held}, not a dict: {shorten(entry)}", path=NAME, place=f"[{at}]", remedy=remedy)


def _read(target: Mapping[str, Any], size: tuple[float, float] | None, at: int, read: _Read) -> None:
    """Add the row of one dict."""
    place = f"[{at}]"
    found = _value(target, _ID)
    identity = at if found is None else _identity(plain(found))
    thing = f"image {identity}"
    boxes = _value(target, _BOXES)
    width, height = (_side(target, name, place, thing, read) for name in ("width", "height"))
    canvas = plain(getattr(boxes, "canvas_size", None))
    if isinstance(canvas, Sequence) and len(canvas) == 2 and (math.isnan(width) or math.isnan(height)):
        height, width = float(canvas[0]), float(canvas[1])
    if size is not None and (math.isnan(width) or math.isnan(height)):
        width, height = size
    if boxes is None and not any(key in target for key in _BOXES):
        words = "the entry has no key 'boxes'; an image without objects has boxes=[]"
        read.report("PAR003", words, place, ", ".join(map(repr, target)), thing)
    corners = _boxes(boxes, (width, height), place, thing, read)
    labels = _labels(target, len(corners), place, thing, read)
    crowd = _flags(target, "iscrowd", len(corners))
    difficult = _flags(target, "difficult", len(corners))
    file_name = _value(target, _FILE)
    row = ImageRow(
        file_name=str(identity) if file_name is None else str(file_name),
        boxes=[
            BoxRow(xyxy, label, crowd=crowd[j], difficult=difficult[j], entry=j)
            for j, (xyxy, label) in enumerate(zip(corners, labels, strict=True))
        ],
        id=identity,
        width=width,
        height=height,
        place=place,
        entry=at,
    )
    read.rows.append(row)
    split = target.get("split")
    read.splits.append("" if split is None else str(split))


def _value(target: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((target[name] for name in names if name in target), None)


def _identity(value: Any) -> ImageId:
    """Return an id: an integer, or a text. Old tutorials write the id of an image as a tensor of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return value if is_whole else str(value)


def _side(target: Mapping[str, Any], name: str, place: str, thing: str, read: _Read) -> float:
    """Return width or height, NaN if it is absent or no number."""
    value = plain(target.get(name))
    if value is None:
        return math.nan
    number = number_of(value)
    if number is None:
        read.report("PAR004", f"{name} is {shorten(value)}, not a number", f"{place}[{name!r}]", value, thing)
        return math.nan
    return number


_Corners = tuple[float, float, float, float]


def _boxes(boxes: Any, size: tuple[float, float], place: str, thing: str, read: _Read) -> list[_Corners]:
    """Return the boxes of an image, `x1, y1, x2, y2` in pixels; NO_BOX where one could not be read."""
    order = getattr(boxes, "format", None)
    order = str(getattr(order, "value", order)).lower()
    values = plain(boxes)
    if values is None:
        return []
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        words = f"boxes are {shorten(values)}, not a list of boxes"
        read.report("PAR003", words, f"{place}['boxes']", values, thing)
        return [NO_BOX]
    if _is_table(boxes):  # of an array's numbers nothing can be wrong but their values
        found = [_four(value) for value in values]
    else:
        found = [_box(value, f"{place}['boxes'][{j}]", thing, read) for j, value in enumerate(values)]
    if order not in ORDERS or order == "xyxy":
        return found
    numbers = np.array(found, dtype=np.float64).reshape(-1, 4)
    turned = boxes_of(numbers, np.tile(size, (len(numbers), 1)), Convention(order)).tolist()
    return [one if one is NO_BOX else _four(new) for one, new in zip(found, turned, strict=True)]


def _is_table(boxes: Any) -> bool:
    """Tell whether this is an array or a tensor of numbers, four a row."""
    shape = tuple(getattr(boxes, "shape", ()))
    return len(shape) == 2 and shape[1] == 4 and any(kind in str(boxes.dtype) for kind in ("float", "int"))


def _box(value: Any, place: str, thing: str, read: _Read) -> _Corners:
    numbers = plain(value)
    if isinstance(numbers, str | bytes | Mapping) or not isinstance(numbers, Iterable):
        words = f"a box is {shorten(numbers)}, not four numbers"
        read.report("PAR003", words, place, numbers, thing)
        return NO_BOX
    values = [plain(one) for one in numbers]
    if len(values) != 4:
        read.report("PAR003", f"a box has {len(values)} numbers, not four", place, values, thing)
        return NO_BOX
    corners = [number_of(one) for one in values]
    for name, one, number in zip(ORDERS["xyxy"], values, corners, strict=True):
        if number is None:
            read.report("PAR004", f"{name} is {shorten(one)}, not a number", place, values, thing)
            return NO_BOX
    return _four(corners)


def _four(values: Sequence[float | None]) -> _Corners:
    x1, y1, x2, y2 = (math.nan if value is None else value for value in values)
    return x1, y1, x2, y2


def _labels(target: Mapping[str, Any], count: int, place: str, thing: str, read: _Read) -> list[str]:
    """Return the class names of `count` boxes, "" where there is none, and keep the ids of the classes."""
    values = plain(_value(target, _LABELS))
    place = f"{place}['labels']"
    if values is None:
        if count:
            words = "the entry has boxes and no key 'labels'"
            read.report("PAR003", words, place.partition("]")[0] + "]", ", ".join(map(repr, target)), thing)
        return [""] * count
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        values = [values]
    values = [plain(value) for value in values]
    if len(values) != count:
        words = f"labels: {len(values)}, boxes: {count}; each box needs a label"
        read.report("PAR003", words, place, values, thing)
    names = []
    for j in range(count):
        value = values[j] if j < len(values) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if j < len(values) and (value is None or isinstance(value, bool | float | list | dict)):
            read.report("PAR003", f"a label is {shorten(value)}, not a class", f"{place}[{j}]", value, thing)
            value = None
        name = "" if value is None else str(value)
        if name:
            read.ids.setdefault(name, _identity(value))
        names.append(name)
    return names


def _flags(target: Mapping[str, Any], name: str, count: int) -> list[bool]:
    """Return a flag for each of `count` boxes; False for those of which nothing is said."""
    values = plain(target.get(name))
    listed = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else []
    flags = [bool(plain(value)) for value in listed[:count]]
    return flags + [False] * (count - len(flags))


def _categories(read: _Read) -> Sequence[Category]:
    """Return the classes: by their ids if all labels are integers, else by name."""
    ids = [one for one in read.ids.values() if isinstance(one, int)]
    if len(ids) < len(read.ids):
        return classes_by_name(read.ids)
    return [Category(number, str(number)) for number in sorted(ids)]


def _of_split(read: _Read, split: str) -> Iterator[ImageRow]:
    return (row for row, own in zip(read.rows, read.splits, strict=True) if own == split)


def _part(split: str, read: _Read, categories: Sequence[Category], folder: Path | None) -> Part:
    """Return the columns of the images of one split."""
    rows = list(_of_split(read, split))
    found: Found = find_named([row.file_name for row in rows], folder)
    source = Source(
        NAME, split, found.folder, "box", box_place="[{image}]['boxes'][{box}]", image_place="[{image}]"
    )
    part = part_of(source, rows, categories, file_names=found.names)
    if found.folder is not None:
        places = [Where(str(NAME), row.place, f"image {row.identity}") for row in rows]
        part.findings += report_missing(found.names, found.present, found.folder, places.__getitem__)
    return part
