"""Which class names a loader of Pascal VOC knows.

The framework has a list of names in its code: the 20 of Pascal VOC, unless its user changed it. Where a
configuration states names, these are the list. Else, where at least half of the objects, and of the classes
that they have, are among the 20, after the loader's own folding, nobody seems to have changed the list. Else
it is taken to be the data set's own classes, as they are written: its user must have put them there. Persons
do not count beside others, since many sets have them beside classes of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool
    from anchoraudit.loaders._sieve import Sieve

STOCK = frozenset(
    [
        "aeroplane",
        "bicycle",
        "bird",
        "boat",
        "bottle",
        "bus",
        "car",
        "cat",
        "chair",
        "cow",
        "diningtable",
        "dog",
        "horse",
        "motorbike",
        "person",
        "pottedplant",
        "sheep",
        "sofa",
        "train",
        "tvmonitor",
    ]
)


def unknown(sieve: Sieve, *, strips: bool, lowers: bool = False) -> Bool:
    """Tell which boxes have a name that is not in the loader's list: bool [M].

    strips, lowers: what the loader does with a name before it looks it up. Boxes without a name are not told.
    """
    from anchoraudit.dataset.traits import BoxTrait

    boxes = sieve.boxes
    known = known_names(sieve, str.lower if lowers else str)[boxes.category]
    if not strips:
        known &= ~boxes.has(BoxTrait.PADDED_NAME)
    unheard: Bool = (boxes.category >= 0) & ~known
    return unheard


def known_names(sieve: Sieve, folded: Callable[[str], str] = str) -> Bool:
    """Tell which classes a loader knows: bool [C + 1]. The last is for objects without a class.

    folded: what the loader does to the name of an object before it looks it up.
    """
    import numpy as np

    from anchoraudit.dataset.class_boxes import boxes_of_classes

    names = [category.name for category in sieve.dataset.categories]
    if sieve.class_names:
        listed = set(sieve.class_names)
        return np.array([*(folded(name) in listed for name in names), False], dtype=np.bool_)
    objects = boxes_of_classes(sieve.dataset).sum(axis=0)
    stock = np.array([folded(name) in STOCK for name in names], dtype=np.bool_)
    others = np.array([name.strip().lower() != "person" for name in names], dtype=np.bool_)
    telling = (objects > 0) & others
    telling = telling if telling.any() else objects > 0
    in_stock = stock & telling
    of_stock, of_all = int(objects[in_stock].sum()), int(objects[telling].sum())
    if 2 * of_stock >= of_all and 2 * np.count_nonzero(in_stock) >= np.count_nonzero(telling):
        return np.append(stock, False)
    return np.array([*(True for _ in names), False], dtype=np.bool_)


def never_found(sieve: Sieve, error: str) -> None:
    """Say that a loader that lowers names never finds classes whose own list spells them with capitals.

    The list is the user's, and nobody knows how it is written: so no image is judged by it. error: the name
    of the framework's exception, which quotes the lowered name.
    """
    import numpy as np

    from anchoraudit.dataset.class_boxes import boxes_of_classes

    if sieve.class_names:
        return  # how the list is written is known, so each image is judged by it
    names = [category.name for category in sieve.dataset.categories]
    used = np.flatnonzero(boxes_of_classes(sieve.dataset).sum(axis=0)).tolist()
    capitals = [names[i] for i in used if names[i] != names[i].lower()]
    if not capitals or not known_names(sieve, str.lower)[used].all():
        return
    stock = [name for name in capitals if name.lower() in STOCK]
    if len(stock) == len(capitals):
        return
    first = next(name for name in capitals if name not in stock)
    more = f" and {len(capitals) - 1:,} more" if len(capitals) > 1 else ""
    sieve.stop_at_all(
        f"{error.format(name=first.lower())}, if its list of classes says {first!r}{more}: it lowers names "
        f"before it looks them up; write {first.lower()!r} in the list"
    )


def name_of(sieve: Sieve, row: int) -> str:
    """Return the name of a box's class without the space around it, "" if it has none."""
    category = int(sieve.boxes.category[row])
    return sieve.dataset.categories[category].name if category >= 0 else ""
