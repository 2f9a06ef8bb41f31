"""A COCO data set put together: the files of its splits, to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.dataset import Boxes, Category, Dataset, Images, Int, Source
from anchoraudit.findings import Finding
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._json_text import read_bytes
from anchoraudit.formats._memory import without_garbage_collection
from anchoraudit.formats.coco.annotations import AnnotationColumns
from anchoraudit.formats.coco.entries import CategoryEntry, Entries, decode
from anchoraudit.formats.coco.halves import decode_in_halves
from anchoraudit.formats.coco.ids import positions, repeated
from anchoraudit.formats.coco.images import append_unlisted, images_of
from anchoraudit.pictures.found import find_folder, usual_folders


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read the files of a data set, each with the name of its split.

    Raises AnchorauditError if one of them is no COCO file.
    """
    parts = [_Part.read(file, split, options.image_folder) for file, split in files]
    if options.unlisted:
        _append_unlisted(parts)
    return _join(detection, parts)


def _append_unlisted(parts: Sequence[_Part]) -> None:
    """Add what lies in the image folders and is in none of the files; splits may share a folder."""
    for folder in dict.fromkeys(part.source.image_folder for part in parts):
        sharing = [part for part in parts if part.source.image_folder == folder]
        listed = {name for part in sharing for name in part.images.file_names}
        append_unlisted(sharing[0].images, sharing[0].source, listed, sharing[0].notes)


class _Part:
    """One file, as columns with its own indices."""

    def __init__(self, source: Source, entries: Entries) -> None:
        self.source = source
        self.findings = list(entries.findings)
        self.notes = list(entries.notes)
        self.categories = entries.categories
        self.images = images_of(entries, source, self.findings, self.notes)
        self.boxes = self._boxes_of(entries.annotations)

    @classmethod
    def read(cls, file: Path, split: str, image_folder: Path | None) -> _Part:
        with without_garbage_collection():
            entries = decode_in_halves(file) or decode(file, read_bytes(file))
            names = [image.file_name for image in entries.images]
            folder = image_folder or find_folder(names, usual_folders(file, split))
            return cls(Source(file, split, folder), entries)

    def _boxes_of(self, annotations: AnnotationColumns) -> Boxes:
        image = positions(self.images.ids, annotations.image_ids)
        boxes = Boxes(
            image=image,
            annotation_ids=annotations.ids,
            category=positions([category.id for category in self.categories], annotations.category_ids),
            xyxy=annotations.xyxy,
            crowd=annotations.crowd,
            difficult=annotations.difficult,
            entry=annotations.entry,
            area=annotations.area,
        )
        self._report_annotations(annotations, image)
        self._report_categories(annotations, boxes.category)
        return boxes if bool(np.all(image >= 0)) else boxes.take(np.flatnonzero(image >= 0))

    def _report_annotations(self, annotations: AnnotationColumns, image: Int) -> None:
        unknown = (
            (
                "SET003",
                i,
                "image_id",
                annotations.image_ids[i],
                "annotation of image {!r}, which is not in `images`",
            )
            for i in np.flatnonzero(image < 0).tolist()
        )
        again = (
            ("SET002", i, "id", annotations.ids[i], "annotation id {!r} was used before")
            for i in repeated(annotations.ids)
            if annotations.ids[i] != ""
        )
        for code, i, key, value, words in (*unknown, *again):
            plain = value.item() if isinstance(value, np.generic) else value
            place = f"annotations[{annotations.entry[i]}].{key}"
            self.findings.append(
                Finding(code, words.format(plain), str(self.source.path), place, repr(plain))
            )

    def _report_categories(self, annotations: AnnotationColumns, category: Int) -> None:
        """Report each category id that annotations have and `categories` has not, once."""
        rows = np.flatnonzero(category < 0)
        met = Counter(annotations.category_ids[rows].tolist())
        first = dict(zip(annotations.category_ids[rows[::-1]].tolist(), rows[::-1].tolist(), strict=True))
        for identity, number in met.items():
            if identity != "":  # none at all
                message = f"category id {identity!r} of {number:,} annotations is not in `categories`"
                place = f"annotations[{annotations.entry[first[identity]]}].category_id"
                thing = f"category {identity!r}"
                self.findings.append(
                    Finding("CLS001", message, str(self.source.path), place, repr(identity), thing)
                )


def _join(detection: Detection, parts: list[_Part]) -> Dataset:
    """Put the splits' columns one after the other, with the categories they share."""
    categories: dict[tuple[Any, str], int] = {}
    for part in parts:
        for category in part.categories:
            categories.setdefault((category.id, category.name), len(categories))
    offsets = np.cumsum([0, *(len(part.images) for part in parts)])
    numbered = list(enumerate(parts))
    images = Images(
        ids=[i for part in parts for i in part.images.ids],
        file_names=[name for part in parts for name in part.images.file_names],
        width=_concatenated([part.images.width for part in parts]),
        height=_concatenated([part.images.height for part in parts]),
        split=_concatenated([np.full(len(part.images), i) for i, part in numbered]),
        source=_concatenated([np.full(len(part.images), i) for i, part in numbered]),
        entry=_concatenated([part.images.entry for part in parts]),
        measured=_concatenated([part.images.measured for part in parts]),
    )
    boxes = Boxes(
        image=_concatenated([part.boxes.image + offsets[i] for i, part in numbered]),
        annotation_ids=_concatenated([part.boxes.annotation_ids for part in parts]),
        category=_concatenated([_shared_codes(part, categories) for part in parts]),
        xyxy=_concatenated([part.boxes.xyxy for part in parts]),
        crowd=_concatenated([part.boxes.crowd for part in parts]),
        difficult=_concatenated([part.boxes.difficult for part in parts]),
        entry=_concatenated([part.boxes.entry for part in parts]),
        area=_concatenated([part.boxes.area for part in parts]),
    )
    return Dataset(
        root=detection.path,
        format=detection.format,
        recognised=f"COCO: {detection.reason}",
        sources=tuple(part.source for part in parts),
        splits=tuple(part.source.split for part in parts),
        images=images,
        boxes=boxes,
        categories=tuple(Category(identity, name) for identity, name in categories),
        findings=[finding for part in parts for finding in part.findings],
        notes=[note for part in parts for note in part.notes],
        has_entries=True,
        declares_ids=True,
        in_pixels=True,
    )


def _shared_codes(part: _Part, categories: dict[tuple[Any, str], int]) -> Int:
    own: list[CategoryEntry] = part.categories
    table = np.array([*(categories[category.id, category.name] for category in own), -1], dtype=np.int64)
    return table[part.boxes.category]


def _concatenated(columns: list[Any]) -> Any:
    """One column of several; the column itself where there is one, since copies of long ones cost."""
    return columns[0] if len(columns) == 1 else np.concatenate(columns)
