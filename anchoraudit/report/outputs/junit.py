"""`junit`: JUnit's XML, which CI servers show as test results: a test case for each rule.

A rule that found errors or warnings has failed, and the failure lists them. Findings of severity info are in
`system-out`. Rules that found nothing, or did not run, have passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from anchoraudit import errors
from anchoraudit.auditing.audit import Audit
from anchoraudit.detectors import NO_DETECTOR
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.report import words
from anchoraudit.report.outputs._where import Where, safe
from anchoraudit.report.outputs.concise import one_line
from anchoraudit.rules import Findings, Rule, all_rules

NAME = "junit"
inert = partial(errors.inert, colon="&#58;", hash_sign="&#35;")
_LISTED = 100  # findings listed for each rule: CI servers load the whole file at once
_COUNTS = ("images", "boxes", "usable", *STATUSES[1:])


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return one suite with all rules. Images are not listed, so `limit` is ignored."""
    where, counts, rules = Where(audit), shown.counts, all_rules().values()
    failed = sum(shown.rule(code).severity != "info" for code in counts)
    totals = f'name="anchoraudit" tests="{len(rules)}" failures="{failed}" errors="0" skipped="0" time="0"'
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {totals}>\n  <testsuite {totals}>\n'
    yield "    <properties>\n"
    for name, value in _properties(audit, len(shown)).items():
        yield f"      <property name={quoteattr(name)} value={quoteattr(safe(str(value)))}/>\n"
    yield "    </properties>\n"
    for rule in rules:
        yield from _case(rule, counts.get(rule.code, 0), shown, where)
    yield f"    <system-out>{escape(words.summary_line(audit))}</system-out>\n  </testsuite>\n</testsuites>\n"


def _properties(audit: Audit, found: int) -> dict[str, object]:
    summary: dict[str, Any] = {**audit.summary()}
    counts = {name: number for name in _COUNTS if (number := summary[name]) is not None}
    detector = NO_DETECTOR if audit.replayed is None else audit.replayed.name
    named = {"dataset": audit.dataset.root, "detector": detector, "findings": found}
    return {**named, **counts, **summary["verdicts"]}


def _case(rule: Rule, number: int, shown: Findings, where: Where) -> Iterator[str]:
    start = f"    <testcase classname={quoteattr(f'anchoraudit.{rule.code[:3]}')} name="
    start += f'{quoteattr(f"{rule.code} {rule.title}")} time="0"'
    if not number:
        yield f"{start}/>\n"
        return
    lines = [one_line(finding, rule, where) for finding in shown.of(rule.code, _LISTED)]
    if number > len(lines):
        lines.append(f"... and {number - len(lines):,} more")
    body = escape("\n".join(lines))
    yield f"{start}>\n"
    if rule.severity == "info":
        yield f"      <system-out>{body}</system-out>\n"
    else:
        message = quoteattr(f"{words.count(number, 'finding')}: {rule.title}; {rule.remedy}")
        yield f'      <failure type="{rule.severity}" message={message}>{body}</failure>\n'
    yield "    </testcase>\n"
