"""What each remedy rescues under a detector without anchors, as a table for people and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from anchoraudit.advice.rescue import Remedy, Rescue, Sides
from anchoraudit.detectors import preset_names
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import command, value_of, without_detector
from anchoraudit.report.text.terminal import facts, first_lines, steps, table


def rescue_parts(found: Rescue, options: Sequence[str], written: str | None) -> list[object]:
    """Return the parts of the report. options: command-line words. written: the detector file, if any."""
    dataset, detector = found.audit.dataset, found.audit.detector
    read = [("read", f"{dataset.root}: {dataset.recognised}"), ("detector", str(detector))]
    first = first_lines(words.who_judged(found.audit))
    if not found.needed:
        text = "Nothing to fix: every usable box can be trained at its own place"
        fine = Text(f"{text}.", style="bold")
        return [*first, fine, *_sides(found.sides), "", facts(read), *_notes(found.not_read)]
    parts = [*first, *_recommendation(found), "", facts(read), "", *_table(found)]
    parts += _notes([*found.notes, *found.not_read])
    return [*parts, "", *_next(found, options, written)]


def _notes(notes: Sequence[str]) -> list[object]:
    return ["", *(f"note: {note}" for note in notes)] if notes else []


def _table(found: Rescue) -> list[object]:
    rows = found.rows
    shown = {
        "borrowed": any(row.borrowed for row in rows),
        "lost": any(row.lost for row in rows),
        "cut": any(row.cut is not None for row in rows),
    }
    columns = (
        *("remedy", "empty images>", "never trained>"),
        *(("trained elsewhere>",) if shown["borrowed"] else ()),
        "rescued>",
        *(("lost by it>",) if shown["lost"] else ()),
        *(("cut>",) if shown["cut"] else ()),
        "pixels>",
    )
    cells = [
        (
            row.remedy,
            "-" if row.empty is None else f"{row.empty:,}",
            f"{row.never:,}",
            *((f"{row.borrowed:,}",) if shown["borrowed"] else ()),
            f"{row.rescued:,}",
            *((f"{row.lost:,}",) if shown["lost"] else ()),
            *(("-" if row.cut is None else f"{row.cut:,}",) if shown["cut"] else ()),
            f"{row.pixels:.2f}x",
        )
        for row in rows
    ]
    legend = {
        "empty images: with usable boxes, but nothing to train": True,
        "never trained: usable boxes; rescued: boxes that the remedy trains, and now are not": True,
        "trained elsewhere: boxes without a point inside, trained at another place": shown["borrowed"],
        "lost by it: boxes that are trained now, and not with the remedy": shown["lost"],
        "cut: boxes that no tile holds whole": shown["cut"],
        "pixels: how many times as many the network sees in an epoch": True,
    }
    told = [Text(line, style="dim") for line, true in legend.items() if true]
    return [table("What each remedy leaves", columns, cells), *told]


def _recommendation(found: Rescue) -> list[object]:
    now, best = found.rows[0], found.best
    parts: list[object] = []
    if best is None:
        tried = len(found.rows) - 1
        start = f"None of {tried:,} {'remedy' if tried == 1 else 'remedies'} trains more boxes"
        parts.append(Text(f"{start}: {_left(now)}.", style="bold"))
    else:
        most = "trains every box" if not best.left else f"trains the most boxes; {_left(best)}"
        parts.append(Text(f"Recommended: {best.remedy}", style="bold").append(f", {most}.", style=""))
    if found.shadowed:
        lose = words.count(found.shadowed, "box")
        parts.append(
            f"{lose} of these lose all points to other boxes of their image (ANC016 of a scan lists them)"
        )
    return parts + _sides(found.sides)


def _next(found: Rescue, options: Sequence[str], written: str | None) -> list[object]:
    best, dataset = found.best, str(found.audit.dataset.root)
    lines = []
    if best is not None and best.detector is not None:
        kept, name = without_detector(options), best.detector.name
        if best.group == "version":
            chosen = [name]
            if name not in preset_names():
                file = value_of(options, "--detector") or name
                chosen = [file, "--framework-version", best.detector.versions.version]
            lines.append(
                (
                    "confirm it; the rules are those of another version of the package:",
                    command("scan", [dataset], kept, "--detector", *chosen),
                )
            )
        else:
            file = written or "advised.toml"
            if written is None:
                write = command("advise", [dataset], options, "--write-detector", file)
                lines.append(("write it as a detector:", write))
            lines.append(("confirm it:", command("scan", [dataset], kept, "--detector", file)))
    elif best is not None:
        lines.append(
            ("cut the images with SAHI (`sahi coco slice`), and scan the result with this detector", "")
        )
    lines.append(
        ("see this data set under other detectors:", command("compare", [dataset], without_detector(options)))
    )
    return steps("What to do next", lines)


def _left(row: Remedy) -> str:
    """Say what a remedy leaves: `2 boxes stay never trained, 1 is trained elsewhere`."""
    if not row.left:
        return "none is lost"
    never = f"{words.count(row.never, 'box')} {'is' if row.never == 1 else 'are'} never trained"
    is_or_are = "is" if row.borrowed == 1 else "are"
    elsewhere = f"{words.count(row.borrowed, 'box')} {is_or_are} trained at another place"
    return ", ".join(text for text, number in ((never, row.never), (elsewhere, row.borrowed)) if number)


def _sides(sides: Sides | None) -> list[object]:
    """Say how large a box must be drawn to have a point wherever it lies."""
    if sides is None:
        return []
    if len(sides.steps) == 1:
        ((_, side),) = sides.steps
        median, most = (math.ceil(10 * pixels) / 10 for pixels in sides.in_images(side))
        text = (
            f"A box has a point inside wherever it lies if both its sides are above {side:g} px on the input"
        )
        where = f"{median:g} px in most images" if median == most else f"{median:g} px in the median image"
        more = "" if median == most else f", {most:g} px in the largest"
        return [f"{text}: {where}{more}."]
    listed = ", ".join(
        f"{short:g} px if its long side is {'longer' if math.isinf(long) else f'up to {long:g} px'}"
        for long, short in sides.steps
    )
    return [f"A box always has a point inside if its short side, on the input, is above {listed}."]


def rescue_json(found: Rescue) -> str:
    """Return the remedies as JSON."""
    audit = found.audit
    return to_json(
        {
            "dataset": str(audit.dataset.root),
            "detector": audit.detector.name,
            "detector_chosen": audit.detector_chosen,
            "detector_suggested": audit.suggested or None,
            "on_empty": audit.detector.on_empty,
            "needed": found.needed,
            "rows": [_row(row) for row in found.rows],
            "best": None if found.best is None else _row(found.best),
            "shadowed": found.shadowed,
            "sides": None if found.sides is None else _steps(found.sides),
            "notes": [*found.notes, *found.not_read],
        }
    )


def _row(row: Remedy) -> dict[str, Any]:
    return {
        "group": row.group,
        "remedy": row.remedy,
        "empty": row.empty,
        "never_trained": row.never,
        "borrowed": row.borrowed,
        "rescued": row.rescued,
        "lost": row.lost,
        "pixels": row.pixels,
        "tiles": row.tiles,
        "cut": row.cut,
    }


def _steps(sides: Sides) -> list[dict[str, float | None]]:
    return [
        {"long_side": None if math.isinf(long) else long, "short_side": short} for long, short in sides.steps
    ]
