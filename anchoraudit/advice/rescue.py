"""What would train the boxes that a detector without anchors never trains. Everything is replayed.

Tried are another version of the framework, other input sizes, a finer level, more queries, and images cut
into tiles. The boxes are those that reach the detector now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from anchoraudit.advice.tiles import cut, judge_tiles
from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, load_detector, override, preset_names
from anchoraudit.detectors.at_version import rules_at, versions_of
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.detectors.spec import Resize
from anchoraudit.detectors.versions import number_of
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import clip_all, fit, place_all
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.encoding.statuses import has
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules import Chosen

TILE, OVERLAP = 640, 0.2
_FACTORS = (0.75, 1.25, 1.5, 2.0)
_FINEST = 4.0  # pixels: no head with a finer level is in use


@dataclass(frozen=True, slots=True)
class Remedy:
    """What one remedy leaves.

    group: the kind of remedy: present, version, input size, finer level, queries or tiles. remedy: a few
    words. empty: images with usable boxes of which none is trained; None for tiles. never: usable boxes that
    are never trained. borrowed: those trained only outside themselves. rescued, lost: boxes trained with
    the remedy and not now, and the other way round. pixels: how many times as many the network sees. tiles,
    cut: of tiles, how many there are in place of the images, and how many boxes none of them holds whole.
    detector: with the remedy; None where it is the same.
    """

    group: str
    remedy: str
    empty: int | None
    never: int
    borrowed: int
    rescued: int = 0
    lost: int = 0
    pixels: float = 1.0
    tiles: int | None = None
    cut: int | None = None
    detector: Detector | None = None

    @property
    def left(self) -> int:
        """The boxes that are not trained at their own place."""
        return self.never + self.borrowed


@dataclass(frozen=True, slots=True)
class Scales:
    """How many pixels of the input one of an image has, in numbers that add up over parts of a data set.

    values: float64 [n], the distinct scales, ascending: not more than images have sizes. count: int64 [n],
    how many images have each.
    """

    values: Float
    count: Int

    @classmethod
    def of(cls, scales: Float, count: Int) -> Self:
        """Return the distinct ones of some scales. count: how often each occurs."""
        values, which = np.unique(scales, return_inverse=True)
        total = np.zeros(len(values), dtype=np.int64)
        np.add.at(total, which.reshape(-1), count)
        return cls(values, total)

    def __add__(self, other: Scales) -> Scales:
        values, count = (self.values, other.values), (self.count, other.count)
        return Scales.of(np.concatenate(values), np.concatenate(count))

    @property
    def median(self) -> float:
        """The median, as `np.median` of all has it."""
        below, number = np.cumsum(self.count), int(self.count.sum())
        middle = np.searchsorted(below, [(number - 1) // 2, number // 2], side="right")
        return float(self.values[middle].mean())

    @property
    def least(self) -> float:
        """That of the largest image."""
        return float(self.values[0])


@dataclass(frozen=True, slots=True)
class Sides:
    """Which boxes always have a point inside.

    steps: pairs of a length and a number of pixels on the input: a box with a long side up to this length
    has a point if its short side is above that number; the last length is infinite. scales: of the images
    that have boxes.
    """

    steps: tuple[tuple[float, float], ...]
    scales: Scales = field(repr=False)

    def in_images(self, pixels: float) -> tuple[float, float]:
        """Return the same number of pixels in the images: of the median image, and of the largest."""
        return pixels / self.scales.median, pixels / self.scales.least


@dataclass(frozen=True, slots=True)
class Rescue:
    """The remedies; the first row is the present state.

    best: the remedy that leaves the fewest boxes untrained; the one that asks least of the user, of several;
    None if none helps. sides: None if every box has a point, wherever it lies. shadowed: how many boxes of
    the present state lose all their points to others. notes: what could not be tried, and why. audit: the
    present state; of a data set in parts, without its images and boxes. not_read: what could not be read of
    it.
    """

    audit: Audit
    rows: list[Remedy]
    best: Remedy | None
    sides: Sides | None
    shadowed: int
    notes: list[str]
    not_read: list[str] = field(default_factory=list)

    @property
    def needed(self) -> bool:
        """Tell whether there is a box that is not trained at its own place."""
        return self.rows[0].left > 0


# What a remedy asks of the user: of equally good ones the first of these is advised.
_ORDER = ("present", "version", "queries", "input size", "finer level", "tiles")


def rescue(
    dataset: Dataset,
    detector: Detector,
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    image_cache: Path | None = None,
    tile: int = TILE,
    overlap: float = OVERLAP,
    progress: Callable[[int, int], None] | None = None,
) -> Rescue:
    """Replay every remedy on a data set, under a detector without anchors.

    Parameters
    ----------
    dataset : Dataset
        What `read` returns.
    detector : Detector
        What `load_detector` returns.
    drop_difficult, loader, image_cache : optional
        As in `audit`.
    tile : int
        Side of the tiles in pixels of the images.
    overlap : float
        Share of a tile that the next one repeats, 0 up to 0.9.
    progress : callable, optional
        Called with (remedies replayed, to replay).

    Returns
    -------
    Rescue
        What each remedy leaves, and which one is best.

    Examples
    --------
    >>> found = rescue(read("sample_data/coco"), load_detector("ultralytics-yolo11-8.3"), loader="none")
    >>> found.rows[0].remedy, found.rows[0].never
    ('as it is', 0)
    """
    now = audit(
        dataset,
        detector,
        drop_difficult=drop_difficult,
        rules=Chosen(ignore=("ALL",)),
        loader=loader,
        image_cache=image_cache,
    )
    judge = Judge(now)
    state = judge.state()
    tried, notes = remedies(detector, state.most_boxes)
    counted = [judge.count(detector)]
    for done, (_, _, variant) in enumerate(tried):
        if progress is not None:
            progress(done, len(tried) + 1)
        counted.append(judge.count(variant))
    if state.longest > tile:
        counted.append(judge.count_tiles(tile, overlap))
    return rescue_of(now, state, tried, counted, notes, tile=tile, overlap=overlap)


Tried = tuple[str, str, Detector]  # kind, words and detector of a remedy


def rescue_of(
    now: Audit,
    state: State,
    tried: Sequence[Tried],
    counted: Sequence[Counted],
    notes: list[str],
    *,
    tile: int,
    overlap: float,
) -> Rescue:
    """Return the remedies, made of what was counted.

    now: the audit that reports go by. counted: of the present detector, of what was tried, and of tiles if
    some image is larger than one.
    """
    present, detector = counted[0], now.detector
    kinds = [("present", "as it is", None), *tried]
    rows = [
        one.row(group, text, made, present) for (group, text, made), one in zip(kinds, counted, strict=False)
    ]
    if len(counted) > len(kinds):
        rows.append(counted[-1].row_of_tiles(f"tiles of {tile} px, overlap {overlap:g}", present))
    better = [row for row in rows[1:] if row.left < rows[0].left]
    best = min(better, key=lambda row: (row.left, _ORDER.index(row.group), row.pixels), default=None)
    return Rescue(now, rows, best, sides_with_points(state.scales, detector), state.shadowed, notes)


def remedies(detector: Detector, most_boxes: int) -> tuple[list[Tried], list[str]]:
    """Return what is tried, and what cannot be tried, and why.

    most_boxes: the most usable boxes of an image.
    """
    notes: list[str] = []
    return list(_variants(detector, most_boxes, notes)), notes


def _variants(detector: Detector, most: int, notes: list[str]) -> Iterator[Tried]:
    for other in _at_other_versions(detector):
        with_size = msgspec.structs.replace(other, resize=_sized(other, detector))
        if (with_size.points, with_size.match) != (detector.points, detector.match):
            named = (
                other.name
                if other.name in preset_names()
                else f"--framework-version {other.versions.version}"
            )
            yield "version", f"{named} ({other.versions.text or other.framework})", with_size
    if detector.match.unit == "query" and most > detector.match.queries:
        more = msgspec.structs.replace(detector.match, queries=most)
        yield "queries", f"{most:,} queries", msgspec.structs.replace(detector, match=more)
    if detector.match.unit == "point":
        for size in other_sizes(detector, _FACTORS):
            try:
                yield "input size", f"--input-size {size}", override(detector, input_size=size)
            except AnchorauditError as error:
                notes.append(f"not tried: --input-size {size}: {error.message}")
        if (finer := with_finer_level(detector)) is not None:
            yield "finer level", f"an extra level of stride {finer.strides[0]:g} (P2 head)", finer


def _at_other_versions(detector: Detector) -> list[Detector]:
    """Return the detector under other versions of its framework: each set of rules, the newest first."""
    own = detector.versions
    if not own.package:
        return [load_detector(name) for name in siblings(detector.name)]
    since = [version for version in versions_of(own.rule) if version != own.since]
    if own.exists_since:
        since = [version for version in since if number_of(version) >= number_of(own.exists_since)]
    return [rules_at(detector, version, "given") for version in reversed(since)]


def siblings(name: str) -> list[str]:
    """Return the presets whose names differ from a preset's in the version at the end alone.

    Examples
    --------
    >>> siblings("yolox-0.3.0")
    ['yolox']
    """
    stem = re.sub(r"-\d+(\.\d+)+$", "", name)
    if name not in preset_names():
        return []
    return [n for n in preset_names() if n != name and re.sub(r"-\d+(\.\d+)+$", "", n) == stem]


def _sized(other: Detector, like: Detector) -> Resize:
    """Return the resize of a detector at the input size of another one of its family."""
    size = like.resize.scaled_text(1.0)
    return other.resize if other.resize.scaled_text(1.0) == size else override(other, input_size=size).resize


def with_finer_level(detector: Detector) -> Detector | None:
    """Return the detector with one finer level; None where levels have ranges of their own, or it is fine.

    Examples
    --------
    >>> with_finer_level(load_detector("ultralytics-yolo11-8.3")).strides
    (4.0, 8.0, 16.0, 32.0)
    """
    strides, match = detector.strides, detector.match
    if match.ranges or len(strides) < 2 or strides[0] / 2 < _FINEST:
        return None
    finer = (strides[0] / 2, *strides)
    # Sides are widened to the stride of the second level where a framework widens them.
    moved = dict(zip(strides, finer, strict=False))
    match = msgspec.structs.replace(
        match,
        narrow_below=moved.get(match.narrow_below, match.narrow_below),
        widened_to=moved.get(match.widened_to, match.widened_to),
    )
    points = msgspec.structs.replace(detector.points, strides=finer)
    return msgspec.structs.replace(detector, points=points, match=match)


@dataclass(frozen=True, slots=True)
class State:
    """What the remedies depend on, in numbers that merge over parts of a data set.

    most_boxes: the most usable boxes of an image. longest: the longest side of an image, in pixels. shadowed:
    boxes that lose all their points to others. scales: of the images that have usable boxes.
    """

    most_boxes: int
    longest: float
    shadowed: int
    scales: Scales

    def __add__(self, other: State) -> State:
        return State(
            max(self.most_boxes, other.most_boxes),
            max(self.longest, other.longest),
            self.shadowed + other.shadowed,
            self.scales + other.scales,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """What a detector, or tiles, leave of a data set or a part of it, in numbers that add up.

    empty: images with usable boxes of which none is trained. never, borrowed: usable boxes. gained,
    given_up: boxes that are trained with the remedy and not now, and the other way round. beyond: boxes that
    get no point, or query, since there are too few. pixels: of all canvases. tiles, cut: as of `Remedy`.
    """

    empty: int
    never: int
    borrowed: int
    gained: int
    given_up: int
    beyond: int
    pixels: int
    tiles: int = 0
    cut: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def row(self, group: str, text: str, detector: Detector | None, present: Counted) -> Remedy:
        """Return a row. present: what the present detector leaves."""
        return Remedy(
            group,
            text,
            empty=self.empty,
            never=self.never + self.beyond,
            borrowed=self.borrowed,
            rescued=self.gained + max(present.beyond - self.beyond, 0),
            lost=self.given_up + max(self.beyond - present.beyond, 0),
            pixels=self.pixels / max(present.pixels, 1),
            detector=detector,
        )

    def row_of_tiles(self, text: str, present: Counted) -> Remedy:
        """Return the row of tiles."""
        row = self.row("tiles", text, None, present)
        return replace(row, empty=None, tiles=self.tiles, cut=self.cut)


class Judge:
    """The usable boxes of an audit, in file order, judged by one detector after another.

    Begin with the present one: what others gain is counted against it.
    """

    def __init__(self, now: Audit) -> None:
        self.now, dataset = now, now.dataset
        rows = np.flatnonzero(now.labels.usable)
        self._clipped = clip_all(dataset, rows)
        self._image, self._category = dataset.boxes.image[rows], dataset.boxes.category[rows]
        self._of_size = np.bincount(self._clipped.of_image, minlength=len(self._clipped.width))

    def state(self) -> State:
        """Return what the remedies depend on."""
        clipped = self._clipped
        sides = np.fmax(clipped.width, clipped.height)
        return State(
            int(np.bincount(self._image, minlength=1).max()),
            float(np.nanmax(sides, initial=0.0)),
            int(self.now.image_results.of("shadowed").sum()),
            self._scales(),
        )

    def _scales(self) -> Scales:
        clipped, with_boxes = self._clipped, np.unique(self._image)
        count = np.bincount(clipped.of_image[with_boxes], minlength=len(clipped.width))
        some = np.flatnonzero(count)
        width, height = clipped.width[some], clipped.height[some]
        canvases = fit(width, height, self.now.detector.resize).canvases
        return Scales.of(
            np.minimum(canvases.image_width / width, canvases.image_height / height), count[some]
        )

    @cached_property
    def _present(self) -> Bool:
        """Which boxes the present detector trains at their own place."""
        return self._judged(self.now.detector)[0]

    def _judged(self, detector: Detector) -> tuple[Bool, Bool, Shortages]:
        """Return which boxes are trained, which only outside themselves, and which lack points together."""
        boxes = place_all(self._clipped, detector).boxes
        alone = engines.judge(boxes, detector)
        judged = engines.compete(boxes, self._image, alone, detector, self._category)
        short = engines.shortages(boxes, self._image, judged, detector)
        trained = has(judged.status, "matched", "possible", "forced")
        return trained, has(judged.status, "borrowed"), short

    def count(self, detector: Detector) -> Counted:
        """Count what a detector leaves."""
        trained, borrowed, short = self._judged(detector)
        if detector == self.now.detector:
            self._present = trained
        with_boxes, trains = np.unique(self._image), np.unique(self._image[trained | borrowed])
        return Counted(
            empty=len(with_boxes) - len(trains),
            never=int(np.count_nonzero(~(trained | borrowed))),
            borrowed=int(np.count_nonzero(borrowed)) - _borrowed_and_lost(short, borrowed),
            gained=int(np.count_nonzero(trained & ~self._present)),
            given_up=int(np.count_nonzero(self._present & ~trained)),
            beyond=int(short.lost.sum()),
            pixels=_canvas_pixels(detector, self._clipped.width, self._clipped.height, self._of_size),
        )

    def count_tiles(self, size: int, overlap: float) -> Counted:
        """Count what tiles of the images leave."""
        detector = self.now.detector
        tiled = cut(self._clipped, self._image, size, overlap)
        found = judge_tiles(tiled, len(self._image), self._category, detector)
        side = np.array([float(size)])
        return Counted(
            empty=0,
            never=int(np.count_nonzero(~(found.trained | found.borrowed))),
            borrowed=int(np.count_nonzero(found.borrowed)),
            gained=int(np.count_nonzero(found.trained & ~self._present)),
            given_up=int(np.count_nonzero(self._present & ~found.trained)),
            beyond=found.lost,
            pixels=_canvas_pixels(detector, side, side, np.array([found.tiles])),
            tiles=found.tiles,
            cut=int(np.count_nonzero(~found.whole)),
        )


def _borrowed_and_lost(short: Shortages, borrowed: Bool) -> int:
    """Count the borrowed boxes that are counted as lost already: a lost box of a shortage may be borrowed."""
    number = np.bincount(short.group[borrowed[short.box]], minlength=len(short.points))
    return int(np.minimum(number, short.lost).sum())


def _canvas_pixels(detector: Detector, width: Float, height: Float, count: Int) -> int:
    """Return how many pixels a detector sees of images of these sizes, which are NaN where unknown.

    count: int64, how many images have each size.
    """
    canvases = fit(width, height, detector.resize).canvases
    pixels = np.rint(np.nan_to_num(canvases.width * canvases.height)).astype(np.int64)
    return int((pixels * count).sum())


def sides_with_points(scales: Scales, detector: Detector) -> Sides | None:
    """Return which boxes have a candidate wherever they lie; None if all have."""
    lacking = detector.can_end_empty or detector.match.without_candidate != "never"
    if detector.match.unit != "point" or not lacking or not len(scales.values):
        return None
    strides = detector.strides
    if not detector.match.ranges:
        return Sides(((float("inf"), strides[0]),), scales)
    # A point at most half a stride from the centre along the long side is nearer to the farthest side than
    # half of it and half a stride.
    lengths = [2 * high - stride for (_, high), stride in zip(detector.match.ranges, strides, strict=True)]
    steps = tuple(zip((*lengths[:-1], float("inf")), strides, strict=True))
    return Sides(steps, scales)
