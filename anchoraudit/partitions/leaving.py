"""What is left out of a part: the images and boxes that `filter` drops, by its own rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.parts import of_images
from anchoraudit.dataset.pieces import LeftOut, RewritableParts
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest import kept_by
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.leaving import REASONS, STOPS, left_out
from anchoraudit.manifest.unfit import Unfit, without_boxes
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.partial import Partial
from anchoraudit.rules import Context


@dataclass(frozen=True)
class Dropping:
    """What goes. drop: verdicts. keep_blank: images without annotations stay."""

    drop: tuple[str, ...]
    keep_blank: bool = False


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


@dataclass(frozen=True)
class Cleaned:
    """What becomes of a part.

    stays: the audit of what stays of it. images, boxes: how many it has. dropped: how many go, and why.
    left_out: what is left out of which file. image_folder: where images are whose size the table does not
    say; "" without one.
    """

    stays: Partial
    images: int
    boxes: int
    dropped: Dropped
    left_out: Mapping[str, LeftOut]
    image_folder: str = ""


def cleaned(job: Job, dropping: Dropping, part: int) -> Cleaned:
    """Audit a part, leave out what goes, and audit what stays, until nothing goes any more.

    Raises AnchorauditError if the part cannot be read.
    """
    parts = cast(RewritableParts, job.plan.parts)
    dataset = job.plan.read(part)
    images, boxes = len(dataset.images), len(dataset.boxes)
    boxes_may_go = parts.boxes_may_go(dataset)
    dropped, out = Dropped({}, {}), dict[str, LeftOut]()
    while True:
        last: list[Context] = []

        def judge(data: Dataset, last: list[Context] = last) -> Audit:
            audit, context = job.audited(data)
            last[:] = [context]
            return audit

        audit, taken, found = judged(dataset, judge, boxes_may_go=boxes_may_go)
        keep = ~found.images
        if audit.replayed is not None:
            keep &= kept_by(audit, dropping.drop, keep_blank=dropping.keep_blank)
        stops = np.zeros(len(dataset.boxes), dtype=np.bool_) if taken is None else taken[1]
        why = left_out(dataset, Texts(())) if boxes_may_go else np.zeros(len(dataset.boxes), dtype=np.int8)
        gone = (stops | (why > 0)) & keep[dataset.boxes.image]
        if keep.all() and not gone.any():
            break
        reasons = Counter(REASONS[code] for code in why[gone & ~stops].tolist())
        if number := int(np.count_nonzero(stops & gone)):
            reasons[STOPS] += number
        dropped += Dropped(_by_reason(dataset, audit, found, keep), reasons)
        pieces = job.plan.pieces_of(part)
        rows = np.flatnonzero(~keep), np.flatnonzero(gone)
        for name, further in parts.left_out(pieces, dataset, *rows).items():
            out[name] = out[name] | further if name in out else further
        of_whole = [finding for finding in dataset.findings if finding in found.whole]
        dataset = of_images(without_boxes(dataset, gone), np.flatnonzero(keep))
        dataset = replace(dataset, findings=of_whole)
    stays = job.numbers(part, audit, last[0])
    return Cleaned(stays, images, boxes, dropped, out, _image_folder(dataset))


def _by_reason(dataset: Dataset, audit: Audit, found: Unfit, keep: Bool) -> dict[str, tuple[int, int]]:
    of_image = np.bincount(dataset.boxes.image, minlength=len(keep))
    counted: dict[str, tuple[int, int]] = {}
    for image in np.flatnonzero(~keep).tolist():
        verdict = int(audit.image_results.verdict[image])
        name = found.why[image].code if image in found.why else VERDICTS[verdict]
        images, boxes = counted.get(name, (0, 0))
        counted[name] = images + 1, boxes + int(of_image[image])
    return counted


def _image_folder(dataset: Dataset) -> str:
    measured = dataset.images.measured
    if measured is None or not measured.any():
        return ""
    folders = {dataset.sources[number].image_folder for number in dataset.images.source[measured].tolist()}
    return str(folders.pop()) if len(folders) == 1 else ""
