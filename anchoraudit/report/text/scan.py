"""A scan on one screen: the headline, verdicts, a line for each rule, the worst images, the next step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.io.addresses import path_of
from anchoraudit.report import words
from anchoraudit.report.text.table import Column, Table
from anchoraudit.report.text.terminal import (
    coloured,
    columns_of_terminal,
    facts,
    readable,
    steps,
    table,
)
from anchoraudit.rules import Findings, Rule

WORST = 5  # images that are listed, unless `--limit` says otherwise
_RULES = 8  # rules with a line of their own; with the rest of the report that is a screen
_FIXED = 19  # columns that code and severity take, with the blanks behind each column
_SHORTEST = 30  # letters of a message that still say something
_OF_FILES = ("IMG", "PAR")  # families whose findings are about a file
_OF_PLACES = (*_OF_FILES, "BOX")  # families whose title and first place say what is wrong


class FirstOfRules(Protocol):
    """Findings: how many of each rule, and the first ones."""

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of findings for each code that occurs, errors first."""
        ...

    def rule(self, code: str) -> Rule:
        """Return the rule with this code."""
        ...

    def of(self, code: str, limit: int | None = None) -> list[Finding]:
        """Return the first findings of a rule, at most `limit`."""
        ...


def scan_parts(
    audit: Audit,
    limit: int,
    next_steps: Sequence[tuple[str, str]],
    *,
    shown: Findings | None = None,
    classes: Sequence[object] = (),
) -> list[object]:
    """Return the parts of a scan's short report, in order.

    limit: how many images are listed. shown: the findings to report, all by default. classes: the parts of
    the class table, if it was asked for.
    """
    findings = audit.findings if shown is None else shown
    parts: list[object] = [*headline_parts(audit), "", facts(_facts(audit)), "", *classes]
    if findings:
        parts += [*rules_in_lines(findings, audit.dataset.root, _names_by_verdict(audit)), ""]
    flagged = words.flagged(audit)
    if flagged and limit:
        parts += [_worst(audit, flagged, limit), ""]
    if next_steps:
        (what, command), *others = _first(next_steps)
        parts += steps(f"Next: {what.removesuffix(':')}", [("", command), *others])
    more = "--verbose: every detail, all next steps."
    if len(flagged) > limit:
        more += f" --limit {len(flagged)}: all flagged images."
    return [*parts, Text(more, style="dim")]


def headline_parts(audit: Audit) -> list[object]:
    """Return the one sentence that matters, what it means for training, and who judged."""
    start = Text(style="").append(f"{readable(words.headline(audit, judge=True))}.", style="bold")
    if risk := words.risk_line(audit):
        start.append(f" {risk[0].upper()}{risk[1:]}.", style="")
    start.append(other_errors(audit.findings), style="")
    more = [words.augmented_line(audit), *words.how_to_choose(audit)]
    return [start, *(readable(line) for line in more if line)]


def other_errors(findings: FirstOfRules) -> str:
    """Write ` Other errors: BOX009.`: the rules that set exit code 1 for something else than a verdict."""
    rules = map(findings.rule, findings.counts)
    errors = [rule.code for rule in rules if rule.severity == "error" and not rule.verdict]
    return f" Other errors: {', '.join(errors)}." if errors else ""


def _facts(audit: Audit) -> list[tuple[str, str | Text]]:
    dataset = audit.dataset
    summary: dict[str, Any] = {**audit.summary()}
    return facts_of(dataset, summary, without_detector=words.not_usable(audit))


def facts_of(
    dataset: Dataset, summary: Mapping[str, Any], *, without_detector: str, more: str = ""
) -> list[tuple[str, str | Text]]:
    """Return what was read and what became of it. summary: the counts; dataset: what has its classes.

    without_detector: what is said of boxes if none judged. more: what is said of the data behind the counts.
    """
    sizes = [(summary["images"], "image"), (summary["boxes"], "box"), (len(dataset.categories), "class")]
    kind, numbers = dataset.recognised.partition(":")[0], (words.count(n, noun) for n, noun in sizes)
    lines: list[tuple[str, str | Text]] = [("data", f"{dataset.root}: {', '.join((kind, *numbers))}{more}")]
    if summary["verdicts"]:
        verdicts = [(name, n) for name, n in summary["verdicts"].items() if n]
        return [*lines, ("images", listed(verdicts)), ("boxes", boxes_by_status(summary))]
    return [*lines, ("boxes", without_detector)]


def boxes_by_status(summary: Mapping[str, Any]) -> Text:
    """Write `419 usable: 189 matched, 230 unmatched (155 small, 75 large)`."""
    causes = sorted(((name, n) for name in CAUSES if (n := summary["causes"][name])), key=lambda one: -one[1])
    statuses = [(name, summary[name]) for name in STATUSES[1:] if summary[name]]
    text = Text(f"{summary['usable']:,} usable")
    if statuses:
        text.append(": ").append_text(listed(statuses))
    if causes:
        text.append(" (").append_text(listed(causes)).append(")")
    return text


