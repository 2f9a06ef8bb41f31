"""Ultralytics 8.3.253: `data/utils.py`, `verify_image_label`, after its converters.

As `ultralytics`, with these differences. A width or height down to -0.01 is taken, and so is a class that is
not a whole number. A row of a box among polygons is read as a polygon of two points: another box. Polygons
with equal bounds count as equal rows. A byte-order mark, or white space on a line of its own between two
rows, drops the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._order import by_path
from anchoraudit.loaders._yolo_conversion import Conversion, load_labels
from anchoraudit.loaders._yolo_labels import Checks

if TYPE_CHECKING:
    from anchoraudit.dataset.declared import DeclaredClasses
    from anchoraudit.loaders._declared import ClassReading
    from anchoraudit.loaders._sieve import Sieve

NAME = "ultralytics-8.3"
READS = "`YOLODataset` of 8.3.253, after conversion of COCO by `convert_coco` or of VOC by `VOC.yaml`"
ORDERS = {"": by_path}

CONVERSION = Conversion(
    voc="cfg/datasets/VOC.yaml `convert_label`",
    coco="data/converter.py `convert_coco`",
    code="d",
    keeps_going=False,
)
CHECKS = Checks(
    source="data/utils.py `verify_image_label`",
    suffixes=frozenset(["bmp", "dng", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp", "pfm", "heic"]),
    lowest=-0.01,
    highest=1.01,
    below="negative class labels or coordinate {values}",
    above="non-normalized or out of bounds coordinates {values}",
    columns="labels require 5 columns, {columns} columns detected",
    too_many="Label class {label} exceeds dataset class count {count}. Possible class labels are 0-{last}",
)
RULES = (*CONVERSION.listed, *CHECKS.listed)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    load_labels(sieve, CONVERSION, CHECKS)


def read_classes(declared: DeclaredClasses) -> ClassReading | None:
    """Return what the framework makes of the classes that a data.yaml declares; None of other files."""
    from anchoraudit.loaders._declared import read_by_ultralytics

    return read_by_ultralytics(declared, checks_types=False)
