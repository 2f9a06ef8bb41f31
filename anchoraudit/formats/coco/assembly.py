"""Joins the files of a COCO data set, one for each split, to columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Flags, Ids, ImageId, Source
from anchoraudit.dataset.conventions import XYWH
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats import Detection, ReadOptions, require_memory
from anchoraudit.formats._builder import Part, join
from anchoraudit.formats._repeats import without_repeats
from anchoraudit.formats.coco.annotations import AnnotationColumns
from anchoraudit.formats.coco.chunks import decode_in_chunks
from anchoraudit.formats.coco.entries import CategoryEntry, Entries, decode
from anchoraudit.formats.coco.estimates import least_in_one_piece
from anchoraudit.formats.coco.ids import positions, repeated
from anchoraudit.formats.coco.images import add_images, append_unlisted, folder_by_last_parts, folders_of
from anchoraudit.formats.coco.lvis import lvis_note
from anchoraudit.images.found import folder_of
from anchoraudit.io import json_text, unchanged
from anchoraudit.io.files import size_of
from anchoraudit.io.memory import without_garbage_collection
from anchoraudit.io.steps import step

_DECODED_IN_SECONDS = 200_000_000  # bytes: the decoder holds the interpreter, so nothing is shown meanwhile
_IN_ONE_PIECE = "an entry of it is unusual, so it is decoded in one piece. That takes"
_MORE_MEMORY = "Read it where more memory is free, or read one split at a time with --split."


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read the files of a data set, each with the name of its split.

    Raises AnchorauditError if one of them is not a COCO file.
    """
    without_info: list[Path] = []
    parts = [_read(file, split, options.image_folder, without_info) for file, split in files]
    splits = [split for _, split in files]
    if not options.splits:  # who names splits wants them
        counted, repeats = without_repeats(parts)
        parts = [parts[number] for number in counted]
        splits = [splits[number] for number in counted]
        parts[0].findings += repeats
    if options.unlisted:
        _append_unlisted(parts)
    dataset = joined(detection, parts, splits)
    dataset.without_info = tuple(without_info)
    return dataset


def joined(
    detection: Detection, parts: Sequence[Part], splits: Sequence[str], *, has_entries: bool = True
) -> Dataset:
    """Join files, or parts of them, to a data set. splits: the names of all splits.

    has_entries: as in `Dataset`; False for what is in memory.
    """
    return join(
        detection,
        parts,
        recognised=f"COCO: {detection.reason}",
        splits=splits,
        has_entries=has_entries,
        declares_ids=True,
        in_pixels=True,
    )


def _append_unlisted(parts: Sequence[Part]) -> None:
    """Add images on disk that none of the files lists. Splits may share an image folder."""
    for folder in dict.fromkeys(part.sources[0].image_folder for part in parts):
        sharing = [part for part in parts if part.sources[0].image_folder == folder]
        append_unlisted(sharing[0], {name for part in sharing for name in part.file_names})


def _read(file: Path, split: str, image_folder: Path | None, without_info: list[Path]) -> Part:
    """Read one file as columns with its own indices. Adds it to `without_info` if it lacks that."""
    with without_garbage_collection():
        entries = _entries(file)
        if not entries.has_info and len(entries.annotations.entry):
            without_info.append(file)
        names = entries.images.names
        folder = image_folder or folder_of(names, file, split, folders_of(file, split))
        other = folder_by_last_parts(file, split, names) if folder is None else None
        source = Source(file, split, folder, reading=entries.reading)
        return assembled_part(entries, source, other)


def assembled_part(entries: Entries, source: Source, other: Path | None) -> Part:
    """Turn all entries of one file into columns, and report its problems.

    other: the folder that `folder_by_last_parts` returns, where the source has none.
    """
    file = source.path
    part = part_of(source, entries, other)
    annotations = entries.annotations
    met = unknown_categories(part.boxes.category, annotations.category_ids, annotations.entry)
    part.findings += [unknown_finding(file, *each) for each in met]
    part.notes += lvis_note(file, entries.images.lvis)
    drop_strays(part)
    return part


def part_of(source: Source, entries: Entries, other: Path | None) -> Part:
    """Turn entries of one file into columns with indices of their own, and report problems of single ones.

    other: the folder that `folder_by_last_parts` returns, where the source has none. Annotations of images
    that are not among the entries are still there, with the index -1.
    """
    part = _columns(source, entries)
    add_images(part, entries, other)
    _report_annotations(part, entries.annotations)
    return part


def _entries(file: Path) -> Entries:
    step("reading annotations", holds=size_of(file) > _DECODED_IN_SECONDS)
    if (found := decode_in_chunks(file)) is not None:
        assert found.reading is not None
        unchanged.note(file, found.reading)
        return found
    require_memory(file, least_in_one_piece(file), _IN_ONE_PIECE, _MORE_MEMORY)
    data, reading = unchanged.read_input(file, remedy=json_text.REMEDY)
    found = decode(file, json_text.without_mark(file, data))
    found.reading = reading
    return found


