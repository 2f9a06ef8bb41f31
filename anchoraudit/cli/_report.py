"""The HTML report, which several commands write: its option, and what is checked before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli._choice import Choice
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.rules import Findings

HTML = "html"  # the value of --output-format that is the same report

report_option = click.option(
    "--report",
    type=click.Path(),
    metavar="FILE",
    help="Also write a report to look at and share: one HTML file that works offline.",
)

format_option = click.option(
    "--output-format",
    type=Choice(["text", "json", HTML]),
    default="text",
    show_default=True,
    help="Form of the output; html: the report.",
)


def report_file(given: dict[str, Any]) -> str | None:
    """Return the file that `--report` names; None without it.

    Raises AnchorauditError if it is not called .html, or if a package for the report is missing.
    """
    target: str | None = given["report"]
    if target is None and given["output_format"] != HTML:
        return None
    from anchoraudit.report.html import require_packages

    require_packages()
    if target is not None and Path(target).suffix.lower() not in (".html", ".htm"):
        raise AnchorauditError(
            "the report is an HTML file", path=target, remedy="Give it a name that ends in .html."
        )
    return target


def write_report(
    result: Audit,
    target: str | None,
    options: Sequence[str],
    shown: Findings | None = None,
    **more: Any,
) -> None:
    """Write the report. target: the file; None: to stdout. options: command-line words of the run.

    more: other arguments of `report_html`.
    """
    from anchoraudit.cli import _output
    from anchoraudit.report.html import report_html

    _output.put_pieces(report_html(result, options=options, shown=shown, **more), target)