def listed(numbers: Iterable[tuple[str, int]]) -> Text:
    """Write `261 ok, 24 blank`."""
    return Text(", ").join(Text(f"{n:,} ").append_text(coloured(name)) for name, n in numbers)


def _names_by_verdict(audit: Audit) -> Callable[[str], str]:
    """Return what names the worst image with a verdict."""

    def name(verdict: str) -> str:
        images, names = audit.dataset.images, words.flagged(audit, verdict)[:1]
        return "".join(images.file_names[i] or str(images.ids[i]) for i in names)

    return name


def rules_in_lines(findings: FirstOfRules, root: Path, name_of_verdict: Callable[[str], str]) -> list[object]:
    """Return a line for each rule, errors first; the last line has those without a line of their own.

    root: what paths are shown relative to. name_of_verdict: returns the name of the worst image with a
    verdict, for rules that report one.
    """
    counts = list(findings.counts.items())
    own = counts if len(counts) <= _RULES + 1 else counts[:_RULES]
    times = [f"{number:,}x" for _, number in own]
    room = columns_of_terminal() - _FIXED - max(map(len, times))
    rows = []
    for (code, _), number in zip(own, times, strict=True):
        rule = findings.rule(code)
        (first,) = findings.of(code, 1)
        name = name_of_verdict(rule.verdict) if rule.verdict else ""
        what = _with_place(rule.title, name) if rule.verdict else _what(rule, first, root, room)
        rows.append((code, rule.severity, number, what))
    columns = [Column("", whole=True), Column("", whole=True), Column("", right=True), Column("")]
    parts: list[object] = [table("", columns, rows)]
    if rest := [code for code, _ in counts[len(own) :]]:
        parts.append(f"and {words.count(len(rest), 'more rule')}: {', '.join(rest)}")
    return parts


def _what(rule: Rule, first: Finding, root: Path, room: int) -> Text:
    """Say what a rule found and where first; its message where there is no place.

    The message of an error about the framework's run or the classes is shown whole, since it has the
    framework's own words; any other in one line of `room`.
    """
    family = rule.code[:3]
    place = _location(first, root) if first.place or family in _OF_FILES else ""
    if place and family in _OF_PLACES:
        return _with_place(rule.title, place)
    if rule.severity == "error":
        place = _location(first, root)
        return Text(readable(f"{place}: {first.message}" if place else first.message))
    return _with_place(rule.title, place) if place else Text(_in_short(first.message, room))


def _with_place(title: str, place: str) -> Text:
    return Text(f"{title}: {readable(place)}" if place else title)


def _in_short(message: str, room: int) -> str:
    """Return a message in one line: without what follows a semicolon, and whole words of the rest."""
    text, room = readable(message).partition("; ")[0], max(room, _SHORTEST)
    if len(text) <= room:
        return text
    return f"{text[: room - 3].rpartition(' ')[0].rstrip(',:;')} ..."


def location(finding: Finding, audit: Audit) -> str:
    """Return the file, relative to the data set, and the place."""
    return _location(finding, audit.dataset.root)


def _location(finding: Finding, root: Path) -> str:
    path = finding.path
    with contextlib.suppress(ValueError):
        path = str(path_of(path).relative_to(root)) if path else ""
    return ", ".join(part for part in ("" if path == "." else path, finding.place) if part)


def worst_table(rows: Sequence[tuple[object, str, str, str]], of: int, *, with_splits: bool) -> Table:
    """Return the table of the worst images. rows: name, split, verdict, and why. of: how many are flagged."""
    every = f"{of:,}" if len(rows) == of else f"{len(rows):,} of {of:,}"
    columns = [
        Column(f"worst images ({every})", whole=True),
        Column("split", spare=1),
        Column("verdict", whole=True),
    ]
    columns.append(Column("why"))
    if with_splits:
        return table("", columns, rows)
    del columns[1]
    return table("", columns, [(image, verdict, why) for image, _, verdict, why in rows])


def _worst(audit: Audit, flagged: list[int], limit: int) -> Table:
    dataset, results = audit.dataset, audit.image_results
    rows = [
        (
            dataset.images.file_names[i] or dataset.images.ids[i],
            dataset.splits[int(dataset.images.split[i])],
            VERDICTS[int(results.verdict[i])],
            words.why_in_short(audit, i),
        )
        for i in flagged[:limit]
    ]
    return worst_table(rows, len(flagged), with_splits=len(dataset.splits) > 1)


def _first(next_steps: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first step, with what belongs to it: commands without a word, or behind "and"."""
    found = [next_steps[0]]
    for what, command in next_steps[1:]:
        if what and not what.startswith("and "):
            break
        found.append((what, command))
    return found
