"""What the `segmentation` of each annotation of a COCO data set is, for the loaders that stumble over it.

Polygons are most of a COCO file, and no box depends on them. So `read` skips them, and a loader that needs to
know looks at the files once more. msgspec finds where each value ends. In most values, brackets and commas
are counted; the few others are decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset, Flags, Source
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco.chunks import MARK, WORTH_IT
from anchoraudit.formats.coco.entries import raw_lists
from anchoraudit.formats.coco.stretches import DECODE_ERRORS, Stretch, find_cut, read_part
from anchoraudit.io import json_text, unchanged
from anchoraudit.io.memory import without_garbage_collection
from anchoraudit.io.processes import helpers, shared_out
from anchoraudit.io.unchanged import Stamp

_LEAST = 6  # numbers of a polygon: three points
_BLOCK = 1_000  # texts looked at together: they and all that is found of them fit a processor's cache
_MARKED = b'{"segmentation":"' + MARK.encode() + b'"}'
_CLOSING = _MARKED + b"]}"
_OPENING = b'{"annotations":[' + _MARKED + b","


class _Annotation(msgspec.Struct, gc=False):
    """One of `annotations`. segmentation: as it is written, empty where there is none."""

    segmentation: msgspec.Raw = msgspec.Raw()


class _File(msgspec.Struct, gc=False):
    annotations: list[_Annotation] = []


def segmentation_traits(dataset: Dataset) -> Flags:
    """Look at the segmentations in the files of a COCO data set.

    Returns the bits of `BoxTrait` that describe them: uint32 [M]. 0 for the boxes of a file that cannot be
    read any more.

    Raises AnchorauditError if a file changed since it was read.
    """
    boxes = dataset.boxes
    found = np.zeros(len(boxes), dtype=np.uint32)
    if boxes.entry is None:
        return found
    source = dataset.images.source[boxes.image]
    for number, place in enumerate(dataset.sources):
        rows = np.flatnonzero(source == number)
        if len(rows):
            of_file, entries = _of_file(place), boxes.entry[rows]
            if entries.max() < len(of_file):  # else it cannot be read any more
                found[rows] = of_file[entries]
    return found


def _of_file(source: Source) -> Flags:
    """Return the bits of all annotations of a file, in its order; nothing if it cannot be read."""
    path = source.path
    with without_garbage_collection():
        try:
            stamp = Stamp.of(path.stat())
        except OSError:
            return np.empty(0, dtype=np.uint32)
        if (found := _in_halves(path, stamp)) is not None:
            if source.reading is not None and source.reading.stamp != stamp:
                raise unchanged.changed(path)
            return found
        data = unchanged.read_again(path, source.reading, remedy=json_text.REMEDY)
        try:
            data = json_text.without_mark(path, data)
            try:
                return traits_of([a.segmentation for a in msgspec.json.decode(data, type=_File).annotations])
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return _one_by_one(raw_lists(path, json_text.readable(data)).get("annotations", ()))
        except AnchorauditError:
            return np.empty(0, dtype=np.uint32)


def _in_halves(path: Path, stamp: Stamp) -> Flags | None:
    """Look at a large, clean file on two cores. None for any other, and if it is not that of the stamp."""
    try:
        if not helpers(stamp.size, fork=WORTH_IT) or (cut := find_cut(path, stamp)) is None:
            return None
    except OSError:
        return None
    halves = [
        Stretch(path, stamp, 0, cut, b"", _CLOSING),
        Stretch(path, stamp, cut, stamp.size, _OPENING, b""),
    ]
    found: list[Flags | None] = [None, None]
    with shared_out(_of_half, halves, 1) as results:
        for index, flags in results():
            found[index] = flags
    first, rest = found
    return None if first is None or rest is None else np.concatenate([first, rest])


def _of_half(half: Stretch) -> Flags | None:
    with suppress(*DECODE_ERRORS), without_garbage_collection():
        data = read_part(half)
        texts = [a.segmentation for a in msgspec.json.decode(data, type=_File).annotations]
        # Only a cut between two annotations leaves the mark where it was put: last, or first in the rest.
        if not texts or bytes(texts.pop(-1 if half.behind else 0))[1:-1] != MARK.encode():
            return None
        return traits_of(texts)
    return None


def _one_by_one(entries: Sequence[msgspec.Raw]) -> Flags:
    """Look at the entries of a file with anything unusual in it."""
    decoder = msgspec.json.Decoder(_Annotation)
    texts = []
    for entry in entries:
        try:
            texts.append(decoder.decode(entry).segmentation)
        except msgspec.DecodeError:  # no object
            texts.append(msgspec.Raw())
    return traits_of(texts)


def traits_of(texts: Sequence[msgspec.Raw]) -> Flags:
    """Return the bits of `BoxTrait` that describe segmentations, as they are written: uint32 [n]."""
    found = np.zeros(len(texts), dtype=np.uint32)
    for first in range(0, len(texts), _BLOCK):
        block = texts[first : first + _BLOCK]
        for row in np.flatnonzero(~_are_plain(block)).tolist():
            found[first + row] = _of_text(bytes(block[row]))
    return found


def _are_plain(texts: Sequence[msgspec.Raw]) -> Bool:
    """Tell which texts are lists of polygons, each of an even count of at least six numbers: bool [n].

    Nearly all are. In valid JSON without strings, the brackets and the commas between them tell.
    """
    count = len(texts)
    lengths = np.fromiter(map(len, texts), np.int64, count)
    ends = np.cumsum(lengths)
    joined = b"".join(texts)
    data = np.frombuffer(joined, dtype=np.uint8)
    commas = np.flatnonzero(data == ord(","))
    quotes = np.flatnonzero(data == ord('"')) if b'"' in joined else commas[:0]
    brackets = np.flatnonzero((data == ord("[")) | (data == ord("]")))
    if not len(brackets):
        return np.zeros(count, dtype=np.bool_)
    opens = np.append(data[brackets] == ord("["), [False, False])  # as if more followed the last text
    innermost = np.flatnonzero(opens[:-2] & ~opens[1:-1])[: len(brackets) - 1]
    left, right = brackets[innermost], brackets[np.minimum(innermost + 1, len(brackets) - 1)]
    inside = np.searchsorted(commas, right) - np.searchsorted(commas, left)
    short = (inside % 2 == 0) | (inside < _LEAST - 1)

    def text_at(positions: Int) -> Int:
        return np.searchsorted(ends, positions, side="right")

    starts, owner = ends - lengths, text_at(left)
    polygons, first = np.bincount(owner, minlength=count), np.searchsorted(brackets, starts)
    plain: Bool = polygons > 0
    plain[owner[short]] = False
    plain[text_at(quotes)] = False
    plain &= np.searchsorted(brackets, ends) - first == 2 * polygons + 2
    # Between polygons are only their commas.
    of_all = np.searchsorted(commas, ends) - np.searchsorted(commas, starts)
    of_polygons = np.bincount(owner, inside, minlength=count)
    plain &= of_all - of_polygons == polygons - 1
    # An object has no bracket before its lists, and a list of numbers no second one.
    rows = np.flatnonzero(plain)
    at = first[rows]
    plain[rows] = (brackets[at] == starts[rows]) & opens[at] & opens[at + 1]
    return plain


def _of_text(text: bytes) -> BoxTrait:
    if not text:
        return BoxTrait.NO_SEGMENTATION
    value = json_text.decode_value(msgspec.Raw(text))
    if isinstance(value, list):
        return _of_list(value) if value else BoxTrait.EMPTY_SEGMENTATION
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, str):  # as a list of letters, none of which is a polygon
        return BoxTrait.NO_MASK | (BoxTrait.SHORT_SEGMENTATION if value else BoxTrait(0))
    return BoxTrait.FLAT_SEGMENTATION if value else BoxTrait.NO_MASK


def _of_object(value: dict[str, Any]) -> BoxTrait:
    if not value:
        return BoxTrait.NO_MASK
    if "counts" not in value or (isinstance(value["counts"], list) and not _is_size(value.get("size"))):
        return BoxTrait.BROKEN_RLE
    # Compressed counts, a text, are for the evaluation. `frPyObjects` does not take them.
    return BoxTrait(0) if isinstance(value["counts"], list) else BoxTrait.NO_MASK


def _of_list(value: list[Any]) -> BoxTrait:
    if not all(isinstance(polygon, list | dict | str) for polygon in value):
        return BoxTrait.FLAT_SEGMENTATION | _of_first_number(value)
    lengths = [len(polygon) for polygon in value]
    found = BoxTrait(0)
    if not any(length % 2 == 0 and length >= _LEAST for length in lengths):
        found |= BoxTrait.SHORT_SEGMENTATION
    first = value[0]
    if lengths[0] == 4:
        return found | BoxTrait.FOUR_NUMBERS
    if isinstance(first, dict):
        if not _of_object(first):
            return found
    elif lengths[0] > 4 and all(map(_is_polygon, value)):
        return found
    return found | BoxTrait.NO_MASK


def _of_first_number(value: list[Any]) -> BoxTrait:
    """Return what number a flat list begins with: loaders that ask for its length name its type."""
    if isinstance(value[0], float):
        return BoxTrait.FLAT_OF_FLOATS
    return BoxTrait.FLAT_OF_INTEGERS if type(value[0]) is int else BoxTrait(0)


def _is_polygon(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(number, int | float) for number in value)


def _is_size(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
