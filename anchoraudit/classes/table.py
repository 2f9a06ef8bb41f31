"""The class table: id, name and index of each class, and what the model makes of its boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.classes.contract import ClassRules
from anchoraudit.classes.indices import MS_COCO_PLACES, class_indices, has_background, name_indices
from anchoraudit.dataset.class_boxes import boxes_of_classes
from anchoraudit.dataset.columns import Dataset, ImageId
from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.labels import Labels

UNKNOWN = -1  # in columns of indices: a class that gets none, or of which nobody can say it


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of some splits.

    number: its place in `Dataset.categories`. id, name: as the files have them. index: what the model gets,
    None for a class that gets none or whose index is unknown. known: the index is known, if only to be none.
    boxes: how many boxes it has in these splits. splits: their names; () where all splits agree. sources: the
    files, as indices into `Dataset.sources`. outcome: what becomes of its boxes: "trains", "background",
    "dropped", "drops_image", "raises", "no_effect", or "unknown". trained_as: the name that the configuration
    has for this index, "" if it is the same or unknown.
    """

    number: int
    id: ImageId
    name: str
    index: int | None
    known: bool
    boxes: int
    splits: tuple[str, ...]
    sources: tuple[int, ...]
    outcome: str
    trained_as: str


@dataclass(frozen=True, repr=False)
class ClassTable:
    """The classes of a data set, as a framework and a configuration number them.

    Attributes
    ----------
    dataset : Dataset
        The data set with C classes and S sources.
    rules : ClassRules or None
        How the framework numbers classes; None if nobody knows.
    stated : Classes
        What the configuration says of classes; with the count, where the framework takes it from the data.
    labels : Labels
        What the model does with an index.
    indices : list of dict of int to int or None
        For each source, the index of each class that it lists.
    """

    dataset: Dataset
    rules: ClassRules | None
    stated: Classes
    labels: Labels
    indices: list[dict[int, int | None]]

    def __repr__(self) -> str:
        rules = "no known rules" if self.rules is None else f"the rules of {self.rules.name}"
        return f"<{len(self.dataset.categories):,} classes, numbered by {rules}>"

    @cached_property
    def boxes(self) -> Int:
        """Boxes of each class in each source, crowds included: int64 [S, C]."""
        return boxes_of_classes(self.dataset)

    @cached_property
    def end(self) -> int | None:
        """The first index beyond the model's classes; None if no count is known."""
        return self.labels.classes_end(self.stated.count) if self.stated.count else None

    @cached_property
    def names_by_index(self) -> dict[int, str]:
        """The name that the configuration has for each index; {} if it states none."""
        if self.rules is None or not self.stated.names:
            return {}
        ids = [c.id for c in self.dataset.categories] if self.dataset.declares_ids else []
        if self.dataset.classes_are_indices:
            first = 0 if has_background(self.stated.names) else self.rules.first
            return dict(enumerate(self.stated.names, first))
        return {index: name for name, index in name_indices(self.rules, self.stated, ids).items()}

    def outcome(self, index: int | None) -> str:
        """Say what the model does with boxes of an index, in a word; "trains" if nothing else is known."""
        if index is None:
            return (self.rules.unknown if self.rules is not None else "") or "unknown"
        if index == 0 and self.labels.id_zero != "class":
            return self.labels.outcome("id_zero")
        if self.end is not None and index >= self.end:
            return self.labels.outcome("at_count" if index == self.end else "above_count")
        return "trains"

    @cached_property
    def rows(self) -> list[ClassRow]:
        """The classes in the order of their indices; one row for each index that a class has."""
        dataset, count = self.dataset, self.boxes.sum(axis=0)
        listed = [frozenset(own) for own in dataset.class_lists]
        rows = []
        for number, category in enumerate(dataset.categories):
            places: dict[tuple[bool, int | None], list[int]] = {}
            for source, found in enumerate(self.indices):
                if number in listed[source]:
                    key = (number in found, found.get(number))
                    places.setdefault(key, []).append(source)
            for (known, index), sources in places.items():
                alone = len(places) == 1
                splits = () if alone else self._splits(sources)
                boxes = int(count[number] if alone else self.boxes[sources, number].sum())
                name = self.names_by_index.get(index, "") if index is not None else ""
                outcome = self.outcome(index) if known else "unknown"
                other = name if name != category.name else ""
                rows.append(
                    ClassRow(
                        number,
                        category.id,
                        category.name,
                        index,
                        known,
                        boxes,
                        splits,
                        tuple(sources),
                        outcome,
                        other,
                    )
                )
        last = max((row.index for row in rows if row.index is not None), default=0) + 1
        return sorted(rows, key=lambda row: last if row.index is None else row.index)

    @cached_property
    def unlisted(self) -> dict[int, int]:
        """The index of each box whose class id `categories` lacks, where the framework takes ids as they are.

        Keys are rows of boxes.
        """
        rules, boxes = self.rules, self.dataset.boxes
        if rules is None or not self.dataset.declares_ids or not boxes.class_texts:
            return {}
        kind = rules.index_for(self.dataset.format)
        if kind not in ("as_is", "mscoco") or (kind == "as_is" and rules.unknown):
            return {}
        found = {row: class_written(text) for row, text in boxes.class_texts.items()}
        numbers = {row: i for row, i in found.items() if isinstance(i, int)}
        if kind == "as_is":
            return numbers
        return {row: MS_COCO_PLACES[i] for row, i in numbers.items() if i in MS_COCO_PLACES}

    @property
    def has_odd_indices(self) -> bool:
        """Tell whether a box has an index that is the background's, below 0, or beyond the classes."""
        every = {index for found in self.indices for index in found.values() if index is not None}
        every.update(self.unlisted.values())
        beyond = self.end is not None and max(every, default=0) >= self.end
        return beyond or min(every, default=0) < 0 or (self.labels.id_zero != "class" and 0 in every)

    def _splits(self, sources: Sequence[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.dataset.sources[source].split for source in sources))

    def box_indices(self) -> Int | None:
        """Return the index of each box as the model gets it, UNKNOWN for none: int64 [M].

        None if no class has a known index.
        """
        unlisted = self.unlisted
        if not unlisted and all(index is None for found in self.indices for index in found.values()):
            return None
        dataset = self.dataset
        of = np.full((max(len(self.indices), 1), len(dataset.categories) + 1), UNKNOWN, dtype=np.int64)
        for source, found in enumerate(self.indices):
            for number, index in found.items():
                if index is not None:
                    of[source, number] = _bounded(index)
        if len(of) == 1:
            indices = np.asarray(of[0][dataset.boxes.category])
        else:
            indices = np.asarray(of[dataset.images.source[dataset.boxes.image], dataset.boxes.category])
        for row, index in unlisted.items():
            indices[row] = _bounded(index)
        return indices


