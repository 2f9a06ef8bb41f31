"""What rules need to know of a whole data set, as integers: the totals of parts add up to those of the whole.

A part is some whole images with all their boxes. The counts that several rules need are here. What one rule
alone needs, it counts itself: its `count` returns them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from anchoraudit.arrays import BLOCK, Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import REASONS
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.rules._context import Context
    from anchoraudit.rules._selection import Chosen


class First(NamedTuple):
    """The first of some boxes or images, by their places in the files, and what a finding says of it.

    Of two, the lesser one is left. place: as `Context.first_box` returns it.
    """

    place: tuple[int, int, str]
    told: tuple[str, ...]


# The sum of truth values, such as whether any box is somewhere, is whether one of them is true.
Counted = Mapping[str, "int | Int | Bool | First"]


class OwnTotals(dict[str, "int | Int | Bool | First"]):
    """What one rule has counted, by name. What it has not met is 0."""

    def number(self, name: str) -> int:
        """Return a number."""
        found = self.get(name, 0)
        assert isinstance(found, int)
        return found

    def column(self, name: str, shape: int | tuple[int, ...]) -> Int:
        """Return an array of numbers: int64 of this shape."""
        found = self.get(name)
        if found is None:
            return np.zeros(shape, dtype=np.int64)
        assert isinstance(found, np.ndarray)
        return cast(Int, found)

    def flags(self, name: str, count: int) -> Bool:
        """Return truth values: bool [count]."""
        found = self.get(name)
        if found is None:
            return np.zeros(count, dtype=np.bool_)
        assert isinstance(found, np.ndarray)
        return cast(Bool, found)

    def first(self, name: str) -> First | None:
        """Return the first of something; None if there is none."""
        found = self.get(name)
        assert found is None or isinstance(found, First)
        return found

    def numbers(self, prefix: str) -> dict[str, int]:
        """Return the numbers whose names begin with `prefix`, by the rest of the name, in its order."""
        return {
            name.removeprefix(prefix): self.number(name) for name in sorted(self) if name.startswith(prefix)
        }

    def __add__(self, other: Counted) -> OwnTotals:
        return OwnTotals({name: _sum(self.get(name), other.get(name)) for name in {**self, **other}})


def _sum(
    one: int | Int | Bool | First | None, other: int | Int | Bool | First | None
) -> int | Int | Bool | First:
    if one is None or other is None:
        found = other if one is None else one
        assert found is not None
        return found
    if isinstance(one, First) or isinstance(other, First):
        assert isinstance(one, First) and isinstance(other, First)
        return min(one, other)
    return one + other


@dataclass(frozen=True, eq=False)
class Totals:
    """Counts over a data set of S splits and C classes, or over some of its parts.

    images: int64 [S, verdicts], images by split and verdict. boxes: int64 [S, C + 1, statuses], boxes by
    split, class and status; the last class is for boxes without one, the first status for those that are not
    usable. labels: int64 [S, reasons, 2], boxes by split, by why the plain policy does not use them, and by
    whether they may train (see `Context.may_train_of`). own: what single rules have counted, by code.
    """

    images: Int
    boxes: Int
    labels: Int
    own: Mapping[str, OwnTotals] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context, chosen: Chosen | None = None) -> Totals:
        """Return the totals of a part, which has `Dataset.class_boxes`, with what every rule counts.

        chosen: the thresholds that rules count with. None: those of `context.thresholds`.
        """
        thresholds = context.thresholds if chosen is None else chosen.thresholds
        return cls(*_tables(context), dict(_OnDemand(context, thresholds)))

    @classmethod
    def on_demand(cls, context: Context) -> Totals:
        """Return the same, of which what single rules count is counted when it is first asked for."""
        return cls(*_tables(context), _OnDemand(context, context.thresholds))

    @classmethod
    def zero(cls, dataset: Dataset) -> Totals:
        """Return the totals of no part."""
        splits, classes = len(dataset.splits), len(dataset.categories) + 1
        shapes = ((splits, len(VERDICTS)), (splits, classes, len(STATUSES)), (splits, len(REASONS), 2))
        images, boxes, labels = (np.zeros(shape, dtype=np.int64) for shape in shapes)
        return cls(images, boxes, labels)

    def __add__(self, other: Totals) -> Totals:
        """Return the totals of both. The order of parts and their grouping never show."""
        nothing = OwnTotals()
        own = {
            code: self.own.get(code, nothing) + other.own.get(code, nothing)
            for code in {**self.own, **other.own}
        }
        return Totals(self.images + other.images, self.boxes + other.boxes, self.labels + other.labels, own)

    def of_rule(self, code: str) -> OwnTotals:
        """Return what the rule of this code has counted."""
        return self.own.get(code, OwnTotals())

    @property
    def image_count(self) -> int:
        """The number of images."""
        return int(self.images.sum())

    @property
    def box_count(self) -> int:
        """The number of boxes."""
        return int(self.boxes.sum())

    @property
    def by_category(self) -> Int:
        """The boxes of each class, crowds included: int64 [C]."""
        number: Int = self.boxes[:, :-1].sum(axis=(0, 2))
        return number

    def to_builtins(self) -> dict[str, Any]:
        """Return the totals as numbers, texts, lists and dicts, as JSON has them."""
        tables = {name: _plain(getattr(self, name)) for name in ("images", "boxes", "labels")}
        own = {
            code: {name: _plain(counted[name]) for name in sorted(counted)}
            for code, counted in sorted(self.own.items())
        }
        return {**tables, "own": own}

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Totals:
        """Return the totals of which `to_builtins` made this."""
        images, boxes, labels = (_array(plain[name]) for name in ("images", "boxes", "labels"))
        own = {
            code: OwnTotals({name: _counted(value) for name, value in counted.items()})
            for code, counted in plain["own"].items()
        }
        return cls(images, boxes, labels, own)


class _OnDemand(Mapping[str, OwnTotals]):
    """What each rule counts, counted when it is first asked for."""

    def __init__(self, context: Context, thresholds: Mapping[str, Mapping[str, float]]) -> None:
        self._context, self._known = context, dict[str, OwnTotals]()
        every = (load_module(__package__, name).RULE for name in module_names(__package__))
        self._count: dict[str, Callable[[Context], Counted]] = {
            rule.code: partial(rule.count, **{**rule.parameters, **thresholds.get(rule.code, {})})
            for rule in every
            if rule.count is not None and (context.replayed is not None or not rule.needs_detector)
        }

    def __getitem__(self, code: str) -> OwnTotals:
        if code not in self._known:
            self._known[code] = OwnTotals(self._count[code](self._context))
        return self._known[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._count)

    def __len__(self) -> int:
        return len(self._count)


def _tables(context: Context) -> tuple[Int, Int, Int]:
    dataset = context.dataset
    images, boxes = dataset.images, dataset.boxes
    splits, classes = len(dataset.splits), len(dataset.categories) + 1
    of_boxes = np.zeros(splits * classes * len(STATUSES), dtype=np.int64)
    for start in range(0, len(boxes), BLOCK):  # in a core's cache
        block = slice(start, start + BLOCK)
        codes = boxes.category[block].copy()
        codes[codes < 0] = classes - 1
        if splits > 1:
            codes += images.split[boxes.image[block]] * classes
        codes *= len(STATUSES)
        codes += context.status[block]
        of_boxes += np.bincount(codes, minlength=len(of_boxes))
    by_class = of_boxes.reshape(splits, classes, len(STATUSES))
    rows = np.flatnonzero(context.labels.reason)  # few; all others are usable, and may train
    split = images.split[boxes.image[rows]]
    labels = _table(
        split, context.labels.reason[rows], context.may_train_of(rows), shape=(splits, len(REASONS), 2)
    )
    labels[:, 0, 1] = by_class.sum(axis=(1, 2)) - labels.sum(axis=(1, 2))
    return _table(images.split, context.verdict, shape=(splits, len(VERDICTS))), by_class, labels


def _table(*columns: Any, shape: tuple[int, ...]) -> Int:
    """Count rows by several columns of codes: int64 of this shape."""
    codes = columns[0]
    for column, size in zip(columns[1:], shape[1:], strict=True):
        codes = codes * size + column
    return np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape)


def _plain(value: int | Int | Bool | First) -> Any:
    if isinstance(value, First):
        return {"place": list(value.place), "told": list(value.told)}
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "numbers": value.ravel().tolist()}
    return int(value)


def _counted(plain: Any) -> int | Int | Bool | First:
    if isinstance(plain, int):
        return plain
    if "place" in plain:
        source, entry, name = plain["place"]
        return First((source, entry, name), tuple(plain["told"]))
    if isinstance(next(iter(plain["numbers"]), 0), bool):
        return np.array(plain["numbers"], dtype=np.bool_).reshape(plain["shape"])
    return _array(plain)


def _array(plain: Mapping[str, Any]) -> Int:
    return np.array(plain["numbers"], dtype=np.int64).reshape(plain["shape"])
