"""facebookresearch/detectron2: `data/datasets/{coco,pascal_voc}.py`, `data/build.py`,
`data/dataset_mapper.py`.

`load_coco_json` and `load_voc_instances` read the files. `get_detection_dataset_dicts` drops images whose
annotations are all crowds, or that have none (`DATALOADER.FILTER_EMPTY_ANNOTATIONS`, and `filter_empty` of a
lazy config, true by default; where the detector's configuration has false, they stay, and train as
background). Then
`DatasetMapper` drops crowds, puts the corners of each box in order (`apply_box` of fvcore), clips the box to
the image and drops it unless both sides are above 1e-5 pixels; a NaN side is not. An image that loses its
last box at this step stays. The mapper opens the image turned by its EXIF orientation, and resizes it to a
shorter side of 800 and a longer side of at most 1333 pixels, as the base configuration does, or as that of
the detector says.

COCO: an annotation with polygons, none of which has an even count of six numbers or more, is left out before
anything else is asked of it. If `bbox` holds integers, NumPy cuts the corners to whole pixels of the resized
image. VOC: a name must be, exactly as written, in the list of classes: the 20 names of Pascal VOC, or the
data set's own where most objects have other names. 1 is subtracted from xmin and ymin only; difficult objects
are kept. The mapper opens `<name>.jpg`. In both, an image whose size is not the one that the annotations
state raises an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._order import as_listed, by_id
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Float
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "detectron2"
READS = "`register_coco_instances` or `register_pascal_voc`, and the default `DatasetMapper`"
ORDERS = {"coco": by_id, "voc": as_listed}

_COCO = "detectron2/data/datasets/coco.py `load_coco_json`"
_VOC = "detectron2/data/datasets/pascal_voc.py `load_voc_instances`"
_BUILD = "detectron2/data/build.py `filter_images_with_only_crowd_annotations`"
_FILTERED = "DATALOADER.FILTER_EMPTY_ANNOTATIONS"
_MAPPER = "detectron2/data/dataset_mapper.py `DatasetMapper`"
_READ = "detectron2/data/detection_utils.py `read_image`"
_CHECK = "detectron2/data/detection_utils.py `check_image_size`"
_APPLY = "fvcore/transforms/transform.py `apply_box`"
_TRANSFORM = "detectron2/data/detection_utils.py `transform_instance_annotations`"
_EMPTY = "detectron2/data/detection_utils.py `filter_empty_instances`"
REPEATED = Rule("raises", "annotation ids are not unique", _COCO, "coco")
NAMELESS_IMAGE = Rule("raises", "no file name in the image's entry", _COCO, "coco", "KeyError: 'file_name'")
UNSIZED = Rule("raises", "no width and height in the image's entry", _COCO, "coco")
IGNORE = Rule(
    "raises",
    "annotation with `ignore`",
    _COCO,
    "coco",
    'AssertionError: "ignore" in COCO json file is not supported.',
)
FLAT = Rule("raises", "a segmentation that is no list of polygons", _COCO, "coco")
BROKEN_RLE = Rule("raises", "a segmentation without counts or size", _COCO, "coco")
SHORT = Rule("box", "no polygon with an even count of six numbers or more", _COCO, "coco")
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
NO_ANNOTATION = Rule("image", "no annotation", _BUILD, option=_FILTERED)
ONLY_CROWDS = Rule("image", "crowds only", _BUILD, option=_FILTERED)
ABSENT_JPG = Rule("raises", "its image is absent", _READ, "voc")
OTHER_NAME = voc.other_names(_VOC)
BROKEN_JPG = Rule("raises", "its image cannot be read", _READ, "voc")
OTHER_SIZE_XML = Rule("raises", "its <size> is not that of the image", _CHECK, "voc")
OPENING = (pictures.absent(_READ), pictures.broken(_READ))
OTHER_SIZE = Rule("raises", "its stated size is not that of the image", _CHECK, "coco")
CROWD = Rule("box", "crowd", _MAPPER, expected=True)
WITHOUT_BOX = Rule("raises", "annotation without a box", _TRANSFORM)
WHOLE = Rule("moves", "cut to whole pixels of the resized image", _APPLY, "coco")
IN_ORDER = Rule("moves", "corners put in order", _APPLY)
CLIPPED = Rule("moves", "clipped to the image", _TRANSFORM)
EMPTY = Rule("box", "nothing of it inside the image", _EMPTY)
RULES = (
    *coco.READING,
    REPEATED,
    NAMELESS_IMAGE,
    UNSIZED,
    IGNORE,
    FLAT,
    BROKEN_RLE,
    SHORT,
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
    OTHER_SIZE_XML,
    *OPENING,
    OTHER_SIZE,
    CROWD,
    WITHOUT_BOX,
    WHOLE,
    IN_ORDER,
    CLIPPED,
    EMPTY,
)
_LEAST_SIDE = 1e-5  # pixels of the resized image: `box_threshold` of `filter_empty_instances`
_SHORTER_SIDE, _LONGEST_SIDE = 800, 1333  # pixels: INPUT.MIN_SIZE_TRAIN, INPUT.MAX_SIZE_TRAIN


def settings(detector: Detector | None) -> tuple[int, int, bool]:
    """Return the shorter side to which images are resized, the greatest longer one, and what is left out.

    Sides are in pixels. The last value is true where images without annotations stay.
    """
    if detector is None:
        return _SHORTER_SIDE, _LONGEST_SIDE, False
    shorter, longer = detector.resize.shorter_and_longer
    keeps_blank = detector.loading_by(NAME).keeps_blank(usually=False)
    return shorter or _SHORTER_SIDE, longer or _LONGEST_SIDE, keeps_blank


def _read_coco(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait

    coco.look_at_segmentations(sieve)
    coco.read_index(sieve)
    boxes = sieve.boxes
    sieve.drop_images_of(REPEATED, coco.repeated(sieve), coco.say_repeated(sieve))
    sieve.drop_images(NAMELESS_IMAGE, coco.nameless(sieve, reads_lvis=True))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve), coco.say_size(sieve, "height"))
    sieve.drop_images_of(IGNORE, boxes.has(BoxTrait.IGNORE))
    sieve.drop_images_of(FLAT, boxes.has(BoxTrait.FLAT_SEGMENTATION), coco.say_flat(sieve))
    sieve.drop_images_of(BROKEN_RLE, boxes.has(BoxTrait.BROKEN_RLE))
    sieve.drop_boxes(SHORT, boxes.has(BoxTrait.SHORT_SEGMENTATION))
    words = (
        'KeyError: "Encountered category_id={} but this id does not exist in '
        "'categories' of the json file.\""
    )
    sieve.drop_images_of(UNKNOWN_CLASS, boxes.category < 0, coco.say_class(sieve, words))


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait
    from anchoraudit.loaders._voc_names import unknown

    boxes, images = sieve.boxes, sieve.images
    voc.read_lists(sieve, WITHOUT_XML)
    odd = images.has(ImageTrait.ODD_SIZE)
    unsized = odd.copy()
    if images.declared is not None:
        unsized |= np.isnan(images.declared).any(axis=1)
    none_found, say_odd = "IndexError: list index out of range", voc.say_odd_size(sieve)
    sieve.drop_images(UNSIZED_XML, unsized, lambda image: say_odd(image) if odd[image] else none_found)
    in_no_list = "ValueError: tuple.index(x): x not in tuple"
    sieve.drop_images_of(NAMELESS, boxes.category < 0, voc.say_nameless(sieve, in_no_list))
    sieve.drop_images_of(NO_NUMBER, boxes.has(BoxTrait.NOT_A_NUMBER), voc.say_not_finite(sieve))
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
        sieve.drop_images(OTHER_SIZE_XML, differs, say)
    sieve.opens_as(width, height)


READERS = {"coco": _read_coco, "voc": _read_voc}


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read(READERS)
    crowds = coco.crowds(sieve)
    if not settings(sieve.detector)[2]:
        sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(sieve.left))
        sieve.drop_images(ONLY_CROWDS, ~sieve.images_of(sieve.left & ~crowds))
    sieve.stop_without_images("AssertionError: No valid data found in <the name of the data set>.")
    sieve.read({"voc": _open_voc, "": _open})
    sieve.drop_boxes(CROWD, crowds)
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    scale = _scale(sieve)
    _cut_to_whole_pixels(sieve, scale)
    _put_in_order(sieve)
    sieve.clip(CLIPPED)
    sieve.drop_boxes(EMPTY, _empty(sieve, scale))


def _open(sieve: Sieve) -> None:
    pictures.open_all(sieve, OPENING, turned=True)
    images = sieve.images
    width, height = coco.declared(sieve)
    odd = coco.odd_size(sieve)

    def say(image: int) -> str:
        got = f"({images.width[image]:.0f}, {images.height[image]:.0f})"
        expected = "" if odd[image] else f", expect ({width[image]:g}, {height[image]:g})"
        return (
            f"SizeMismatchError: Mismatched image shape for image {images.file_names[image]}, got {got}"
            f"{expected}. Please check the width/height in your annotation."
        )

    # Nothing differs from NaN, a size that nobody knows.
    differs = (abs(width - images.width) > 0) | (abs(height - images.height) > 0) | odd
    sieve.drop_images(OTHER_SIZE, differs, say)


def _scale(sieve: Sieve) -> Float:
    """Return how `ResizeShortestEdge` scales the images: float64 [N, 2], 1 for an image of unknown size."""
    import numpy as np

    shorter_side, longest_side, _ = settings(sieve.detector)
    sides = np.stack([sieve.images.width, sieve.images.height], axis=1)
    shorter = np.minimum(sides[:, :1], sides[:, 1:])
    with np.errstate(divide="ignore"):
        resized = np.where(sides == shorter, shorter_side, shorter_side / shorter * sides)
        longer = np.maximum(resized[:, :1], resized[:, 1:])
        resized = np.where(longer > longest_side, resized * (longest_side / longer), resized)
        scale = np.floor(resized + 0.5) / sides
    return np.where(np.isfinite(scale), scale, 1.0)


def _cut_to_whole_pixels(sieve: Sieve, scale: Float) -> None:
    """Cut the corners of boxes written as integers, as NumPy does that assigns to an array of integers."""
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait

    rows = np.flatnonzero(sieve.boxes.has(BoxTrait.WHOLE_NUMBERS) & sieve.left)
    if len(rows):
        times = np.tile(scale[sieve.boxes.image[rows]], 2)
        xyxy = sieve.boxes.xyxy.copy()
        xyxy[rows] = np.trunc(xyxy[rows] * times) / times
        sieve.move(WHOLE, xyxy)


def _empty(sieve: Sieve, scale: Float) -> Bool:
    """Tell which boxes have a side of at most 1e-5 pixels once the image is resized: bool [M]."""
    import numpy as np

    across, down = scale[sieve.boxes.image].T
    x1, y1, x2, y2 = sieve.boxes.xyxy.T
    width = (x2 * across).astype(np.float32) - (x1 * across).astype(np.float32)
    height = (y2 * down).astype(np.float32) - (y1 * down).astype(np.float32)
    empty: Bool = ~((width > _LEAST_SIDE) & (height > _LEAST_SIDE))
    return empty


def _put_in_order(sieve: Sieve) -> None:
    import numpy as np

    width, height = sieve.sides()
    rows = np.flatnonzero((width < 0) | (height < 0))
    if len(rows):
        xyxy = sieve.boxes.xyxy.copy()
        first, second = xyxy[rows, :2], xyxy[rows, 2:]
        xyxy[rows] = np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=1)
        sieve.move(IN_ORDER, xyxy)
