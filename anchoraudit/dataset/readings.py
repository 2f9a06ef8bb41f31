"""Reads boxes in another convention than that of their format, and tells which one their files are in.

Of numbers alone nobody can tell what they mean. But where most boxes of a file are impossible as its format
reads them (no extent, past the image), and in another convention (nearly) none is, the file is in that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import ROUNDING, box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.conventions import Convention, every_convention
from anchoraudit.dataset.traits import NOT_WRITTEN, BoxTrait

# A box may reach past its image by so many pixels, or by this share of its side: annotators are not exact.
_PAST, _PAST_SHARE = 2.0, 0.02
# Images so small (pixels) may have boxes below one pixel.
_TINY_IMAGE = 8.0
# The present reading is doubted from three impossible boxes on, if they are a tenth of all. In small sets
# they must be the half: there, a few careless boxes are soon a tenth.
DOUBTED, _DOUBTED_SHARE, _FEW = 3, 0.1, 10
# Another reading explains a file if it leaves this share of the impossible boxes at most.
_UNEXPLAINED = 0.05
# Boxes on which all readings are tried first. Few are then left to be counted on all boxes.
_SAMPLE = 5_000
# Percent and thousandths fit any numbers that are small enough. They are considered only if the boxes reach
# this share of an image; and pixels are doubted if of that many boxes, none does.
_REACHES, _MANY = 0.5, 20
_SAME_AREA = 1e-9  # relative: an `area` that is the product of the sides, but for rounding
# Findings of readers about numbers as their format reads them.
_ABOUT_THE_UNIT = ("BOX009", "BOX015")


def numbers_of(xyxy: Float, sizes: Float, convention: Convention) -> Float:
    """Return the four numbers of each box [n, 4] as a file of this convention holds them: [n, 4].

    sizes: [n, 2], width and height of each box's image. NaN gives NaN, unless numbers are pixels.

    >>> numbers_of(np.array([[10.0, 20.0, 40.0, 60.0]]), np.array([[100.0, 100.0]]), Convention("xywh"))
    array([[10., 20., 30., 40.]])
    """
    numbers = np.empty_like(xyxy)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        for column, token in enumerate(convention.tokens):
            axis = int("y" in token or token == "h")
            low, high = xyxy[:, axis], xyxy[:, axis + 2]
            if token[0] == "c":
                value = (low + high) / 2
            elif token in ("w", "h"):
                value = _difference(low, high)
            else:
                value = low if token[1] == "1" else high
            if convention.full is not None:
                # Twelve decimals: far below a pixel, and without the noise of the division.
                value = _rounded(value / sizes[:, axis] * convention.full, 12)
            numbers[:, column] = value
    return numbers


def boxes_of(numbers: Float, sizes: Float, convention: Convention) -> Float:
    """Return the boxes [n, 4], `x1, y1, x2, y2` in pixels, of four numbers each [n, 4] in this convention.

    sizes: as in `numbers_of`.

    >>> boxes_of(np.array([[20.0, 10.0, 60.0, 40.0]]), np.array([[100.0, 100.0]]), Convention("yxyx"))
    array([[10., 20., 40., 60.]])
    """
    xyxy = np.empty_like(numbers)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis, names in enumerate((("x1", "x2", "cx", "w"), ("y1", "y2", "cy", "h"))):
            values = dict.fromkeys(names, numbers[:, 0])
            found = set()
            for column, token in enumerate(convention.tokens):
                if token in values:
                    value = numbers[:, column]
                    if convention.full is not None:
                        value = _rounded(value / convention.full * sizes[:, axis], 9)
                    values[token] = value
                    found.add(token)
            low_name, high_name, centre, extent = names
            from_centre = _rounded(values[centre] - values[extent] / 2, 9)
            low = values[low_name] if low_name in found else from_centre
            xyxy[:, axis] = low
            xyxy[:, axis + 2] = values[high_name] if high_name in found else low + values[extent]
    return xyxy


def _difference(low: Float, high: Float) -> Float:
    """Return what has to be added to `low` for `high`, with few digits where few will do."""
    exact = high - low
    found = exact
    for decimals in (12, 9, 6):
        candidate = _rounded(exact, decimals)
        found = np.where(low + candidate == high, candidate, found)
    return found


def _rounded(values: Float, decimals: int) -> Float:
    """Round what is small enough to be rounded."""
    rounded: Float = np.where(np.abs(values) < 1e6, np.round(values, decimals), values)
    return rounded


def impossible(xyxy: Float, sizes: Float) -> Bool:
    """Tell which boxes [n, 4] no image [n, 2] holds: bool [n].

    They have no extent, reach past their image by more than carelessness explains, or are smaller than a
    pixel. Of images of unknown size, only the lower limits are known. A box with a NaN is impossible.
    """
    possible = np.ones(len(xyxy), dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis in (0, 1):
            low, high, side = xyxy[:, axis], xyxy[:, axis + 2], sizes[:, axis]
            slack = np.fmax(_PAST, _PAST_SHARE * side)
            possible &= (high > low) & (low >= -slack) & ~(high > side + slack)
            possible &= ~((high - low < 1.0 - ROUNDING) & (side > _TINY_IMAGE))
    return ~possible


@dataclass(frozen=True, slots=True)
class Misreading:
    """A source whose boxes are impossible as they are read, and the reading that explains them.

    source: index into `Dataset.sources`. boxes: how many were judged. wrong, wrong_likely: how many of them
    are impossible as they are read, and as the likely convention reads them. also: another convention that
    explains as many; None without one. row: the first impossible box.
    """

    source: int
    present: Convention
    likely: Convention
    boxes: int
    wrong: int
    wrong_likely: int
    also: Convention | None
    row: int


def misreadings(dataset: Dataset, image_sizes: Float | None = None) -> list[Misreading]:
    """Return the sources whose boxes are written in another convention than the one that they are read in.

    image_sizes: float64 [N, 2], the sizes of the images in pixels, if better known than by the data set.

    Boxes that no number of the file states (from polygons), and those that are not finite, are not judged.
    Crowds and difficult objects are: the same program wrote them.
    """
    boxes, images = dataset.boxes, dataset.images
    if len(boxes) < DOUBTED:
        return []
    if image_sizes is None:
        image_sizes = np.column_stack([images.width, images.height])
    judged = ~boxes.has(NOT_WRITTEN) & np.isfinite(boxes.xyxy).all(axis=1)
    source = images.source[boxes.image]
    found = []
    for number in range(len(dataset.sources)):
        rows = np.flatnonzero(judged & (source == number))
        if len(rows) >= DOUBTED and (one := _misread(dataset, number, rows, image_sizes)) is not None:
            found.append(one)
    return found


def _misread(dataset: Dataset, number: int, rows: Int, image_sizes: Float) -> Misreading | None:
    present = dataset.read_as or dataset.convention_of(number)
    xyxy, sizes = dataset.boxes.xyxy[rows], image_sizes[dataset.boxes.image[rows]]
    wrong = impossible(xyxy, sizes)
    many = int(np.count_nonzero(wrong))
    if many < max(DOUBTED, min(len(rows) / 2, _FEW), _DOUBTED_SHARE * len(rows)):
        return None
    numbers = _numbers_in(dataset, rows, present, sizes)
    some = slice(None, None, max(1, len(rows) // _SAMPLE))
    # On a sample, a reading that explains all may leave a little more than its share.
    least = 2 * _UNEXPLAINED * int(np.count_nonzero(wrong[some]))
    tried = [
        _Tried.of(convention, numbers[some], sizes[some])
        for convention in every_convention()
        if convention != present
    ]
    likely = [one.convention for one in tried if one.wrong <= least]
    whole = [_Tried.of(convention, numbers, sizes) for convention in likely]
    if not (ranked := _ranked([one for one in whole if one.wrong <= _UNEXPLAINED * many], len(rows))):
        return None
    best, *others = ranked
    return Misreading(
        number,
        present,
        best.convention,
        len(rows),
        many,
        best.wrong,
        _worth_saying(best, others),
        int(rows[int(np.argmax(wrong))]),
    )


def _numbers_in(dataset: Dataset, rows: Int, present: Convention, sizes: Float) -> Float:
    """Return the numbers of the boxes `rows` [n] as their files have them: [n, 4]."""
    own = dataset.images
    if present.full is not None:  # they were made pixels with the sizes that the data set has
        image = dataset.boxes.image[rows]
        sizes = np.column_stack([own.width[image], own.height[image]])
    return numbers_of(dataset.boxes.xyxy[rows] - np.asarray(dataset.offset), sizes, present)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A convention, how many boxes are impossible in it, and how far the others reach into their images."""

    convention: Convention
    wrong: int
    reach: float

    @classmethod
    def of(cls, convention: Convention, numbers: Float, sizes: Float) -> _Tried:
        xyxy = boxes_of(numbers, sizes, convention)
        wrong = impossible(xyxy, sizes)
        with np.errstate(invalid="ignore", over="ignore"):
            reach = (xyxy[~wrong, 2:] / sizes[~wrong]).max(initial=0.0)
        return cls(convention, int(np.count_nonzero(wrong)), float(reach))


