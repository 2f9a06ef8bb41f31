"""What is left out of a part: the images and boxes that `filter` drops, by its own rules."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import NamedTuple, cast

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.parts import of_images
from anchoraudit.dataset.pieces import LeftOut, RewritableParts
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.fixes import Change
from anchoraudit.formats.coco.text import Texts
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.keeping import kept_by
from anchoraudit.manifest.leaving import REASONS, STOPS, left_out
from anchoraudit.manifest.unfit import Unfit, without_boxes
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.changes import PartChanges
from anchoraudit.partitions.fixing import Edits, Fixed, Fixing, Place, done
from anchoraudit.partitions.partial import Partial, of_one_part
from anchoraudit.partitions.slices import Rows, Slice
from anchoraudit.report.dropped import Row, dropped_rows
from anchoraudit.rules import Context


@dataclass(frozen=True)
class Dropping:
    """What goes. drop: verdicts. keep_blank: images without annotations stay. listed: name those that go.

    fixing: which fixes are made before, if any. told: tell each change.
    """

    drop: tuple[str, ...]
    keep_blank: bool = False
    listed: bool = False
    fixing: Fixing | None = None
    told: bool = False


@dataclass(frozen=True)
class Dropped:
    """How many images of each reason go, and their boxes; and how many boxes of images that stay.

    images: (images, boxes), by verdict, or by the code of the rule that says what is wrong with them. boxes:
    by reason, a name of `manifest.leaving`.
    """

    images: Mapping[str, tuple[int, int]]
    boxes: Mapping[str, int]

    def __add__(self, other: Dropped) -> Dropped:
        names = sorted({*self.images, *other.images})
        none = (0, 0)
        pairs = {n: zip(self.images.get(n, none), other.images.get(n, none), strict=True) for n in names}
        return Dropped(
            {name: cast("tuple[int, int]", tuple(map(sum, pair))) for name, pair in pairs.items()},
            dict(sorted((Counter(self.boxes) + Counter(other.boxes)).items())),
        )


_NOTHING = Dropped({}, {})


@dataclass(frozen=True)
class Cleaned:
    """What becomes of a part.

    stays: the audit of what stays of it. images, boxes: how many it has, after the fixes. dropped: how many
    go, and why. left_out: what is left out of which file. image_folder: where images are whose size the table
    does not say; "" without one. listed: each image that goes, with its place, if that is asked for. fixed:
    what was fixed. edits: what is replaced for that. changes: each, if that is asked for; those of entries of
    COCO files are among the edits.
    """

    stays: Partial
    images: int
    boxes: int
    dropped: Dropped
    left_out: Mapping[str, LeftOut]
    image_folder: str = ""
    listed: tuple[tuple[tuple[int, ...], Row], ...] = ()
    fixed: Fixed = field(default_factory=Fixed)
    edits: Edits = field(default_factory=Edits)
    changes: tuple[tuple[Place, Change], ...] = ()


def cleaned(job: Job, dropping: Dropping, part: int) -> Cleaned:
    """Audit a part, leave out what goes, and audit what stays, until nothing goes any more.

    A large part is judged slice by slice. Fixes are those of the part: they come before. Raises
    AnchorauditError if the part cannot be read.
    """
    parts = cast(RewritableParts, job.plan.parts)
    dataset, going, fixes = job.plan.read(part), _Going(PartChanges(parts)), None
    if dropping.fixing is not None:
        fixes = dropping.fixing.planned(dataset)
        dropped = np.flatnonzero(fixes.dropped)
        going.leave_out(parts.left_out(job.plan.pieces_of(part), dataset, dropped[:0], dropped))
        dataset = fixes.apply(dataset)
    slices = [_cleaned(job, dropping, part, own, going) for own in job.slices(dataset)]
    stays = reduce(of_one_part, (each.stays for each in slices))
    if dataset.findings and not slices[0].is_part:
        stays = of_one_part(stays, _read(job, part, dataset, slices, going))
    made, edits = (Fixed(), Edits()) if fixes is None else done(fixes, _staying(dataset, slices))
    if dropping.told:
        edits = going.changes.edits(fixes, edits)
    return Cleaned(
        stays,
        len(dataset.images),
        len(dataset.boxes),
        going.dropped,
        going.left_out,
        _image_folder(dataset, [row for each in slices for row in each.measured]),
        tuple(going.listed),
        made,
        edits,
        tuple(going.changes.whole),
    )


@dataclass
class _Going:
    """Collects what goes of a part, one slice after the other. All as of `Cleaned`."""

    changes: PartChanges
    dropped: Dropped = _NOTHING
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    listed: list[tuple[tuple[int, ...], Row]] = field(default_factory=list)

    def leave_out(self, further: Mapping[str, LeftOut]) -> None:
        """Leave out more of files."""
        for name, out in further.items():
            self.left_out[name] = self.left_out[name] | out if name in self.left_out else out


class _Cleaned(NamedTuple):
    """What becomes of a slice.

    stays: the audit of what stays of it. is_part: it is all of its part. whole: errors of the reader that are
    about no image and no box of it. images: int64, the rows in the part of images that stay. measured: the
    sources of those whose size the table does not say.
    """

    stays: Partial
    is_part: bool
    whole: frozenset[Finding]
    images: Int
    measured: frozenset[int]


def _cleaned(job: Job, dropping: Dropping, part: int, own: Slice, going: _Going) -> _Cleaned:
    is_part, now = own.rows is None, own._replace(reads=True)
    whole: frozenset[Finding] | None = None
    while True:
        turn = _turn(job, dropping, part, now, going, is_part=is_part)
        whole = turn.whole if whole is None else whole
        if turn.stays is not None:
            break
        now = turn.left
        gc.collect()  # an audit has cycles, in which much would stay
    images = now.dataset.images
    measured = [] if images.measured is None else np.unique(images.source[images.measured]).tolist()
    rows = np.arange(len(images)) if now.rows is None else now.rows.images
    return _Cleaned(turn.stays, is_part, whole, rows, frozenset(measured))


class _Turn(NamedTuple):
    """What one audit of a slice leaves of it. stays: the audit, if that is all of it. whole: as above."""

    left: Slice
    whole: frozenset[Finding]
    stays: Partial | None = None


def _turn(job: Job, dropping: Dropping, part: int, now: Slice, going: _Going, *, is_part: bool) -> _Turn:
    parts, dataset = cast(RewritableParts, job.plan.parts), now.dataset
    boxes_may_go = parts.boxes_may_go(dataset)
    last: list[Context] = []

    def judge(data: Dataset) -> Audit:
        audit, context = job.audited(now._replace(dataset=data))
        last[:] = [context]
        return audit

    audit, taken, found = judged(dataset, judge, boxes_may_go=boxes_may_go)
    whole = frozenset(found.whole)
    keep = ~found.images
    if audit.replayed is not None:
        keep &= kept_by(audit, dropping.drop, keep_blank=dropping.keep_blank)
    stops = np.zeros(len(dataset.boxes), dtype=np.bool_) if taken is None else taken[1]
    why = left_out(dataset, Texts(())) if boxes_may_go else np.zeros(len(dataset.boxes), dtype=np.int8)
    gone = (stops | (why > 0)) & keep[dataset.boxes.image]
    if keep.all() and not gone.any():
        if not is_part and dataset.findings:  # they count once for all slices
            audit.findings = job.check(last[0], ())
        return _Turn(now, whole, job.numbers(part, now._replace(reads=is_part), audit, last[0]))
    reasons = Counter(REASONS[code] for code in why[gone & ~stops].tolist())
    if number := int(np.count_nonzero(stops & gone)):
        reasons[STOPS] += number
    going.dropped += Dropped(_by_reason(dataset, audit, found, keep), reasons)
    if dropping.listed:
        places = map(tuple, parts.places(dataset)[~keep].tolist())
        going.listed += zip(places, dropped_rows(audit, keep, found.why), strict=True)
    if dropping.told:
        going.changes.images_go(audit, keep, found.why)
        going.changes.boxes_go(dataset, np.where(gone & ~stops, why, 0), stops & gone)
    goes = np.flatnonzero(~keep), np.flatnonzero(gone)
    going.leave_out(parts.left_out(job.plan.pieces_of(part), dataset, *goes))
    of_whole = [finding for finding in dataset.findings if finding in whole]
    return _Turn(_without(now, keep, gone, of_whole), whole)


def _without(own: Slice, keep: Bool, gone: Bool, findings: list[Finding]) -> Slice:
    """Return a slice without some images and boxes, whose others keep their places.

    keep: bool [N], the images that stay. gone: bool [M], boxes that go. findings: those of the reader that
    stay.
    """
    rows = own.rows or Rows(np.arange(len(keep)), np.arange(len(gone)))
    images, boxes = np.flatnonzero(keep), np.flatnonzero(~gone & keep[own.dataset.boxes.image])
    dataset = replace(of_images(without_boxes(own.dataset, gone), images), findings=findings)
    files = own.files.of_rows(images) if isinstance(own.files, ImageFiles) else own.files
    return own._replace(dataset=dataset, files=files, rows=rows.take(images, boxes))


def _read(job: Job, part: int, dataset: Dataset, slices: Sequence[_Cleaned], going: _Going) -> Partial:
    """Count what the reader of a part found. If something goes, only what is about no image or box stays."""
    findings = dataset.findings
    if going.dropped != _NOTHING:
        findings = [finding for finding in findings if all(finding in each.whole for each in slices)]
    nothing = replace(of_images(dataset, np.zeros(0, dtype=np.int64)), findings=findings)
    own = Slice(nothing, "none")
    return job.numbers(part, own, *job.audited(own))


def _staying(dataset: Dataset, slices: Sequence[_Cleaned]) -> Bool:
    """Tell which images of a part stay: bool [N]."""
    keep = np.zeros(len(dataset.images), dtype=np.bool_)
    for each in slices:
        keep[each.images] = True
    return keep


def _by_reason(dataset: Dataset, audit: Audit, found: Unfit, keep: Bool) -> dict[str, tuple[int, int]]:
    of_image = np.bincount(dataset.boxes.image, minlength=len(keep))
    counted: dict[str, tuple[int, int]] = {}
    for image in np.flatnonzero(~keep).tolist():
        verdict = int(audit.image_results.verdict[image])
        name = found.why[image].code if image in found.why else VERDICTS[verdict]
        images, boxes = counted.get(name, (0, 0))
        counted[name] = images + 1, boxes + int(of_image[image])
    return counted


def _image_folder(dataset: Dataset, sources: Iterable[int]) -> str:
    folders = {dataset.sources[number].image_folder for number in sources}
    return str(folders.pop()) if len(folders) == 1 else ""
