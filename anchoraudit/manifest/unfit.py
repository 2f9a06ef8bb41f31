"""What the errors of an audit are about: single images, single boxes, or the data set as a whole.

A manifest leaves out the images and boxes that have an error, so that a scan of it finds none. What is wrong
with the data set as a whole cannot be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.locations import Locations, entry_of, findings_elsewhere
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest.leaving import left_out
from anchoraudit.rules import Hits

_NEVER_LEARNED = "ANC010"
_ENTRY = re.compile(r"(images|annotations)\[(\d+)\]")


@dataclass(slots=True)
class Unfit:
    """Which of N images and M boxes have an error.

    images: bool [N], verdicts aside, which say for themselves that an image goes. boxes: bool [M], those that
    no manifest leaves out anyhow, and those because of which an image has its verdict. why, why_boxes: the
    first error of an image, and the first of its boxes, by the row of the image. whole: errors that are about
    neither.
    """

    images: Bool
    boxes: Bool
    why: dict[int, Finding] = field(default_factory=dict)
    why_boxes: dict[int, Finding] = field(default_factory=dict)
    whole: list[Finding] = field(default_factory=list)


def unfit(audit: Audit, *, boxes_may_go: bool = True) -> Unfit:
    """Sort the errors of an audit by what they are about.

    boxes_may_go: the manifest holds boxes. Else those that no manifest has are still beside a list of images.
    """
    dataset = audit.original
    found = Unfit(np.zeros(len(dataset.images), np.bool_), np.zeros(len(dataset.boxes), np.bool_))
    read: list[Finding] = []
    for part in audit.findings.errors():
        if not isinstance(part, Hits):
            read += part
            continue
        marked = found.images if part.about == "image" else found.boxes
        marked[part.rows] = True
        rows = part.rows if part.about == "image" else dataset.boxes.image[part.rows]
        why = found.why if part.about == "image" else found.why_boxes
        for image, finding in zip(rows.tolist(), part, strict=True):
            why.setdefault(image, finding)
    if read:
        _place(dataset, read, found)
    found.images &= ~audit.verdict_is("encoder_error", "left_out")
    found.why = {image: finding for image, finding in found.why.items() if found.images[image]}
    if found.boxes.any() and boxes_may_go:
        texts = Texts(dataset.sources if dataset.has_entries else ())
        stays = left_out(dataset, texts) == 0
        if audit.admitted is not None:
            stays[audit.admitted.fatal] = True  # their images are judged anew without them
        found.boxes &= stays
    return found


def _place(dataset: Dataset, findings: Sequence[Finding], found: Unfit) -> None:
    """Sort errors that were met while reading. An entry that could not be read is in no manifest anyhow."""
    where = _Rows(dataset)
    for finding in findings:
        entry = _ENTRY.match(finding.place)
        image, boxes = where.image_of(finding), where.boxes_of(finding)
        if image is not None:
            found.images[image] = True
            found.why.setdefault(image, finding)
        elif boxes:
            found.boxes[boxes] = True
        elif entry is None:
            found.whole.append(finding)


class _Rows:
    """Finds the rows that a finding of a reader is about, by its file and its place."""

    def __init__(self, dataset: Dataset) -> None:
        locations = Locations(dataset)
        self._images: dict[tuple[str, str], int] = {}
        self._files: dict[str, int] = {}
        for i in range(len(dataset.images)):
            where = locations.of_image(i)
            self._images.setdefault((where.path, where.place), i)
            if not where.place and dataset.sources[int(dataset.images.source[i])].suffix:
                self._files.setdefault(where.path, i)
        self._boxes: dict[tuple[str, str], list[int]] = {}
        for row in range(len(dataset.boxes)):
            where = locations.of_box(row)
            self._boxes.setdefault((where.path, where.place), []).append(row)

    def image_of(self, finding: Finding) -> int | None:
        """Return the image whose entry or own annotation file has the error; None if a box or more has it."""
        if finding.place and (finding.path, finding.place) in self._images:
            return self._images[finding.path, finding.place]
        place = entry_of(finding.place)
        if place.startswith("images["):
            return self._images.get((finding.path, place))
        return self._files.get(finding.path)

    def boxes_of(self, finding: Finding) -> list[int]:
        """Return the boxes at the place of an error."""
        exactly = self._boxes.get((finding.path, finding.place))
        return exactly or self._boxes.get((finding.path, entry_of(finding.place)), [])


def emptied(dataset: Dataset, taken: Bool, *, with_verdicts: bool) -> Bool:
    """Tell which images have boxes and lose all of them: bool [N]. As blank ones they would teach errors.

    taken: bool [M], the boxes that are taken out; beside them go those that no manifest holds. with_verdicts:
    of images that lose none of the first, the verdict decides.
    """
    boxes = dataset.boxes
    texts = Texts(dataset.sources if dataset.has_entries else ())
    gone = taken | (left_out(dataset, texts) > 0)
    loses, stays = np.zeros(len(dataset.images), np.bool_), np.zeros(len(dataset.images), np.bool_)
    loses[boxes.image[taken if with_verdicts else gone]] = True
    stays[boxes.image[~gone]] = True
    return loses & ~stays


def without_boxes(dataset: Dataset, these: Bool) -> Dataset:
    """Return a data set without these boxes, bool [M], whose others keep their place in the files.

    What the reader found of them is gone, too.
    """
    boxes = dataset.boxes
    placed = replace(boxes, entry=boxes.positions() if boxes.entry is None else boxes.entry)
    return replace(
        dataset,
        boxes=placed.take(np.flatnonzero(~these)),
        findings=findings_elsewhere(dataset, np.flatnonzero(these)),
    )


def whole_of(found: Unfit, audit: Audit, keep: Bool) -> list[Finding]:
    """Return the errors about the data set as a whole that stay when the images `keep` [N] stay.

    A class that is never learned (ANC010) is gone with the last image that has a usable box of it.
    """
    if not any(one.code == _NEVER_LEARNED for one in found.whole):
        return found.whole
    boxes, categories = audit.dataset.boxes, audit.dataset.categories
    stays = np.unique(boxes.category[keep[boxes.image] & audit.box_results.usable])
    names = {f"category {categories[number].id!r}" for number in stays[stays >= 0].tolist()}
    return [one for one in found.whole if one.code != _NEVER_LEARNED or one.thing in names]


def told(whole: Sequence[Finding]) -> Iterator[str]:
    """Yield each error about the data set as a whole, as a line."""
    for finding in whole:
        yield f"{finding.code} {finding.location}: {finding.message}" if finding.path else finding.message
