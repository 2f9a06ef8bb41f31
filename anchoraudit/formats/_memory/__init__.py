"""Data sets that are in memory already: a pandas DataFrame, a list of dicts, what a torch Dataset hands over.

`records` reads dicts and pairs; the format that has `read_frame` reads DataFrames. Nothing is imported to
recognise them: a DataFrame is what has `columns` and `iloc`, and a tensor is what has `tolist`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

_REMEDY = (
    "Give a path; a DataFrame with the columns image_id, label, x1, y1, x2, y2; or a list of dicts such as "
    '{"width": 640, "height": 480, "boxes": [[x1, y1, x2, y2]], "labels": [1]}.'
)


def read_memory(source: object, options: ReadOptions) -> Dataset:
    """Read a DataFrame, or an iterable of dicts or of pairs of an image and a dict.

    Raises AnchorauditError if it is nothing of that, or a DataFrame whose columns are not understood.
    """
    if is_frame(source):
        from anchoraudit.formats import formats

        (read_frame,) = filter(None, (getattr(one, "read_frame", None) for one in formats().values()))
        return cast("Dataset", read_frame(source, options))
    if isinstance(source, Mapping):
        keys = ", ".join(map(repr, list(source)[:8]))
        raise AnchorauditError(
            f"cannot read a data set from one dict (its keys: {keys or 'none'})",
            remedy="Put the dicts of all images into a list: [{...}, {...}].",
        )
    entries = _entries(source)
    if entries is None:
        raise AnchorauditError(f"cannot read a data set from {_kind(source)}", remedy=_REMEDY)
    if options.columns:
        raise AnchorauditError("columns are those of a table or a DataFrame", remedy="Leave out `columns`.")
    from anchoraudit.formats._memory.records import read_records

    return read_records(entries, options)


def is_frame(source: object) -> bool:
    """Tell whether this is a pandas DataFrame."""
    return hasattr(source, "columns") and hasattr(source, "iloc")


def _entries(source: object) -> Iterable[Any] | None:
    """Return what yields the entries, None if nothing does.

    A torch Dataset has a length, but need not say where it ends when it is iterated over.
    """
    if isinstance(source, str | bytes) or hasattr(source, "tolist"):
        return None
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        return (source[i] for i in range(len(source)))
    return cast("Iterable[Any]", source) if hasattr(source, "__iter__") else None


def _kind(source: object) -> str:
    return "None" if source is None else f"a value of type {type(source).__name__}"
