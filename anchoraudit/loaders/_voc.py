"""What loaders of Pascal VOC do alike: they take names from a list and open `<name>.xml` and `<name>.jpg`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anchoraudit.arrays import Bool
    from anchoraudit.loaders._sieve import Sieve

NO_TEXT = "AttributeError: 'NoneType' object has no attribute 'text'"
NO_FIND = "AttributeError: 'NoneType' object has no attribute 'find'"
NO_SHAPE = "AttributeError: 'NoneType' object has no attribute 'shape'"
NOT_FOUND = "FileNotFoundError: [Errno 2] No such file or directory: '{name}'"
# What `ImageFiles.problem` begins with where `cv2.imread` still reads what is there, with a warning. It does
# not where even the header ends early.
_CUT_OFF, _IN_HEADER = "truncated:", "truncated: the header"


def without_xml(source: str) -> tuple[Rule, Rule]:
    """Return the two rules for an image without an XML file: a list names it, or none does."""
    return (
        Rule("raises", "no XML file, though a split list names the image", source, "voc"),
        Rule("image", "no XML file, and no split list names the image", source, "voc", expected=True),
    )


def read_lists(sieve: Sieve, rules: tuple[Rule, Rule]) -> None:
    """Apply the rules of `without_xml`."""
    from anchoraudit.dataset.traits import ImageTrait

    images = sieve.images
    bare, listed = images.has(ImageTrait.NO_LABEL_FILE), images.has(ImageTrait.LISTED)
    raises, dropped = rules
    sieve.drop_images(raises, bare & listed, lambda image: NOT_FOUND.format(name=f"{images.ids[image]}.xml"))
    sieve.drop_images(dropped, bare)


def other_names(source: str) -> Rule:
    """Return the rule for an image that is there, but not as `<name>.jpg`."""
    return Rule("raises", "the loader opens <name>.jpg, and the image is called otherwise", source, "voc")


def open_images(sieve: Sieve, absent: Rule, other_name: Rule, words: str = NOT_FOUND) -> None:
    """Raise at images without a file, and at those of VOC whose file is not `<name>.jpg`.

    other_name: as made by `other_names`. words: what the framework says, with {name} for the file.
    """

    def say(image: int) -> str:
        return words.format(name=opened_name(sieve, image))

    sieve.drop_images(absent, sieve.absent(), say)
    sieve.read({"voc": lambda of_voc: of_voc.drop_images(other_name, _called_otherwise(of_voc), say)})


def _called_otherwise(sieve: Sieve) -> Bool:
    import numpy as np

    images = sieve.images
    folders = [source.image_folder is not None for source in sieve.dataset.sources]
    known = np.array(folders, dtype=np.bool_)[images.source]
    pairs = zip(images.file_names, images.ids, strict=True)
    return known & np.array([name != f"{identity}.jpg" for name, identity in pairs], dtype=np.bool_)


def opened_name(sieve: Sieve, image: int) -> str:
    """Return the name of the file that the loader opens for an image."""
    images = sieve.images
    has_stem = sieve.dataset.sources[int(images.source[image])].suffix
    return f"{images.ids[image]}.jpg" if has_stem else images.file_names[image]


def unreadable(sieve: Sieve, *, cut_off: bool) -> Bool:
    """Tell which images cannot be read: bool [N].

    cut_off: also those that end early. Pillow and mmcv refuse them, `cv2.imread` does not.
    """
    import numpy as np

    problems = sieve.broken()
    read = [not cut_off and p.startswith(_CUT_OFF) and not p.startswith(_IN_HEADER) for p in problems]
    return np.array([bool(p) and not r for p, r in zip(problems, read, strict=True)], dtype=np.bool_)


def say_unreadable(sieve: Sieve, words: str = "OSError: {problem}") -> Callable[[int], str]:
    """Return what the framework says of a broken image. words: with {name} and {problem}."""
    return lambda image: words.format(name=opened_name(sieve, image), problem=sieve.broken()[image])


def say_odd_size(sieve: Sieve) -> Callable[[int], str]:
    """Return what int() says of a width or height in <size> that it does not take, if both are numbers."""

    def say(image: int) -> str:
        declared = sieve.images.declared
        sides = [] if declared is None else declared[image].tolist()
        if not sides or any(map(math.isnan, sides)):
            return ""
        # Of "640.0", which may be one or both, the text is not known.
        odd = next((f": '{side!r}'" for side in sides if not side.is_integer()), "")
        return f"ValueError: invalid literal for int() with base 10{odd}"

    return say


def say_not_an_integer(sieve: Sieve, order: Sequence[int]) -> Callable[[int], str]:
    """Return what int() says of the first coordinate of a box that it does not take, if that is known.

    order: in which the loader reads x1, y1, x2 and y2.
    """

    def say(row: int) -> str:
        values = [float(sieve.dataset.boxes.xyxy[row, column]) for column in order]
        odd = next((value for value in values if not value.is_integer()), values[0])
        return "" if math.isnan(odd) else f"ValueError: invalid literal for int() with base 10: '{odd!r}'"

    return say


def say_nameless(sieve: Sieve, empty: str) -> Callable[[int], str]:
    """Return what the framework says of an object without a name. empty: of an element <name> with no text.

    Of one with white space only, nothing is said.
    """
    from anchoraudit.dataset.traits import BoxTrait

    is_empty, is_blank = sieve.boxes.has(BoxTrait.EMPTY_NAME), sieve.boxes.has(BoxTrait.PADDED_NAME)
    return lambda row: "" if is_blank[row] else empty if is_empty[row] else NO_TEXT


def say_not_finite(sieve: Sieve) -> Callable[[int], str]:
    """Return what Python says where <bndbox> is missing, or at int() of the first number that is not finite.

    Of a coordinate that is missing, or no number at all, nothing is said.
    """
    from anchoraudit.dataset.traits import BoxTrait

    boxless, unread = sieve.boxes.has(BoxTrait.NO_BNDBOX), sieve.boxes.has(BoxTrait.NOT_A_NUMBER)

    def say(row: int) -> str:
        if boxless[row]:
            return NO_FIND
        values = sieve.dataset.boxes.xyxy[row].tolist()
        odd = next((value for value in values if not math.isfinite(value)), None)
        if unread[row] or odd is None:
            return ""
        if math.isnan(odd):
            return "ValueError: cannot convert float NaN to integer"
        return "OverflowError: cannot convert float infinity to integer"

    return say


def number(sieve: Sieve, row: int) -> int:
    """Return the position of a box among those of its image, from 0."""
    import numpy as np

    image = sieve.dataset.boxes.image
    return int(np.count_nonzero(image[:row] == image[row]))