def _bounded(index: int) -> int:
    return min(max(index, -(1 << 62)), 1 << 62)


def class_written(text: str) -> object:
    """Return the class id that an annotation has, as JSON writes it; the text itself if it is no JSON.

    A number such as 1.0 is the same to the frameworks as 1.

    Examples
    --------
    >>> class_written("7"), class_written('"7"'), class_written("7.0"), class_written("cat")
    (7, '7', 7, 'cat')
    """
    try:
        found: object = json.loads(text)
    except ValueError:
        return text
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _declared(dataset: Dataset) -> Classes:
    """Return the names and ids that the data set's own classes.csv has; nothing without one."""
    declared = dataset.declared_classes
    names = None if declared is None or declared.form != "rows" else declared.by_index
    if declared is None or not names:
        return Classes()
    ids = tuple(names)
    return Classes(
        names=tuple(names.values()),
        ids=ids,
        count=max(ids) + 1,
        by_default=True,
        stated_in=declared.path.name,
    )


def class_table(
    dataset: Dataset,
    rules: ClassRules | None,
    stated: Classes | None = None,
    labels: Labels | None = None,
) -> ClassTable:
    """Return which index each class gets, and what becomes of its boxes.

    Parameters
    ----------
    dataset : Dataset
        The data set with C classes in S sources.
    rules : ClassRules or None
        How the framework numbers classes, as `class_rules` returns them. None: nobody knows, and no class has
        an index.
    stated : Classes, optional
        What the configuration says of classes. Where it is silent and the data set says it, that counts.
    labels : Labels, optional
        What the model does with indices: a detector's `labels`. By default, those of the rules.

    Returns
    -------
    ClassTable
        The table; its `rows` are the classes.

    Examples
    --------
    >>> from anchoraudit.classes import class_rules
    >>> table = class_table(read("sample_data/coco"), class_rules("detectron2"))
    >>> [(row.id, row.index) for row in table.rows][:2]
    [(1, 0), (2, 1)]
    """
    labels = labels or (Labels() if rules is None else rules.labels)
    rules = _counting(dataset, rules, labels)
    stated = _completed(dataset, rules, stated or Classes(), labels)
    if rules is None:
        return ClassTable(dataset, rules, stated, labels, [{} for _ in dataset.class_lists])

    def has_boxes() -> list[list[bool]]:
        found: list[list[bool]] = (boxes_of_classes(dataset) > 0).tolist()
        return found

    return ClassTable(dataset, rules, stated, labels, class_indices(dataset, rules, stated, has_boxes))


def _counting(dataset: Dataset, rules: ClassRules | None, labels: Labels) -> ClassRules | None:
    """Return the rules, counting from 1 where the data have no ids and index 0 is the model's background.

    Where a framework takes ids as they are, and the files have names or label files' indices, its user makes
    the ids: as the model counts, one must think.
    """
    if rules is None or rules.index_for(dataset.format) != "as_is" or dataset.declares_ids:
        return rules
    return msgspec.structs.replace(rules, first=max(rules.first, int(labels.id_zero != "class")))


def _completed(dataset: Dataset, rules: ClassRules | None, stated: Classes, labels: Labels) -> Classes:
    """Return what is stated, with the count that follows from it.

    Where the framework takes the count from the data set, a count in the model's own file is replaced. A list
    of names alone tells how many classes its user will build the model with.
    """
    from_data = rules is not None and rules.count_from_data
    if stated.is_silent:
        stated = _declared(dataset)
    count = stated.count
    if dataset.classes_are_indices and (from_data or (rules is None and stated.is_silent)):
        count = len(stated.names) if stated.names and not stated.count else dataset.class_count or 0
    elif stated.names and not count and not stated.by_default:
        count = least_count(stated, labels)
        if rules is not None and rules.built_with_background and not labels.count_includes_background:
            count += not has_background(stated.names)
    return msgspec.structs.replace(stated, count=count)


def least_count(stated: Classes, labels: Labels) -> int:
    """Return the count that the listed names ask for, as the framework counts; 0 if none are listed."""
    if not stated.names:
        return 0
    own = len(stated.names) - has_background(stated.names)
    return own + labels.count_includes_background


def by_name(rows: Sequence[ClassRow]) -> Mapping[str, list[ClassRow]]:
    """Group rows by the name of the class, in their order."""
    found: dict[str, list[ClassRow]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found
