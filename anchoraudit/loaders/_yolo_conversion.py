"""How YOLO label files are made from other formats: by the scripts of the frameworks' authors.

COCO: `convert_coco` of Ultralytics, and `convert_coco_json` of their JSON2YOLO. Both divide by the size that
an image's entry states, leave out crowds and boxes without area, subtract 1 from the category id, and write
six digits. Pascal VOC: the script in VOC.yaml. It divides by `<size>`, leaves out difficult objects and names
that are not in its list, and subtracts 1 from the centre. Data of other formats are taken as converted
unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from anchoraudit.loaders._rules import Rule
from anchoraudit.loaders._yolo_labels import Checks, Labels, verify

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from anchoraudit.arrays import Bool, Float
    from anchoraudit.dataset.columns import ImageId
    from anchoraudit.loaders._sieve import Sieve

    Float32 = npt.NDArray[np.float32]

CROWD = Rule("box", "crowd", "general_json2yolo.py `convert_coco_json`", expected=True)
_DIGITS = 6  # of "%g"
_LARGEST_CLASS = 1 << 53  # the largest that a double holds exactly, as labels are read
_LARGEST = 1 << 1000  # integers that a double can hold, and that format codes take
_LEAST, _MOST = -12, 12  # powers of ten between which numbers are rounded to so many digits
# The category ids of COCO 2017: 80 of the numbers from 1 to 90. The converters have an option to number
# these, and only these, from 0 to 79, which the documentation tells to use for COCO.
_NOT_IN_COCO = frozenset([12, 26, 29, 30, 45, 66, 68, 69, 71, 83])
_COCO_IDS = [i for i in range(1, 91) if i not in _NOT_IN_COCO]


class VocRules(NamedTuple):
    """The rules of the script in VOC.yaml, in its order."""

    no_file: Rule
    no_size: Rule
    fraction: Rule
    nameless: Rule
    other_name: Rule
    no_difficult: Rule
    odd_difficult: Rule
    difficult: Rule
    boxless: Rule
    odd_box: Rule
    zero_size: Rule
    minus_one: Rule


class CocoRules(NamedTuple):
    """The rules of a converter of COCO, in its order."""

    image_id: Rule
    later_id: Rule
    no_size: Rule
    boxless: Rule
    odd_box: Rule
    odd_size: Rule
    no_area: Rule
    no_class: Rule
    class_text: Rule
    repeated: Rule | None


@dataclass(frozen=True)
class Conversion:
    """The scripts that make labels for one loader.

    voc, coco: the file and the function of the script. code: the format code that writes image ids, "d" or
    "g"; "g" writes six digits. keeps_going: an annotation without `bbox` or `category_id` is left out, and
    does not raise. repeated: equal boxes are left out by the converter where the loader refuses them.
    """

    voc: str
    coco: str
    code: str
    keeps_going: bool
    repeated: bool = False

    @cached_property
    def of_voc(self) -> VocRules:
        """The rules for Pascal VOC."""
        source = self.voc
        none_find = "AttributeError: 'NoneType' object has no attribute 'find'"
        none_text = "AttributeError: 'NoneType' object has no attribute 'text'"
        divided = "ZeroDivisionError: float division by zero"
        return VocRules(
            no_file=Rule("raises", "no XML file", source, "voc"),
            no_size=Rule("raises", "no size element", source, "voc", error=none_find),
            fraction=Rule("raises", "a stated size that is not a whole number", source, "voc"),
            nameless=Rule("raises", "object without a name", source, "voc", error=none_text),
            other_name=Rule("box", "a class that is not in the list of names", source, "voc"),
            no_difficult=Rule("raises", "object without a difficult element", source, "voc", error=none_text),
            odd_difficult=Rule("raises", "difficult is not a whole number", source, "voc"),
            difficult=Rule("box", "difficult", source, "voc", expected=True),
            boxless=Rule("raises", "object without a box", source, "voc", error=none_find),
            odd_box=Rule("raises", "a coordinate that is missing or not a number", source, "voc"),
            zero_size=Rule("raises", "a stated size of 0", source, "voc", error=divided),
            minus_one=Rule("moves", "1 subtracted from the centre", source, "voc"),
        )

    @cached_property
    def of_coco(self) -> CocoRules:
        """The rules for COCO."""
        source = self.coco
        code = f"ValueError: Unknown format code '{self.code}' for object of type 'str'"
        subtracted = "TypeError: unsupported operand type(s) for -: 'str' and 'int'"
        return CocoRules(
            image_id=Rule("raises", "image id that is not a number", source, "coco", error=code),
            later_id=Rule("image", "a later image has its id, and gets its boxes", source, "coco"),
            no_size=Rule("raises", "no width and height in the image's entry", source, "coco"),
            boxless=self._lacking("annotation without a box", "bbox"),
            odd_box=Rule("raises", "a box that is not four numbers", source, "coco"),
            odd_size=Rule("raises", "a width or height of the image that is not a number", source, "coco"),
            no_area=Rule("box", "no width or no height", source, "coco"),
            no_class=self._lacking("annotation without a class", "category_id"),
            class_text=Rule("raises", "category id that is not a number", source, "coco", error=subtracted),
            repeated=Rule("box", "equal to an earlier box", source, "coco", expected=True)
            if self.repeated
            else None,
        )

    def _lacking(self, reason: str, key: str) -> Rule:
        if self.keeps_going:
            return Rule("box", reason, self.coco, "coco")
        return Rule("raises", reason, self.coco, "coco", error=f"KeyError: '{key}'")

    @property
    def listed(self) -> tuple[Rule, ...]:
        """The rules, as documentation lists them."""
        return (*self.of_voc, CROWD, *(rule for rule in self.of_coco if rule is not None))


def load_labels(sieve: Sieve, conversion: Conversion, checks: Checks) -> None:
    """Make label files of a data set, unless it has them, and check them."""
    format = sieve.dataset.format
    if format == "coco":
        labels = _from_coco(sieve, conversion)
    elif format == "voc":
        labels = _from_voc(sieve, conversion.of_voc)
    else:
        sieve.drop_boxes(CROWD, sieve.boxes.crowd)
        labels = _as_they_are(sieve)
    verify(sieve, checks, labels)


def _as_they_are(sieve: Sieve) -> Labels:
    """Return labels of data that need no conversion, or whose conversion changes nothing."""
    import numpy as np

    dataset, boxes = sieve.dataset, sieve.boxes
    sides = np.stack([sieve.images.width, sieve.images.height], axis=1)
    if not dataset.classes_are_indices:
        classes = np.maximum(boxes.category, 0).astype(np.float32)
        return Labels(_fractions(sieve, sides), classes, sides, None)
    index = np.array([*(c.id for c in dataset.categories), np.nan], dtype=np.float64)
    classes = index[boxes.category].astype(np.float32)
    for row, text in boxes.class_texts.items():
        if boxes.category[row] < 0:
            classes[row] = _as_number(text)
    return Labels(_fractions(sieve, sides), classes, sides, _count(sieve, index[:-1]))


def _count(sieve: Sieve, index: Float) -> int | None:
    """Return how many classes the framework makes of a declaration; None if nothing is declared."""
    if sieve.classes is not None:
        count = sieve.classes.count
        return None if count is None else min(count, _LARGEST_CLASS + 1)
    declared = sieve.dataset.class_count
    return declared if declared is not None or not len(index) else int(index.max()) + 1


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


# Pascal VOC


def _from_voc(sieve: Sieve, rules: VocRules) -> Labels:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait
    from anchoraudit.loaders._voc import say_odd_size
    from anchoraudit.loaders._voc_names import unknown

    boxes, images = sieve.boxes, sieve.images
    names = images.ids

    def say_absent(image: int) -> str:
        return f"FileNotFoundError: [Errno 2] No such file or directory: '{names[image]}.xml'"

    sieve.drop_images(rules.no_file, images.has(ImageTrait.NO_LABEL_FILE), say_absent)
    sides = _stated(sieve)
    if images.declared is not None:
        lacking = np.isnan(sides)
        odd = images.has(ImageTrait.ODD_SIZE) | (~lacking & (np.trunc(sides) != sides)).any(axis=1)
        sieve.drop_images(rules.no_size, lacking.any(axis=1) & ~odd)
        sieve.drop_images(rules.fraction, odd, say_odd_size(sieve))
    empty = boxes.has(BoxTrait.EMPTY_NAME)
    sieve.drop_images_of(rules.nameless, (boxes.category < 0) & ~empty)
    sieve.drop_boxes(rules.other_name, unknown(sieve, strips=False) | empty)
    sieve.drop_images_of(rules.no_difficult, boxes.has(BoxTrait.NO_DIFFICULT))
    sieve.drop_images_of(rules.odd_difficult, boxes.has(BoxTrait.ODD_DIFFICULT))
    sieve.drop_boxes(rules.difficult, boxes.difficult & ~boxes.has(BoxTrait.OTHER_DIFFICULT))
    odd_box = boxes.has(BoxTrait.NOT_A_NUMBER)
    sieve.drop_images_of(rules.boxless, sieve.without_box() & ~odd_box)
    sieve.drop_images_of(rules.odd_box, odd_box)
    sieve.drop_images_of(rules.zero_size, (sides == 0).any(axis=1)[boxes.image])
    sieve.move(rules.minus_one, boxes.xyxy - 1.0)
    classes = np.maximum(boxes.category, 0).astype(np.float32)
    return Labels(_fractions(sieve, sides), classes, sides, None)


def _stated(sieve: Sieve) -> Float:
    """Return the sizes that entries state; those of the images where the format states none: [N, 2]."""
    import numpy as np

    images = sieve.images
    if images.declared is None:
        return np.stack([images.width, images.height], axis=1)
    return images.declared


# COCO


def _from_coco(sieve: Sieve, conversion: Conversion) -> Labels:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait

    rules = conversion.of_coco
    listed = np.ones(len(sieve.images), dtype=np.bool_)
    if sieve.images.entry is not None:
        listed = sieve.images.entry >= 0
    ids = sieve.images.ids
    if str in set(map(type, ids)):
        texts = np.array([isinstance(i, str) for i in ids], dtype=np.bool_)
        sieve.drop_images(rules.image_id, listed & texts)
    _join_images(sieve, rules.later_id, conversion.code)
    sides = _stated(sieve)
    annotated = sieve.images_of(np.ones(len(sieve.boxes), dtype=np.bool_))

    def say_size(image: int) -> str:
        return f"KeyError: '{'height' if np.isnan(sides[image, 1]) else 'width'}'"

    odd_size = sieve.images.has(ImageTrait.SIZE_NOT_A_NUMBER)
    sieve.drop_images(rules.no_size, np.isnan(sides).any(axis=1) & annotated & ~odd_size, say_size)
    boxes = sieve.boxes
    sieve.drop_boxes(CROWD, boxes.crowd)
    without_box, odd_box = sieve.without_box(), boxes.has(BoxTrait.BBOX_NOT_FOUR_NUMBERS)
    sieve.drop_images_of(rules.odd_box, without_box & odd_box)
    _drop(sieve, rules.boxless, without_box & ~odd_box)
    sieve.drop_images_of(rules.odd_size, odd_size[boxes.image])
    values = _fractions(sieve, sides, rounded=True)
    sieve.drop_boxes(rules.no_area, (values[:, 2] <= 0) | (values[:, 3] <= 0))
    categories, text, absent = _category_ids(sieve)
    _drop(sieve, rules.no_class, absent)
    sieve.drop_images_of(rules.class_text, text)
    if rules.repeated is not None:
        from anchoraudit.dataset.duplicates import exact_duplicates

        sieve.drop_boxes(rules.repeated, exact_duplicates(replace(sieve.dataset, boxes=boxes)) >= 0)
    declared = [c.id for c in sieve.dataset.categories]
    if sorted(map(str, declared)) == sorted(map(str, _COCO_IDS)):
        order = np.searchsorted(_COCO_IDS, categories)
        known = np.isin(categories, _COCO_IDS)
        categories = np.where(known, order + 1, categories)
    return Labels(values, (categories - 1).astype(np.float32), sides, len(declared) or None, once=True)


def _drop(sieve: Sieve, rule: Rule, these: Bool) -> None:
    """Leave these annotations out, or raise at their images, as the rule says."""
    if rule.what == "box":
        sieve.drop_boxes(rule, these)
    else:
        sieve.drop_images_of(rule, these)


def _category_ids(sieve: Sieve) -> tuple[Float, Bool, Bool]:
    """Return the category id of each annotation, and which have one that is a text, or none: [M] each."""
    import json

    import numpy as np

    boxes = sieve.boxes
    declared = [c.id for c in sieve.dataset.categories]
    ids = np.array([*(np.nan if isinstance(i, str) else _float(i) for i in declared), np.nan])
    text = np.array([*(isinstance(i, str) for i in declared), False], dtype=np.bool_)[boxes.category]
    found = ids[boxes.category]
    absent = boxes.category < 0
    for row, written in boxes.class_texts.items():
        if absent[row]:
            value = json.loads(written)
            absent[row], text[row] = False, not isinstance(value, int | float)
            found[row] = np.nan if text[row] else _float(value)
    return found, text, absent


def _float(value: float) -> float:
    """Return a number of JSON as a float; infinity for an integer of hundreds of digits."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _join_images(sieve: Sieve, rule: Rule, code: str) -> None:
    """Give the boxes of images of one file that have one id, as the script writes it, to the last of them."""
    import numpy as np

    images = sieve.images
    known = set(images.ids)
    if len(known) == len(images) and set(map(type, known)) == {int}:
        largest = max(map(abs, known))  # type: ignore[arg-type]
        if code == "d" or largest < 10**_DIGITS:
            return
    here = {
        i: identity for i in np.flatnonzero(sieve.images_left).tolist() if _is_id(identity := images.ids[i])
    }
    keys: dict[int, tuple[int, ImageId]] = {i: (int(images.source[i]), here[i]) for i in here}
    if code == "g" and any(not -(10**_DIGITS) < identity < 10**_DIGITS for identity in here.values()):
        keys = {i: (source, f"{here[i]:g}") for i, (source, _) in keys.items()}
    last = {key: i for i, key in keys.items()}
    if len(last) == len(keys):
        return
    stands_in = np.arange(len(images))
    for i, key in keys.items():
        stands_in[i] = last[key]
    sieve.drop_images(rule, stands_in != np.arange(len(images)))
    sieve.boxes = replace(sieve.boxes, image=stands_in[sieve.boxes.image])


