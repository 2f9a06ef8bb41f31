"""A data set of table files put together: rows to columns over images and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anchoraudit.dataset import Boxes, Category, Dataset, Images, Source
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.table.boxes import TableBoxes, read_boxes
from anchoraudit.formats.table.images import Remarks, TableImages, read_images, splits_in
from anchoraudit.formats.table.rows import Rows, read_rows


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read `files`, each with the name of its split, "" where rows may name it.

    Raises AnchorauditError as `table.read` says.
    """
    chosen = [(f, split) for f, split in files if not (split and options.splits) or split in options.splits]
    tables = [(read_rows(file), split) for file, split in chosen]
    known = [name for rows, split in tables for name in ([split] if split else splits_in(rows))]
    _require_known(detection.path, options.splits, known or [split for _, split in files])
    remarks = Remarks([], [])
    parts: list[tuple[Source, TableImages, TableBoxes]] = []
    for rows, split in tables:
        remarks.findings += rows.findings
        images = read_images(rows, split, () if split else options.splits, options.image_folder, remarks)
        boxes = read_boxes(rows, images, remarks.findings)
        parts.append((Source(rows.path, split, images.folder, rows.item), images, boxes))
    return _joined(detection, tables, parts, remarks)


def _require_known(path: Path, wanted: Sequence[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            named = ", ".join(printable(split) for split in dict.fromkeys(known) if split)
            remedy = f"Choose from: {named}." if named else "This data set has no splits."
            raise AnchorauditError(f"unknown split {name!r}", path=path, remedy=remedy)


def _joined(
    detection: Detection,
    tables: Sequence[tuple[Rows, str]],
    parts: Sequence[tuple[Source, TableImages, TableBoxes]],
    remarks: Remarks,
) -> Dataset:
    """Put the files' columns one after the other."""
    splits = tuple(dict.fromkeys(split for _, images, _ in parts for split in images.splits)) or ("",)
    names = sorted({label for *_, boxes in parts for label in boxes.label if label})
    code = {name: number for number, name in enumerate(names)}
    offsets = np.cumsum([0, *(len(images.ids) for _, images, _ in parts)])
    sizes = np.concatenate([np.empty((0, 2)), *(images.sizes for _, images, _ in parts)])
    source = [np.full(len(images.ids), number, dtype=np.int64) for number, (_, images, _) in enumerate(parts)]
    none = np.empty(0, dtype=np.int64)
    image = np.concatenate([none, *(boxes.image + offsets[n] for n, (*_, boxes) in enumerate(parts))])
    rows = sum(map(len, (rows for rows, _ in tables)))
    makes = dict.fromkeys(rows.dialect.name for rows, _ in tables)
    return Dataset(
        root=detection.path,
        format=detection.format,
        recognised=f"table: {detection.reason}, {rows:,} rows, {' and '.join(map(printable, makes))}",
        sources=tuple(source for source, *_ in parts),
        splits=splits,
        images=Images(
            ids=[i for _, images, _ in parts for i in images.ids],
            file_names=[name for _, images, _ in parts for name in images.file_names],
            width=sizes[:, 0].copy(),
            height=sizes[:, 1].copy(),
            split=np.array(
                [splits.index(s) for _, images, _ in parts for s in images.splits], dtype=np.int64
            ),
            source=np.concatenate([none, *source]),
            measured=np.concatenate([np.empty(0, dtype=np.bool_), *(i.measured for _, i, _ in parts)]),
        ),
        boxes=Boxes(
            image=image,
            annotation_ids=None,
            category=np.array([code.get(label, -1) for *_, b in parts for label in b.label], dtype=np.int64),
            xyxy=np.concatenate([np.empty((0, 4)), *(boxes.xyxy for *_, boxes in parts)]),
            crowd=np.zeros(len(image), dtype=np.bool_),
            difficult=np.zeros(len(image), dtype=np.bool_),
            entry=np.concatenate([none, *(boxes.entry for *_, boxes in parts)]),
        ),
        categories=tuple(Category(number, name) for number, name in enumerate(names, 1)),
        findings=remarks.findings,
        notes=remarks.notes,
    )
