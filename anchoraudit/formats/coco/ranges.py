"""Goes through a COCO file of any size in byte ranges, and sets aside what it lists.

The file is cut behind commas between two objects. What lies between two cuts is first taken for entries of
one list. If that is valid JSON, no list ends in it, so that it belongs to the list of the range before. Where
a list ends, the range is decoded once more, after the beginning of the list that it goes on with: that shows
which one is open at its end. A cut in a text or in a nested list leaves the range before it unfinished; then
that cut is left out, and both ranges are decoded as one.

So what is accepted is what a parser of the whole file sees. What is not clean is left to those who read the
whole file: anything that `entries` would decode entry by entry, a list that is there twice or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco.annotations import annotation_columns
from anchoraudit.formats.coco.entries import AnnotationEntry, CategoryEntry, ImageEntry
from anchoraudit.formats.coco.ids import id_column
from anchoraudit.formats.coco.lvis import lvis_counts
from anchoraudit.formats.coco.segmentations import traits_of
from anchoraudit.formats.coco.set_aside import BUCKETS, buckets_of, image_hashes, set_aside
from anchoraudit.formats.coco.stretches import Stretch, find_cut, read_part
from anchoraudit.formats.coco.text import LISTS, members
from anchoraudit.io import json_text
from anchoraudit.io.files import name_parts, read_head
from anchoraudit.io.memory import without_garbage_collection
from anchoraudit.io.processes import each_apart
from anchoraudit.io.unchanged import Stamp

_MOST_JOINED = 8  # ranges that are decoded as one because the cuts between them are in the wrong places
_FLAT = np.uint32(BoxTrait.FLAT_OF_INTEGERS | BoxTrait.FLAT_OF_FLOATS)


class NotCleanError(Exception):
    """The file has to be read as a whole. It says why."""


class _Annotation(AnnotationEntry, gc=False):
    """One of `annotations`. segmentation: as it is written, empty where there is none."""

    segmentation: msgspec.Raw = msgspec.Raw()


_KINDS: dict[str, Any] = {
    "images": list[ImageEntry],
    "annotations": list[_Annotation],
    "categories": list[CategoryEntry],
}


@dataclass(slots=True)
class Chunk:
    """Entries of one list that were set aside.

    path: the file that has them. first: the position of the first one in the list. count: how many.
    by_bucket: int64 [BUCKETS], how many of each bucket. in_folders: images whose names have folders.
    lvis: as `lvis_counts` returns it. flat: of annotations whose segmentation is a list of numbers: how many,
    the first one, and its text.
    """

    path: Path
    first: int
    count: int
    by_bucket: Int
    in_folders: int = 0
    lvis: tuple[int, int] = (0, 0)
    flat: tuple[int, int, bytes] | None = None


class Range(NamedTuple):
    """Bytes that were decoded at once. key: the list that they go on with, "" at the file's beginning."""

    start: int
    end: int
    key: str


@dataclass(slots=True)
class Listed:
    """What a COCO file lists. images, annotations: in the file's order. ranges: all of it, in order."""

    images: list[Chunk] = field(default_factory=list)
    annotations: list[Chunk] = field(default_factory=list)
    categories: list[CategoryEntry] = field(default_factory=list)
    has_info: bool = False
    ranges: list[Range] = field(default_factory=list)


class _Task(NamedTuple):
    """A range. key: the list whose entries it begins with, "" at the beginning, None if nobody knows."""

    start: int
    end: int
    key: str | None


class _Job(NamedTuple):
    path: Path
    stamp: Stamp
    prefix: Path


class _Found(NamedTuple):
    """What a range holds.

    keys: the members of the file's object that it has something of, in order; one where nobody knew.
    """

    keys: tuple[str, ...]
    chunks: dict[str, Chunk]
    categories: list[tuple[Any, ...]]


class _Unfinished(NamedTuple):
    """A range that ends in the middle of something."""


class _Odd(NamedTuple):
    """Why the file has to be read as a whole."""

    why: str


class _NoRoom(NamedTuple):
    """Why nothing can be set aside."""

    why: str


_Result = _Found | _Unfinished | _Odd | _NoRoom | None


