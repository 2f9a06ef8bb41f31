"""Reads a large COCO file on two cores: the first part in this process, the rest in another one.

The file is cut behind a comma between two objects, and each part is made valid JSON: a marker annotation and
closing brackets are added to the first part, opening brackets and a marker to the rest. The rest is larger,
because this process has more to do.

The cut may be in the wrong place: inside a string, a nested list or another list. That is noticed, because
only a cut between two annotations makes the first part valid JSON whose last annotation is the marker. If the
rest has a second list of annotations, which then counts alone, its first one is not the marker. In all these
cases the file is read in one piece, and also if it changes meanwhile.
"""

from __future__ import annotations

import gc
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from anchoraudit.formats.coco import entries
from anchoraudit.formats.coco.annotations import AnnotationColumns, annotation_columns, appended
from anchoraudit.formats.coco.entries import AnnotationEntry, CategoryEntry, Entries, ImageEntry
from anchoraudit.formats.coco.structure import may_hold_flat
from anchoraudit.io import unchanged
from anchoraudit.io.files import open_regular
from anchoraudit.io.meanwhile import work_meanwhile
from anchoraudit.io.processes import Send, helpers, workers
from anchoraudit.io.unchanged import Reading, Stamp

# 32 MiB: for a smaller file the second process costs more time than it saves.
WORTH_IT = 32 * 1024 * 1024
# The share of this process, which meanwhile imports what its command needs next, and copies what it decodes.
_FIRST = 0.42
# 1 MiB is searched for a cut. An annotation may be that long: a crowd of many polygons.
_WINDOW = 1024 * 1024
_BETWEEN_OBJECTS = re.compile(rb"\}\s*,\s*(?=\{)")
MARK = "the cut of a file that is read in two parts"
_MARKED = b'{"image_id":"' + MARK.encode() + b'","bbox":[0,0,0,0]}'
_CLOSING = _MARKED + b"]}"
_OPENING = b'{"annotations":[' + _MARKED + b","
DECODE_ERRORS = (*entries.DECODE_ERRORS, MemoryError, OSError, EOFError)


class Stretch(NamedTuple):
    """Bytes `start` to `end` of the file of a stamp, with `before` and `behind` put around them."""

    path: Path
    stamp: Stamp
    start: int
    end: int
    before: bytes
    behind: bytes


class _Part(msgspec.Struct, gc=False):
    """A part of the file, which may lack lists of the whole. One that is null is left to the careful way."""

    annotations: list[AnnotationEntry]
    images: list[ImageEntry] | msgspec.UnsetType = msgspec.UNSET
    categories: list[CategoryEntry] | msgspec.UnsetType = msgspec.UNSET
    info: Any = msgspec.UNSET


_Rest = tuple[
    list[ImageEntry] | msgspec.UnsetType,
    list[CategoryEntry] | msgspec.UnsetType,
    AnnotationColumns,
    bool,
    bytes,
]


def decode_in_halves(path: Path) -> Entries | None:
    """Decode a large, clean COCO file. None for any other: read it in one piece instead."""
    try:
        stamp = Stamp.of(path.stat())
        if not helpers(stamp.size, fork=WORTH_IT):
            return None
        cut = find_cut(path, stamp)
    except OSError:
        return None
    if cut is None:
        return None
    recorded = unchanged.is_recorded()
    with workers(_read_rest, [(path, cut, stamp, recorded)]) as started, suppress(*DECODE_ERRORS):
        data = read_part(Stretch(path, stamp, 0, cut, b"", _CLOSING))
        digest = _digest(data, 0, cut) if recorded else b""
        if may_hold_flat(data):
            return None  # the whole file is needed to count them
        first = _decode(data)
        del data
        if not started or not _is_mark(first.annotations, -1):
            return None
        columns = annotation_columns(first.annotations)
        first.annotations.clear()
        work_meanwhile()
        rest: _Rest = started[0][1].recv()
        pieces = ((cut, digest), (stamp.size, rest[-1])) if recorded else ()
        return _joined(first, columns, rest, Reading(stamp, pieces))
    return None


