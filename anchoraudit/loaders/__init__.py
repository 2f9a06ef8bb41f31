"""Loaders: what each framework does to a data set before its encoder sees a box. One module each.

A loader module is found by itself. The file has the loader's name, with underscores for hyphens, and defines:

NAME: the name that users give. READS: in one line, the framework's code that is replayed.
FEEDS: patterns of detector names that get their boxes from this loader ("mmdet-*").
FORMATS: the annotation formats of this loader, if another loader of the same detectors has the others.
RULES: all its rules with sources. The documentation is generated from them.
load(sieve) -> None: apply the rules in the framework's order.

Some rules belong to an annotation format: the subtracted 1 and `difficult` of Pascal VOC, the ids and missing
keys of a COCO file. They apply only to data read from that format. Data of other formats are treated as if
they had been converted unchanged. Modules whose name starts with an underscore are helpers. Importing a
loader does not import NumPy.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.loaders._rules import RAISES, WITH_IMAGE, Loaded, Rule

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.loaders._sieve import Sieve

__all__ = [
    "RAISES",
    "WITH_IMAGE",
    "Loaded",
    "Loader",
    "Rule",
    "load_as",
    "loader_names",
    "loader_of",
    "loaders",
]


class Loader(Protocol):
    """The interface of a loader module."""

    NAME: str
    READS: str
    FEEDS: tuple[str, ...]
    FORMATS: tuple[str, ...]
    RULES: tuple[Rule, ...]

    def load(self, sieve: Sieve) -> None:
        """Drop images and boxes, and change coordinates, as the framework's loader does."""
        ...


def loader_names() -> list[str]:
    """Return the names of all loaders, without importing them; `raw`, which does nothing, comes first."""
    names = (name.replace("_", "-") for name in module_names(__name__))
    return sorted(names, key=lambda name: (name != "raw", name))


def loaders() -> dict[str, Loader]:
    """Return all loaders by name."""
    return {name: cast(Loader, load_module(__name__, name.replace("-", "_"))) for name in loader_names()}


def load_as(dataset: Dataset, loader: str) -> Loaded:
    """Load a data set as a framework's loader would: drop images and boxes, and change coordinates.

    What a loader reads from images, draws at random, or does only if an option is set (augmentation,
    cropping, grouping into batches) is not replayed.

    Parameters
    ----------
    dataset : Dataset
        The data set with N images and M boxes. It is not changed.
    loader : str
        The loader's name, one of `loader_names()`.

    Returns
    -------
    Loaded
        The data set that is left, and how many images and boxes each rule dropped or moved.

    Raises
    ------
    AnchorauditError
        If there is no such loader.

    Examples
    --------
    >>> loaded = load_as(read("sample_data/voc"), "mmdet-voc")
    >>> loaded.images_before, len(loaded.images)
    (26, 23)
    """
    known = loaders()
    if loader not in known:
        hint = did_you_mean(loader, known)
        raise AnchorauditError(f"no loader {loader!r}", remedy=f"{hint}Name one of: {', '.join(known)}.")
    import numpy as np

    from anchoraudit.loaders._sieve import Sieve

    sieve = Sieve(dataset, loader)
    # Comparisons with NaN are false here, as in the frameworks. Rules that treat NaN otherwise ask for it.
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        known[loader].load(sieve)
        return sieve.loaded()


def loader_of(detector_name: str, format: str = "coco") -> str | None:
    """Return the loader that usually feeds a detector.

    Parameters
    ----------
    detector_name : str
        The name of the detector's preset.
    format : str
        The annotation format of the data. It decides between two loaders of one framework.

    Returns
    -------
    str or None
        The loader's name; None if no loader is known for the detector.

    Examples
    --------
    >>> loader_of("mmdet-ssd300"), loader_of("mmdet-ssd300", "voc")
    ('mmdet-coco', 'mmdet-voc')
    """
    feeding = [
        module
        for module in loaders().values()
        if any(fnmatchcase(detector_name, pattern) for pattern in module.FEEDS)
    ]
    made_for = [module for module in feeding if format in module.FORMATS]
    general = [module for module in feeding if not module.FORMATS]
    return next((module.NAME for module in [*made_for, *general, *feeding]), None)