def _ranked(tried: Iterable[_Tried], boxes: int) -> list[_Tried]:
    """Return the readings that may be meant, the likeliest one first.

    Pixels come before fractions, and those before percent and thousandths, which also fit the pixels of a
    small image; unless many boxes in pixels would all lie in one corner of their images. Corners the wrong way
    round come last. Of others alike, the one that explains more comes first, then the commoner one.
    """

    def rank(one: _Tried) -> tuple[bool, bool, int, int, int]:
        where = order.index(one.convention)
        cornered = boxes >= _MANY and not one.reach >= _REACHES
        return one.convention.has_edges_reversed, cornered, units.index(one.convention.unit), one.wrong, where

    order = list(every_convention())
    units = list(dict.fromkeys(convention.unit for convention in order))
    coarse = units[2:]
    possible = [one for one in tried if one.convention.unit not in coarse or one.reach >= _REACHES]
    return sorted(possible, key=rank)


def _worth_saying(best: _Tried, others: Sequence[_Tried]) -> Convention | None:
    """Return another convention that explains as much as the best one, None without a likely one.

    Where columns come first, rows first is not worth a word (square images fit both), nor corners the wrong
    way round, nor another unit that fits small numbers.
    """
    for one in others:
        told = one.convention
        if one.wrong > best.wrong or told.has_edges_reversed or told.unit != best.convention.unit:
            continue
        if told.is_transposed <= best.convention.is_transposed:
            return told
    return None


