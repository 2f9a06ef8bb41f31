"""Turns the rows of table files into columns over images and boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import Note, Part, class_codes, classes_by_name, join
from anchoraudit.formats.table.boxes import read_boxes
from anchoraudit.formats.table.class_list import find_class_list, report_unlisted
from anchoraudit.formats.table.columns import Texts
from anchoraudit.formats.table.deciding import DECIDING, meaning_of, with_meaning
from anchoraudit.formats.table.folders import other_tables
from anchoraudit.formats.table.images import read_images, splits_in
from anchoraudit.formats.table.rows import Rows
from anchoraudit.formats.table.shards import read_shards
from anchoraudit.formats.table.table_file import read_rows


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read `files`, each with the name of its split; "" if the rows may name it.

    Raises AnchorauditError as `table.read` does.
    """
    chosen = [(f, split) for f, split in files if not (split and options.splits) or split in options.splits]
    return assemble_rows(
        detection, options, [(read_rows(file, asked=options.columns), split) for file, split in chosen], files
    )


def assemble_shards(
    detection: Detection, options: ReadOptions, groups: Sequence[tuple[Sequence[Path], str]]
) -> Dataset:
    """Read tables of many files. groups: the files of a split, and its name; "" if the rows may name it.

    Raises AnchorauditError as `table.read` does.
    """
    chosen = [
        (files, split) for files, split in groups if not (split and options.splits) or split in options.splits
    ]
    tables: list[tuple[Rows, str]] = []
    lost: list[Finding] = []  # of splits of which no file can be read
    first: AnchorauditError | None = None
    for files, split in chosen:
        rows, findings, failed = read_shards(detection.path, files, options.columns)
        if rows is not None:
            tables.append((rows, split))
        else:
            lost, first = [*lost, *findings], first or failed
    if not tables and first is not None:
        raise first
    dataset = assemble_rows(detection, options, tables, [(detection.path, split) for _, split in groups])
    dataset.findings += lost
    return dataset


def assemble_rows(
    detection: Detection,
    options: ReadOptions,
    tables: Sequence[tuple[Rows, str]],
    files: Sequence[tuple[Path, str]],
    *,
    is_part: bool = False,
) -> Dataset:
    """Turn the rows of tables into a data set. tables: each with its split, "" if the rows may name it.

    files: all files, read or not, with their splits. is_part: there are more rows, which may name other
    splits.
    """
    if not is_part:
        known = [name for rows, split in tables for name in ([split] if split else splits_in(rows))]
        require_known_splits(options.splits, known or [split for _, split in files], detection.path)
        tables = [(decided(rows, split, options), split) for rows, split in tables]
    parts: list[Part] = []
    labels: list[Texts] = []
    for rows, split in tables:
        part, own = _part(rows, split, options)
        parts.append(part)
        labels.append(own)
    declared = find_class_list([rows.path for rows, _ in tables if rows.dialect.lists_classes])
    listed = [] if declared is None else [entry.name.text for entry in declared.entries]
    listed += [name for rows, _ in tables for name in rows.classes]
    categories = classes_by_name(chain(chain.from_iterable(own.names for own in labels), listed))
    for part, own in zip(parts, labels, strict=True):
        part.categories = categories
        part.boxes.category = class_codes(own.names, categories)[own.codes]
    rows_read = sum(rows.in_file for rows, _ in tables)
    said = recognised(detection, rows_read, [rows for rows, _ in tables])
    dataset = join(detection, parts, recognised=said)
    dataset.unread, dataset.notes = detection.unread, [*dataset.notes, *detection.notes]
    if not detection.files:
        dataset.notes += other_tables(detection.path, [file for file, _ in files])
    dataset.columns = options.columns
    dataset.has_rows = not is_part and all(source.path.is_file() for source in dataset.sources)
    if declared is not None:
        dataset.declared_classes = declared
        dataset.notes.append(f"class ids from {printable(declared.path)}")
        if declared.broken is None:
            dataset.findings += report_unlisted(declared, _labels_with_places(parts, labels))
    return dataset


def decided(rows: Rows, split: str, options: ReadOptions) -> Rows:
    """Return rows with what their boxes mean, where no name says it: the first boxes of the table decide."""
    if not rows.dialect.is_assumed or not len(rows):
        return rows
    first = replace(rows.take(np.arange(min(len(rows), DECIDING))), findings=[])
    dataset = join(Detection("", rows.path, ""), [_part(first, split, options)[0]], recognised="")
    return with_meaning(rows, *meaning_of(dataset))


def recognised(detection: Detection, rows: int, tables: Sequence[Rows]) -> str:
    """Say what the data set was recognised as. rows: how many the tables have."""
    makes = " and ".join(printable(make) for make in dict.fromkeys(own.dialect.name for own in tables))
    return f"table: {detection.reason}, {rows:,} rows, {makes}"


def _labels_with_places(parts: Sequence[Part], labels: Sequence[Texts]) -> Iterator[tuple[str, str, str]]:
    for part, own in zip(parts, labels, strict=True):
        (source,) = part.sources
        assert part.boxes.entry is not None  # tables have rows
        for code, at in zip(own.codes.tolist(), part.boxes.entry.tolist(), strict=True):
            yield own.names[code], str(source.path), source.place_of_box(at, -1)


def _part(rows: Rows, split: str, options: ReadOptions) -> tuple[Part, Texts]:
    """Return rows, whose numbers are used up, as columns without classes, and the names of their classes."""
    images = read_images(rows, split, () if split else options.splits, options.image_folder)
    for name in ("width", "height"):  # of many rows they are much, and nobody needs them any more
        rows.numbers.pop(name, None)
    read = read_boxes(rows, images)
    part = Part(
        sources=(rows.source(split, images.folder),),
        ids=list(images.ids),
        file_names=images.file_names,
        sizes=images.sizes,
        splits=images.splits,
        boxes=read.boxes,
        categories=(),
        measured=images.measured,
        entry=images.entry,
        convention=rows.dialect.convention,
        findings=[*rows.findings, *images.findings, *read.findings],
        notes=[*images.notes, *(_note(rows.path, words) for words in (*rows.dialect.notes, *rows.notes))],
        opened=images.opened,
        row=images.row,
    )
    return part, read.labels


def _note(path: Path, words: str) -> Note:
    return Note(printable(path), f"{printable(path)}: {words}", words)
