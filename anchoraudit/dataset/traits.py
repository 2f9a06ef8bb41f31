"""What the files say of single images and boxes beyond the columns, as bit flags.

A framework's loader may stop at things that change no box: a missing key, a number with a decimal point, a
list that names an image without annotations. Readers set these flags, and only loaders ask for them.
"""

from __future__ import annotations

from enum import IntFlag, auto


class ImageTrait(IntFlag):
    """What is true of an image. A column of these is uint32 [N]."""

    LISTED = auto()  # a list of its split names it
    NO_LABEL_FILE = auto()  # the format has an annotation file for each image, and it has none
    ODD_SIZE = auto()  # Pascal VOC: <size> is there, but int() does not take its width or its height
    SIZE_NOT_A_NUMBER = auto()  # COCO: `width` or `height` is there, but is no number
    NAME_FROM_URL = auto()  # COCO: there is no `file_name`, so `coco_url` names the file, as in LVIS
    LABELS_ELSEWHERE = auto()  # YOLO: its label file is not where it follows from the path of the image


class BoxTrait(IntFlag):
    """What is true of an annotation. A column of these is uint32 [M]."""

    # Keys that a COCO annotation lacks, and values that are not what the format asks for.
    NO_ISCROWD = auto()
    ISCROWD_NOT_A_NUMBER = auto()  # a text, or null
    ISCROWD_NULL = auto()
    NO_AREA = auto()
    AREA_NOT_A_NUMBER = auto()
    NO_BBOX = auto()
    BBOX_NOT_FOUR_NUMBERS = auto()
    IGNORE = auto()  # the key `ignore` asks for it
    WHOLE_NUMBERS = auto()  # all four numbers of `bbox` are integers in the file
    # What the `segmentation` of a COCO annotation is. `formats.coco.segmentations` looks at it when asked.
    NO_SEGMENTATION = auto()
    EMPTY_SEGMENTATION = auto()  # []
    SHORT_SEGMENTATION = auto()  # no polygon in it has an even count of six numbers or more
    FOUR_NUMBERS = auto()  # its first polygon has four numbers
    FLAT_SEGMENTATION = auto()  # a number stands where a polygon should: [x, y, x, y]
    FLAT_OF_INTEGERS = auto()  # a list that begins with an integer
    FLAT_OF_FLOATS = auto()  # a list that begins with a number with a decimal point
    BROKEN_RLE = auto()  # an object without `counts`, or whose `counts` are a list without a `size`
    NO_MASK = auto()  # anything else of which pycocotools makes no mask
    SEGMENTATION_KNOWN = auto()  # it was looked at while the file was read in parts
    # Pascal VOC: elements that an object lacks, and how its numbers and its name are written.
    NO_DIFFICULT = auto()
    NO_TRUNCATED = auto()
    ODD_DIFFICULT = auto()  # int() does not take the text: "true", "Unspecified"
    ODD_TRUNCATED = auto()
    OTHER_DIFFICULT = auto()  # an integer, but neither 0 nor 1
    NO_BNDBOX = auto()
    NOT_AN_INTEGER = auto()  # a coordinate that int() does not take: "45.7", "45.0"
    NOT_A_NUMBER = auto()  # a coordinate that is missing, or that float() does not take either
    PADDED_NAME = auto()  # white space around the name, or nothing else
    EMPTY_NAME = auto()  # there is a name, but it is empty, apart from white space
    # Its entry is a polygon or another shape, and the box is drawn around it.
    OUTLINE = auto()


# Boxes that are no four numbers in their file, but follow from a polygon, or could not be read.
NOT_WRITTEN = BoxTrait.NO_BBOX | BoxTrait.BBOX_NOT_FOUR_NUMBERS | BoxTrait.OUTLINE
