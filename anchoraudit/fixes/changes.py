"""The changes of a plan one by one, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.locations import Locations
from anchoraudit.dataset.readings import as_written
from anchoraudit.fixes.coco_edits import Edits, Value, edits_of
from anchoraudit.formats.coco.text import Texts

if TYPE_CHECKING:
    from anchoraudit.fixes.planning import Plan

# Why a box is dropped; where several reasons apply, the first one counts. 0 is a box that stays.
DROPPED = ("", "not_finite", "no_area", "outside", "far_outside", "exact_duplicate", "near_duplicate")

_BEFORE = -1


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that changes or goes.

    path, place, thing: which entry, as in `Finding`. why: the reason, one name or several, such as `clipped`.
    values: for each value its name, its old and its new text; no new text if `gone`. of: the place of the
    entry that a duplicate equals. source, image, position: for sorting; categories come before all images, an
    image before its boxes.
    """

    path: str
    place: str
    thing: str
    why: str
    values: tuple[Value, ...]
    gone: bool = False
    of: str = ""
    source: int = 0
    image: int = _BEFORE
    position: int = _BEFORE


ORDER = attrgetter("source", "image", "position")


class Changes:
    """Makes changes of one data set's entries. texts: its sources, if some are open already."""

    def __init__(self, dataset: Dataset, texts: Texts | None = None) -> None:
        self.dataset = dataset
        self.texts = texts or Texts(dataset.sources)
        self._locations = Locations(dataset)
        boxes = dataset.boxes
        self._positions = boxes.positions() if boxes.entry is None else boxes.entry

    def of_image(self, image: int, why: str, values: Iterable[Value], *, gone: bool = False) -> Change:
        """Return the change of an image's entry."""
        where, source = self._locations.of_image(image), int(self.dataset.images.source[image])
        return Change(
            where.path, where.place, where.thing, why, tuple(values), gone, source=source, image=image
        )

    def of_box(self, row: int, why: str, values: Iterable[Value]) -> Change:
        """Return the change of a box."""
        image = int(self.dataset.boxes.image[row])
        where, source = self._locations.of_box(row), int(self.dataset.images.source[image])
        position = int(self._positions[row])
        return Change(
            where.path,
            where.place,
            where.thing,
            why,
            tuple(values),
            source=source,
            image=image,
            position=position,
        )

    def without_box(
        self, row: int, why: str, twin: int = -1, values: Iterable[Value] | None = None
    ) -> Change:
        """Return the change that drops a box.

        twin: the row of the box that it equals. values: those that identify it; None for those of its file.
        """
        of = self._locations.of_box(twin).place if twin >= 0 else ""
        own = self._values(row) if values is None else values
        return replace(self.of_box(row, why, own), gone=True, of=of)

    def _values(self, row: int) -> Iterator[Value]:
        """Yield values that identify a box; for COCO as they are in the file."""
        boxes = self.dataset.boxes
        if self.dataset.has_entries and boxes.entry is not None:
            source = int(self.dataset.images.source[boxes.image[row]])
            entry = self.texts[source].entries["annotations"][int(boxes.entry[row])]
            found = self.texts[source].values(entry, ("bbox", "category_id"))
            yield from ((name, text, "") for name, text in found.items())
            return
        yield "box", corners(boxes.xyxy[row].tolist()), ""
        category = int(boxes.category[row])
        if category >= 0:
            yield "class", self.dataset.categories[category].name, ""


def changes_of(plan: Plan, keep: Bool, texts: Texts | None = None) -> list[Change]:
    """List the changes, in the order of sources, images and boxes; see `Plan.changes`."""
    make = Changes(plan.dataset, texts)
    rows = np.flatnonzero(plan.dropped).tolist()
    found = [make.without_box(row, DROPPED[int(plan.dropped[row])], int(plan.twin[row])) for row in rows]
    if plan.dataset.has_entries:
        for source in _touched(plan, keep):
            found += _of_coco(make, plan, source, edits_of(plan, source, make.texts[source], keep, ids=False))
    else:
        found += _of_columns(make, plan, keep)
    return sorted(found, key=ORDER)


def _touched(plan: Plan, keep: Bool) -> list[int]:
    """Return the sources in which more changes than whole entries."""
    images, boxes = plan.dataset.images, plan.dataset.boxes
    touched = plan.swapped | (plan.category_ids is not None)
    touched[boxes.image[plan.rewritten]] = True
    sources: list[int] = np.unique(images.source[touched & keep]).tolist()
    return sources


def _of_coco(make: Changes, plan: Plan, source: int, edits: Edits) -> Iterator[Change]:
    path = str(make.dataset.sources[source].path)
    for position, values in edits.categories.items():
        place = f"categories[{position}]"
        yield Change(path, place, "", "renumbered", tuple(values), source=source, position=position)
    yield from (make.of_image(image, "swapped", values) for image, values in edits.images.items())
    yield from (make.of_box(row, why_changed(plan, row), values) for row, values in edits.annotations.items())


def _of_columns(make: Changes, plan: Plan, keep: Bool) -> Iterator[Change]:
    images, boxes = plan.dataset.images, plan.dataset.boxes
    for image in np.flatnonzero(plan.swapped & keep).tolist():
        width, height = f"{images.width[image]:g}", f"{images.height[image]:g}"
        yield make.of_image(image, "swapped", [("width", width, height), ("height", height, width)])
    for row in np.flatnonzero(plan.rewritten & keep[boxes.image]).tolist():
        after = corners(plan.xyxy[row].tolist())
        before = corners(boxes.xyxy[row].tolist())
        if plan.dataset.reread[row]:
            before = ", ".join(f"{value:.10g}" for value in as_written(plan.dataset, row))
        yield make.of_box(row, why_changed(plan, row), [("box", before, after)])


def why_changed(plan: Plan, row: int) -> str:
    """Return why a box gets other numbers."""
    if plan.exchanged[row]:
        return "exchanged"
    return "clipped" if plan.clipped[row] else "reread"


def corners(xyxy: list[float]) -> str:
    """Write a box as `x1 3, y1 4, x2 50.5, y2 60`."""
    return "x1 {:.10g}, y1 {:.10g}, x2 {:.10g}, y2 {:.10g}".format(*xyxy)
