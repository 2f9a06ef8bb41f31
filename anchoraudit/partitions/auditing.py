"""The audit of a data set part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import anchoraudit
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.pieces import RewritableParts
from anchoraudit.detectors import DetectorLike
from anchoraudit.detectors.classes import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._columns import parse_columns
from anchoraudit.formats._not_data import corrected
from anchoraudit.partitions.cache import Cache, KeptAudits
from anchoraudit.partitions.counting import partial_of
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.partial import Partial, of_one_part
from anchoraudit.partitions.plan import Plan, Progress
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from anchoraudit.partitions.skeleton import plain_skeleton
from anchoraudit.partitions.slices import Slice, sliced
from anchoraudit.rules import Chosen, Context, Findings, check_rows

_UNREADABLE = "PAR001"


@dataclass(frozen=True)
class Job:
    """What every worker gets: the plan, the settings, and what all results have in common."""

    plan: Plan
    settings: Settings
    about: Mapping[str, Any]

    @classmethod
    def of(cls, plan: Plan, settings: Settings) -> Job:
        """Return the job. Raises AnchorauditError if a setting is of no use."""
        plain = settings.to_builtins()
        about = {
            "version": anchoraudit.__version__,
            "detector": plain["detector"],
            "settings": plain,
            "dataset": plain_skeleton(plan.skeleton),
            "parts": len(plan.tasks),
            "not_checked": list(plan.apart.not_checked),
            "rewritable": isinstance(plan.parts, RewritableParts),
        }
        job = cls(plan, settings, about)
        # It raises before any part is read. And what a part needs is imported once, not in its own process.
        skeleton = Slice(plan.skeleton)
        job.numbers(0, skeleton, *job.audited(skeleton))
        return job

    def audit(self, part: int, dataset: Dataset) -> Partial:
        """Audit a part, slice by slice if it is large."""
        return reduce(of_one_part, map(partial(self._audit, part), self.slices(dataset)))

    def _audit(self, part: int, own: Slice) -> Partial:
        return self.numbers(part, own, *self.audited(own))

    def slices(self, dataset: Dataset) -> Iterator[Slice]:
        """Yield a part in slices."""
        return sliced(dataset, self.plan, self.settings.look)

    def audited(self, own: Slice) -> tuple[Audit, Context]:
        """Audit a part, or a slice of one, and run the rules about single images and boxes."""
        audit, context = self.settings.examine(own.dataset, own.files, brief=True)
        audit.findings = self.check(context, own.dataset.findings if own.reads else ())
        return audit, context

    def check(self, context: Context, read: Sequence[Finding]) -> Findings:
        """Run the rules about single images and boxes. read: what the reader found."""
        return check_rows(context, self.settings.rules, read)

    def numbers(self, part: int, own: Slice, audit: Audit, context: Context) -> Partial:
        """Return the numbers of the audit of a part, or of a slice of it."""
        told = audit.original.findings if own.reads else ()
        return partial_of(
            audit, context, self.settings.rules, told, about=self.about, part=part, rows=own.rows
        )

    def failed(self, part: int, failed: Failed) -> Partial:
        """Return the audit of a part that cannot be read: a finding."""
        name = self.plan.name_of(part)
        thing = f"file {Path(failed.path).name}" if failed.path else name  # as of a file of the whole
        finding = Finding(_UNREADABLE, failed.why, failed.path or name, failed.place, thing=thing)
        nothing = replace(self.plan.skeleton, findings=[finding], notes=[])
        nothing.findings = corrected(nothing)
        numbers = self.numbers(part, Slice(nothing), *self.audited(Slice(nothing)))
        return replace(numbers, failed={part: str(failed.error)})


def audit_partitions(
    source: str | PathLike[str],
    detector: DetectorLike | None = "reference",
    *,
    format: str = "auto",
    splits: tuple[str, ...] = (),
    image_folder: str | Path | None = None,
    columns: str | Mapping[str, str | int] | None = None,
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
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Partial]:
    """Audit a data set part by part, in bounded memory. `merge` adds up the parts.

    A part that cannot be read is a finding of its own, and hides nothing of the others.

    Parameters
    ----------
    source : str or Path
        A folder of Parquet files, or a large one, on this machine or at an address such as
        ``s3://bucket/shards``; or COCO. A data set that is only read whole is one part.
    detector, drop_difficult, rules, loader, classes, class_rules
        As `audit` takes them.
    format, splits, image_folder, columns
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
    cache : str or Path, optional
        A folder for the results of parts. A part that did not change since they were kept there, by its size
        and time, is not read again.
    progress : callable, optional
        Called with (what is done, parts done, parts to do).

    Yields
    ------
    Partial
        The audit of one part, in the order in which they are done.

    Raises
    ------
    AnchorauditError
        If no part can be read, if the detector or a setting is unknown, or if the cache cannot be written.

    Examples
    --------
    >>> whole = merge(audit_partitions("sample_data/coco", "yolov5"))
    >>> whole.summary()["images"], len(whole.findings.counts) > 0
    (26, True)
    """
    settings = Settings.of(
        detector,
        rules,
        drop_difficult=drop_difficult,
        loader=loader,
        classes=classes,
        class_rules=class_rules,
        images=images,
    )
    yield from audited(
        InParts(
            source,
            format,
            tuple(splits),
            image_folder,
            engine,
            workers,
            scheduler,
            memory,
            progress,
            cache=cache,
            columns=parse_columns(columns),
        ),
        settings,
    )


def audited(reading: InParts, settings: Settings) -> Iterator[Partial]:
    """Audit a data set part by part. Raises as `audit_partitions`."""
    kept = _cache(reading.cache, settings)
    with reading.planned() as (running, plan):
        job = Job.of(plan, settings)
        audits = None if kept is None else KeptAudits(kept, plan, settings, job.about)
        for done, found in enumerate(_audits(job, running, audits), 1):
            yield found
            reading.done("auditing", done, len(plan.tasks))


def _cache(folder: str | Path | None, settings: Settings) -> Cache | None:
    if folder is None:
        return None
    if settings.images != "none":
        raise AnchorauditError(
            "a cache cannot go with a look at image files, which may change while the tables do not",
            remedy="Leave out the cache, or --images.",
        )
    return Cache(folder)


def _audits(job: Job, running: Engine, kept: KeptAudits | None) -> Iterator[Partial]:
    """Yield the audit of each part, first of those that are kept."""
    missing = []
    for part in job.plan.tasks:
        known = None if kept is None else kept.get(part)
        if known is None:
            missing.append(part)
        else:
            yield known
    for index, found in running.each(audit_part, job, missing):
        if isinstance(found, Failed):
            yield job.failed(missing[index], found)
            continue
        if kept is not None and found.lasts:
            kept.put(missing[index], found.audit)
        yield found.audit


class _Audited(NamedTuple):
    """The audit of a part. lasts: it follows from its rows alone, not from the sizes of image files."""

    audit: Partial
    lasts: bool


def audit_part(job: Job, part: int) -> _Audited:
    """Read a part and audit it: what every worker does. Raises AnchorauditError if it cannot be read."""
    dataset = job.plan.read(part)
    measured = dataset.images.measured
    return _Audited(job.audit(part, dataset), measured is None or not measured.any())
