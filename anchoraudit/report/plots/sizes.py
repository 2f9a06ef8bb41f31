"""`audit.plot.sizes()`: boxes by width and height on the network's input, with the anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int
from anchoraudit.boxes import box_sizes
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.report.plots._display import BLUE, GREY, OF_CAUSE, Display, pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit
    from anchoraudit.partitions.partial import Partial

_MOST = 20_000  # points of each colour: more hide each other, and make a figure slow
_DOT = 16.0  # square points: the area of a box that is unmatched
_LEAST_SIDE = 0.1  # pixels: a smaller side is drawn there, as the axes are logarithmic


class SizesDisplay(Display):
    """Usable boxes by width and height on the network's input: grey, or the colour of why they are unmatched.

    Attributes
    ----------
    sizes : ndarray of shape (n, 2)
        Width and height of the n usable boxes on the network's input, in pixels.
    status, cause : ndarray of str, shape (n,)
        What becomes of each, and why it is unmatched, "" if it is not.
    anchors : ndarray of shape (K, 2)
        Width and height of the anchor shapes, in pixels of the input; none for a detector without anchors.
    limits : tuple of float
        The long sides at which another level begins to learn a box; only for detectors that send boxes to
        levels by size.
    count : ndarray of int64, shape (n,), or None
        How many boxes each of the n sizes stands for, in an audit in parts; None: each is one box.

    Examples
    --------
    >>> display = SizesDisplay.of(audit("sample_data/coco"))
    >>> display.sizes.shape, display.anchors.shape, int((display.cause == "small").sum())
    ((33, 2), (9, 2), 7)
    """

    SIZE = (6.4, 5.4)

    def __init__(
        self,
        sizes: Float,
        status: npt.NDArray[Any],
        cause: npt.NDArray[Any],
        anchors: Float,
        limits: tuple[float, ...] = (),
        *,
        count: Int | None = None,
    ) -> None:
        self.sizes, self.status, self.cause = sizes, status, cause
        self.anchors, self.limits, self.count = anchors, limits, count

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit. Raises AnchorauditError if it has no detector."""
        detector, results = audit.detector, audit.box_results
        rows = np.flatnonzero(results.usable)
        sizes = box_sizes(audit.net_boxes(rows)) if len(rows) else np.empty((0, 2))
        causes = np.array([*CAUSES, ""], dtype=object)  # -1 is ""
        return cls(
            sizes.astype(np.float64),
            np.array(STATUSES, dtype=object)[results.status[rows]],
            causes[results.cause[rows]],
            detector.shapes if detector.anchors.levels else np.empty((0, 2)),
            tuple(high for _, high in detector.match.ranges[:-1]),
        )

    @classmethod
    def of_parts(cls, whole: Partial) -> Self:
        """Take the numbers out of an audit in parts: a point for boxes that are about as large.

        What becomes of each box is not known. Raises AnchorauditError if the audit has no detector.
        """
        detector, sizes = whole.detector, whole.sizes.mean
        unknown = np.full(len(sizes), "", dtype=object)
        anchors = detector.shapes if detector.anchors.levels else np.empty((0, 2))
        limits = tuple(high for _, high in detector.match.ranges[:-1])
        return cls(sizes, unknown, unknown, anchors, limits, count=whole.sizes.count)

    def _draw(self, ax: Axes) -> None:
        sizes = np.maximum(self.sizes, _LEAST_SIDE)
        for cause in ("", *CAUSES):
            rows = np.flatnonzero(self.cause == cause)
            if not len(rows):
                continue
            some = rows[:: len(rows) // _MOST + 1]
            drawn, boxes = sizes[some], len(rows) if self.count is None else int(self.count[rows].sum())
            dots = _DOT if cause else _DOT / 2 if self.count is None else _areas(self.count[some])
            ax.scatter(
                drawn[:, 0],
                drawn[:, 1],
                s=dots,
                color=OF_CAUSE.get(cause, GREY),
                alpha=0.8 if cause else 0.5,
                linewidths=0,
                label=f"{cause or ('trained' if self.count is None else 'usable')} ({boxes:,})",
                rasterized=len(drawn) > 2000,
            )
        if len(self.anchors):
            ax.scatter(
                self.anchors[:, 0], self.anchors[:, 1], marker="+", s=70, color="black", label="anchor shapes"
            )
        for number, limit in enumerate(self.limits):
            side = [_LEAST_SIDE, limit, limit], [limit, limit, _LEAST_SIDE]
            label = "levels, by the long side" if number == 0 else None
            ax.plot(*side, color=BLUE, linestyle="--", linewidth=1, label=label)
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="width on the input (px)",
            ylabel="height on the input (px)",
            title="Sizes of the usable boxes",
        )
        pixels(ax.xaxis, ax.yaxis)
        ax.tick_params(axis="x", labelrotation=30)
        if len(self.sizes) and self.limits:
            low = float(sizes.min()) / 1.5
            ax.set(xlim=(low, None), ylim=(low, None))
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize="small")


def _areas(count: Int) -> Float:
    """Return the areas of points that stand for so many boxes; they grow with the logarithm of that."""
    areas: Float = _DOT / 4 * (1 + np.log2(count))
    return areas


DISPLAY = SizesDisplay
