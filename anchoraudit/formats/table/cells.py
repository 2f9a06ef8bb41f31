"""Cells of a table that hold more than one number or word, and words that stand for nothing.

A box in one cell, `[x, y, w, h]`; AutoML's vertices, of which some are empty; classes that say that there is
no object; codes of classes that a file beside the table describes. Readers take the columns as they are, and
end with `interpreted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import shorten
from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.descriptions import descriptions_beside
from anchoraudit.formats.table.names import CORNERS, LIST, PAIRS
from anchoraudit.formats.table.rows import Rows

_NONE = frozenset(["", "[]", "nan", "none", "null", "no_box", "()"])
_BRACKETS = re.compile(r"[\[\](){},;]")
_TRUE = frozenset(["true", "yes", "t", "y"])


def interpreted(rows: Rows) -> Rows:
    """Return rows with four numbers for each box, and "" for the class of a row that has none."""
    if any(column.has_commas for column in rows.numbers.values()):
        rows.notes.append("numbers such as 0,5 are read with a decimal comma, as 0.5")
    if LIST in rows.texts:
        rows = _with_lists(rows)
    if PAIRS[0] in rows.numbers:
        rows = _with_corners(rows)
    if (split := rows.texts.get("split")) is not None and PAIRS[0] in rows.dialect.at:
        rows.texts["split"] = replace_names(split, str.lower)
    if "crowd" in rows.numbers:
        rows.crowd = _are_true(rows.numbers.pop("crowd"))
    if "label" in rows.texts:
        _leave_out_nothing(rows)
    if rows.dialect.codes_classes and (described := descriptions_beside(rows.path)) is not None:
        names = described.names
        rows.texts["label"] = replace_names(rows.texts["label"], lambda code: names.get(code, code))
        rows.notes.append(f"class names from {described.path}")
    return rows


def replace_names(texts: Texts, change: Any) -> Texts:
    """Return texts with each distinct one changed."""
    return Texts.of_codes(texts.codes, [change(name) for name in texts.names])


def fours_of(values: Iterable[Any]) -> tuple[Float, Bool, Bool]:
    """Return boxes in single cells: lists of four numbers, or a text of them.

    float64 [M, 4], NaN where there is none; bool [M], where nothing is written; bool [M], where something
    else is.
    """
    cells = list(values)
    found = np.full((len(cells), 4), np.nan)
    empty, broken = (np.zeros(len(cells), dtype=np.bool_) for _ in range(2))
    for row, value in enumerate(cells):
        cell = value
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in _NONE):
            empty[row] = True
            continue
        if isinstance(cell, str):
            cell = _BRACKETS.sub(" ", cell).split()
        try:
            if isinstance(cell, dict) or len(cell) != 4:
                raise ValueError
            found[row] = list(map(float, cell))
        except (TypeError, ValueError, OverflowError):
            found[row], broken[row] = np.nan, True
    return found, empty, broken


def with_fours(rows: Rows, found: Float, empty: Bool, broken: Bool, shown: Sequence[Any]) -> Rows:
    """Return rows with the numbers of boxes in single cells, as `fours_of` returns them.

    shown: what is written in each cell.
    """
    names = rows.dialect.box
    numbers = {name: Numbers(found[:, i], empty.copy()) for i, name in enumerate(names)}
    own = np.zeros(len(rows), dtype=np.bool_)
    own[rows.broken] = True
    wrong = np.flatnonzero(broken & ~own).tolist()
    words = f"{LIST} is not a list of four numbers"
    findings = [
        Finding("PAR003", words, str(rows.path), rows.place(row), shorten(shown[row])) for row in wrong
    ]
    return replace(
        rows,
        numbers={**rows.numbers, **numbers},
        broken=np.flatnonzero(own | broken),
        findings=[*rows.findings, *findings],
    )


def _with_lists(rows: Rows) -> Rows:
    cells = rows.texts[LIST]
    found, empty, broken = fours_of(cells.names)
    rows = replace(rows, texts={name: own for name, own in rows.texts.items() if name != LIST})
    codes = cells.codes
    return with_fours(rows, found[codes], empty[codes], broken[codes], _Shown(cells))


class _Shown(Sequence[Any]):
    """Texts of rows, as a sequence."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, row: Any) -> Any:
        return self._texts[row]


def _with_corners(rows: Rows) -> Rows:
    """Return rows with the box around their vertices, which may be two or four."""
    pairs = [rows.numbers[name] for name in PAIRS]
    numbers = {name: own for name, own in rows.numbers.items() if name not in PAIRS}
    for axis in (0, 1):
        own = pairs[axis::2]
        values = np.column_stack([each.values for each in own])
        empty = np.column_stack([each.empty for each in own])
        odd = {row: value for each in own for row, value in each.odd.items()}
        few = np.count_nonzero(~empty, axis=1) < 2  # one vertex is no box
        low, high = np.where(empty, np.inf, values), np.where(empty, -np.inf, values)
        for name, edge in ((CORNERS[axis], low.min(axis=1)), (CORNERS[axis + 2], high.max(axis=1))):
            edge[few] = np.nan
            numbers[name] = Numbers(edge, few, odd if name == CORNERS[axis] else {})
    return replace(rows, numbers=numbers)


def _are_true(flags: Numbers) -> Bool:
    """Tell which flags are set: 1, or a word for it. -1 is unknown."""
    with np.errstate(invalid="ignore"):
        true: Bool = flags.values > 0
    for row, value in flags.odd.items():
        true[row] = str(value).strip().lower() in _TRUE
    return true


def _leave_out_nothing(rows: Rows) -> None:
    """Take the class away from rows without a box whose class says that there is no object."""
    labels = rows.texts["label"]
    means_nothing = np.array(
        [bool(name) and name.lower() in rows.dialect.nothing for name in labels.names], dtype=np.bool_
    )
    if not means_nothing.any() or not all(name in rows.numbers for name in rows.dialect.box):
        return
    absent = np.logical_and.reduce([rows.numbers[name].is_absent() for name in rows.dialect.box])
    at = np.flatnonzero(absent & means_nothing[labels.codes])
    if len(at):
        codes = labels.codes.copy()
        codes[at] = len(labels.names)
        rows.texts["label"] = Texts.of_codes(codes, [*labels.names, ""])
