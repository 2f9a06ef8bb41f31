"""What `filter --diff` lists of a part: which entries go, and which change, in the order of the whole.

A part knows what happens to which entry. How the entry is written, only the bytes of its file tell: COCO
files are gone through once more for that, range by range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Int, Int8
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.pieces import RewritableParts
from anchoraudit.fixes import DROPPED, Change
from anchoraudit.fixes import Plan as Fixes
from anchoraudit.fixes.changes import Changes, why_changed
from anchoraudit.fixes.coco_edits import Editor, Move
from anchoraudit.formats.coco.text import CocoText, Patch
from anchoraudit.io.in_order import InOrder
from anchoraudit.manifest.difference import of_dropped_image
from anchoraudit.manifest.leaving import REASONS
from anchoraudit.partitions.fixing import Edits, FileEdits, Place, Rows

_OF_IMAGE = -1  # in place of the position of a box
_BEFORE = -1  # in place of an image: categories come first
_STOPS = "RUN005"
_IDENTIFY = ("bbox", "category_id")  # values of an annotation that goes


class Told(NamedTuple):
    """A change of an annotation whose values its file tells. at: its place in the list of all changes.

    move: what becomes of its box; None if the annotation goes.
    """

    at: Place
    change: Change
    move: Move | None


@dataclass
class PartChanges:
    """Collects the changes of a part.

    whole: those that are complete, each with its place in the list of all. told: those of entries of COCO
    files, by the file and the entry.
    """

    parts: RewritableParts
    whole: list[tuple[Place, Change]] = field(default_factory=list)
    told: list[tuple[Place, Told]] = field(default_factory=list)

    def images_go(self, audit: Audit, keep: Bool, why: Mapping[int, Finding]) -> None:
        """Add the images that go. keep: bool [N]. why: of those with an error."""
        dataset = audit.original
        make, places = Changes(dataset), self.parts.places(dataset).tolist()
        self.whole += [
            ((*places[image], _OF_IMAGE, 1), of_dropped_image(make, audit, image, why))
            for image in np.flatnonzero(~keep).tolist()
        ]

    def boxes_go(self, dataset: Dataset, why: Int8, stops: Bool) -> None:
        """Add boxes that go. why: int8 [M], an index into REASONS. stops: bool [M], the model stops there."""
        rows = np.flatnonzero((why > 0) | stops)
        names = [_STOPS if stops[row] else REASONS[int(why[row])] for row in rows.tolist()]
        self._go(dataset, rows, names, np.full(len(rows), -1), 1)

    def edits(self, plan: Fixes | None, edits: Edits) -> Edits:
        """Return the entries of COCO files that change, with what is listed of each.

        plan: the fixes, if there are any. edits: what they replace.
        """
        if plan is None:
            return Edits((), tuple(self.told))
        dropped, codes = np.flatnonzero(plan.dropped), plan.dropped[plan.dropped > 0]
        self._go(plan.dataset, dropped, [DROPPED[code] for code in codes.tolist()], plan.twin[dropped], 0)
        make, images, boxes = Changes(plan.dataset), plan.dataset.images, plan.dataset.boxes
        assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
        of_image = self.parts.places(plan.dataset)
        row_of = {tuple(place): row for row, place in enumerate(of_image.tolist())}
        swapped = [(place, make.of_image(row_of[place], "swapped", ())) for place, _ in edits.images]
        of_box = zip(of_image[boxes.image, 0].tolist(), boxes.entry.tolist(), strict=True)
        box_of = {place: row for row, place in enumerate(of_box)}
        rows = np.array([box_of[place[0], place[1]] for place, _ in edits.annotations], dtype=np.int64)
        at, entries = self._places(plan.dataset, rows, 0)
        moves = (move for _, move in edits.annotations)
        for row, place, entry, move in zip(rows.tolist(), at, entries, moves, strict=True):
            change = make.of_box(row, why_changed(plan, row), ())
            self.told.append((entry, Told(place, change, move)))
        return Edits(tuple(swapped), tuple(self.told))

    def _go(self, dataset: Dataset, rows: Int, why: Sequence[str], twins: Int, rank: int) -> None:
        make, at, entries = Changes(dataset), *self._places(dataset, rows, rank)
        every = zip(rows.tolist(), why, twins.tolist(), at, entries, strict=True)
        for row, name, twin, place, entry in every:
            if dataset.has_entries:
                change = make.without_box(row, name, twin, values=())
                self.told.append((entry, Told(place, change, None)))
            else:
                self.whole.append((place, make.without_box(row, name, twin)))

    def _places(self, dataset: Dataset, rows: Int, rank: int) -> tuple[list[Place], list[Place]]:
        """Return the places of boxes in the list of all changes, and in their files."""
        boxes = dataset.boxes
        image = self.parts.places(dataset)[boxes.image[rows]]
        position = (boxes.positions() if boxes.entry is None else boxes.entry)[rows]
        at = np.column_stack([image, position, np.full(len(rows), rank)])
        return list(map(tuple, at.tolist())), list(map(tuple, at[:, [0, 2]].tolist()))


class FileDiffer:
    """Lists what changes in a file, in one range of it after the other: an `Edit` that replaces nothing.

    rows: the changes, with their places.
    """

    def __init__(self, number: int, path: str, edits: FileEdits, rows: InOrder) -> None:
        self._number, self._path, self.rows = number, path, rows
        self._images, self._annotations = Rows(edits.images), Rows(edits.annotations)
        self._new_ids = edits.new_ids

    def __call__(
        self, text: CocoText, first: Mapping[str, int], stays: Mapping[str, Sequence[bool]]
    ) -> list[Patch]:
        """Note the changes in a range."""
        editor = Editor(text, first)
        self.rows.put([*self._of_images(editor, first["images"], len(stays["images"]))])
        self.rows.put([*self._of_boxes(editor, first["annotations"], len(stays["annotations"]))])
        if self._new_ids:
            self.rows.put([*self._of_categories(editor, first["categories"])])
        return []

    def _of_images(self, editor: Editor, first: int, number: int) -> Iterator[tuple[Place, Change]]:
        for position, change in self._images.before(first + number):
            values = tuple(editor.swap(position - first))
            yield (self._number, position, _OF_IMAGE, 0), replace(change, values=values)

    def _of_boxes(self, editor: Editor, first: int, number: int) -> Iterator[tuple[Place, Change]]:
        for position, told in self._annotations.before(first + number):
            if told.move is None:
                entry = editor.text.entries["annotations"][position - first]
                found = editor.text.values(entry, _IDENTIFY)
                values = tuple((name, value, "") for name, value in found.items())
            elif not (values := tuple(editor.move(position - first, told.move))):
                continue
            yield told.at, replace(told.change, values=values)

    def _of_categories(self, editor: Editor, first: int) -> Iterator[tuple[Place, Change]]:
        for position in range(len(editor.text.entries.get("categories", ()))):
            if values := editor.renumber_category(position, self._new_ids):
                at = first + position
                place = f"categories[{at}]"
                change = Change(self._path, place, "", "renumbered", tuple(values), source=self._number)
                yield (self._number, _BEFORE, at, 0), change
