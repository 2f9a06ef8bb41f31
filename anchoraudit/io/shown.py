"""How results show themselves at a prompt and in a notebook."""

from __future__ import annotations

from types import ModuleType
from typing import cast

from anchoraudit.io.plugins import load_module


class Shown:
    """A result with a short `repr` and a table in a notebook, both of which `anchoraudit.report` writes.

    Of results that are made above the reports, it does not know the kind: these have the methods
    `_shown() -> (title, lines)` and `_table() -> (heads, rows)`, of text.

    Results are made below the reports, so the module is named here and imported when it is needed.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return cast(str, _notebook().text_of(self))

    def _repr_html_(self) -> str:
        """Return the result as HTML. Notebooks call this."""
        return cast(str, _notebook().html_of(self))


def _notebook() -> ModuleType:
    return load_module("anchoraudit.report", "notebook")
