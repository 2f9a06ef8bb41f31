"""Fixes in parts: planned in each part, and replaced in the bytes of the files as they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.fixes import Plan as Fixes
from anchoraudit.fixes import plan as fixes_of
from anchoraudit.fixes.coco_edits import Editor, Move
from anchoraudit.fixes.numbers import area_follows
from anchoraudit.fixes.planning import new_category_ids, told_of_sizes
from anchoraudit.formats.coco.text import CocoText, Patch
from anchoraudit.io.in_order import InOrder, read_blocks, write_blocks
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.plan import Plan
from anchoraudit.report.text.filtering import EXAMPLES, fixed, places_of

Place = tuple[int, ...]
_LISTS = ("images", "annotations")


@dataclass(frozen=True)
class Fixed:
    """What was fixed in some parts.

    counts: how many fixes of each kind, by name. shown: where the first ones are, by their places.
    not_compared: as of a plan.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, Sequence[tuple[Place, str]]] = field(default_factory=dict)
    not_compared: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Fixed) -> Fixed:
        names = {*self.shown, *other.shown}
        first = {name: sorted([*self.shown.get(name, ()), *other.shown.get(name, ())]) for name in names}
        return Fixed(
            Counter(self.counts) + Counter(other.counts),
            {name: places[:EXAMPLES] for name, places in first.items()},
            Counter(self.not_compared) + Counter(other.not_compared),
        )


class Edits(NamedTuple):
    """What is replaced in a part: entries of images whose sides are swapped, and of boxes, with their moves.

    Or what is listed of these entries, with the places of both.
    """

    images: tuple[tuple[Place, Any], ...] = ()
    annotations: tuple[tuple[Place, Any], ...] = ()


@dataclass(frozen=True)
class Fixing:
    """Which fixes are made. unsafe: also those that guess what was meant."""

    unsafe: bool

    def planned(self, dataset: Dataset) -> Fixes:
        """Plan the fixes of a part, but for the ids of its classes: these have to be those of the whole."""
        return replace(fixes_of(dataset, unsafe=self.unsafe), category_ids=None, remarks_on_ids=())


def done(plan: Fixes, keep: Bool) -> tuple[Fixed, Edits]:
    """Return what a plan comes to. keep: bool [N], the images that stay of the data set that it made."""
    images, boxes = plan.dataset.images, plan.dataset.boxes
    assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
    of_image = np.column_stack([images.source, images.entry])
    of_box = np.column_stack([images.source[boxes.image], boxes.entry])
    every = fixed(plan, keep)
    shown = {}
    for name, rows in every.items():
        places = of_image if name == "swapped" else of_box
        first = rows[np.lexsort(places[rows].T[::-1])][:EXAMPLES] if len(rows) else rows
        where = places_of(plan, name, first)
        shown[name] = [(tuple(places[row].tolist()), text) for row, text in zip(first, where, strict=True)]
    counts = {name: len(rows) for name, rows in every.items() if len(rows)}
    return Fixed(counts, shown, plan.not_compared), _edits(plan, keep, of_image, of_box)


def _edits(plan: Fixes, keep: Bool, of_image: Int, of_box: Int) -> Edits:
    boxes = plan.dataset.boxes
    swapped = np.flatnonzero(plan.swapped & keep)
    rows = np.flatnonzero(plan.rewritten & (plan.dropped == 0) & keep[boxes.image])
    moves = Move.of(plan, rows, area_follows(boxes, plan.rewritten))
    return Edits(
        tuple((tuple(place), None) for place in of_image[swapped].tolist()),
        tuple((tuple(place), move) for place, move in zip(of_box[rows].tolist(), moves, strict=True)),
    )


class Renumbered(NamedTuple):
    """The ids of classes. plan: how the data set is read, under the new ids. new: these, by the old ones.

    shown: the classes whose ids change, and how. remarks: why ids stay.
    """

    plan: Plan
    new: Mapping[int | str, int]
    shown: Sequence[str]
    remarks: Sequence[str]


def renumbered(plan: Plan, engine: Engine, fixing: Fixing | None) -> Renumbered:
    """Number the classes of a data set anew, if unsafe fixes are made, and if that can be done."""
    skeleton, remarks = plan.skeleton, list[str]()
    if fixing is None or not fixing.unsafe:
        return Renumbered(plan, {}, (), ())
    if new_category_ids(skeleton, 0, []) is None:
        new_category_ids(skeleton, 0, remarks)
        return Renumbered(plan, {}, (), remarks)
    undeclared = sum(
        0 if isinstance(found, Failed) else found for _, found in engine.each(_undeclared, plan, plan.tasks)
    )
    ids = new_category_ids(skeleton, undeclared, remarks)
    if ids is None:
        return Renumbered(plan, {}, (), remarks)
    categories = tuple(replace(one, id=new) for one, new in zip(skeleton.categories, ids, strict=True))
    pairs = zip(skeleton.categories, ids, strict=True)
    shown = [f"{one.name!r}: {one.id} -> {new}" for one, new in pairs if one.id != new]
    new = {one.id: number for one, number in zip(skeleton.categories, ids, strict=True)}
    return Renumbered(replace(plan, skeleton=replace(skeleton, categories=categories)), new, shown, ())


