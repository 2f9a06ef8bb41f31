"""Facts about the image files of a data set: whether they exist, are complete, and what their headers say.

Nothing is judged here. The rules decide which of these facts are problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.images import cache as kept
from anchoraudit.images.cache import unchanged
from anchoraudit.images.copies import candidates, first_copies
from anchoraudit.images.folders import Located, find
from anchoraudit.images.opened import Opened
from anchoraudit.images.pool import read_all
from anchoraudit.images.reading import What
from anchoraudit.images.rows import Rows
from anchoraudit.io.signals import at_signal
from anchoraudit.io.steps import step

MODES = ("none", "header", "decode")
CACHE = Path(".anchoraudit") / "images.msgpack"

Progress = Callable[[int, int], None]


@dataclass(slots=True, repr=False)
class ImageFiles:
    """Columns over the N images of a data set: the facts that `look` found about their files.

    Attributes
    ----------
    looked : ndarray of bool, shape (N,)
        Whether the image folder is known, so that the file was looked for.
    present : ndarray of bool, shape (N,)
        Whether the file exists, as `Dataset.image_path` finds it.
    other_case : list of str, length N
        For an image without a file of exactly its name: a file in the same folder whose name differs only in
        case, or in how an accent is encoded, and that no image names. Relative to the image folder; "" if
        there is none. On Windows and macOS, where file systems ignore case, such a file is also `present`.
    width, height : ndarray of float64, shape (N,)
        Stored size in pixels from the header, before any EXIF turn. NaN if unknown.
    orientation : ndarray of int8, shape (N,)
        EXIF orientation (tag 274, also from XMP or TIFF) as Pillow reads it, 1 to 8. 0 if there is none, -1
        for any other value.
    problem : list of str, length N
        Why the file cannot be used; "" if no problem is known. "empty file", "truncated: ...",
        "not an image ...", "the header is broken", "an impossible size ...", "cannot be read: ...". In mode
        "decode" also "cannot be decoded: ..." and "too large to decode: ...".
    one_colour : ndarray of bool, shape (N,)
        Whether all pixels have the same colour, apart from transparency. Always False in mode "header".
    copy_of : ndarray of int64, shape (N,)
        Row of the first image with the same bytes, -1 if no earlier image has them. Exact in both modes.
        Images that name the same file are copies; empty files are not.
    unlisted : list of (int, str)
        Image files that no image names, in the folders that hold images of the data set: the index of the
        source, and the name relative to its image folder. Without hidden files and those in `other_case`.
    read : int
        How many files were read in this run, by the reader of the data set or now.
    cached : int
        How many files were not read again, because the cache had their facts.
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

    def __repr__(self) -> str:
        return f"<what is known of {len(self.looked):,} image files>"

    def of_rows(self, rows: Int) -> ImageFiles:
        """Return the same of some of the images, int64 [n], ascending. What is known of folders stays."""
        content = np.where(self.copy_of >= 0, self.copy_of, np.arange(len(self.copy_of)))[rows]
        _, first, of = np.unique(content, return_index=True, return_inverse=True)
        earlier = first[of.reshape(-1)]
        return replace(
            self,
            looked=self.looked[rows],
            present=self.present[rows],
            other_case=[self.other_case[row] for row in rows.tolist()],
            width=self.width[rows],
            height=self.height[rows],
            orientation=self.orientation[rows],
            problem=[self.problem[row] for row in rows.tolist()],
            one_colour=self.one_colour[rows],
            copy_of=np.where(earlier < np.arange(len(rows)), earlier, -1),
        )


def look(
    dataset: Dataset, mode: str, *, cache: Path | None = None, progress: Progress | None = None
) -> ImageFiles | None:
    """Collect facts about the image files of a data set.

    A broken file raises no error; its problem is in the result.

    Parameters
    ----------
    dataset : Dataset
        The data set, whose N images are looked for in the image folders of its sources.
    mode : str
        "header" reads the start and the end of each file: the size, the orientation, and in most cases
        whether the file is complete. Only files that are likely to be copies are read in full. "decode" also
        decodes each image. "none" reads nothing.
    cache : Path, optional
        A file that keeps the facts between runs (see CACHE). A file with the same size and time is not read
        again.
    progress : callable, optional
        Called with two ints: files read so far, and files to read.

    Returns
    -------
    ImageFiles or None
        Columns over the N images. None for mode "none", or if no image folder is known.

    Raises
    ------
    AnchorauditError
        If the mode is unknown.

    Examples
    --------
    >>> files = look(read("sample_data/coco"), "header")
    >>> len(files.present), int(files.present.sum())
    (26, 25)
    """
    if mode not in MODES:
        raise AnchorauditError(f"unknown mode {mode!r}", remedy=f"Choose one of {', '.join(MODES)}.")
    located = None if mode == "none" else find(dataset)
    if located is None:
        return None
    decode = mode == "decode"
    progress = progress or partial(step, "looking at pictures")
    known = {} if cache is None else kept.load(cache)
    rows = kept.recall(known, located.folders)
    read = int(np.count_nonzero(~rows.table["decoded" if decode else "read"]))
    _take_opened(dataset, located, rows)
    paths = [path for folder in located.folders for path in folder.paths()]
    todo = np.flatnonzero(~rows.table["decoded" if decode else "read"])
    alike = todo[:0]

    def save() -> None:
        if cache is not None and (read or len(alike)):
            kept.save(cache, known, located.folders, rows)

    with at_signal(save, optional=True):
        try:
            _read(rows, paths, todo, "decode" if decode else "header", progress)
            alike = candidates(rows)
            _read(rows, paths, alike, "digest", partial(step, "comparing pictures"))
        finally:  # also after Ctrl-C, so that the next run need not read these files again
            save()
    return _columns(located, rows, decode, read)


def _take_opened(dataset: Dataset, located: Located, rows: Rows) -> None:
    """Fill the rows of files that are still as the reader saw them when it opened them."""
    for folder in located.folders:
        for opened in cast(Opened, dataset.opened).get(folder.path, ()):
            same, place = unchanged(folder, opened.index, opened.rows)
            at = folder.first + same
            new = ~rows.table["read"][at] & opened.rows.table["read"][place]
            rows.put(at[new], opened.rows.take(place[new]))


def _read(rows: Rows, paths: list[str], at: Int, what: What, progress: Progress) -> None:
    """Read the files `at` into their rows."""
    done = 0

    def take(piece: range, got: Rows) -> None:
        nonlocal done
        mine = at[piece.start : piece.stop]
        if what == "digest":
            for field in ("digest", "hashed"):
                rows.table[field][mine] = got.table[field]
        else:
            # Keep size and time from the listing: a file that changes meanwhile is read again next time.
            for field in ("size", "mtime"):
                got.table[field] = rows.table[field][mine]
            rows.put(mine, got)
        done += len(piece)
        progress(done, len(at))

    read_all([paths[i] for i in at.tolist()], what, take)


def _columns(located: Located, rows: Rows, decode: bool, read: int) -> ImageFiles:
    """Turn facts about files into columns over images."""
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
