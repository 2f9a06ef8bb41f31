"""Reads the boxes of a table's rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, for_each_block, in_all, in_any
from anchoraudit.boxes import are_finite
from anchoraudit.dataset.columns import Boxes
from anchoraudit.dataset.conventions import XYXY, XYXY_FRACTIONS, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.readings import boxes_of
from anchoraudit.formats._builder import SHOWN, shorten
from anchoraudit.formats.table.columns import Texts
from anchoraudit.formats.table.images import TableImages
from anchoraudit.formats.table.rows import Rows


@dataclass(slots=True)
class TableBoxes:
    """M boxes in the order of the rows, without their classes. labels: their class names, "" for none."""

    boxes: Boxes
    labels: Texts
    findings: list[Finding]


def read_boxes(rows: Rows, images: TableImages) -> TableBoxes:
    """Read the boxes of all rows. A box that cannot be read is NaN, and becomes a finding.

    A row without coordinates and without a class has no box: it names an image without objects. The numbers
    of the rows become those of the boxes, and must not be used any more.
    """
    labels = rows.texts.get("label") or Texts.same("", len(rows))
    names = rows.dialect.box
    numbers = np.empty((len(rows), len(names)))

    def fill(block: slice) -> None:
        for place, name in enumerate(names):
            numbers[block, place] = rows.numbers[name].values[block]

    for_each_block(len(rows), fill)
    for place, name in enumerate(names):  # of many rows, both would be much
        rows.numbers[name] = replace(rows.numbers[name], values=numbers[:, place])
    columns = [rows.numbers[name] for name in names]
    broken = np.zeros(len(rows), dtype=np.bool_)
    broken[rows.broken] = True
    unlabelled = labels.are("")
    # The others have all of their numbers.
    odd = np.flatnonzero(~are_finite(numbers) | broken)
    of_odd = [column.take(odd) for column in columns]
    empty = np.column_stack([column.empty for column in of_odd])
    absent: Bool = np.logical_and.reduce([column.is_absent() for column in of_odd])
    empty[absent] = True
    is_absent, is_taken = np.zeros(len(rows), dtype=np.bool_), images.of_row >= 0
    is_absent[odd[absent]] = True
    is_taken[odd[in_all(empty) & unlabelled[odd] & ~broken[odd]]] = False
    taken = np.flatnonzero(is_taken)
    wrong = [
        (row, "PAR004", f"{name} is {shorten(value)}, not a number", str(value))
        for name, column in zip(names, columns, strict=True)
        for row, value in column.odd.items()
        if not is_absent[row]
    ]
    # If a row has more or fewer fields than the header, its numbers are in the wrong columns.
    numbers[broken] = np.nan
    lacking = np.flatnonzero(in_any(empty) & ~broken[odd])
    for row, without in zip(odd[lacking].tolist(), empty[lacking].tolist(), strict=True):
        if is_taken[row]:
            missing = [name for name, is_missing in zip(names, without, strict=True) if is_missing]
            wrong.append((row, "PAR003", f"the row lacks {', '.join(missing)}", ""))
    not_read = broken.copy()
    not_read[odd[lacking]] = True
    not_read[[row for row, *_ in wrong]] = True
    wrong += [
        (row, "BOX001", "a coordinate is not finite", ", ".join(f"{v:g}" for v in numbers[row].tolist()))
        for row in odd[~not_read[odd] & is_taken[odd]].tolist()
    ]
    if "label" in rows.texts:
        wrong += [
            (row, "PAR003", "the row names no class", "")
            for row in np.flatnonzero(unlabelled & ~broken & is_taken).tolist()
        ]
    findings = [
        Finding(code, words, str(rows.path), rows.place(row), value[:SHOWN])
        for row, code, words, value in sorted(wrong)
        if is_taken[row]
    ]
    numbers[not_read] = np.nan
    every = len(taken) == len(rows)  # then there is no need for copies
    chosen = slice(None) if every else taken
    image = images.of_row[chosen]
    own = numbers if every else numbers.take(taken, axis=0)
    boxes = Boxes(
        image=image,
        annotation_ids=None,
        category=np.full(len(image), -1, dtype=np.int64),
        xyxy=_pixels(own, images.sizes, image, rows.dialect.convention),
        crowd=np.zeros(len(image), dtype=np.bool_) if rows.crowd is None else rows.crowd[chosen],
        difficult=np.zeros(len(image), dtype=np.bool_),
        entry=rows.at[chosen],
    )
    return TableBoxes(boxes, labels if every else labels.take(taken), findings)


def _pixels(numbers: Float, sizes: Float, image: Int, convention: Convention) -> Float:
    """Return corners in pixels. NaN if they are shares of an image of unknown size."""
    if convention == XYXY:
        return numbers
    own = sizes[image]
    if convention == XYXY_FRACTIONS:
        with np.errstate(over="ignore", invalid="ignore"):
            pixels: Float = numbers * np.tile(own, 2)
            return pixels
    return boxes_of(numbers, own, convention)
