"""Plots of an audit on matplotlib's axes, in the manner of scikit-learn's displays: one module a plot.

`audit.plot.NAME()` is the plot of the module NAME, found by itself. Such a module defines `DISPLAY`, a
subclass of `_display.Display`. `explained` is the drawing of a single image that the command explain makes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from anchoraudit.auditing.audit import Audit
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean

if TYPE_CHECKING:
    from anchoraudit.partitions.partial import Partial
    from anchoraudit.report.plots._display import Display

_NO_PLOT_OF_AUDITS = "explained"


class _Plot(Protocol):
    """Makes the plot of an audit on `ax`, or on new axes."""

    def __call__(self, *, ax: Any = None, **options: Any) -> Display:
        """Return the display."""
        ...


class Plots:
    """The plots of an audit: `audit.plot.sizes()`, `audit.plot.classes(ax=ax)` and so on.

    Examples
    --------
    >>> [name for name in dir(audit("sample_data/coco").plot) if name.startswith("b")]
    ['best_iou', 'boxes_per_image']
    """

    def __init__(self, audit: Audit | Partial) -> None:
        self._audit = audit

    def __getattr__(self, name: str) -> _Plot:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in plot_names():
            raise AttributeError(
                f"no plot {name!r}. {did_you_mean(name, plot_names())}There are: {', '.join(plot_names())}."
            )
        display = display_of(name)
        if isinstance(self._audit, Audit):
            return cast("_Plot", partial(display.from_audit, self._audit))
        return cast("_Plot", partial(display.from_parts, self._audit))

    def __dir__(self) -> list[str]:
        return plot_names()

    def __repr__(self) -> str:
        return f"<plots: {', '.join(f'.{name}()' for name in plot_names())}>"


def plot_names() -> list[str]:
    """Return the names of all plots, without importing them.

    >>> "sizes" in plot_names()
    True
    """
    return [name for name in module_names(__name__) if name != _NO_PLOT_OF_AUDITS]


def display_of(name: str) -> type[Display]:
    """Return the display class of a plot. Raises AnchorauditError if there is no such plot.

    >>> display_of("sizes").__name__
    'SizesDisplay'
    """
    if name not in plot_names():
        raise AnchorauditError(f"no plot {name!r}", remedy=f"Choose one of: {', '.join(plot_names())}.")
    found: type[Display] = load_module(__name__, name).DISPLAY
    return found
