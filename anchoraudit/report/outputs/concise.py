"""`concise`: one finding on each line, as compilers and linters write them, so that editors can jump to it.

`path:line: CODE severity message`, or `path: place: CODE ...` if the place is not a line. The last line is
the headline of the audit.
"""

from __future__ import annotations

from collections.abc import Iterator

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import shortened
from anchoraudit.report import words
from anchoraudit.report.outputs._where import Where, safe
from anchoraudit.rules import Findings, Rule

NAME = "concise"


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return the findings line by line. Images are not listed, so `limit` is ignored."""
    where = Where(audit)
    for finding in shown:
        yield one_line(finding, shown.rule(finding.code), where) + "\n"
    yield words.summary_line(audit) + "\n"


def one_line(finding: Finding, rule: Rule, where: Where) -> str:
    """Write a finding on one line, without the line feed."""
    return safe(f"{where.place(finding)}: {finding.code} {rule.severity} {shortened(finding.message)}")
