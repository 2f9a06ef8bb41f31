"""The images that the rows of a table name, with their splits, files and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, in_all
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
from anchoraudit.images.found import find_images, images_of
from anchoraudit.images.opened import Opened
from anchoraudit.images.sizes import LARGEST_SIDE


@dataclass(slots=True)
class TableImages:
    """N images, in the order in which rows name them first.

    sizes: float64 [N, 2], width and height in pixels, NaN if unknown.
    splits: N names, or one name for all images.
    measured: bool [N], the size is not from the table.
    of_row: int64 [R], the image of each row, -1 without one.
    folder: the image folder, None if none was found.
    entry: int64 [N], the row of each image, where a row is an image; None otherwise.
    row: int64 [N], the first row of each image, where a row is a box; None otherwise.
    opened: as in `Dataset`.
    """

    ids: list[str]
    file_names: list[str]
    sizes: Float
    splits: Sequence[str] | str
    measured: Bool
    of_row: Int
    folder: Path | None
    findings: list[Finding]
    notes: list[str | Note]
    entry: Int | None = None
    opened: Opened = field(default_factory=dict)
    row: Int | None = None


def splits_in(rows: Rows) -> list[str]:
    """Return the splits that rows name, in order."""
    return [name for name in rows.texts["split"].names if name] if "split" in rows.texts else []


def read_images(rows: Rows, split: str, wanted: Sequence[str], image_folder: Path | None) -> TableImages:
    """Find the images of a table.

    split: the split of the whole file, "" if rows may name it.
    wanted: the splits of rows to read, all if empty.
    """
    path = str(rows.path)
    named = rows.texts["image"]
    findings = [
        Finding("PAR003", "the row names no image", path, rows.place_of_image(row))
        for row in np.flatnonzero(named.are("")).tolist()
    ]
    owner = _splits_of(rows, split, wanted, findings)
    chosen = np.ones(len(named.names), dtype=np.bool_)
    if wanted and isinstance(owner, str):
        chosen[:] = owner in wanted
    elif wanted:
        chosen = np.array([own in wanted for own in owner], dtype=np.bool_)
    if (nameless := named.code_of("")) >= 0:
        chosen[nameless] = False
    ids, of_row, first = named.names, named.codes, named.first
    if not chosen.all():
        kept = np.flatnonzero(chosen)
        place = np.full(len(chosen), -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        of_row, first = place[of_row], first[kept]
        ids = [ids[i] for i in kept.tolist()]
        owner = owner if isinstance(owner, str) else [owner[i] for i in kept.tolist()]
    called = ids
    if (files := rows.texts.get("file_name")) is not None:
        called = [files[row] or name for row, name in zip(first.tolist(), ids, strict=True)]
    if rows.is_in_memory:
        near = find_named(called, image_folder)
    else:
        near = find_images(called, [image_folder]) if image_folder else images_of(called, rows.path, split)

    def where(i: int) -> Where:
        return Where(path, rows.place_of_image(int(first[i])), f"image {ids[i]}")

    if near.folder is not None:
        findings += report_missing(near.names, near.present, near.folder, where)
    sizes = _declared(rows, of_row, first)
    opened: Opened = {}
    on_disk = files_below(near.folder, near.names)
    measured, unknown = complete_sizes(
        sizes, on_disk, where, unknown_size(list(ids), near.names), opened=opened
    )
    return TableImages(
        ids=ids,
        file_names=near.names,
        sizes=sizes,
        splits=owner,
        measured=measured,
        of_row=of_row,
        folder=near.folder,
        findings=[*findings, *unknown],
        notes=[note_unchecked(rows.path, split)] if near.folder is None and not rows.is_in_memory else [],
        entry=None if rows.parents is None else rows.parents[first],
        opened=opened,
        row=rows.at[first] if rows.parents is None else None,
    )


def _splits_of(rows: Rows, split: str, wanted: Sequence[str], findings: list[Finding]) -> list[str] | str:
    """Return the split of each name of an image: the one that was asked for, or else that of its first row.

    One for all if rows name none. Adds a finding for each image of two splits.
    """
    named, stated = rows.texts["image"], rows.texts.get("split")
    if stated is None:
        return split
    owner = [stated[row] or split for row in named.first.tolist()]
    differs = stated.codes != stated.codes[named.first][named.codes]
    told: set[int] = set()
    for row in np.flatnonzero(differs & ~named.are("")).tolist():
        of, own = int(named.codes[row]), stated[row]
        if of not in told:
            told.add(of)
            name = named.names[of]
            words = f"{name!r} is in {owner[of]} and in {own}"
            findings.append(
                Finding("SET004", words, str(rows.path), rows.place_of_image(row), name, f"image {name}")
            )
        if own in wanted and owner[of] not in wanted:
            owner[of] = own
    return owner


def _declared(rows: Rows, of_row: Int, first: Int) -> Float:
    """Return declared sizes, the first possible one of each image: [N, 2] in pixels, NaN if there is none.

    of_row: the image of each row, -1 without one. first: int64 [N], the first row of each.
    """
    if "width" not in rows.numbers or "height" not in rows.numbers:
        return np.full((len(first), 2), np.nan)
    sizes = _sizes_in(rows, first)  # nearly always all of them are possible
    lacking = np.isnan(sizes[:, 0])
    if lacking.any():
        at = np.flatnonzero((of_row >= 0) & lacking[of_row])[::-1]
        sides = _sizes_in(rows, at)
        is_possible = ~np.isnan(sides[:, 0])
        # `at` is descending, so the first row is written last and stays.
        sizes[of_row[at[is_possible]]] = sides[is_possible]
    return sizes


def _sizes_in(rows: Rows, at: Int) -> Float:
    """Return the sizes in some rows, float64 [n, 2], NaN where one is impossible."""
    sides = np.column_stack([rows.numbers[name].values[at] for name in ("width", "height")])
    with np.errstate(invalid="ignore"):
        sides[~in_all((sides >= 1) & (sides <= LARGEST_SIDE))] = np.nan
    return sides
