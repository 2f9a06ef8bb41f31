"""COCO from COCO, lossless: the source's own bytes, without the entries of dropped images.

Kept images and annotations stay in order, with every byte they had (unknown keys, key order, the spelling of
numbers), and so do all other top-level keys. Several sources become one file if their ids and categories
allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes import Plan
from anchoraudit.fixes.coco_edits import Edits, edits_of
from anchoraudit.formats.coco import text as coco_text
from anchoraudit.formats.coco.text import CocoText, Span, Texts, patched
from anchoraudit.io import json_text
from anchoraudit.manifest.leaving import left_out, remarks
from anchoraudit.manifest.stream import Stream

_NON_FINITE = re.compile(rb"-?Infinity|NaN")
NOT_CLIPPED = "{:,} annotation(s) not clipped: their entries have no bbox of four numbers"
_CUT = ("images", "annotations")
_ONE_A_SPLIT = "Write one file for each split with -o 'NAME-{split}.json', or choose one with --split."


@dataclass(slots=True)
class _Cut:
    """One source, which entries of its lists stay, and what changes in them."""

    text: CocoText
    keep: dict[str, Bool]
    edits: Edits = field(default_factory=Edits)
    starts: list[int] = field(default_factory=list)

    def runs(self, key: str) -> Iterator[Span]:
        if key not in self.keep:
            return iter(())
        return coco_text.runs(self.text.entries[key], self.keep[key].tolist())

    def write(self, span: Span, stream: Stream) -> None:
        """Write the bytes of a span, with its changes."""
        for piece in patched(self.text.data, span, self.edits.patches, self.starts):
            stream.write(piece)


def write_coco_cut(
    dataset: Dataset, keep: Bool, stream: Stream, plan: Plan | None = None
) -> tuple[int, list[str]]:
    """Write the images `keep` [N] of a COCO data set to `stream`.

    Returns how many annotations were written, and remarks for the user.

    plan: the fixes that led to `dataset`; what they change is replaced in the bytes.

    Raises AnchorauditError if sources cannot be joined in one file, or a fix cannot be written.
    """
    texts = Texts(dataset.sources)
    _require_distinct_ids(dataset, keep)
    gone = left_out(dataset, texts)
    rows = np.flatnonzero(keep[dataset.boxes.image] & (gone == 0))
    cuts = [
        _cut(dataset, number, keep, rows, texts[number])
        for number in np.unique(dataset.images.source[keep]).tolist()
    ]
    _require_joinable(cuts)
    if plan is not None:
        for number, cut in zip(np.unique(dataset.images.source[keep]).tolist(), cuts, strict=True):
            cut.edits = edits_of(plan, number, cut.text, keep)
            cut.starts = [patch.start for patch in cut.edits.patches]
    _write(cuts, stream)
    return len(rows), [*remarks(gone[keep[dataset.boxes.image]]), *_remarks(dataset, cuts, keep)]


def _cut(dataset: Dataset, number: int, keep: Bool, rows: Int, text: CocoText) -> _Cut:
    """Return one source with the images that stay, and with the annotations `rows`."""
    images, boxes = dataset.images, dataset.boxes
    assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
    cut = _Cut(text, {key: np.zeros(len(text.entries[key]), np.bool_) for key in _CUT if key in text.entries})
    cut.keep["images"][images.entry[keep & (images.source == number) & (images.entry >= 0)]] = True
    own = rows[images.source[boxes.image[rows]] == number]
    if len(own):
        cut.keep["annotations"][boxes.entry[own]] = True
    return cut


def _write(cuts: list[_Cut], stream: Stream) -> None:
    """Write the first source's text with its lists cut, and append the other sources' entries to them."""
    text = cuts[0].text
    at = 0
    for key in sorted((k for k in _CUT if k in text.entries), key=lambda k: text.members[k]):
        start = text.members[key][0]
        entries = text.entries[key]
        first, last = (entries[0][0], entries[-1][1]) if entries else (start + 1, start + 1)
        cuts[0].write((at, first), stream)
        between = b""
        for cut in cuts:
            for run in cut.runs(key):
                stream.write(between)
                cut.write(run, stream)
                between = coco_text.separator(text.data, entries)
        at = last
    cuts[0].write((at, len(text.data)), stream)


def may_be_joined(dataset: Dataset) -> bool:
    """Tell whether a COCO data set can be one file: its files have different ids, and the same classes."""
    try:
        _require_distinct_ids(dataset, np.ones(len(dataset.images), dtype=np.bool_))
    except AnchorauditError:
        return False
    return len(set(dataset.class_lists)) < 2


def _require_distinct_ids(dataset: Dataset, keep: Bool) -> None:
    """Raise AnchorauditError if images, or annotations, of two sources share an id."""
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
    """Raise AnchorauditError unless all sources have the same categories, and the lists of the first."""
    base = cuts[0].text
    for text in (cut.text for cut in cuts[1:]):
        if _value(base, "categories") != _value(text, "categories"):
            message = f"its categories differ from those of {base.path}"
        elif missing := text.entries.keys() - base.entries.keys():
            message = f"it has `{missing.pop()}`, {base.path} has not"
        else:
            continue
        raise AnchorauditError(message, path=text.path, remedy=_ONE_A_SPLIT)


def _value(text: CocoText, key: str) -> object:
    span = text.members.get(key)
    if span is None:
        return None
    decoded: object = msgspec.json.decode(json_text.readable(text.data[slice(*span)]))
    return decoded


def _remarks(dataset: Dataset, cuts: list[_Cut], keep: Bool) -> list[str]:
    remarks: list[str] = []
    assert dataset.images.entry is not None
    unlisted = int(np.count_nonzero(keep & (dataset.images.entry < 0)))
    if unlisted:
        remarks.append(f"{unlisted} image(s) are not in the manifest, because no entry names them")
    if unclipped := sum(len(cut.edits.unclipped) for cut in cuts):
        remarks.append(NOT_CLIPPED.format(unclipped))
    for cut in cuts:
        if (at := _no_json_at(cut)) is not None:
            place = json_text.line_and_column(cut.text.data, at)
            word = _NON_FINITE.match(cut.text.data, at)
            remarks.append(
                f"{word[0].decode() if word else ''} stays outside of boxes, for example at {place} of "
                f"{cut.text.path.name}: Python reads it, strict readers of JSON refuse the file"
            )
    base = cuts[0].text
    for text in (cut.text for cut in cuts[1:]):
        differing = [
            key
            for key in base.members
            if key not in coco_text.LISTS and _value(text, key) != _value(base, key)
        ]
        if differing:
            remarks.append(
                f"{', '.join(differing)}: taken from {base.path.name}; {text.path.name} has others"
            )
    return remarks


def _no_json_at(cut: _Cut) -> int | None:
    """Return where the first written NaN or infinity is, which JSON does not allow; None without one."""
    data, readable = cut.text.data, cut.text.readable
    if readable is data:
        return None
    others = [span for key, span in cut.text.members.items() if key not in _CUT]
    written = [*others, *(run for key in _CUT for run in cut.runs(key))]
    # `readable` replaces NaN and infinity, but not the same word inside a string.
    found = (m.start() for a, b in written for m in _NON_FINITE.finditer(data, a, b))
    return min((at for at in found if readable[at] != data[at]), default=None)
