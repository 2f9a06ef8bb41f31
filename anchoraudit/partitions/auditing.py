"""The audit of a data set part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import anchoraudit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors import Detector, load_detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.formats import ReadOptions, parts_of
from anchoraudit.io.addresses import path_of
from anchoraudit.partitions.counting import partial_of
from anchoraudit.partitions.engines import Engine, Failed, engine
from anchoraudit.partitions.memory import rows_of_part
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.plan import Plan, Progress, planned
from anchoraudit.partitions.settings import Settings
from anchoraudit.partitions.skeleton import plain_skeleton
from anchoraudit.rules import Chosen, all_rules, check_rows

_UNREADABLE = "PAR001"


@dataclass(frozen=True)
class _Job:
    """What every worker gets: the plan, the settings, and what all results have in common."""

    plan: Plan
    settings: Settings
    about: Mapping[str, Any]


def audit_partitions(
    source: str | PathLike[str],
    detector: str | Path | Detector | None = "reference",
    *,
    format: str = "auto",
    splits: tuple[str, ...] = (),
    image_folder: str | Path | None = None,
    drop_difficult: bool = False,
    rules: Chosen | None = None,
    loader: str | None = None,
    classes: Classes | None = None,
    class_rules: str | None = None,
    images: str = "none",
    engine: str | Engine = "local",
    workers: int | None = None,
    scheduler: str = "",
    memory: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Partial]:
    """Audit a data set part by part, in bounded memory. `merge` adds up the parts.

    A part that cannot be read is a finding of its own, and hides nothing of the others.

    Parameters
    ----------
    source : str or Path
        A folder of Parquet files, or a large one, on this machine or at an address such as
        ``s3://bucket/shards``. A data set of a format that is only read whole is one part.
    detector, drop_difficult, rules, loader, classes, class_rules
        As `audit` takes them.
    format, splits, image_folder
        As `read` takes them.
    images : {"none", "header", "decode"}
        How image files are checked, where they are found.
    engine : str or Engine
        Where the parts are audited: "local", "dask", or an object with its method `each`.
    workers : int, optional
        How many parts are audited at a time.
    scheduler : str
        The address of a cluster, for an engine that has one.
    memory : int, optional
        Bytes that the run may take, about: the more, the larger are the parts.
    progress : callable, optional
        Called with (what is done, parts done, parts to do).

    Yields
    ------
    Partial
        The audit of one part, in the order in which they are done.

    Raises
    ------
    AnchorauditError
        If no part can be read, or if the detector or a setting is unknown.

    Examples
    --------
    >>> whole = merge(audit_partitions("sample_data/coco", "yolov5"))
    >>> whole.summary()["images"], len(whole.findings.counts) > 0
    (26, True)
    """
    chosen = (rules or Chosen()).require_known(all_rules())
    settings = Settings(
        None if detector is None else load_detector(detector),
        drop_difficult,
        chosen,
        loader,
        classes,
        class_rules,
        images,
    )
    folder = None if image_folder is None else Path(image_folder)
    options = ReadOptions(splits=tuple(splits), image_folder=folder)
    with _engine(engine, workers, scheduler) as running:
        parts = parts_of(path_of(source), rows_of_part(memory, workers), options, format=format)
        plan = planned(parts, running, progress)
        settings.examine(plan.skeleton)  # raises before any part is read, if a setting is of no use
        about = {
            "version": anchoraudit.__version__,
            "detector": settings.to_builtins()["detector"],
            "settings": settings.to_builtins(),
            "dataset": plain_skeleton(plan.skeleton),
            "parts": len(plan.tasks),
            "not_checked": list(plan.apart.not_checked),
        }
        job = _Job(plan, settings, about)
        for done, (index, found) in enumerate(running.each(_audit_part, job, plan.tasks), 1):
            part = plan.tasks[index]
            yield _failed(job, part, found) if isinstance(found, Failed) else found
            if progress is not None:
                progress("auditing", done, len(plan.tasks))


def _engine(named: str | Engine, workers: int | None, scheduler: str) -> Any:
    from contextlib import nullcontext

    if isinstance(named, str):
        return engine(named, workers=workers, scheduler=scheduler)
    return nullcontext(named)


def _audit_part(job: _Job, part: int) -> Partial:
    return _judged(job, part, job.plan.read(part))


def _judged(job: _Job, part: int, dataset: Dataset) -> Partial:
    audit, context = job.settings.examine(dataset)
    found = check_rows(context, job.settings.rules, dataset.findings)
    return partial_of(audit, context, found, job.about, part)


def _failed(job: _Job, part: int, failed: Failed) -> Partial:
    """Return the audit of a part that cannot be read: a finding."""
    name = job.plan.name_of(part)
    finding = Finding(_UNREADABLE, failed.why, failed.path or name, thing=name)
    nothing = _judged(job, part, replace(job.plan.skeleton, findings=[finding], notes=[]))
    return replace(nothing, failed={part: str(failed.error)})
