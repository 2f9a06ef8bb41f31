"""`audit.plot.causes()`: unmatched boxes by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.report.plots._display import OF_CAUSE, CountsDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CausesDisplay(CountsDisplay):
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

    KEY = "causes"

    def _draw(self, ax: Axes) -> None:
        self._draw_bars(ax, [OF_CAUSE[cause] for cause in self.counts])
        ax.set(xlabel="unmatched boxes", title="Why boxes are unmatched")
        if not self.counts:
            ax.text(0.5, 0.5, "every usable box is matched", ha="center", transform=ax.transAxes)


DISPLAY = CausesDisplay
