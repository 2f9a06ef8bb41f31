"""`labelstudio`: tasks with predictions, and the labelling interface that shows them.

Label Studio counts in percent of the image, and takes nothing outside of it
(label_studio_sdk/label_interface): boxes are clipped. It shows images from URLs; those of local files begin
with /data/local-files/?d= and go on with the path below LOCAL_FILES_DOCUMENT_ROOT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from anchoraudit import __version__
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.errors import printable
from anchoraudit.report.exports._flagged import Flagged, OneBox, OneImage
from anchoraudit.report.exports._json import listed

NAME = "labelstudio"
HOW = (
    "In Label Studio, make a project with {folder}/config.xml as its labelling interface and import "
    "{folder}/tasks.json; to see local images, start it with "
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=/."
)
WITHOUT_SIZE: Final = "boxes"
_UNNAMED = "(no class)"
_LOCAL = "/data/local-files/?d="


def files(flagged: Flagged) -> dict[str, Iterator[str]]:
    """Return tasks.json and config.xml."""
    return {"tasks.json": _tasks(flagged), "config.xml": _config(flagged)}


def _tasks(flagged: Flagged) -> Iterator[str]:
    yield from listed(map(_task, flagged))
    yield "\n"


def _task(image: OneImage) -> dict[str, Any]:
    where = image.file_name if image.path is None else image.path.as_posix().lstrip("/")
    result = [region for box in image.boxes for region in _regions(image, box)]
    if image.tags:
        tags = {"choices": [printable(tag) for tag in image.tags]}
        result.append({**_of("tags", "choices"), "id": "tags", "value": tags})
    return {
        "data": {
            "image": _LOCAL + quote(where.encode("utf-8", "surrogateescape")),
            "image_id": image.id,
            "file_name": image.file_name,
            "split": image.split,
            "verdict": image.verdict,
            "causes": ", ".join(image.causes),
            "why": image.why,
        },
        "predictions": [{"model_version": f"anchoraudit {__version__}", "result": result}],
    }


def _regions(image: OneImage, box: OneBox) -> Iterator[dict[str, Any]]:
    """Yield a box and what became of it; nothing for a box of which no part is in its image."""
    x1, x2 = (min(max(value, 0.0), image.width) for value in (box.xyxy[0], box.xyxy[2]))
    y1, y2 = (min(max(value, 0.0), image.height) for value in (box.xyxy[1], box.xyxy[3]))
    if x2 <= x1 or y2 <= y1:
        return
    place = {
        "x": 100 * x1 / image.width,
        "y": 100 * y1 / image.height,
        "width": 100 * (x2 - x1) / image.width,
        "height": 100 * (y2 - y1) / image.height,
        "rotation": 0,
    }
    shared = {
        "id": f"box{box.row}",
        "original_width": round(image.width),
        "original_height": round(image.height),
        "image_rotation": 0,
    }
    label = printable(box.label) or _UNNAMED
    yield {**_of("label", "rectanglelabels"), **shared, "value": {**place, "rectanglelabels": [label]}}
    status = {**place, "choices": [box.status or "not_usable"]}
    yield {**_of("status", "choices"), **shared, "value": status}
    if box.cause:
        yield {**_of("cause", "choices"), **shared, "value": {**place, "choices": [box.cause]}}


def _of(control: str, kind: str) -> dict[str, Any]:
    return {"from_name": control, "to_name": "image", "type": kind}


def _config(flagged: Flagged) -> Iterator[str]:
    yield '<View>\n  <Text name="why_text" value="$why"/>\n'
    yield '  <Image name="image" value="$image" zoom="true"/>\n'
    yield '  <RectangleLabels name="label" toName="image">\n'
    yield from (f"    <Label value={quoteattr(printable(name) or _UNNAMED)}/>\n" for name in flagged.labels)
    yield "  </RectangleLabels>\n"
    yield from _choices("status", (*STATUSES[1:], "not_usable"), 'perRegion="true" choice="single"')
    yield from _choices("cause", CAUSES, 'perRegion="true" choice="single"')
    yield from _choices("tags", [printable(tag) for tag in flagged.tags], 'choice="multiple"')
    yield "</View>\n"


def _choices(name: str, values: Sequence[str], more: str) -> Iterator[str]:
    yield f'  <Choices name="{name}" toName="image" {more}>\n'
    yield from (f"    <Choice value={quoteattr(value)}/>\n" for value in values)
    yield "  </Choices>\n"
