"""What to do after a scan in parts: the commands that work part by part, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.io.addresses import is_address
from anchoraudit.io.packed import suffix_of, whole_suffix
from anchoraudit.io.stores import is_pattern
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, without_detector
from anchoraudit.report.text.next_steps import (
    GUARD_THE_LOSS,
    Step,
    fix_errors,
    fix_stopping,
    guard_the_run,
)

if TYPE_CHECKING:
    from anchoraudit.partitions.partial import Partial

_FILES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".json")  # suffixes of data sets that are one file


def after_scan_in_parts(whole: Partial, options: Sequence[str], engine: Sequence[str]) -> list[Step]:
    """Return the steps, each with its command, or "".

    options: command-line words of the scan. engine: those by which it worked part by part.
    """
    root, detector = str(whole.dataset.root), whole.replayed
    compare = command("compare", [root], without_detector(options), *engine)
    if detector is None:
        return fix_errors(whole.findings) or [("see what detectors make of the data:", compare)]
    summary = whole.summary()
    counts = summary["verdicts"]
    lost = sum(counts.get(verdict, 0) for verdict in WITHOUT_FOREGROUND) + whole.counts["dropped_by_loader"]
    if not lost:
        return fix_errors(whole.findings) or [guard_the_run(command("scan", [root], options, *engine))]
    steps = fix_stopping(whole.findings)
    if counts.get("empty_foreground"):
        advise = command("advise", [root], options, *engine)
        steps.append(("see what each remedy would do:", advise))
        steps.append(("see what other detectors make of the data:", compare))
        if detector.anchors.levels and detector.match.depends_on_anchors:
            fit = command("cluster", [root], options, *engine, "-o", "anchors.toml")
            steps.append(("find anchors that fit the boxes:", fit))
    by_hand = _not_by_filter(whole)
    if by_hand:
        steps.append((f"fix by hand what filter cannot ({', '.join(by_hand)}), and scan again", ""))
    elif lost < summary["images"]:
        share = words.share(lost, summary["images"])
        steps.append((f"drop them ({words.count(lost, 'image')}, {share}):", _filter(whole, options, engine)))
    if detector.loss.outcome == "nan":
        steps.append(GUARD_THE_LOSS)
    return steps


def _filter(whole: Partial, options: Sequence[str], engine: Sequence[str]) -> str:
    """Return the command that leaves images out: part by part, or of a format that is one part, whole."""
    root = str(whole.dataset.root)
    if whole.about["rewritable"]:
        return command("filter", [root], options, *engine, "-o", _output_name(whole))
    return command("filter", [root], options, "-o", "clean.json")


def _not_by_filter(whole: Partial) -> list[str]:
    """Return the codes of errors that are about no single image or box."""
    found = whole.findings
    rules = [found.rule(code) for code in found.counts]
    of_files = words.UNREAD if whole.failed else ("PAR001",)
    return [
        rule.code
        for rule in rules
        if rule.severity == "error" and not rule.verdict and (rule.scope != "rows" or rule.code in of_files)
    ]


def _output_name(whole: Partial) -> str:
    """Return a name beside the data set, or in the working directory for one at an address."""
    root = whole.dataset.root
    if is_pattern(root):  # of files in a folder, which the output must not be in
        root = Path(re.split(r"[*?\[]", str(root))[0] + "_").parent
    suffix = root.name[len(root.name) - len(whole_suffix(root)) :] if suffix_of(root) in _FILES else ""
    name = f"{root.name.removesuffix(suffix) or 'data'}-clean{suffix}"
    if is_address(whole.dataset.root):
        return name
    return Path(root.parent if root.name else Path(root, ".."), name).as_posix()
