"""Several detectors on one data set, side by side: read once, judged by each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.blocks import one_thread
from anchoraudit.causes import CAUSES, causes_of
from anchoraudit.dataset import Dataset, Float, Int
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Placed, place_all
from anchoraudit.encoding.raising import reasons
from anchoraudit.geometry import Bool
from anchoraudit.labels import clipped_boxes, prepare
from anchoraudit.processes import Send, can_fork, cores, workers
from anchoraudit.verdicts import VERDICTS, verdicts_of

# Usable boxes from which on a second process pays for its start.
_WORTH_A_PROCESS = 50_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What one detector makes of the data set.

    images, usable: how many there are. verdicts: images by verdict. matched, forced, unmatched: usable boxes.
    median_best: of the best IoU (or `measure`) of usable boxes, None without any. cause: the one that most
    unmatched boxes have, "" if none is unmatched. on_empty: what an empty mask does.
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
    """Judge every image by each detector, in the given order. progress: called with (done, to do)."""
    labels = prepare(dataset, drop_difficult=drop_difficult)
    rows = np.flatnonzero(labels.usable)
    # By area, so that boxes that are worked on together are alike, and most levels can be left out for them.
    clipped = clipped_boxes(dataset, rows)
    area = (clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1])
    by_area = np.argsort(area.astype(np.float32))
    rows, clipped = rows[by_area], clipped[by_area]
    job = _Job(dataset, rows, dataset.boxes.image[rows], clipped, tuple(detectors))
    compared: dict[int, Compared] = {}

    def done(i: int, one: Compared) -> None:
        compared[i] = one
        if progress is not None:
            progress(len(compared), len(detectors))

    shares = _shares(detectors, 2 if len(rows) >= _WORTH_A_PROCESS and can_fork() and cores() > 1 else 1)
    with workers(_work, [(job, share) for share in shares[1:]]) as helpers:
        job.judge(shares[0], done, alone=len(shares) > 1)
        for (_, results), share in zip(helpers, shares[1:], strict=False):  # fewer may have started
            with suppress(EOFError, OSError):  # it died: what is missing is done here
                for _ in share:
                    done(*results.recv())
    job.judge([i for i in range(len(detectors)) if i not in compared], done)
    return [compared[i] for i in range(len(detectors))]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all detectors: the usable boxes by their rows [n], image [n], clipped [n, 4]."""

    dataset: Dataset
    rows: Int
    image: Int
    clipped: Float
    detectors: tuple[Detector, ...]

    def judge(
        self, share: Sequence[int], done: Callable[[int, Compared], object], *, alone: bool = False
    ) -> None:
        """Judge by some of the detectors, by their numbers; those that resize alike stand together."""
        placed, before = None, None
        known: dict[tuple[object, ...], Compared] = {}
        with one_thread() if alone else nullcontext():
            for i in share:
                detector = self.detectors[i]
                rules = (detector.resize, detector.anchors, detector.border, detector.match)
                if rules not in known:
                    if placed is None or _placing(detector) != before:
                        placed, before = self._place(detector), _placing(detector)
                    known[rules] = self._compare(detector, placed)
                # Detectors that differ in their loss alone leave the same images empty.
                done(i, replace(known[rules], detector=detector.name, on_empty=detector.loss.outcome))

    def _compare(self, detector: Detector, placed: Placed) -> Compared:
        """What `audit` would find, tallied without columns for every box and image."""
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
        """Tell which of the images are among some. [N]."""
        among = np.zeros(len(self.dataset.images), dtype=np.bool_)
        among[image] = True
        return among

    def _place(self, detector: Detector) -> Placed:
        return place_all(self.dataset, self.rows, detector, self.clipped)


def _work(send: Send, job: _Job, share: Sequence[int]) -> None:
    """Judge in a process of its own."""
    job.judge(share, lambda i, one: send((i, one)), alone=True)


def _shares(detectors: Sequence[Detector], number: int) -> list[list[int]]:
    """Numbers of the detectors in shares of about the same work; those that resize alike stay together."""
    groups: dict[str, list[int]] = {}
    for i, detector in enumerate(detectors):
        groups.setdefault(repr(_placing(detector)), []).append(i)
    shares: list[list[int]] = [[] for _ in range(number)]
    costs = [0] * number
    for group in sorted(groups.values(), key=lambda group: -sum(_cost(detectors[i]) for i in group)):
        least = costs.index(min(costs))
        shares[least] += group
        costs[least] += sum(_cost(detectors[i]) for i in group)
    return shares


def _cost(detector: Detector) -> int:
    """Rough cost of judging, in shapes: ATSS, and forcing before the border rule, look at several anchors
    of each box; boxes that are forced always need no cause.
    """
    after = detector.border.stage == "after" and detector.match.force != "none"
    causes = not (detector.match.force != "none" and detector.border.pixels is None)
    return 60 + detector.anchors.count + 100 * (detector.match.kind == "atss") + 400 * after + 60 * causes


def _placing(detector: Detector) -> tuple[object, str]:
    return detector.resize, detector.anchors.precision


def _median(values: Float) -> float | None:
    """Median of finite values, None without any: of many, only those near a sample's median are sorted."""
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
