"""A square around a random place of the picture: CenterNet's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.auditing.augmentation.frameworks.steps.keep import Visible
from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class CentreCropPad:
    """A square of one of `ratios` times the network's side around a random place, padded beyond the picture.

    mmdetection `RandomCenterCropPad`. The place is `border` px or more from the edges, or the largest of its
    halves that leaves room. Drawn again until a box's centre is strictly inside, up to `tries` times before
    the ratio is drawn again, too. Boxes whose centre is inside are kept and clipped.
    """

    ratios: tuple[float, ...]
    border: int = 128
    tries: int = 50

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, count = views.stream(), len(views.width)
        side, x, y = np.zeros(count), np.zeros(count), np.zeros(count)
        first = np.searchsorted(views.of, np.arange(count))
        centre_x, centre_y = (0.5 * (views.boxes[:, a] + views.boxes[:, a + 2]) for a in (0, 1))
        edge_x, edge_y = self._border(views.width), self._border(views.height)
        looking, number = np.arange(count), 0
        while len(looking):
            numbers = np.arange(3, dtype=np.uint64) + np.uint64(3 * number)
            drawn = stream.at(numbers, looking)
            if number % self.tries == 0:
                ratio = np.array(self.ratios)[(drawn[:, 0] * len(self.ratios)).astype(np.int64)]
                side[looking] = np.floor(views.side * ratio)
            for place, edge, extent, column in ((x, edge_x, views.width, 1), (y, edge_y, views.height, 2)):
                room = np.maximum(extent[looking] - 2 * edge[looking], 1.0)
                place[looking] = edge[looking] + np.floor(room * drawn[:, column])
            half, of = np.floor(side / 2), views.of
            inside = (
                (np.abs(centre_x - x[of]) < half[of]) & (np.abs(centre_y - y[of]) < half[of]) & views.kept
            )
            found = np.logical_or.reduceat(inside, first)
            looking, number = looking[~found[looking]], number + 1
        if count:
            views.kept &= inside
        half = np.floor(side / 2)
        views.move(half - x, half - y)
        views.show(side, side.copy())
        Visible()(views)

    def _border(self, extent: Float) -> Float:
        """Return how far a place is from the edges at least: halved until it leaves room between both."""
        ratio = 2 * self.border / extent
        power = 2.0 ** (np.ceil(np.log2(np.ceil(ratio))) + (ratio == np.floor(ratio)))
        edge: Float = np.floor(self.border / power)
        return edge
