"""Reads the boxes of a table's rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.dataset.columns import Boxes
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import SHOWN, shorten
from anchoraudit.formats.table.dialects import CORNERS
from anchoraudit.formats.table.images import TableImages, numbers
from anchoraudit.formats.table.rows import Rows


@dataclass(slots=True)
class TableBoxes:
    """M boxes in the order of the rows, without their classes. labels: M class names, "" for none."""

    boxes: Boxes
    labels: list[str]
    findings: list[Finding]


def read_boxes(rows: Rows, images: TableImages) -> TableBoxes:
    """Read the boxes of all rows. A box that cannot be read is NaN, and becomes a finding.

    A row without coordinates and without a class has no box: it names an image without objects.
    """
    labels = [str(value) for value in rows.columns.get("label", [""] * len(rows))]
    values = [rows.columns[name] for name in CORNERS]
    empty = (
        np.array([[value == "" for value in column] for column in values], dtype=np.bool_).reshape(4, -1).T
    )
    broken = np.zeros(len(rows), dtype=np.bool_)
    broken[list(rows.broken)] = True
    unlabelled = np.array([not label for label in labels], dtype=np.bool_)
    blank = empty.all(axis=1) & unlabelled & ~broken
    taken = np.flatnonzero((images.of_row >= 0) & ~blank)
    xyxy = np.empty((len(rows), 4))
    wrong: list[tuple[int, str, str, str]] = []
    for axis, column in enumerate(values):
        xyxy[:, axis], odd = numbers(column)
        wrong += [
            (row, "PAR004", f"{CORNERS[axis]} is {shorten(column[row])}, not a number", str(column[row]))
            for row in odd
        ]
    # If a row has more or fewer fields than the header, its numbers are in the wrong columns.
    xyxy[broken] = np.nan
    lacking = empty.any(axis=1) & ~broken
    for row in np.flatnonzero(lacking).tolist():
        missing = [name for name, without in zip(CORNERS, empty[row].tolist(), strict=True) if without]
        wrong.append((row, "PAR003", f"the row lacks {', '.join(missing)}", ""))
    not_read = broken | lacking
    not_read[[row for row, *_ in wrong]] = True
    infinite = ~np.isfinite(xyxy).all(axis=1) & ~not_read
    wrong += [
        (row, "BOX001", "a coordinate is not finite", ", ".join(f"{v:g}" for v in xyxy[row].tolist()))
        for row in np.flatnonzero(infinite).tolist()
    ]
    if "label" in rows.columns:
        wrong += [
            (row, "PAR003", "the row names no class", "")
            for row in np.flatnonzero(unlabelled & ~broken).tolist()
        ]
    chosen = set(taken.tolist())
    findings = [
        Finding(code, words, str(rows.path), rows.place(row), value[:SHOWN])
        for row, code, words, value in sorted(wrong)
        if row in chosen
    ]
    xyxy[not_read] = np.nan
    image = images.of_row[taken]
    boxes = Boxes(
        image=image,
        annotation_ids=None,
        category=np.full(len(image), -1, dtype=np.int64),
        xyxy=_pixels(xyxy[taken], images.sizes[image], shares=rows.dialect.shares),
        crowd=np.zeros(len(image), dtype=np.bool_),
        difficult=np.zeros(len(image), dtype=np.bool_),
        entry=np.array([rows.at[row] for row in taken.tolist()], dtype=np.int64),
    )
    return TableBoxes(boxes, [labels[row] for row in taken.tolist()], findings)


def _pixels(xyxy: Float, sizes: Float, *, shares: bool) -> Float:
    """Return corners in pixels. NaN if they are shares of an image of unknown size."""
    if not shares:
        return xyxy
    with np.errstate(over="ignore", invalid="ignore"):
        pixels: Float = xyxy * np.tile(sizes, 2)
        return pixels
