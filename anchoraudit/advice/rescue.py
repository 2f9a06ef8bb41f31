"""What would train the boxes that a detector without anchors never trains. Everything is replayed.

Tried are another version of the framework, other input sizes, a finer level, more queries, and images cut
into tiles. The boxes are those that reach the detector now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from anchoraudit.advice.tiles import cut, judge_tiles
from anchoraudit.arrays import Bool, Float
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
class Sides:
    """Which boxes always have a point inside.

    steps: pairs of a length and a number of pixels on the input: a box with a long side up to this length
    has a point if its short side is above that number; the last length is infinite. scales: float64 [N],
    pixels of the input for a pixel of each image.
    """

    steps: tuple[tuple[float, float], ...]
    scales: Float = field(repr=False)

    def in_images(self, pixels: float) -> tuple[float, float]:
        """Return the same number of pixels in the images: of the median image, and of the largest."""
        return pixels / float(np.median(self.scales)), pixels / float(self.scales.min())


@dataclass(frozen=True, slots=True)
class Rescue:
    """The remedies; the first row is the present state.

    best: the remedy that leaves the fewest boxes untrained; the one that asks least of the user, of several;
    None if none helps. sides: None if every box has a point, wherever it lies. shadowed: how many boxes of
    the present state lose all their points to others. notes: what could not be tried, and why.
    """

    audit: Audit
    rows: list[Remedy]
    best: Remedy | None
    sides: Sides | None
    shadowed: int
    notes: list[str]

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
    judge = _Judge(now)
    notes: list[str] = []
    tried = list(_variants(now, judge, notes))
    rows = [judge.row("present", "as it is", detector)]
    for done, (group, text, variant) in enumerate(tried):
        if progress is not None:
            progress(done, len(tried) + 1)
        rows.append(judge.row(group, text, variant))
    if (tiled := judge.tiles(tile, overlap)) is not None:
        rows.append(tiled)
    better = [row for row in rows[1:] if row.left < rows[0].left]
    best = min(better, key=lambda row: (row.left, _ORDER.index(row.group), row.pixels), default=None)
    shadowed = int(now.image_results.of("shadowed").sum())
    return Rescue(now, rows, best, sides_with_points(judge, detector), shadowed, notes)


def _variants(now: Audit, judge: _Judge, notes: list[str]) -> Iterator[tuple[str, str, Detector]]:
    """Yield what is tried: kind, words and detector."""
    detector = now.detector
    for other in _at_other_versions(detector):
        with_size = msgspec.structs.replace(other, resize=_sized(other, detector))
        if (with_size.points, with_size.match) != (detector.points, detector.match):
            named = (
                other.name
                if other.name in preset_names()
                else f"--framework-version {other.versions.version}"
            )
            yield "version", f"{named} ({other.versions.text or other.framework})", with_size
    if detector.match.unit == "query" and (most := judge.most_boxes) > detector.match.queries:
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


class _Judge:
    """Makes rows: the usable boxes of an audit, in file order, judged by one detector after another."""

    def __init__(self, now: Audit) -> None:
        self.now, dataset = now, now.dataset
        rows = np.flatnonzero(now.labels.usable)
        self._clipped = clip_all(dataset, rows)
        self._image, self._category = dataset.boxes.image[rows], dataset.boxes.category[rows]
        self._present: Bool | None = None
        self._lost_now = 0  # boxes that get no point, or query, since there are too few

    @property
    def most_boxes(self) -> int:
        """The most usable boxes of an image."""
        return int(np.bincount(self._image, minlength=1).max())

    @property
    def scales(self) -> Float:
        """Pixels of the input for a pixel of each image that has boxes: float64 [N]."""
        width, height = self._clipped.width[self._clipped.of], self._clipped.height[self._clipped.of]
        canvases = fit(width, height, self.now.detector.resize).canvases
        found: Float = np.minimum(canvases.image_width / width, canvases.image_height / height)
        return found

    def row(self, group: str, text: str, detector: Detector) -> Remedy:
        """Return what a detector leaves."""
        boxes = place_all(self._clipped, detector).boxes
        alone = engines.judge(boxes, detector)
        judged = engines.compete(boxes, self._image, alone, detector, self._category)
        status, short = judged.status, engines.shortages(boxes, self._image, judged, detector)
        trained, borrowed = has(status, "matched", "possible", "forced"), has(status, "borrowed")
        if self._present is None:
            self._present = trained
        with_boxes, trains = np.unique(self._image), np.unique(self._image[trained | borrowed])
        beyond = int(short.lost.sum())
        self._lost_now = beyond if group == "present" else self._lost_now
        return Remedy(
            group,
            text,
            empty=len(with_boxes) - len(trains),
            never=int(np.count_nonzero(~(trained | borrowed))) + beyond,
            borrowed=int(np.count_nonzero(borrowed)) - _borrowed_and_lost(short, borrowed),
            rescued=int(np.count_nonzero(trained & ~self._present)) + max(self._lost_now - beyond, 0),
            lost=int(np.count_nonzero(self._present & ~trained)) + max(beyond - self._lost_now, 0),
            pixels=_pixels(detector, self.now.detector, self._clipped.width, self._clipped.height),
            detector=None if group == "present" else detector,
        )

    def tiles(self, size: int, overlap: float) -> Remedy | None:
        """Return what tiles of the images leave; None if no image is larger than a tile."""
        width, height = self._clipped.width, self._clipped.height
        if not (np.fmax(width, height) > size).any():
            return None
        detector = self.now.detector
        tiled = cut(self._clipped, self._image, size, overlap)
        found = judge_tiles(tiled, len(self._image), self._category, detector)
        assert self._present is not None
        sides = np.full(found.tiles, float(size))
        before = _canvas_pixels(detector, width[self._clipped.of_image], height[self._clipped.of_image])
        return Remedy(
            "tiles",
            f"tiles of {size} px, overlap {overlap:g}",
            empty=None,
            never=int(np.count_nonzero(~(found.trained | found.borrowed))) + found.lost,
            borrowed=int(np.count_nonzero(found.borrowed)),
            rescued=int(np.count_nonzero(found.trained & ~self._present))
            + max(self._lost_now - found.lost, 0),
            lost=int(np.count_nonzero(self._present & ~found.trained)) + max(found.lost - self._lost_now, 0),
            pixels=_canvas_pixels(detector, sides, sides) / max(before, 1.0),
            tiles=found.tiles,
            cut=int(np.count_nonzero(~found.whole)),
        )


def _borrowed_and_lost(short: Shortages, borrowed: Bool) -> int:
    """Count the borrowed boxes that are counted as lost already: a lost box of a shortage may be borrowed."""
    number = np.bincount(short.group[borrowed[short.box]], minlength=len(short.points))
    return int(np.minimum(number, short.lost).sum())


def _pixels(detector: Detector, now: Detector, width: Float, height: Float) -> float:
    """Return how many times as many pixels a detector sees of images of these sizes."""
    return _canvas_pixels(detector, width, height) / max(_canvas_pixels(now, width, height), 1.0)


def _canvas_pixels(detector: Detector, width: Float, height: Float) -> float:
    canvases = fit(width, height, detector.resize).canvases
    return float(np.nansum(canvases.width * canvases.height))


def sides_with_points(judge: _Judge, detector: Detector) -> Sides | None:
    """Return which boxes have a candidate wherever they lie; None if all have."""
    lacking = detector.can_end_empty or detector.match.without_candidate != "never"
    if detector.match.unit != "point" or not lacking or not len(judge.scales):
        return None
    strides = detector.strides
    if not detector.match.ranges:
        return Sides(((float("inf"), strides[0]),), judge.scales)
    # A point at most half a stride from the centre along the long side is nearer to the farthest side than
    # half of it and half a stride.
    lengths = [2 * high - stride for (_, high), stride in zip(detector.match.ranges, strides, strict=True)]
    steps = tuple(zip((*lengths[:-1], float("inf")), strides, strict=True))
    return Sides(steps, judge.scales)
