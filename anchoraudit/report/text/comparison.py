"""Detectors side by side, as a table for people and for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from anchoraudit.advice.compare import Compared
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.encoding.statuses import NEVER
from anchoraudit.errors import printable
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import OF_DETECTORS, command, without
from anchoraudit.report.text.terminal import columns_of_terminal, facts, steps, table

_FOLDED = 26  # characters by which the names of detectors may become narrower
_SHORTEST = 12  # characters of a line of a folded name


def comparison_json(compared: Sequence[Compared], dataset: Dataset) -> str:
    """Return the comparison as JSON: the data set, and an entry for each detector."""
    return to_json({"dataset": str(dataset.root), "detectors": [one.as_row() for one in compared]})


def comparison_csv(compared: Sequence[Compared]) -> str:
    """Return the comparison as CSV, a row for each detector."""
    rows = [one.as_row() for one in compared]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "detector": printable(row["detector"])} for row in rows)
    return text.getvalue()


def comparison_parts(
    compared: Sequence[Compared], names: Sequence[str], dataset: Dataset, options: Sequence[str]
) -> list[object]:
    """Return the parts of the text report. names: the detectors as the user gave them, presets or files."""
    columns = _columns(compared)
    kept = without(options, "--detector", *OF_DETECTORS)
    lost = [
        (
            one.verdicts["empty_foreground"] + one.verdicts["encoder_error"],
            one.verdicts["forced_only"],
            _never(one),
        )
        for one in compared
    ]
    scan = command("scan", [str(dataset.root)], kept, "--detector", names[lost.index(max(lost))])
    return [
        facts(
            [
                ("read", f"{dataset.root}: {dataset.recognised}"),
                ("", _contents(dataset)),
                ("note", "each detector with its framework's own loader"),
            ]
        ),
        "",
        *_table(columns),
        "",
        *steps("What to do next", [("see which images, and why, under one of them:", scan)]),
    ]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table: its header, a cell for each detector, and what it means, "" if that is plain.

    spare: which columns a narrow terminal goes without, the highest number first; 0: none.
    """

    header: str
    cells: list[str]
    meaning: str = ""
    spare: int = 0

    @property
    def width(self) -> int:
        """Characters of the widest line."""
        return max(map(len, (*self.header.rstrip(">!").splitlines(), *self.cells)))


def _never(one: Compared) -> int:
    return sum(one.statuses[status] for status in NEVER)


def _columns(compared: Sequence[Compared]) -> list[_Column]:
    """Return the columns of the text report. Those in which every detector has 0 are left out."""

    def number(header: str, meaning: str, of: Callable[[Compared], int], **more: int) -> list[_Column]:
        values = [of(one) for one in compared]
        return [_Column(f"{header}>", [f"{n:,}" for n in values], meaning, **more)] if any(values) else []

    def always(header: str, meaning: str, of: Callable[[Compared], int]) -> _Column:
        return _Column(f"{header}>", [f"{of(one):,}" for one in compared], meaning)

    measures = sorted({one.measure for one in compared} - {"IoU", ""})
    other = f" ({' or '.join(measures)} for detectors that match by it)" if measures else ""
    medians = ["-" if one.median_best is None else f"{one.median_best:.3f}" for one in compared]
    median = _Column("median>", medians, f"of the best IoU of usable boxes{other}")
    return [
        _Column("detector!", [one.detector for one in compared]),
        always(
            "empty", "images with usable boxes of which none can be positive", _verdict("empty_foreground")
        ),
        *number("error", "", _verdict("encoder_error")),
        *number("left\nout", "images that the loader drops", _verdict("left_out")),
        *number("forced\nonly", "images positive only by forcing", _verdict("forced_only"), spare=3),
        always("never\ntrained", "boxes that can never be positive, or lose all to other boxes", _never),
        *number("possible", "boxes of which predictions decide", _status("possible")),
        *number("forced", "boxes positive only by forcing", _status("forced")),
        *number("borrowed", "boxes trained only at points outside them", _status("borrowed")),
        *([median] if any(one.median_best is not None for one in compared) else []),
        _Column("cause", [one.cause or "-" for one in compared], "the most common one of unmatched boxes", 2),
        _Column("empty\nmask", [one.on_empty for one in compared], "what it does to the box loss", 1),
    ]


def _verdict(name: str) -> Callable[[Compared], int]:
    return lambda one: one.verdicts[name]


def _status(name: str) -> Callable[[Compared], int]:
    return lambda one: one.statuses[name]


def _table(columns: list[_Column]) -> list[object]:
    """Return the table, as wide as the terminal at most, and what its columns mean.

    Where it is too wide, columns stand closer, then long names are folded, then some columns are left out.
    """
    width, gap = columns_of_terminal(), 2
    if _total(columns, gap) > width:
        gap = 1
    while (spare := max(column.spare for column in columns)) and _total(columns, gap) - width > _FOLDED:
        columns = [column for column in columns if column.spare != spare]
    names = columns[0]
    room = max(names.width - max(_total(columns, gap) - width, 0), _SHORTEST)
    folded = [Text(_folded(printable(name), room)) for name in names.cells]
    rows = zip(folded, *(column.cells for column in columns[1:]), strict=True)
    legend = [
        Text(f"{column.header.rstrip('>').replace(chr(10), ' ')}: {column.meaning}", style="dim")
        for column in columns
        if column.meaning
    ]
    return [table("Detectors", [column.header for column in columns], rows, gap=gap), *legend]


def _total(columns: Sequence[_Column], gap: int) -> int:
    return sum(column.width + gap for column in columns)


def _folded(name: str, room: int) -> str:
    """Fold a name behind a dash or an underscore, so that no line is longer than `room` if possible."""
    lines = [""]
    for part in re.findall(r"[^-_]*[-_]?", name):
        if lines[-1] and len(lines[-1]) + len(part) > room:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _contents(dataset: Dataset) -> str:
    """Say what there is in a data set as it stands, before any loader."""
    usable, image = prepare(dataset).usable, dataset.boxes.image
    has, has_usable = (
        np.bincount(rows, minlength=len(dataset.images)) > 0 for rows in (image, image[usable])
    )
    unknown = np.isnan(dataset.images.width)
    numbers = (
        (~has, "blank"),
        (has & ~has_usable & ~unknown, "with annotations but no usable box"),
        (has & unknown, "of unknown size"),
    )
    others = "".join(f", {int(these.sum()):,} {what}" for these, what in numbers if these.any())
    boxes = words.count(int(usable.sum()), "usable box")
    return f"{boxes} in {words.count(len(dataset.images), 'image')}{others}"
