"""Reads boxes in another convention than that of their format, and tells which one their files are in.

Of numbers alone nobody can tell what they mean. But where most boxes of a file are impossible as its format
reads them (no extent, past the image), and in another convention (nearly) none is, the file is in that one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from anchoraudit.arrays import BLOCK, Bool, Float, Int, in_any, stable_argsort
from anchoraudit.boxes import ROUNDING, are_finite, box_sizes, has_area
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.conventions import Convention, every_convention
from anchoraudit.dataset.sampling import RANKS, from_rank, least_rank, rank_in_parts
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
# Boxes on which other readings are tried; of more, a sample of at least half as many.
_SAMPLE = 10_000
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
    _put_boxes(_pixels(numbers, sizes, convention.full), convention, xyxy)
    return xyxy


# Returns the numbers of a column as pixels along an axis: float64 [n].
_Pixels = Callable[[int, int], Float]


def _pixels(numbers: Float, sizes: Float, full: float | None) -> _Pixels:
    """Return what makes pixels of numbers [n, 4], each column once for each axis.

    full: what the side of an image is in the unit of the numbers, None for pixels.
    """

    @cache
    def of(axis: int, column: int) -> Float:
        values = numbers[:, column]
        return values if full is None else _rounded(values / full * sizes[:, axis], 9)

    return of


def _put_boxes(pixels: _Pixels, convention: Convention, xyxy: Float) -> None:
    """Put into `xyxy` [n, 4] what `boxes_of` returns."""
    with np.errstate(invalid="ignore", over="ignore"):
        for axis, (x1, x2, centre, side) in enumerate((("x1", "x2", "cx", "w"), ("y1", "y2", "cy", "h"))):
            own = (x1, x2, centre, side)
            values = {
                token: pixels(axis, column) for column, token in enumerate(convention.tokens) if token in own
            }
            low = values[x1] if x1 in values else _rounded(values[centre] - values[side] / 2, 9)
            xyxy[:, axis] = low
            xyxy[:, axis + 2] = values[x2] if x2 in values else low + values[side]


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

    source: index into `Dataset.sources`. boxes: how many were judged. wrong: how many of them are impossible
    as they are read. tried, wrong_likely: in how many of them other conventions were tried, all or a sample,
    and how many of these are impossible as the likely convention reads them. also: another convention that
    explains as many; None without one. row: the first impossible box; -1 where only counts are left.
    """

    source: int
    present: Convention
    likely: Convention
    boxes: int
    wrong: int
    tried: int
    wrong_likely: int
    also: Convention | None
    row: int = -1

    @property
    def said(self) -> str:
        """Both counts, the likely convention, and the option that reads the boxes so, as a sentence."""
        sampled = f" of a sample of {self.tried:,}" if self.tried < self.boxes else ""
        left = f"none{sampled} is impossible"
        if self.wrong_likely:
            left = f"{self.wrong_likely:,}{sampled} {'is' if self.wrong_likely == 1 else 'are'}"
        text = (
            f"read as {self.present.words}, {self.wrong:,} of {self.boxes:,} boxes are impossible "
            f"(no extent, past the image, or in its first pixels); read as {self.likely.words}, {left}: "
            f"use --box-convention {self.likely.name}"
        )
        return text if self.also is None else f"{text}, and {self.also.name} explains as many"


@dataclass(frozen=True)
class ReadingCounts:
    """What tells whether a source is misread, as counts: those of parts of a data set add up.

    judged, wrong: boxes of the source that are judged, and that are impossible as they are read. past: those
    of them that have an extent and reach past their image. far: those that do so by a good part of its size.
    sides: int64 [4], past its left, top, right and lower edge. sampled: int64 [RANKS], impossible boxes of a
    sample by rank. tried: int64 [RANKS, conventions, 7], all boxes of the sample as each convention reads
    them, as `_Tried` has them.
    """

    judged: int
    wrong: int
    past: int
    far: int
    sides: Int
    sampled: Int
    tried: Int

    @staticmethod
    def shapes() -> tuple[tuple[int, ...], ...]:
        """Return the shapes of `sides`, `sampled` and `tried`."""
        return (4,), (RANKS,), (RANKS, len([*every_convention()]), len(_Tried.__slots__) - 1)


