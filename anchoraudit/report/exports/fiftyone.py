"""`fiftyone`: a data set in FiftyOne's own format, `FiftyOneDataset`: metadata.json and samples.json.

Verdict, causes and split are tags of a sample; status and cause are tags of a detection. FiftyOne moves a
data set of an older version to its own when it imports it, and refuses one of a newer version; 1.0.0 is the
oldest of which the fields below are known to be right (fiftyone/utils/data/importers.py,
FiftyOneDatasetImporter; fiftyone/migrations).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from anchoraudit.report.exports._flagged import Flagged, OneBox, OneImage
from anchoraudit.report.exports._json import document

NAME = "fiftyone"
HOW = (
    "In Python: fiftyone.Dataset.from_dir(dataset_dir='{folder}', "
    "dataset_type=fiftyone.types.FiftyOneDataset); then filter by tags in the app."
)
WITHOUT_SIZE: Final = "boxes"
_VERSION = "1.0.0"
_FIELDS = "fiftyone.core.fields"


def files(flagged: Flagged) -> dict[str, Iterator[str]]:
    """Return metadata.json and samples.json."""
    return {
        "metadata.json": document(_metadata(flagged), "frame_fields", []),
        "samples.json": document({}, "samples", map(_sample, flagged)),
    }


def _metadata(flagged: Flagged) -> dict[str, Any]:
    detection = [
        _field("id", "ObjectIdField", db_field="_id"),
        _field("tags", "ListField", subfield="StringField"),
        _field("label", "StringField"),
        _field("bounding_box", "ListField", subfield="FloatField"),
        _field("confidence", "FloatField"),
        _field("index", "IntField"),
        _field("status", "StringField"),
        _field("cause", "StringField"),
        _field("best_iou", "FloatField"),
        _field("iscrowd", "BooleanField"),
    ]
    detections = _field(
        "detections",
        "ListField",
        subfield="EmbeddedDocumentField",
        document_type="fiftyone.core.labels.Detection",
        fields=detection,
    )
    return {
        "name": "anchoraudit",
        "version": _VERSION,
        "media_type": "image",
        "tags": [],
        "info": {"made_by": "anchoraudit", "dataset": str(flagged.audit.original.root)},
        "app_config": {},
        "classes": {"ground_truth": flagged.labels},
        "default_classes": flagged.labels,
        "mask_targets": {},
        "default_mask_targets": {},
        "skeletons": {},
        "saved_views": [],
        "workspaces": [],
        "annotation_runs": {},
        "brain_methods": {},
        "evaluations": {},
        "runs": {},
        "sample_fields": [
            _field("id", "ObjectIdField", db_field="_id"),
            _field("filepath", "StringField"),
            _field("tags", "ListField", subfield="StringField"),
            _field(
                "metadata",
                "EmbeddedDocumentField",
                document_type="fiftyone.core.metadata.ImageMetadata",
                fields=[
                    _field("size_bytes", "IntField"),
                    _field("mime_type", "StringField"),
                    _field("width", "IntField"),
                    _field("height", "IntField"),
                    _field("num_channels", "IntField"),
                ],
            ),
            _field("created_at", "DateTimeField", read_only=True),
            _field("last_modified_at", "DateTimeField", read_only=True),
            _field("_media_type", "StringField"),
            _field("_rand", "FloatField"),
            _field("_dataset_id", "ObjectIdField"),
            _field(
                "ground_truth",
                "EmbeddedDocumentField",
                document_type="fiftyone.core.labels.Detections",
                fields=[detections],
            ),
            _field("image_id", "StringField"),
            _field("split", "StringField"),
            _field("verdict", "StringField"),
            _field("causes", "ListField", subfield="StringField"),
            _field("why", "StringField"),
        ],
    }


def _field(
    name: str,
    kind: str,
    *,
    db_field: str = "",
    subfield: str = "",
    document_type: str = "",
    fields: list[dict[str, Any]] | None = None,
    read_only: bool = False,
) -> dict[str, Any]:
    """Return the description of a field, as FiftyOne's `SampleFieldDocument` has it."""
    return {
        "name": name,
        "ftype": f"{_FIELDS}.{kind}",
        "embedded_doc_type": document_type or None,
        "subfield": f"{_FIELDS}.{subfield}" if subfield else None,
        "fields": fields or [],
        "db_field": db_field or name,
        "description": None,
        "info": None,
        "read_only": read_only,
    }


def _sample(image: OneImage) -> dict[str, Any]:
    key = f"image {image.row} {image.id}"
    sample: dict[str, Any] = {
        "_id": {"$oid": _object_id(key)},
        "filepath": image.file_name if image.path is None else str(image.path),
        "tags": image.tags,
        "_media_type": "image",
        "_rand": int(_object_id(key)[:8], 16) / 2**32,
        "ground_truth": {
            "_cls": "Detections",
            "detections": [_detection(image, box) for box in image.boxes],
        },
        "image_id": str(image.id),
        "split": image.split,
        "verdict": image.verdict,
        "causes": list(image.causes),
        "why": image.why,
    }
    if image.size_known:
        sizes = {"width": round(image.width), "height": round(image.height)}
        sample["metadata"] = {"_cls": "ImageMetadata", **sizes}
    return sample


def _detection(image: OneImage, box: OneBox) -> dict[str, Any]:
    x1, y1, x2, y2 = box.xyxy
    return {
        "_id": {"$oid": _object_id(f"box {box.row}")},
        "_cls": "Detection",
        "attributes": {},
        "tags": box.tags,
        "label": box.label,
        "bounding_box": [
            x1 / image.width,
            y1 / image.height,
            (x2 - x1) / image.width,
            (y2 - y1) / image.height,
        ],
        "status": box.status or "not_usable",
        "cause": box.cause,
        "best_iou": box.best_iou,
        "iscrowd": box.crowd,
    }


def _object_id(key: str) -> str:
    """Return an id of MongoDB's form, which is the same for the same key."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:24]