def _joined(first: _Part, columns: AnnotationColumns, rest: _Rest, reading: Reading) -> Entries | None:
    """Join the parts. None if a list occurs in both, or `images` in neither."""
    images, categories, other, has_info, _ = rest
    listed = [part for part in (first.images, images) if isinstance(part, list)]
    classes = [part for part in (first.categories, categories) if isinstance(part, list)]
    if len(listed) != 1 or len(classes) > 1:
        return None
    joined = appended(columns, other)
    has_info = has_info or first.info is not msgspec.UNSET
    both = classes[0] if classes else []
    return Entries(listed[0], joined, both, has_info=has_info, reading=reading)


def find_cut(path: Path, stamp: Stamp, start: int | None = None) -> int | None:
    """Return where the rest begins: behind a comma between two objects. None if none is found.

    start: from where on it is looked for; None for where two processes take as long.

    Raises OSError if the file cannot be read, or is not that of the stamp.
    """
    handle = open_regular(path)
    try:
        unchanged.require_stamp(handle, stamp)
        start = int(stamp.size * _FIRST) if start is None else start
        window = os.pread(handle, _WINDOW, start)
    finally:
        os.close(handle)
    found = _BETWEEN_OBJECTS.search(window)
    return None if found is None else start + found.end()


def _digest(data: bytearray, start: int, end: int) -> bytes:
    return unchanged.of_bytes(memoryview(data)[start:end]).pieces[0][1]


def _read_rest(send: Send, path: Path, start: int, stamp: Stamp, recorded: bool) -> None:
    """Decode the rest of the file and send its entries. Send nothing if it cannot be decoded."""
    gc.disable()
    with suppress(*DECODE_ERRORS):
        stretch, digest = Stretch(path, stamp, start, stamp.size, _OPENING, b""), b""
        if recorded or start < len(_OPENING):
            data = read_part(stretch)
            part = _decode_rest(data)
            digest = _digest(data, len(_OPENING), len(data)) if recorded else b""
        else:
            with _mapped(stretch) as view:
                part = _decode_rest(view)
        if part is None:
            return
        has_info = part.info is not msgspec.UNSET
        send((part.images, part.categories, annotation_columns(part.annotations), has_info, digest))


def _decode_rest(data: bytearray | memoryview) -> _Part | None:
    if may_hold_flat(data):
        return None
    part = _decode(data)
    return part if _is_mark(part.annotations, 0) else None


@contextmanager
def _mapped(stretch: Stretch) -> Iterator[memoryview]:
    """Map a part of a file, with what is put before it in place of bytes of the file, and nothing behind.

    Nothing is copied. If the file becomes shorter meanwhile, the system ends this process: so only a process
    does this whose work another one does if it ends. Raises OSError or EOFError as `read_part` does.
    """
    path, stamp, start, end, before, _ = stretch
    with open(open_regular(path), "rb", 0) as file:  # noqa: PTH123  no path
        unchanged.require_stamp(file.fileno(), stamp)
        begin = start - len(before)
        offset = begin // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        pages = mmap.mmap(file.fileno(), end - offset, access=mmap.ACCESS_COPY, offset=offset)
        pages[begin - offset : start - offset] = before
        yield memoryview(pages)[begin - offset :]
        unchanged.require_stamp(file.fileno(), stamp)


def read_part(stretch: Stretch) -> bytearray:
    """Return a part of a file, with what is put around it.

    Raises OSError or EOFError if the file cannot be read, or is not that of the stamp, before and after.
    """
    path, stamp, start, end, before, behind = stretch
    data = bytearray(len(before) + end - start + len(behind))
    data[: len(before)] = before
    data[len(data) - len(behind) :] = behind
    with open(open_regular(path), "rb", 0) as file, memoryview(data) as view:  # noqa: PTH123  no path
        unchanged.require_stamp(file.fileno(), stamp)
        file.seek(start)
        at, stop = len(before), len(before) + end - start
        while at < stop:
            read = file.readinto(view[at:stop])
            if not read:
                raise EOFError("the file became shorter while it was read")
            at += read
        unchanged.require_stamp(file.fileno(), stamp)
    return data


def _is_mark(annotations: list[AnnotationEntry], at: int) -> bool:
    """Take the first or the last annotation out, if there is one, and tell whether it is the marker."""
    return bool(annotations) and annotations.pop(at).image_id == MARK


def _decode(data: bytearray | memoryview) -> _Part:
    return msgspec.json.decode(data, type=_Part)
