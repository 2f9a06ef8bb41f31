"""What all displays share: they hold numbers, and draw them on given axes, or on new ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from anchoraudit.errors import AnchorauditError, printable, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure, SubFigure

    from anchoraudit.auditing.audit import Audit
    from anchoraudit.partitions.partial import Partial

# Okabe and Ito's colours, which people who cannot tell red from green can tell apart.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#8A8A8A",
)
OF_CAUSE = {
    "edge": ORANGE,
    "stride": SKY,
    "level": PURPLE,
    "unused": YELLOW,
    "small": RED,
    "large": BLUE,
    "elongated": GREEN,
}
_LONGEST = 28  # letters of a name beside an axis


class Display(ABC):
    """A plot of an audit.

    `from_audit` takes the numbers out of an audit, and draws them; `plot` draws them again on other axes. The
    numbers are attributes, which each class lists.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on last.
    figure_ : matplotlib Figure
        The figure of these axes.
    """

    SIZE: ClassVar[tuple[float, float]] = (6.4, 4.4)  # inches of a new figure
    ax_: Axes
    figure_: Figure | SubFigure

    @classmethod
    def from_audit(cls, audit: Audit, *, ax: Axes | None = None, **options: Any) -> Self:
        """Take the numbers out of an audit, and draw them.

        Parameters
        ----------
        audit : Audit
            What `audit` returns.
        ax : matplotlib Axes, optional
            Where to draw. Default: new axes.
        **options
            What the class's `of` takes.

        Returns
        -------
        Display
            With the numbers, and with `ax_` and `figure_`.

        Raises
        ------
        AnchorauditError
            If the audit has no such numbers, or if matplotlib is not installed.
        """
        return cls.of(audit, **options).plot(ax)

    @classmethod
    def from_parts(cls, whole: Partial, *, ax: Axes | None = None, **options: Any) -> Self:
        """Take the numbers out of an audit in parts, and draw them.

        Takes and returns what `from_audit` does. Raises AnchorauditError for a plot that needs more than
        sums.
        """
        return cls.of_parts(whole, **options).plot(ax)

    @classmethod
    @abstractmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit, without drawing. Needs no matplotlib."""

    @classmethod
    def of_parts(cls, whole: Partial) -> Self:
        """Take the numbers out of an audit in parts, without drawing.

        Raises AnchorauditError for a plot that needs more than sums.
        """
        del whole
        raise AnchorauditError(
            f"the plot {cls.__module__.rpartition('.')[2]} needs all images and boxes at once, "
            "and an audit in parts has only sums",
            remedy="Audit some of the parts as a whole, with audit(), and plot that.",
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on new axes. Raises AnchorauditError without matplotlib."""
        axes = _new_axes(self.SIZE) if ax is None else ax
        self._draw(axes)
        self.ax_, self.figure_ = axes, axes.figure
        return self

    @abstractmethod
    def _draw(self, ax: Axes) -> None:
        """Draw the numbers."""


class CountsDisplay(Display):
    """A plot of what `summary()` counts by name, a bar a name."""

    SIZE = (6.4, 2.8)
    KEY: ClassVar[Literal["causes", "verdicts"]]

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if it has no detector."""
        audit.detector  # noqa: B018
        return cls({name: number for name, number in audit.summary()[cls.KEY].items() if number})

    @classmethod
    def of_parts(cls, whole: Partial) -> Self:
        """Take the numbers out of an audit in parts. Raises AnchorauditError if it has no detector."""
        whole.detector  # noqa: B018
        return cls({name: number for name, number in whole.summary()[cls.KEY].items() if number})

    def _draw_bars(self, ax: Axes, colours: Sequence[str]) -> None:
        """Draw the bars with their names and numbers. colours: one for each name."""
        ax.barh(range(len(self.counts)), list(self.counts.values()), color=colours, height=0.75)
        bars(ax, list(self.counts), {})
        for row, number in enumerate(self.counts.values()):
            ax.annotate(f"{number:,}", (number, row), (4, 0), textcoords="offset points", va="center")


def _new_axes(size: tuple[float, float]) -> Axes:
    if find_spec("matplotlib") is None:
        raise AnchorauditError("plots need matplotlib", remedy="pip install 'anchoraudit[plot]'")
    from matplotlib import pyplot

    axes: Axes = pyplot.subplots(figsize=size, layout="constrained")[1]
    return axes


def whole(*axes: Axis) -> None:
    """Mark whole numbers only, with commas."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis in axes:
        axis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def pixels(*axes: Axis) -> None:
    """Mark 1, 2, 5, 10, 20, ... on logarithmic axes, as numbers and not as powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def plain(text: str, longest: int = _LONGEST) -> str:
    r"""Return a name from the data as matplotlib shows it letter by letter: `$` begins no formula.

    >>> plain("price in $")
    'price in \\$'
    """
    return shortened(printable(text), longest).replace("$", r"\$")


def bars(ax: Axes, names: Sequence[str], parts: dict[str, tuple[Sequence[int], str]]) -> None:
    """Draw stacked bars from left to right, the first name on top. parts: numbers and colour by legend."""
    start = [0.0] * len(names)
    for legend, (numbers, colour) in parts.items():
        ax.barh(range(len(names)), numbers, left=start, color=colour, label=legend, height=0.75)
        start = [a + b for a, b in zip(start, numbers, strict=True)]
    ax.set_yticks(range(len(names)), [plain(name) for name in names])
    ax.invert_yaxis()
    whole(ax.xaxis)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.12)
