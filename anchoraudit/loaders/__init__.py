"""Loaders: what each framework does to a data set before its encoder sees a box. One module each.

A loader module is found by itself. The file has the loader's name, with underscores for hyphens and dots (an
underscore between two digits stands for a dot), and defines:

NAME: the name that users give. READS: in one line, the framework's code that is replayed.
RULES: all its rules with sources. The documentation is generated from them.
load(sieve) -> None: apply the rules in the framework's order.
read_classes(declared) -> ClassReading or None: only where the framework reads a file that declares classes,
such as a data.yaml. It says what the framework makes of that file, None of other files.
settings(detector) -> tuple: only where the configuration of a detector changes what the loader does, such as
the size to which it resizes images. `load` asks for it; equal tuples mean equal work.
ORDERS: only where it is known in which order the framework numbers the images: a function of `_order` for
each annotation format.

Some rules belong to an annotation format: the subtracted 1 and `difficult` of Pascal VOC, the ids and missing
keys of a COCO file. They apply only to data read from that format. Data of other formats are treated as if
they had been converted unchanged. Modules whose name starts with an underscore are helpers. Importing a
loader does not import NumPy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.loaders._declared import ClassReading
from anchoraudit.loaders._rules import RAISES, WITH_IMAGE, Loaded, Rule, Tally

if TYPE_CHECKING:
    from collections.abc import Hashable

    from anchoraudit.arrays import Int
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.declared import DeclaredClasses
    from anchoraudit.detectors.classes import Classes
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.images.inspection import ImageFiles
    from anchoraudit.loaders._sieve import Sieve

PLAIN = "none"  # the loader that changes nothing

__all__ = [
    "PLAIN",
    "RAISES",
    "WITH_IMAGE",
    "ClassReading",
    "Loaded",
    "Loader",
    "Rule",
    "Tally",
    "class_readings",
    "in_training_order",
    "load_as",
    "loader_names",
    "loaders",
    "settings_of",
]


class Loader(Protocol):
    """The interface of a loader module."""

    NAME: str
    READS: str
    RULES: tuple[Rule, ...]

    def load(self, sieve: Sieve) -> None:
        """Drop images and boxes, and change coordinates, as the framework's loader does."""
        ...


def loader_names() -> list[str]:
    """Return the names of all loaders, without importing them; `none`, which does nothing, comes first."""
    names = (re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", "-") for name in module_names(__name__))
    return sorted(names, key=lambda name: (name != PLAIN, name))


def loaders() -> dict[str, Loader]:
    """Return all loaders by name."""
    return {name: cast(Loader, load_module(__name__, re.sub("[-.]", "_", name))) for name in loader_names()}


def class_readings(declared: DeclaredClasses) -> dict[str, ClassReading]:
    """Return what each framework that reads such a declaration makes of it, by the name of its loader."""
    found: dict[str, ClassReading] = {}
    for name, loader in loaders().items():
        reader = getattr(loader, "read_classes", None)
        if reader is not None and (reading := reader(declared)) is not None:
            found[name] = reading
    return found


def require_loader(name: str) -> None:
    """Raise AnchorauditError if there is no loader of this name."""
    known = loaders()
    if name not in known:
        hint = did_you_mean(name, known)
        raise AnchorauditError(f"no loader {name!r}", remedy=f"{hint}Name one of: {', '.join(known)}.")


def settings_of(loader: str, detector: Detector) -> Hashable:
    """Return what of a detector changes the work of a loader; None if nothing does."""
    settings = getattr(loaders().get(loader), "settings", None)
    return None if settings is None else cast("Hashable", settings(detector))


def in_training_order(dataset: Dataset, loader: str, rows: Int) -> Int | None:
    """Return images in the order in which a loader's framework numbers them; None if that is unknown.

    rows: int64 [n], the rows of the images that are trained. Raises AnchorauditError if there is no such
    loader.
    """
    from anchoraudit.loaders._order import Trained

    require_loader(loader)
    return Trained(dataset, rows).in_order(getattr(loaders()[loader], "ORDERS", {}))


def load_as(
    dataset: Dataset,
    loader: str,
    files: ImageFiles | None = None,
    *,
    classes: Classes | None = None,
    detector: Detector | None = None,
) -> Loaded:
    """Load a data set as a framework's loader would: drop images and boxes, and change coordinates.

    What a loader reads from images, draws at random, or does only if an option is set (augmentation,
    cropping, grouping into batches) is not replayed.

    Parameters
    ----------
    dataset : Dataset
        The data set with N images and M boxes. It is not changed.
    loader : str
        The loader's name, one of `loader_names()`.
    files : ImageFiles, optional
        Facts about the image files, as `anchoraudit.images.inspection.look` finds them. Without them, every
        file is taken to be there, whole, and of the size that the annotations state.
    classes : Classes, optional
        What the configuration says of classes. Without it, the loader's list of names is taken to be that of
        the data set, or for Pascal VOC the 20 names of its framework where most objects have these.
    detector : Detector, optional
        The detector that is trained. Some loaders take the size of the network's input and the least side of
        a box from it; without it, those of the framework's own configuration.

    Returns
    -------
    Loaded
        What becomes of each image and each box, and why.

    Raises
    ------
    AnchorauditError
        If there is no such loader.

    Examples
    --------
    >>> loaded = load_as(read("sample_data/voc"), "mmdet-voc")
    >>> loaded.images_before, len(loaded.images)
    (26, 22)
    """
    known = loaders()
    require_loader(loader)
    import numpy as np

    from anchoraudit.loaders._sieve import Sieve

    # A framework reads the files, and knows nothing of what the user has added here.
    sieve = Sieve(dataset if loader == PLAIN else dataset.as_written(), loader, files, classes, detector)
    if (reader := getattr(known[loader], "read_classes", None)) and dataset.declared_classes is not None:
        sieve.classes = reader(dataset.declared_classes)
    # Comparisons with NaN are false here, as in the frameworks. Rules that treat NaN otherwise ask for it.
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        known[loader].load(sieve)
        return sieve.loaded(tuple(rule.told for rule in known[loader].RULES))
