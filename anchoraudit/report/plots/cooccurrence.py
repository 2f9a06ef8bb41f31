"""`audit.plot.cooccurrence()`: which classes are in the same images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.report.plots._display import Display, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit

_NUMBERED = 12  # classes up to which there is room for a number in each field


class CooccurrenceDisplay(Display):
    """How many images have both of two classes.

    Attributes
    ----------
    names : list of str
        The C classes that are in most images, the most common first.
    images : ndarray of int64, shape (C, C)
        The number of images that have both; on the diagonal, those that have the class.

    Examples
    --------
    >>> display = CooccurrenceDisplay.of(audit("sample_data/coco"))
    >>> display.names, display.images.tolist()
    (['cat_head', 'cat', 'cat_ear'], [[15, 4, 2], [4, 12, 0], [2, 0, 2]])
    """

    def __init__(self, names: list[str], images: Int) -> None:
        self.names, self.images = names, images

    @classmethod
    def of(cls, audit: Audit, *, most: int = 20) -> Self:
        """Take the numbers out of an audit. most: how many classes."""
        dataset = audit.dataset
        boxes, count = dataset.boxes, len(dataset.categories)
        known = boxes.category >= 0
        image, category = boxes.image[known], boxes.category[known]
        common = np.bincount(np.unique(image * max(count, 1) + category) % max(count, 1), minlength=count)
        shown = np.argsort(-common, kind="stable")[:most]
        shown = shown[common[shown] > 0]
        has = np.zeros((len(shown), len(dataset.images)), dtype=np.float32)
        for row, number in enumerate(shown.tolist()):
            has[row, image[category == number]] = 1
        together = np.rint(has @ has.T).astype(np.int64)
        return cls([dataset.categories[i].name for i in shown.tolist()], together)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on new axes as large as needed. Raises AnchorauditError without matplotlib."""
        side = 3.2 + 0.22 * len(self.names)
        self.SIZE = (side + 1.2, side)  # type: ignore[misc]
        return super().plot(ax)

    def _draw(self, ax: Axes) -> None:
        names = [plain(name, 18) for name in self.names]
        if names:
            picture = ax.imshow(self.images, cmap="viridis")
            ax.figure.colorbar(picture, ax=ax, label="images")
        ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
        ax.set_yticks(range(len(names)), names)
        ax.set_title("Images that have both classes")
        if len(names) <= _NUMBERED:
            middle = self.images.max(initial=1) / 2
            for (row, column), number in np.ndenumerate(self.images):
                colour = "white" if number < middle else "black"
                ax.text(column, row, f"{number:,}", ha="center", va="center", color=colour, fontsize="small")


DISPLAY = CooccurrenceDisplay
