"""YOLOv5: ultralytics/yolov5 `utils/dataloaders.py`, `verify_image_label`, after its authors' converters.

Labels are `class, centre x, centre y, width, height` in fractions of the image, float32. If one value of a
file is below 0, a coordinate above 1, or a word not a number, the image counts as corrupt and is dropped with
all its labels. So is an image with a side below 10 pixels, or a broken one. A box may cross the edge if its
centre does not. If a row has more than six columns, all rows of its file are polygons, also those of a box:
they become the boxes around their points. Rows equal to an earlier one are dropped. Images without labels
stay, as background. A class beyond the names stops `train.py` right after loading.

COCO is converted as by `convert_coco_json` of ultralytics/JSON2YOLO: it drops crowds and boxes without area,
divides by the size that the entry states, takes the category id minus 1 for the class (COCO 2017's own ids
are numbered from 0 to 79), and writes six digits. VOC is converted as by the script in `data/VOC.yaml`: it
divides by `<size>`, drops difficult objects and names that are not in its list (the 20 Pascal VOC names if at
least half of the objects have one of them, else the data set's own classes), and subtracts 1 from the centre.
Boxes are handed over in pixels of the upright image. An image of unknown size is dropped, because YOLOv5
could not open its file.
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

NAME = "yolov5"
READS = "`LoadImagesAndLabels`, after conversion of COCO by JSON2YOLO or of VOC by `data/VOC.yaml`"
ORDERS = {"": by_path}

CONVERSION = Conversion(
    voc="data/VOC.yaml `convert_label`",
    coco="JSON2YOLO general_json2yolo.py `convert_coco_json`",
    code="g",
    keeps_going=True,
)
CHECKS = Checks(
    source="utils/dataloaders.py `verify_image_label`",
    suffixes=frozenset(["bmp", "dng", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp", "pfm"]),
    lowest=0.0,
    highest=1.0,
    highest_first=False,
    below="negative label values {values}",
    above="non-normalized or out of bounds coordinates {values}",
    columns="labels require 5 columns, {columns} columns detected",
    beyond="stops",
    beyond_source="train.py `train`",
    too_many="train.py AssertionError: Label class {label} exceeds nc={count}. "
    "Possible class labels are 0-{last}",
    height_first=False,
)
RULES = (*CONVERSION.listed, *CHECKS.listed)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    load_labels(sieve, CONVERSION, CHECKS)


def read_classes(declared: DeclaredClasses) -> ClassReading | None:
    """Return what the framework makes of the classes that a data.yaml declares; None of other files."""
    from anchoraudit.loaders._declared import read_by_yolov5

    return read_by_yolov5(declared)
