"""Ultralytics 8.4.190: `data/utils.py`, `verify_image_label`, after its converters.

Labels are `class, centre x, centre y, width, height` in fractions of the image, float32. The image counts as
corrupt, and is dropped with all its labels, if a coordinate is above 1.01, a value below -0.01, a width or
height below 0, a word not a number, a class not a whole number or beyond the names. So is an image with a
side below 10 pixels, or a broken one. If a row has more than six columns, all rows of its file are polygons,
and become the boxes around their points; a row of a box among them drops the image. Rows equal to an earlier
one are dropped; polygons with equal bounds and other points are not. Images without labels stay, as
background. Rows with keypoints, as the `kpt_shape` of data.yaml tells, are read as their boxes.

COCO is converted as by `convert_coco` with `cls91to80=False`: it drops crowds and boxes without area, divides
by the size that the entry states, takes the category id minus 1 for the class (COCO 2017's own ids are
numbered from 0 to 79), and writes six digits. VOC is converted as by the script in `VOC.yaml`: it divides by
`<size>`, drops difficult objects and names that are not in its list (the 20 Pascal VOC names if at least half
of the objects have one of them, else the data set's own classes), and subtracts 1 from the centre. Boxes are
handed over in pixels of the upright image.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import ultralytics_8_3
from anchoraudit.loaders._order import by_path
from anchoraudit.loaders._yolo_conversion import load_labels

if TYPE_CHECKING:
    from anchoraudit.dataset.declared import DeclaredClasses
    from anchoraudit.loaders._declared import ClassReading
    from anchoraudit.loaders._sieve import Sieve

NAME = "ultralytics"
READS = "`YOLODataset` of 8.4.190, after conversion of COCO by `convert_coco` or of VOC by `VOC.yaml`"
ORDERS = {"": by_path}

CONVERSION = ultralytics_8_3.CONVERSION
CHECKS = replace(
    ultralytics_8_3.CHECKS,
    suffixes=frozenset(
        ["avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp"],
    ),
    blank_rows="none",
    takes_mark=True,
    refuses_mixed=True,
    sides_from_zero=True,
    below="negative label values {values}",
    whole_classes=True,
    by_points=True,
)
RULES = (*CONVERSION.listed, *CHECKS.listed)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    load_labels(sieve, CONVERSION, CHECKS)


def read_classes(declared: DeclaredClasses) -> ClassReading | None:
    """Return what the framework makes of the classes that a data.yaml declares; None of other files."""
    from anchoraudit.loaders._declared import read_by_ultralytics

    return read_by_ultralytics(declared, checks_types=True)
