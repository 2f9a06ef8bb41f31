"""A scan in detail: what each verdict, status and cause means, places of every finding, all next steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors import Detector
from anchoraudit.encoding.causes import CAUSES, meaning_of
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.statuses import meaning_of as meaning_of_status
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import words
from anchoraudit.report.text.scan import headline_parts, location
from anchoraudit.report.text.table import Table
from anchoraudit.report.text.terminal import facts, readable, steps, table
from anchoraudit.rules import Findings

if TYPE_CHECKING:
    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity

LISTED = 20  # images that are listed, unless `--limit` says otherwise
EXAMPLES = 3  # and places of each finding
_LONGEST = 80  # characters of a value shown with its finding: about one line
_FINDING_COLUMNS = ("code!", "severity!", "count>", "what, and where")
# Statuses that verdicts and causes say nothing of: where a box has one, the report counts boxes by status.
_TOLD = ("possible", "borrowed", "shadowed")


def detailed_parts(
    audit: Audit,
    limit: int,
    places: int,
    next_steps: Sequence[tuple[str, str]],
    *,
    shown: Findings | None = None,
    classes: Sequence[object] = (),
) -> list[object]:
    """Return the parts of a scan's long report, in order.

    limit: how many images are listed. places: how many places of each rule. shown: the findings to report,
    all by default. classes: the parts of the class table, if it was asked for.
    """
    findings = audit.findings if shown is None else shown
    summary: dict[str, Any] = {**audit.summary()}
    parts: list[object] = [*headline_parts(audit), "", facts(_what_was_read(audit)), ""]
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
        parts += [_findings(audit, findings, places, listed=limit > 0), ""]
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


def _verdicts(summary: dict[str, Any], detector: Detector) -> Table:
    rows = [
        (verdict, f"{n:,}", words.share(n, summary["images"]), words.verdict_meaning(verdict, detector))
        for verdict, n in summary["verdicts"].items()
        if n or verdict in ("ok", "empty_foreground", "blank")
    ]
    return table("Images by verdict", ("verdict", "images>", "share>", "meaning"), rows)


def _splits(splits: dict[str, Any]) -> Table:
    shown = [v for v in VERDICTS if any(s["verdicts"].get(v) for s in splits.values())]
    rows = [
        (name or "(none)", f"{s['images']:,}", f"{s['boxes']:,}", *(f"{s['verdicts'][v]:,}" for v in shown))
        for name, s in splits.items()
    ]
    return table("By split", ("split", "images>", "boxes>", *(f"{v}>" for v in shown)), rows)


def _statuses(summary: dict[str, Any], detector: Detector) -> Table:
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


def _causes(summary: dict[str, Any], detector: Detector) -> Table:
    unmatched, usable = summary["unmatched"], summary["usable"]
    rows = [
        (name, f"{n:,}", words.share(n, unmatched), meaning_of(name, detector))
        for name in CAUSES
        if (n := summary["causes"][name])
    ]
    title = f"Unmatched boxes by cause ({unmatched:,} of {usable:,} usable)"
    return table(title, ("cause", "boxes>", "share>", "meaning"), rows)


def _findings(audit: Audit, findings: Findings, places: int, *, listed: bool) -> Table:
    """Return the table. places: how many of each rule. listed: a list of flagged images follows."""
    rows: list[Sequence[object]] = []
    for code, number in findings.counts.items():
        rule = findings.rule(code)
        text = Text(f"{rule.title}: {rule.remedy}\n")
        if listed and words.is_flagged(rule.verdict):
            text.append("listed below", style="dim")
            rows.append((code, rule.severity, f"{number:,}", text))
            continue
        examples = [_with_location(finding, audit) for finding in findings.of(code, places)]
        text.append("\n".join(map(readable, examples)), style="dim")
        if number > places:
            text.append(
                f"\n... and {number - places:,} more (--limit N, or --output-format json)", style="dim"
            )
        rows.append((code, rule.severity, f"{number:,}", text))
    return table("Findings (anchoraudit rules show CODE explains one)", _FINDING_COLUMNS, rows)


def _said(finding: Finding) -> str:
    """Return a finding's message. With a place it also shows the value, unless the message has it."""
    value = finding.evidence
    if not finding.place or not value or value in finding.message:
        return finding.message
    return f"{finding.message} ({value[:_LONGEST]}{'...' if len(value) > _LONGEST else ''})"


def _with_location(finding: Finding, audit: Audit) -> str:
    where = location(finding, audit)
    return f"{where}: {_said(finding)}" if where else _said(finding)


def _sensitive(audit: Audit, limit: int) -> Table | None:
    """List images that have foreground as they are, but often not when augmented."""
    assert audit.sensitivity is not None
    chance = np.where(audit.verdict_is("ok", "forced_only"), np.nan_to_num(audit.sensitivity.p_empty), 0.0)
    order = [i for i in np.argsort(-chance, kind="stable")[:limit].tolist() if chance[i] > 0]
    if not order:
        return None
    names, ids = audit.dataset.images.file_names, audit.dataset.images.ids
    rows = [(names[i] or ids[i], _whole_percent(chance[i])) for i in order]
    several = int(np.count_nonzero(chance))
    title = (
        f"Images with foreground as they are, but often without when augmented ({len(rows):,} of {several:,})"
    )
    return table(title, ("image", "empty in>"), rows)


def _phases(found: Sensitivity) -> Table:
    """List the parts of a training run, and how often boxes are not trained in them."""
    from anchoraudit.auditing.augmentation.sensitivity import Untrained

    rows = []
    for phase in found.phases:
        boxes = Untrained.of(phase.p_untrained)
        share = words.percent(boxes.share) if boxes.boxes else ""
        rows.append(
            (phase.name, f"{100 * phase.share:.0f} %", share, f"{boxes.seldom:,}", f"{boxes.never:,}")
        )
    columns = ("phase", "epochs>", "untrained in>", "boxes trained in fewer than half>", "in no draw>")
    return table("Boxes with the training augmentation, by phase", columns, rows)


def _whole_percent(chance: float) -> str:
    """Write `40 %`. What is not certain never reads `0 %` or `100 %`."""
    if 0 < chance < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 < chance < 1 else f"{100 * chance:.0f} %"


def _flagged(audit: Audit, flagged: list[int], limit: int) -> Table:
    dataset, results = audit.dataset, audit.image_results
    several = len(dataset.splits) > 1
    rows = [
        (
            dataset.images.file_names[i] or dataset.images.ids[i],
            *((dataset.splits[int(dataset.images.split[i])],) if several else ()),
            VERDICTS[int(results.verdict[i])],
            why,
        )
        for i, why in zip(flagged[:limit], words.whys(audit, flagged[:limit]), strict=True)
    ]
    shown = f"{len(rows):,} of {len(flagged):,}" if len(rows) < len(flagged) else f"{len(flagged):,}"
    columns = ("image", *(("split",) if several else ()), "verdict", "why")
    return table(f"Flagged images, worst first ({shown})", columns, rows)
