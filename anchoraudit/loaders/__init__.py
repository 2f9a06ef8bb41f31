"""Loaders: what a framework does to a data set before its encoder sees a box; one module each.

A loader module is found by itself. It is called as the loader is, with underscores for hyphens, and has six
names:

NAME: what the user calls it. READS: in one line, which code of the framework this is.
FEEDS: patterns of the detectors whose boxes come from it ("mmdet-*").
FORMATS: the annotation formats it is made for, where another loader of the same detectors has the others.
RULES: everything it can do, with sources; the documentation is made from it.
load(sieve) -> None: do it, rule by rule, in the framework's order.

Rules that belong to a way of writing annotations are asked only of data read from it: minus 1 and `difficult`
of Pascal VOC, the ids and the missing keys of a COCO file. Data of another format are taken as if converted
as they stand. Modules whose name starts with an underscore are helpers. Importing a loader imports no NumPy.
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
    """What a loader module offers."""

    NAME: str
    READS: str
    FEEDS: tuple[str, ...]
    FORMATS: tuple[str, ...]
    RULES: tuple[Rule, ...]

    def load(self, sieve: Sieve) -> None:
        """Drop and move what the framework's loader does."""
        ...


def loader_names() -> list[str]:
    """Names of all loaders, without importing one; `raw`, which does nothing, comes first."""
    names = (name.replace("_", "-") for name in module_names(__name__))
    return sorted(names, key=lambda name: (name != "raw", name))


def loaders() -> dict[str, Loader]:
    """Every loader of this package by name."""
    return {name: cast(Loader, load_module(__name__, name.replace("-", "_"))) for name in loader_names()}


def load_as(dataset: Dataset, loader: str) -> Loaded:
    """Load a data set as a framework would: images and boxes dropped, coordinates as its loader makes them.

    The data set itself is not changed. What is read from images, drawn at random or switched on by an option
    of the framework (augmentation, cropping, grouping into batches) is not replayed.

    Raises AnchorauditError if there is no such loader.
    """
    known = loaders()
    if loader not in known:
        hint = did_you_mean(loader, known)
        raise AnchorauditError(f"no loader {loader!r}", remedy=f"{hint}Loaders: {', '.join(known)}.")
    import numpy as np

    from anchoraudit.loaders._sieve import Sieve

    sieve = Sieve(dataset, loader)
    # Comparisons with NaN are false here as in the frameworks; a rule that means more than that says so.
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        known[loader].load(sieve)
        return sieve.loaded()


def loader_of(detector_name: str, format: str = "coco") -> str | None:
    """The loader that usually feeds a detector (by its preset's name), None where no profile is known.

    format: the annotation format of the data; it decides between loaders of one framework.
    """
    feeding = [
        module
        for module in loaders().values()
        if any(fnmatchcase(detector_name, pattern) for pattern in module.FEEDS)
    ]
    made_for = [module for module in feeding if format in module.FORMATS]
    general = [module for module in feeding if not module.FORMATS]
    return next((module.NAME for module in [*made_for, *general, *feeding]), None)
