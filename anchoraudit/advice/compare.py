"""Several detectors on one data set, side by side. The data set is read once and judged by each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, one_thread
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, Placed, clip_all, place_all
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.verdicts import VERDICTS, verdicts_of
from anchoraudit.io.processes import Send, can_fork, cores, handed_out, workers

# Usable boxes from which on a second process saves more time than its start takes.
_WORTH_A_PROCESS = 50_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What one detector does with the data set.

    images, usable: numbers of images and usable boxes. verdicts: images by verdict. matched, forced,
    unmatched: usable boxes. median_best: median of the best IoU (or `measure`) of usable boxes, None without
    any. cause: the most common cause of unmatched boxes, "" if all are matched. on_empty: what an empty mask
    does.
    """

    detector: str
    images: int
    usable: int
    verdicts: dict[str, int]
    matched: int
    forced: int
    unmatched: int
    measure: str
    median_best: float | None
    cause: str
    on_empty: str


def compare(
    dataset: Dataset,
    detectors: Sequence[Detector],
    *,
    drop_difficult: bool = False,
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
    >>> [one.matched for one in found]
    [13, 29]
    """
    labels = prepare(dataset, drop_difficult=drop_difficult)
    clipped = clip_all(dataset, np.flatnonzero(labels.usable))
    # Sorted by area, boxes of one block are alike, and the engine can skip most levels for the whole block.
    area = np.prod(box_sizes(clipped.boxes), axis=1)
    clipped = clipped.take(np.argsort(area.astype(np.float32)))
    job = _Job(dataset, clipped, dataset.boxes.image[clipped.rows], tuple(detectors))
    compared: dict[int, Compared] = {}

    def done(i: int, one: Compared) -> None:
        compared[i] = one
        if progress is not None:
            progress(len(compared), len(detectors))

    groups = _groups(detectors)
    several = len(clipped.rows) >= _WORTH_A_PROCESS and can_fork() and cores() > 1 and len(groups) > 1
    with (
        handed_out(min(len(groups), 4096)) as take,
        workers(_work, [(job, groups, take)] * several) as helpers,
    ):
        while (number := take()) is not None:
            job.judge(groups[number], done, alone=several)
        for _, results in helpers:
            with suppress(
                EOFError, OSError
            ):  # the process has ended or died; what is missing is judged below
                while True:
                    done(*results.recv())
    job.judge([i for i in range(len(detectors)) if i not in compared], done)
    return [compared[i] for i in range(len(detectors))]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all detectors: the usable boxes, and the image of each, int64 [n]."""

    dataset: Dataset
    clipped: Clipped
    image: Int
    detectors: tuple[Detector, ...]

    def judge(
        self, group: Sequence[int], done: Callable[[int, Compared], object], *, alone: bool = False
    ) -> None:
        """Judge by these detectors, given by number.

        Those that resize in the same way are next to each other.
        """
        placed, before = None, None
        known: dict[tuple[object, ...], Compared] = {}
        with one_thread() if alone else nullcontext():
            for i in group:
                detector = self.detectors[i]
                rules = (detector.resize, detector.anchors, detector.border, detector.match)
                if rules not in known:
                    if placed is None or _placing(detector) != before:
                        placed, before = place_all(self.clipped, detector), _placing(detector)
                    known[rules] = self._compare(detector, placed)
                # Detectors that differ only in their loss leave the same images empty.
                done(i, replace(known[rules], detector=detector.name, on_empty=detector.loss.outcome))

    def _compare(self, detector: Detector, placed: Placed) -> Compared:
        """Return what `audit` would find, counted without columns for every box and image."""
        judged = engines.judge(placed.boxes, detector)
        lost = np.flatnonzero(~(judged.matched | judged.forced))
        causes = np.bincount(causes_of(placed.boxes.take(lost), detector), minlength=len(CAUSES))
        verdict = verdicts_of(
            boxes=self._has(self.dataset.boxes.image),
            usable=self._has(self.image),
            matched=self._has(self.image[judged.matched]),
            forced=self._has(self.image[judged.forced]),
            size_unknown=np.isnan(self.dataset.images.width),
            raises=reasons(placed.boxes, self.image, placed.of_image, detector) > 0,
        )
        verdicts = np.bincount(verdict, minlength=len(VERDICTS)).tolist()
        return Compared(
            detector=detector.name,
            images=len(verdict),
            usable=len(self.image),
            verdicts=dict(zip(VERDICTS, verdicts, strict=True)),
            matched=int(np.count_nonzero(judged.matched)),
            forced=int(np.count_nonzero(judged.forced)),
            unmatched=len(lost),
            measure=detector.match.measure,
            median_best=_median(judged.best),
            cause=CAUSES[int(causes.argmax())] if causes.any() else "",
            on_empty=detector.loss.outcome,
        )

    def _has(self, image: Int) -> Bool:
        """Tell which images occur in `image`: [N]."""
        among = np.zeros(len(self.dataset.images), dtype=np.bool_)
        among[image] = True
        return among


def _work(send: Send, job: _Job, groups: Sequence[Sequence[int]], take: Callable[[], int | None]) -> None:
    """Judge in a process of its own, as long as there are groups left."""
    while (number := take()) is not None:
        job.judge(groups[number], lambda i, one: send((i, one)), alone=True)


def _groups(detectors: Sequence[Detector]) -> list[list[int]]:
    """Group the detectors that resize in the same way, the slowest groups first."""
    groups: dict[str, list[int]] = {}
    for i, detector in enumerate(detectors):
        groups.setdefault(repr(_placing(detector)), []).append(i)
    return sorted(groups.values(), key=lambda group: -sum(60 + detectors[i].anchors.count for i in group))


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
