"""`audit.plot.best_iou()`: how well the best anchor of each box fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.errors import AnchorauditError
from anchoraudit.report.plots._display import BLUE, RED, Display, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit


class BestIouDisplay(Display):
    """The IoU of each usable box with its best anchor, or what the detector measures in place of it.

    Attributes
    ----------
    values : ndarray of shape (n,)
        The best IoU of n usable boxes.
    threshold : float
        The IoU from which on an anchor is positive.
    measure : str
        What is measured: "IoU", "shape IoU", ...

    Examples
    --------
    >>> display = BestIouDisplay.of(audit("sample_data/coco"))
    >>> display.values.shape, display.threshold, int((display.values >= display.threshold).sum())
    ((33,), 0.5, 13)
    """

    def __init__(self, values: Float, threshold: float, measure: str = "IoU") -> None:
        self.values, self.threshold, self.measure = values, threshold, measure

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if its detector has no such value."""
        match = audit.detector.match
        if not match.measure:
            raise AnchorauditError(
                f"{audit.detector.name} does not compare boxes with anchors",
                remedy="audit.plot.candidates() shows how many points can train each box.",
            )
        values = audit.box_results.best_iou
        return cls(values[np.isfinite(values)], match.foreground_from, match.measure)

    def _draw(self, ax: Axes) -> None:
        highest = max(1.0, float(self.values.max(initial=0.0)))
        ax.hist(self.values, bins=50, range=(0, highest), color=BLUE)
        ax.axvline(self.threshold, color=RED, linestyle="--", label=f"positive from {self.threshold:g} on")
        ax.set(
            xlabel=f"best {self.measure} of a box",
            ylabel="boxes",
            title=f"Best {self.measure} of {len(self.values):,} usable boxes",
        )
        whole(ax.yaxis)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize="small")


DISPLAY = BestIouDisplay
