"""Several detectors on one data set, side by side. The data set is read once and judged by each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, one_thread
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.dataset.repeated import alike, repeats
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.admission import Admitted, admitted_to
from anchoraudit.encoding.canvas import Clipped, OnCanvas, Placed, clip_all, place_all
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import STATUSES, has
from anchoraudit.encoding.verdicts import VERDICTS, verdicts_of
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.io.processes import helpers, shared_out
from anchoraudit.loaders import PLAIN, load_as

# Usable boxes from which on a second process saves more time than its start takes.
_WORTH_A_PROCESS = 50_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What one detector does with the data set.

    images, usable: numbers of images and usable boxes. verdicts: images by verdict. statuses: usable boxes by
    status. median_best: median of the best IoU (or `measure`) of usable boxes, None without any or if the
    detector has no such value. cause: the most common cause of unmatched boxes, "" if all are matched.
    on_empty: what an empty mask does.
    """

    detector: str
    images: int
    usable: int
    verdicts: dict[str, int]
    statuses: dict[str, int]
    measure: str
    median_best: float | None
    cause: str
    on_empty: str


def compare(
    dataset: Dataset,
    detectors: Sequence[Detector],
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    files: ImageFiles | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Compared]:
    """Judge every image by each detector.

    Parameters
    ----------
    dataset : Dataset
        What `read` returns.
    detectors : sequence of Detector
        What `load_detector` returns.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    loader : str, optional
        The framework's loader for all detectors. By default each detector has its own, as in `audit`.
    files : ImageFiles, optional
        Facts about the image files, for the loaders.
    progress : callable, optional
        Called with (done, to do), counted in detectors.

    Returns
    -------
    list of Compared
        In the order of `detectors`.

    Examples
    --------
    >>> names = ["reference", "torchvision-retinanet_resnet50_fpn"]
    >>> found = compare(read("sample_data/coco"), [load_detector(name) for name in names])
    >>> [one.statuses["matched"] for one in found]
    [13, 29]
    """
    fed_by: dict[str, list[int]] = {}
    for i, detector in enumerate(detectors):
        fed_by.setdefault(loader or detector.loader_for(dataset.format) or "", []).append(i)
    compared: dict[int, Compared] = {}

    def done(i: int, one: Compared) -> None:
        compared[i] = one
        if progress is not None:
            progress(len(compared), len(detectors))

    for name, numbers in fed_by.items():
        data = dataset if name in ("", PLAIN) else load_as(dataset, name, files).dataset
        some = {number: detectors[i] for number, i in enumerate(numbers)}
        for number, one in _judged(data, list(some.values()), drop_difficult, admits=name != PLAIN):
            done(numbers[number], one)
    return [compared[i] for i in range(len(detectors))]


