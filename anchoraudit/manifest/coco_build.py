"""COCO from columns, for data sets in other formats.

Ids do not depend on which images are kept. Images are numbered from 1 by stem over the whole data set,
annotations in the same order, categories by name. Categories of YOLO keep the order of their indices, which
is the order of the outputs of a network trained on them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.dataset.columns import Dataset
from anchoraudit.fixes.numbers import extents
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest.leaving import left_out, remarks
from anchoraudit.manifest.stream import Stream


def write_coco(dataset: Dataset, keep: Bool, stream: Stream) -> tuple[int, list[str]]:
    """Write the images `keep` [N] of a data set as COCO.

    Returns how many annotations were written, and remarks for the user.

    Coordinates become x, y, width, height, from which a reader gets exactly the same coordinates. Boxes
    without finite coordinates, and those outside their image, are dropped.
    """
    images, boxes = dataset.images, dataset.boxes
    order = image_order(dataset)
    image_id = np.empty(len(images), dtype=np.int64)
    image_id[order] = np.arange(1, len(images) + 1)
    category_id = {name: number for number, name in enumerate(_names(dataset), 1)}
    rows = boxes.by_image()
    starts = np.searchsorted(boxes.image[rows], np.arange(len(images) + 1))
    gone = left_out(dataset, Texts(()))
    sizes = extents(boxes.xyxy)
    annotations: list[dict[str, Any]] = []
    next_id = 0
    for i in order:
        for row in rows[starts[i] : starts[i + 1]].tolist():
            next_id += 1
            if not keep[i] or gone[row]:
                continue
            category = int(boxes.category[row])
            name = dataset.categories[category].name if category >= 0 else ""
            annotation = _annotation(
                next_id,
                int(image_id[i]),
                category_id[name],
                (*boxes.xyxy[row, :2].tolist(), *sizes[row].tolist()),
            )
            annotation["iscrowd"] = int(boxes.crowd[row])
            if boxes.difficult[row]:
                annotation["difficult"] = 1
            annotations.append(annotation)
    kept = [i for i in order if keep[i]]
    document = {
        "info": {},  # pycocotools 2.0.10 cannot evaluate without it
        "images": [_image(dataset, i, int(image_id[i])) for i in kept],
        "annotations": annotations,
        "categories": [{"id": number, "name": _text(name)} for name, number in category_id.items()],
    }
    stream.write(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    return len(annotations), remarks(gone[keep[boxes.image]])


def image_order(dataset: Dataset) -> list[int]:
    """Return the rows of all images in the order of their new ids, which count from 1."""
    images = dataset.images
    return sorted(range(len(images)), key=lambda i: (str(images.ids[i]), int(images.split[i])))


def _names(dataset: Dataset) -> list[str]:
    """Return the category names in the order of their new ids. Boxes without a class get the name ""."""
    unnamed = [""] if (dataset.boxes.category < 0).any() else []
    names = [category.name for category in dataset.categories]
    if dataset.classes_are_indices:
        return list(dict.fromkeys([*names, *unnamed]))  # keep the order of the indices
    return sorted({*names, *unnamed})


def _image(dataset: Dataset, index: int, image_id: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": image_id, "file_name": file_name_of(dataset, index)}
    width, height = float(dataset.images.width[index]), float(dataset.images.height[index])
    if not math.isnan(width):
        entry |= {"width": _number(width), "height": _number(height)}
    return entry


def file_name_of(dataset: Dataset, index: int) -> str:
    """Return the file name. With several image folders, it is relative to the data set's root."""
    name = dataset.images.file_names[index].encode("utf-8", "replace").decode()
    folders = {source.image_folder for source in dataset.sources}
    folder = dataset.sources[int(dataset.images.source[index])].image_folder
    if len(folders) < 2 or folder is None:
        return name
    try:
        return (Path(folder).relative_to(dataset.root) / name).as_posix()
    except ValueError:
        return name


def _text(name: str) -> str:
    """Escape bytes that are not text, which JSON cannot hold, so that two such names stay different."""
    return name.encode("utf-8", "backslashreplace").decode()


def _annotation(identity: int, image_id: int, category_id: int, bbox: Sequence[float]) -> dict[str, Any]:
    area = max(bbox[2], 0.0) * max(bbox[3], 0.0)
    return {
        "id": identity,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [_number(v) for v in bbox],
        "area": _number(round(area, 9)),  # without the rounding noise of the product
    }


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value
