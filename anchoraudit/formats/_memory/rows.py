"""Some images of a data set in memory, in another order; and several data sets as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images
from anchoraudit.dataset.conventions import XYXY
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.locations import Locations, entry_of
from anchoraudit.dataset.parts import of_images
from anchoraudit.images.opened import Opened, together


def of_rows(dataset: Dataset, rows: Sequence[int]) -> Dataset:
    """Return the data set with these images only, in this order, without what was found in the others.

    rows: rows of the images, each at most once. What was found and is of no image stays.
    """
    count = len(dataset.images)
    if list(rows) == list(range(count)):
        return dataset
    chosen = np.array(rows, dtype=np.int64)
    found = _without_others(dataset, chosen)
    taken = of_images(dataset, chosen)
    if len(rows) == count:
        return replace(taken, findings=found)
    return replace(taken, findings=found, left_out=(), partial=True)


def _without_others(dataset: Dataset, rows: Int) -> list[Finding]:
    """Return the findings, without those of images that are not among the rows."""
    if not dataset.findings or len(rows) == len(dataset.images):
        return list(dataset.findings)
    kept = np.zeros(len(dataset.images), dtype=np.bool_)
    kept[rows] = True
    locations, images, boxes = Locations(dataset), dataset.images, dataset.boxes
    places: tuple[set[tuple[str, str]], ...] = (set(), set())  # of images that go, of those that stay
    for image in range(len(images)):
        own, source = places[int(kept[image])], dataset.sources[int(images.source[image])]
        for place in (locations.of_image(image), locations.of_image_file(image)):
            own.add((place.path, place.place))
        if source.suffix:  # an image without a box is located by its own file
            own.add((f"{source.path}/{images.ids[image]}{source.suffix}", ""))
    for row, image in enumerate(boxes.image.tolist()):
        place = locations.of_box(row)
        places[int(kept[image])].add((place.path, place.place))
    gone = places[0] - places[1]
    return [finding for finding in dataset.findings if gone.isdisjoint(_around(finding))]


def _around(finding: Finding) -> Iterable[tuple[str, str]]:
    """Return the place of a finding, and the entries that it is within."""
    within = finding.place.partition("]")[0] + "]" if finding.place.startswith("[") else ""
    places = {finding.place, entry_of(finding.place), *filter(None, [within])}
    yield from ((finding.path, place) for place in places)
    yield finding.path, ""  # all of a file is about its image where each image has one


def joined(datasets: Sequence[Dataset], name: Path, recognised: str) -> Dataset:
    """Return several data sets as one, the images of each behind those of the one before.

    Classes with the same id and name become one. A column that only some of them have is filled up with what
    stands for nothing.
    """
    if len(datasets) == 1:
        return replace(datasets[0], recognised=recognised)
    first_image = np.cumsum([0, *(len(one.images) for one in datasets)]).tolist()
    first_box = np.cumsum([0, *(len(one.boxes) for one in datasets)]).tolist()
    first_source = np.cumsum([0, *(len(one.sources) for one in datasets)]).tolist()
    splits = tuple(dict.fromkeys(split for one in datasets for split in one.splits)) or ("",)
    classes: dict[Category, int] = {}
    for one in datasets:
        for category in one.categories:
            classes.setdefault(category, len(classes))
    # The last entry is that of a box without a class, -1.
    codes = [np.array([*map(classes.__getitem__, one.categories), -1], dtype=np.int64) for one in datasets]
    names = [np.array([splits.index(split) for split in one.splits], dtype=np.int64) for one in datasets]
    offsets = {one.offset for one in datasets}
    formats = {one.format for one in datasets}
    return Dataset(
        root=name,
        format=formats.pop() if len(formats) == 1 else "records",
        recognised=recognised,
        sources=tuple(source for one in datasets for source in one.sources),
        splits=splits,
        images=Images(
            ids=[identity for one in datasets for identity in one.images.ids],
            file_names=[file for one in datasets for file in one.images.file_names],
            width=np.concatenate([one.images.width for one in datasets]),
            height=np.concatenate([one.images.height for one in datasets]),
            split=np.concatenate([own[one.images.split] for one, own in zip(datasets, names, strict=True)]),
            source=np.concatenate(
                [one.images.source + first for one, first in zip(datasets, first_source, strict=False)]
            ),
            entry=_filled([one.images.entry for one in datasets], _counts(datasets), -1),
            measured=_filled([one.images.measured for one in datasets], _counts(datasets), False),
            declared=_filled([one.images.declared for one in datasets], _counts(datasets), np.nan, sides=2),
            traits=_filled([one.images.traits for one in datasets], _counts(datasets), np.uint32(0)),
        ),
        boxes=Boxes(
            image=np.concatenate(
                [one.boxes.image + first for one, first in zip(datasets, first_image, strict=False)]
            ),
            annotation_ids=_ids(datasets),
            category=np.concatenate(
                [own[one.boxes.category] for one, own in zip(datasets, codes, strict=True)]
            ),
            xyxy=np.concatenate([one.boxes.xyxy for one in datasets]),
            crowd=np.concatenate([one.boxes.crowd for one in datasets]),
            difficult=np.concatenate([one.boxes.difficult for one in datasets]),
            entry=np.concatenate(
                [one.boxes.positions() if one.boxes.entry is None else one.boxes.entry for one in datasets]
            ),
            area=_filled([one.boxes.area for one in datasets], _counts(datasets, of_boxes=True), np.nan),
            traits=_filled(
                [one.boxes.traits for one in datasets], _counts(datasets, of_boxes=True), np.uint32(0)
            ),
            class_texts=_renumbered(datasets, first_box, lambda one: one.boxes.class_texts),
        ),
        categories=tuple(classes),
        findings=[finding for one in datasets for finding in one.findings],
        notes=list(dict.fromkeys(note for one in datasets for note in one.notes)),
        declares_ids=all(one.declares_ids for one in datasets),
        counts_from_one=all(one.counts_from_one for one in datasets),
        classes_are_indices=all(
            one.classes_are_indices and one.categories == datasets[0].categories for one in datasets
        ),
        in_pixels=all(one.in_pixels for one in datasets),
        offset=offsets.pop() if len(offsets) == 1 else (0.0, 0.0, 0.0, 0.0),
        conventions=tuple(
            one.conventions[number] if number < len(one.conventions) else XYXY
            for one in datasets
            for number in range(len(one.sources))
        ),
        class_lists=tuple(
            tuple(int(own[code]) for code in listed)
            for one, own in zip(datasets, codes, strict=True)
            for listed in one.class_lists
        ),
        label_lines=_renumbered(datasets, first_image, lambda one: one.label_lines),
        left_out=tuple(
            (source + first, file)
            for one, first in zip(datasets, first_source, strict=False)
            for source, file in one.left_out
        ),
        partial=any(one.partial for one in datasets),
        without_info=tuple(path for one in datasets for path in one.without_info),
        opened=together(cast(Opened, one.opened) for one in datasets),
    )


def _counts(datasets: Sequence[Dataset], *, of_boxes: bool = False) -> list[int]:
    return [len(one.boxes) if of_boxes else len(one.images) for one in datasets]


def _filled(columns: Sequence[Any], counts: Sequence[int], nothing: Any, *, sides: int = 0) -> Any:
    """Join columns, None where there is none at all. nothing: what stands in a column that is missing."""
    if all(column is None for column in columns):
        return None
    return np.concatenate(
        [
            np.full((count, sides) if sides else count, nothing) if column is None else column
            for column, count in zip(columns, counts, strict=True)
        ]
    )


def _ids(datasets: Sequence[Dataset]) -> Any:
    """Join the ids of annotations, "" for those without one; None if none has any."""
    columns = [one.boxes.annotation_ids for one in datasets]
    if all(column is None for column in columns):
        return None
    if all(column is not None for column in columns):
        return np.concatenate([column for column in columns if column is not None])
    counts = _counts(datasets, of_boxes=True)
    empty = [np.full(count, "", dtype=object) for count in counts]
    return np.concatenate(
        [none if own is None else own.astype(object) for own, none in zip(columns, empty, strict=True)]
    )


def _renumbered(
    datasets: Sequence[Dataset], firsts: Sequence[int], of: Callable[[Dataset], Any]
) -> dict[int, Any]:
    """Join what is kept by row. firsts: for each data set, the number of rows before it."""
    return {
        row + first: value
        for one, first in zip(datasets, firsts, strict=False)
        for row, value in of(one).items()
    }
