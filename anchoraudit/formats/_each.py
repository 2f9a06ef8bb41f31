"""Reads data sets with an annotation file for each image: labelme, Supervisely.

A reader gives the files with their splits, and a function that makes a row of what is in one. `read_each`
does the rest: it loads the files, finds the images, and makes the data set.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats import _documents as documents
from anchoraudit.formats._builder import (
    ImageRow,
    Remarks,
    classes_by_name,
    join,
    not_read,
    note_unchecked,
    part_of,
    report_missing,
    where_images,
)
from anchoraudit.images.below import ImagesBelow
from anchoraudit.images.found import are_present, is_image_name


@dataclass(slots=True)
class _Split:
    """What was read of one split."""

    rows: list[ImageRow] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_each(
    detection: Detection,
    options: ReadOptions,
    files: Sequence[tuple[Path, str]],
    is_one: Callable[[Any], bool],
    row_of: Callable[[Path, Any, Remarks], ImageRow | None],
    *,
    root: Path,
    called: str,
    recognised: str,
    item: str,
    convention: Convention = XYXY,
    classes: Iterable[str] = (),
    notes: Callable[[], Sequence[str]] = lambda: (),
) -> Dataset:
    """Read the files of a data set, each the annotations of one image.

    files: each with the name of its split, "" if it has none.
    is_one: tells by the value of a file whether it is of the format. Others are named in a note.
    row_of: makes a row of that value; None if the image is left out. It adds to the remarks. `file_name` is
        as the file says, with `/`; it is tried from the folder of the file, then anywhere below the root by
        its last folders.
    root: the folder below which files and images are; `--image-folder` names another one for the images.
    called: the name of the format. recognised: as of `_builder.read_files`.
    item: the list that boxes are in, as it is called in the file; `entry` is the place of a box in it.
    classes: names that the data set declares. notes: asked for when all files are read.

    The id of an image is the path of its file below the root, without the suffix. An image that is not where
    its file says is looked for by the name of that file, too.

    Raises AnchorauditError if a split is unknown, or the error of the first file if none can be read.
    """
    require_known_splits(options.splits, [split for _, split in files], detection.path)
    read: dict[tuple[str, str], _Split] = {}
    remarks = Remarks()
    errors: list[tuple[Path, AnchorauditError]] = []
    others: list[str] = []
    for file, split in files:
        if options.splits and split not in options.splits:
            continue
        try:
            value = documents.load(file)
        except AnchorauditError as error:
            errors.append((file, error))
            continue
        if not is_one(value):
            others.append(file.name)
            continue
        inner = file.relative_to(root).as_posix()
        own = read.setdefault((split, file.suffix), _Split())
        near, before = posixpath.dirname(inner), len(remarks.left_out)
        row = row_of(file, value, remarks)
        own.left_out += [posixpath.join(near, name) for name in remarks.left_out[before:]]
        if row is not None:
            row.id = inner.removesuffix(file.suffix)
            own.rows.append(row)
            own.near.append(near)
    if not read:
        raise errors[0][1] if errors else _none(detection)
    labels = (box.label for each in read.values() for row in each.rows for box in row.boxes)
    categories = classes_by_name([*labels, *classes, *remarks.classes])
    folder = options.image_folder or root
    below = ImagesBelow(folder)
    placed = {key: _located(own, key[0], folder, below) for key, own in read.items()}
    image_folder = folder if any(there for _, present, _ in placed.values() for there in present) else None
    parts = []
    for (split, suffix), own in read.items():
        names, present, _ = placed[split, suffix]
        source = Source(root, split, image_folder, item, suffix, box_place=f"{item}[{{box}}]")
        part = part_of(source, own.rows, categories, file_names=names)
        part.convention = convention
        part.left_out = [below.find(name) or name for name in own.left_out]
        if image_folder is None:
            part.notes.append(note_unchecked(root / "*", shown=str(root)))
        else:
            part.findings[:0] = report_missing(names, present, folder, where_images(source, own.rows))
        parts.append(part)
    relocated = [pair for _, _, moved in placed.values() for pair in moved]
    parts[0].findings[:0] = [*(not_read(file, error) for file, error in errors), *remarks.findings]
    parts[0].notes[:0] = [
        *documents.not_of(others, called),
        *remarks.notes,
        *notes(),
        *_note_moved(relocated),
    ]
    return join(detection, parts, recognised=recognised)


def _located(
    own: _Split, split: str, folder: Path, below: ImagesBelow
) -> tuple[list[str], list[bool], list[tuple[str, str]]]:
    """Return the paths of the images below their folder, whether each is there, and those that were moved.

    Third, what files say of images that are in another place, and where they are.
    """
    names = [
        _inner(posixpath.join(near, row.file_name)) or documents.image_name(row.file_name)
        for row, near in zip(own.rows, own.near, strict=True)
    ]
    present = are_present(folder, names)
    moved = []
    for i, row in enumerate(own.rows):
        if not present[i]:
            called = str(row.id).rpartition("/")[2]
            asked = (documents.image_name(row.file_name), called)
            found = next((path for name in asked if (path := below.find(name, own.near[i], split))), "")
            if found:
                if is_image_name(row.file_name):  # otherwise the file names none
                    moved.append((row.file_name, found))
                names[i], present[i] = found, True
    return names, present, moved


def _note_moved(moved: Sequence[tuple[str, str]]) -> list[str]:
    if not moved:
        return []
    said, found = map(printable, moved[0])
    if len(moved) == 1:
        return [f"1 image is not where its file says, and was found by its name: {said} is {found}"]
    many = f"{len(moved):,} images are not where their files say, and were found by their names"
    return [f"{many}: {said} is {found}"]


def _none(detection: Detection) -> AnchorauditError:
    return AnchorauditError(
        "no file of this format here", path=detection.path, remedy="Name the folder of the annotations."
    )


def _inner(path: str) -> str:
    """Return a path without `..`, "" if it leads out of its folder."""
    inner = posixpath.normpath(path)
    return "" if inner.startswith(("../", "/")) or inner in ("..", ".") else inner
