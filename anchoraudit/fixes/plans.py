"""A plan: what fixes would do to a data set, as columns beside its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from anchoraudit.coco_text import Texts
from anchoraudit.dataset import Bool, Boxes, Category, Dataset, Float, Images, Int
from anchoraudit.errors import AnchorauditError
from anchoraudit.findings import Finding
from anchoraudit.geometry import box_sizes
from anchoraudit.places import Places

if TYPE_CHECKING:
    from anchoraudit.fixes.changes import Change

# Why a box goes, in the order in which the reasons are asked; 0 is a box that stays.
DROPPED = ("", "not_finite", "no_area", "outside", "exact_duplicate", "near_duplicate")
_SAME_AREA = 1e-9  # relative; an `area` that far from width times height is that of a mask, or rounded


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to a data set of N images, M boxes and C categories.

    dropped: int8 [M], index into DROPPED. twin: int64 [M], the row a duplicate equals, else -1.
    xyxy: float64 [M, 4], the boxes after clipping, as a reader of the written file gets them.
    clipped: bool [M], boxes that were. swapped: bool [N], images whose width and height change places.
    category_ids: the new id of each category, None where ids stay.
    remarks: what could not be done, and why.
    """

    dataset: Dataset
    dropped: npt.NDArray[np.int8]
    twin: Int
    xyxy: Float
    clipped: Bool
    swapped: Bool
    category_ids: tuple[int, ...] | None = None
    remarks: tuple[str, ...] = ()

    @property
    def renumbered(self) -> Bool:
        """Which categories get another id: bool [C]."""
        old = [category.id for category in self.dataset.categories]
        new = old if self.category_ids is None else self.category_ids
        return np.array([a != b for a, b in zip(old, new, strict=True)], dtype=np.bool_)

    @property
    def counts(self) -> dict[str, int]:
        """How many boxes, images or categories each fix is for, by its name."""
        dropped = np.bincount(self.dropped, minlength=len(DROPPED)).tolist()
        counts = {"clipped": int(np.count_nonzero(self.clipped))}
        counts |= dict(zip(DROPPED[1:], dropped[1:], strict=True))
        counts |= {"swapped": int(np.count_nonzero(self.swapped))}
        return counts | {"renumbered": int(np.count_nonzero(self.renumbered))}

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the data set with everything done; the one that is given, which was planned for, stays.

        Findings about boxes that go are left out; all others stay. Raises AnchorauditError if the plan was
        made for another data set.
        """
        if len(dataset.boxes) != len(self.dropped) or len(dataset.images) != len(self.swapped):
            raise AnchorauditError("the plan was made for another data set", remedy="Plan anew.")
        categories = dataset.categories
        if self.category_ids is not None:
            pairs = zip(self.category_ids, categories, strict=True)
            categories = tuple(Category(identity, category.name) for identity, category in pairs)
        return replace(
            dataset,
            images=self._images(dataset.images),
            boxes=self._boxes(dataset.boxes),
            categories=categories,
            findings=self._findings(dataset),
            notes=list(dataset.notes),
        )

    def changes(self, keep: Bool | None = None, texts: Texts | None = None) -> list[Change]:
        """List every change, in the order of files, images and boxes.

        keep: bool [N], the images that are written: of the others only what is dropped is listed. texts: the
        sources of a COCO data set, if some were opened already. Values are those that stand in the file, and
        those that will.
        """
        from anchoraudit.fixes.changes import changes_of

        return changes_of(self, np.ones_like(self.swapped) if keep is None else keep, texts)

    def _images(self, images: Images) -> Images:
        return replace(
            images,
            ids=list(images.ids),
            file_names=list(images.file_names),
            width=np.where(self.swapped, images.height, images.width),
            height=np.where(self.swapped, images.width, images.height),
        )

    def _boxes(self, boxes: Boxes) -> Boxes:
        area = boxes.area
        if area is not None:
            follows = area_follows(boxes, self.clipped)
            area = np.where(follows, own_areas(self.xyxy), area)
        entry = positions_in_images(boxes) if boxes.entry is None else boxes.entry
        fixed = replace(boxes, xyxy=self.xyxy, area=area, entry=entry)
        return fixed.take(np.flatnonzero(self.dropped == 0))

    def _findings(self, dataset: Dataset) -> list[Finding]:
        gone = np.flatnonzero(self.dropped == DROPPED.index("not_finite")).tolist()
        if not gone or not dataset.findings:
            return list(dataset.findings)
        places = Places(dataset)
        where = {(place.path, place.place) for place in map(places.of_box, gone)}
        return [
            f for f in dataset.findings if (f.path, f.place.partition(".")[0].partition(",")[0]) not in where
        ]


def area_follows(boxes: Boxes, rows: Bool | Int) -> Bool:
    """Tell which boxes declare the area of their own width and height, of those in `rows`: bool [M]."""
    follows = np.zeros(len(boxes), dtype=np.bool_)
    if boxes.area is not None:
        own = own_areas(boxes.xyxy[rows])
        with np.errstate(invalid="ignore"):
            follows[rows] = np.abs(boxes.area[rows] - own) <= _SAME_AREA * own
    return follows


def own_areas(xyxy: Float) -> Float:
    """Width times height of boxes [M, 4], less the noise of the product: [M]."""
    with np.errstate(invalid="ignore", over="ignore"):
        areas: Float = np.round(box_sizes(xyxy).prod(axis=1), 9)
    return areas


def positions_in_images(boxes: Boxes) -> Int:
    """Position of each box among those of its image: [M]. It cannot be counted once some are gone."""
    order = boxes.by_image()
    image = boxes.image[order]
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.arange(len(order)) - np.searchsorted(image, image)
    return found
