"""YOLOv5: ultralytics/yolov5 `utils/dataloaders.py`, `verify_image_label`, after its authors' converters.

Labels are `class, centre x, centre y, width, height` in fractions of the image, float32. If one value is
below 0, above 1 or NaN, the image counts as corrupt and is dropped with all its labels. An image with a side
below 10 pixels is dropped too. A box may cross the edge if its centre does not. Rows equal to an earlier one
are dropped. Images without labels stay, as background.

COCO is converted as by `convert_coco_json` of ultralytics/JSON2YOLO. It drops crowds and boxes without area,
and writes six digits, so that 1.000005 becomes 1. VOC is converted as by the script in `data/VOC.yaml`. It
drops difficult objects and subtracts 1 from the centre. Classes are not checked here: a class beyond the
names stops training later, in `train.py` (CLS001 finds it). An image of unknown size is dropped, because
YOLOv5 could not open its file. Sizes are those declared, not those after EXIF rotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from anchoraudit.arrays import Bool
    from anchoraudit.loaders._sieve import Sieve

NAME = "yolov5"
READS = "`LoadImagesAndLabels`, after conversion of COCO by JSON2YOLO or of VOC by `data/VOC.yaml`"

_VERIFY = "utils/dataloaders.py `verify_image_label`"
_JSON = "JSON2YOLO general_json2yolo.py `convert_coco_json`"
_XML = "data/VOC.yaml `convert_label`"
UNSIZED = Rule("image", "unknown image size", _VERIFY)
SMALL = Rule("image", "a side below 10 pixels", _VERIFY)
DIFFICULT = Rule("box", "difficult", _XML, "voc")
WITHOUT_BOX = Rule("raises", "object without a box", _XML, "voc")
NAMELESS = Rule("raises", "object without a name", _XML, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from the centre", _XML, "voc")
CROWD = Rule("box", "crowd", _JSON)
WITHOUT_BBOX = Rule("raises", "annotation without a box", _JSON, "coco")
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
_LARGEST_REFUSED_SIDE = 9  # pixels: `shape[0] > 9` and `shape[1] > 9` are asserted
_SIX_DIGITS_OF_ONE = 1.000005  # "%g" writes six digits, so that this and all values down to 1 become 1


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
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
    """Apply `verify_image_label` to boxes that are converted already. largest: largest value accepted."""
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    labels = _labels(sieve)
    sieve.drop_images_of(BELOW, any_of_four(~(labels >= 0)))
    sieve.drop_images_of(ABOVE, any_of_four(~(labels <= np.float32(largest))))
    sieve.drop_boxes(DUPLICATE, _duplicates(sieve, labels))


READERS = {"coco": _read_coco, "voc": _read_voc, "": _verify}


def _labels(sieve: Sieve) -> npt.NDArray[np.float32]:
    """Return centre and size of the boxes in fractions of their images: float32 [M, 4], as in label files."""
    import numpy as np

    from anchoraudit.arrays import for_each_block

    xyxy, images = sieve.boxes.xyxy, sieve.images
    sides_of = np.stack([images.width, images.height], axis=1)
    labels = np.empty((len(xyxy), 4), dtype=np.float32)

    def work(block: slice) -> None:
        first, second, sides = xyxy[block, :2], xyxy[block, 2:], sides_of[sieve.boxes.image[block]]
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):  # each thread has its own
            labels[block, :2] = (first + second) / 2 / sides
            labels[block, 2:] = (second - first) / sides

    for_each_block(len(labels), work)
    return labels


def _duplicates(sieve: Sieve, labels: npt.NDArray[np.float32]) -> Bool:
    """Tell which boxes equal an earlier one in class and label that is left in the same image: bool [M]."""
    from dataclasses import replace

    import numpy as np

    from anchoraudit.dataset.duplicates import exact_duplicates

    rows = np.flatnonzero(sieve.left & sieve.images_left[sieve.boxes.image])
    boxes = replace(sieve.boxes.take(rows), xyxy=labels[rows].astype(np.float64))
    again = np.zeros(len(labels), dtype=np.bool_)
    again[rows] = exact_duplicates(replace(sieve.dataset, boxes=boxes)) >= 0
    return again
