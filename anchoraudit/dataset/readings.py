"""Reads boxes in another convention than that of their format, and tells which one their files are in.

Of numbers alone nobody can tell what they mean. But where most boxes of a file are impossible as its format
reads them (no extent, past the image), and in another convention (nearly) none is, the file is in that one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import ROUNDING, box_sizes, has_area
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.conventions import Convention, every_convention
from anchoraudit.dataset.traits import NOT_WRITTEN, BoxTrait

# A box may reach past its image by so many pixels, or by this share of its side: annotators are not exact.
_PAST, _PAST_SHARE = 2.0, 0.02
# Fractions of the image that are read as pixels lie in its first pixels: corners before 1, and the sum of two
# of them before 2. Nobody draws there, unless the image itself (its sides in pixels) is tiny.
_FIRST_PIXELS, _TINY_IMAGE = 2.0, 16.0
# The present reading is doubted from three impossible boxes on, if they are a tenth of all. Of less than
# twenty boxes they must be the half, as a few careless ones are soon a tenth.
DOUBTED, _DOUBTED_SHARE, _FEW, _DOUBTED_OF_FEW = 3, 0.1, 20, 1 / 2
# If most of few boxes only reach past the edge, they must be two thirds, and one of them be past it by a
# quarter of its image; or they must be all, and past more sides than one: to draw what the edge cuts as if it
# went on is somebody's way of drawing.
_DOUBTED_IF_PAST, _FAR = 2 / 3, 1 / 4
# Exchanged edges make a box of nearly all that is none, so they explain little. All boxes have to be wrong.
_DOUBTED_IF_REVERSED = 0.9
# Another reading explains a file if it leaves this share of the impossible boxes at most.
_UNEXPLAINED = 0.05
# Boxes on which all readings are tried first. Few are then left to be counted on all boxes.
_SAMPLE = 5_000
# Percent and thousandths fit any numbers that are small enough. Only the orders in which they are met are
# considered, and those only if the boxes reach this share of the images along both sides, and in pixels the
# half of them is impossible, or all are in the corner: before this share of both sides.
_MET = {"percent": ("xywh", "xyxy", "cxcywh"), "thousandths": ("xyxy", "yxyx")}
_REACHES, _WRONG_IN_PIXELS, _CORNER = 0.7, 0.5, 0.5
# The unit in which rows come before columns as a rule.
_ROWS_FIRST = "thousandths"
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

    They have no extent, reach past their image by more than carelessness explains, or lie in its first
    pixels. Of images of unknown size, only the lower limits are known. A box with a NaN is impossible.
    """
    possible, first = np.ones(len(xyxy), dtype=np.bool_), np.ones(len(xyxy), dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis in (0, 1):
            low, high, side = xyxy[:, axis], xyxy[:, axis + 2], sizes[:, axis]
            slack = np.fmax(_PAST, _PAST_SHARE * side)
            possible &= (high > low) & (low >= -slack) & ~(high > side + slack)
            first &= (high <= _FIRST_PIXELS + ROUNDING) & (side > _TINY_IMAGE)
    return ~possible | first


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

    @property
    def said(self) -> str:
        """Both counts, the likely convention, and the option that reads the boxes so, as a sentence."""
        left = "none is impossible"
        if self.wrong_likely:
            left = f"{self.wrong_likely:,} {'is' if self.wrong_likely == 1 else 'are'}"
        text = (
            f"read as {self.present.words}, {self.wrong:,} of {self.boxes:,} boxes are impossible "
            f"(no extent, past the image, or in its first pixels); read as {self.likely.words}, {left}: "
            f"use --box-convention {self.likely.name}"
        )
        return text if self.also is None else f"{text}, and {self.also.name} explains as many"


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
    xyxy, sizes = dataset.boxes.xyxy.take(rows, axis=0), image_sizes[dataset.boxes.image[rows]]
    wrong = impossible(xyxy, sizes)
    many = int(np.count_nonzero(wrong))
    if many < max(DOUBTED, _doubted_share(xyxy, sizes, wrong) * len(rows)):
        return None
    numbers = _numbers_in(dataset, rows, present, sizes)
    some = slice(None, None, max(1, len(rows) // _SAMPLE))
    tried = [_Tried.of(convention, numbers[some], sizes[some]) for convention in every_convention()]
    # On a sample, a reading that explains all may leave a little more than its share.
    least = 2 * _UNEXPLAINED * int(np.count_nonzero(wrong[some]))
    explain = _plausible(tried, least, many >= _DOUBTED_IF_REVERSED * len(rows))
    whole = [_Tried.of(one.convention, numbers, sizes) for one in explain if one.convention != present]
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


def _doubted_share(xyxy: Float, sizes: Float, wrong: Bool) -> float:
    """Return from which share of impossible boxes on a reading is doubted, more than 1 if it is not.

    xyxy: [n, 4], sizes: of their images [n, 2]. wrong: bool [n], those that are impossible.
    """
    if len(xyxy) >= _FEW:
        return _DOUBTED_SHARE
    with np.errstate(invalid="ignore"):
        beyond = np.concatenate([-xyxy[:, :2], xyxy[:, 2:] - sizes], axis=1)  # left, top, right, bottom
        past = wrong & (beyond > _PAST).any(axis=1) & has_area(xyxy)
        far = (beyond[past] > _FAR * np.tile(sizes[past], 2)).any()
        several = np.count_nonzero((beyond[past] > _PAST).any(axis=0)) > 1
    if 2 * np.count_nonzero(past) <= np.count_nonzero(wrong):
        return _DOUBTED_OF_FEW
    if far:
        return _DOUBTED_IF_PAST
    return 1.0 if several else math.inf


@dataclass(frozen=True, slots=True)
class _Tried:
    """A convention, and what becomes of n boxes in it.

    boxes, wrong: how many there are, and how many are impossible. along: how far the others reach into their
    images along x and y, as shares of the sides.
    """

    convention: Convention
    boxes: int
    wrong: int
    along: tuple[float, float]

    @classmethod
    def of(cls, convention: Convention, numbers: Float, sizes: Float) -> _Tried:
        xyxy = boxes_of(numbers, sizes, convention)
        wrong = impossible(xyxy, sizes)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            x, y = (xyxy[~wrong, 2:] / sizes[~wrong]).max(axis=0, initial=0.0).tolist()
        return cls(convention, len(numbers), int(np.count_nonzero(wrong)), (x, y))

    @property
    def is_coarse(self) -> bool:
        """Tell whether its unit fits any numbers that are small enough."""
        return self.convention.full is not None and self.convention.full > 1

    @property
    def is_cornered(self) -> bool:
        """Tell whether all boxes are in the corner of their images. Unknown sizes leave that open."""
        return max(self.along) < _CORNER


def _plausible(tried: Sequence[_Tried], least: float, reversed_too: bool) -> list[_Tried]:
    """Return the readings that leave `least` impossible boxes at most, and are specific enough to believe.

    reversed_too: edges may be exchanged.
    """
    by_order = {one.convention.order: one for one in tried if one.convention.full is None}
    found = []
    for one in tried:
        convention, pixels = one.convention, by_order[one.convention.order]
        if one.wrong > least or (convention.has_edges_reversed and not reversed_too):
            continue
        if one.is_coarse:
            fills = min(one.along) >= _REACHES and convention.order in _MET[convention.unit]
            no_pixels = pixels.is_cornered or pixels.wrong >= _WRONG_IN_PIXELS * pixels.boxes
            if not (fills and no_pixels):
                continue
        found.append(one)
    return found


def _ranked(tried: Iterable[_Tried], boxes: int) -> list[_Tried]:
    """Return the readings that may be meant, the likeliest one first.

    Pixels come before fractions, and those before percent and thousandths; unless many boxes in pixels would
    all lie in the corner of their images. Exchanged edges come last. Of others alike, the one that explains
    more comes first, then the commoner one. Thousandths are common as rows before columns only (Gemini).
    """

    def rank(one: _Tried) -> tuple[bool, int, bool, int, bool, int]:
        convention = one.convention
        rows_first = convention.is_transposed != (convention.unit == _ROWS_FIRST)
        return (
            boxes >= _FEW and one.is_cornered and not one.is_coarse,
            units.index(convention.unit),
            convention.has_edges_reversed,
            one.wrong,
            rows_first,
            order.index(convention),
        )

    order = list(every_convention())
    units = list(dict.fromkeys(convention.unit for convention in order))
    return sorted(tried, key=rank)


def _worth_saying(best: _Tried, others: Sequence[_Tried]) -> Convention | None:
    """Return another convention that explains as much as the best one, None without a likely one.

    In pixels, rows before columns is not worth a word where columns come first (square images fit both). Nor
    are exchanged edges, nor another unit, unless it fills the images and the best one leaves them empty.
    """
    for one in others:
        told = one.convention
        if one.wrong > best.wrong or told.has_edges_reversed > best.convention.has_edges_reversed:
            continue
        if told.unit != best.convention.unit and not (one.is_coarse and best.is_cornered):
            continue
        if told.full is not None or told.is_transposed <= best.convention.is_transposed:
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
        own = boxes_of(numbers, sizes, convention)
        if "w" in dataset.convention_of(number).tokens:
            # As a file of that format has them: width and height without the noise of the difference.
            with np.errstate(invalid="ignore", over="ignore"):
                own[:, 2:] = own[:, :2] + _rounded(own[:, 2:] - own[:, :2], 9)
        xyxy[rows] = own + np.asarray(dataset.offset)
        if area is not None:
            area[rows] = _areas(area[rows], boxes.xyxy[rows], xyxy[rows])
        if traits is not None:
            fractional = rows[~_whole(xyxy[rows])]
            traits[fractional] &= ~np.uint32(BoxTrait.WHOLE_NUMBERS)
    names = ", ".join(dict.fromkeys(dataset.convention_of(number).name for number in differing))
    note = (
        f"boxes are read as {convention.name} (--box-convention); programs that expect the format's "
        f"{names} read other boxes"
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
