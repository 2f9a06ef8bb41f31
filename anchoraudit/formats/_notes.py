"""Notes on what was not read. Apart from `_builder`, so that a reader can start before NumPy is loaded."""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    """A note about one file or folder, of which a data set may have many.

    about: its name. one: the whole sentence. many: what follows the names, where it is true of several.
    """

    about: str
    one: str
    many: str
