"""How much the splits of a data set differ, as one figure from 0 to 1 for each property.

For numbers (sizes, counts, places) the figure is the largest distance between the two shares of values up to
any limit (Kolmogorov and Smirnov). For classes it is the share of boxes that would have to change their class
(total variation). 0: alike; 1: nothing in common.

Small splits differ by chance. What chance does is measured by dealing the same images out again at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import has_area
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import clipped_boxes

_DEALS = 40  # random divisions; the second largest figure of so many is passed by chance in one of 20
_MOST = 50_000  # boxes of each split that are compared: of more the figure is right to about 0.01


@dataclass(frozen=True, slots=True)
class Drift:
    """One property in two splits.

    first, second: indices of the splits. name: the property, a key of `PROPERTIES`. figure: 0 to 1. chance:
    the figure that a random division of the same images rarely passes; NaN if it was not asked for. typical:
    what is typical of either split, as text: a median, or the share of the class that differs most.
    """

    first: int
    second: int
    name: str
    figure: float
    chance: float
    typical: tuple[str, str]

    @property
    def is_by_chance(self) -> bool:
        """Tell whether a random division is often as far apart."""
        return self.figure <= self.chance


# What is compared, and in a few words what it means.
PROPERTIES = {
    "box size": "side of a box as a share of its image's side",
    "box shape": "width of a box divided by its height",
    "box place": "distance of a box's centre from the middle of the image",
    "boxes per image": "number of boxes in an image",
    "image size": "square root of an image's area, in pixels",
    "image shape": "width of an image divided by its height",
    "classes": "share of each class among the boxes",
}
_OF_IMAGES = ("boxes per image", "image size", "image shape")


def drifts(dataset: Dataset, pairs: list[tuple[int, int]], *, least: float = 0.0) -> list[Drift]:
    """Compare splits.

    Parameters
    ----------
    dataset : Dataset
        The data set as it was read.
    pairs : list of (int, int)
        Which splits to compare, as indices into `Dataset.splits`.
    least : float
        Chance is measured for figures above this only, since it takes time; others have NaN.

    Returns
    -------
    list of Drift
        One for each pair and property for which both splits have values.

    Examples
    --------
    >>> found = drifts(read("sample_data/coco"), [(0, 1)])
    >>> [one.name for one in found if one.figure > 0.3]
    ['box size', 'box shape', 'box place', 'image size', 'classes']
    """
    found: list[Drift] = []
    if not pairs:
        return found
    values = _Values.of(dataset, sorted({number for pair in pairs for number in pair}))
    for first, second in pairs:
        for name in PROPERTIES:
            one = values.compare(name, first, second, least)
            if one is not None:
                found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class _Values:
    """The columns to compare. box_image: int64 [m], the images of some boxes, all of which have an area."""

    split: Int
    box_image: Int
    columns: dict[str, Float]
    category: Int
    names: list[str]

    @classmethod
    def of(cls, dataset: Dataset, splits: list[int]) -> _Values:
        images, boxes = dataset.images, dataset.boxes
        of_box = images.split[boxes.image]
        rows = np.sort(np.concatenate([_thinned(np.flatnonzero(of_box == split)) for split in splits]))
        inside = clipped_boxes(dataset, rows)
        rows, inside = rows[has_area(inside)], inside[has_area(inside)]
        image = boxes.image[rows]
        side = np.column_stack([images.width[image], images.height[image]])
        size = inside[:, 2:] - inside[:, :2]
        away = np.abs((inside[:, :2] + inside[:, 2:]) / side - 1.0).max(axis=1)
        columns = {
            "box size": np.sqrt((size / side).prod(axis=1)),
            "box shape": size[:, 0] / size[:, 1],
            "box place": away,
            "boxes per image": np.bincount(boxes.image, minlength=len(images)).astype(np.float64),
            "image size": np.sqrt(images.width * images.height),
            "image shape": images.width / images.height,
        }
        return cls(images.split, image, columns, boxes.category[rows], [c.name for c in dataset.categories])

    def compare(self, name: str, first: int, second: int, least: float) -> Drift | None:
        """Return one property of two splits; None if one of them has no value."""
        both = np.flatnonzero((self.split == first) | (self.split == second))
        is_second = self.split == second
        if name == "classes":
            return self._classes(first, second, both, least)
        values = self.columns[name]
        image = np.arange(len(values)) if name in _OF_IMAGES else self.box_image
        kept = np.flatnonzero(np.isin(self.split[image], (first, second)) & np.isfinite(values))
        image, values = image[kept], values[kept]
        order = np.argsort(values, kind="stable")
        image, values = image[order], values[order]
        ends = np.flatnonzero(np.diff(values, append=np.inf) > 0)  # equal values count together

        def figure(second_image: Bool) -> float:
            mine = second_image[image]
            count = int(mine.sum())
            if not 0 < count < len(mine):
                return float("nan")
            high = np.cumsum(mine)[ends] / count
            low = np.cumsum(~mine)[ends] / (len(mine) - count)
            return float(np.abs(high - low).max())

        found = figure(is_second)
        if np.isnan(found):
            return None
        mine = is_second[image]
        typical = (f"{np.median(values[~mine]):.3g}", f"{np.median(values[mine]):.3g}")
        chance = self._chance(figure, both, is_second) if found > least else float("nan")
        return Drift(first, second, name, found, chance, typical)

    def _classes(self, first: int, second: int, both: Int, least: float) -> Drift | None:
        count = len(self.names)
        rows = np.flatnonzero((self.category >= 0) & np.isin(self.split[self.box_image], (first, second)))
        image, category = self.box_image[rows], self.category[rows]
        every = np.bincount(category, minlength=count)

        def shares(second_image: Bool) -> tuple[Float, Float] | None:
            high = np.bincount(category[second_image[image]], minlength=count)
            low = every - high
            if not (high.any() and low.any()):
                return None
            return low / low.sum(), high / high.sum()

        def figure(second_image: Bool) -> float:
            found = shares(second_image)
            return float("nan") if found is None else float(np.abs(found[0] - found[1]).sum() / 2)

        is_second = self.split == second
        found = shares(is_second)
        if found is None:
            return None
        most = int(np.argmax(np.abs(found[0] - found[1])))
        a, b = (f"{self.names[most]} {100 * float(part[most]):.1f} %" for part in found)
        whole = figure(is_second)
        chance = self._chance(figure, both, is_second) if whole > least else float("nan")
        return Drift(first, second, "classes", whole, chance, (a, b))

    @staticmethod
    def _chance(figure: Callable[[Bool], float], both: Int, is_second: Bool) -> float:
        """Return the figure that random divisions of these images rarely pass."""
        figures = sorted(value for dealt in _dealt(both, is_second) if not np.isnan(value := figure(dealt)))
        return figures[-2] if len(figures) > 1 else 1.0


def _dealt(both: Int, is_second: Bool) -> Iterator[Bool]:
    """Yield random divisions of the images `both`, with as many in the second split as it has: bool [N]."""
    random = np.random.default_rng(0)
    count = int(is_second[both].sum())
    for _ in range(_DEALS):
        dealt = np.zeros_like(is_second)
        dealt[random.permutation(both)[:count]] = True
        yield dealt


def _thinned(rows: Int) -> Int:
    """Return at most `_MOST` of the rows, drawn at random, always the same ones."""
    if len(rows) <= _MOST:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, _MOST, replace=False))
