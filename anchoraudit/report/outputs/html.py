"""`html`: the report to look at and to share, as one file that works offline."""

from __future__ import annotations

from collections.abc import Iterator

from anchoraudit.auditing.audit import Audit
from anchoraudit.report.html import report_html
from anchoraudit.rules import Findings

NAME = "html"
inert = str  # done in the parts of the page, each in its own syntax


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return the whole report. It shows up to 300 images, or `limit` if that is fewer."""
    options = (
        () if audit.replayed is None or not audit.detector_chosen else ("--detector", audit.replayed.name)
    )
    return report_html(audit, options=options, shown=shown, limit=limit)
