"""fizyr/keras-retinanet: `preprocessing/{generator,coco,pascal_voc}.py`.

`Generator.filter_annotations` drops, with a warning, every box that is inverted, has no area, or crosses an
edge of its image, even by one pixel. No image is dropped. Images are opened with Pillow, as stored. Before
that, `CocoGenerator` divides the width of each entry by its height, and drops crowds and boxes below 1 pixel
wide or high. `PascalVocGenerator` subtracts 1 from all four coordinates, so a box that begins at 0 is
dropped; difficult objects are kept. It raises an error at an object without `<truncated>` or `<difficult>`,
and at a name that is not, exactly as written, in its list of classes: the 20 names of Pascal VOC, or the data
set's own where most objects have other names; it opens `<name>.jpg`. A box with a NaN coordinate passes every
comparison and is kept. In an image of unknown size, no box crosses the right or bottom edge.

Data of other formats are treated like CSV. There a class that is not in the list of classes raises an error,
if that list, classes.csv, lies beside the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from anchoraudit.dataset.declared import DeclaredClasses
    from anchoraudit.loaders._declared import ClassReading
    from anchoraudit.loaders._sieve import Sieve

NAME = "keras-retinanet"
READS = "`CocoGenerator` or `PascalVocGenerator`, as `bin/train.py` makes them"

_RATIO = "keras_retinanet/preprocessing/coco.py `image_aspect_ratio`"
_COCO = "keras_retinanet/preprocessing/coco.py `load_annotations`"
_VOC = "keras_retinanet/preprocessing/pascal_voc.py `__parse_annotation`"
_CSV = "keras_retinanet/preprocessing/csv_generator.py `_read_annotations`"
_LOAD = "keras_retinanet/preprocessing/pascal_voc.py `load_annotations`"
_IMAGE = "keras_retinanet/preprocessing/pascal_voc.py `load_image`"
_OPEN = "keras_retinanet/utils/image.py `read_image_bgr`"
_FILTER = "keras_retinanet/preprocessing/generator.py `filter_annotations`"
UNSIZED = Rule("raises", "no width and height in the image's entry", _RATIO, "coco")
ODD_SIZE = Rule("raises", "a width or height that is no number", _RATIO, "coco")
NO_HEIGHT = Rule(
    "raises", "the entry states a height of 0", _RATIO, "coco", "ZeroDivisionError: float division by zero"
)
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
NO_ISCROWD = Rule("raises", "annotation without `iscrowd`", _COCO, "coco", "KeyError: 'iscrowd'")
CROWD = Rule("box", "crowd", _COCO, expected=True)
WITHOUT_BOX = Rule("raises", "annotation without a box", _COCO)
THIN = Rule("box", "a side below 1 pixel", _COCO, "coco")
UNKNOWN_CLASS = Rule("raises", "category that the file does not list", _COCO, "coco")
WITHOUT_XML = voc.without_xml(_LOAD)
NO_TRUNCATED = Rule("raises", "object without <truncated>", _VOC, "voc")
ODD_TRUNCATED = Rule("raises", "a <truncated> that is no integer", _VOC, "voc")
NO_DIFFICULT = Rule("raises", "object without <difficult>", _VOC, "voc")
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _VOC, "voc")
NAMELESS = Rule("raises", "object without a name", _VOC, "voc")
UNKNOWN_NAME = Rule("raises", "its name is not in the list of classes", _VOC, "voc")
NO_NUMBER = Rule("raises", "a coordinate that is missing or no number", _VOC, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from all four", _VOC, "voc")
ABSENT_JPG = Rule("raises", "its image is absent", _IMAGE, "voc")
OTHER_NAME = voc.other_names(_IMAGE)
BROKEN_JPG = Rule("raises", "its image cannot be read", _IMAGE, "voc")
UNLISTED = Rule("raises", "its class is not in classes.csv", _CSV, "table")
NO_AREA = Rule("box", "x2 <= x1 or y2 <= y1", _FILTER)
LEFT_OR_TOP = Rule("box", "over the left or top edge", _FILTER)
RIGHT_OR_BOTTOM = Rule("box", "over the right or bottom edge", _FILTER)
RULES = (
    *coco.READING,
    coco.TEXT_ID,
    UNSIZED,
    ODD_SIZE,
    NO_HEIGHT,
    *OPENING,
    NO_ISCROWD,
    CROWD,
    coco.LATER_BOX,
    WITHOUT_BOX,
    THIN,
    UNKNOWN_CLASS,
    *WITHOUT_XML,
    NO_TRUNCATED,
    ODD_TRUNCATED,
    NO_DIFFICULT,
    ODD_DIFFICULT,
    NAMELESS,
    UNKNOWN_NAME,
    NO_NUMBER,
    MINUS_ONE,
    ABSENT_JPG,
    OTHER_NAME,
    BROKEN_JPG,
    UNLISTED,
    NO_AREA,
    LEFT_OR_TOP,
    RIGHT_OR_BOTTOM,
)


def _read_coco(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._sieve import ROUNDING

    coco.read_index(sieve)
    sieve.drop_images(coco.TEXT_ID, coco.text_ids(sieve), coco.say_text_id(sieve))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve), coco.say_size(sieve, "width"))
    sieve.drop_images(ODD_SIZE, coco.no_size(sieve))
    sieve.drop_images(NO_HEIGHT, coco.declared(sieve)[1] == 0)
    _open(sieve)
    sieve.drop_images_of(NO_ISCROWD, sieve.boxes.has(BoxTrait.NO_ISCROWD))
    sieve.drop_boxes(CROWD, coco.crowds(sieve))
    coco.take_last(sieve)
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    width, height = sieve.sides()
    sieve.drop_boxes(THIN, (width < 1 - ROUNDING) | (height < 1 - ROUNDING))
    sieve.drop_images_of(UNKNOWN_CLASS, sieve.boxes.category < 0, coco.say_class(sieve, "KeyError: {}"))


def _read_voc(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._voc_names import name_of, unknown

    boxes, images = sieve.boxes, sieve.images

    def said(words: str) -> Callable[[int], str]:
        def say(row: int) -> str:
            file, number = f"{images.ids[int(boxes.image[row])]}.xml", voc.number(sieve, row)
            told = words.format(name=name_of(sieve, row))
            return f"ValueError: invalid annotations file: {file}: could not parse object #{number}: {told}"

        return say

    voc.read_lists(sieve, WITHOUT_XML)
    for rule, trait, words in (
        (NO_TRUNCATED, BoxTrait.NO_TRUNCATED, "missing element 'truncated'"),
        (ODD_TRUNCATED, BoxTrait.ODD_TRUNCATED, "illegal value for 'truncated'"),
        (NO_DIFFICULT, BoxTrait.NO_DIFFICULT, "missing element 'difficult'"),
        (ODD_DIFFICULT, BoxTrait.ODD_DIFFICULT, "illegal value for 'difficult'"),
    ):
        sieve.drop_images_of(rule, boxes.has(trait), said(words))
    sieve.drop_images_of(NAMELESS, boxes.category < 0, said("missing element 'name'"))
    strange = unknown(sieve, strips=False)
    sieve.drop_images_of(UNKNOWN_NAME, strange, said("class name '{name}' not found in classes"))
    boxless = boxes.has(BoxTrait.NO_BNDBOX)
    sieve.drop_images_of(NO_NUMBER, boxless, said("missing element 'bndbox'"))
    sieve.drop_images_of(NO_NUMBER, boxes.has(BoxTrait.NOT_A_NUMBER))
    sieve.move(MINUS_ONE, boxes.xyxy - 1.0)
    voc.open_images(sieve, ABSENT_JPG, OTHER_NAME)
    sieve.drop_images(BROKEN_JPG, voc.unreadable(sieve, cut_off=True), voc.say_unreadable(sieve))
    sieve.opens_as(*sieve.opened(turned=False))


def _open(sieve: Sieve) -> None:
    pictures.open_all(sieve, OPENING, turned=False)


def _read_other(sieve: Sieve) -> None:
    _open(sieve)
    sieve.drop_boxes(CROWD, sieve.boxes.crowd)
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())


def _read_csv(sieve: Sieve) -> None:
    import numpy as np

    declared, categories = sieve.dataset.declared_classes, sieve.dataset.categories
    if declared is not None and declared.broken is None and declared.form == "rows":
        listed = {entry.name.text for entry in declared.entries}
        unlisted = np.array([*(c.name not in listed for c in categories), False], dtype=np.bool_)
        sources = sieve.dataset.sources

        def say(row: int) -> str:
            boxes = sieve.boxes
            file = sources[int(sieve.images.source[int(boxes.image[row])])].path.name
            line = "" if boxes.entry is None else f" line {int(boxes.entry[row]) + 1}:"
            name = categories[int(boxes.category[row])].name
            return f"ValueError: invalid CSV annotations file: {file}:{line} unknown class name: '{name}'"

        sieve.drop_images_of(UNLISTED, unlisted[sieve.boxes.category], say)
    _read_other(sieve)


READERS = {"coco": _read_coco, "voc": _read_voc, "table": _read_csv, "": _read_other}


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read(READERS)
    x1, y1, x2, y2 = sieve.boxes.xyxy.T
    right, bottom = sieve.limits()
    sieve.drop_boxes(NO_AREA, (x2 <= x1) | (y2 <= y1))
    sieve.drop_boxes(LEFT_OR_TOP, (x1 < 0) | (y1 < 0))
    sieve.drop_boxes(RIGHT_OR_BOTTOM, (x2 > right) | (y2 > bottom))


def read_classes(declared: DeclaredClasses) -> ClassReading | None:
    """Return what the framework makes of the classes that a classes.csv declares; None of other files."""
    from anchoraudit.loaders._declared import read_by_keras_retinanet

    return read_by_keras_retinanet(declared)
