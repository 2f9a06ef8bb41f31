"""YOLOv7: WongKinYiu/yolov7 `utils/datasets.py`, `cache_labels`.

As `yolov5`, with these differences. Rows are polygons only if one of their file has more than eight columns.
Equal rows drop their image. A blank line between two rows drops the image. A truncated JPEG is kept: OpenCV
reads what there is of it. YOLOv7 has no converters of its own; COCO and Pascal VOC are converted as for
`yolov5`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._yolo_conversion import Conversion, load_labels
from anchoraudit.loaders._yolo_labels import Checks

if TYPE_CHECKING:
    from anchoraudit.dataset.declared import DeclaredClasses
    from anchoraudit.loaders._declared import ClassReading
    from anchoraudit.loaders._sieve import Sieve

NAME = "yolov7"
READS = "`LoadImagesAndLabels`, after the conversions of `yolov5`"

CONVERSION = Conversion(
    voc="yolov5 data/VOC.yaml `convert_label`",
    coco="JSON2YOLO general_json2yolo.py `convert_coco_json`",
    code="g",
    keeps_going=True,
    repeated=True,
)
CHECKS = Checks(
    source="utils/datasets.py `cache_labels`",
    suffixes=frozenset(["bmp", "jpg", "jpeg", "png", "tif", "tiff", "dng", "webp", "mpo"]),
    longest_box=8,
    blank_rows="all",
    lowest=0.0,
    highest=1.0,
    highest_first=False,
    below="negative labels",
    above="non-normalized or out of bounds coordinate labels",
    columns="labels require 5 columns each",
    beyond="stops",
    beyond_source="train.py `train`",
    too_many="train.py AssertionError: Label class {label} exceeds nc={count}. "
    "Possible class labels are 0-{last}",
    drops_equal=False,
    reads_jpeg=False,
    height_first=False,
)
RULES = (*CONVERSION.listed, *CHECKS.listed)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    load_labels(sieve, CONVERSION, CHECKS)


def read_classes(declared: DeclaredClasses) -> ClassReading | None:
    """Return what the framework makes of the classes that a data.yaml declares; None of other files."""
    from anchoraudit.loaders._declared import read_by_yolov7

    return read_by_yolov7(declared)
