"""Reads the content of a COCO file that a program has in memory, as it reads the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection
from anchoraudit.formats.coco import NAME
from anchoraudit.formats.coco.annotations import AnnotationColumns, annotation_columns
from anchoraudit.formats.coco.assembly import assembled_part, joined
from anchoraudit.formats.coco.entries import CocoFile, Entries, decode
from anchoraudit.formats.coco.image_columns import image_columns
from anchoraudit.formats.coco.segmentations import traits_of
from anchoraudit.formats.coco.structure import flat_finding
from anchoraudit.io.memory import without_garbage_collection


def assemble_value(value: Mapping[str, Any], name: Path, reason: str, folder: Path) -> Dataset:
    """Return the data set of what `json.load` makes of a COCO file.

    name: what it is called in findings. reason: how it was recognised. folder: that of its images.

    Raises AnchorauditError if it has no list `images`.
    """
    with without_garbage_collection():
        entries = _entries(value, name)
        _add_segmentations(entries.annotations, value)
        part = assembled_part(entries, Source(name, "", folder), None)
        dataset = joined(Detection(NAME, name, reason), [part], [""], has_entries=False)
        if not entries.has_info and len(entries.annotations.entry):
            dataset.without_info = (name,)
        return dataset


def rows_of_ids(dataset: Dataset, ids: list[Any]) -> list[int]:
    """Return the rows of the images with these ids, as pycocotools has them, and give them their boxes.

    Of several images with the same id, `COCO.imgs` has the last one, and it gets the boxes of all. Source:
    pycocotools 2.0.11, coco.py `createIndex`.
    """
    last = {identity: row for row, identity in enumerate(dataset.images.ids)}
    if len(last) < len(dataset.images):
        stands_in: Int = np.array([last[identity] for identity in dataset.images.ids], dtype=np.int64)
        dataset.boxes.image = stands_in[dataset.boxes.image]
    return [last[identity] for identity in ids if identity in last]


def _entries(value: Mapping[str, Any], name: Path) -> Entries:
    """Take the entries as they are if nothing is unusual about them, else one by one, as of a file."""
    try:
        parsed = msgspec.convert(value, CocoFile)
        annotations = annotation_columns(parsed.annotations)
        crowds = np.fromiter((float(one.iscrowd) for one in parsed.annotations), np.float64)
        if np.isfinite(annotations.xyxy).all() and not np.isinf(crowds).any():
            return Entries(
                image_columns(parsed.images),
                annotations,
                parsed.categories,
                findings=_flat_segmentations(value, name),
                has_info="info" in value,
            )
    except (msgspec.ValidationError, OverflowError):
        pass
    try:
        data = json.dumps(value, default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise AnchorauditError(
            f"it holds what COCO's JSON cannot hold: {error}",
            path=name,
            remedy="Give the path of the annotation file.",
        ) from None
    return decode(name, data)


def _add_segmentations(annotations: AnnotationColumns, value: Mapping[str, Any]) -> None:
    """Note what the segmentations are, for loaders that stumble over them: there is no file to look at."""
    encode = msgspec.json.Encoder(enc_hook=_plain).encode
    listed = value.get("annotations")
    texts = [
        msgspec.Raw(encode(one["segmentation"]))
        if isinstance(one, Mapping) and "segmentation" in one
        else msgspec.Raw()
        for one in (listed if isinstance(listed, list) else ())
    ]
    found = traits_of(texts)[annotations.entry]
    annotations.traits[:] |= found | np.uint32(BoxTrait.SEGMENTATION_KNOWN)


def _plain(value: Any) -> Any:
    """Return numbers and arrays of other libraries as Python's own. Called by what writes JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):  # the counts of a mask
        return value.decode("ascii", "replace")
    raise TypeError(f"a value of type {type(value).__name__}")


def _flat_segmentations(value: Mapping[str, Any], name: Path) -> list[Any]:
    listed = value["annotations"]
    flat = [row for row, one in enumerate(listed) if _is_flat(one.get("segmentation"))]
    if not flat:
        return []
    text = json.dumps(listed[flat[0]]["segmentation"], default=_plain).encode()
    return [flat_finding(name, len(flat), len(listed), flat[0], text)]


def _is_flat(segmentation: Any) -> bool:
    return isinstance(segmentation, list) and bool(segmentation) and isinstance(segmentation[0], int | float)