def misreadings(dataset: Dataset, image_sizes: Float | None = None) -> list[Misreading]:
    """Return the sources whose boxes are written in another convention than the one that they are read in.

    image_sizes: float64 [N, 2], the sizes of the images in pixels, if better known than by the data set.

    Boxes that no number of the file states (from polygons), and those that are not finite, are not judged.
    Crowds and difficult objects are: the same program wrote them.
    """
    found = []
    for number, rows in enumerate(judged_rows(dataset)):
        if len(rows) < DOUBTED:
            continue
        wrong = wrong_among(dataset, rows, image_sizes)
        counts = count_readings(dataset, number, rows, wrong, image_sizes)
        if (one := misreading(dataset, number, counts)) is not None:
            found.append(replace(one, row=int(rows[int(np.argmax(wrong))])))
    return found


def judged_rows(dataset: Dataset) -> list[Int]:
    """Return the boxes of each source that are judged: int64 rows."""
    boxes = dataset.boxes
    judged = ~boxes.has(NOT_WRITTEN) & are_finite(boxes.xyxy)
    if len(dataset.sources) == 1:
        return [np.flatnonzero(judged)]
    source = dataset.images.source[boxes.image]
    return [np.flatnonzero(judged & (source == number)) for number in range(len(dataset.sources))]


def wrong_among(dataset: Dataset, rows: Int, image_sizes: Float | None = None) -> Bool:
    """Tell which of these boxes, int64 [n], are impossible as they are read: bool [n]."""
    return impossible(dataset.boxes.xyxy.take(rows, axis=0), _sizes_of(dataset, rows, image_sizes))


