"""Detectors side by side, as a table for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from anchoraudit.advice.compare import Compared
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.errors import printable
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import OF_DETECTORS, command, without
from anchoraudit.report.text.terminal import facts, steps, table


def _row(one: Compared) -> dict[str, object]:
    return {
        "detector": one.detector,
        "images": one.images,
        **one.verdicts,
        "usable": one.usable,
        **one.statuses,
        "median_best_iou": one.median_best,
        "measure": one.measure,
        "cause": one.cause,
        "on_empty": one.on_empty,
    }


def comparison_json(compared: Sequence[Compared], dataset: Dataset) -> str:
    """Return the comparison as JSON: the data set, and an entry for each detector."""
    return to_json({"dataset": str(dataset.root), "detectors": [_row(one) for one in compared]})


def comparison_csv(compared: Sequence[Compared]) -> str:
    """Return the comparison as CSV, a row for each detector."""
    rows = [_row(one) for one in compared]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "detector": printable(row["detector"])} for row in rows)
    return text.getvalue()


def comparison_parts(
    compared: Sequence[Compared], names: Sequence[str], dataset: Dataset, options: Sequence[str]
) -> list[object]:
    """Return the parts of the text report. names: the detectors as the user gave them, presets or files."""
    shown = [
        (name, verdict)
        for name, verdict in (("error", "encoder_error"), ("left out", "left_out"))
        if any(one.verdicts[verdict] for one in compared)
    ]
    columns = (
        "detector!",
        "empty>",
        *(f"{name}>" for name, _ in shown),
        "forced only>",
        "unmatched>",
        "forced>",
        "median>",
        "cause",
        "empty mask",
    )
    rows = [
        (
            one.detector,
            f"{one.verdicts['empty_foreground']:,}",
            *(f"{one.verdicts[verdict]:,}" for _, verdict in shown),
            f"{one.verdicts['forced_only']:,}",
            f"{one.statuses['unmatched']:,}",
            f"{one.statuses['forced']:,}",
            "-" if one.median_best is None else f"{one.median_best:.3f}",
            one.cause or "-",
            one.on_empty,
        )
        for one in compared
    ]
    measures = sorted({one.measure for one in compared} - {"IoU"})
    note = (
        "each detector with its framework's own loader: images that end empty (usable boxes, no positive "
        "anchor) or are positive only by forcing; boxes unmatched or forced; median of their best IoU"
        + (f" ({' or '.join(measures)} for detectors that match by it)" if measures else "")
    )
    kept = without(options, "--detector", *OF_DETECTORS)
    lost = [
        (one.verdicts["empty_foreground"] + one.verdicts["encoder_error"], one.verdicts["forced_only"])
        for one in compared
    ]
    scan = command("scan", [str(dataset.root)], kept, "--detector", names[lost.index(max(lost))])
    return [
        facts([("read", f"{dataset.root}: {dataset.recognised}"), ("", _contents(dataset)), ("note", note)]),
        "",
        table("Detectors", columns, rows),
        "",
        *steps("What to do next", [("see which images, and why, under one of them:", scan)]),
    ]


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
