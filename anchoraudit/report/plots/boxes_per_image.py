"""`audit.plot.boxes_per_image()`: how many boxes images have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.report.plots._display import BLUE, RED, Display, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit

_MOST_BARS = 60


class BoxesPerImageDisplay(Display):
    """How many usable boxes the images have.

    Attributes
    ----------
    values : ndarray of int64, shape (N,)
        The number of usable boxes of each image.
    limit : int or None
        How many boxes of an image the detector can train at most; None if there is no such limit.

    Examples
    --------
    >>> display = BoxesPerImageDisplay.of(audit("sample_data/coco"))
    >>> np.bincount(display.values).tolist()
    [6, 12, 4, 3, 1]
    """

    def __init__(self, values: Int, limit: int | None = None) -> None:
        self.values, self.limit = values, limit

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit."""
        by_query = audit.replayed is not None and audit.detector.match.unit == "query"
        return cls(audit.image_results.usable, audit.detector.match.queries if by_query else None)

    def _draw(self, ax: Axes) -> None:
        most = int(self.values.max(initial=0))
        width = -(-(most + 1) // _MOST_BARS)
        edges = (np.arange(0, most + 1 + width, width) - 0.5).tolist()
        ax.hist(self.values, bins=edges, color=BLUE, rwidth=0.9)
        if self.limit is not None:
            ax.axvline(self.limit, color=RED, linestyle="--", label=f"{self.limit:,} queries")
            ax.legend(fontsize="small")
        ax.set(
            xlabel="usable boxes of an image",
            ylabel="images",
            title=f"Boxes of {len(self.values):,} images, {self.values.mean():.1f} on average"
            if len(self.values)
            else "No images",
        )
        whole(ax.xaxis, ax.yaxis)
        ax.spines[["top", "right"]].set_visible(False)


DISPLAY = BoxesPerImageDisplay
