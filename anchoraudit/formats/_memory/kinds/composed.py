"""Data sets that arrange others: torch's `Subset` and `ConcatDataset` (also of `random_split`), and the like.

`RepeatDataset`, `ClassBalancedDataset` and `ConcatDataset` of MMEngine, `MultiImageMixDataset` of MMDetection
and `MapDataset` of detectron2 are taken as what they show of the data sets within. Each of these is read once
and gives the images that are chosen; an image that is chosen several times is judged once. Sources: torch
2.14.1, utils/data/dataset.py; mmengine 0.10.7, dataset/dataset_wrapper.py; mmdet 3.3.0,
datasets/dataset_wrappers.py; detectron2 at 02b5c4e2, data/common.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._memory.held import held, plain
from anchoraudit.formats._memory.items import items_of
from anchoraudit.formats._memory.kinds import kinds

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions
    from anchoraudit.formats._memory.kinds import Kind

TITLE = "torch's Subset and ConcatDataset of such data sets"
_DEEPEST = 50  # data sets within each other; one that holds itself has no end


@dataclass(slots=True)
class _Base:
    """A data set that arranges no other.

    reader: what reads its kind, None if it is of none. chosen: the items that are, each with where it is seen
    first.
    """

    dataset: Any
    reader: Kind | None
    chosen: dict[int, int] = field(default_factory=dict)


def recognises(dataset: Any) -> bool:
    """Tell whether it arranges others, of which one is of a kind.

    If it arranges only data sets of unknown kinds, its own items tell more than theirs.
    """
    return _within(dataset) is not None and any(kind is not None for kind in _kinds_within(dataset))


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read the data sets within, and take what is chosen of them.

    Raises AnchorauditError as reading them does, or if the items of one are not its images.
    """
    from anchoraudit.formats._memory.rows import joined, of_rows

    bases: dict[int, _Base] = {}
    times = 0
    for times, (base, item) in enumerate(_items(dataset), 1):
        own = bases.get(id(base))
        if own is None:
            own = bases[id(base)] = _Base(base, _kind_of(base))
        own.chosen.setdefault(item, times - 1)
    read: list[Dataset] = []
    seen: list[int] = []
    for base in bases.values():
        of_base, first = _read(base, options)
        read.append(of_base)
        seen += first
    name = Path(f"<{type(dataset).__name__}>")
    if not read:
        raise AnchorauditError(f"a {type(dataset).__name__} without images", path=name, remedy="Look at it.")
    said = " and ".join(dict.fromkeys(one.recognised for one in read))
    whole = joined(read, name, f"{type(dataset).__name__} of {said}")
    whole = of_rows(whole, sorted(range(len(seen)), key=seen.__getitem__))
    if again := times - sum(len(base.chosen) for base in bases.values()):
        chosen = "is an image that was chosen" if again == 1 else "are images that were chosen"
        whole.notes.append(f"{again:,} of its {times:,} items {chosen} before; each image is judged once")
    return replace(whole, root=name)


def _read(base: _Base, options: ReadOptions) -> tuple[Dataset, list[int]]:
    """Read what is chosen of a data set, and return for each of its images where it is seen first."""
    from anchoraudit.formats._memory.records import read_records
    from anchoraudit.formats._memory.rows import of_rows

    items = list(base.chosen)
    if base.reader is None:
        return read_records(items_of(base.dataset, items), options, numbers=items), [*base.chosen.values()]
    whole = base.reader.read(base.dataset, options)
    rows_of_items = getattr(base.reader, "rows_of_items", None)
    if rows_of_items is not None:
        rows = rows_of_items(base.dataset, whole)
    elif len(whole.images) == len(base.dataset):
        rows = list(range(len(base.dataset)))
    else:
        name = type(base.dataset).__name__
        raise AnchorauditError(
            f"some items of a {name} are chosen by number, but it has {len(base.dataset):,} items and "
            f"{len(whole.images):,} images",
            path=Path(f"<{name}>"),
            remedy="Give the data set itself; or choose from it where an item is an image.",
        )
    first: dict[int, int] = {}
    for item, place in base.chosen.items():
        if rows[item] is not None:
            first.setdefault(rows[item], place)
    return of_rows(whole, list(first)), [*first.values()]


def _within(dataset: Any) -> Sequence[Any] | None:
    """Return the data sets that it arranges, None if it is none of those that do."""
    several, one = held(dataset, "datasets"), held(dataset, "dataset")
    if isinstance(several, list | tuple) and held(dataset, "cumulative_sizes") is not None:
        return several
    if one is not None and any(
        held(dataset, name) is not None for name in ("indices", "times", "repeat_indices", "max_refetch")
    ):
        return [one]
    mapped = held(dataset, "_dataset")
    return [mapped] if mapped is not None and held(dataset, "_map_func") is not None else None


def _items(dataset: Any, deep: int = 0) -> Iterator[tuple[Any, int]]:
    """Yield each item in order: a data set that arranges no other, and the number of the item in it."""
    within = _within(dataset) if deep < _DEEPEST else None
    if within is None:
        yield from ((dataset, number) for number in range(len(dataset)))
        return
    if len(within) != 1 or held(dataset, "datasets") is not None:
        for one in within:
            yield from _items(one, deep + 1)
        return
    (inner,) = within
    chosen = _chosen(dataset)
    if chosen is None:
        yield from _items(inner, deep + 1)
        return
    there = list(_items(inner, deep + 1))
    for number in chosen:
        yield there[number]


def _chosen(dataset: Any) -> Iterable[int] | None:
    """Return the numbers of items that are chosen of the data set within; None for all of them, in order."""
    for name in ("indices", "repeat_indices"):
        if (numbers := held(dataset, name)) is not None:
            return [int(plain(number)) for number in numbers]
    times = held(dataset, "times")
    return None if not isinstance(times, int) else [*range(len(dataset.dataset))] * times


def _kinds_within(dataset: Any, deep: int = 0) -> Iterator[Kind | None]:
    within = _within(dataset) if deep < _DEEPEST else None
    if within is None:
        yield _kind_of(dataset)
    for one in within or ():
        yield from _kinds_within(one, deep + 1)


def _kind_of(base: Any) -> Kind | None:
    """Return the kind of a data set that arranges no other."""
    others = (kind for name, kind in kinds().items() if name != __name__.rpartition(".")[2])
    return next((kind for kind in others if kind.recognises(base)), None)
