"""facebookresearch/detectron2: `data/datasets/{coco,pascal_voc}.py`, `data/build.py`,
`data/dataset_mapper.py`.

`load_coco_json` and `load_voc_instances` read the files. `get_detection_dataset_dicts` drops images whose
annotations are all crowds, or that have none (`DATALOADER.FILTER_EMPTY_ANNOTATIONS`, true by default). Then
`DatasetMapper` drops crowds, puts the corners of each box in order (`apply_box` of fvcore), clips the box to
the image and drops it unless both sides are above 1e-5 pixels; a NaN side is not. An image that loses its
last box at this step stays. detectron2 applies the limit of 1e-5 pixels to the resized image, this loader to
the original one.

VOC: a name must be, exactly as written, in the list of classes: the 20 names of Pascal VOC, or the data set's
own where most objects have other names. 1 is subtracted from xmin and ymin only; difficult objects are kept.
The mapper opens `<name>.jpg`, turns it by its EXIF orientation, and raises an error if its size is not the
one that the XML file states. Not replayed, because a `Dataset` does not hold them: annotations with `ignore`,
polygons of fewer than 3 points, and a declared size that differs from the image's (COCO).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "detectron2"
READS = "`register_coco_instances` or `register_pascal_voc`, and the default `DatasetMapper`"

_COCO = "detectron2/data/datasets/coco.py `load_coco_json`"
_VOC = "detectron2/data/datasets/pascal_voc.py `load_voc_instances`"
_BUILD = "detectron2/data/build.py `filter_images_with_only_crowd_annotations`"
_MAPPER = "detectron2/data/dataset_mapper.py `DatasetMapper`"
_READ = "detectron2/data/detection_utils.py `read_image`"
_CHECK = "detectron2/data/detection_utils.py `check_image_size`"
_TRANSFORM = "detectron2/data/detection_utils.py `transform_instance_annotations`"
_EMPTY = "detectron2/data/detection_utils.py `filter_empty_instances`"
REPEATED = Rule("raises", "annotation ids are not unique", _COCO, "coco")
UNSIZED = Rule("raises", "no width and height in the image's entry", _COCO, "coco")
UNKNOWN_CLASS = Rule("raises", "category that the file does not list", _COCO, "coco")
WITHOUT_XML = voc.without_xml(_VOC)
UNSIZED_XML = Rule("raises", "no <size>, or one that is not two integers", _VOC, "voc")
NAMELESS = Rule("raises", "object without a name", _VOC, "voc")
NO_NUMBER = Rule("raises", "a coordinate that is missing or no number", _VOC, "voc")
UNKNOWN_NAME = Rule(
    "raises",
    "its name is not in the list of classes",
    _VOC,
    "voc",
    "ValueError: tuple.index(x): x not in tuple",
)
MINUS_ONE = Rule("moves", "1 subtracted from x1 and y1", _VOC, "voc")
NO_ANNOTATION = Rule("image", "no annotation", _BUILD)
ONLY_CROWDS = Rule("image", "crowds only", _BUILD)
ABSENT_JPG = Rule("raises", "its image is absent", _READ, "voc")
OTHER_NAME = voc.other_names(_VOC)
BROKEN_JPG = Rule("raises", "its image cannot be read", _READ, "voc")
OTHER_SIZE = Rule("raises", "its <size> is not that of the image", _CHECK, "voc")
CROWD = Rule("box", "crowd", _MAPPER)
WITHOUT_BOX = Rule("raises", "annotation without a box", _TRANSFORM)
IN_ORDER = Rule("moves", "corners put in order", "fvcore/transforms/transform.py `apply_box`")
CLIPPED = Rule("moves", "clipped to the image", _TRANSFORM)
EMPTY = Rule("box", "nothing of it inside the image", _EMPTY)
RULES = (
    *coco.READING,
    REPEATED,
    UNSIZED,
    UNKNOWN_CLASS,
    *WITHOUT_XML,
    UNSIZED_XML,
    NAMELESS,
    NO_NUMBER,
    UNKNOWN_NAME,
    MINUS_ONE,
    NO_ANNOTATION,
    ONLY_CROWDS,
    ABSENT_JPG,
    OTHER_NAME,
    BROKEN_JPG,
    OTHER_SIZE,
    CROWD,
    WITHOUT_BOX,
    IN_ORDER,
    CLIPPED,
    EMPTY,
)
_LEAST_SIDE = 1e-5  # pixels: `box_threshold` of `filter_empty_instances`


def _read_coco(sieve: Sieve) -> None:
    coco.read_index(sieve)
    sieve.drop_images_of(REPEATED, coco.repeated(sieve))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve))
    sieve.drop_images_of(UNKNOWN_CLASS, sieve.boxes.category < 0)


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait
    from anchoraudit.loaders._voc_names import unknown

    boxes, images = sieve.boxes, sieve.images
    voc.read_lists(sieve, WITHOUT_XML)
    unsized = images.has(ImageTrait.ODD_SIZE)
    if images.declared is not None:
        unsized |= np.isnan(images.declared).any(axis=1)
    sieve.drop_images(UNSIZED_XML, unsized)
    sieve.drop_images_of(NAMELESS, boxes.category < 0)
    sieve.drop_images_of(NO_NUMBER, boxes.has(BoxTrait.NOT_A_NUMBER))
    sieve.drop_images_of(UNKNOWN_NAME, unknown(sieve, strips=False))
    sieve.move(MINUS_ONE, boxes.xyxy - (1.0, 1.0, 0.0, 0.0))


def _open_voc(sieve: Sieve) -> None:
    voc.open_images(sieve, ABSENT_JPG, OTHER_NAME)
    sieve.drop_images(BROKEN_JPG, voc.unreadable(sieve, cut_off=True), voc.say_unreadable(sieve))
    width, height = sieve.opened(turned=True)
    if (declared := sieve.images.declared) is not None:

        def say(image: int) -> str:
            (a, b), (c, d) = (width[image], height[image]), declared[image].tolist()
            shape = f"got ({a:.0f}, {b:.0f}), expect ({c:.0f}, {d:.0f})"
            name = voc.opened_name(sieve, image)
            return f"SizeMismatchError: Mismatched image shape for image {name}, {shape}."

        # NaN, an image of unknown size, differs from nothing.
        differs = (abs(width - declared[:, 0]) > 0) | (abs(height - declared[:, 1]) > 0)
        sieve.drop_images(OTHER_SIZE, differs, say)
    sieve.opens_as(width, height)


READERS = {"coco": _read_coco, "voc": _read_voc}


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read(READERS)
    sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(sieve.left))
    sieve.drop_images(ONLY_CROWDS, ~sieve.images_of(~sieve.boxes.crowd))
    sieve.read({"voc": _open_voc})
    sieve.drop_boxes(CROWD, sieve.boxes.crowd)
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())
    _put_in_order(sieve)
    sieve.clip(CLIPPED)
    width, height = sieve.sides()
    sieve.drop_boxes(EMPTY, ~((width > _LEAST_SIDE) & (height > _LEAST_SIDE)))


def _put_in_order(sieve: Sieve) -> None:
    import numpy as np

    width, height = sieve.sides()
    rows = np.flatnonzero((width < 0) | (height < 0))
    if len(rows):
        xyxy = sieve.boxes.xyxy.copy()
        first, second = xyxy[rows, :2], xyxy[rows, 2:]
        xyxy[rows] = np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=1)
        sieve.move(IN_ORDER, xyxy)
