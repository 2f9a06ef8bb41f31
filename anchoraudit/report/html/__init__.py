"""The report as one HTML file, to look at and to show to others.

The file holds all that it needs: style, script, Plotly, data and pictures. It asks nothing of any server, and
its content security policy forbids that it could. Names and paths come from the user's files: Jinja2 escapes
them in the text, and in the data for the script they are JSON without any `<`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.advice.advise import Advice
    from anchoraudit.advice.compare import Compared
    from anchoraudit.advice.rescue import Rescue
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.detectors import Detector
    from anchoraudit.rules import Findings

_NEEDED = ("jinja2", "plotly")


def require_packages() -> None:
    """Raise AnchorauditError, with the command that installs them, if a package for the report is missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise AnchorauditError(
            f"the HTML report needs {' and '.join(missing)}",
            remedy="Run: pip install 'anchoraudit[report]'",
        )


def report_html(
    audit: Audit,
    *,
    options: Sequence[str] = (),
    shown: Findings | None = None,
    limit: int | None = None,
    detectors: Sequence[Detector] | None = None,
    names: Sequence[str] = (),
    compared: Sequence[Compared] = (),
    advice: Advice | Rescue | None = None,
) -> Iterator[str]:
    """Return the report, in pieces of text that together make one HTML file.

    Parameters
    ----------
    audit : Audit
        What `audit` returns.
    options : sequence of str
        Command-line words of the run, which the commands in the report repeat.
    shown : Findings, optional
        The findings to report, by default all of the audit's.
    limit : int, optional
        How many images to show, at most 300, which is the default.
    detectors : sequence of Detector, optional
        Those of the trainability map: by default the audit's own and eight of the best known ones.
    names : sequence of str
        These detectors as the user named them: presets or files. By default, by their own names.
    compared : sequence of Compared
        What `compare` returns, if detectors were compared.
    advice : Advice or Rescue, optional
        What `advise` or `rescue` returns, if remedies were asked for.

    Raises
    ------
    AnchorauditError
        If a package that the report needs is missing.
    """
    require_packages()
    from anchoraudit.report.html.page import Page

    findings = audit.findings if shown is None else shown
    return Page(audit, options, findings, limit, detectors, names, compared, advice).pieces()