def reread(dataset: Dataset, convention: Convention) -> Dataset:
    """Return the data set with its boxes read in another convention than that of its format.

    Sources of that convention stay as they are. An `area` that is the product of the misread sides becomes
    that of the sides. Findings of a reader about the unit of the numbers go: they are of another reading.
    """
    differing = [n for n in range(len(dataset.sources)) if dataset.convention_of(n) != convention]
    if not differing:
        return dataset
    images, boxes = dataset.images, dataset.boxes
    changed = replace(dataset, read_as=convention)
    xyxy = boxes.xyxy.copy()
    area = None if boxes.area is None else boxes.area.copy()
    traits = None if boxes.traits is None else boxes.traits.copy()
    for number in differing:
        rows = np.flatnonzero(changed.reread & (images.source[boxes.image] == number))
        image = boxes.image[rows]
        sizes = np.column_stack([images.width[image], images.height[image]])
        numbers = _numbers_in(dataset, rows, dataset.convention_of(number), sizes)
        xyxy[rows] = boxes_of(numbers, sizes, convention) + np.asarray(dataset.offset)
        if area is not None:
            area[rows] = _areas(area[rows], boxes.xyxy[rows], xyxy[rows])
        if traits is not None:
            fractional = rows[~_whole(xyxy[rows])]
            traits[fractional] &= ~np.uint32(BoxTrait.WHOLE_NUMBERS)
    names = ", ".join(dict.fromkeys(dataset.convention_of(number).name for number in differing))
    note = (
        f"boxes are read as {convention.name}, as you say; "
        f"a program that reads the files as their format says ({names}) sees others"
    )
    return replace(
        changed,
        notes=[*dataset.notes, note],
        boxes=replace(boxes, xyxy=xyxy, area=area, traits=traits),
        findings=[one for one in dataset.findings if one.code not in _ABOUT_THE_UNIT],
        label_lines={},
    )


def _areas(declared: Float, misread: Float, xyxy: Float) -> Float:
    """Return areas [n], each that of its box where it was that of the misread one."""
    with np.errstate(invalid="ignore", over="ignore"):
        was, now = box_sizes(misread).prod(axis=1), box_sizes(xyxy).prod(axis=1)
        follows = np.abs(declared - was) <= _SAME_AREA * np.abs(was)
    areas: Float = np.where(follows, _rounded(now, 9), declared)
    return areas


def _whole(xyxy: Float) -> Bool:
    """Tell which boxes [n, 4] have whole numbers for corners and sides: bool [n]."""
    whole: Bool = (np.trunc(xyxy) == xyxy).all(axis=1)
    return whole


def as_written(dataset: Dataset, row: int) -> tuple[float, float, float, float]:
    """Return the four numbers of a box as its file has them, as far as the columns still tell."""
    source = int(dataset.images.source[dataset.boxes.image[row]])
    convention = dataset.read_as if dataset.read_as and dataset.reread[row] else dataset.convention_of(source)
    image = dataset.boxes.image[[row]]
    sizes = np.column_stack([dataset.images.width[image], dataset.images.height[image]])
    a, b, c, d = _numbers_in(dataset, np.array([row]), convention, sizes)[0].tolist()
    return a, b, c, d
