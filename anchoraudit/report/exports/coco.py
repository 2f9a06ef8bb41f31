"""`coco`: a COCO file with tags: for FiftyOne, CVAT, Roboflow, or your own code.

Where the data set has ids of its own, they are kept. `tags`, `verdict` and `why` are keys of an image; the
keys `attributes` of annotations are those that CVAT and datumaro read
(datumaro/plugins/data_formats/coco/base.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from anchoraudit.dataset.columns import ImageId
from anchoraudit.report.exports._flagged import Flagged, OneBox, OneImage
from anchoraudit.report.exports._json import document, number

NAME = "coco"
HOW = "Open {folder}/annotations.json with whatever reads COCO; `tags` of each image say why it is there."
WITHOUT_SIZE: Final = "nothing"


def files(flagged: Flagged) -> dict[str, Iterator[str]]:
    """Return annotations.json."""
    return {"annotations.json": _annotations(flagged)}


def _annotations(flagged: Flagged) -> Iterator[str]:
    dataset = flagged.audit.original
    ids: dict[str, ImageId] = {}
    for place, label in enumerate(flagged.labels, 1):
        own = next((c.id for c in dataset.categories if c.name == label), place)
        ids[label] = own if dataset.declares_ids and isinstance(own, int) else place
    if len({*ids.values()}) < len(ids):  # a class without a name got the id of another
        ids = {label: place for place, label in enumerate(flagged.labels, 1)}
    own_ids = dataset.declares_ids and all(isinstance(dataset.images.ids[i], int) for i in flagged.images)
    own_ids = own_ids and len({dataset.images.ids[i] for i in flagged.images}) == len(flagged.images)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for place, image in enumerate(flagged, 1):
        identity = image.id if own_ids else place
        images.append(_image(image, identity))
        for box in image.boxes:
            annotations.append(_annotation(box, len(annotations) + 1, identity, ids[box.label]))
    head = {
        "info": {"description": "flagged by anchoraudit"},
        "categories": [{"id": identity, "name": label} for label, identity in ids.items()],
        "images": images,
    }
    yield from document(head, "annotations", annotations)


def _image(image: OneImage, identity: ImageId) -> dict[str, Any]:
    sizes = {"width": number(image.width), "height": number(image.height)} if image.size_known else {}
    return {
        "id": identity,
        "file_name": image.file_name,
        **sizes,
        "tags": image.tags,
        "verdict": image.verdict,
        "why": image.why,
    }


def _annotation(box: OneBox, identity: int, image_id: ImageId, category_id: ImageId) -> dict[str, Any]:
    x1, y1, x2, y2 = box.xyxy
    width, height = round(x2 - x1, 9), round(y2 - y1, 9)
    attributes: dict[str, Any] = {"status": box.status or "not_usable", "cause": box.cause}
    if box.best_iou is not None:
        attributes["best_iou"] = box.best_iou
    return {
        "id": identity,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [number(x1), number(y1), number(width), number(height)],
        "area": number(round(max(width, 0.0) * max(height, 0.0), 9)),
        "iscrowd": int(box.crowd),
        "attributes": attributes,
    }
