"""Data sets of training frameworks, as they are in memory. One module a kind, which is found by itself.

They are read by what they keep of their annotations, not by `dataset[i]`: no picture is decoded, no transform
runs, and what is wrong in the annotations stands at its place. Each module defines:

TITLE: in one line, what it recognises.
recognises(dataset) -> bool: whether it is one. It looks at attributes, and at few entries of a list. It never
    imports the framework, and never asks a torch Dataset for an item.
read(dataset, options) -> Dataset: all of it. Image i is what `dataset[i]` would be, unless an image occurs
    several times. It need not look at `options.splits`: `read_memory` does.
rows_of_items(dataset, whole) -> list of int or None, where `whole`, which `read` returned, may lack items, or
    where items are of the same image: the row of each item.

Exactly one of them recognises a data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions


class Kind(Protocol):
    """The interface of a module."""

    TITLE: str

    def recognises(self, dataset: Any) -> bool:
        """Tell whether it is a data set of this kind."""
        ...

    def read(self, dataset: Any, options: ReadOptions) -> Dataset:
        """Read it."""
        ...


def kind_names() -> list[str]:
    """Return the names of all kinds, sorted."""
    return module_names(__name__)


def kinds() -> dict[str, Kind]:
    """Import all kinds, and return them by name."""
    return {name: cast(Kind, load_module(__name__, name)) for name in kind_names()}


def kind_of(dataset: Any) -> Kind | None:
    """Return the kind of a data set, None if it is of none."""
    return next((kind for kind in kinds().values() if kind.recognises(dataset)), None)
