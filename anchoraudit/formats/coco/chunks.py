"""Reads a large COCO file chunk by chunk, on all cores that are free.

A chunk is some megabytes: it and what is decoded of it stay in a core's cache, and only columns are kept. The
file is cut behind commas between two objects. Each chunk is made valid JSON: the beginning of a list, and an
entry as a mark, are put before it, the same entry and closing brackets behind it.

A cut may be in the wrong place: inside a string, a nested list or another list. That is noticed, because
after a cut between two entries of the file's `images` or `annotations`, the mark is the last entry of that
list, and the first one of the next chunk's. A chunk whose list is another one than that which was open before
it, is decoded anew; one that ends in a wrong place, together with the next one. A file with anything unusual
is read in one piece, and also one that changes meanwhile.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from io import FileIO
from itertools import chain
from operator import sub
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from anchoraudit.formats.coco.annotations import AnnotationColumns, annotation_columns
from anchoraudit.formats.coco.entries import AnnotationEntry, CategoryEntry, Entries, ImageEntry
from anchoraudit.formats.coco.gathering import Gathered, Place
from anchoraudit.formats.coco.image_columns import ImageColumns, image_columns, joined_images
from anchoraudit.formats.coco.stretches import DECODE_ERRORS, find_cuts, read_into
from anchoraudit.formats.coco.structure import may_begin_flat
from anchoraudit.io import unchanged
from anchoraudit.io.files import open_regular
from anchoraudit.io.handing_over import Outgoing, shared_memory, take_over
from anchoraudit.io.meanwhile import work_meanwhile
from anchoraudit.io.memory import reuse_freed
from anchoraudit.io.processes import Send, helpers, workers
from anchoraudit.io.turns import MOST, Turns
from anchoraudit.io.unchanged import Reading, Stamp

# 32 MiB: for a smaller file the second process costs more time than it saves.
WORTH_IT = 32 * 1024 * 1024
CHUNK = 4 * 1024 * 1024
_MOST_BESIDE = 3  # processes: each has its own buffer, and this one has to join what they send
# Most files are cut in wrong places once, if at all, in another list at their end. Who puts objects into
# objects everywhere is better read in one piece.
_MOST_WRONG = 8
_MOST_JOINED = 3
# Nobody else writes this: a file cannot look as if it were cut where it is not.
MARK = f"cut {os.urandom(16).hex()}"
_MARKED = b'{"id":"%b","image_id":"%b","bbox":[0,0,0,0]}' % (MARK.encode(), MARK.encode())
_CLOSING = _MARKED + b"]}"
_OPENING = {"": b""} | {key: b'{"%b":[%b,' % (key.encode(), _MARKED) for key in ("annotations", "images")}

_ROOM = max(map(len, _OPENING.values()))
Entry = TypeVar("Entry")


class _Part(msgspec.Struct, gc=False):
    """A part of the file, which may lack lists of the whole. One that is null is left to the careful way."""

    annotations: list[AnnotationEntry] | msgspec.UnsetType = msgspec.UNSET
    images: list[ImageEntry] | msgspec.UnsetType = msgspec.UNSET
    categories: list[CategoryEntry] | msgspec.UnsetType = msgspec.UNSET
    info: Any = msgspec.UNSET


class Chunk(NamedTuple):
    """What is between two cuts.

    opened: the list that was open before it, "" at the beginning of the file. closed: the one that is open
    behind it, "" at the end. The others are None if there is nothing of that list. annotations: or where they
    were put.
    """

    opened: str
    closed: str
    images: ImageColumns | None
    annotations: AnnotationColumns | Place | None
    categories: list[CategoryEntry] | None
    has_info: bool


class _WholeError(Exception):
    """The file has to be read in one piece."""


class _Job(NamedTuple):
    """What all processes know. recorded: whether the bytes are hashed."""

    path: Path
    stamp: Stamp
    cuts: list[int]
    recorded: bool


_Done = tuple[Chunk | None, bytes]  # None: it cannot be decoded alone. The hash is b"" unless recorded


def decode_in_chunks(path: Path) -> Entries | None:
    """Decode a large, clean COCO file. None for any other: read it in one piece instead."""
    with suppress(_WholeError, *DECODE_ERRORS), ExitStack() as stack:
        stamp = Stamp.of(path.stat())
        if stamp.size < WORTH_IT:
            return None
        job = _Job(path, stamp, _cuts(path, stamp), unchanged.is_recorded())
        count = len(job.cuts) - 1
        if count < 2:
            return None
        reuse_freed()
        turns = Turns(count)
        stack.callback(turns.close)
        beside = min(helpers(stamp.size, fork=WORTH_IT), _MOST_BESIDE)
        shares = [(job, turns, stack.enter_context(shared_memory())) for _ in range(beside)]
        started = stack.enter_context(workers(_help, shares))
        work_meanwhile()
        reader = stack.enter_context(_Reader(job))
        gathered, done = Gathered(), dict[int, _Done]()

        def keep(number: int, chunk: Chunk | None, digest: bytes) -> None:
            if chunk is not None and isinstance(chunk.annotations, AnnotationColumns):
                start, end = job.cuts[number : number + 2]
                placed = gathered.put(chunk.annotations, end - start, stamp.size - end)
                chunk = chunk._replace(annotations=placed)
            done[number] = chunk, digest

        reader.some(turns, turns.from_front(), keep)
        for (_, _, memory), (_, receiver) in zip(shares, started, strict=False):
            with suppress(EOFError, OSError):  # it was killed
                done |= take_over(receiver.recv(), memory)
        chunks = _in_order(reader, done)
        reader.require_same()
        pieces = tuple((job.cuts[number + 1], done[number][1]) for number in range(count))
        return _entries(chunks, gathered, Reading(stamp, pieces if job.recorded else ()))
    return None


def _cuts(path: Path, stamp: Stamp) -> list[int]:
    """Return where chunks begin, and the end of the last one. They depend on the file alone."""
    size = max(CHUNK, -(-stamp.size // MOST))
    count = max(-(-stamp.size // size), 2)
    found = find_cuts(path, stamp, [number * stamp.size // count for number in range(1, count)])
    return [0, *sorted({cut for cut in found if cut is not None and cut < stamp.size}), stamp.size]


def _help(send: Send, job: _Job, turns: Turns, memory: int | None) -> None:
    """Decode chunks in another process, and send them with their numbers, or nothing if one is odd."""
    gc.disable()
    with suppress(_WholeError, *DECODE_ERRORS), _Reader(job) as reader:
        outgoing = Outgoing(memory)
        reader.some(turns, turns.from_back(), lambda number, *done: outgoing.put((number, done)))
        reader.require_same()
        send(outgoing.handed())


class _Reader:
    """Decodes chunks of a file that it holds open."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._file: FileIO = open(open_regular(job.path), "rb", 0)  # noqa: PTH123, SIM115  closed by __exit__
        # Used again and again: memory that the system has given already, and that the core has at hand.
        self._buffer = bytearray(_ROOM + max(map(sub, job.cuts[1:], job.cuts)) + len(_CLOSING))
        self._wrong = 0

    def __enter__(self) -> _Reader:
        self.require_same()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def require_same(self) -> None:
        """Raise OSError unless the file is still that of the stamp."""
        unchanged.require_stamp(self._file.fileno(), self._job.stamp)

    @property
    def count(self) -> int:
        """How many chunks the file has."""
        return len(self._job.cuts) - 1

    def some(
        self, turns: Turns, numbers: Iterable[int], keep: Callable[[int, Chunk | None, bytes], None]
    ) -> None:
        """Decode chunks as if each were alone. Raises _WholeError as soon as too many cannot be.

        keep: takes what `alone` returns for a number.
        """
        try:
            for number in numbers:
                keep(number, *self.alone(number))
        except BaseException:
            turns.stop()
            raise

    def alone(self, number: int) -> _Done:
        """Decode a chunk, whatever is before it. Raises _WholeError if too many are wrong."""
        data = self._read(number, number + 1)
        digest = unchanged.of_bytes(data).pieces[0][1] if self._job.recorded else b""
        chunk = None
        for opened in ("annotations", "images") if number else ("",):
            try:
                chunk = self._decoded(opened, len(data), is_last=number + 2 == len(self._job.cuts))
                break
            except msgspec.ValidationError:
                if not number:
                    raise _WholeError from None
            except msgspec.DecodeError:
                break
        self._wrong += chunk is None
        if self._wrong > _MOST_WRONG:
            raise _WholeError
        return chunk, digest

    def joined(self, first: int, end: int, opened: str) -> Chunk | None:
        """Decode some chunks as one that goes on with a list. None if it ends in a wrong place."""
        try:
            size = len(self._read(first, end))
            return self._decoded(opened, size, is_last=end + 1 == len(self._job.cuts))
        except msgspec.ValidationError:
            raise _WholeError from None
        except msgspec.DecodeError:
            return None

    def _read(self, first: int, end: int) -> memoryview:
        """Read chunks into the buffer, and return their bytes. There is room for what is put around them."""
        start, stop = self._job.cuts[first], self._job.cuts[end]
        if len(self._buffer) < (needed := _ROOM + stop - start + len(_CLOSING)):
            self._buffer = bytearray(needed)
        view = memoryview(self._buffer)[_ROOM : _ROOM + stop - start]
        read_into(self._file, start, view)
        return view

    def _decoded(self, opened: str, size: int, *, is_last: bool) -> Chunk | None:
        """Decode what is in the buffer as what follows the beginning of a list. None if it ends elsewhere.

        Raises a DecodeError if it is not valid JSON, a ValidationError if it is unusual.
        """
        before, behind = _OPENING[opened], b"" if is_last else _CLOSING
        start, end = _ROOM - len(before), _ROOM + size + len(behind)
        self._buffer[start:_ROOM] = before
        self._buffer[_ROOM + size : end] = behind
        data = memoryview(self._buffer)[start:end]
        if may_begin_flat(data):
            raise _WholeError  # they are counted in the whole file
        part = msgspec.json.decode(data, type=_Part)
        lists = {"annotations": part.annotations, "images": part.images}
        if opened and not _has_mark(lists[opened], 0):
            raise msgspec.ValidationError("that list is there once more")
        closed = next((key for key in lists if not is_last and _has_mark(lists[key], -1)), "")
        if not is_last and not closed:
            return None
        images, annotations = _of(part.images), _of(part.annotations)
        return Chunk(
            opened,
            closed,
            None if images is None else image_columns(images),
            None if annotations is None else annotation_columns(annotations),
            _of(part.categories),
            part.info is not msgspec.UNSET,
        )


