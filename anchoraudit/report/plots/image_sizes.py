"""`audit.plot.image_sizes()`: widths and heights of the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.report.plots._display import BLUE, Display
from anchoraudit.report.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit

_LARGEST_DOT = 500.0  # square points


class ImageSizesDisplay(Display):
    """The different sizes of the images, and how many images have each.

    Attributes
    ----------
    sizes : ndarray of shape (S, 2)
        The S different widths and heights, in pixels.
    images : ndarray of int64, shape (S,)
        How many images have each.
    unknown : int
        How many images have no known size.

    Examples
    --------
    >>> display = ImageSizesDisplay.of(audit("sample_data/coco"))
    >>> display.sizes.astype(int).tolist(), display.images.tolist(), display.unknown
    ([[480, 640], [500, 375], [640, 480], [960, 720]], [1, 6, 7, 11], 1)
    """

    def __init__(self, sizes: Float, images: Int, unknown: int = 0) -> None:
        self.sizes, self.images, self.unknown = sizes, images, unknown

    @classmethod
    def of(cls, audit: Audit) -> Self:
        """Take the numbers out of an audit."""
        columns = audit.dataset.images
        sizes = np.column_stack([columns.width, columns.height])
        known = np.isfinite(sizes).all(axis=1)
        different, counts = np.unique(sizes[known], axis=0, return_counts=True)
        return cls(different, counts, int(np.count_nonzero(~known)))

    def _draw(self, ax: Axes) -> None:
        if len(self.sizes):
            areas = np.maximum(12.0, _LARGEST_DOT * self.images / self.images.max())
            ax.scatter(
                self.sizes[:, 0], self.sizes[:, 1], s=areas, color=BLUE, alpha=0.45, edgecolors="white"
            )
        unknown = f"; of unknown size: {self.unknown:,}" if self.unknown else ""
        ax.set(
            xlabel="width (px)",
            ylabel="height (px)",
            title=f"{count(len(self.sizes), 'image size')}{unknown}",
        )
        ax.margins(0.15)
        ax.grid(alpha=0.3)


DISPLAY = ImageSizesDisplay
