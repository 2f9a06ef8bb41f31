"""Joins the files of a Pascal VOC data set and the images on disk to columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from anchoraudit.dataset.columns import Boxes, Dataset, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._builder import Part, classes_by_name, join
from anchoraudit.formats.voc.columns import Columns, joined
from anchoraudit.formats.voc.members import Memberships
from anchoraudit.formats.voc.rows import NO_FILE, PartRows, Rows
from anchoraudit.formats.voc.xml import READ, Chunk


def assemble(
    detection: Detection,
    options: ReadOptions,
    chosen: Sequence[Memberships],
    names: Sequence[Sequence[str]],
    chunks: Sequence[Chunk],
) -> Dataset:
    """Make a data set of files that were read.

    chosen: for each part, which of its images are wanted.
    names: for each part, the names of the files that were read.
    chunks: the content of all these files, in the same order.

    Raises AnchorauditError if no file is an annotation, or if no image is left.
    """
    root = detection.path
    columns = joined(chunks)
    unread = [f for c in chosen for stem, f in c.members.unread if c.has(stem)]
    _require_annotations(columns, unread, root)
    rows = Rows(findings=list(columns.findings))
    starts = accumulate(map(len, names), initial=0)
    for source, (membership, own, first) in enumerate(zip(chosen, names, starts, strict=False)):
        PartRows(source, membership, own, columns, first).append_to(rows)
    if not rows.ids:
        of = f" in split {', '.join(options.splits)}" if options.splits else ""
        raise AnchorauditError(f"there is no image{of}", path=root, remedy="Check the split lists.")
    files = np.array(rows.file, dtype=np.int64)
    annotated = np.flatnonzero(files != NO_FILE)
    part = Part(
        sources=tuple(map(_source, chosen)),
        ids=list(rows.ids),
        file_names=rows.file_names,
        sizes=np.concatenate(rows.sizes),
        declared=np.concatenate(rows.declared),
        traits=np.concatenate(rows.traits),
        splits=rows.splits,
        # Files were read in the order of the images, so the boxes are in that order, too.
        boxes=Boxes(
            image=np.repeat(annotated, columns.counts[files[annotated]]),
            annotation_ids=None,
            category=columns.category,
            xyxy=columns.xyxy + np.asarray(options.voc_offset, dtype=np.float64),
            crowd=np.zeros(len(columns.category), dtype=np.bool_),
            difficult=columns.difficult,
            traits=columns.traits,
        ),
        categories=classes_by_name(columns.names),
        source=np.array(rows.source, dtype=np.int64),
        findings=rows.findings,
        notes=[*rows.notes],
        opened=rows.opened,
    )
    recognised = f"Pascal VOC: {detection.reason}"
    splits = _splits(chosen, rows)
    return join(
        detection,
        [part],
        recognised=recognised,
        splits=splits,
        counts_from_one=True,
        in_pixels=True,
        offset=options.voc_offset,
    )


def _source(membership: Memberships) -> Source:
    part = membership.members.part
    images = part.images if membership.members.images else None
    return Source(part.annotations, part.name, images, "object", ".xml")


def _require_annotations(columns: Columns, unread: Sequence[Finding], root: Path) -> None:
    """Raise AnchorauditError if there are XML files, but none is a readable annotation."""
    total = len(columns.status) + len(unread)
    if total and READ not in columns.status:
        first = [*columns.findings, *unread][0]
        raise AnchorauditError(
            f"none of the {total} XML files is a readable Pascal VOC annotation",
            path=root,
            details=[f"The first, {Path(first.path).name}: {first.message}."],
            remedy="Name the folder that holds the annotations, or fix the files.",
        )


def _splits(chosen: Sequence[Memberships], rows: Rows) -> tuple[str, ...]:
    """Return the splits that were asked for or have an image, in order."""
    met = set(rows.splits)
    named = (name for membership in chosen for name in membership.split_names())
    return tuple(dict.fromkeys(name for name, asked in named if asked or name in met))
