"""CVAT for images 1.1 by labelformat: one XML file, `<image>` elements with `<box>` elements."""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.files import read_input
from anchoraudit.formats._doctype import has_document_type
from anchoraudit.formats.labelformat.library import At, Labelled, blamed, library

_OTHER = re.compile(rb"<(polygon|polyline|points|mask|ellipse|cuboid|skeleton)[\s>]")
_TURNED = re.compile(rb"<box[^>]*\srotation=\"(?!0*\.?0*\")")


def read_cvat(path: Path) -> tuple[list[Labelled], list[str], list[str]]:
    """Return images, class names and notes. Raises AnchorauditError."""
    formats = library("formats")
    data = read_input(path)
    if has_document_type(data):
        raise AnchorauditError(
            "the file declares a document type (<!DOCTYPE>), so it was not read",
            path=path,
            remedy="Remove it: declarations can expand without bound, and annotations need none.",
        )
    images: list[Labelled] = []
    boxes = 0
    with blamed(At(path)):
        reader = formats.CVATObjectDetectionInput(path)
        names = [str(category.name) for category in reader.get_categories()]
        for one in reader.get_labels():
            images.append(Labelled.of(one.image, one.objects, boxes))
            boxes += len(one.objects)
    notes = []
    if other := len(_OTHER.findall(data)):
        notes.append(f"{other:,} polygons, masks and the like are not read: labelformat takes <box> only")
    if turned := len(_TURNED.findall(data)):
        notes.append(f"{turned:,} boxes are rotated; labelformat takes them as if they were not")
    return images, names, notes
