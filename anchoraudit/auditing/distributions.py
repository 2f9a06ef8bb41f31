"""What a data set looks like to its detector, as small tables of numbers that plots are drawn from.

Nothing here grows with the number of boxes: every function counts into a fixed number of bins, or takes a
fixed number of examples, always the same ones of the same data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, override
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.encoding.canvas import clip_all, place_all
from anchoraudit.encoding.statuses import NEVER, has
from anchoraudit.errors import AnchorauditError

_EXAMPLES = 1_500  # points of a scatter plot; more of them only cover each other
_SIZE_BINS = 48  # along each side of the map of sizes, in log2
_IOU_BINS = 40
_GRID = 24  # cells of a heat map of centres, along each side
_SAMPLE = 200_000  # boxes that are placed at many input sizes
_FACTORS = (0.25, 0.375, 0.5, 0.625, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
AREAS = (1, 4, 9, 16, 64)  # square pixels of the input below which little or nothing is left of an object


@dataclass(frozen=True, slots=True)
class Sizes:
    """Usable boxes by width and height on the network's input, in pixels.

    edges: float64 [B + 1], log2 of the sides at which bins begin, the same along both. counts: int64 [B, B],
    trained boxes by the bin of height and width. lost: float64 [n, 2], widths and heights of examples that
    are never trained. cause: int8 [n], their causes, -1 for shadowed ones. boxes, never: how many there are.
    octaves: int64 [O, 3], usable boxes by the longer side's octave: log2 of it, all, never trained.
    """

    edges: Float
    counts: Int
    lost: Float
    cause: Int8
    boxes: int
    never: int
    octaves: Int


def sizes(audit: Audit) -> Sizes:
    """Count usable boxes by their size on the network's input.

    Examples
    --------
    >>> found = sizes(audit(read("sample_data/coco")))
    >>> found.boxes, found.never, int(found.counts.sum())
    (33, 20, 13)
    """
    rows = np.flatnonzero(audit.box_results.usable)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log2(np.maximum(box_sizes(audit.net_boxes(rows)), 0.0625))
    never = has(audit.box_results.status[rows], *NEVER)
    low, high = (float(np.floor(log.min())), float(np.ceil(log.max()))) if len(log) else (0.0, 1.0)
    edges = np.linspace(low, max(high, low + 1), _SIZE_BINS + 1)
    kept = log[~never]
    counts = np.histogram2d(kept[:, 1], kept[:, 0], bins=[edges, edges])[0].astype(np.int64)
    some = examples(np.flatnonzero(never), _EXAMPLES)
    longer = np.floor(log.max(axis=1)).astype(np.int64) if len(log) else np.zeros(0, dtype=np.int64)
    octave = np.arange(longer.min(initial=0), longer.max(initial=0) + 1)
    every, gone = (np.bincount(part - octave[0], minlength=len(octave)) for part in (longer, longer[never]))
    return Sizes(
        edges=edges,
        counts=counts,
        lost=2.0 ** log[some],
        cause=audit.box_results.cause[rows[some]],
        boxes=len(rows),
        never=int(np.count_nonzero(never)),
        octaves=np.column_stack([octave, every, gone]),
    )


def examples(rows: Int, most: int) -> Int:
    """Return at most `most` of the rows, in order, drawn evenly at random, always the same ones."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


@dataclass(frozen=True, slots=True)
class Best:
    """Usable boxes by how well they fit, for each of S splits.

    edges: float64 [B + 1]. For detectors with anchors those of best IoUs; for points those of numbers of
    candidates: a bin has the whole numbers from its own edge up to the next one. counts: int64 [S, B].
    """

    edges: Float
    counts: Int


def best(audit: Audit) -> Best | None:
    """Count usable boxes by best IoU (or other measure), or by candidates; None if there is neither.

    Examples
    --------
    >>> found = best(audit(read("sample_data/coco")))
    >>> found.counts.sum(axis=1).tolist()
    [23, 10]
    """
    if audit.replayed is None:
        return None
    results = audit.box_results
    rows = np.flatnonzero(results.usable)
    if audit.detector.match.measure:
        values = results.best_iou[rows]
        edges = np.linspace(0.0, 1.0, _IOU_BINS + 1)
    elif results.candidates is not None and audit.detector.match.unit == "point":
        values = results.candidates[rows].astype(np.float64)
        edges = np.array([0, 1, 2, 3, 4, 6, 9, 13, 19, 33, 65, 129, 257, 513, 1025, np.inf])
    else:
        return None
    known = ~np.isnan(values)
    rows, values = rows[known], values[known]
    split = audit.dataset.images.split[audit.dataset.boxes.image[rows]]
    which = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts = _table(split, which, len(audit.dataset.splits), len(edges) - 1)
    return Best(edges, counts)


