"""A rule of a loader, and the data set that is left after all rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from anchoraudit.arrays import Int
    from anchoraudit.dataset.columns import Dataset

# A reason with this prefix: the framework stops with an error on the image.
RAISES = "the loader raises: "
# A reason with this prefix: the framework keeps the box aside, as a region to ignore.
IGNORED = "ignored: "
# The reason of all boxes that are dropped because their image is.
WITH_IMAGE = "in an image that is dropped"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a loader does.

    what: the loader drops an "image" or a "box", or "moves" boxes: it changes their coordinates.
    reason: in plain words, for reports. source: the framework's file and function.
    only: the annotation format that the rule applies to, "" for all.
    """

    what: Literal["image", "box", "moves"]
    reason: str
    source: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A data set after a loader.

    Attributes
    ----------
    loader : str
        The loader's name.
    dataset : Dataset
        What is left, with the coordinates that the loader makes. Image indices are new. Entries, sources,
        splits, categories, findings and notes are those of the original. A box without an entry gets its
        position in its file as entry, so that it can still be found there.
    images : ndarray of int64, shape (n,)
        Indices of the kept images in the original.
    boxes : ndarray of int64, shape (m,)
        Rows of the kept boxes in the original.
    dropped_images, dropped_boxes : dict of str to int
        Number dropped for each reason, in the order in which the rules apply. Each image and each box is
        counted once, under the first rule that drops it; all boxes of dropped images are counted under
        `WITH_IMAGE`. If the framework keeps a box aside as a region to ignore, the reason begins with
        "ignored".
    moved : int
        Number of kept boxes whose coordinates differ from the original.
    moves : dict of str to int
        Number of kept boxes moved for each reason. A box may be moved for several reasons.
    """

    loader: str
    dataset: Dataset
    images: Int
    boxes: Int
    dropped_images: dict[str, int]
    dropped_boxes: dict[str, int]
    moved: int
    moves: dict[str, int]

    @property
    def images_before(self) -> int:
        """Number of images in the original data set."""
        return len(self.images) + sum(self.dropped_images.values())

    @property
    def boxes_before(self) -> int:
        """Number of boxes in the original data set."""
        return len(self.boxes) + sum(self.dropped_boxes.values())

    @property
    def ignored(self) -> int:
        """Number of dropped boxes that the framework keeps as regions to ignore."""
        return sum(number for reason, number in self.dropped_boxes.items() if reason.startswith(IGNORED))

    @property
    def raising(self) -> int:
        """Number of dropped images on which the framework would stop with an error."""
        return sum(number for reason, number in self.dropped_images.items() if reason.startswith(RAISES))

    def sentences(self) -> list[str]:
        """Return sentences for a report: what the loader drops and why, what it moves, where it would stop.

        `loader torchvision drops 3 of 26 images (no annotation: 3) and 2 of 33 boxes (crowd: 2)`
        """
        dropped = [
            f"{_of(sum(reasons.values()), before, noun)} ({_listed(reasons)})"
            for reasons, before, noun in (
                (self.dropped_images, self.images_before, "image"),
                (self.dropped_boxes, self.boxes_before, "box"),
            )
            if reasons
        ]
        said = [f"loader {self.loader} drops {' and '.join(dropped) or 'nothing'}"]
        if self.moved:
            moved = _of(self.moved, len(self.boxes), "box")
            said.append(
                f"loader {self.loader} changes the coordinates of {moved} it keeps ({_listed(self.moves)})"
            )
        return [*said, self.stop] if self.stop else said

    @property
    def stop(self) -> str:
        """A sentence that says on how many images the framework would stop; "" if on none."""
        if not self.raising:
            return ""
        images, they = ("1 image", "it is") if self.raising == 1 else (f"{self.raising:,} images", "they are")
        return f"loader {self.loader} stops with an error on {images}: nothing trains until {they} fixed"


def _of(number: int, whole: int, noun: str) -> str:
    """Return `2 of 33 boxes` or `1 of 1 image`."""
    plural = {"image": "images", "box": "boxes"}[noun]
    return f"{number:,} of {whole:,} {noun if whole == 1 else plural}"


def _listed(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason}: {number:,}" for reason, number in reasons.items())
