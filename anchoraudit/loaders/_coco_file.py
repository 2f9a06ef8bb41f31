"""The rules of `pycocotools/coco.py`, with which most loaders read a COCO file.

For each id it keeps one entry, the last one, of images and of annotations. It raises KeyError at an
annotation without an id or a category. An image without an entry in the file does not exist for it. It takes
an image id that is a text for a list of letters, and finds neither the image nor its annotations. These rules
apply only to data that were read from COCO files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Float, Floating, Int
    from anchoraudit.loaders._sieve import Say, Sieve

_INDEX = "pycocotools/coco.py `createIndex`"
UNLISTED = Rule("image", "no entry in the file names it", _INDEX, "coco")
WITHOUT_ID = Rule("raises", "annotation without an id", _INDEX, "coco", "KeyError: 'id'")
WITHOUT_CATEGORY = Rule(
    "raises", "annotation without a category id", _INDEX, "coco", "KeyError: 'category_id'"
)
LATER_ID = Rule("image", "a later image has its id, and gets its boxes", _INDEX, "coco")
LATER_BOX = Rule("moves", "replaced by a later annotation of the same id", f"{_INDEX}, `loadAnns`", "coco")
READING = (UNLISTED, WITHOUT_ID, WITHOUT_CATEGORY, LATER_ID)
TEXT_ID = Rule("raises", "an image id that is a text", "pycocotools/coco.py `loadImgs`", "coco")


def read_index(sieve: Sieve) -> None:
    """Apply the rules of READING, which every loader has that reads with pycocotools."""
    if not sieve.dataset.has_entries:
        return
    images, ids = sieve.images, sieve.boxes.annotation_ids
    if images.entry is not None:
        sieve.drop_images(UNLISTED, images.entry < 0)
    if ids is not None and ids.dtype == object:
        sieve.drop_images_of(WITHOUT_ID, ids == "")
    sieve.drop_images_of(WITHOUT_CATEGORY, _uncategorised(sieve))
    _join_images(sieve)


def _join_images(sieve: Sieve) -> None:
    """Keep the last image of each id in a file, and give it the boxes of all images with that id."""
    from dataclasses import replace

    import numpy as np

    images = sieve.images
    if len(set(images.ids)) == len(images):
        return
    listed = np.flatnonzero(sieve.images_left).tolist()
    keys = {i: (int(images.source[i]), images.ids[i]) for i in listed}
    last = {key: i for i, key in keys.items()}
    stands_in = np.arange(len(images))
    for i, key in keys.items():
        stands_in[i] = last[key]
    sieve.drop_images(LATER_ID, stands_in != np.arange(len(images)))
    sieve.boxes = replace(sieve.boxes, image=stands_in[sieve.boxes.image])


def undeclared(sieve: Sieve) -> Bool:
    """Tell which images have an entry without the key `width` or `height`: bool [N]."""
    import numpy as np

    images = sieve.images
    if images.declared is None or not sieve.dataset.has_entries:
        return np.zeros(len(images), dtype=np.bool_)
    absent: Bool = np.isnan(images.declared).any(axis=1) & ~odd_size(sieve)
    return absent


def say_size(sieve: Sieve, first: str) -> Say:
    """Return what the framework says of an image without a size. first: the key that it asks for first."""
    keys = ("width", "height")
    order = [keys.index(first), 1 - keys.index(first)]

    def say(image: int) -> str:
        declared = sieve.images.declared
        assert declared is not None  # else no image is without a size
        lacking = [keys[side] for side in order if declared[image, side] != declared[image, side]]
        return f"KeyError: '{(lacking or [first])[0]}'"

    return say


def odd_size(sieve: Sieve) -> Bool:
    """Tell which images have an entry whose width or height is no number, but a text or null: bool [N]."""
    from anchoraudit.dataset.traits import ImageTrait

    return sieve.images.has(ImageTrait.SIZE_NOT_A_NUMBER)


def no_size(sieve: Sieve) -> Bool:
    """Tell which images have an entry whose width or height float() does not take: bool [N]."""
    import numpy as np

    return odd_size(sieve) & np.isnan(declared(sieve)).any(axis=0)


def declared(sieve: Sieve) -> tuple[Float, Float]:
    """Return width and height of the images as the file states them, in pixels: [N], [N].

    Where the format states none, those of the data set.
    """
    images = sieve.images
    if images.declared is None or not sieve.dataset.has_entries:
        return images.width, images.height
    return images.declared[:, 0], images.declared[:, 1]


def text_ids(sieve: Sieve) -> Bool:
    """Tell which images have a text of other than one letter as their id: bool [N]."""
    import numpy as np

    ids = sieve.images.ids
    if not sieve.dataset.has_entries:
        return np.zeros(len(ids), dtype=np.bool_)
    return np.fromiter((isinstance(one, str) and len(one) != 1 for one in ids), np.bool_, len(ids))


def say_text_id(sieve: Sieve) -> Say:
    """Return what `loadImgs` says of an image id that is a text."""

    def say(image: int) -> str:
        identity = str(sieve.images.ids[image])
        return f"KeyError: {identity[0]!r}" if identity else "IndexError: list index out of range"

    return say


def nameless(sieve: Sieve, *, reads_lvis: bool = False) -> Bool:
    """Tell which images have an entry without a file name: bool [N].

    reads_lvis: the framework has a reader of LVIS, which takes the name of `coco_url`.
    """
    import numpy as np

    from anchoraudit.dataset.traits import ImageTrait

    names = sieve.images.file_names
    without: Bool = np.fromiter((not name for name in names), np.bool_, len(names))
    return without if reads_lvis else without | sieve.images.has(ImageTrait.NAME_FROM_URL)


def crowds(sieve: Sieve) -> Bool:
    """Tell which annotations have an `iscrowd` that does not equal 0: bool [M]."""
    from anchoraudit.dataset.traits import BoxTrait

    return sieve.boxes.crowd | sieve.boxes.has(BoxTrait.ISCROWD_NOT_A_NUMBER)


def without_box(sieve: Sieve) -> Bool:
    """Tell which annotations have no `bbox` of four numbers: bool [M]."""
    from anchoraudit.dataset.traits import BoxTrait

    return sieve.without_box() | sieve.boxes.has(BoxTrait.NO_BBOX | BoxTrait.BBOX_NOT_FOUR_NUMBERS)


def say_bbox(sieve: Sieve, other: str = "") -> Say:
    """Return what the framework says of an annotation without a box. other: if it has a `bbox`."""
    from anchoraudit.dataset.traits import BoxTrait

    lacking = sieve.boxes.has(BoxTrait.NO_BBOX)
    return lambda row: "KeyError: 'bbox'" if lacking[row] else other


def without_area(sieve: Sieve) -> Bool:
    """Tell which annotations have no `area`: bool [M]."""
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait

    if sieve.boxes.area is None:
        return np.zeros(len(sieve.boxes), dtype=np.bool_)
    lacking: Bool = np.isnan(sieve.boxes.area) & ~odd_area(sieve)
    return lacking | sieve.boxes.has(BoxTrait.NO_AREA)


def odd_area(sieve: Sieve) -> Bool:
    """Tell which annotations have an `area` that is no number: bool [M]."""
    from anchoraudit.dataset.traits import BoxTrait

    return sieve.boxes.has(BoxTrait.AREA_NOT_A_NUMBER)


def say_odd_area(sieve: Sieve, words: str) -> Say:
    """Return what the framework says of an `area` that is a text, `words`; of null, nothing is said."""
    import math

    area = sieve.boxes.area
    return lambda row: "" if area is None or math.isnan(area[row]) else words


def text_class(sieve: Sieve) -> Bool:
    """Tell which annotations have a category id that is a text: bool [M]."""
    import numpy as np

    boxes, categories = sieve.boxes, sieve.dataset.categories
    # The last entry is for annotations of no listed category.
    is_text = np.array([isinstance(category.id, str) for category in categories] + [False], dtype=np.bool_)
    if not sieve.dataset.has_entries:
        return np.zeros(len(boxes), dtype=np.bool_)
    found: Bool = is_text[boxes.category]
    for row, text in boxes.class_texts.items():
        found[row] = text.startswith('"')
    return found


def say_class(sieve: Sieve, words: str) -> Say:
    """Return what the framework says of a category that is not in the file. words: with {} for its id."""
    import json

    def say(row: int) -> str:
        text = sieve.boxes.class_texts.get(row)
        return "" if text is None else words.format(repr(json.loads(text)))

    return say


def look_at_segmentations(sieve: Sieve) -> None:
    """Find out what the segmentations of the annotations are. `read` does not look at them."""
    from dataclasses import replace

    import numpy as np

    if not sieve.dataset.has_entries:
        return
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.formats.coco.segmentations import segmentation_traits

    if len(sieve.boxes) and sieve.boxes.has(BoxTrait.SEGMENTATION_KNOWN).all():
        return
    found, boxes = segmentation_traits(sieve.dataset), sieve.boxes
    known = np.zeros_like(found) if boxes.traits is None else boxes.traits
    sieve.boxes = replace(boxes, traits=known | found)


def _uncategorised(sieve: Sieve) -> Bool:
    import numpy as np

    bare: Bool = sieve.boxes.category < 0
    bare[np.fromiter(sieve.boxes.class_texts, dtype=np.int64)] = False
    return bare


def repeated(sieve: Sieve) -> Bool:
    """Tell which annotations share their id with another one of their file: bool [M]."""
    import numpy as np

    ids = sieve.boxes.annotation_ids
    found = np.zeros(len(sieve.boxes), dtype=np.bool_)
    for rows in _rows_by_file(sieve):
        last = _last(ids[rows]) if ids is not None else None
        if last is not None:
            found[rows] = np.bincount(last, minlength=len(rows))[last] > 1
    return found


def say_repeated(sieve: Sieve) -> Say:
    """Return what loaders say that assert that the annotation ids of a file are unique."""

    def say(row: int) -> str:
        file = sieve.dataset.sources[int(sieve.images.source[sieve.boxes.image[row]])].path
        return f"AssertionError: Annotation ids in '{file}' are not unique!"

    return say


def say_flat(sieve: Sieve) -> Say:
    """Return what Python says where a segmentation is a list of numbers, and the length of each is asked."""
    from anchoraudit.dataset.traits import BoxTrait

    integers, floats = sieve.boxes.has(BoxTrait.FLAT_OF_INTEGERS), sieve.boxes.has(BoxTrait.FLAT_OF_FLOATS)

    def say(row: int) -> str:
        kind = "int" if integers[row] else "float" if floats[row] else ""
        return f"TypeError: object of type '{kind}' has no len()" if kind else ""

    return say


def take_last(sieve: Sieve) -> None:
    """Give each annotation the values of the last one with its id and file, except the image (`loadAnns`)."""
    from dataclasses import replace

    import numpy as np

    ids = sieve.boxes.annotation_ids
    stands_in = np.arange(len(sieve.boxes))
    for rows in _rows_by_file(sieve):
        last = _last(ids[rows]) if ids is not None else None
        if last is not None:
            stands_in[rows] = rows[last]
    if bool((stands_in == np.arange(len(stands_in))).all()):
        return
    sieve.move(LATER_BOX, sieve.boxes.xyxy[stands_in])
    taken = sieve.boxes.take(stands_in)
    sieve.boxes = replace(taken, image=sieve.boxes.image, entry=sieve.boxes.entry)


def _rows_by_file(sieve: Sieve) -> list[Int]:
    import numpy as np

    if not sieve.dataset.has_entries:
        return []
    files = len(sieve.dataset.sources)
    if files == 1:
        return [np.arange(len(sieve.boxes))]
    source = sieve.images.source[sieve.boxes.image]
    return [np.flatnonzero(source == file) for file in range(files)]


def _last(ids: Any) -> Int | None:
    """Return, for each id, the position of its last occurrence; None if no id is repeated."""
    import numpy as np

    from anchoraudit.dataset.repeated import not_single

    if ids.dtype == object:
        last = {identity: i for i, identity in enumerate(ids.tolist())}
        if len(last) == len(ids):
            return None
        return np.array([last[identity] for identity in ids.tolist()], dtype=np.int64)
    if not len(not_single(ids)):
        return None
    order = np.argsort(ids, kind="stable")
    ranked = ids[order]
    at = np.searchsorted(ranked, ids, side="right") - 1
    found: Int = order[at]
    return found


def as_tensor(sieve: Sieve) -> tuple[Floating, Floating, Floating, Floating]:
    """Return x1, y1, x2 and y2 of the boxes in float32, the numbers of a tensor: [M] each."""
    import numpy as np

    x1, y1, x2, y2 = np.ascontiguousarray(sieve.boxes.xyxy.T, dtype=np.float32)
    return x1, y1, x2, y2


def no_integer_id(sieve: Sieve) -> Bool:
    """Tell which images have an id that int() does not take: bool [N]."""
    import numpy as np

    ids = sieve.images.ids
    found = np.zeros(len(ids), dtype=np.bool_)
    if sieve.dataset.has_entries:
        for image, identity in enumerate(ids):
            if isinstance(identity, str):
                try:
                    int(identity)
                except ValueError:
                    found[image] = True
    return found
