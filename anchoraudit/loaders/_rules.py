"""A rule of a loader, and what becomes of a data set under all rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from anchoraudit.dataset.fates import DROPPED, KEPT, MOVED, RAISED

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Int, Int8, Int16
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.loaders._declared import ClassReading

# What a report puts before the reason of a rule that stops the framework.
RAISES = "the loader raises: "
# A reason with this prefix: the framework keeps the box aside, as a region to ignore.
IGNORED = "ignored: "
# The reason of all boxes that go because their image does.
WITH_IMAGE = "in an image that is dropped"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a loader does.

    what: it drops an "image" or a "box"; it "moves" boxes: it changes their coordinates; it "raises" at an
    image; or it hands an image over with which training goes wrong right after it: it "stops", or trains what
    it should not.
    reason: in plain words, for reports. source: the framework's file and function.
    only: the annotation format that the rule applies to, "" for all.
    error: the framework's own words, if they are the same for every image.
    option: the setting of the framework that asks for it, as its users write it.
    expected: the annotation itself asks for it (a crowd, a difficult object) or nothing is lost (an equal
    row), so nobody needs to be warned.
    """

    what: Literal["image", "box", "moves", "raises", "stops"]
    reason: str
    source: str
    only: str = ""
    error: str = ""
    expected: bool = False
    option: str = ""

    @property
    def told(self) -> str:
        """The reason as reports count it."""
        return f"{RAISES}{self.reason}" if self.what == "raises" else self.reason

    @property
    def because(self) -> str:
        """The reason, with the option of the framework that asks for it."""
        return f"{self.reason} ({self.option})" if self.option else self.reason


