"""Loaders side by side: what each leaves of a data set, as a table for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from anchoraudit.loaders import RAISES, WITH_IMAGE, Loaded
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.terminal import facts, table

_SHOWN = 3  # reasons for each loader in the table; JSON and CSV have all


def _row(one: Loaded) -> dict[str, object]:
    return {
        "loader": one.loader,
        "images": len(one.images),
        "images_dropped": sum(one.dropped_images.values()),
        "images_raising": one.raising,
        "boxes": len(one.boxes),
        "boxes_dropped": sum(one.dropped_boxes.values()),
        "boxes_ignored": one.ignored,
        "boxes_moved": one.moved,
        "why_images": one.dropped_images,
        "why_boxes": one.dropped_boxes,
        "why_moved": one.moves,
    }


def loaders_json(rows: Sequence[Loaded]) -> str:
    """Return the loaders as JSON: the data set with its totals, and an entry for each loader."""
    any_one = rows[0]
    return to_json(
        {
            "dataset": str(any_one.dataset.root),
            "images": any_one.images_before,
            "boxes": any_one.boxes_before,
            "loaders": [_row(one) for one in rows],
        }
    )


def loaders_csv(rows: Sequence[Loaded]) -> str:
    """Return the loaders as CSV, one row each.

    All reasons are in one cell: `no annotation: 3; crowds only: 1`.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_row(rows[0])), lineterminator="\n")
    writer.writeheader()
    for one in rows:
        cells = {
            key: "; ".join(f"{reason}: {number}" for reason, number in value.items())
            if isinstance(value, dict)
            else value
            for key, value in _row(one).items()
        }
        writer.writerow(cells)
    return text.getvalue()


def loaders_parts(rows: Sequence[Loaded]) -> list[object]:
    """Return the parts of the text report. rows: one data set as several loaders leave it."""
    any_one = rows[0]
    dataset = any_one.dataset
    total = f"{words.count(any_one.images_before, 'image')}, {words.count(any_one.boxes_before, 'box')}"
    columns = (
        "loader!",
        "images>",
        "images dropped>",
        "boxes>",
        "boxes dropped>",
        "boxes moved>",
        "main reasons",
    )
    cells = [
        (
            one.loader,
            f"{len(one.images):,}",
            f"{sum(one.dropped_images.values()):,}",
            f"{len(one.boxes):,}",
            f"{sum(one.dropped_boxes.values()):,}",
            f"{one.moved:,}",
            _main_reasons(one),
        )
        for one in rows
    ]
    note = (
        "images and boxes that each loader keeps and drops, and boxes that it moves. Boxes that a framework "
        "ignores count as dropped"
    )
    stops = [("error", one.stop) for one in rows if one.stop]
    return [
        facts([("read", f"{dataset.root}: {dataset.recognised}"), ("", total), ("note", note)]),
        "",
        table("Loaders", columns, cells),
        *(["", facts(stops)] if stops else []),
    ]


def _main_reasons(one: Loaded) -> str:
    """Write `no annotation (3 images), crowd (2 boxes), 1 more`: errors first, then the most frequent."""
    counted = [
        *((reason, number, "image") for reason, number in one.dropped_images.items()),
        *((reason, number, "box") for reason, number in one.dropped_boxes.items() if reason != WITH_IMAGE),
    ]
    counted.sort(key=lambda each: (not each[0].startswith(RAISES), -each[1]))
    shown = [f"{reason} ({words.count(number, noun)})" for reason, number, noun in counted[:_SHOWN]]
    if len(counted) > _SHOWN:
        shown.append(f"{len(counted) - _SHOWN} more")
    return ", ".join(shown) or "-"