def count_readings(
    dataset: Dataset,
    number: int,
    rows: Int,
    wrong: Bool,
    image_sizes: Float | None = None,
    *,
    in_part: bool = False,
) -> ReadingCounts:
    """Count what tells whether a source is misread.

    number: the source. rows: int64 [n], its boxes that are judged. wrong: bool [n], which are impossible.
    in_part: this is a part of the data set, so that other conventions are tried however few boxes are wrong
    here. Else they are where that can matter.
    """
    at = np.flatnonzero(wrong)
    xyxy, sizes = dataset.boxes.xyxy.take(rows[at], axis=0), _sizes_of(dataset, rows[at], image_sizes)
    with np.errstate(invalid="ignore"):
        beyond = np.concatenate([-xyxy[:, :2], xyxy[:, 2:] - sizes], axis=1)  # left, top, right, bottom
        past = (beyond > _PAST).any(axis=1) & has_area(xyxy)
        far = (beyond[past] > _FAR * np.tile(sizes[past], 2)).any(axis=1)
        sides = np.count_nonzero(beyond[past] > _PAST, axis=0).astype(np.int64)
    conventions = [*every_convention()]
    counts = ReadingCounts(
        len(rows),
        len(at),
        int(np.count_nonzero(past)),
        int(np.count_nonzero(far)),
        sides,
        *(np.zeros(shape, dtype=np.int64) for shape in ReadingCounts.shapes()[1:]),
    )
    if in_part or _is_doubted(counts):
        least = ranks_in_parts(dataset)[number] if in_part else least_rank(len(rows), _SAMPLE)
        some, rank = from_rank(dataset.boxes, rows, least)
        order = stable_argsort(rank)  # those of a rank one after the other
        rows, wrong, rank = rows[some[order]], wrong[some[order]], rank[order]
        begin = np.flatnonzero(np.diff(rank, prepend=-1))
        counts.sampled[:] = np.bincount(rank[wrong], minlength=RANKS)
        xyxy, sizes = dataset.boxes.xyxy.take(rows, axis=0), _sizes_of(dataset, rows, image_sizes)
        present = dataset.read_as or dataset.convention_of(number)
        numbers = _numbers_in(dataset, rows, present, sizes)
        units = {full: _pixels(numbers, sizes, full) for full in {one.full for one in conventions}}
        at_once = min(max(BLOCK // max(len(rows), 1), 1), len(conventions))
        for place in range(0, len(conventions), at_once):
            own = conventions[place : place + at_once]
            read = np.empty((4, len(own), len(rows)))
            for one, convention in enumerate(own):
                _put_boxes(units[convention.full], convention, read[:, one].T)
            told = _told(read.reshape(4, -1).T, np.tile(sizes.T, len(own)).T)
            first = np.add.outer(np.arange(len(own)) * len(rows), begin)
            added = np.add.reduceat(told, first.reshape(-1), dtype=np.int64)
            by_rank = added.reshape(*first.shape, told.shape[1]).swapaxes(0, 1)
            counts.tried[rank[begin], place : place + len(own)] = by_rank
    return counts


def misreading(dataset: Dataset, number: int, counts: ReadingCounts) -> Misreading | None:
    """Return in which convention the boxes of a source are likely written; None if they are read as written.

    dataset: its images and boxes are not looked at. number: the source.
    """
    if not _is_doubted(counts):
        return None
    present = dataset.read_as or dataset.convention_of(number)
    rank = max(least_rank(counts.judged, _SAMPLE), ranks_in_parts(dataset)[number])
    told = counts.tried[rank:].sum(axis=0).tolist()
    tried = [_Tried(one, *own) for one, own in zip(every_convention(), told, strict=True)]
    least = _UNEXPLAINED * int(counts.sampled[rank:].sum())
    explain = _plausible(tried, least, counts.wrong >= _DOUBTED_IF_REVERSED * counts.judged)
    if not (ranked := _ranked([one for one in explain if one.convention != present], counts.judged)):
        return None
    best, *others = ranked
    also = _worth_saying(best, others)
    return Misreading(
        number, present, best.convention, counts.judged, counts.wrong, best.boxes, best.wrong, also
    )


def ranks_in_parts(dataset: Dataset) -> list[int]:
    """Return from which rank on the parts of a data set are sampled, for each source; 0 for one read whole.

    That is no higher than the rank of the sample of the whole, unless most boxes of a source are not judged.
    """
    if dataset.class_boxes is None:
        return [0] * len(dataset.sources)
    return [rank_in_parts(count, _SAMPLE) for count in dataset.class_boxes.sum(axis=1).tolist()]


def _sizes_of(dataset: Dataset, rows: Int, image_sizes: Float | None) -> Float:
    """Return the sizes of the images of these boxes: float64 [n, 2]."""
    image = dataset.boxes.image[rows]
    if image_sizes is not None:
        return image_sizes.take(image, axis=0)
    return np.column_stack([dataset.images.width[image], dataset.images.height[image]])


def _numbers_in(dataset: Dataset, rows: Int, present: Convention, sizes: Float) -> Float:
    """Return the numbers of the boxes `rows` [n] as their files have them: [n, 4]."""
    own = dataset.images
    if present.full is not None:  # they were made pixels with the sizes that the data set has
        image = dataset.boxes.image[rows]
        sizes = np.column_stack([own.width[image], own.height[image]])
    return numbers_of(dataset.boxes.xyxy[rows] - np.asarray(dataset.offset), sizes, present)


def _is_doubted(counts: ReadingCounts) -> bool:
    """Tell whether so many boxes are impossible that the present reading is doubted."""
    share = _DOUBTED_SHARE
    if counts.judged < _FEW:
        if 2 * counts.past <= counts.wrong:
            share = _DOUBTED_OF_FEW
        elif counts.far:
            share = _DOUBTED_IF_PAST
        else:
            share = 1.0 if np.count_nonzero(counts.sides) > 1 else math.inf
    return counts.judged >= DOUBTED and counts.wrong >= max(DOUBTED, share * counts.judged)


def _told(xyxy: Float, sizes: Float) -> Bool:
    """Tell of each of n boxes [n, 4], as a convention reads it, what `_Tried` counts: bool [n, 7]."""
    wrong = impossible(xyxy, sizes)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        along = xyxy[:, 2:] / sizes
        told = [along[:, axis] >= least for least in (_REACHES, _CORNER) for axis in (0, 1)]
    unknown = in_any(np.isnan(along))
    right = [column & ~wrong for column in (*told, unknown)]
    return np.stack([np.ones(len(wrong), dtype=np.bool_), wrong, *right], axis=1)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A convention, and what becomes of boxes in it.

    boxes, wrong: how many there are, and how many are impossible. The others are counted by how far they
    reach into their images: reach_x, reach_y: at least _REACHES of its side. leave_x, leave_y: out of the
    corner. unknown: nobody can say it, for want of a size.
    """

    convention: Convention
    boxes: int
    wrong: int
    reach_x: int
    reach_y: int
    leave_x: int
    leave_y: int
    unknown: int

    @property
    def is_coarse(self) -> bool:
        """Tell whether its unit fits any numbers that are small enough."""
        return self.convention.full is not None and self.convention.full > 1

    @property
    def is_cornered(self) -> bool:
        """Tell whether all boxes are in the corner of their images. Unknown sizes leave that open."""
        return not (self.leave_x or self.leave_y or self.unknown)

    @property
    def fills(self) -> bool:
        """Tell whether boxes reach far into their images along both sides."""
        return bool(self.reach_x and self.reach_y and not self.unknown)


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
            fills = one.fills and convention.order in _MET[convention.unit]
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
