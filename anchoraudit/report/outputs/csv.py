"""`csv`: one finding in each row, for tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from anchoraudit.auditing.audit import Audit
from anchoraudit.report.outputs import _keys
from anchoraudit.report.outputs._where import safe
from anchoraudit.rules import Findings

NAME = "csv"
COLUMNS = ("code", "severity", "path", "place", "message", "evidence", "thing", "why", "suggestion")


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return a header and one row for each finding.

    Control characters are escaped, so each row is one line.
    """
    buffer = io.StringIO(newline="")
    write = csv.writer(buffer, lineterminator="\n").writerow
    write(COLUMNS)
    for finding in shown:
        keys = _keys.of_finding(finding, shown.rule(finding.code))
        write([safe(keys[column]) for column in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
