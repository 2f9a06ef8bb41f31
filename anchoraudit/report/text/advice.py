"""What each remedy would do, as tables for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from anchoraudit.advice.advise import Advice, Row
from anchoraudit.auditing.risk import Risk
from anchoraudit.encoding.causes import MEANING
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import command, without_detector
from anchoraudit.report.text.table import Column
from anchoraudit.report.text.terminal import facts, first_lines, steps, table


def advice_parts(advice: Advice, options: Sequence[str], written: str | None) -> list[object]:
    """Return the parts of the report: the recommendation, then what each remedy would do.

    options: command-line words. written: the detector file, if any.
    """
    dataset, detector = advice.audit.dataset, advice.audit.detector
    parts: list[object] = list(first_lines(words.who_judged(advice.audit)))
    read = facts(
        [
            ("read", f"{dataset.root}: {dataset.recognised}"),
            ("detector", str(detector)),
            ("", detector.on_empty),
        ]
    )
    if not advice.needed:
        fine = Text(f"Nothing to fix: {_fine(advice.rows[0], advice.forced)}.", style="bold")
        return [*parts, fine, "", read, *_notes(advice.not_read)]
    parts += [
        *_recommendation(advice),
        "",
        read,
        "",
        *_table(advice),
        *_notes([*advice.notes, *advice.not_read]),
    ]
    return parts + _next(advice, options, written)


def _notes(notes: Sequence[str]) -> list[object]:
    return ["", *(f"note: {note}" for note in notes)] if notes else []


def _fine(row: Row, forced: int) -> str:
    how = f"is matched ({forced:,} by a forced match only)" if forced else "is matched"
    return f"all {words.count(row.images, 'image')} have foreground, and every usable box {how}"


def _table(advice: Advice) -> list[object]:
    """Return one row for each remedy, or for several that do the same.

    A column for each batch size, if any remedy leaves a risk of NaN.
    """
    rows = list(advice.rows)
    if advice.best is not None and all(row.changes != advice.best.changes for row in rows):
        rows.append(advice.best)
    risky = any(risk.expected for row in rows for risk in row.risks)
    sizes = [risk.batch_size for risk in rows[0].risks] if risky else []
    columns = (
        Column("remedy", least=20),
        *(Column(header, right=True) for header in ("empty (blank)", "unmatched")),
        *(Column(f"{what} lost", right=True, spare=n) for n, what in enumerate(("images", "boxes"), 1)),
        *(Column(f"B={size}", right=True, spare=spare) for size, spare in _spare(sizes)),
        Column("survives", least=8),
    )
    cells: list[tuple[str, ...]] = []
    for before, row in zip([None, *rows], rows, strict=False):
        values = (
            f"{row.empty:,} ({row.blank:,})",
            f"{row.unmatched:,}",
            f"{row.images_lost:,}",
            f"{row.boxes_lost:,}",
            *(_risk(risk) for risk in row.risks if risky),
            _survives(row),
        )
        name = _short(row, before)
        if cells and cells[-1][1:] == values and (both := _range(cells[-1][0], name)):
            name = both
            cells.pop()
        cells.append((name, *values))
    listed = [(Text(name), *values) for name, *values in cells]
    title = "What each remedy leaves and loses"
    return [
        table(title, columns, listed, elsewhere="--output-format json"),
        *_legend(advice, risky=risky),
    ]


def _spare(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return each batch size and when a narrow terminal goes without it: that of 2, or the first, stays."""
    kept = 2 if 2 in sizes else next(iter(sizes), 0)
    return [(size, 0 if size == kept else number) for number, size in enumerate(sizes, 3)]


def _range(first: str, last: str) -> str:
    """Write `border 16 px to off` for remedies that do the same; "" if they change different things."""
    old, new = first.split(" to ", maxsplit=1)[0].split(" "), last.split(" ")
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    if not any(word and word != "and" for word in old[:same]) or same == len(new):
        return ""
    return f"{' '.join(old)} to {' '.join(new[same:])}"


def _short(row: Row, before: Row | None) -> str:
    """Say what the row changes; after a row with the same beginning, only what it adds."""
    start = f"{before.remedy.split(', ')[0]}, " if before and before.changes else "\0"
    if len(row.changes) > 1 and row.remedy.startswith(start):
        return f"  and {row.remedy.removeprefix(start)}"
    return row.remedy


