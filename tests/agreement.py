"""What the answers of a scan have in common, whatever their form and however the files were read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.in_parts import reading_in_parts

Run = Callable[[list[str]], tuple[int, str]]
_STATUSES = ("matched", "possible", "forced", "borrowed", "shadowed", "unmatched")
_VERDICTS = re.compile(
    r"([\d,]+) (ok|forced_only|empty_foreground|blank|no_usable_box|encoder_error|unknown)\b"
)


def differences(scan: list[str], run: Run) -> list[str]:
    """Scan again as JSON, in parts, and as text, and tell what differs.

    scan: a command that was answered. run: runs one, and gives its exit code and what it printed.
    """
    plain = list(_plain(scan))
    code, whole = run([*plain, "--output-format", "json"])
    if code == 2:
        return ["a scan that was answered is refused the second time"]
    with reading_in_parts():
        again, parts = run([*plain, "--output-format", "json"])
    found = []
    if (code, whole) != (again, parts):
        found.append(f"reading in parts gives another answer: {_first_difference(whole, parts)}")
    try:
        report = json.loads(whole)
    except ValueError:
        return found  # which `run` has reported
    found += _sums(report)
    if "-q" not in plain:
        in_text, text = run(plain)
        if in_text != code:
            found.append(f"exit code {in_text} with text, {code} with JSON")
        found += _text(text, report)
    return found


def _plain(scan: list[str]) -> Iterator[str]:
    """Yield the words of a scan without those that write files or choose a form."""
    words = iter(scan)
    for word in words:
        if word in ("--output-format", "--export-images", "--export-boxes", "--baseline"):
            next(words)
        elif word != "--write-baseline":
            yield word


def _sums(report: dict[str, Any]) -> Iterator[str]:
    """Tell which numbers of a report do not add up."""
    summary = report["summary"]
    if summary.get("verdicts") and sum(summary["verdicts"].values()) != summary["images"]:
        yield f"{summary['images']} images, and verdicts {summary['verdicts']}"
    if summary.get("matched") is not None:
        usable = sum(summary[status] for status in _STATUSES) + summary.get("lost", 0)
        if usable != summary["usable"]:
            yield f"{summary['usable']} usable boxes, and statuses of {usable}: {summary}"
    unusable = sum((report.get("not_usable") or {}).values())
    if unusable != summary["boxes"] - summary["usable"]:
        yield f"{summary['boxes']} boxes, {summary['usable']} usable, {unusable} not"


def _text(text: str, report: dict[str, Any]) -> Iterator[str]:
    """Tell which numbers of a report in text differ from those in JSON."""
    summary, words = report["summary"], " ".join(text.split())
    head = re.search(r" ([\d,]+) images?, ([\d,]+) box(?:es)?\b", words)
    if head is None:
        yield f"the text has no numbers of images and boxes: {words!r:.300}"
    elif tuple(int(n.replace(",", "")) for n in head.groups()) != (summary["images"], summary["boxes"]):
        yield f"text: {head[0]}; JSON: {summary['images']} images, {summary['boxes']} boxes"


def _first_difference(one: str, other: str) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"{one[max(at - 80, 0) : at + 80]!r} and {other[max(at - 80, 0) : at + 80]!r}"
