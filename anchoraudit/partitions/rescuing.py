"""What helps a detector without anchors, on a data set that is read part by part, in two passes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from os import PathLike
from typing import NamedTuple

from anchoraudit.advice.advise import NOTHING
from anchoraudit.advice.rescue import OVERLAP, TILE, Counted, Judge, Rescue, State, remedies, rescue_of
from anchoraudit.auditing.audit import Audit
from anchoraudit.detectors import Detector, DetectorLike
from anchoraudit.loaders import Tally
from anchoraudit.partitions.passes import Passes, Summed, Together
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings


def rescue_partitions(
    source: str | PathLike[str] | InParts,
    detector: DetectorLike,
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    images: str = "none",
    tile: int = TILE,
    overlap: float = OVERLAP,
) -> Rescue:
    """Replay every remedy for a detector without anchors part by part, in bounded memory.

    Parameters
    ----------
    source : str, Path or InParts
        What `audit_partitions` takes; an `InParts` says also how it is read, and where.
    detector, drop_difficult, loader, tile, overlap
        As `rescue` takes them.
    images : {"none", "header", "decode"}
        How image files are checked, where they are found.

    Returns
    -------
    Rescue
        As of `rescue`. Its audit has no images and boxes. Its `not_read` says which parts could not be read.

    Raises
    ------
    AnchorauditError
        If no part, or the detector, can be read.

    Examples
    --------
    >>> found = rescue_partitions("sample_data/coco", "ultralytics-yolo11-8.3", loader="none")
    >>> found.rows[0].remedy, found.rows[0].never
    ('as it is', 0)
    """
    settings = Settings.of(detector, NOTHING, drop_difficult=drop_difficult, loader=loader, images=images)
    reading = source if isinstance(source, InParts) else InParts(source)
    return rescued(reading, settings, tile=tile, overlap=overlap).found


class Rescued(NamedTuple):
    """The remedies, and what the loader did in all parts; None without one."""

    found: Rescue
    tally: Tally | None


def rescued(reading: InParts, settings: Settings, *, tile: int = TILE, overlap: float = OVERLAP) -> Rescued:
    """Replay every remedy part by part. settings: with a detector. Raises as `rescue_partitions`."""
    with Passes.over(reading, settings) as passes:
        return passes.until_all_answer(partial(_rescued, passes, tile, overlap))


def _rescued(passes: Passes, tile: int, overlap: float) -> Rescued:
    counted: Together[State] = passes.first(_look)
    now, state = passes.now, counted.found
    tried, notes = remedies(now.detector, state.most_boxes)
    tiles = (tile, overlap) if state.longest > tile else None
    found: Summed[Counted] = passes.sum(partial(_judge, tuple(one for _, _, one in tried), tiles))
    made = rescue_of(now, state, tried, found.each, notes, tile=tile, overlap=overlap)
    return Rescued(replace(made, not_read=passes.not_read), counted.tally)


def _look(now: Audit) -> Together[State]:
    return Together.of(now, Judge(now).state())


def _judge(detectors: tuple[Detector, ...], tiles: tuple[int, float] | None, now: Audit) -> Summed[Counted]:
    """Count what the present detector leaves, each other one, and tiles of a size and an overlap."""
    judge = Judge(now)
    counted = [judge.count(one) for one in (now.detector, *detectors)]
    return Summed((*counted, *(() if tiles is None else (judge.count_tiles(*tiles),))))
