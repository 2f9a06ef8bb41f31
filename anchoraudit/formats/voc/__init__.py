"""Pascal VOC: one XML file an image, in a VOCdevkit, a single folder, or a folder for each split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from anchoraudit.dataset import Boxes, Category, Dataset, Images, Source
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.findings import Finding
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.voc.columns import Columns, joined
from anchoraudit.formats.voc.layout import Part, count_xml, find_parts
from anchoraudit.formats.voc.members import Members, Memberships
from anchoraudit.formats.voc.pool import scan_all
from anchoraudit.formats.voc.rows import NO_FILE, PartRows, Rows
from anchoraudit.formats.voc.splits import preference
from anchoraudit.formats.voc.xml import READ

NAME = "voc"
LOOKS_FOR = (
    "XML files in Annotations/ beside JPEGImages/, in VOCdevkit/VOC20xx, in the folder itself, "
    "or in a sub-folder for each split"
)


def detect(path: Path) -> Detection | None:
    """Tell whether `path` is a folder of one of the layouts, from the names of its files."""
    parts = find_parts(path)
    return Detection(NAME, path, _reason(parts)) if parts else None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read every annotation chosen; images without one are taken as blank.

    Raises AnchorauditError if a split is unknown, nothing is chosen, or no file is an annotation.
    """
    root = detection.path
    parts = sorted(find_parts(root), key=lambda part: preference(part.name))
    members = [Members.of(part) for part in parts]
    _require_known(options.splits, members, root)
    chosen = [each.memberships(options.splits) for each in members]
    names = [[name for stem, name in c.members.xml if c.has(stem)] for c in chosen]
    columns = joined(scan_all(_paths(parts, names)))
    unread = [f for c in chosen for stem, f in c.members.unread if c.has(stem)]
    _require_annotations(columns, unread, root)
    rows = Rows(findings=list(columns.findings))
    starts = accumulate(map(len, names), initial=0)
    for source, (membership, own, first) in enumerate(zip(chosen, names, starts, strict=False)):
        PartRows(source, membership, own, columns, first).append_to(rows)
    if not rows.ids:
        of = f" in split {', '.join(options.splits)}" if options.splits else ""
        raise AnchorauditError(f"there is no image{of}", path=root, remedy="Check the split lists.")
    splits = _splits(chosen, rows)
    return Dataset(
        root=root,
        format=NAME,
        recognised=f"Pascal VOC: {detection.reason}",
        sources=tuple(
            Source(m.part.annotations, m.part.name, m.part.images if m.images else None) for m in members
        ),
        splits=splits,
        images=_images(rows, splits),
        boxes=_boxes(rows, columns, options),
        categories=tuple(Category(number, name) for number, name in enumerate(columns.names, 1)),
        findings=rows.findings,
        notes=rows.notes,
    )


def _reason(parts: Sequence[Part]) -> str:
    """What a data set was recognised by, in one line."""
    counts = [count_xml(part.annotations) for part in parts]
    files = f"{sum(counts)} XML file{'s' * (sum(counts) != 1)}"
    if parts[0].is_split:
        each = (f"{printable(part.name)}/ ({count})" for part, count in zip(parts, counts, strict=True))
        return f"{files} in {', '.join(each)}"
    reasons = [files]
    if parts[0].annotations != parts[0].root:
        reasons.append(f"in {_within(parts[0], parts[0].annotations)}/")
    if (images := parts[0].images) is not None:
        beside = "images" if images == parts[0].annotations else f"{_within(parts[0], images)}/"
        reasons.append(f"beside {beside}")
    if len(parts) > 1:
        reasons.append(f"of {', '.join(printable(part.name) for part in parts)}")
    lists = [_within(part, part.lists) for part in parts if part.lists is not None]
    return " ".join(reasons) + (f", split lists in {lists[0]}" if lists else "")


def _within(part: Part, folder: Path) -> str:
    return printable(os.path.relpath(folder, part.root))


def _require_known(wanted: Sequence[str], members: Sequence[Members], root: Path) -> None:
    known = dict.fromkeys(name for each in members for name in each.selectors())
    for name in wanted:
        if name not in known:
            remedy = f"Choose from: {', '.join(known)}." if known else "This data set has no splits."
            raise AnchorauditError(f"unknown split {name!r}", path=root, remedy=remedy)


def _paths(parts: Sequence[Part], names: Sequence[Sequence[str]]) -> list[str]:
    return [
        folder + name
        for part, own in zip(parts, names, strict=True)
        for folder in (f"{part.annotations}{os.sep}",)
        for name in own
    ]


def _require_annotations(columns: Columns, unread: Sequence[Finding], root: Path) -> None:
    """Refuse a data set whose XML files are all something else, or all broken."""
    total = len(columns.status) + len(unread)
    if total and READ not in columns.status:
        first = [*columns.findings, *unread][0]
        raise AnchorauditError(
            f"none of the {total} XML files is a readable Pascal VOC annotation. The first: {first.message}",
            path=root,
            place=first.location,
            remedy="Name the folder that holds the annotations, or mend them.",
        )


def _splits(chosen: Sequence[Memberships], rows: Rows) -> tuple[str, ...]:
    """The splits that were asked for or have an image, in order."""
    met = set(rows.splits)
    named = (name for membership in chosen for name in membership.split_names())
    return tuple(dict.fromkeys(name for name, asked in named if asked or name in met))


def _images(rows: Rows, splits: tuple[str, ...]) -> Images:
    index = {name: i for i, name in enumerate(splits)}
    sizes = np.array(rows.sizes, dtype=np.float64).reshape(-1, 2)
    return Images(
        ids=list(rows.ids),
        file_names=rows.file_names,
        width=sizes[:, 0].copy(),
        height=sizes[:, 1].copy(),
        split=np.array([index[name] for name in rows.splits], dtype=np.int64),
        source=np.array(rows.source, dtype=np.int64),
    )


def _boxes(rows: Rows, columns: Columns, options: ReadOptions) -> Boxes:
    """The boxes in the order they were read, which is that of the images."""
    files = np.array(rows.file, dtype=np.int64)
    annotated = np.flatnonzero(files != NO_FILE)
    return Boxes(
        image=np.repeat(annotated, columns.counts[files[annotated]]),
        annotation_ids=None,
        category=columns.category,
        xyxy=columns.xyxy + np.asarray(options.voc_offset, dtype=np.float64),
        crowd=np.zeros(len(columns.category), dtype=np.bool_),
        difficult=columns.difficult,
    )
