"""Outputs of a scan for other programs: one module for each, found by itself.

An output module defines two names. Adding a module adds the output.

NAME: the value of `--output-format`, which is also the module's name.
render(audit, shown, limit) -> Iterator[str]: the output, in pieces.

An output in whose syntax `errors.inert` would be wrong defines `inert(piece)`: the piece, which is of whole
lines or values, with an escape in each line that a CI log would read as a command.

`shown` are the findings to report: all of the audit's, or those that a baseline does not know. `limit` is how
many flagged images to list, None for the output's default; outputs that list no images ignore it. There may
be hundreds of thousands of findings, each made on demand, so an output passes them on one by one.

Names of files and classes are data. They must not end a line, a cell, a string or an element, or control a
terminal. JSON escapes them in its own way; the other outputs escape control characters as `errors.printable`
does. Modules whose names start with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from anchoraudit.errors import AnchorauditError, inert
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.partitions.partial import Partial
    from anchoraudit.rules import Findings


class Output(Protocol):
    """What an output module defines."""

    NAME: str

    def render(self, audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
        """Return the output, in pieces."""
        ...


def names() -> list[str]:
    """Return the names of all outputs, which are the names of the modules. None is imported."""
    return module_names(__name__)


def entries_of_images(audit: Audit, images: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Return flagged images, given their rows, as outputs list them."""
    from anchoraudit.report.outputs import _keys

    return _keys.of_images(audit, images)


def json_of_parts(whole: Partial, limit: int | None, *, detector_chosen: bool) -> Iterator[str]:
    """Return the audit of parts as JSON. limit: how many flagged images to list; None for all kept."""
    from anchoraudit.report.outputs import _parts

    return _parts.json_of_parts(whole, limit, detector_chosen=detector_chosen)


def render(name: str, audit: Audit, shown: Findings | None = None, limit: int | None = None) -> Iterator[str]:
    """Return the audit in the format `name`, in pieces of text that together make one file.

    shown: the findings to report, all of the audit's if None. limit: how many flagged images to list.
    Raises AnchorauditError for an unknown name.
    """
    if name not in names():
        raise AnchorauditError(
            f"unknown output format {name!r}", remedy=f"Choose one of: {', '.join(names())}."
        )
    output = cast(Output, load_module(__name__, name))
    pieces = output.render(audit, audit.findings if shown is None else shown, limit)
    return map(getattr(output, "inert", inert), pieces)
