"""`audit.plot.candidates()`: how many points can train each box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.errors import AnchorauditError
from anchoraudit.report.plots._display import BLUE, RED, Display, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit


class CandidatesDisplay(Display):
    """How many points can become positive for each usable box, were it alone in its image.

    Attributes
    ----------
    values : ndarray of int64, shape (n,)
        The number of candidates of n usable boxes.

    Examples
    --------
    >>> display = CandidatesDisplay.of(audit("sample_data/coco", "torchvision-fcos_resnet50_fpn"))
    >>> len(display.values), int((display.values == 0).sum())
    (33, 0)
    """

    def __init__(self, values: Int) -> None:
        self.values = values

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if its detector has anchors, or none."""
        found = audit.box_results.candidates
        if found is None:
            raise AnchorauditError(
                f"{audit.detector.name} has no points whose number could be counted",
                remedy="audit.plot.best_iou() shows how well its anchors fit.",
            )
        return cls(found[found >= 0])

    @property
    def bins(self) -> list[tuple[int, int]]:
        """First and last number of each bar: 0, 1, 2 to 3, 4 to 7 and so on.

        >>> CandidatesDisplay(np.array([0, 5])).bins
        [(0, 0), (1, 1), (2, 3), (4, 7)]
        """
        most = int(self.values.max(initial=1))
        return [(0, 0), *((2**i, 2 ** (i + 1) - 1) for i in range(most.bit_length()))]

    def _draw(self, ax: Axes) -> None:
        counts = [int(np.count_nonzero((self.values >= a) & (self.values <= b))) for a, b in self.bins]
        names = [f"{a}" if a == b else f"{a:,}-{b:,}" for a, b in self.bins]
        ax.bar(range(len(counts)), counts, color=[RED, *[BLUE] * (len(counts) - 1)])
        ax.set_xticks(range(len(names)), names, rotation=30, ha="right")
        ax.set(
            xlabel="points that can train a box",
            ylabel="boxes",
            title=f"Candidates of {len(self.values):,} usable boxes",
        )
        whole(ax.yaxis)
        ax.spines[["top", "right"]].set_visible(False)


DISPLAY = CandidatesDisplay
