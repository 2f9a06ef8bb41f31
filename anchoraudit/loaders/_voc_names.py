"""Which class names a loader of Pascal VOC knows.

The framework has a list of names in its code: the 20 of Pascal VOC. Where at least half of the objects have
one of these names, after the loader's own folding, nobody seems to have changed the list. Else the list is
taken to be the data set's own classes, as they are written: its user must have put them there.
"""

from __future__ import annotations

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
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait

    boxes = sieve.boxes
    written = [category.name for category in sieve.dataset.categories]
    folded = [name.lower() for name in written] if lowers else written
    named = boxes.category >= 0
    padded = boxes.has(BoxTrait.PADDED_NAME) & (not strips)

    def among(names: frozenset[str]) -> Bool:
        # The last entry is that of the boxes without a name, whose category is -1.
        known = np.array([*(name in names for name in folded), False], dtype=np.bool_)
        found: Bool = known[boxes.category] & ~padded
        return found

    known = among(STOCK)
    if 2 * np.count_nonzero(known) < np.count_nonzero(named):
        known = among(frozenset(written))
    return named & ~known


def name_of(sieve: Sieve, row: int) -> str:
    """Return the name of a box's class without the space around it, "" if it has none."""
    category = int(sieve.boxes.category[row])
    return sieve.dataset.categories[category].name if category >= 0 else ""
