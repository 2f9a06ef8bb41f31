"""Data sets that are in memory already: a pandas DataFrame, a list of dicts, a data set of a framework.

`kinds/` has a module for each kind of data set of a framework that keeps its annotations. `records` reads
dicts and pairs, also those that any other torch Dataset hands over; the format that has `read_frame` reads
DataFrames. Nothing is imported to recognise them: a DataFrame is what has `columns` and `iloc`, and a tensor
is what has `tolist`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._memory.held import held, is_endless, is_loader
from anchoraudit.formats._memory.items import ONE_DRAW, items_of
from anchoraudit.formats._memory.kinds import Kind, kind_of

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

_REMEDY = (
    "Give a path; a DataFrame with the columns image_id, label, x1, y1, x2, y2; a torch Dataset; or a list "
    'of dicts such as {"width": 640, "height": 480, "boxes": [[x1, y1, x2, y2]], "labels": [1]}.'
)


def read_memory(source: object, options: ReadOptions) -> Dataset:
    """Read a DataFrame, a data set of a framework, or an iterable of dicts or pairs of an image and a dict.

    Raises AnchorauditError if it is nothing of that, a DataFrame whose columns are not understood, a loader,
    or an IterableDataset.
    """
    if is_frame(source):
        from anchoraudit.formats import formats

        (read_frame,) = filter(None, (getattr(one, "read_frame", None) for one in formats().values()))
        return cast("Dataset", read_frame(source, options))
    if (kind := kind_of(source)) is not None:
        return _read_kind(kind, source, options)
    if isinstance(source, Mapping):
        keys = ", ".join(map(repr, list(source)[:8]))
        raise AnchorauditError(
            f"cannot read a data set from one dict (its keys: {keys or 'none'})",
            remedy="Put the dicts of all images into a list: [{...}, {...}].",
        )
    _require_items(source)
    entries = _entries(source)
    if entries is None:
        raise AnchorauditError(f"cannot read a data set from {_name(source)}", remedy=_REMEDY)
    if options.columns:
        raise AnchorauditError("columns are those of a table or a DataFrame", remedy="Leave out `columns`.")
    from anchoraudit.formats._memory.records import read_records

    dataset = read_records(entries, options)
    if _has_items(source) and not isinstance(source, list | tuple):
        dataset.notes.append(ONE_DRAW)
    return dataset


def _read_kind(kind: Kind, source: object, options: ReadOptions) -> Dataset:
    """Read a data set of a framework, and take the splits of it that are wanted."""
    if options.columns and not getattr(kind, "READS_COLUMNS", False):
        raise AnchorauditError("columns are those of a table or a DataFrame", remedy="Leave out `columns`.")
    try:
        dataset = kind.read(source, replace(options, splits=()))
    except AnchorauditError:
        raise
    except Exception as error:
        raise AnchorauditError(
            f"cannot be read as {kind.TITLE}: {type(error).__name__}: {error}",
            path=Path(f"<{type(source).__name__}>"),
            remedy="Check whether the data set itself hands over its items; or give the path of its files.",
        ) from error
    if not options.splits:
        return dataset
    import numpy as np

    from anchoraudit.formats import require_known_splits
    from anchoraudit.formats._memory.rows import of_rows

    require_known_splits(options.splits, dataset.splits, dataset.root)
    names = dataset.split_names
    dataset = of_rows(dataset, [row for row, name in enumerate(names) if name in options.splits])
    wanted = [number for number, name in enumerate(dataset.splits) if name in options.splits]
    dataset.images.split = np.searchsorted(wanted, dataset.images.split)
    dataset.splits = tuple(dataset.splits[number] for number in wanted)
    return dataset


def _require_items(source: object) -> None:
    """Raise AnchorauditError for what has no items of its own, and may have no end."""
    name = type(source).__name__
    if is_loader(source):
        raise AnchorauditError(
            f"a {name} hands over batches, not the images of a data set",
            path=Path(f"<{name}>"),
            remedy="Give its data set, `loader.dataset`; `anchoraudit.check(loader, model)` judges batches.",
        )
    if is_endless(source):
        raise AnchorauditError(
            "an IterableDataset has no items by number, and may have no end",
            path=Path(f"<{name}>"),
            remedy="Give a list of some of its items, `list(itertools.islice(dataset, 1000))`, or have "
            "`anchoraudit.check(loader, model, batches=100)` look at the batches of its loader.",
        )


def is_frame(source: object) -> bool:
    """Tell whether this is a pandas DataFrame."""
    return held(source, "columns") is not None and held(source, "iloc") is not None


def _entries(source: object) -> Iterable[Any] | None:
    """Return what yields the entries, None if nothing does.

    A torch Dataset has a length, but need not say where it ends when it is iterated over.
    """
    if isinstance(source, str | bytes) or held(source, "tolist") is not None:
        return None
    if _has_items(source):
        return items_of(source, range(len(cast(Any, source))))
    return cast("Iterable[Any]", source) if hasattr(source, "__iter__") else None


def _has_items(source: object) -> bool:
    return hasattr(source, "__getitem__") and hasattr(source, "__len__")


def _name(source: object) -> str:
    return "None" if source is None else f"a value of type {type(source).__name__}"