def _judged(
    dataset: Dataset, detectors: Sequence[Detector], drop_difficult: bool, *, admits: bool
) -> Iterator[tuple[int, Compared]]:
    """Judge a data set by detectors that one loader feeds; yield the number of each, and what it does."""
    labels = prepare(dataset, drop_difficult=drop_difficult)
    clipped = clip_all(dataset, np.flatnonzero(labels.usable))
    # Sorted by area, boxes of one block are alike, and the engine can skip most levels for the whole block.
    area = np.prod(box_sizes(clipped.boxes), axis=1)
    clipped = clipped.take(np.argsort(area.astype(np.float32)))
    groups = _groups(detectors)
    beside = min(helpers(len(clipped.rows), fork=_WORTH_A_PROCESS), 1, len(groups) - 1)
    image = dataset.boxes.image[clipped.rows]
    job = _Job(dataset, clipped, image, tuple(detectors), alone=beside > 0, admits=admits)
    with shared_out(job.judge, groups, beside) as results:
        for number, group in results():
            yield from zip(groups[number], group, strict=True)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all detectors: the usable boxes, and the image of each, int64 [n].

    alone: each process works in one thread, since others share the cores. admits: the models are asked what
    they do with odd boxes. known: what was found of that.
    """

    dataset: Dataset
    clipped: Clipped
    image: Int
    detectors: tuple[Detector, ...]
    alone: bool
    admits: bool
    known: dict[object, Admitted] = field(default_factory=dict)

    def judge(self, group: Sequence[int]) -> list[Compared]:
        """Judge by some of the detectors, given by number. They all place boxes alike."""
        known: dict[tuple[object, ...], Compared] = {}
        judged = []
        with one_thread() if self.alone else nullcontext():
            placed = place_all(self.clipped, self.detectors[group[0]])
            every = _InOrder(self.dataset, placed.boxes, self.image, self.clipped.rows)
            for detector in (self.detectors[i] for i in group):
                rules = (
                    detector.resize,
                    detector.anchors,
                    detector.points,
                    detector.border,
                    detector.match,
                    detector.labels,
                )
                if rules not in known:
                    known[rules] = self._compare(detector, placed, every)
                # Detectors that differ only in their loss leave the same images empty.
                judged.append(replace(known[rules], detector=detector.name, on_empty=detector.loss.outcome))
        return judged

    def _compare(self, detector: Detector, placed: Placed, every: _InOrder) -> Compared:
        """Return what `audit` would find, counted without columns for every box and image.

        every: all boxes, in the order of the file.
        """
        dataset, boxes, image, rows = self.dataset, placed.boxes, self.image, self.clipped.rows
        if self.admits:
            admitted = self._admitted_to(detector)
            dataset = admitted.stopping(dataset)
            if len(admitted.dropped):
                kept = np.flatnonzero(~np.isin(self.clipped.rows, admitted.dropped))
                boxes, image, rows = boxes.take(kept), image[kept], rows[kept]
                every = _InOrder(self.dataset, boxes, image, rows)
        judged = every.compete(engines.judge_quickly(boxes, detector), detector)
        lost = np.flatnonzero(has(judged.status, "unmatched"))
        causes = np.bincount(causes_of(boxes.take(lost), detector), minlength=len(CAUSES))
        verdict = verdicts_of(
            boxes=self._has(self.dataset.boxes.image),
            usable=self._has(image),
            matched=self._has(image[has(judged.status, "matched", "possible")]),
            forced=self._has(image[has(judged.status, "forced", "borrowed")]),
            size_unknown=np.isnan(self.dataset.images.width),
            raises=reasons(boxes, image, placed.of_image, detector) > 0,
            fate=dataset.images.fate,
        )
        verdicts = np.bincount(verdict, minlength=len(VERDICTS)).tolist()
        statuses = np.bincount(judged.status, minlength=len(STATUSES)).tolist()
        return Compared(
            detector=detector.name,
            images=len(verdict),
            usable=len(image),
            verdicts=dict(zip(VERDICTS, verdicts, strict=True)),
            statuses=dict(zip(STATUSES[1:], statuses[1:], strict=True)),
            measure=detector.match.measure,
            median_best=_median(judged.best) if detector.match.measure else None,
            cause=CAUSES[int(causes.argmax())] if causes.any() else "",
            on_empty=detector.loss.outcome,
        )

    def _admitted_to(self, detector: Detector) -> Admitted:
        """Return what the model does with the boxes; once for detectors that ask the same of them."""
        labels = detector.labels
        key = (labels, detector.resize if labels.least_side else None)
        if key not in self.known:
            self.known[key] = admitted_to(self.dataset, detector)
        return self.known[key]

    def _has(self, image: Int) -> Bool:
        """Tell which images occur in `image`: [N]."""
        among = np.zeros(len(self.dataset.images), dtype=np.bool_)
        among[image] = True
        return among


class _InOrder:
    """Boxes in the order of the file, in which the first of several equal ones counts; they come by area.

    Detectors that place boxes alike share it. rows: int64 [n], the rows of the boxes in the data set.
    """

    def __init__(self, dataset: Dataset, boxes: OnCanvas, image: Int, rows: Int) -> None:
        self._category, self._boxes, self._image, self._rows = dataset.boxes.category, boxes, image, rows

    @cached_property
    def _order(self) -> Int:
        place = np.full(int(self._rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[self._rows] = np.arange(len(self._rows))  # each row occurs once: no need to sort
        order: Int = place[place >= 0]
        return order

    @cached_property
    def _sorted(self) -> tuple[OnCanvas, Int, Int]:
        """The boxes in order, with image and class of each."""
        order = self._order
        return self._boxes.take(order), self._image[order], self._category[self._rows[order]]

    @cached_property
    def _first(self) -> Int:
        """For each box in order the first earlier one that it equals, -1 for none: int64 [n]."""
        boxes, image, _ = self._sorted
        return repeats(image, boxes.boxes)

    @cached_property
    def _later(self) -> Bool:
        """The boxes that equal an earlier one of their image: bool [n], as they come."""
        found = alike(self._image, self._boxes.boxes)
        return self._one_of_equals(found) if len(found) else np.zeros(len(self._rows), dtype=np.bool_)

    def _one_of_equals(self, found: Int) -> Bool:
        order = found[np.argsort(self._rows[found])]
        later = np.zeros(len(self._rows), dtype=np.bool_)
        later[order] = repeats(self._image[order], self._boxes.boxes[order]) >= 0
        return later

    def compete(self, judged: Judged, detector: Detector) -> Judged:
        """Return the judgement of the boxes with all boxes of their images present."""
        if not engines.has_rivals(detector):
            if detector.match.repeated != "first":
                return judged
            return engines.without_later_equals(judged, self._later, detector)
        boxes, image, category = self._sorted
        first = None if detector.match.is_prediction_free else self._first
        found = engines.compete(boxes, image, judged.take(self._order), detector, category, first=first)
        status = np.empty_like(found.status)
        status[self._order] = found.status
        return replace(judged, status=status)


def _groups(detectors: Sequence[Detector]) -> list[list[int]]:
    """Group the detectors that place boxes alike, the slowest groups at both ends.

    Two processes that start at the ends meet in the middle, where a group that both judge costs least.
    """
    groups: dict[str, list[int]] = {}
    for i, detector in enumerate(detectors):
        groups.setdefault(repr(_placing(detector)), []).append(i)
    longest = sorted(groups.values(), key=lambda group: -sum(60 + detectors[i].anchors.count for i in group))
    return longest[::2] + longest[1::2][::-1]


def _placing(detector: Detector) -> tuple[object, ...]:
    return detector.resize, detector.box_precision, detector.anchors.compared_as


def _median(values: Float) -> float | None:
    """Return the median of finite values, None without any. Only values near a sample's median are sorted."""
    half, odd = len(values) // 2, len(values) % 2
    if not len(values):
        return None
    sample = np.sort(values[:: max(len(values) // 1024, 1)])
    apart, middle = len(sample) // 16, len(sample) // 2
    low, high = sample[middle - apart], sample[min(middle + apart, len(sample) - 1)]
    below = int(np.count_nonzero(values < low))
    near = np.sort(values[(values >= low) & (values <= high)])
    if not below < half < below + len(near) - 1:
        below, near = 0, np.sort(values)
    upper = near[half - below]
    return float(upper if odd else (near[half - below - 1] + upper) / 2)