def list_in_ranges(path: Path, stamp: Stamp, prefix: Path, size: int, at_once: int) -> Listed:
    """Set aside the images and annotations of a file.

    prefix: what the paths of the files for that begin with. size: of a range, in bytes. at_once: how many
    ranges are decoded at a time.

    Raises NotCleanError if the file has to be read as a whole, AnchorauditError if there is no room.
    """
    job = _Job(path, stamp, prefix)
    cuts = _cuts(path, stamp, size)
    tasks = [_Task(start, end, None if i else "") for i, (start, end) in enumerate(pairwise(cuts))]
    found: list[_Result] = [None] * len(tasks)
    for index, result in each_apart(partial(_take, job), tasks, at_once):
        found[index] = _whole(result, path)
    return _joined(job, tasks, found)


def _cuts(path: Path, stamp: Stamp, size: int) -> list[int]:
    start = _start(path)
    try:
        found = [find_cut(path, stamp, at) for at in range(size, stamp.size, size)]
    except OSError as error:
        raise NotCleanError(str(error)) from None
    inside = {cut for cut in found if cut is not None and start < cut < stamp.size}
    return [start, *sorted(inside), stamp.size]


def _start(path: Path) -> int:
    """Return where the text begins, behind the mark of UTF-8."""
    try:
        head = read_head(path, 4)
        json_text.without_mark(path, head + b"{")  # white space may come first
    except (OSError, AnchorauditError) as error:
        raise NotCleanError(str(error)) from None
    return 3 if head.startswith(json_text.UTF8_BOM) else 0


def _joined(job: _Job, tasks: Sequence[_Task], found: Sequence[_Result]) -> Listed:
    """Go through the ranges in order, and decode those anew whose beginning was not known."""
    listed, seen, key = Listed(), set[str](), ""
    index = 0
    while index < len(tasks):
        last, result = index, found[index] if not index else _settled(found[index], key)
        if result is None:
            result = _again(job, tasks[index]._replace(key=key))
        while isinstance(result, _Unfinished):
            last += 1
            if last == len(tasks) or last - index == _MOST_JOINED:
                raise NotCleanError("it is not plain JSON")
            result = _again(job, _Task(tasks[index].start, tasks[last].end, key))
        if isinstance(result, _Odd):
            raise NotCleanError(result.why)
        assert isinstance(result, _Found)
        begun = result.keys[1:] if key else result.keys
        if twice := seen.intersection(begun):
            raise NotCleanError(f"{sorted(twice)[0]!r} is there twice")
        seen.update(begun)
        listed.ranges.append(Range(tasks[index].start, tasks[last].end, key))
        key = (key, *begun)[-1]
        _append(listed, result)
        index = last + 1
    if not {"images", "annotations"} <= seen:
        raise NotCleanError("it lacks a list")
    listed.has_info = "info" in seen
    return listed


def _settled(result: _Result, key: str) -> _Result:
    """Return what a range holds that goes on with the list of this key, None if that is still unknown."""
    if isinstance(result, _Found) and key not in LISTS:
        return _Found((key,), {}, [])
    if isinstance(result, _Found) and result.keys != (key,):
        return None
    return None if isinstance(result, _Unfinished) else result


def _append(listed: Listed, found: _Found) -> None:
    for name, chunks in (("images", listed.images), ("annotations", listed.annotations)):
        if name in found.chunks:
            first = chunks[-1].first + chunks[-1].count if chunks else 0
            chunks.append(replace(found.chunks[name], first=first))
    listed.categories += [CategoryEntry(*own) for own in found.categories]


def _again(job: _Job, task: _Task) -> _Result:
    results = each_apart(partial(_take, job), [task], 1)
    return _whole(next(iter([result for _, result in results])), job.path)


def _whole(result: _Result, path: Path) -> _Result:
    if result is None:
        raise AnchorauditError(
            "a process that read a part of it was killed, perhaps for want of memory",
            path=path,
            remedy="Give less memory (--memory), so that parts are smaller.",
        )
    if isinstance(result, _NoRoom):
        raise AnchorauditError(
            f"its entries cannot be set aside: {result.why}",
            path=path,
            remedy="Let TMPDIR name a folder with as much room as the file has bytes.",
        )
    return result


# One range, in a process of its own


def _take(job: _Job, task: _Task) -> _Result:
    with without_garbage_collection():
        try:
            return _decoded(job, task, _read(job, task))
        except (OSError, EOFError) as error:
            return _Odd(str(error))
        except (OverflowError, UnicodeDecodeError, RecursionError):
            return _Odd("an entry is unusual")


