"""`audit.plot.verdicts()`: images by verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.report.plots._display import GREEN, GREY, RED, Display, bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit

_TRAINED = ("ok", "forced_only")


class VerdictsDisplay(Display):
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

    SIZE = (6.4, 2.8)

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if it has no detector."""
        audit.detector  # noqa: B018
        return cls({name: number for name, number in audit.summary()["verdicts"].items() if number})

    def _draw(self, ax: Axes) -> None:
        names = list(self.counts)
        colours = [
            RED if name in WITHOUT_FOREGROUND else GREEN if name in _TRAINED else GREY for name in names
        ]
        ax.barh(range(len(names)), list(self.counts.values()), color=colours, height=0.75)
        bars(ax, names, {})
        for row, number in enumerate(self.counts.values()):
            ax.annotate(f"{number:,}", (number, row), (4, 0), textcoords="offset points", va="center")
        ax.set(xlabel="images", title="Images by verdict")


DISPLAY = VerdictsDisplay