def _each_once(codes: Int) -> Int:
    """Return the distinct codes, sorted. np.unique hashes whole numbers, which takes ten times as long."""
    ordered = np.sort(codes)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _table(rows: Int, columns: Int, height: int, width: int) -> Int:
    """Count pairs of codes: int64 [height, width]."""
    counted: Int = np.bincount(rows * width + columns, minlength=height * width)
    return counted.reshape(height, width)


@dataclass(frozen=True, slots=True)
class Classes:
    """The C classes of a data set, by split: int64 [C, S] each. never: usable boxes never trained [C]."""

    boxes: Int
    images: Int
    never: Int


def classes(audit: Audit) -> Classes:
    """Count boxes and images of each class in each split. Boxes of no class are left out.

    Examples
    --------
    >>> classes(audit(read("sample_data/coco"))).boxes.tolist()
    [[8, 7], [15, 3], [4, 0]]
    """
    dataset = audit.dataset
    count, splits = len(dataset.categories), len(dataset.splits)
    rows = np.flatnonzero(dataset.boxes.category >= 0)
    category, image = dataset.boxes.category[rows], dataset.boxes.image[rows]
    never = category[has(audit.box_results.status[rows], *NEVER)]
    pairs = _each_once(image * max(count, 1) + category)
    images = _table(pairs % max(count, 1), dataset.images.split[pairs // max(count, 1)], count, splits)
    return Classes(
        _table(category, dataset.images.split[image], count, splits),
        images,
        np.bincount(never, minlength=count),
    )


@dataclass(frozen=True, slots=True)
class PerImage:
    """Images by how many boxes they have, for each of S splits: int64 [S, B].

    start: int64 [B], the lowest number of each bin; the last bin has all images with more.
    """

    start: Int
    counts: Int


def boxes_per_image(dataset: Dataset) -> PerImage:
    """Count images by their number of boxes.

    Examples
    --------
    >>> found = boxes_per_image(read("sample_data/coco"))
    >>> found.start.tolist()[:3], found.counts.sum(axis=1).tolist()
    ([0, 1, 2], [19, 7])
    """
    number = np.bincount(dataset.boxes.image, minlength=len(dataset.images))
    most = int(np.quantile(number, 0.995)) if len(number) else 0
    width = max(1, -(-most // 40))
    start = np.arange(0, most + width + 1, width)
    which = np.minimum(number // width, len(start) - 1)
    return PerImage(start, _table(dataset.images.split, which, len(dataset.splits), len(start)))


def centres(dataset: Dataset, usable: Bool, most: int = 12) -> tuple[Int, dict[int, Int]]:
    """Count usable boxes by where in their image their centre lies: int64 [G, G], rows are y.

    usable: bool [M]. Returns that of all boxes, and of each of the `most` most frequent classes, by its
    index.

    Examples
    --------
    >>> result = audit(read("sample_data/coco"))
    >>> whole, by_class = centres(result.dataset, result.box_results.usable)
    >>> int(whole.sum()), len(by_class)
    (33, 3)
    """
    rows = np.flatnonzero(usable)
    image, xyxy = dataset.boxes.image[rows], dataset.boxes.xyxy[rows]
    sides = np.column_stack([dataset.images.width[image], dataset.images.height[image]])
    share = np.clip((xyxy[:, :2] + xyxy[:, 2:]) / 2 / sides, 0.0, np.nextafter(1.0, 0.0))
    cell = (share * _GRID).astype(np.int64)
    code = cell[:, 1] * _GRID + cell[:, 0]
    category = dataset.boxes.category[rows]
    counts = np.bincount(category[category >= 0], minlength=len(dataset.categories))
    frequent = [int(c) for c in np.argsort(-counts, kind="stable")[:most] if counts[c]]

    def grid(codes: Int) -> Int:
        counted: Int = np.bincount(codes, minlength=_GRID * _GRID)
        return counted.reshape(_GRID, _GRID)

    return grid(code), {c: grid(code[category == c]) for c in frequent}


@dataclass(frozen=True, slots=True)
class ImageSizes:
    """The most frequent sizes of images in each split.

    width, height: float64 [n], pixels. images: int64 [n, S]. others: images of further sizes. unknown: of
    unknown size. distinct: how many sizes there are.
    """

    width: Float
    height: Float
    images: Int
    others: int
    unknown: int
    distinct: int


def image_sizes(dataset: Dataset, most: int = 400) -> ImageSizes:
    """Count images by size, the most frequent sizes first.

    Examples
    --------
    >>> found = image_sizes(read("sample_data/coco"))
    >>> int(found.images.sum()) + found.others + found.unknown
    26
    """
    images = dataset.images
    known = np.flatnonzero(~(np.isnan(images.width) | np.isnan(images.height)))
    pairs, of = np.unique(
        np.column_stack([images.width[known], images.height[known]]), axis=0, return_inverse=True
    )
    table = _table(of.reshape(-1), images.split[known], len(pairs), len(dataset.splits))
    order = np.argsort(-table.sum(axis=1), kind="stable")
    kept = order[:most]
    return ImageSizes(
        width=pairs[kept, 0] if len(pairs) else np.zeros(0),
        height=pairs[kept, 1] if len(pairs) else np.zeros(0),
        images=table[kept],
        others=int(table[order[most:]].sum()),
        unknown=len(images) - len(known),
        distinct=len(pairs),
    )


def together(dataset: Dataset, most: int = 20) -> tuple[list[int], Int]:
    """Count images in which two classes occur together, for the most frequent classes.

    Returns their indices, and int64 [n, n]: in row i and column j, the images with both i and j; on the
    diagonal those with i.

    Examples
    --------
    >>> found, both = together(read("sample_data/coco"))
    >>> len(found), both.shape
    (3, (3, 3))
    """
    count = max(len(dataset.categories), 1)
    rows = np.flatnonzero(dataset.boxes.category >= 0)
    pairs = _each_once(dataset.boxes.image[rows] * count + dataset.boxes.category[rows])
    image, category = pairs // count, pairs % count
    images = np.bincount(category, minlength=count)
    frequent = [int(c) for c in np.argsort(-images, kind="stable")[:most] if images[c]]
    has_it = np.zeros((len(frequent), len(dataset.images)), dtype=np.float32)  # a product in float32 is fast,
    for place, number in enumerate(frequent):  # and exact below 16 million images
        has_it[place, image[category == number]] = 1
    return frequent, (has_it @ has_it.T).astype(np.int64)


@dataclass(frozen=True, slots=True)
class AtSize:
    """One input size. below: share of usable boxes below each of `AREAS` square pixels. pointless: share

    without a point of the finest level inside them, None for a detector without a grid.
    """

    size: str
    factor: float
    below: tuple[float, ...]
    pointless: float | None


@dataclass(frozen=True, slots=True)
class ResizeImpact:
    """What is left of boxes at several input sizes, in the order of size. boxes: how many were looked at."""

    boxes: int
    sizes: list[AtSize]


def resize_impact(audit: Audit) -> ResizeImpact:
    """Place usable boxes on inputs of up to 12 sizes: the detector's own, smaller and larger ones.

    Of more than 200,000 boxes a random part is taken, always the same. A point is the middle of a cell of
    the finest level, or what the detector itself calls a point.

    Examples
    --------
    >>> found = resize_impact(audit(read("sample_data/coco"), "yolov5"))
    >>> [(one.size, one.pointless) for one in found.sizes if one.factor == 1]
    [('640', 0.0)]
    """
    detector = audit.detector
    rows = examples(np.flatnonzero(audit.box_results.usable), _SAMPLE)
    clipped = clip_all(audit.dataset, rows)
    found: list[AtSize] = []
    for size, factor, other in _at_sizes(detector):
        boxes = place_all(clipped, other).boxes.boxes
        w, h = box_sizes(boxes).T
        area = w * h
        below = tuple(float(np.mean(area < limit)) if len(area) else 0.0 for limit in AREAS)
        pointless = _without_point(boxes, other) if other.strides and len(boxes) else None
        found.append(AtSize(size, factor, below, pointless))
    return ResizeImpact(len(rows), found)


def _at_sizes(detector: Detector) -> list[tuple[str, float, Detector]]:
    """Return the detector at several input sizes, each with its name and factor."""
    if detector.resize.keeps_size:
        return [("as it is", 1.0, detector)]
    found: dict[str, tuple[str, float, Detector]] = {}
    for factor in _FACTORS:
        if factor == 1.0:
            text = detector.resize.scaled_text(1.0)
            found[text] = (text, factor, detector)
            continue
        for text in other_sizes(detector, (factor,)):
            try:
                found.setdefault(text, (text, factor, override(detector, input_size=text)))
            except AnchorauditError:  # its number of cells is fixed, so is its input
                continue
    return list(found.values())


def _without_point(boxes: Float, detector: Detector) -> float:
    """Return the share of boxes [n, 4] without a point of the finest level strictly inside."""
    stride = min(detector.strides)
    offset = detector.points.offset if detector.points.strides else 0.5
    with np.errstate(invalid="ignore"):
        first = np.floor(boxes[:, :2] / stride - offset) + 1
        last = np.ceil(boxes[:, 2:] / stride - offset) - 1
    return float(np.mean(~(last >= first).all(axis=1)))
