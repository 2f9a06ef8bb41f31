"""Several detectors on a data set that is read part by part: each part once, judged by all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from os import PathLike

import numpy as np

from anchoraudit.advice.compare import Comparison, Contents, Counts, judge_all
from anchoraudit.arrays import Float, Int
from anchoraudit.detectors import Detector, DetectorLike, load_detectors, own_names
from anchoraudit.images.inspection import ImageFiles, look
from anchoraudit.partitions.engines import Failed
from anchoraudit.partitions.plan import Plan
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.slices import Slice, sliced

_STEPS = 10_000  # of a best IoU, from 0 to 1: the median is right to half of one


@dataclass(frozen=True)
class _Comparing:
    """What every worker gets."""

    plan: Plan
    detectors: tuple[Detector, ...]
    loader: str | None
    drop_difficult: bool
    images: str


_Counted = tuple[Contents, list[tuple[Counts, Int]]]


def compare_partitions(
    source: str | PathLike[str] | InParts,
    detectors: DetectorLike | Sequence[DetectorLike] | None = None,
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    images: str = "none",
) -> Comparison:
    """Judge a data set by several detectors part by part, in bounded memory. Each part is read once.

    Parameters
    ----------
    source : str, Path or InParts
        What `audit_partitions` takes; an `InParts` says also how it is read, and where.
    detectors, drop_difficult, loader
        As `compare` takes them.
    images : {"none", "header", "decode"}
        How image files are checked, where they are found.

    Returns
    -------
    Comparison
        As of `compare`. The medians are right to 0.0001. Its `notes` say which parts could not be read.

    Raises
    ------
    AnchorauditError
        If no part, or a detector, can be read.

    Examples
    --------
    >>> found = compare_partitions("sample_data/coco", ["reference", "torchvision-retinanet_resnet50_fpn"])
    >>> [one.statuses["matched"] for one in found]
    [13, 29]
    """
    every = tuple(load_detectors(own_names() if detectors is None else detectors))
    reading = source if isinstance(source, InParts) else InParts(source)
    merged: _Counted | None = None
    failed: list[str] = []
    with reading.planned() as (engine, plan):
        job = _Comparing(plan, every, loader, drop_difficult, images)
        for done, (_, found) in enumerate(engine.each(_count, job, plan.tasks), 1):
            if isinstance(found, Failed):
                failed.append(f"not read: {found.error}")
            else:
                merged = found if merged is None else _sum(merged, found)
            reading.done("comparing", done, len(plan.tasks))
        if merged is None:
            raise plan.failed[min(plan.failed)].error
    contents, judged = merged
    rows = [
        counts.compared(detector, _median(best))
        for detector, (counts, best) in zip(every, judged, strict=True)
    ]
    return Comparison(plan.skeleton, rows, contents, tuple(sorted(failed)))


def _count(job: _Comparing, part: int) -> _Counted:
    look_at = partial(look, mode=job.images)
    return reduce(_sum, map(partial(_count_slice, job), sliced(job.plan.read(part), job.plan, look_at)))


def _count_slice(job: _Comparing, own: Slice) -> _Counted:
    files = look(own.dataset, job.images) if own.files is None else own.files
    judged = judge_all(
        own.dataset,
        job.detectors,
        drop_difficult=job.drop_difficult,
        loader=job.loader,
        files=files if isinstance(files, ImageFiles) else None,
        summed=_steps,
    )
    return Contents.of(own.dataset), judged


def _sum(one: _Counted, other: _Counted) -> _Counted:
    judged = [
        (counts + more, best + further)
        for (counts, best), (more, further) in zip(one[1], other[1], strict=True)
    ]
    return one[0].plus(other[0]), judged


def _steps(best: Float) -> Int:
    """Count values from 0 to 1 by steps: int64 [_STEPS + 1]."""
    near = np.rint(np.clip(best, 0.0, 1.0) * _STEPS)
    return np.bincount(near[np.isfinite(near)].astype(np.int64), minlength=_STEPS + 1)


def _median(steps: Int) -> float | None:
    """Return the median of counted values, None without any."""
    below, count = np.cumsum(steps), int(steps.sum())
    if not count:
        return None
    low, high = np.searchsorted(below, [(count - 1) // 2 + 1, count // 2 + 1]).tolist()
    return float(low + high) / 2 / _STEPS
