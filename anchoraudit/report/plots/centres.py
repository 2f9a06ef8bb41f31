"""`audit.plot.centres()`: where in their images the boxes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.report.plots._display import Display, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit

_BINS = (8, 40)  # the fewest and the most fields of a side


class CentresDisplay(Display):
    """The centres of boxes as shares of their images' sides, as a heat map.

    Attributes
    ----------
    counts : ndarray of shape (bins, bins)
        The number of centres in each field; rows from top to bottom, columns from left to right.
    label : str or None
        The class whose boxes these are; None for all classes.

    Examples
    --------
    >>> display = CentresDisplay.of(audit("sample_data/coco"), bins=2)
    >>> display.counts.tolist()
    [[4.0, 6.0], [13.0, 12.0]]
    """

    SIZE = (5.6, 4.8)

    def __init__(self, counts: Float, label: str | None = None) -> None:
        self.counts, self.label = counts, label

    @classmethod
    def of(cls, audit: Audit, *, label: str | None = None, bins: int | None = None) -> Self:
        """Take the numbers out of an audit.

        label: one class; None for all. bins: how many fields a side has; None for 8 to 40, by the number of
        boxes. Boxes that are not finite, those
        whose centre is outside their image, and those of images of unknown size are left out. Raises
        AnchorauditError for a class that does not exist.
        """
        dataset = audit.dataset
        boxes, images = dataset.boxes, dataset.images
        chosen = np.isfinite(boxes.xyxy).all(axis=1)
        if label is not None:
            names = [category.name for category in dataset.categories]
            if label not in names:
                raise AnchorauditError(
                    f"no class {label!r}", remedy=f"{did_you_mean(label, names)}Name one of the data set's."
                )
            chosen &= np.isin(boxes.category, [i for i, name in enumerate(names) if name == label])
        rows = np.flatnonzero(chosen)
        of = boxes.image[rows]
        sides = np.column_stack([images.width[of], images.height[of]])
        shares = (boxes.xyxy[rows, :2] + boxes.xyxy[rows, 2:]) / 2 / sides
        inside = ((shares >= 0) & (shares <= 1)).all(axis=1)  # not where a side is unknown
        x, y = shares[inside].T
        bins = min(max(round(len(x) ** 0.5), _BINS[0]), _BINS[1]) if bins is None else bins
        counts = np.histogram2d(y, x, bins=bins, range=((0, 1), (0, 1)))[0]
        return cls(counts, label)

    def _draw(self, ax: Axes) -> None:
        picture = ax.imshow(self.counts, extent=(0, 1, 1, 0), cmap="viridis", aspect="equal")
        ax.figure.colorbar(picture, ax=ax, label="boxes")
        whose = "all classes" if self.label is None else plain(self.label)
        ax.set(
            xlabel="centre, share of the width",
            ylabel="centre, share of the height",
            title=f"Where boxes are: {whose}",
        )


DISPLAY = CentresDisplay
