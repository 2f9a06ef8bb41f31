"""Labelbox by labelformat: its export v2, with a JSON object on a line for each image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anchoraudit.formats._builder import ImageRow, Remarks
from anchoraudit.formats.labelformat.library import At, errors_at, joined_names, library, row_of
from anchoraudit.io import json_text, unchanged

_KEYS = ("global_key", "external_id", "id")  # they may name the image file; the order is that of labelformat
_NO_FILE_NAME = re.compile(r'[\\/*?:"<>|]')  # characters that labelformat does not accept in file names
_BOX = "ImageBoundingBox"


def read_labelbox(path: Path, remarks: Remarks) -> list[ImageRow]:
    """Return the images of a file. Raises AnchorauditError if the library cannot read it."""
    formats, own = library("formats"), library("formats.labelbox")
    rows = _rows(path)
    kinds = [(kind, name) for row in rows for kind, name in _objects(row)]
    remarks.classes += sorted({name for kind, name in kinds if kind == _BOX})
    if others := sum(kind != _BOX for kind, _ in kinds):
        remarks.notes.append(f"{others:,} objects that are not boxes are not read")
    images: list[ImageRow] = []
    at = At(path)
    with errors_at(at):
        key = own.FilenameKeyOption(_key(rows))
        reader = formats.LabelboxObjectDetectionInput(path, joined_names(remarks.classes, path), key)
        at.place = "line 1"
        for number, one in enumerate(reader.get_labels()):
            images.append(row_of(one.image, one.objects, number))
            at.place = f"line {number + 2}"
    return images


def _rows(path: Path) -> list[Any]:
    data = json_text.without_mark(path, unchanged.read_input(path, remedy=json_text.REMEDY)[0])
    json_text.require_utf8(path, data)
    lines = enumerate(data.splitlines(), 1)
    return [json_text.parse(line.decode("utf-8"), path, line=number) for number, line in lines]


def _objects(row: Any) -> Iterator[tuple[str, str]]:
    """Yield kind and class of each object. Unusual structures are skipped: the library judges them."""
    projects = row.get("projects") if isinstance(row, dict) else None
    for project in projects.values() if isinstance(projects, dict) else ():
        labels = project.get("labels") if isinstance(project, dict) else None
        for label in labels if isinstance(labels, list) else ():
            annotations = label.get("annotations") if isinstance(label, dict) else None
            objects = annotations.get("objects") if isinstance(annotations, dict) else None
            for one in objects if isinstance(objects, list) else ():
                if isinstance(one, dict) and isinstance(one.get("name"), str):
                    yield str(one.get("annotation_kind")), one["name"]


def _key(rows: list[Any]) -> str:
    """Return the key that names a file in every row. If none does, the first, and the library reports why."""
    entries = [row.get("data_row") if isinstance(row, dict) else None for row in rows]
    named = [entry for entry in entries if isinstance(entry, dict)]
    for key in _KEYS:
        values = [entry.get(key) for entry in named]
        if all(isinstance(value, str) and value and not _NO_FILE_NAME.search(value) for value in values):
            return key
    return _KEYS[0]
