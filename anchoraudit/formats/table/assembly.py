"""Turns the rows of table files into columns over images and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.errors import printable
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import Part, class_codes, classes_by_name, join
from anchoraudit.formats.table.boxes import TableBoxes, read_boxes
from anchoraudit.formats.table.images import TableImages, read_images, splits_in
from anchoraudit.formats.table.rows import Rows, read_rows


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read `files`, each with the name of its split; "" if the rows may name it.

    Raises AnchorauditError as `table.read` does.
    """
    chosen = [(f, split) for f, split in files if not (split and options.splits) or split in options.splits]
    tables = [(read_rows(file), split) for file, split in chosen]
    known = [name for rows, split in tables for name in ([split] if split else splits_in(rows))]
    require_known_splits(options.splits, known or [split for _, split in files], detection.path)
    parts: list[Part] = []
    labels: list[list[str]] = []
    for rows, split in tables:
        images = read_images(rows, split, () if split else options.splits, options.image_folder)
        boxes = read_boxes(rows, images)
        labels.append(boxes.labels)
        parts.append(_part(rows, split, images, boxes))
    categories = classes_by_name(chain.from_iterable(labels))
    for part, own in zip(parts, labels, strict=True):
        part.categories, part.boxes.category = categories, class_codes(own, categories)
    rows_read = sum(len(rows) for rows, _ in tables)
    makes = " and ".join(printable(make) for make in dict.fromkeys(rows.dialect.name for rows, _ in tables))
    return join(detection, parts, recognised=f"table: {detection.reason}, {rows_read:,} rows, {makes}")


def _part(rows: Rows, split: str, images: TableImages, read: TableBoxes) -> Part:
    return Part(
        sources=(Source(rows.path, split, images.folder, rows.item),),
        ids=list(images.ids),
        file_names=images.file_names,
        sizes=images.sizes,
        splits=images.splits,
        boxes=read.boxes,
        categories=(),
        measured=images.measured,
        findings=[*rows.findings, *images.findings, *read.findings],
        notes=images.notes,
    )
