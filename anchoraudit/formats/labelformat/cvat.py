"""CVAT for images 1.1 by labelformat: one XML file, `<image>` elements with `<box>` elements."""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import ImageRow, Remarks
from anchoraudit.formats._doctype import has_document_type
from anchoraudit.formats.labelformat.library import At, errors_at, library, row_of
from anchoraudit.io.files import read_input
from anchoraudit.io.unchanged import note

_OTHER = re.compile(rb"<(polygon|polyline|points|mask|ellipse|cuboid|skeleton)[\s>]")
# No tag has a `<` inside, so that a search from each of many `<box` ends at the next one.
_TURNED = re.compile(rb"<box[^<>]*?\srotation=\"(?!0*+\.?+0*+\")")


def read_cvat(path: Path, remarks: Remarks) -> list[ImageRow]:
    """Return the images of a file. Raises AnchorauditError if the library cannot read it."""
    formats = library("formats")
    data = read_input(path)
    note(path, data)
    if has_document_type(data):
        raise AnchorauditError(
            "the file declares a document type (<!DOCTYPE>), so it was not read",
            path=path,
            remedy="Remove the declaration: entities can expand without limit, and annotations need none.",
        )
    with errors_at(At(path)):
        reader = formats.CVATObjectDetectionInput(path)
        remarks.classes += [str(category.name) for category in reader.get_categories()]
        images = [row_of(one.image, one.objects) for one in reader.get_labels()]
    if other := len(_OTHER.findall(data)):
        remarks.notes.append(
            f"{other:,} polygons, masks and the like are not read: labelformat reads only <box>"
        )
    if turned := len(_TURNED.findall(data)):
        remarks.notes.append(f"{turned:,} boxes are rotated, but labelformat ignores the rotation")
    return images
