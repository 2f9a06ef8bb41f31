"""Where a box or an image is: its file, the place in it, and a name that survives a new order of the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.addresses import path_of


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is.

    path: the file. place: the place in it, "" for the whole file. thing: a name that stays when entries move.
    """

    path: str
    place: str
    thing: str


class Locations:
    """Finds where boxes and images of a data set are."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    @cached_property
    def _first_rows(self) -> Int:
        """The first box of each image, in file order: int64 [N]."""
        first = np.full(len(self.dataset.images), len(self.dataset.boxes), dtype=np.int64)
        np.minimum.at(first, self.dataset.boxes.image, np.arange(len(self.dataset.boxes)))
        return first

    def of_box(self, row: int) -> Location:
        """Return the location of a box, given its row."""
        boxes = self.dataset.boxes
        image = int(boxes.image[row])
        source = self.dataset.sources[int(self.dataset.images.source[image])]
        thing = self._name_of(row, image)
        if not source.item:
            assert boxes.entry is not None  # entries of one list have a position
            return Location(str(source.path), f"annotations[{boxes.entry[row]}]", thing)
        number = row - int(self._first_rows[image]) if boxes.entry is None else int(boxes.entry[row])
        return Location(self._file_of(image), source.place_of_box(number, self._entry_of(image)), thing)

    def of_image(self, image: int) -> Location:
        """Return the location of an image's entry, or the file that annotates it.

        An image with neither is located by its own file.
        """
        images = self.dataset.images
        source = self.dataset.sources[int(images.source[image])]
        thing = f"image {images.ids[image]}"
        if source.image_place:
            return Location(str(source.path), source.place_of_image(self._entry_of(image)), thing)
        if source.item:
            path = self._file_of(image)
            # An image with a box has an annotation file. For one without, only the disk can tell.
            if self._first_rows[image] < len(self.dataset.boxes) or path_of(path).exists():
                return Location(path, "", thing)
            return Location(self._image_file_of(image) or path, "", thing)
        entry = self._entry_of(image)
        return Location(str(source.path), f"images[{entry}]" if entry >= 0 else "", thing)

    def of_image_file(self, image: int) -> Location:
        """Return the location of the image file itself; of the image's entry if its folder is unknown."""
        path = self._image_file_of(image)
        return Location(path, "", f"image {self.dataset.images.ids[image]}") if path else self.of_image(image)

    def _entry_of(self, image: int) -> int:
        """Return the position of an image in its source's list, -1 without one."""
        entry = self.dataset.images.entry
        return -1 if entry is None else int(entry[image])

    def _image_file_of(self, image: int) -> str:
        folder = self.dataset.sources[int(self.dataset.images.source[image])].image_folder
        name = self.dataset.images.file_names[image]
        return f"{folder}/{name}" if folder is not None and name else ""

    def _file_of(self, image: int) -> str:
        source = self.dataset.sources[int(self.dataset.images.source[image])]
        return (
            f"{source.path}/{self.dataset.images.ids[image]}{source.suffix}"
            if source.suffix
            else str(source.path)
        )

    def _name_of(self, row: int, image: int) -> str:
        ids = self.dataset.boxes.annotation_ids
        identity = "" if ids is None else ids[row]
        return self.drawn(row) if identity == "" else f"annotation {identity}"

    def drawn(self, row: int) -> str:
        """Name a box by image, class and corners. Equal boxes have the same name."""
        boxes = self.dataset.boxes
        category = int(boxes.category[row])
        label = self.dataset.categories[category].name if category >= 0 else ""
        corners = " ".join(f"{value + 0.0:g}" for value in boxes.xyxy[row].tolist())  # -0.0 equals 0.0
        return f"image {self.dataset.images.ids[int(boxes.image[row])]}: {label} {corners}"


def findings_elsewhere(dataset: Dataset, rows: Int) -> list[Finding]:
    """Return what the reader found that is not about one of these boxes: int64, their rows."""
    if not len(rows) or not dataset.findings:
        return list(dataset.findings)
    locations = Locations(dataset)
    where = {(place.path, place.place) for place in map(locations.of_box, rows.tolist())}
    return [
        finding
        for finding in dataset.findings
        if where.isdisjoint((finding.path, place) for place in (finding.place, entry_of(finding.place)))
    ]


def entry_of(place: str) -> str:
    """Return the entry that a place within an entry is in.

    >>> entry_of("annotations[3].bbox[1]")
    'annotations[3]'
    """
    return place.partition(".")[0].partition(",")[0]
