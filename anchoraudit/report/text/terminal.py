"""Reports for people: plain tables that stay readable on a narrow terminal and in a pipe."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors import Detector
from anchoraudit.encoding.causes import CAUSES, meaning_of
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.statuses import meaning_of as meaning_of_status
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words
from anchoraudit.rules import Findings

if TYPE_CHECKING:
    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity

# A pipe has no width. 100 columns fit a mail, a CI log and half a screen.
_PIPE_WIDTH = 100
_EXAMPLES = 3
_LONGEST = 80  # characters of a value shown with its finding: about one line
_FINDING_COLUMNS = ("code", "severity", "count>", "what, and where")
# Statuses that verdicts and causes say nothing of: where a box has one, the report counts boxes by status.
_TOLD = ("possible", "borrowed", "shadowed")
# Text columns may shrink to this width. Number columns never shrink: half a number is a wrong number.
_NARROWEST = 8
_READABLE = 500  # characters of one text in a table: five lines; longer names are accidents or attacks
_COLOURS = {
    "ok": "green",
    "forced_only": "yellow",
    "empty_foreground": "bold red",
    "blank": "red",
    "no_usable_box": "red",
    "encoder_error": "bold red",
    "unknown": "yellow",
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
}


def print_parts(parts: Iterable[object]) -> None:
    """Print to stdout: in colour and as wide as the terminal, or as plain text into a pipe."""
    if not sys.stdout.isatty():
        sys.stdout.write(to_text(*parts))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    _print(console, parts)


def _print(console: Console, parts: Iterable[object]) -> None:
    """Print each part. Text marked as no_wrap is not wrapped, so that a command can be copied.

    A table wider than the terminal runs over the edge, because a number must not be cut.
    """
    for part in parts:
        width = max(console.width, console.measure(part).minimum) if isinstance(part, Group) else None
        console.print(part, width=width, crop=False, soft_wrap=isinstance(part, Text) and part.no_wrap)


def _plain_width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return max(20, int(columns)) if columns.isdecimal() else _PIPE_WIDTH


def columns_of_terminal() -> int:
    """Return how many characters fit into a line of what is printed."""
    return Console().width if sys.stdout.isatty() else _plain_width()


def to_text(*parts: object) -> str:
    """Return what a console would print, without colours: 100 columns wide, or COLUMNS."""
    buffer = io.StringIO()
    plain = Console(
        file=buffer, width=_plain_width(), highlight=False, markup=False, emoji=False, color_system=None
    )
    _print(plain, parts)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, gap: int = 2) -> Group:
    """Return a plain table under a title. Text is folded where it is long.

    A column whose name ends in `>` holds numbers, aligned right. One whose name ends in `!` is never folded.
    gap: blanks between columns.
    """
    made = Table(box=None, padding=(0, gap, 0, 0), show_edge=False)
    listed = [[value if isinstance(value, Text) else _cell(value) for value in row] for row in rows]
    for number, name in enumerate(columns):
        right, whole = name.endswith(">"), name.endswith("!")
        widest = max((len(line) for row in listed for line in row[number].plain.splitlines()), default=0)
        made.add_column(
            name.rstrip(">!"),
            justify="right" if right else "left",
            min_width=widest if right or whole else min(widest, _NARROWEST),
            overflow="fold",
            header_style="dim",
        )
    for row in listed:
        made.add_row(*row)
    return Group(Text(printable(title), style="bold"), made)


def readable(value: object) -> str:
    """Return text for people. Of a very long name only the beginning and the end are shown."""
    return shortened(printable(value), _READABLE)


def _cell(value: object) -> Text:
    text = readable(value)
    return Text(text, style=_COLOURS.get(text, ""))


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Return `name  text` lines, with the text folded beside its name."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in pairs:
        made.add_row(name, Text(readable(text)))
    return made


def first_lines(lines: Sequence[str]) -> list[object]:
    """Return what a report says before all else, and a blank line; [] for nothing."""
    if not lines:
        return []
    return [Text(readable(lines[0]), style="bold yellow"), *map(readable, lines[1:]), ""]


def steps(title: str, lines: Iterable[tuple[str, str]]) -> list[object]:
    """Return commands to run next, each with what it does. A command is never wrapped."""
    parts: list[object] = [Text(printable(title), style="bold")]
    for what, command in lines:
        if what:
            parts.append(Text(f"  {readable(what)}"))
        if command:
            parts.append(Text(f"    {printable(command)}", style="cyan", no_wrap=True))
    return parts


def scan_parts(
    audit: Audit,
    limit: int,
    next_steps: Sequence[tuple[str, str]],
    *,
    shown: Findings | None = None,
    classes: Sequence[object] = (),
) -> list[object]:
    """Return the parts of a scan's report, in order.

    shown: the findings to report, all by default. classes: the parts of the class table, if it was asked for.
    """
    findings = audit.findings if shown is None else shown
    summary: dict[str, Any] = {**audit.summary()}
    parts = [*first_lines(words.who_judged(audit)), facts(_what_was_read(audit)), ""]
    if summary["verdicts"]:
        parts += [_verdicts(summary, audit.detector), ""]
    if len(summary["splits"]) > 1:
        parts += [_splits(summary["splits"]), ""]
    if any(summary[status] for status in _TOLD):
        parts += [_statuses(summary, audit.detector), *_lost(summary, audit.detector), ""]
    if summary["unmatched"]:
        parts += [_causes(summary, audit.detector), ""]
    parts += classes
    if findings:
        parts += [_findings(audit, findings, listed=limit > 0), ""]
    if flagged := words.flagged(audit):
        if limit:
            parts += [_flagged(audit, flagged, limit), ""]
        if len(flagged) > limit:
            parts += [
                f"{words.count(len(flagged) - limit, 'more flagged image')}: --limit {len(flagged)} shows "
                "them, --export-images images.csv lists every image.",
                "",
            ]
    if audit.sensitivity is not None and (sensitive := _sensitive(audit, limit)):
        parts += [sensitive, ""]
    if audit.sensitivity is not None and len(audit.sensitivity.phases) > 1:
        parts += [_phases(audit.sensitivity), ""]
    parts.append(Text(words.headline(audit), style="bold"))
    parts += [line for line in (words.risk_line(audit), words.augmented_line(audit)) if line]
    parts.append("")
    return parts + steps("What to do next", next_steps)


def _what_was_read(audit: Audit) -> list[tuple[str, str]]:
    dataset = audit.dataset
    sizes = [(len(dataset.images), "image"), (len(dataset.boxes), "box"), (len(dataset.categories), "class")]
    lines = [
        ("read", f"{dataset.root}: {dataset.recognised}"),
        ("", ", ".join(words.count(number, noun) for number, noun in sizes)),
        *((("loader" if not i else ""), text) for i, text in enumerate(_loader(audit))),
        ("labels", words.not_usable(audit)),
        *_detector(audit.replayed),
    ]
    return lines + [("note", note) for note in dataset.notes]


def _detector(detector: Detector | None) -> list[tuple[str, str]]:
    if detector is None:
        return [("detector", "none: only the rules on the data ran")]
    notes = [("", note) for note in detector.notes]
    return [("detector", str(detector)), ("", detector.on_empty), *notes]


def _loader(audit: Audit) -> list[str]:
    # The name of the line says "loader" already.
    sentences = [] if audit.loaded is None else audit.loaded.sentences()
    return [text.removeprefix("loader ") for text in sentences]


def _verdicts(summary: dict[str, Any], detector: Detector) -> Group:
    rows = [
        (verdict, f"{n:,}", words.share(n, summary["images"]), words.verdict_meaning(verdict, detector))
        for verdict, n in summary["verdicts"].items()
        if n or verdict in ("ok", "empty_foreground", "blank")
    ]
    return table("Images by verdict", ("verdict", "images>", "share>", "meaning"), rows)


def _splits(splits: dict[str, Any]) -> Group:
    shown = [v for v in VERDICTS if any(s["verdicts"].get(v) for s in splits.values())]
    rows = [
        (name or "(none)", f"{s['images']:,}", f"{s['boxes']:,}", *(f"{s['verdicts'][v]:,}" for v in shown))
        for name, s in splits.items()
    ]
    return table("By split", ("split", "images>", "boxes>", *(f"{v}>" for v in shown)), rows)


def _statuses(summary: dict[str, Any], detector: Detector) -> Group:
    usable = summary["usable"]
    rows = [
        (status, f"{n:,}", words.share(n, usable), meaning_of_status(status, detector.match))
        for status in STATUSES[1:]
        if (n := summary[status])
    ]
    return table("Usable boxes by status", ("status", "boxes>", "share>", "meaning"), rows)


def _lost(summary: dict[str, Any], detector: Detector) -> list[str]:
    """Say how many boxes get nothing at each step although they may have points."""
    if not summary["lost"]:
        return []
    match, get = detector.match, "gets" if summary["lost"] == 1 else "get"
    at_least, code = ("at least ", "ANC019") if match.unit == "point" else ("", "ANC017")
    return [
        f"At every step {at_least}{summary['lost']:,} of these boxes {get} no {match.unit}: there are too "
        f"few {match.units} for them ({code}). Predictions decide which boxes."
    ]


def _causes(summary: dict[str, Any], detector: Detector) -> Group:
    unmatched, usable = summary["unmatched"], summary["usable"]
    rows = [
        (name, f"{n:,}", words.share(n, unmatched), meaning_of(name, detector))
        for name in CAUSES
        if (n := summary["causes"][name])
    ]
    title = f"Unmatched boxes by cause ({unmatched:,} of {usable:,} usable)"
    return table(title, ("cause", "boxes>", "share>", "meaning"), rows)


def _findings(audit: Audit, findings: Findings, *, listed: bool) -> Group:
    """Return the table. listed: a list of flagged images follows."""
    rows: list[Sequence[object]] = []
    for code, number in findings.counts.items():
        rule = findings.rule(code)
        text = Text(f"{rule.title}: {rule.remedy}\n")
        if listed and words.is_flagged(rule.verdict):
            text.append("they are among the flagged images", style="dim")
            rows.append((code, rule.severity, f"{number:,}", text))
            continue
        examples = [f"{_location(f, audit)}{_said(f)}" for f in findings.of(code, _EXAMPLES)]
        text.append("\n".join(map(readable, examples)), style="dim")
        if number > _EXAMPLES:
            text.append(f"\n... and {number - _EXAMPLES:,} more (all with --output-format json)", style="dim")
        rows.append((code, rule.severity, f"{number:,}", text))
    return table("Findings (anchoraudit rules show CODE explains one)", _FINDING_COLUMNS, rows)


def _said(finding: Finding) -> str:
    """Return a finding's message. With a place it also shows the value, unless the message has it."""
    value = finding.evidence
    if not finding.place or not value or value in finding.message:
        return finding.message
    return f"{finding.message} ({value[:_LONGEST]}{'...' if len(value) > _LONGEST else ''})"


