"""YOLOv5: ultralytics/yolov5 `utils/dataloaders.py`, `verify_image_label`, and what its authors convert other
formats with.

Labels are `class, centre x, centre y, width, height` in parts of the image, float32. One value below 0,
above 1 or NaN, and the image is taken for corrupt and left out with all its labels; so is an image with a
side below 10 pixels. A box may cross the edge as long as its centre does not. Rows that equal an earlier
one are left out. Images without labels stay, as background.

COCO is converted as by `convert_coco_json` of ultralytics/JSON2YOLO, which leaves out crowds and boxes
without area and writes six digits, so that 1.000005 is still 1; VOC as by the script in `data/VOC.yaml`,
which leaves out difficult objects and subtracts 1 from the centre. Classes are not looked at: one beyond the
names stops training later, in `train.py` (CLS001 finds it). An image of unknown size has no labels
that could be checked; there, its file could not be opened. The sizes are those declared, not those after
EXIF rotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import RAISES, Rule

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from anchoraudit.arrays import Bool
    from anchoraudit.loaders._sieve import Sieve

NAME = "yolov5"
READS = "`LoadImagesAndLabels`, after conversion of COCO by JSON2YOLO or of VOC by `data/VOC.yaml`"
FEEDS = ("yolov5*",)
FORMATS: tuple[str, ...] = ()

_VERIFY = "utils/dataloaders.py `verify_image_label`"
_JSON = "JSON2YOLO general_json2yolo.py `convert_coco_json`"
_XML = "data/VOC.yaml `convert_label`"
UNSIZED = Rule("image", "its size is not to be had", _VERIFY)
SMALL = Rule("image", "a side below 10 pixels", _VERIFY)
DIFFICULT = Rule("box", "difficult", _XML, "voc")
WITHOUT_BOX = Rule("image", f"{RAISES}object without a box", _XML, "voc")
NAMELESS = Rule("image", f"{RAISES}object without a name", _XML, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from the centre", _XML, "voc")
CROWD = Rule("box", "crowd", _JSON)
WITHOUT_BBOX = Rule("image", f"{RAISES}annotation without a box", _JSON, "coco")
NO_AREA = Rule("box", "no width or no height", _JSON, "coco")
BELOW = Rule("image", "a label below 0, or not a number", _VERIFY)
ABOVE = Rule("image", "a label above 1", _VERIFY)
DUPLICATE = Rule("box", "equal to an earlier label", _VERIFY)
RULES = (
    UNSIZED,
    SMALL,
    DIFFICULT,
    WITHOUT_BOX,
    NAMELESS,
    MINUS_ONE,
    CROWD,
    WITHOUT_BBOX,
    NO_AREA,
    BELOW,
    ABOVE,
    DUPLICATE,
)
_LARGEST_REFUSED_SIDE = 9
_SIX_DIGITS_OF_ONE = 1.000005  # "%g" writes it, and all below, as 1


def load(sieve: Sieve) -> None:
    """Replay it."""
    import numpy as np

    images = sieve.images
    sieve.drop_images(UNSIZED, np.isnan(images.width) | np.isnan(images.height))
    sieve.drop_images(SMALL, np.minimum(images.width, images.height) <= _LARGEST_REFUSED_SIDE)
    sieve.drop_boxes(CROWD, sieve.boxes.crowd)
    sieve.read(READERS)


def _read_coco(sieve: Sieve) -> None:
    sieve.drop_images_of(WITHOUT_BBOX, sieve.without_box())
    width, height = sieve.sides()
    sieve.drop_boxes(NO_AREA, ~((width > 0) & (height > 0)))
    _verify(sieve, _SIX_DIGITS_OF_ONE)


def _read_voc(sieve: Sieve) -> None:
    sieve.drop_images_of(NAMELESS, sieve.boxes.category < 0)
    sieve.drop_boxes(DIFFICULT, sieve.boxes.difficult)
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())
    sieve.move(MINUS_ONE, sieve.boxes.xyxy - 1.0)
    _verify(sieve)


def _verify(sieve: Sieve, largest: float = 1.0) -> None:
    """What `verify_image_label` does to the labels, which are those of YOLO by now. largest: label taken."""
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    labels = _labels(sieve)
    sieve.drop_images_of(BELOW, any_of_four(~(labels >= 0)))
    sieve.drop_images_of(ABOVE, any_of_four(~(labels <= np.float32(largest))))
    sieve.drop_boxes(DUPLICATE, _duplicates(sieve, labels))


READERS = {"coco": _read_coco, "voc": _read_voc, "": _verify}


def _labels(sieve: Sieve) -> npt.NDArray[np.float32]:
    """Centre and size of the boxes in parts of their images, as they are read: float32 [M, 4]."""
    import numpy as np

    from anchoraudit.arrays import for_each_block

    xyxy, images = sieve.boxes.xyxy, sieve.images
    sides_of = np.stack([images.width, images.height], axis=1)
    labels = np.empty((len(xyxy), 4), dtype=np.float32)

    def work(block: slice) -> None:
        first, second, sides = xyxy[block, :2], xyxy[block, 2:], sides_of[sieve.boxes.image[block]]
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):  # a thread has its own
            labels[block, :2] = (first + second) / 2 / sides
            labels[block, 2:] = (second - first) / sides

    for_each_block(len(labels), work)
    return labels


def _duplicates(sieve: Sieve, labels: npt.NDArray[np.float32]) -> Bool:
    """Which boxes [M] have the class and the label of an earlier one that is left in the same image."""
    from dataclasses import replace

    import numpy as np

    from anchoraudit.dataset.duplicates import exact_duplicates

    rows = np.flatnonzero(sieve.left & sieve.images_left[sieve.boxes.image])
    boxes = replace(sieve.boxes.take(rows), xyxy=labels[rows].astype(np.float64))
    again = np.zeros(len(labels), dtype=np.bool_)
    again[rows] = exact_duplicates(replace(sieve.dataset, boxes=boxes)) >= 0
    return again
