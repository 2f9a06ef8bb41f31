"""A scan in parts on one screen: as the report of a scan, from the merged numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from anchoraudit.images.found import is_image_name
from anchoraudit.report import words
from anchoraudit.report.text.scan import facts_of, other_errors, rules_in_lines, worst_table
from anchoraudit.report.text.table import Table
from anchoraudit.report.text.terminal import facts, readable, steps

if TYPE_CHECKING:
    from anchoraudit.partitions.findings import MergedFindings
    from anchoraudit.partitions.partial import Partial


def parts_report(
    whole: Partial,
    limit: int,
    next_steps: Sequence[tuple[str, str]],
    *,
    detector_chosen: bool,
    classes: Sequence[object] = (),
) -> list[object]:
    """Return the parts of the report.

    limit: how many images are listed. classes: the parts of the class table, if it was asked for.
    """
    findings = whole.findings
    start = Text(style="").append(
        f"{readable(headline(whole, detector_chosen=detector_chosen))}.", style="bold"
    )
    if whole.replayed is not None and (risk := words.risk_line_of(whole.summary(), whole.replayed)):
        start.append(f" {risk[0].upper()}{risk[1:]}.")
    start.append(other_errors(findings))
    parts: list[object] = [start]
    if not detector_chosen:
        parts.append(words.NAME_YOURS)
    parts += ["", facts(_facts(whole)), "", *classes]
    if findings:
        parts += [*rules_in_lines(findings, whole.dataset.root, _names_by_verdict(whole)), ""]
    if whole.flagged and limit:
        parts += [_worst(whole, limit), ""]
    if next_steps:
        (what, command), *others = next_steps
        parts += steps(f"Next: {what.removesuffix(':')}", [("", command), *others])
    if limit < len(whole.flagged):
        kept, every = len(whole.flagged), whole.counts["flagged"]
        which = "all flagged images" if kept == every else f"the {kept} worst images, as many as parts keep"
        parts.append(Text(f"--limit {kept}: {which}.", style="dim"))
    return parts


def headline(whole: Partial, *, detector_chosen: bool) -> str:
    """Say in one line how many images would train without foreground."""
    detector, counts = whole.replayed, whole.summary()
    if detector is None:
        return words.headline_of_data(counts["images"], whole.findings) + _not_read(whole)
    judged_by = f"{detector.name}{'' if detector_chosen else ' (no --detector given)'}"
    return words.headline_of(counts, whole.counts["dropped_by_loader"], judged_by) + _not_read(whole)


def _not_read(whole: Partial) -> str:
    """Say at the end of a headline how many parts, or files in them, could not be read; "" if all were."""
    if whole.failed:
        return words.not_read(len(whole.failed), len(whole.parts), "part")
    found = whole.findings
    of_images = sum(is_image_name(finding.path) for code in words.UNREAD for finding in found.of(code))
    files = sum(found.counts.get(code, 0) for code in words.UNREAD)
    return words.not_read(files - of_images, 0, "file")


def _facts(whole: Partial) -> list[tuple[str, str | Text]]:
    counts, of_parts = whole.summary(), words.count(len(whole.parts), "part")
    lines = facts_of(
        whole.dataset,
        counts,
        without_detector=words.not_usable_of(
            counts["usable"], whole.counts["not_usable"], whole.counts["clipped"]
        ),
        more=f", in {of_parts}",
    )
    lines += [("not checked", text) for text in not_checked(whole.findings)]
    return lines


def not_checked(findings: MergedFindings) -> Iterator[str]:
    """Yield which rules were not checked, and why."""
    for rules, why in (
        (findings.not_checked, "they need the whole data set at once"),
        (findings.not_seen, words.FILES_NOT_SEEN),
    ):
        if rules:
            yield f"{', '.join(rule.code for rule in rules)}: {why}"


def _names_by_verdict(whole: Partial) -> Callable[[str], str]:
    def name(verdict: str) -> str:
        return next((_name(image) for _, image in whole.worst if image["verdict"] == verdict), "")

    return name


def _name(image: dict[str, Any]) -> str:
    return str(image["file_name"] or image["image_id"])


def _worst(whole: Partial, limit: int) -> Table:
    rows = [(_name(image), image["split"], image["verdict"], image["why"]) for image in whole.flagged[:limit]]
    return worst_table(rows, whole.counts["flagged"], with_splits=len(whole.dataset.splits) > 1)
