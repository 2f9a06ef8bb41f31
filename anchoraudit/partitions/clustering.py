"""The histogram of box sizes of a data set that is read part by part, where nothing else is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from operator import add

from anchoraudit.anchors.clustered import nothing_to_cluster, sizes_on_input
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector
from anchoraudit.loaders import PLAIN, Tally, load_as
from anchoraudit.partitions.engines import Failed
from anchoraudit.partitions.plan import Plan
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.sizes import SizeHistogram
from anchoraudit.partitions.slices import Slice, sliced


@dataclass(frozen=True)
class NetworkSizes:
    """The sizes of a data set's usable boxes on the network's input.

    dataset: without its images and boxes. sizes: as a histogram. tally: what the loader did; None without
    one. failed: why parts were not read.
    """

    dataset: Dataset
    sizes: SizeHistogram
    tally: Tally | None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sizing:
    """What every worker gets."""

    plan: Plan
    detector: Detector
    loader: str
    drop_difficult: bool


def network_sizes_of(
    reading: InParts, detector: Detector, *, loader: str | None = None, drop_difficult: bool = False
) -> NetworkSizes:
    """Read the sizes of boxes part by part, as `cluster` of the whole does, without an audit.

    loader: the framework's loader; None for the detector's own. Raises AnchorauditError if no part can be
    read, or if no box is usable.
    """
    with reading.planned() as (engine, plan):
        own = loader or detector.loader_for(plan.skeleton.format) or PLAIN
        job = _Sizing(plan, detector, own, drop_difficult)
        sized: _Sized = SizeHistogram.none(), None
        failed: list[str] = []
        for done, (_, found) in enumerate(engine.each(_sizes, job, plan.tasks), 1):
            if isinstance(found, Failed):
                failed.append(str(found.error))
            else:
                sized = _sum(sized, found)
            reading.done("reading sizes", done, len(plan.tasks))
    sizes, tally = sized
    if not len(sizes.count):
        raise nothing_to_cluster(plan.skeleton)
    return NetworkSizes(plan.skeleton, sizes, tally, tuple(sorted(failed)))


_Sized = tuple[SizeHistogram, Tally | None]


def _sizes(job: _Sizing, part: int) -> _Sized:
    return reduce(_sum, map(partial(_sizes_of_slice, job), sliced(job.plan.read(part), job.plan)))


def _sum(one: _Sized, other: _Sized) -> _Sized:
    tallies = [each[1] for each in (one, other) if each[1] is not None]
    return one[0] + other[0], reduce(add, tallies) if tallies else None


def _sizes_of_slice(job: _Sizing, own: Slice) -> _Sized:
    dataset, tally = own.dataset, None
    if job.loader != PLAIN:
        loaded = load_as(dataset, job.loader, classes=job.detector.classes, detector=job.detector)
        dataset, tally = loaded.as_if_mended(), loaded.tally
    sizes = sizes_on_input(dataset, job.detector, drop_difficult=job.drop_difficult)
    return SizeHistogram.of(sizes), tally
