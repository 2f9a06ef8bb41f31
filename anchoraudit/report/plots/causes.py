"""`audit.plot.causes()`: unmatched boxes by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from anchoraudit.report.plots._display import OF_CAUSE, Display, bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit


class CausesDisplay(Display):
    """Boxes that can never be positive, by cause.

    Attributes
    ----------
    counts : dict of str to int
        The number of unmatched boxes with each cause that occurs.

    Examples
    --------
    >>> CausesDisplay.of(audit("sample_data/coco")).counts
    {'edge': 6, 'stride': 1, 'small': 7, 'large': 3, 'elongated': 3}
    """

    SIZE = (6.4, 2.8)

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if it has no detector."""
        audit.detector  # noqa: B018
        return cls({name: number for name, number in audit.summary()["causes"].items() if number})

    def _draw(self, ax: Axes) -> None:
        names = list(self.counts)
        for cause in names:
            numbers = [self.counts[name] if name == cause else 0 for name in names]
            ax.barh(range(len(names)), numbers, color=OF_CAUSE[cause], height=0.75)
        bars(ax, names, {})
        for row, number in enumerate(self.counts.values()):
            ax.annotate(f"{number:,}", (number, row), (4, 0), textcoords="offset points", va="center")
        ax.set(xlabel="unmatched boxes", title="Why boxes are unmatched")
        if not names:
            ax.text(0.5, 0.5, "every usable box is matched", ha="center", transform=ax.transAxes)


DISPLAY = CausesDisplay
