"""COCO from COCO, lossless: the source's own bytes, less the entries of images that go.

Kept images and annotations stand in their order with every byte they had (unknown keys, key order, the
spelling of numbers), and so do all other top-level keys. Several sources become one file where their ids
and categories allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from anchoraudit.dataset import Bool, Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import _json_text as json_text
from anchoraudit.manifest import _spans as spans_of
from anchoraudit.manifest._spans import Span

_CUT = ("images", "annotations")
_ONE_A_SPLIT = "Write one file a split with -o 'NAME-{split}.json', or choose one with --split."


@dataclass(slots=True)
class _Cut:
    """One source: its bytes, where its members stand, and which entries stay.

    Positions are taken in `readable`, which is JSON whatever NaN the source has; what is written is `data`.
    """

    path: Path
    data: bytes
    readable: bytes
    members: dict[str, Span]
    entries: dict[str, list[Span]] = field(default_factory=dict)
    keep: dict[str, Bool] = field(default_factory=dict)

    def runs(self, key: str) -> Iterator[Span]:
        return spans_of.runs(self.entries[key], self.keep[key].tolist()) if key in self.keep else iter(())


def write_coco_cut(dataset: Dataset, keep: Bool, stream: BinaryIO) -> list[str]:
    """Write the images `keep` [N] of a COCO data set to `stream`; return remarks for the user.

    Raises AnchorauditError if sources cannot be joined in one file.
    """
    _require_distinct_ids(dataset, keep)
    cuts = [_cut(dataset, number, keep) for number in np.unique(dataset.images.source[keep]).tolist()]
    _require_joinable(cuts)
    _write(cuts, stream)
    return _remarks(dataset, cuts, keep)


def _cut(dataset: Dataset, number: int, keep: Bool) -> _Cut:
    path = dataset.sources[number].path
    data = json_text.read_bytes(path)
    json_text.require_utf8(path, data)
    cut = _opened(path, data)
    readable = cut.readable
    for key in _CUT:
        span = cut.members.get(key)
        if span is not None and not readable.startswith(b"null", span[0]):
            cut.entries[key] = spans_of.elements(path, readable, span)
            cut.keep[key] = np.zeros(len(cut.entries[key]), dtype=np.bool_)
    images, boxes = dataset.images, dataset.boxes
    assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
    cut.keep["images"][images.entry[keep & (images.source == number) & (images.entry >= 0)]] = True
    own = keep[boxes.image] & (images.source[boxes.image] == number)
    if own.any():
        cut.keep["annotations"][boxes.entry[own]] = True
    finite = np.isfinite(boxes.xyxy).all(axis=1)
    for row in np.flatnonzero(own & ~finite).tolist():
        position = int(boxes.entry[row])
        first, last = cut.entries["annotations"][position]
        # Without any box an annotation may still be of use (a caption); with NaN or infinity it is not.
        no_box = bool(np.isnan(boxes.xyxy[row]).all()) and data[first:last] == readable[first:last]
        cut.keep["annotations"][position] = no_box
    return cut


def _opened(path: Path, data: bytes) -> _Cut:
    try:
        return _Cut(path, data, data, spans_of.members(path, data))
    except AnchorauditError:  # NaN, or nothing that can be mended, which the second try says
        readable = json_text.readable(data)
        return _Cut(path, data, readable, spans_of.members(path, readable))


def _write(cuts: list[_Cut], stream: BinaryIO) -> None:
    """Write the first source's text, with its lists cut, and the other sources' entries behind its own."""
    base = cuts[0]
    at = 0
    for key in sorted((k for k in _CUT if k in base.entries), key=lambda k: base.members[k]):
        start, end = base.members[key]
        entries = base.entries[key]
        first, last = (entries[0][0], entries[-1][1]) if entries else (start + 1, end - 1)
        stream.write(memoryview(base.data)[at:first])
        between = b""
        for cut in cuts:
            for run_start, run_end in cut.runs(key):
                stream.write(between)
                stream.write(memoryview(cut.data)[run_start:run_end])
                between = spans_of.separator(base.data, entries)
        at = last
    stream.write(memoryview(base.data)[at:])


def _require_distinct_ids(dataset: Dataset, keep: Bool) -> None:
    """Images, or annotations, of two sources must not share an id."""
    if len(dataset.sources) < 2:
        return
    images, boxes = dataset.images, dataset.boxes
    kept = np.flatnonzero(keep)
    _require_distinct(
        dataset,
        "image",
        zip((images.ids[i] for i in kept.tolist()), images.source[kept].tolist(), strict=True),
    )
    assert boxes.annotation_ids is not None  # COCO data sets always have them
    rows = np.flatnonzero(keep[boxes.image])
    sources = images.source[boxes.image[rows]].tolist()
    _require_distinct(dataset, "annotation", zip(boxes.annotation_ids[rows].tolist(), sources, strict=True))


def _require_distinct(dataset: Dataset, what: str, ids: Iterable[tuple[object, int]]) -> None:
    owner: dict[object, int] = {}
    for identity, source in ids:
        if owner.setdefault(identity, source) != source and identity != "":
            first, second = dataset.sources[owner[identity]].path, dataset.sources[source].path
            raise AnchorauditError(
                f"{what} id {identity!r} is used in {first.name} and in {second.name} ({second.parent})",
                path=first,
                remedy=_ONE_A_SPLIT,
            )


def _require_joinable(cuts: list[_Cut]) -> None:
    """All sources must have the same categories, and the lists that the first one has."""
    base = cuts[0]
    for cut in cuts[1:]:
        if _value(base, "categories") != _value(cut, "categories"):
            message = f"its categories differ from those of {base.path}"
        elif missing := cut.entries.keys() - base.entries.keys():
            message = f"it has `{missing.pop()}`, {base.path} has not"
        else:
            continue
        raise AnchorauditError(message, path=cut.path, remedy=_ONE_A_SPLIT)


def _value(cut: _Cut, key: str) -> object:
    span = cut.members.get(key)
    if span is None:
        return None
    decoded: object = msgspec.json.decode(json_text.readable(cut.data[slice(*span)]))
    return decoded


def _remarks(dataset: Dataset, cuts: list[_Cut], keep: Bool) -> list[str]:
    remarks: list[str] = []
    assert dataset.images.entry is not None
    unlisted = int(np.count_nonzero(keep & (dataset.images.entry < 0)))
    if unlisted:
        remarks.append(
            f"{unlisted} image(s) that no entry names are not in the manifest: they have no entry to keep"
        )
    lost = _left_out(dataset, cuts, keep)
    if lost:
        remarks.append(f"{lost} annotation(s) of kept images left out: their coordinates are NaN or infinite")
    if any(_has_no_json(cut) for cut in cuts):
        remarks.append("NaN or Infinity of the source stays outside of boxes; strict JSON readers refuse it")
    for cut in cuts[1:]:
        differing = [
            key
            for key in cuts[0].members
            if key not in (*_CUT, "categories") and _value(cut, key) != _value(cuts[0], key)
        ]
        if differing:
            remarks.append(
                f"{', '.join(differing)}: taken from {cuts[0].path.name}; {cut.path.name} has others"
            )
    return remarks


def _has_no_json(cut: _Cut) -> bool:
    """Tell whether something that is written is no strict JSON."""
    data, readable = cut.data, cut.readable
    if readable is data:
        return False
    others = [span for key, span in cut.members.items() if key not in _CUT]
    written = [*others, *(run for key in _CUT for run in cut.runs(key))]
    return any(
        data[a:b] != readable[a:b] and (b"NaN" in data[a:b] or b"Infinity" in data[a:b]) for a, b in written
    )


def _left_out(dataset: Dataset, cuts: list[_Cut], keep: Bool) -> int:
    kept = sum(int(np.count_nonzero(cut.keep["annotations"])) for cut in cuts if "annotations" in cut.keep)
    return int(np.count_nonzero(keep[dataset.boxes.image])) - kept
