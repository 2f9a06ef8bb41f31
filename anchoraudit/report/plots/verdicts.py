"""`audit.plot.verdicts()`: images by verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.report.plots._display import GREEN, GREY, RED, CountsDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TRAINED = ("ok", "forced_only")


class VerdictsDisplay(CountsDisplay):
    """Images by verdict: green with foreground, red without, grey where nothing is trained or known.

    Attributes
    ----------
    counts : dict of str to int
        The number of images with each verdict that occurs.

    Examples
    --------
    >>> VerdictsDisplay.of(audit("sample_data/coco")).counts
    {'ok': 6, 'empty_foreground': 14, 'blank': 3, 'no_usable_box': 2, 'unknown': 1}
    """

    KEY = "verdicts"

    def _draw(self, ax: Axes) -> None:
        colours = [
            RED if name in WITHOUT_FOREGROUND else GREEN if name in _TRAINED else GREY for name in self.counts
        ]
        self._draw_bars(ax, colours)
        ax.set(xlabel="images", title="Images by verdict")


DISPLAY = VerdictsDisplay