def _location(finding: Finding, audit: Audit) -> str:
    """Write the file, relative to the data set, and the place."""
    path = finding.path
    with contextlib.suppress(ValueError):
        path = str(Path(path).relative_to(audit.dataset.root)) if path else ""
    where = ", ".join(part for part in ("" if path == "." else path, finding.place) if part)
    return f"{where}: " if where else ""


def _sensitive(audit: Audit, limit: int) -> Group | None:
    """List images that have foreground as they are, but often not when augmented."""
    assert audit.sensitivity is not None
    chance = np.where(audit.verdict_is("ok", "forced_only"), np.nan_to_num(audit.sensitivity.p_empty), 0.0)
    order = [i for i in np.argsort(-chance, kind="stable")[:limit].tolist() if chance[i] > 0]
    if not order:
        return None
    names, ids = audit.dataset.images.file_names, audit.dataset.images.ids
    rows = [(names[i] or ids[i], _whole_percent(chance[i])) for i in order]
    several = int(np.count_nonzero(chance))
    title = f"With foreground as they are, but not in this share of the draws ({len(rows):,} of {several:,})"
    return table(title, ("image", "p_empty>"), rows)


def _phases(found: Sensitivity) -> Group:
    """List the parts of a training run, and how often boxes are not trained in them."""
    from anchoraudit.auditing.augmentation.sensitivity import Untrained

    rows = []
    for phase in found.phases:
        boxes = Untrained.of(phase.p_untrained)
        share = words.percent(boxes.share) if boxes.boxes else ""
        rows.append(
            (phase.name, f"{100 * phase.share:.0f} %", share, f"{boxes.seldom:,}", f"{boxes.never:,}")
        )
    columns = ("phase", "of the epochs>", "not trained in>", "in fewer than half>", "in no draw>")
    return table("Boxes under the training augmentation, by phase", columns, rows)


def _whole_percent(chance: float) -> str:
    """Write `40 %`. What is not certain never reads `0 %` or `100 %`."""
    if 0 < chance < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 < chance < 1 else f"{100 * chance:.0f} %"


def _flagged(audit: Audit, flagged: list[int], limit: int) -> Group:
    dataset, results = audit.dataset, audit.image_results
    several = len(dataset.splits) > 1
    rows = [
        (
            dataset.images.file_names[i] or dataset.images.ids[i],
            *((dataset.splits[int(dataset.images.split[i])],) if several else ()),
            VERDICTS[int(results.verdict[i])],
            words.why(audit, i),
        )
        for i in flagged[:limit]
    ]
    shown = f"{len(rows):,} of {len(flagged):,}" if len(rows) < len(flagged) else f"{len(flagged):,}"
    columns = ("image", *(("split",) if several else ()), "verdict", "why")
    return table(f"Flagged images, worst first ({shown})", columns, rows)