def _undeclared(plan: Plan, part: int) -> int:
    return int(np.count_nonzero(plan.read(part).boxes.category < 0))


@dataclass(frozen=True)
class FileEdits:
    """What is replaced in a file: files of the entries of images, and of annotations with their moves.

    None where there is none. new_ids: the ids of classes by the old ones, {} if they stay.
    """

    images: Path | None
    annotations: Path | None
    new_ids: Mapping[int | str, int]


class EditStore:
    """Keeps what is replaced, and then a file of it for each file and list."""

    def __init__(self, folder: Path, new_ids: Mapping[int | str, int]) -> None:
        """Keep it in files of a folder. new_ids: as of `FileEdits`."""
        self._folder, self._new_ids = folder, new_ids
        self._rows = {key: InOrder(folder, f"edits-{key}") for key in _LISTS}
        self._files: dict[tuple[str, int], Path] | None = None

    def put(self, edits: Edits) -> None:
        """Add what is replaced in a part."""
        self._rows["images"].put(edits.images)
        self._rows["annotations"].put(edits.annotations)

    def of(self, number: int) -> FileEdits:
        """Return what is replaced in a file. Nothing is added any more."""
        if self._files is None:
            self._files = {}
            for key, rows in self._rows.items():
                for file, own in groupby(rows, key=_file_of):
                    path = self._folder / f"edits-{key}-of-{file}.rows"
                    write_blocks(path, ((place[1], what) for place, what in own))
                    self._files[key, file] = path
        images, annotations = (self._files.get((key, number)) for key in _LISTS)
        return FileEdits(images, annotations, self._new_ids)


def with_ids(fixed: Fixed, ids: Renumbered) -> Fixed:
    """Return what was fixed, with the classes that have new ids."""
    if not ids.shown:
        return fixed
    shown = [((number,), text) for number, text in enumerate(ids.shown[:EXAMPLES])]
    return fixed + Fixed({"renumbered": len(ids.shown)}, {"renumbered": shown})


def remarks_on(fixed: Fixed, ids: Renumbered) -> list[str]:
    """Say what could not be fixed, and why."""
    return [*told_of_sizes(fixed.not_compared), *ids.remarks]


def _file_of(row: tuple[Place, Any]) -> int:
    return row[0][0]


class FileEditor:
    """Replaces what `FileEdits` say, in one range of a file after the other: an `Edit` of COCO files.

    unclipped: how many boxes so far could not be moved, because their entries have none.
    """

    def __init__(self, edits: FileEdits) -> None:
        self._images, self._annotations = Rows(edits.images), Rows(edits.annotations)
        self._new_ids = edits.new_ids
        self.unclipped = 0

    def __call__(
        self, text: CocoText, first: Mapping[str, int], stays: Mapping[str, Sequence[bool]]
    ) -> list[Patch]:
        """Return what is replaced in a range."""
        editor = Editor(text, first)
        at = {key: first[key] for key in _LISTS}
        for position, _ in self._images.before(at["images"] + len(stays["images"])):
            editor.swap(position - at["images"])
        for position, move in self._annotations.before(at["annotations"] + len(stays["annotations"])):
            self.unclipped += not editor.move(position - at["annotations"], move)
        if self._new_ids:
            for position in range(len(text.entries.get("categories", ()))):
                editor.renumber_category(position, self._new_ids)
            for position, staying in enumerate(stays["annotations"]):
                if staying:
                    self._renumber(editor, position)
        return sorted(editor.patches, key=lambda patch: patch.start)

    def _renumber(self, editor: Editor, position: int) -> None:
        start, end = editor.category_span(position)
        text = editor.text.data[start:end]
        old = int(text) if text.lstrip(b"-").isdigit() else int(float(text))  # 1.0 is an id, too
        if (new := self._new_ids[old]) != old:
            editor.renumber(position, new)


class Rows:
    """The rows of a file of edits, with their positions, in order."""

    def __init__(self, path: Path | None) -> None:
        self._rows: Iterator[tuple[int, Any]] = iter(()) if path is None else read_blocks(path)
        self._next = next(self._rows, None)

    def before(self, end: int) -> Iterator[tuple[int, Any]]:
        """Yield the rows whose positions are below `end`, that were not yielded before."""
        while (row := self._next) is not None and row[0] < end:
            self._next = next(self._rows, None)
            yield row
