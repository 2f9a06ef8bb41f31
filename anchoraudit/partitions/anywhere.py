"""The parts of a data set for programs that have functions called on many machines: Ray, Spark and others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from anchoraudit.detectors import DetectorLike
from anchoraudit.detectors.classes import Classes
from anchoraudit.formats._columns import parse_columns
from anchoraudit.partitions.auditing import Job, audit_part
from anchoraudit.partitions.engines import Failed, attempted
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from anchoraudit.rules import Chosen


@dataclass(frozen=True, repr=False)
class Partitions:
    """A data set in parts, each of which can be audited by itself, in whatever process or machine.

    It is small and can be pickled: the data are read where a part is audited. The parts of one of them
    `merge`, in any order.

    Attributes
    ----------
    job : Job
        The pieces of the data set, how each is audited, and what all results have in common.

    Examples
    --------
    >>> parts = partition("sample_data/coco", "yolov5")
    >>> merge(parts.audit(number) for number in range(len(parts))).summary()["images"]
    26
    """

    job: Job

    def __len__(self) -> int:
        return len(self.job.plan.tasks)

    def __repr__(self) -> str:
        return f"<{len(self):,} parts of {self.job.plan.skeleton.root}>"

    def audit(self, part: int) -> Partial:
        """Audit a part, from 0. One that cannot be read is a finding in its result.

        Examples
        --------
        >>> partition("sample_data/coco").audit(0).summary()["images"] > 0
        True
        """
        found = attempted(audit_part, self.job, part)
        return self.job.failed(part, found) if isinstance(found, Failed) else found.audit


def partition(
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
    memory: int | None = None,
) -> Partitions:
    """Look which parts a data set has, to have them audited by a program of yours: with Ray, Spark or others.

    The names of all images and classes are read on this machine. `audit_partitions` also audits the parts.

    Parameters
    ----------
    source, detector, drop_difficult, rules, loader, classes, class_rules, images
        As `audit_partitions` takes them.
    format, splits, image_folder, columns
        As `read` takes them.
    memory : int, optional
        Bytes that all processes of this machine may take together, were it to audit the parts: the more, the
        larger are the parts.

    Returns
    -------
    Partitions
        With `audit(number)` for each number in `range(len(parts))`.

    Raises
    ------
    AnchorauditError
        As `audit_partitions` does.

    Examples
    --------
    >>> len(partition("sample_data/coco")) > 0
    True
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
    named = parse_columns(columns)
    reading = InParts(source, format, tuple(splits), image_folder, memory=memory, columns=named)
    with reading.planned() as (_, plan):
        return Partitions(Job.of(plan, settings))