def _has_mark(entries: list[Any] | msgspec.UnsetType, at: int) -> bool:
    """Take the first or the last entry out if it is the mark, and tell whether it was."""
    if isinstance(entries, msgspec.UnsetType) or not entries or entries[at].id != MARK:
        return False
    del entries[at]
    return True


def _of(entries: list[Entry] | msgspec.UnsetType) -> list[Entry] | None:
    return None if isinstance(entries, msgspec.UnsetType) else entries


def _in_order(reader: _Reader, done: dict[int, _Done]) -> list[Chunk]:
    """Return the chunks of a file in order, each going on with the list that the one before it left open.

    done: by number. What is missing is decoded here, and added.
    """
    count = reader.count
    for number in range(count):
        if number not in done:  # the process that took it has died
            done[number] = reader.alone(number)
    chunks: list[Chunk] = []
    first, opened = 0, ""
    while first < count:
        chunk, end = done[first][0], first + 1
        if chunk is None or chunk.opened != opened:
            while (chunk := reader.joined(first, end, opened)) is None:
                end += 1
                if end > min(count, first + _MOST_JOINED):
                    raise _WholeError
        chunks.append(chunk)
        first, opened = end, chunk.closed
    return chunks


def _entries(chunks: Sequence[Chunk], gathered: Gathered, reading: Reading) -> Entries:
    """Join chunks. gathered: where annotations of some were put.

    Raises _WholeError if a list is not there, or begins twice.
    """
    seen: set[str] = set()
    for chunk in chunks:
        for key in ("images", "annotations", "categories"):
            if getattr(chunk, key) is not None and chunk.opened != key:
                if key in seen:
                    raise _WholeError
                seen.add(key)
    if not {"images", "annotations"} <= seen:
        raise _WholeError
    return Entries(
        joined_images([chunk.images for chunk in chunks if chunk.images is not None]),
        gathered.joined([chunk.annotations for chunk in chunks if chunk.annotations is not None]),
        list(chain.from_iterable(chunk.categories or () for chunk in chunks)),
        has_info=any(chunk.has_info for chunk in chunks),
        reading=reading,
    )
