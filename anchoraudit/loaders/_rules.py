"""A rule of a loader, and what is left of a data set after all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from anchoraudit.arrays import Int
    from anchoraudit.dataset.columns import Dataset

# How reasons begin that mean more than that something is left out, and the reason of boxes that go with
# their image.
RAISES = "the loader raises: "
IGNORED = "ignored: "
WITH_IMAGE = "in an image that is dropped"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a loader does.

    what: an "image" or a "box" is left out, or the loader "moves" boxes: it changes their coordinates.
    reason: in plain words, as reports say it. source: the framework's file, and the function in it.
    only: the annotation format it is asked for, "" for all.
    """

    what: Literal["image", "box", "moves"]
    reason: str
    source: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A data set as a loader leaves it.

    dataset: what is left, with coordinates as the loader makes them. Images are numbered anew; entries,
    sources, splits, categories, findings and notes are those of the original. Boxes without an entry get
    their position in their file, so that it can still be told when others are gone.
    images: int64 [n], indices of the kept images in the original. boxes: int64 [m], rows of the kept boxes
    in the original.
    dropped_images, dropped_boxes: reason -> number, in the order in which the reasons are asked. Each image
    and box counts once; boxes of dropped images count as such, whatever else is wrong with them. Boxes that
    the framework keeps aside as regions to ignore are dropped for a reason that begins with "ignored".
    moved: number of kept boxes whose coordinates are not those of the original. moves: reason -> number of
    kept boxes; a box may be moved for several.
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
        """Number of images of the original data set."""
        return len(self.images) + sum(self.dropped_images.values())

    @property
    def boxes_before(self) -> int:
        """Number of boxes of the original data set."""
        return len(self.boxes) + sum(self.dropped_boxes.values())

    @property
    def ignored(self) -> int:
        """Dropped boxes that the framework keeps as regions to ignore."""
        return sum(number for reason, number in self.dropped_boxes.items() if reason.startswith(IGNORED))

    @property
    def raising(self) -> int:
        """Dropped images on which the framework would stop with an error."""
        return sum(number for reason, number in self.dropped_images.items() if reason.startswith(RAISES))

    def sentences(self) -> list[str]:
        """Say what the loader did, for a report: what it drops and why; what it moves; where it would stop.

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
        """Say on how many images the framework would stop, in a sentence; "" where it would not."""
        if not self.raising:
            return ""
        images, they = ("1 image", "it is") if self.raising == 1 else (f"{self.raising:,} images", "they are")
        return f"loader {self.loader} stops with an error on {images}: nothing trains until {they} mended"


def _of(number: int, whole: int, noun: str) -> str:
    """`2 of 33 boxes`, `1 of 1 image`."""
    plural = {"image": "images", "box": "boxes"}[noun]
    return f"{number:,} of {whole:,} {noun if whole == 1 else plural}"


def _listed(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason}: {number:,}" for reason, number in reasons.items())
