"""Outputs of a scan for other programs: one module each, found by itself.

An output module has two names, and adding a module adds the output:

NAME: what `--output-format` calls it; the module has the same name.
render(audit, shown, limit) -> Iterator[str]: the output, in pieces.

`shown` are the findings to report: all of the audit's, or those that a baseline leaves. limit: how many
flagged images to list, None for the output's own default; only outputs that list them look at it. There may
be hundreds of thousands of findings, each made when it is asked for: an output hands them on one by one.

Names of files and classes are data. No output lets them end a line, a cell, a string or an element, or
drive a terminal: JSON escapes them its own way, the others show control characters as `errors.printable`
does. Modules whose name starts with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.rules import Findings


class Output(Protocol):
    """What an output module offers."""

    NAME: str

    def render(self, audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
        """Return the output, in pieces."""
        ...


def names() -> list[str]:
    """Names of all outputs, without importing one: an output's module is called as the output is."""
    return module_names(__name__)


def render(name: str, audit: Audit, shown: Findings | None = None, limit: int | None = None) -> Iterator[str]:
    """Return the audit in the form `name`, in pieces of text that make one file.

    shown: the findings to report, all of the audit's if None. limit: flagged images to list, where the
    form lists them. Raises AnchorauditError for an unknown name.
    """
    if name not in names():
        raise AnchorauditError(
            f"unknown output format {name!r}", remedy=f"Choose one of: {', '.join(names())}."
        )
    output = cast(Output, load_module(__name__, name))
    return output.render(audit, audit.findings if shown is None else shown, limit)