def _columns(source: Source, entries: Entries) -> Part:
    images, annotations = entries.images, entries.annotations
    at = entries.image_positions
    category = positions([category.id for category in entries.categories], annotations.category_ids)
    return Part(
        sources=(source,),
        ids=images.ids,
        file_names=images.names,
        sizes=images.declared.copy(order="C"),
        splits=source.split,
        boxes=Boxes(
            image=positions(images.ids, annotations.image_ids),
            annotation_ids=annotations.ids,
            category=category,
            xyxy=annotations.xyxy,
            crowd=annotations.crowd,
            difficult=annotations.difficult,
            entry=annotations.entry,
            area=annotations.area,
            traits=annotations.traits,
            class_texts=_unknown_classes(category, annotations),
        ),
        categories=classes_of(entries.categories),
        entry=np.arange(len(images)) if at is None else np.asarray(at, dtype=np.int64),
        declared=images.declared,
        traits=_image_traits(entries),
        convention=XYWH,
        findings=list(entries.findings),
        notes=list(entries.notes),
    )


def classes_of(categories: Sequence[CategoryEntry]) -> list[Category]:
    """Return the classes that a file declares."""
    return [
        Category(one.id, one.name, one.supercategory if isinstance(one.supercategory, str) else "")
        for one in categories
    ]


def _unknown_classes(category: Int, annotations: AnnotationColumns) -> dict[int, str]:
    """Return, by row, the category ids that are not in `categories`, as JSON. A missing one has no text."""
    rows = np.flatnonzero(category < 0)
    met = annotations.category_ids[rows].tolist()
    text = {identity: json.dumps(identity, ensure_ascii=False) for identity in set(met) - {""}}
    return {row: text[identity] for row, identity in zip(rows.tolist(), met, strict=True) if identity != ""}


def _image_traits(entries: Entries) -> Flags:
    traits = entries.images.traits
    at = entries.image_positions or []  # without them, no entry was read value by value
    for position, trait in entries.image_traits.items():
        traits[np.searchsorted(at, position)] |= np.uint32(trait)
    return traits


def drop_strays(part: Part) -> None:
    """Drop the boxes of images that are not listed. They have been reported."""
    listed = part.boxes.image >= 0
    if not listed.all():
        part.boxes = part.boxes.take(np.flatnonzero(listed))


def _report_annotations(part: Part, annotations: AnnotationColumns) -> None:
    path, image = str(part.sources[0].path), part.boxes.image
    rows = np.flatnonzero(image < 0).tolist()
    stray = _stray_words(part, rows)
    unknown = (("SET003", i, "image_id", (met := annotations.image_ids[i]), stray(met)) for i in rows)
    again = (
        ("SET002", i, "id", annotations.ids[i], "annotation id {!r} was used before")
        for i in repeated(annotations.ids)
        if annotations.ids[i] != ""
    )
    for code, i, key, value, words in (*unknown, *again):
        plain = value.item() if isinstance(value, np.generic) else value
        place = f"annotations[{annotations.entry[i]}].{key}"
        part.findings.append(Finding(code, words.format(plain), path, place, repr(plain)))


def _stray_words(part: Part, rows: Sequence[int]) -> Callable[[Any], str]:
    """Return what is said of an image id that `images` does not have, with {!r} for the id.

    rows: the annotations with such an id; the ids of the images are looked at only if there are any.
    """
    words = "annotation of image {!r}, which is not in `images`"
    texts = {str(identity) for identity in part.ids} if rows else set()

    def tell(met: Any) -> str:
        if str(met) not in texts:
            return words
        here, there = ("a text", "a number") if isinstance(met, str) else ("a number", "a text")
        return f"{words}: here it is {here}, there {there}; write both alike"

    return tell


def unknown_categories(category: Int, category_ids: Ids, entry: Int) -> list[tuple[ImageId, int, int]]:
    """Return the category ids of annotations that are not in `categories`, in the order of the file.

    Each with the number of its annotations and the position of the first one. category, entry: int64 [M], the
    index of the class, -1 without one, and the position in the file's list.
    """
    rows = np.flatnonzero(category < 0)
    met = Counter(category_ids[rows].tolist())
    first = dict(zip(category_ids[rows[::-1]].tolist(), rows[::-1].tolist(), strict=True))
    return [
        (identity, number, int(entry[first[identity]]))
        for identity, number in met.items()
        if identity != ""  # "" is a missing id
    ]


def unknown_finding(path: Path, identity: ImageId, number: int, first: int) -> Finding:
    """Return the finding for one that `unknown_categories` returned."""
    message = f"category id {identity!r} of {number:,} annotations is not in `categories`"
    place = f"annotations[{first}].category_id"
    return Finding("CLS001", message, str(path), place, repr(identity), f"category {identity!r}")
