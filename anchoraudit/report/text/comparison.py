"""Detectors side by side, as a table for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anchoraudit.advice.compare import Compared, Comparison, Contents
from anchoraudit.dataset.columns import Dataset
from anchoraudit.encoding.statuses import NEVER
from anchoraudit.errors import printable
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import OF_DETECTORS, command, without
from anchoraudit.report.text.table import Column, Table
from anchoraudit.report.text.terminal import facts, steps, table

_OF_A_NAME = 30  # characters that a line of a name keeps, so that it is broken once at most


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


def comparison_parts(compared: Comparison, names: Sequence[str], options: Sequence[str]) -> list[object]:
    """Return the parts of the text report.

    names: the detectors as the user gave them, presets or files. options: of the run, for the next command.
    """
    dataset = compared.dataset
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
                ("", _contents(compared.contents)),
                ("note", "each detector with its framework's own loader"),
            ]
        ),
        "",
        _table(columns),
        "",
        *steps("What to do next", [("see which images, and why, under one of them:", scan)]),
    ]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table, a cell for each detector, and what it means, "" if that is plain."""

    column: Column
    cells: list[str]
    meaning: str = ""


def _never(one: Compared) -> int:
    return sum(one.statuses[status] for status in NEVER)


def _columns(compared: Sequence[Compared]) -> list[_Column]:
    """Return the columns of the text report. Those in which every detector has 0 are left out."""

    def number(header: str, meaning: str, of: Callable[[Compared], int], spare: int = 0) -> list[_Column]:
        values = [of(one) for one in compared]
        column = Column(header, right=True, spare=spare)
        return [_Column(column, [f"{n:,}" for n in values], meaning)] if any(values) else []

    def always(header: str, meaning: str, of: Callable[[Compared], int]) -> _Column:
        return _Column(Column(header, right=True), [f"{of(one):,}" for one in compared], meaning)

    measures = sorted({one.measure for one in compared} - {"IoU", ""})
    other = f" ({' or '.join(measures)} for detectors that match by it)" if measures else ""
    medians = ["-" if one.median_best is None else f"{one.median_best:.3f}" for one in compared]
    median = _Column(
        Column("median", right=True, spare=5), medians, f"best IoU of the median usable box{other}"
    )
    causes = [one.cause or "-" for one in compared]
    return [
        _Column(Column("detector", least=_OF_A_NAME), [one.detector for one in compared]),
        always(
            "empty", "images with usable boxes, none of which can be positive", _verdict("empty_foreground")
        ),
        *number("error", "images on which the framework raises", _verdict("encoder_error")),
        *number("left out", "images that the loader drops", _verdict("left_out")),
        *number("forced only", "images with forced matches only", _verdict("forced_only"), 4),
        always("never trained", "boxes that can never be positive, or lose all to other boxes", _never),
        *number("possible", "boxes for which the predictions decide", _status("possible"), 1),
        *number("forced", "boxes with forced matches only", _status("forced"), 2),
        *number("borrowed", "boxes trained only at points outside them", _status("borrowed"), 3),
        *([median] if any(one.median_best is not None for one in compared) else []),
        _Column(Column("cause", spare=6, least=9), causes, "the most common one of unmatched boxes"),
        _Column(
            Column("empty mask", spare=7, least=7),
            [one.on_empty for one in compared],
            "its effect on the box loss",
        ),
    ]


def _verdict(name: str) -> Callable[[Compared], int]:
    return lambda one: one.verdicts[name]


def _status(name: str) -> Callable[[Compared], int]:
    return lambda one: one.statuses[name]


def _table(columns: list[_Column]) -> Table:
    """Return the table, and what its columns mean."""
    rows = zip(*(column.cells for column in columns), strict=True)
    meanings = {column.column.header: column.meaning for column in columns}
    shown = [column.column for column in columns]
    return table("Detectors", shown, rows, elsewhere="--output-format csv", meanings=meanings)


def _contents(found: Contents) -> str:
    """Say what there is in a data set as it stands, before any loader."""
    numbers = (
        (found.blank, "blank"),
        (found.unusable, "with annotations but no usable box"),
        (found.unknown, "of unknown size"),
    )
    others = "".join(f", {number:,} {what}" for number, what in numbers if number)
    return f"{words.count(found.usable, 'usable box')} in {words.count(found.images, 'image')}{others}"
