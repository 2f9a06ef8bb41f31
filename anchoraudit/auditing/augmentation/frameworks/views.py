"""Boxes of many pictures, each of which is drawn once; and the random numbers of each.

A view is one image in one draw. Its numbers depend on its key and on how many steps and numbers came before,
and on no other view: so they are the same however many views are drawn at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.augmentation.draws import Keys, fractions, mixed

# The increment of SplitMix64, and another odd number to tell streams from each other.
_STEP, _STREAM = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)


@dataclass(slots=True)
class Stream:
    """The random numbers of one step, for each view: keys uint64 [V]."""

    keys: Keys
    used: int = 0

    def uniform(self, low: float | Float = 0.0, high: float | Float = 1.0) -> Float:
        """Return one number in [low, high) for each view: float64 [V]."""
        drawn = self.at(np.array([self.used], dtype=np.uint64))[:, 0]
        self.used += 1
        return low + (high - low) * drawn

    def whole(self, low: float | Float, high: float | Float) -> Float:
        """Return one whole number in low..high, both included, for each view: float64 [V]."""
        return np.minimum(low + np.floor(self.uniform() * (high - low + 1)), high)

    def choice(self, values: tuple[float, ...]) -> Float:
        """Return one of the values for each view, all alike: float64 [V]."""
        return np.array(values, dtype=np.float64)[self.whole(0, len(values) - 1).astype(np.int64)]

    def chance(self, probability: float) -> Bool:
        """Tell for each view whether something of this probability happens: bool [V]."""
        return self.uniform() < probability

    def at(self, numbers: Keys, rows: Int | None = None) -> Float:
        """Return the numbers of these positions in [0, 1), of some views: float64 [v, n]."""
        keys = self.keys if rows is None else self.keys[rows]
        return fractions(mixed(keys[:, None] + (numbers + np.uint64(1)) * _STEP))


@dataclass(slots=True)
class Views:
    """V views with m boxes.

    boxes: float64 [m, 4], pixels of the picture as it is now. of: int64 [m], the view of each box, ascending;
    every view has a box. kept: bool [m], False once a box is dropped; what then becomes of its coordinates
    means nothing. width, height: float64 [V], the picture. canvas_width, canvas_height: float64 [V], the
    picture with its padding at the right and at the bottom. keys: uint64 [V]. side: the length of the square
    that the network takes; steps with sizes of their own do not look at it.
    """

    boxes: Float
    of: Int
    kept: Bool
    width: Float
    height: Float
    canvas_width: Float
    canvas_height: Float
    keys: Keys
    side: float
    _streams: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def of_images(cls, boxes: Float, of: Int, sides: tuple[Float, Float], keys: Keys, side: float) -> Views:
        """Return the views of images of `sides`, width and height [V] each, as they are in their files."""
        own = (sides[0].astype(np.float64), sides[1].astype(np.float64))
        return cls(boxes.copy(), of, np.ones(len(boxes), dtype=np.bool_), *own, *own, keys, float(side))

    def stream(self) -> Stream:
        """Return random numbers for the next step."""
        self._streams[0] += 1
        number = np.array([self._streams[0]], dtype=np.uint64)
        return Stream(mixed(self.keys ^ (number * _STREAM)))

    @property
    def box_width(self) -> Float:
        """The boxes' sides along x: [m]."""
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def box_height(self) -> Float:
        """The boxes' sides along y: [m]."""
        return self.boxes[:, 3] - self.boxes[:, 1]

    def resize(self, width: Float, height: Float, scale: tuple[Float, Float] | None = None) -> None:
        """Make the pictures `width` x `height` px, and scale the boxes by that, or by `scale`, all [V]."""
        x, y = scale or (width / self.width, height / self.height)
        self.boxes *= np.stack([x, y, x, y], axis=1)[self.of]
        self.width, self.height = width, height
        self.unpad()

    def move(self, x: Float, y: Float) -> None:
        """Move the boxes by so many pixels: [V] each."""
        self.boxes += np.stack([x, y, x, y], axis=1)[self.of]

    def show(self, width: Float, height: Float) -> None:
        """Make the picture a window of this size at its top left, and clip the boxes to it."""
        self.width, self.height = width, height
        self.unpad()
        self.clip()

    def clip(self) -> None:
        """Clip the boxes to the picture."""
        sides = np.stack([self.width, self.height] * 2, axis=1)
        np.clip(self.boxes, 0.0, sides[self.of], out=self.boxes)

    def unpad(self) -> None:
        """Make the canvas the picture itself."""
        self.canvas_width, self.canvas_height = self.width, self.height

    def mirror(self, views: Bool) -> None:
        """Mirror some views, bool [V], left to right on their canvases' pictures."""
        width = self.width[self.of]
        where = views[self.of]
        left, right = self.boxes[:, 0].copy(), self.boxes[:, 2].copy()
        self.boxes[:, 0] = np.where(where, width - right, left)
        self.boxes[:, 2] = np.where(where, width - left, right)

    def take(self, views: Bool) -> Views:
        """Return some views, bool [V], for steps that happen to them alone; they go on with new streams."""
        boxes = views[self.of]
        number = np.cumsum(views) - 1
        return replace(
            self,
            boxes=self.boxes[boxes],
            of=number[self.of[boxes]],
            kept=self.kept[boxes],
            **{name: getattr(self, name)[views] for name in _COLUMNS},
        )

    def put(self, views: Bool, some: Views) -> None:
        """Put back what `take` returned for the same views."""
        boxes = views[self.of]
        self.boxes[boxes], self.kept[boxes] = some.boxes, some.kept
        for name in _COLUMNS[:-1]:
            column = getattr(self, name).copy()
            column[views] = getattr(some, name)
            setattr(self, name, column)


_COLUMNS = ("width", "height", "canvas_width", "canvas_height", "keys")
