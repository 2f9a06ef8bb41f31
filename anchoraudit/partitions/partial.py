"""The audit of some parts of a data set: integers, so that it merges in any order into the same answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property, reduce
from heapq import merge as merged
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

import msgspec
import numpy as np

from anchoraudit.auditing.shares import ByClass, ByLevel
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors import Detector
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.errors import AnchorauditError
from anchoraudit.partitions.counts import added
from anchoraudit.partitions.sizes import SizeHistogram
from anchoraudit.report.words import is_flagged
from anchoraudit.rules import Group, Totals

if TYPE_CHECKING:
    from anchoraudit.anchors.clustered import Clustered
    from anchoraudit.auditing.audit import Summary
    from anchoraudit.classes.table import ClassTable
    from anchoraudit.partitions.findings import MergedFindings
    from anchoraudit.report.plots import Plots

KEPT = 100  # findings of each rule that are kept; all are counted
WORST = 20  # flagged images that are kept: to say why takes time in each part
_FORM = 3  # of the JSON text

Place = tuple[float, ...]  # what findings, or images, are in order by; the last numbers are part and row


class Found(NamedTuple):
    """What one rule found. number: how many. first: the first KEPT of them, each with its place, in order."""

    number: int
    first: tuple[tuple[Place, Finding], ...]

    def plus(self, other: Found) -> Found:
        """Add up what a rule found in different parts."""
        first = merged(self.first, other.first, key=_place)
        return Found(self.number + other.number, tuple(islice(first, KEPT)))


@dataclass(frozen=True, repr=False)
class Partial:
    """The audit of one or more parts of a data set.

    `+` and `merge` are associative and commutative: whatever the order in which parts are added up, the
    result is the same, byte for byte.

    Attributes
    ----------
    about : dict
        What all parts of an audit have in common, as plain values: version, detector, settings, and the data
        set without its images and boxes.
    parts : tuple of int
        The numbers of the parts that are in it.
    counts : dict
        Numbers of images and boxes: `summary`, `by_class`, `by_level`, `not_usable`, `clipped`, `flagged`,
        and `not_seen`, the images in a known folder whose files nobody looked at.
    totals : Totals
        What the rules about the whole need.
    sizes : SizeHistogram
        The sizes of usable boxes on the network's input.
    found : dict
        What is wrong with single images, boxes and files, by groups that the rules about the whole decide on.
    told : tuple
        What the reader found that is about files or the whole, as the fields of `Finding`, each once.
    worst : tuple
        The first flagged images, worst first, each with its place; and the first with each verdict that is
        not among them and that a rule reports.
    notes : tuple of str
        What was not read or not checked.
    failed : dict
        What could not be read: messages, by the number of the part.

    Examples
    --------
    >>> parts = list(audit_partitions("sample_data/coco"))
    >>> merge(parts).summary()["verdicts"]["empty_foreground"]
    14
    """

    about: Mapping[str, Any]
    parts: tuple[int, ...]
    counts: Mapping[str, Any]
    totals: Totals
    sizes: SizeHistogram
    found: Mapping[Group, Found] = field(default_factory=dict)
    told: tuple[tuple[str, ...], ...] = ()
    worst: tuple[tuple[Place, dict[str, Any]], ...] = ()
    notes: tuple[str, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        summary = self.summary()
        return (
            f"<{len(self.parts):,} parts: {summary['images']:,} images, {summary['boxes']:,} boxes, "
            f"{sum(found.number for found in self.found.values()):,} findings>"
        )

    def __add__(self, other: Self) -> Partial:
        """Add up two audits of different parts.

        Raises AnchorauditError if they are of different data sets, detectors, versions or settings, or if
        both have the same part.
        """
        _require_mergeable(self, other)
        return replace(of_one_part(self, other), parts=tuple(sorted((*self.parts, *other.parts))))

    def summary(self) -> Summary:
        """Return the same counts as `Audit.summary`.

        Examples
        --------
        >>> merge(audit_partitions("sample_data/coco")).summary()["splits"]["val"]["images"]
        7
        """
        return cast("Summary", self.counts["summary"])

    @cached_property
    def findings(self) -> MergedFindings:
        """What is wrong with the data set: the counts of all rules, and the first findings of each."""
        from anchoraudit.partitions.findings import findings_of

        return findings_of(self)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set without its images and boxes: its classes, splits and sources."""
        from anchoraudit.partitions.skeleton import skeleton_from

        return skeleton_from(self.about["dataset"])

    @cached_property
    def classes(self) -> ClassTable | None:
        """The classes of the data set, and what the model makes of them, as `Audit.classes`.

        Examples
        --------
        >>> [row.boxes for row in merge(audit_partitions("sample_data/coco")).classes.rows]
        [25, 12]
        """
        from anchoraudit.partitions.settings import Settings

        audit, _ = Settings.from_builtins(self.about["settings"]).examine(self.dataset)
        return audit.classes

    @cached_property
    def replayed(self) -> Detector | None:
        """The detector whose encoder was replayed; None if only the rules on the data ran."""
        given = self.about["detector"]
        return None if given is None else msgspec.convert(given, Detector, strict=False)

    @property
    def detector(self) -> Detector:
        """The detector whose encoder was replayed. Raises AnchorauditError if there is none.

        Examples
        --------
        >>> merge(audit_partitions("sample_data/coco", "yolov5")).detector.strides
        (8.0, 16.0, 32.0)
        """
        if self.replayed is None:
            raise AnchorauditError(
                "this audit has no detector: only the rules on the data ran",
                remedy="Name a detector, such as audit_partitions(source, 'yolov5').",
            )
        return self.replayed

    @property
    def by_class(self) -> ByClass:
        """How many boxes each class has, and what becomes of them.

        Examples
        --------
        >>> merge(audit_partitions("sample_data/coco")).by_class.boxes.sum().item()
        37
        """
        table = np.array(self.counts["by_class"], dtype=np.int64).reshape(-1, 2 + len(STATUSES))
        return ByClass(table[:, 0], table[:, 1], table[:, 2:])

    @property
    def by_level(self) -> ByLevel | None:
        """How many usable boxes each level of the detector serves; None if that is unknown.

        Examples
        --------
        >>> merge(audit_partitions("sample_data/coco")).by_level.boxes.tolist()
        [13]
        """
        boxes = self.counts["by_level"]
        return None if boxes is None else ByLevel.of(self.detector, np.array(boxes, dtype=np.int64))

    @property
    def plot(self) -> Plots:
        """Plots of what adds up: `sizes()`, `classes()`, `verdicts()` and `causes()`, as of `Audit.plot`.

        Examples
        --------
        >>> "verdicts" in dir(merge(audit_partitions("sample_data/coco")).plot)
        True
        """
        from anchoraudit.report.plots import Plots

        return Plots(self)

    def cluster(self, k: int, metric: str = "iou", seed: int = 0) -> Clustered:
        """Cluster the usable boxes, at the size of the network's input, into k anchors.

        metric, seed: as of `AnchorKMeans`. Raises AnchorauditError if there are fewer distinct sizes, or no
        detector.

        Examples
        --------
        >>> found = merge(audit_partitions("sample_data/coco")).cluster(3)
        >>> len(found.anchors), found.fit.boxes
        (3, 33)
        """
        from anchoraudit.partitions.sizes import clustered

        self.detector  # noqa: B018  without one, no box has a size on a network's input
        return clustered(self.sizes, k, metric=metric, seed=seed)

    @property
    def flagged(self) -> list[dict[str, Any]]:
        """The first flagged images, worst first: id, file name, split, verdict, cause, and why.

        Examples
        --------
        >>> merge(audit_partitions("sample_data/coco")).flagged[0]["verdict"]
        'empty_foreground'
        """
        return [image for _, image in self.worst if is_flagged(image["verdict"])][:WORST]

    def to_json(self) -> str:
        """Return it as text, for `from_json` of the same version.

        Examples
        --------
        >>> whole = merge(audit_partitions("sample_data/coco"))
        >>> whole.to_json()[:10]
        '{"anchorau'
        """
        plain = {
            "anchoraudit_partial": _FORM,
            "about": self.about,
            "parts": self.parts,
            "counts": self.counts,
            "totals": self.totals.to_builtins(),
            "sizes": self.sizes.to_builtins(),
            "found": [
                [group, found.number, [[place, astuple(finding)] for place, finding in found.first]]
                for group, found in self.found.items()
            ],
            "told": self.told,
            "worst": self.worst,
            "notes": self.notes,
            "failed": [[part, why] for part, why in self.failed.items()],
        }
        return json.dumps(plain, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises AnchorauditError if the text is not that of a partial audit.

        Examples
        --------
        >>> whole = merge(audit_partitions("sample_data/coco"))
        >>> Partial.from_json(whole.to_json()).summary() == whole.summary()
        True
        """
        try:
            plain = json.loads(text)
            if plain["anchoraudit_partial"] != _FORM:
                raise ValueError
            return cls(
                plain["about"],
                tuple(plain["parts"]),
                plain["counts"],
                Totals.from_builtins(plain["totals"]),
                SizeHistogram.from_builtins(plain["sizes"]),
                {
                    Group(*group): Found(number, tuple((tuple(place), Finding(*own)) for place, own in first))
                    for group, number, first in plain["found"]
                },
                tuple(map(tuple, plain["told"])),
                tuple((tuple(place), image) for place, image in plain["worst"]),
                tuple(plain["notes"]),
                {part: why for part, why in plain["failed"]},  # noqa: C416  JSON has no keys that are numbers
            )
        except (ValueError, TypeError, KeyError) as error:
            raise AnchorauditError(
                "not the text of a partial audit of this version",
                remedy="Give what Partial.to_json returned.",
            ) from error


def of_one_part(one: Partial, other: Partial) -> Partial:
    """Add up the audits of different images of the same part."""
    groups = sorted({*one.found, *other.found})
    none = Found(0, ())
    return Partial(
        one.about,
        one.parts,
        added(one.counts, other.counts),
        one.totals + other.totals,
        one.sizes + other.sizes,
        {group: one.found.get(group, none).plus(other.found.get(group, none)) for group in groups},
        tuple(sorted({*one.told, *other.told})),
        tuple(_kept(merged(one.worst, other.worst, key=_place))),
        tuple(sorted({*one.notes, *other.notes})),
        dict(sorted({**one.failed, **other.failed}.items())),
    )


def merge(parts: Iterable[Partial]) -> Partial:
    """Add up the audits of parts, in any order.

    Parameters
    ----------
    parts : iterable of Partial
        What `audit_partitions` yields, or what was merged before.

    Returns
    -------
    Partial
        The audit of all of them.

    Raises
    ------
    AnchorauditError
        If there are none; if they are of different audits; or if one part is there twice.

    Examples
    --------
    >>> parts = list(audit_partitions("sample_data/coco"))
    >>> merge(reversed(parts)).to_json() == merge(parts).to_json()
    True
    """
    every = iter(parts)
    if (first := next(every, None)) is None:
        raise AnchorauditError("there is no part to merge", remedy="Give what audit_partitions yields.")
    return reduce(Partial.__add__, every, first)


def _kept(images: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the first flagged images, and the first with each verdict. images: in order, flagged first."""
    met: Counter[str] = Counter()
    for place, image in images:
        verdict = image["verdict"]
        if (met.total() < WORST and is_flagged(verdict)) or not met[verdict]:
            yield place, image
        met[verdict] += 1


def _place(entry: tuple[Place, Any]) -> Place:
    return entry[0]


def _require_mergeable(one: Partial, other: Partial) -> None:
    for name, value in one.about.items():
        if value != other.about.get(name):
            raise AnchorauditError(
                f"parts of two different audits: not the same {name.replace('_', ' ')}",
                remedy="Merge what one audit_partitions yields.",
            )
    if twice := sorted({*one.parts} & {*other.parts}):
        raise AnchorauditError(
            f"part {twice[0]} is there twice, so its images would count twice",
            remedy="Merge each part once.",
        )
