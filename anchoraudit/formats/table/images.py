"""The images that the rows of a table name, with their splits, files and sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import (
    Note,
    Where,
    complete_sizes,
    files_below,
    note_unchecked,
    report_missing,
    unknown_size,
)
from anchoraudit.formats._memory.images import find_named
from anchoraudit.formats.table.rows import Rows
from anchoraudit.images.found import find_images, usual_folders
from anchoraudit.images.sizes import LARGEST_SIDE


@dataclass(slots=True)
class TableImages:
    """N images, in the order in which rows name them first.

    sizes: float64 [N, 2], width and height in pixels, NaN if unknown.
    splits: N names.
    measured: bool [N], the size is not from the table.
    of_row: int64 [R], the image of each row, -1 without one.
    folder: the image folder, None if none was found.
    """

    ids: list[str]
    file_names: list[str]
    sizes: Float
    splits: list[str]
    measured: Bool
    of_row: Int
    folder: Path | None
    findings: list[Finding]
    notes: list[str | Note]


def splits_in(rows: Rows) -> list[str]:
    """Return the splits that rows name, in order."""
    return list(dict.fromkeys(text for value in rows.columns.get("split", ()) if (text := str(value))))


def read_images(rows: Rows, split: str, wanted: Sequence[str], image_folder: Path | None) -> TableImages:
    """Find the images of a table.

    split: the split of the whole file, "" if rows may name it.
    wanted: the splits of rows to read, all if empty.
    """
    path = str(rows.path)
    names = [str(value) for value in rows.columns["image"]]
    findings = [
        Finding("PAR003", "the row names no image", path, rows.place(row))
        for row, name in enumerate(names)
        if not name
    ]
    splits = (
        [str(value) for value in rows.columns["split"]] if "split" in rows.columns else [split] * len(names)
    )
    owner = _splits_of(rows, names, splits, wanted, findings)
    kept = [name for name, own in owner.items() if not wanted or own in wanted]
    index = {name: i for i, name in enumerate(kept)}
    of_row = np.array([index.get(name, -1) for name in names], dtype=np.int64)
    first = np.full(len(kept), -1, dtype=np.int64)
    first[of_row[of_row >= 0][::-1]] = np.flatnonzero(of_row >= 0)[::-1]
    files = rows.columns.get("file_name")
    called = (
        kept if files is None else [str(files[row]) or name for row, name in zip(first, kept, strict=True)]
    )
    if rows.is_in_memory:
        near = find_named(called, image_folder)
    else:
        near = find_images(called, [image_folder] if image_folder else usual_folders(rows.path, split))

    def where(i: int) -> Where:
        return Where(path, rows.place(int(first[i])), f"image {kept[i]}")

    if near.folder is not None:
        findings += report_missing(near.names, near.present, near.folder, where)
    sizes = _declared(rows, of_row, len(kept))
    measured, unknown = complete_sizes(
        sizes, files_below(near.folder, near.names), where, unknown_size(list(kept), near.names)
    )
    return TableImages(
        ids=kept,
        file_names=near.names,
        sizes=sizes,
        splits=[owner[name] for name in kept],
        measured=measured,
        of_row=of_row,
        folder=near.folder,
        findings=[*findings, *unknown],
        notes=[note_unchecked(path)] if near.folder is None and not rows.is_in_memory else [],
    )


def _splits_of(
    rows: Rows, names: Sequence[str], splits: Sequence[str], wanted: Sequence[str], findings: list[Finding]
) -> dict[str, str]:
    """Return the split of each image: the one that was asked for, or else that of its first row."""
    if "split" not in rows.columns:
        return {name: split for name, split in zip(names, splits, strict=True) if name}
    owner: dict[str, str] = {}
    told: set[str] = set()
    for row, (name, split) in enumerate(zip(names, splits, strict=True)):
        if not name:
            continue
        first = owner.setdefault(name, split)
        if first != split:
            if name not in told:
                told.add(name)
                words = f"{name!r} is in {first} and in {split}"
                findings.append(
                    Finding("SET004", words, str(rows.path), rows.place(row), name, f"image {name}")
                )
            if split in wanted and first not in wanted:
                owner[name] = split
    return owner


def _declared(rows: Rows, of_row: Int, count: int) -> Float:
    """Return declared sizes, the first possible one of each image: [N, 2] in pixels, NaN if there is none."""
    sizes = np.full((count, 2), np.nan)
    if "width" not in rows.columns or "height" not in rows.columns:
        return sizes
    sides = np.column_stack([numbers(rows.columns[name])[0] for name in ("width", "height")])
    with np.errstate(invalid="ignore"):
        possible = ((sides >= 1) & (sides <= LARGEST_SIDE)).all(axis=1) & (of_row >= 0)
    at = np.flatnonzero(possible)[::-1]
    sizes[of_row[at]] = sides[at]  # `at` is descending, so the first row is written last and stays
    return sizes


def numbers(values: Sequence[Any]) -> tuple[Float, list[int]]:
    """Return values as numbers, else NaN, and the positions of those that are neither number nor empty."""
    try:
        return np.array(list(map(float, values)), dtype=np.float64), []
    except (TypeError, ValueError, OverflowError):
        pass
    result = np.full(len(values), np.nan)
    wrong = []
    for position, value in enumerate(values):
        try:
            result[position] = math.nan if value == "" else float(value)
            if isinstance(value, bool):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            result[position] = math.nan
            wrong.append(position)
    return result, wrong
