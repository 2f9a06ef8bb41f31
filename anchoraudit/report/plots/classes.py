"""`audit.plot.classes()`: boxes of each class by what becomes of them, and images of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.auditing.shares import ByClass, by_class, images_by_class
from anchoraudit.encoding.statuses import FOREGROUND
from anchoraudit.report.plots._display import GREEN, GREY, RED, Display, bars
from anchoraudit.report.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anchoraudit.auditing.audit import Audit
    from anchoraudit.partitions.partial import Partial


class ClassesDisplay(Display):
    """The classes with most boxes: how many boxes are trained, and how many images have one.

    Attributes
    ----------
    names : list of str
        C names of classes, those with most boxes first.
    boxes, trained, usable, images : ndarray of int64, shape (C,)
        All boxes of each class; those that are trained, or can be; those that reach the encoder; and the
        images that have a box of it. Without a detector, `trained` is as `usable`.
    left_out : int
        Further classes that have boxes, and that are not among them.

    Examples
    --------
    >>> display = ClassesDisplay.of(audit("sample_data/coco"))
    >>> display.names, display.boxes.tolist(), display.trained.tolist()
    (['cat_head', 'cat', 'cat_ear'], [18, 15, 4], [5, 6, 2])
    """

    def __init__(
        self, names: list[str], *, boxes: Int, trained: Int, usable: Int, images: Int, left_out: int = 0
    ) -> None:
        self.names, self.boxes, self.images = names, boxes, images
        self.trained, self.usable, self.left_out = trained, usable, left_out

    @classmethod
    def of(cls, audit: Audit, *, most: int = 30) -> Self:
        """Take the numbers out of an audit. most: how many classes."""
        names = [category.name for category in audit.dataset.categories]
        counted, images = by_class(audit), images_by_class(audit.dataset)
        return cls._of(names, counted, images, judged=audit.replayed is not None, most=most)

    @classmethod
    def of_parts(cls, whole: Partial, *, most: int = 30) -> Self:
        """Take the numbers out of an audit in parts. most: how many classes."""
        images = np.array(whole.counts["images_by_class"], dtype=np.int64)
        names = [category.name for category in whole.dataset.categories]
        return cls._of(names, whole.by_class, images, judged=whole.replayed is not None, most=most)

    @classmethod
    def _of(cls, names: list[str], counted: ByClass, images: Int, *, judged: bool, most: int) -> Self:
        order = np.argsort(-counted.boxes, kind="stable")
        order = order[counted.boxes[order] > 0]
        trained = sum((counted.of(name) for name in FOREGROUND), np.zeros_like(counted.usable))
        trained = trained if judged else counted.usable
        shown = order[:most]
        return cls(
            [names[i] for i in shown.tolist()],
            boxes=counted.boxes[shown],
            trained=trained[shown],
            usable=counted.usable[shown],
            images=images[shown],
            left_out=len(order) - len(shown),
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on new axes as high as needed. Raises AnchorauditError without matplotlib."""
        self.SIZE = (6.4, 1.6 + 0.24 * len(self.names))  # type: ignore[misc]
        return super().plot(ax)

    def _draw(self, ax: Axes) -> None:
        never = self.usable - self.trained
        rest = self.boxes - self.usable
        parts = {
            "trained": (self.trained.tolist(), GREEN),
            "never trained": (never.tolist(), RED),
            "not usable": (rest.tolist(), GREY),
        }
        bars(ax, self.names, {name: part for name, part in parts.items() if any(part[0])})
        ax.plot(self.images, range(len(self.names)), "D", color="black", markersize=4, label="images")
        ax.set(xlabel="boxes", title="Boxes and images of each class")
        if self.left_out:
            ax.set_xlabel(f"boxes ({count(self.left_out, 'class')} with fewer left out)")
        ax.legend(fontsize="small")


DISPLAY = ClassesDisplay
