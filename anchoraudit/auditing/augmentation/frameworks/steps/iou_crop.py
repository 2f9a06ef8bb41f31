"""Crops that are drawn again until they overlap the boxes enough: SSD's (Liu et al., 2016, section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.augmentation.frameworks.views import Views

# Tries are computed in one go until they fill this many numbers: about what a core's cache holds.
_NUMBERS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class IouCrop:
    """Draw a least IoU, then up to `tries` crops; if none fits, draw both again.

    Sides are 0.3 to 1 times the picture's, the aspect within 0.5 to 2, and a box's centre must be strictly
    inside. Boxes whose centre is inside are kept and clipped.

    options: the least IoUs, all alike; 1 leaves the picture as it is. judged: which boxes' IoU with the crop
    must reach it: "greatest" of those whose centre is inside (torchvision `RandomIoUCrop`), "least" of all
    (mmdetection `MinIoURandomCrop`), or none (the loop of ssd.pytorch, whose condition never holds). places:
    "margin": whole sides, placed uniformly (torchvision); "past_one": fractions, placed between 1 px and the
    margin, and truncated then (NumPy's `uniform(margin)`, whose upper end is 1).
    """

    options: tuple[float, ...]
    tries: int
    judged: Literal["greatest", "least", "none"]
    places: Literal["margin", "past_one"]

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        crop = np.stack([np.zeros_like(views.width)] * 2 + [views.width, views.height], axis=1)
        cropped = np.zeros(len(crop), dtype=np.bool_)
        first = np.append(np.searchsorted(views.of, np.arange(len(crop))), len(views.of))
        looking, turn, possible = np.arange(len(crop)), 0, self._possible(views, first)
        while len(looking):
            number = np.array([turn * (4 * self.tries + 1)], dtype=np.uint64)
            drawn = (stream.at(number, looking)[:, 0] * len(self.options)).astype(np.int64)
            least = np.array(self.options)[drawn]
            looking, least = looking[least < 1], least[least < 1]
            able = possible[looking] >= least
            trying, least, done = looking[able], least[able], 0
            while done < self.tries and len(trying):
                boxes = int((first[trying + 1] - first[trying]).sum())
                some = min(max(1, _NUMBERS_AT_ONCE // max(boxes, 1)), self.tries - done)
                tried = number[0] + np.uint64(1 + 4 * done) + np.arange(4 * some, dtype=np.uint64)
                fits, crops = self._try(views, stream.at(tried, trying), trying, first, least)
                found = fits.any(axis=1)
                rows = trying[found]
                crop[rows] = crops[found, fits[found].argmax(axis=1)]
                cropped[rows] = True
                trying, least = trying[~found], least[~found]
                done += some
            looking = looking[~cropped[looking]]
            turn += 1
        self._cut(views, crop, cropped)

    def _possible(self, views: Views, first: Int) -> Float:
        """Return the greatest least IoU that any crop of a view can have: float64 [V], or more than that.

        A box that is smaller than the smallest crop has at most its share of that crop's area. Where no try
        can succeed, none is made: with a tiny box in the picture, that is what most tries would be.
        """
        if self.judged == "none":
            return np.ones(len(views.width))
        smallest = np.maximum(0.3 * views.width - 1.0, 1e-9) * np.maximum(0.3 * views.height - 1.0, 1e-9)
        most = np.minimum(views.box_width * views.box_height / smallest[views.of] * (1 + 1e-9), 1.0)
        if self.judged == "greatest":
            return np.maximum.reduceat(np.where(views.kept, most, 0.0), first[:-1]) if len(most) else most
        return np.minimum.reduceat(np.where(views.kept, most, 1.0), first[:-1]) if len(most) else most

    def _try(self, views: Views, drawn: Float, rows: Int, first: Int, least: Float) -> tuple[Bool, Float]:
        """Try t crops of v views: bool [v, t], which fit; float64 [v, t, 4], where they are.

        drawn: float64 [v, 4 t], random numbers. rows: int64 [v], which views. first: int64 [V + 1], the first
        box of each view. least: float64 [v].
        """
        drawn = drawn.reshape(len(rows), -1, 4)
        crops = np.empty(drawn.shape)
        usable = np.ones(drawn.shape[:2], dtype=np.bool_)
        sides = []
        for axis, extents in enumerate((views.width, views.height)):
            extent = extents[rows][:, None]
            side = (0.3 + 0.7 * drawn[:, :, axis]) * extent
            if self.places == "margin":
                side = np.floor(side)
            room, chance = extent - side, drawn[:, :, 2 + axis]
            low = room * chance if self.places == "margin" else room + (1.0 - room) * chance
            crops[:, :, axis], crops[:, :, axis + 2] = np.floor(low), np.floor(np.floor(low) + side)
            if self.places == "past_one":
                crops[:, :, axis + 2] = np.floor(low + side)
            usable &= crops[:, :, axis + 2] > crops[:, :, axis]
            sides.append(side)
        usable &= (sides[0] <= 2 * sides[1]) & (sides[1] <= 2 * sides[0])
        count = first[rows + 1] - first[rows]
        start = np.cumsum(count) - count
        box = np.repeat(first[rows] - start, count) + np.arange(int(count.sum()))
        own = np.repeat(np.arange(len(rows)), count)
        x1, y1, x2, y2 = (column[:, None] for column in views.boxes[box].T)
        left, top, right, bottom = (crops[own, :, side] for side in range(4))
        x, y = 0.5 * (x1 + x2), 0.5 * (y1 + y2)
        inside = (x > left) & (x < right) & (y > top) & (y < bottom) & views.kept[box][:, None]
        usable &= np.logical_or.reduceat(inside, start, axis=0)
        if self.judged != "none" and bool((least > 0).any()):
            wide = np.maximum(np.minimum(x2, right) - np.maximum(x1, left), 0.0)
            overlap = wide * np.maximum(np.minimum(y2, bottom) - np.maximum(y1, top), 0.0)
            area = (right - left) * (bottom - top)
            iou = overlap / (area + (x2 - x1) * (y2 - y1) - overlap)
            if self.judged == "greatest":
                best = np.maximum.reduceat(np.where(inside, iou, -1.0), start, axis=0)
            else:
                iou[~views.kept[box]] = 1.0
                best = np.minimum.reduceat(iou, start, axis=0)
            usable &= best >= least[:, None]
        return usable, crops

    def _cut(self, views: Views, crop: Float, cropped: Bool) -> None:
        left, top, right, bottom = crop.T
        x, y = (0.5 * (views.boxes[:, axis] + views.boxes[:, axis + 2]) for axis in (0, 1))
        of = views.of
        inside = (x > left[of]) & (x < right[of]) & (y > top[of]) & (y < bottom[of])
        views.kept &= inside | ~cropped[of]
        views.move(-left, -top)
        before = views.boxes.copy()
        views.show(right - left, bottom - top)
        views.boxes[~cropped[of]] = before[~cropped[of]]
