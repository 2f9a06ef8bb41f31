"""The image files of a data set: whether they are there and whole, and what they say of themselves.

Facts about files, without a verdict: what is wrong with a data set because of them is for rules to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.images import cache as kept
from anchoraudit.images.copies import candidates, first_copies
from anchoraudit.images.folders import Located, find
from anchoraudit.images.pool import read_all
from anchoraudit.images.reading import What
from anchoraudit.images.rows import Rows

MODES = ("none", "header", "decode")
CACHE = Path(".anchoraudit") / "images.msgpack"

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class ImageFiles:
    """Columns over the N images of a data set.

    looked: bool [N], an image folder is known for it, and its file was looked for.
    present: bool [N], its file is there, as `Dataset.image_path` finds it.
    other_case: str [N], where no file has exactly its name: the file in its folder that no image names, and
    whose name differs only in case (or in how an accent is encoded), relative to the image folder; else "".
    Such a file is `present` where the file system does not mind, on Windows and macOS.
    width, height: float64 [N], stored pixels as the header says, before any turning; NaN where not to be had.
    orientation: int8 [N], EXIF tag 274 (or that of XMP, TIFF) as Pillow reads it: 1 to 8; 0 for none, or
    for a 0; -1 for any other value.
    problem: str [N], why the file is no good, "" if nothing is known against it: "empty file",
    "truncated: ...", "not an image ...", "the header is broken", "an impossible size ...",
    "cannot be read: ...", and in mode "decode" "cannot be decoded: ...", "too large to decode: ...".
    one_colour: bool [N], all pixels have the same colour, transparency left aside; mode "decode" only.
    copy_of: int64 [N], the first image with the same bytes, -1 where there is none before it. Exact in
    both modes. Images that name the same file count; empty files do not.
    unlisted: (index of the source, name relative to its image folder) of image files that no image names,
    in the folders that the names of images lead to. Hidden files, and those in `other_case`, are left out.
    read, cached: files whose header was read now, and files whose facts are from the cache.
    """

    looked: Bool
    present: Bool
    other_case: list[str]
    width: Float
    height: Float
    orientation: Int8
    problem: list[str]
    one_colour: Bool
    copy_of: Int
    unlisted: list[tuple[int, str]]
    read: int
    cached: int


def look(
    dataset: Dataset, mode: str, *, cache: Path | None = None, progress: Progress | None = None
) -> ImageFiles | None:
    """Look at the image files of `dataset`; None for mode "none", or where no image folder is known.

    mode: "header" reads the two ends of each file, which tell size and orientation, and mostly whether it
    is whole; only files that are likely to be copies are read in full. "decode" also decodes each picture.
    cache: the file (see CACHE) where facts are kept for files whose size and time stay the same.
    progress: called with (files read, files to read).

    Nothing that is in a file raises anything. AnchorauditError: there is no such mode.
    """
    if mode not in MODES:
        raise AnchorauditError(f"there is no mode {mode!r}", remedy=f"Choose one of {', '.join(MODES)}.")
    located = None if mode == "none" else find(dataset)
    if located is None:
        return None
    decode = mode == "decode"
    known = {} if cache is None else kept.load(cache)
    rows = kept.recall(known, located.folders)
    paths = [path for folder in located.folders for path in folder.paths()]
    todo = np.flatnonzero(~rows.table["decoded" if decode else "read"])
    alike = todo[:0]
    try:
        _read(rows, paths, todo, "decode" if decode else "header", progress)
        alike = candidates(rows)
        _read(rows, paths, alike, "digest", None)
    finally:  # what was read before a Ctrl-C is not lost
        if cache is not None and (len(todo) or len(alike)):
            kept.save(cache, known, located.folders, rows)
    return _columns(located, rows, decode, len(todo))


def _read(rows: Rows, paths: list[str], at: Int, what: What, progress: Progress | None) -> None:
    """Read the files `at` into their rows."""
    done = 0

    def take(piece: range, got: Rows) -> None:
        nonlocal done
        mine = at[piece.start : piece.stop]
        if what == "digest":
            for field in ("digest", "hashed"):
                rows.table[field][mine] = got.table[field]
        else:
            for field in ("size", "mtime"):  # as listed: what changes while it is read is read again
                got.table[field] = rows.table[field][mine]
            rows.put(mine, got)
        done += len(piece)
        if progress is not None:
            progress(done, len(at))

    read_all([paths[i] for i in at.tolist()], what, take)


def _columns(located: Located, rows: Rows, decode: bool, read: int) -> ImageFiles:
    """From files to images."""
    present = located.file >= 0
    count = len(present)
    table, problem = rows.table, rows.problem
    if decode:
        problem = {**rows.problem, **rows.undecoded}
    texts = [problem.get(i, "") for i in located.file.tolist()] if problem else [""] * count
    sides = np.full((2, count), np.nan)
    orientation, one_colour = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=np.bool_)
    file = located.file[present]
    for side, field in zip(sides, ("width", "height"), strict=True):
        side[present] = np.where(table[field][file] > 0, table[field][file], np.nan)
    orientation[present] = table["orientation"][file]
    if decode:
        one_colour[present] = table["one_colour"][file]
    return ImageFiles(
        looked=located.looked,
        present=present,
        other_case=located.other_case,
        width=sides[0],
        height=sides[1],
        orientation=orientation,
        problem=texts,
        one_colour=one_colour,
        copy_of=first_copies(table, located.file),
        unlisted=located.unlisted,
        read=read,
        cached=len(table) - read,
    )
