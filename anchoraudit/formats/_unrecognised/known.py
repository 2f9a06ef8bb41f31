"""What is often found where annotations are expected, and holds no boxes that could be read as labels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from anchoraudit.formats._unrecognised.outline import JSON, TABLE, TEXT, Outline, is_number
from anchoraudit.io.packed import is_packed, suffix_of


class Known(NamedTuple):
    """What a file is, in a few words, and what to name or do instead, as a sentence."""

    words: str
    remedy: str


_TRUTH = "Name the file of the labels instead."
_EXPORT = "Export it as COCO, Pascal VOC or YOLO, and name that."
_CLASSES = Known("classes of whole images (Roboflow's `_classes.csv`), without boxes", _TRUTH)
_UNPACKED = Known("an archive", "Unpack it, and name the folder.")
_PACKED = Known(
    "a compressed file; only tables are read as such (.csv.gz, .jsonl.gz)", "Unpack it, and name that."
)
_PICKLED = Known(
    "a file of Python or NumPy objects, which is never opened, because that may run code",
    "Save the annotations as COCO JSON, or as a table (.csv, .parquet).",
)
_RECORDS = Known("TFRecord, which is not read", "Convert it to COCO JSON, or name what it was made from.")
_VOTT = Known("a VoTT project, which is not read", "Export it from VoTT as CSV, and name that.")
_SUFFIXES = {
    **dict.fromkeys((".pkl", ".pickle", ".npy", ".npz", ".pt", ".pth", ".joblib"), _PICKLED),
    **dict.fromkeys((".tfrecord", ".tfrecords", ".record", ".tfrec"), _RECORDS),
    **dict.fromkeys((".zip", ".tgz", ".tar", ".7z", ".rar"), _UNPACKED),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst"), _PACKED),
    ".vott": _VOTT,
    ".mat": Known("a MATLAB file, which is not read", _EXPORT),
    **dict.fromkeys((".h5", ".hdf5"), Known("an HDF5 file, which is not read", _EXPORT)),
    ".xlsx": Known("a spreadsheet", "Save the sheet as .csv, and name that."),
}
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")  # which are read, also if they are compressed
_TFRECORD = re.compile(r"\.tfrecord\b|\.record-\d|-\d{5}-of-\d{5}$")
_RECTANGLES = frozenset(["rectanglelabels", "rectangle"])


def by_name(path: Path) -> Known | None:
    """Tell by its name what a file is."""
    if path.stem.lower().endswith(".tar"):
        return _UNPACKED
    if is_packed(path) and suffix_of(path) in _TABLES:
        return None
    if path.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[path.suffix.lower()]
    return _RECORDS if _TFRECORD.search(path.name.lower()) and path.suffix != ".parquet" else None


def by_content(path: Path, found: Outline) -> Known | None:
    """Tell by the beginning of a file what it is."""
    if found.syntax == JSON:
        return _json(found)
    if found.syntax == TABLE:
        return _CLASSES if path.name == "_classes.csv" else None
    return _text(found) if found.syntax == TEXT else None


def _json(found: Outline) -> Known | None:
    keys, listed = found.entry_keys(), found.shape in ("list", "lines")
    if listed and {"image_id", "score"} <= keys and keys & {"bbox", "segmentation", "category_id"}:
        return Known("COCO results: predictions with a score, not labels", _TRUTH)
    if "dtboxes" in keys:
        return Known("results for CrowdHuman (`dtboxes`): predictions, not labels", _TRUTH)
    if "source-ref" in keys:
        return Known("a SageMaker manifest (`source-ref`), which is not read", _EXPORT)
    if found.shape == "object":
        kind = found.keys.get(("type",), "")
        if {"assets", "tags"} <= keys:
            return _VOTT
        if kind == "bounding-box-labels" or (
            "files" in keys and ("files", "[]", "boundingBoxes") in found.keys
        ):
            return Known("labels of Edge Impulse, which are not read", _EXPORT)
        if kind == "localization":
            return Known("labels of IBM Cloud Annotations, which are not read", _EXPORT)
        if kind == "classification":
            return Known("classes of whole images (`type: classification`), without boxes", _TRUTH)
    if found.shape == "list" and "data" in keys and keys & {"annotations", "completions", "predictions"}:
        values = {*found.keys.values(), *(key[-1] for key in found.keys)}
        if not values & _RECTANGLES:
            words = "tasks of Label Studio without boxes (no `rectanglelabels`)"
            return Known(words, "Export tasks in which rectangles are drawn.")
    return None


def _text(found: Outline) -> Known | None:
    rows = [line.split(",") for line in found.lines]
    if all(len(row) >= 7 and all(is_number(cell.strip()) for cell in row) for row in rows) and all(
        float(row[1]) == -1 for row in rows
    ):
        return Known(
            "detections of MOTChallenge (every id is -1): predictions, not labels",
            "Name the folder of the sequence that has gt/gt.txt.",
        )
    return None
