"""Batches, gathered into a data set that can be audited like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Boxes, Category, Dataset, ImageId, Images, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors.labels import Labels
from anchoraudit.training.fed import NO_LABEL, Fed

NAME = Path("<batches>")
FORMAT = "batches"


class Recorder:
    """Keeps the columns of batches; the pictures themselves are not kept.

    1,000,000 boxes take 40 MB.
    """

    def __init__(self) -> None:
        self._fed: list[Fed] = []
        self._numbers: list[int] = []

    def add(self, fed: Fed, number: int) -> None:
        """Add a batch under its number, from 0."""
        self._fed.append(fed)
        self._numbers.append(number)

    def __len__(self) -> int:
        return len(self._fed)

    def dataset(self, recognised: str, model: Labels | None = None) -> Dataset:
        """Return the images of all batches, in order, as a data set.

        recognised: which form they had. model: what the detector does with odd boxes; by default, nothing
        is known of it.
        Its classes are the indices that occur. An image without a name is called by its batch and position.
        """
        images = sum(map(len, self._fed))
        counts = [len(one) for one in self._fed]
        firsts = np.cumsum([0, *counts])
        position = np.concatenate([np.arange(count) for count in counts] or [np.empty(0, dtype=np.int64)])
        batch = np.repeat(np.array(self._numbers, dtype=np.int64), counts)
        labels = _joined([one.labels for one in self._fed])
        classes, category = np.unique(labels, return_inverse=True)
        has_none = int(len(classes) > 0 and classes[0] == NO_LABEL)
        category = category.astype(np.int64) - has_none
        image = _joined([one.image + first for one, first in zip(self._fed, firsts.tolist(), strict=False)])
        sizes = np.concatenate([one.sizes for one in self._fed] or [np.empty((0, 2))])
        given = [name for one in self._fed for name in one.names]
        known = tuple(Category(int(c), str(int(c))) for c in classes[has_none:].tolist())
        box = np.arange(len(image)) - np.searchsorted(image, image)
        return Dataset(
            root=NAME,
            format=FORMAT,
            recognised=recognised,
            sources=(Source(NAME, "", box_place="box {box}", image_place="", item="box"),),
            splits=("",),
            images=Images(
                ids=_identities(given, batch.tolist(), position.tolist()),
                file_names=[
                    str(name) if name is not None else f"batch {b}, image {i}"
                    for name, b, i in zip(given, batch.tolist(), position.tolist(), strict=True)
                ],
                width=np.ascontiguousarray(sizes[:, 0]),
                height=np.ascontiguousarray(sizes[:, 1]),
                split=np.zeros(images, dtype=np.int64),
                source=np.zeros(images, dtype=np.int64),
                entry=np.arange(images),
                batch=batch,
            ),
            boxes=Boxes(
                image=image,
                annotation_ids=None,
                category=category,
                xyxy=np.concatenate([one.boxes for one in self._fed] or [np.empty((0, 4))]),
                crowd=np.zeros(len(image), dtype=np.bool_),
                difficult=np.zeros(len(image), dtype=np.bool_),
                entry=box,
            ),
            categories=known,
            class_lists=(tuple(range(len(known))),),
            findings=self._findings(model or Labels()),
            declares_ids=True,
            in_pixels=True,
        )

    def by_form(self, labels: Labels) -> dict[int, str]:
        """Return the batches that fail by their form alone: "raises" or "nan", by their number."""
        found: dict[int, str] = {}
        for fed, number in zip(self._fed, self._numbers, strict=True):
            outcomes = {fed.leads_to(one, labels) for one in fed.problems}
            if worst := next((name for name in ("raises", "nan") if name in outcomes), None):
                found[number] = worst
        return found

    def names(self) -> list[ImageId | None]:
        """Return what the targets call each image, None for one without a name."""
        return [name for one in self._fed for name in one.names]

    def _findings(self, labels: Labels) -> list[Finding]:
        found = []
        for fed, number in zip(self._fed, self._numbers, strict=True):
            for one in fed.problems:
                if fed.leads_to(one, labels) is None:
                    continue
                name = None if one.image is None else fed.names[one.image]
                thing = f"image {name}" if name is not None else ""
                place = f"batch {number} {one.place}"
                found.append(Finding(one.code, one.message, str(NAME), place, one.value, thing))
        return found


def _identities(
    names: Sequence[ImageId | None], batch: Sequence[int], position: Sequence[int]
) -> list[ImageId]:
    """Return what findings call each image: its name, with the place of one without or fed again.

    >>> _identities(["a.jpg", None, "a.jpg"], [0, 0, 1], [0, 1, 0])
    ['a.jpg of batch 0, at 0', '1 of batch 0', 'a.jpg of batch 1, at 0']
    """
    seen = Counter(str(name) for name in names if name is not None)
    return [
        f"{at} of batch {number}"
        if name is None
        else name
        if seen[str(name)] == 1
        else f"{name} of batch {number}, at {at}"
        for name, number, at in zip(names, batch, position, strict=True)
    ]


def _joined(columns: list[Int]) -> Int:
    return np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