def _read(job: _Job, task: _Task) -> bytearray:
    """Return the bytes of a range as valid JSON, if no list begins or ends in it that is not known."""
    is_last = task.end == job.stamp.size
    before = {None: b"[", "": b""}.get(task.key, b"{" + msgspec.json.encode(task.key) + b":[")
    behind = b"" if is_last or task.key is None else b"}"
    data = read_part(Stretch(job.path, job.stamp, task.start, task.end, before, behind))
    if not is_last:  # the comma at the cut
        data[data.rfind(b",", 0, len(data) - len(behind))] = ord("]")
    return data


def _decoded(job: _Job, task: _Task, data: bytearray) -> _Result:
    if task.key is None:
        return _guessed(job, task, data)
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return _Odd("it is no object")
    except msgspec.DecodeError:
        return _Unfinished()
    try:
        spans = members(job.path, bytes(data))
    except AnchorauditError as error:
        return _Odd(str(error))
    found = _Found(tuple(spans), {}, [])
    for key in LISTS:
        if key in spans:
            text = memoryview(data)[slice(*spans[key])]
            try:
                entries = msgspec.json.decode(text, type=_KINDS[key])
            except msgspec.DecodeError:
                return _Odd(f"an entry of `{key}` is unusual")
            if (why := _kept(job, task, found, key, entries)) is not None:
                return why
    return found


def _guessed(job: _Job, task: _Task, data: bytearray) -> _Result:
    """Decode a range that is all of one list, which one its entries tell."""
    for key in ("annotations", "images"):
        try:
            entries = msgspec.json.decode(data, type=_KINDS[key])
        except msgspec.ValidationError:
            continue
        except msgspec.DecodeError:
            return _Unfinished()
        found = _Found((key,), {}, [])
        return _kept(job, task, found, key, entries) or found
    try:
        msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        return _Unfinished()
    return _Found(("",), {}, [])


def _kept(job: _Job, task: _Task, found: _Found, key: str, entries: list[Any]) -> _Result:
    """Add the entries of a list to what was found. Return why that cannot be done, None if it is."""
    if key == "categories":
        found.categories.extend((each.id, each.name, each.supercategory) for each in entries)
        return None
    if not entries:
        return None
    chunk = Chunk(Path(f"{job.prefix}-{task.start}-{key}"), 0, len(entries), np.zeros(BUCKETS, np.int64))
    columns = _image_columns(entries, chunk) if key == "images" else _box_columns(entries, chunk)
    hashes = image_hashes(columns.pop("hashed"))
    try:
        chunk.by_bucket = set_aside(chunk.path, buckets_of(hashes), columns)
    except OSError as error:
        return _NoRoom(error.strerror or str(error))
    found.chunks[key] = chunk
    return None


def _image_columns(entries: Sequence[ImageEntry], chunk: Chunk) -> dict[str, Any]:
    chunk.in_folders = sum(1 for image in entries if is_in_folder(image.name))
    chunk.lvis = lvis_counts(entries)
    ids = id_column(image.id for image in entries)
    return {
        "hashed": ids,
        "ids": ids,
        "images": [(image.file_name, image.width, image.height, image.name) for image in entries],
        "entry": np.arange(len(entries)),
    }


def is_in_folder(name: str) -> bool:
    """Tell whether the name of an image has folders."""
    return ("/" in name or "\\" in name) and bool(name_parts(name)[0])


def _box_columns(entries: Sequence[_Annotation], chunk: Chunk) -> dict[str, Any]:
    columns = annotation_columns(entries)
    texts = [each.segmentation for each in entries]
    traits = traits_of(texts)
    if len(flat := np.flatnonzero(traits & _FLAT)):
        chunk.flat = len(flat), int(flat[0]), bytes(texts[flat[0]])
    return {
        "hashed": columns.image_ids,
        "ids": columns.ids,
        "image_ids": columns.image_ids,
        "category_ids": columns.category_ids,
        "xyxy": columns.xyxy,
        "crowd": columns.crowd,
        "difficult": columns.difficult,
        "area": columns.area,
        "traits": columns.traits | traits | np.uint32(BoxTrait.SEGMENTATION_KNOWN),
        "entry": columns.entry,
    }
