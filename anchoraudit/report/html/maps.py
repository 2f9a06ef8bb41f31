"""The trainability map as a table: detectors in rows, input sizes in columns, what is lost in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anchoraudit.advice.trainability import FACTORS, Cell, Row, Trainability
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, without, without_detector

_MEANING = {
    "edge": "the anchors that fit leave the image and are ignored",
    "stride": "no anchor or point is close enough: the grid is too coarse",
    "level": "a point lies inside, but on a level for boxes of another size",
    "unused": "the anchor that fits is on no level",
    "small": "too small for every anchor",
    "large": "too large for every anchor",
    "elongated": "longer or thinner than every anchor",
    "shadowed": "other boxes of the image take all its points",
    "not handed over": "the loader or the model drops it",
    "the framework stops": "it raises an error at that image, or its loss becomes NaN",
}
_NAMES = ("half", "three quarters", "size as set", "1.5 times", "2 times", "3 times")
_NAME = 120  # characters of a name


def map_of(
    found: Trainability,
    dataset: Dataset,
    options: Sequence[str],
    present: str | None,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the map for the template and the script.

    present: the name of the detector that was audited. names: the detectors as the user named them, presets
    or files; by default by their own names.
    """
    cells, named = _Cells(found, dataset, options), names or [row.detector for row in found.rows]
    return {
        "columns": _NAMES,
        "rows": [
            cells.row(row, name, present=row.detector == present)
            for row, name in zip(found.rows, named, strict=True)
        ],
        "sentence": _sentence(found, present),
        "boxes": found.boxes,
        "images": found.images,
    }


@dataclass(frozen=True, slots=True)
class _Cells:
    """Writes the cells of a map. options: command-line words of the run."""

    found: Trainability
    dataset: Dataset
    options: Sequence[str]

    def row(self, row: Row, name: str, *, present: bool) -> dict[str, Any]:
        """Return one detector. name: as `--detector` takes it. present: it is the one that was audited."""
        own = self.options if present else [*without_detector(self.options), "--detector", name]
        cells = [
            None if cell is None else self.cell(cell, own, resized=factor != 1.0)
            for factor, cell in zip(FACTORS, row.cells, strict=True)
        ]
        return {"name": _name(row.detector), "loader": row.loader, "present": present, "cells": cells}

    def cell(self, cell: Cell, own: Sequence[str], *, resized: bool) -> dict[str, Any]:
        """Return one cell. own: command-line words for its detector. resized: not at its own input size."""
        found, images = self.found, self.dataset.images
        size = ["--input-size", cell.size] if resized else []
        words_of_run = without(own, "--input-size") if resized else own
        return {
            "size": cell.size,
            "boxes": cell.boxes,
            "images": cell.images,
            "box_share": _share(cell.boxes, found.boxes),
            "image_share": _share(cell.images, found.images),
            "box_text": words.share(cell.boxes, found.boxes),
            "image_text": words.share(cell.images, found.images),
            "why": [[why, number, _MEANING[why]] for why, number in cell.why.items()],
            "worst": [
                [_name(images.file_names[one.row] or images.ids[one.row]), one.lost, one.of, one.why]
                for one in cell.worst
            ],
            "command": command("scan", [str(self.dataset.root)], words_of_run, *size),
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 5) if whole else 0.0


def _sentence(found: Trainability, present: str | None) -> str:
    """Say what was judged, and how the present detector compares with the others at their own sizes."""
    judged = f"all {words.count(found.total, 'image')}"
    if found.judged < found.total:
        judged = (
            f"{found.judged:,} of {found.total:,} images, taken at random, so shares are right to about "
            "half a percent"
        )
    text = f"Each detector with its own loader, judged on {judged}."
    at_own = {row.detector: row.cells[FACTORS.index(1.0)] for row in found.rows}
    own = at_own.get(present or "")
    if own is None:
        return text
    others = [cell for name, cell in at_own.items() if cell is not None and name != present]
    if not own.boxes:
        return f"{text} {present} can train every box at the size that is set."
    fewer = int(np.count_nonzero([cell.boxes < own.boxes for cell in others]))
    return (
        f"{text} At the size that is set, {present} can never train {own.boxes:,} of {found.boxes:,} boxes "
        f"({words.share(own.boxes, found.boxes)}); {fewer} of the {len(others)} others lose fewer."
    )


def _name(text: object) -> str:
    return shortened(printable(text), _NAME)