def _legend(advice: Advice, *, risky: bool) -> list[object]:
    lines = ["empty: images without a positive anchor; blank: those of them without a usable box"]
    if risky:
        what = "images with a NaN loss" if any(r.per_image for r in advice.rows[0].risks) else "NaN steps"
        lines += [
            f"B=2: expected {what} per epoch at batch size 2, and the chance of at least one",
            "survives: the batch sizes at which no step can be NaN",
        ]
    if any(row.idle for row in advice.rows):
        lines.append("where training survives, empty images still teach nothing about boxes")
    return [Text(line, style="dim") for line in lines]


def _survives(row: Row) -> str:
    """Say `yes`, `no`, or at which batch sizes."""
    safe = row.survives
    if len(safe) == len(row.risks):
        return "yes"
    unsafe = [risk.batch_size for risk in row.risks if risk.batch_size not in safe]
    if safe and min(safe) > max(unsafe):
        return f"B >= {min(safe)}"
    return f"B = {', '.join(map(str, safe))}" if safe else "no"


def _risk(risk: Risk) -> str:
    """Write the expected number, and the chance."""
    if not risk.expected:
        return "0"
    percent = f"{100 * risk.chance:.0f} %"
    if risk.chance < 0.005:
        percent = "<1 %"
    elif 0.995 < risk.chance < 1:
        percent = ">99 %"
    return f"{_figure(risk.expected)}, {percent:>5}"


def _figure(expected: float) -> str:
    if expected < 0.01:
        return "<0.01"
    return f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"


def _recommendation(advice: Advice) -> list[object]:
    """Say which remedy is recommended, what it leaves, and why no other does better."""
    best, now = advice.best or advice.nearest, advice.rows[0]
    if best is None:
        return [Text(f"{_no_change(now, advice.tried)}.", style="bold"), *_why(advice)]
    empty = f"{now.with_boxes:,} to {best.with_boxes:,}"
    if advice.best is not None:
        text = f"Recommended: {best.remedy}"
        more = f"the cheapest of {advice.tried:,} tried; then every image with boxes has foreground"
    else:
        text = f"Nearest: {best.remedy}"
        more = f"the best of {advice.tried:,} tried, none of which helps every image: empty from {empty}"
    parts: list[object] = [Text(text, style="bold").append(f", {more}.", style="")]
    left = f"{words.count(best.unmatched, 'usable box')} still unmatched"
    if best.blank:
        blank = words.count(best.blank, "image")
        left += f"; {blank} without usable boxes still empty: guard the loss, or filter"
    return [*parts, f"{left}.", *_why(advice)]


def _next(advice: Advice, options: Sequence[str], written: str | None) -> list[object]:
    if (advice.best or advice.nearest) is None:
        return []
    file, dataset = written or "advised.toml", str(advice.audit.dataset.root)
    lines = []
    if written is None:
        lines.append(
            ("write it as a detector:", command("advise", [dataset], options, "--write-detector", file))
        )
    lines.append(("confirm it:", command("scan", [dataset], without_detector(options), "--detector", file)))
    return ["", *steps("What to do next", lines)]


def _no_change(now: Row, tried: int) -> str:
    """Say why no changed detector is advised."""
    if now.with_boxes:
        stay = f"{words.count(now.with_boxes, 'image')} stay empty"
        return f"None of {words.count(tried, 'combination')} helps: {stay}; guard the loss, or filter"
    text = "No image with usable boxes is without foreground"
    if now.blank:
        text += f"; {words.count(now.blank, 'image')} without usable boxes stay empty: guard the loss"
    return text


def _why(advice: Advice) -> list[object]:
    if not advice.causes:
        return []
    causes = (f"{words.count(n, 'image')} {name} ({MEANING[name]})" for name, n in advice.causes.items())
    return [f"why: {'; '.join(causes)}"]


def advice_json(advice: Advice) -> str:
    """Return the advice as JSON."""
    return to_json(
        {
            "dataset": str(advice.audit.dataset.root),
            "detector": advice.audit.detector.name,
            "detector_chosen": advice.audit.detector_chosen,
            "detector_suggested": advice.audit.suggested or None,
            "on_empty": advice.audit.detector.on_empty,
            "needed": advice.needed,
            "rows": [_row(row) for row in advice.rows],
            "combinations_tried": advice.tried,
            "best": None if advice.best is None else _row(advice.best),
            "nearest": None if advice.nearest is None else _row(advice.nearest),
            "causes": advice.causes,
            "notes": [*advice.notes, *advice.not_read],
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
