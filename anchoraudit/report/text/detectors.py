"""Detectors for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.toml_text import to_toml
from anchoraudit.errors import inert, printable

_MEANING = (
    ("empty mask", "what an image, or a batch, with nothing positive does to training:"),
    ("", "nan: the box loss is NaN, and soon every weight"),
    ("", "zero: the box loss is 0"),
    ("", "skipped: the image teaches nothing, not even as background"),
    ("can end empty", "whether an image with usable boxes can end with nothing positive"),
)
_COLUMNS = ("name", "framework", "empty_mask", "can_end_empty", "empty_when", "on_empty")


def about(detector: Detector) -> dict[str, Any]:
    """Return what an empty mask does to training with this detector, and whether and when masks are empty."""
    return {
        "empty_mask": detector.loss.outcome,
        "can_end_empty": detector.can_end_empty,
        "empty_when": detector.empty_when,
        "on_empty": detector.on_empty,
    }


def list_parts(named: Sequence[tuple[str, Detector]]) -> list[object]:
    """Return the table of presets, and what its columns mean."""
    from anchoraudit.report.text.table import Column
    from anchoraudit.report.text.terminal import facts, table

    columns = (
        Column("name", whole=True),
        Column("empty mask"),
        Column("can end empty"),
        Column("framework", spare=1, least=24),
    )
    rows = [
        (name, detector.loss.outcome, "yes" if detector.can_end_empty else "no", detector.framework)
        for name, detector in named
    ]
    listed = table(f"Detectors ({len(named)})", columns, rows, elsewhere="--output-format csv")
    return [listed, "", facts(_MEANING)]


def list_json(named: Iterable[tuple[str, Detector]]) -> str:
    """Return a JSON array with an object for each preset."""
    from anchoraudit.report.as_json import to_json

    return to_json([_row(name, detector) for name, detector in named])


def list_csv(named: Iterable[tuple[str, Detector]]) -> str:
    """Return CSV with a row for each preset; booleans are `yes` or `no`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for name, detector in named:
        row = _row(name, detector)
        writer.writerow({**row, "can_end_empty": "yes" if row["can_end_empty"] else "no"})
    return buffer.getvalue()


def _row(name: str, detector: Detector) -> dict[str, Any]:
    return {"name": name, "framework": detector.framework, **about(detector)}


def show_json(detector: Detector) -> str:
    """Return the detector with the keys of a detector file, and what an empty mask does."""
    from anchoraudit.report.as_json import to_json

    return to_json({"detector": msgspec.to_builtins(detector), **about(detector)})


def show_toml(detector: Detector) -> str:
    """Return the detector as TOML; comments below it say when a mask ends empty and what that does."""
    when = f"ends empty when {detector.empty_when}" if detector.can_end_empty else "never ends empty"
    remarks = (f"An image with usable boxes {when}.", f"With it, {detector.on_empty}.")
    text = to_toml(detector) + "\n" + "".join(f"# {printable(text)}\n" for text in remarks)
    return inert(text, r"\u003a", r"\u0023")  # as TOML escapes them