def _is_id(value: ImageId) -> TypeGuard[int]:
    return isinstance(value, int) and abs(value) <= _LARGEST


# Numbers


def _fractions(sieve: Sieve, sides: Float, *, rounded: bool = False) -> Float32:
    """Return centre and size of the boxes in fractions of `sides` [N, 2]: float32 [M, 4], as in label files.

    rounded: to six digits.
    """
    import numpy as np

    from anchoraudit.arrays import for_each_block

    xyxy, image = sieve.boxes.xyxy, sieve.boxes.image
    labels = np.empty((len(xyxy), 4), dtype=np.float32)

    def work(block: slice) -> None:
        first, second, own = xyxy[block, :2], xyxy[block, 2:], sides[image[block]]
        with np.errstate(all="ignore"):  # each thread has its own
            values = np.concatenate([(first + second) / 2 / own, (second - first) / own], axis=1)
            labels[block] = _six_digits(values) if rounded else values

    for_each_block(len(labels), work)
    return labels


def _six_digits(values: Float) -> Float:
    """Round numbers to six digits, as "%g" does."""
    import numpy as np

    power = np.floor(np.log10(np.abs(values)))
    inside = (power >= _LEAST) & (power <= _MOST)
    scales = 10.0 ** np.arange(_DIGITS - 1 - _LEAST, _DIGITS - 2 - _MOST, -1)
    scale = scales[np.where(inside, power - _LEAST, 0).astype(np.int64)]
    rounded: Float = np.where(inside, np.rint(values * scale) / scale, values)
    return rounded