@dataclass(frozen=True, repr=False)
class Loaded:
    """What a loader makes of a data set of N images and M boxes.

    Attributes
    ----------
    loader : str
        The loader's name.
    dataset : Dataset
        All N images and M boxes, with the coordinates, the sizes and the images of boxes as the loader hands
        them over, and with the fate of each. What it drops is as it was.
    rules : tuple of Rule
        The rules that applied to something, in the order in which the framework applies them.
    image_fate, box_fate : ndarray of int8, shapes (N,) and (M,)
        What becomes of each, an index into `FATES`. Boxes of an image that is dropped, or at which the loader
        raises, share its fate.
    image_rule, box_rule, stop_rule : ndarray of int16, shapes (N,), (M,) and (N,)
        1 + index into `rules` of the first rule that drops an image or raises at it; that drops a box; and
        that says why training stops right after the loader. 0 where there is none.
    culprit : ndarray of int64, shape (N,)
        The first box because of which `image_rule`, or else `stop_rule`, applies to the image. -1 where it is
        the image itself.
    moves : dict of str to int
        Number of kept boxes moved for each reason. A box may be moved for several reasons.
    order : tuple of str
        The reasons of all rules of the loader, in which reports list them.
    at_all : tuple of str
        Why the framework stops at the data set as a whole, whatever the images, and what to do.
    without_images : str
        The framework's own words if no image is left where it asks; "" if it never does.
    images_left, images_raised : int
        How many images were left by then, and at how many the loader had raised.
    classes : ClassReading or None
        What the framework makes of the classes that the data set's own files declare; None if it reads none.
    """

    loader: str
    dataset: Dataset
    rules: tuple[Rule, ...]
    image_fate: Int8
    box_fate: Int8
    image_rule: Int16
    box_rule: Int16
    stop_rule: Int16
    culprit: Int
    moves: dict[str, int]
    order: tuple[str, ...] = ()
    # By the number of a rule, the framework's own words for an image.
    say: Mapping[int, Callable[[int], str]] = field(default_factory=dict)
    at_all: tuple[str, ...] = ()
    without_images: str = ""
    images_left: int = 0
    images_raised: int = 0
    classes: ClassReading | None = None

    def __repr__(self) -> str:
        return (
            f"<what {self.loader} makes of {len(self.image_fate):,} images and {len(self.box_fate):,} boxes>"
        )

    @cached_property
    def images(self) -> Int:
        """Rows of the images that the loader hands over: int64 [n]."""
        import numpy as np

        return np.flatnonzero(self.image_fate == KEPT)

    @cached_property
    def boxes(self) -> Int:
        """Rows of the boxes that the loader hands over: int64 [m]."""
        import numpy as np

        return np.flatnonzero(self.trains)

    def as_if_mended(self) -> Dataset:
        """Return the data set in which nothing raises: such images and their boxes are as in the file."""
        from dataclasses import replace

        import numpy as np

        data = self.dataset
        images = replace(
            data.images, fate=np.where(self.image_fate == RAISED, np.int8(KEPT), self.image_fate)
        )
        own = np.where(self.box_rule > 0, np.int8(DROPPED), np.int8(KEPT))
        fate = np.where(self.box_fate == RAISED, own, self.box_fate)
        return replace(data, images=images, boxes=replace(data.boxes, fate=fate))

    @cached_property
    def trains(self) -> Bool:
        """Tell which boxes the loader hands over: bool [M]."""
        handed: Bool = self.box_fate <= MOVED
        return handed

    @cached_property
    def dropped_images(self) -> dict[str, int]:
        """Number of images that go for each reason, in the order of the loader's rules."""
        return self._counted(self.image_rule)

    @cached_property
    def dropped_boxes(self) -> dict[str, int]:
        """Number of boxes that go for each reason; all those of images that go under `WITH_IMAGE`."""
        import numpy as np

        counts = self._counted(np.where(self._with_image, 0, self.box_rule))
        if number := int(self._with_image.sum()):
            counts[WITH_IMAGE] = number
        return counts

    @property
    def _with_image(self) -> Bool:
        gone: Bool = (self.image_fate != KEPT)[self.dataset.boxes.image]
        return gone

    def _counted(self, of: Int16) -> dict[str, int]:
        import numpy as np

        counts: dict[str, int] = {}
        numbers = np.bincount(of, minlength=len(self.rules) + 1)[1:].tolist()
        for rule, number in zip(self.rules, numbers, strict=True):
            if number:
                counts[rule.told] = counts.get(rule.told, 0) + number
        return _in_order(counts, self.order)

    @property
    def whole(self) -> tuple[str, ...]:
        """Why the framework stops at the data set as a whole, and what to do."""
        return self.stops(self.images_before, self.images_left, self.images_raised)

    def stops(self, images: int, left: int, raised: int) -> tuple[str, ...]:
        """Return the same for a data set of so many images, of which it asks whether any are left.

        Where the loader has raised at one, it never comes as far as that.
        """
        if not self.without_images or not images or left or raised:
            return self.at_all
        return (*self.at_all, f"{self.without_images}, as no image is left")

    @property
    def moved(self) -> int:
        """Number of kept boxes whose coordinates differ from the original."""
        return int((self.box_fate == MOVED).sum())

    @property
    def images_before(self) -> int:
        """Number of images in the data set."""
        return len(self.image_fate)

    @property
    def boxes_before(self) -> int:
        """Number of boxes in the data set."""
        return len(self.box_fate)

    @property
    def ignored(self) -> int:
        """Number of dropped boxes that the framework keeps as regions to ignore."""
        return sum(number for reason, number in self.dropped_boxes.items() if reason.startswith(IGNORED))

    @property
    def raising(self) -> int:
        """Number of images on which the framework stops with an error, in the loader or right after it."""
        return int(((self.image_fate == RAISED) | (self.stop_rule > 0)).sum())

    def rule_of_image(self, image: int) -> Rule | None:
        """Return the rule that drops an image, raises at it, or stops training right after; or None."""
        number = int(self.image_rule[image]) or int(self.stop_rule[image])
        return self.rules[number - 1] if number else None

    def words(self, image: int) -> str:
        """Return the framework's own words for an image that it drops or stops at; "" if it has none."""
        number = int(self.image_rule[image]) or int(self.stop_rule[image])
        if number in self.say:
            return self.say[number](image)
        return self.rules[number - 1].error if number else ""

    def reason_of_image(self, image: int) -> str:
        """Return why an image does not train, if known in the framework's own words; "" if it does."""
        rule = self.rule_of_image(image)
        return "" if rule is None else self.words(image) or rule.because

    def does_with(self, image: int) -> str:
        """Say what the loader does with an image: `loader yolov5 drops it`."""
        rule = self.rule_of_image(image)
        does = {
            "raises": "raises",
            "image": "drops it",
            "stops": "keeps it, and training fails right after",
        }
        return f"loader {self.loader} {does.get(rule.what, 'keeps it') if rule else 'keeps it'}"

    def reason_of_box(self, row: int) -> str:
        """Return why a box does not train; "" if it does. In an image that goes, the image's reason."""
        image = int(self.dataset.boxes.image[row])
        if self.image_fate[image] != KEPT:
            return self.reason_of_image(image)
        number = int(self.box_rule[row])
        return self.rules[number - 1].reason if number else ""

    @property
    def tally(self) -> Tally:
        """How many images and boxes it drops, moves and stops at."""
        return Tally(
            self.loader,
            (self.images_before, self.boxes_before, len(self.boxes)),
            self.dropped_images,
            self.dropped_boxes,
            self.moved,
            _in_order(self.moves, self.order),
            self.raising,
            self.order,
        )

    def sentences(self) -> list[str]:
        """Return sentences for a report: what the loader drops and why, what it moves, where it would stop.

        `loader torchvision drops 3 of 26 images (no annotation: 3) and 2 of 33 boxes (crowd: 2)`
        """
        return self.tally.sentences()

    @property
    def stop(self) -> str:
        """A sentence that says on how many images the framework would stop; "" if on none."""
        return self.tally.stop


