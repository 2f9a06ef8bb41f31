"""`cvat`: an XML file of "CVAT for images 1.1", and the labels that the task needs for it.

CVAT takes annotations into a task that has the images and the labels already: tags are labels of the type
`tag`, and `labels.json` is what its label editor takes under "Raw". Old versions take the `id` of an image
for its number in the task, newer ones look for its name (cvat/apps/dataset_manager/formats/cvat.py). So
images are numbered in the order of their names, which is the order in which CVAT sorts the images of a
task.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from anchoraudit.errors import printable
from anchoraudit.report.exports._flagged import Flagged, OneBox, OneImage

NAME = "cvat"
HOW = (
    "In CVAT, make a task of these images, paste {folder}/labels.json as its raw labels, and upload "
    "{folder}/annotations.xml as `CVAT 1.1`."
)
WITHOUT_SIZE: Final = "image"
_UNNAMED = "(no class)"
_ATTRIBUTES = ("status", "cause", "best_iou")


def files(flagged: Flagged) -> dict[str, Iterator[str]]:
    """Return annotations.xml and labels.json."""
    return {"annotations.xml": _annotations(flagged), "labels.json": _labels(flagged)}


def _annotations(flagged: Flagged) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield f"  <meta>\n    <task>\n      <size>{len(flagged.images)}</size>\n      <labels>\n"
    attributes = "".join(
        f"<attribute><name>{name}</name><mutable>False</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
        for name in _ATTRIBUTES
    )
    for label in flagged.labels:
        yield (
            f"        <label><name>{escape(_name(label))}</name><type>rectangle</type>"
            f"<attributes>{attributes}</attributes></label>\n"
        )
    for tag in flagged.tags:
        yield f"        <label><name>{escape(printable(tag))}</name><type>tag</type><attributes/></label>\n"
    yield "      </labels>\n    </task>\n  </meta>\n"
    for number, image in enumerate(sorted(flagged, key=lambda image: image.file_name)):
        yield from _image(image, number)
    yield "</annotations>\n"


def _image(image: OneImage, number: int) -> Iterator[str]:
    name = quoteattr(printable(image.file_name))
    yield f'  <image id="{number}" name={name} width="{image.width:.0f}" height="{image.height:.0f}">\n'
    for tag in image.tags:
        yield f'    <tag label={quoteattr(printable(tag))} source="manual"></tag>\n'
    for box in image.boxes:
        yield _box(box)
    yield "  </image>\n"


def _box(box: OneBox) -> str:
    corners = zip(("xtl", "ytl", "xbr", "ybr"), box.xyxy, strict=True)
    where = " ".join(f'{name}="{value:.10g}"' for name, value in corners)
    best = "" if box.best_iou is None else f"{box.best_iou:g}"
    values = zip(_ATTRIBUTES, (box.status or "not_usable", box.cause, best), strict=True)
    attributes = "".join(f'<attribute name="{name}">{value}</attribute>' for name, value in values)
    label = quoteattr(_name(box.label))
    return f'    <box label={label} source="manual" occluded="0" {where} z_order="0">{attributes}</box>\n'


def _labels(flagged: Flagged) -> Iterator[str]:
    attributes = [
        {"name": name, "mutable": False, "input_type": "text", "default_value": "", "values": [""]}
        for name in _ATTRIBUTES
    ]
    labels = [
        {"name": _name(label), "type": "rectangle", "attributes": attributes} for label in flagged.labels
    ]
    tags = [{"name": printable(tag), "type": "tag", "attributes": []} for tag in flagged.tags]
    yield json.dumps([*labels, *tags], indent=2) + "\n"


def _name(label: str) -> str:
    return printable(label) or _UNNAMED
