"""What `advise` and `compare` found, as tables of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anchoraudit.advice.advise import Advice
from anchoraudit.advice.compare import Compared
from anchoraudit.advice.rescue import Rescue
from anchoraudit.encoding.statuses import NEVER
from anchoraudit.report import words
from anchoraudit.report.html.figure import Table
from anchoraudit.report.text.commands import command, without_detector


@dataclass(frozen=True, slots=True)
class Remedies:
    """What each remedy leaves. sentence: the recommendation. legend: what the columns mean."""

    sentence: str
    table: Table | None
    legend: Sequence[str]
    notes: Sequence[str]
    commands: Sequence[tuple[str, str]]


def remedies(advice: Advice | Rescue, options: Sequence[str]) -> Remedies:
    """Return the remedies that `advise` or `rescue` replayed, the best one first in words."""
    return _of_points(advice, options) if isinstance(advice, Rescue) else _of_anchors(advice, options)


def _of_anchors(advice: Advice, options: Sequence[str]) -> Remedies:
    now, best = advice.rows[0], advice.best or advice.nearest
    if not advice.needed:
        every = words.count(now.images, "image")
        text = f"Nothing to fix: all {every} have foreground, and every box is matched."
        return Remedies(text, None, (), advice.notes, ())
    rows = list(advice.rows)
    if best is not None and all(row.changes != best.changes for row in rows):
        rows.append(best)
    risky = any(risk.expected for row in rows for risk in row.risks)
    sizes = [risk.batch_size for risk in now.risks] if risky else []
    head = ["remedy", "empty images", "of them blank", "unmatched boxes", "images lost", "boxes lost"]
    head += [f"chance of NaN, batch {size}" for size in sizes]
    listed = [
        (
            row.remedy,
            *(f"{n:,}" for n in (row.empty, row.blank, row.unmatched, row.images_lost, row.boxes_lost)),
            *(words.percent(risk.chance) for risk in row.risks if risky),
        )
        for row in rows
    ]
    legend = [
        "Empty images have no positive anchor; blank ones have no usable box, so no setting helps them.",
        *(["Chance of NaN: that an epoch at this batch size has at least one."] if risky else []),
    ]
    if best is None:
        tried = words.count(advice.tried, "combination")
        text = f"None of {tried} tried helps: guard the loss, or drop the images."
    elif advice.best is not None:
        text = (
            f"Recommended: {best.remedy}. It is the cheapest of {advice.tried:,} tried that leaves no image "
            f"with boxes empty; {words.count(best.unmatched, 'box')} stay unmatched."
        )
    else:
        text = (
            f"No combination of {advice.tried:,} helps every image. Best: {best.remedy}; "
            f"{words.count(best.with_boxes, 'image')} with boxes stay empty."
        )
    return Remedies(
        text, Table(head, listed), legend, advice.notes, _commands(advice, options, best is not None)
    )


def _of_points(found: Rescue, options: Sequence[str]) -> Remedies:
    if not found.needed:
        text = "Nothing to fix: every usable box can be trained at its own place."
        return Remedies(text, None, (), found.notes, ())
    head = ("remedy", "empty images", "never trained", "trained elsewhere", "rescued", "lost by it", "pixels")
    rows = [
        (
            row.remedy,
            "-" if row.empty is None else f"{row.empty:,}",
            *(f"{n:,}" for n in (row.never, row.borrowed, row.rescued, row.lost)),
            f"{row.pixels:.2f}x",
        )
        for row in found.rows
    ]
    legend = (
        "Rescued: boxes that only the remedy trains. Lost by it: boxes that are trained now only.",
        "Pixels: how many times as many the network sees in an epoch.",
    )
    best = found.best
    text = (
        "No remedy tried trains more boxes."
        if best is None
        else f"Recommended: {best.remedy}. {words.count(best.never, 'box')} would still never be trained."
    )
    has_detector = best is not None and best.detector is not None
    return Remedies(text, Table(head, rows), legend, found.notes, _commands(found, options, has_detector))


def _commands(advice: Advice | Rescue, options: Sequence[str], has_detector: bool) -> list[tuple[str, str]]:
    """Return how to write the advised detector, and how to confirm it."""
    if not has_detector:
        return []
    dataset, file = str(advice.audit.dataset.root), "advised.toml"
    return [
        ("Write it as a detector:", command("advise", [dataset], options, "--write-detector", file)),
        ("Confirm it:", command("scan", [dataset], without_detector(options), "--detector", file)),
    ]


def comparison(compared: Sequence[Compared]) -> Table:
    """Return what each detector makes of the data set, with its own loader."""
    head = (
        *("detector", "ok", "forced only", "empty", "error", "left out", "boxes never trained"),
        *("median best IoU", "most common cause", "an empty mask"),
    )
    rows = [
        (
            one.detector,
            *(
                f"{one.verdicts[name]:,}"
                for name in ("ok", "forced_only", "empty_foreground", "encoder_error", "left_out")
            ),
            f"{sum(one.statuses[status] for status in NEVER):,}",
            "-" if one.median_best is None else f"{one.median_best:.3f}",
            one.cause or "-",
            one.on_empty,
        )
        for one in compared
    ]
    return Table(head, rows)