@dataclass(frozen=True)
class Tally:
    """What a loader does to a data set, or to parts of it, in numbers.

    of: images, boxes, and boxes that it hands over. images, boxes, moves: how many it drops or moves for each
    reason. moved: boxes that it moves. raising: images on which the framework stops. order: the reasons of
    all rules, in which they are listed: so parts list them as the whole does.
    """

    loader: str
    of: tuple[int, int, int]
    images: dict[str, int]
    boxes: dict[str, int]
    moved: int
    moves: dict[str, int]
    raising: int
    order: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        """Add up two parts."""
        images, boxes, kept = (a + b for a, b in zip(self.of, other.of, strict=True))
        return Tally(
            self.loader,
            (images, boxes, kept),
            _sum(self.images, other.images, self.order),
            _sum(self.boxes, other.boxes, self.order),
            self.moved + other.moved,
            _sum(self.moves, other.moves, self.order),
            self.raising + other.raising,
            self.order,
        )

    def sentences(self) -> list[str]:
        """Return sentences, as `Loaded.sentences` does."""
        dropped = [
            f"{_of(sum(reasons.values()), before, noun)} ({_listed(reasons)})"
            for reasons, before, noun in (
                (self.images, self.of[0], "image"),
                (self.boxes, self.of[1], "box"),
            )
            if reasons
        ]
        said = [f"loader {self.loader} drops {' and '.join(dropped) or 'nothing'}"]
        if self.moved:
            moved = _of(self.moved, self.of[2], "box")
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


def _sum(one: Mapping[str, int], other: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    return _in_order({name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}, order)


def _in_order(counts: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    """Return counts in the order of their reasons; `WITH_IMAGE`, which is that of no rule, comes last."""
    places = {name: place for place, name in reversed([*enumerate(order)])}
    names = sorted(counts, key=lambda name: (places.get(name, len(order)), name == WITH_IMAGE, name))
    return {name: counts[name] for name in names}


def _of(number: int, whole: int, noun: str) -> str:
    """Return `2 of 33 boxes` or `1 of 1 image`."""
    plural = {"image": "images", "box": "boxes"}[noun]
    return f"{number:,} of {whole:,} {noun if whole == 1 else plural}"


def _listed(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason}: {number:,}" for reason, number in reasons.items())
