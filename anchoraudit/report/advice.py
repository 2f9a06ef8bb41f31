"""What each remedy would do, as tables for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from anchoraudit.advising import Advice, Row
from anchoraudit.causes import MEANING
from anchoraudit.report import words
from anchoraudit.report.commands import command
from anchoraudit.report.machine import to_json
from anchoraudit.report.terminal import facts, steps, table
from anchoraudit.risk import Risk


def advice_parts(advice: Advice, options: Sequence[str], written: str | None) -> list[object]:
    """Parts of the report; options: command-line words of the run. written: the detector file, if any."""
    dataset, detector = advice.audit.dataset, advice.audit.detector
    parts: list[object] = [
        facts(
            [
                ("read", f"{dataset.root}: {dataset.recognised}"),
                ("detector", str(detector)),
                ("", detector.loss.on_empty),
            ]
        ),
        "",
    ]
    if not advice.needed:
        return [*parts, Text(f"Nothing to advise on: {_fine(advice.rows[0])}.", style="bold")]
    parts += [_table(advice.rows), ""]
    if any(risk.expected for row in advice.rows for risk in row.risks):
        parts += [_risks(advice.rows), ""]
    parts += [f"note: {note}" for note in advice.notes] + ([""] if advice.notes else [])
    return parts + _verdict(advice, options, written)


def _fine(row: Row) -> str:
    return f"all {words.count(row.images, 'image')} have foreground, and every usable box is matched"


def _table(rows: Sequence[Row]) -> object:
    columns = ("remedy", "empty>", "blank>", "unmatched>", "lost images>", "lost boxes>", "network survives")
    return table(
        "Images without foreground (of them without a usable box), unmatched boxes, and what is lost",
        columns,
        [
            (
                row.remedy,
                f"{row.empty:,}",
                f"{row.blank:,}",
                f"{row.unmatched:,}",
                f"{row.images_lost:,}",
                f"{row.boxes_lost:,}",
                _survives(row),
            )
            for row in rows
        ],
    )


def _survives(row: Row) -> str:
    """`yes`, `no`, or from which of the batch sizes on; and that images teach nothing, where they do not."""
    safe = row.survives
    if len(safe) == len(row.risks):
        idle = f", {words.count(row.idle, 'image')} teach nothing" if row.idle else ""
        return f"yes{idle}"
    return f"in batches of {', '.join(map(str, safe))} only" if safe else "no"


def _risks(rows: Sequence[Row]) -> object:
    sizes = [risk.batch_size for risk in rows[0].risks]
    return table(
        "NaN steps expected an epoch (and the chance of at least one), by batch size; none with the others",
        ("remedy", *(f"{size}>" for size in sizes)),
        [(row.remedy, *map(_risk, row.risks)) for row in rows if any(risk.expected for risk in row.risks)],
    )


def _risk(risk: Risk) -> str:
    if not risk.expected:
        return "0"
    if 0.005 <= risk.chance <= 0.995:
        return f"{_figure(risk.expected)} ({100 * risk.chance:.0f} %)"
    return f"{_figure(risk.expected)} ({'~0' if risk.chance < 0.5 else '~100'} %)"


def _figure(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 100 else f"{expected:.2g}"


def _verdict(advice: Advice, options: Sequence[str], written: str | None) -> list[object]:
    best, dataset = advice.best or advice.nearest, str(advice.audit.dataset.root)
    if best is None:
        text = "No image with usable boxes is without foreground"
        if blank := advice.rows[0].blank:
            text += f", and of {words.count(blank, 'image')} without one no encoder makes any: guard the loss"
        return [Text(f"{text}.", style="bold")]
    if advice.best is not None:
        text = f"Cheapest of {advice.tried:,} tried that leaves no image with boxes empty: {best.remedy}"
    else:
        text = (
            f"None of {advice.tried:,} combinations leaves no image with boxes empty; nearest: {best.remedy} "
            f"({words.count(best.with_boxes, 'image')} left)"
        )
    parts: list[object] = [Text(text, style="bold")]
    left = f"{best.unmatched:,} usable boxes stay unmatched"
    if best.blank:
        left += (
            f"; {words.count(best.blank, 'image')} without a usable box stay empty: guard the loss, or filter"
        )
    parts += [left]
    if advice.causes:
        why = "; ".join(f"{name}: {n:,} ({MEANING[name]})" for name, n in advice.causes.items())
        parts += [f"why: {why}"]
    file = written or "advised.toml"
    lines = []
    if written is None:
        lines.append(
            ("write it as a detector:", command("advise", [dataset], options, "--write-detector", file))
        )
    lines.append(("confirm it:", command("scan", [dataset], _without_detector(options), "--detector", file)))
    return [*parts, "", *steps("What to do next", lines)]


_OF_DETECTOR = (
    "--detector",
    "--positive-iou",
    "--negative-iou",
    "--allowed-border",
    "--input-size",
    "--anchors",
)


def _without_detector(options: Sequence[str]) -> list[str]:
    """Options but those that name or change the detector: the file holds all of them."""
    from anchoraudit.report.commands import without

    left = list(options)
    for name in _OF_DETECTOR:
        left = without(left, name)
    return left


def advice_json(advice: Advice) -> str:
    """Return the advice as JSON."""
    return to_json(
        {
            "dataset": str(advice.audit.dataset.root),
            "detector": advice.audit.detector.name,
            "on_empty": advice.audit.detector.loss.on_empty,
            "needed": advice.needed,
            "rows": [_row(row) for row in advice.rows],
            "combinations_tried": advice.tried,
            "best": None if advice.best is None else _row(advice.best),
            "nearest": None if advice.nearest is None else _row(advice.nearest),
            "causes": advice.causes,
            "notes": advice.notes,
        }
    )


def _row(row: Row) -> dict[str, Any]:
    return {
        "group": row.group,
        "remedy": row.remedy,
        "images": row.images,
        "empty": row.empty,
        "blank": row.blank,
        "unmatched": row.unmatched,
        "images_lost": row.images_lost,
        "boxes_lost": row.boxes_lost,
        "teach_nothing": row.idle,
        "survives": row.survives,
        "risks": [
            {
                "batch_size": risk.batch_size,
                "steps": risk.steps,
                "expected": risk.expected,
                "chance": risk.chance,
            }
            for risk in row.risks
        ],
    }
