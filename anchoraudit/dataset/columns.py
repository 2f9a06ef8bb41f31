"""The data set as columns: every format is read into this, everything else works on this.

Boxes are `x1, y1, x2, y2` in pixels of the original image, continuous coordinates: a box over the whole
of a 640x480 image is (0, 0, 640, 480). Nothing is clipped, dropped or repaired here: what the files say
stands, and which boxes reach an encoder is decided in `labels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.dataset.findings import Finding
from anchoraudit.io.files import name_parts, safe_join

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
ImageId = int | str
Ids = npt.NDArray[Any]  # int64, or object where ids are strings


@dataclass(frozen=True, slots=True)
class Source:
    """One place annotations were read from.

    path: the JSON file (COCO) or the folder of XML files (VOC).
    split: the name of the split it holds, "" where there is one only.
    image_folder: where its images were found on disk, None if nowhere.
    item: what an entry is called ("object", "line"), "" where entries stand in one list with positions.
    suffix: where each image has a file of its own, it is `path / (id + suffix)`.
    """

    path: Path
    split: str
    image_folder: Path | None = None
    item: str = ""
    suffix: str = ""


@dataclass(slots=True)
class Images:
    """Columns over N images, in file order.

    ids: the COCO id, or the XML file's stem. file_names: as the annotation says (VOC: the file found).
    width, height: float64 [N], pixels, NaN where the size is not to be had.
    split: int64 [N], index into `Dataset.splits`. source: int64 [N], index into `Dataset.sources`.
    entry: int64 [N], position in the source's list of images, -1 for none; None where there is no list.
    measured: bool [N], size read from the image's file, not from its entry; None where nobody asks.
    """

    ids: list[ImageId]
    file_names: list[str]
    width: Float
    height: Float
    split: Int
    source: Int
    entry: Int | None = None
    measured: Bool | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class Boxes:
    """Columns over M annotations, in file order.

    image: int64 [M], index of the image. annotation_ids: the COCO ids [M], None for VOC.
    category: int64 [M], index into `Dataset.categories`, -1 if the file names none.
    xyxy: float64 [M, 4], all NaN where no box could be read. crowd, difficult: bool [M].
    entry: int64 [M], position in the source's list of annotations, or line; None where there is none.
    area: float64 [M], as declared, NaN where it is not; None where the format has none.
    """

    image: Int
    annotation_ids: Ids | None
    category: Int
    xyxy: Float
    crowd: Bool
    difficult: Bool
    entry: Int | None = None
    area: Float | None = None

    def __len__(self) -> int:
        return len(self.image)

    def by_image(self) -> Int:
        """Return the rows grouped by image, in file order within each image: int64 [M]."""
        return np.argsort(self.image, kind="stable")

    def positions(self) -> Int:
        """Return the position of each box among those of its image: int64 [M].

        It cannot be counted once some boxes are gone.
        """
        order = self.by_image()
        image = self.image[order]
        found = np.empty(len(order), dtype=np.int64)
        found[order] = np.arange(len(order)) - np.searchsorted(image, image)
        return found

    def take(self, order: Int) -> Boxes:
        """Return the rows `order`, in that order."""
        return Boxes(
            image=self.image[order],
            annotation_ids=None if self.annotation_ids is None else self.annotation_ids[order],
            category=self.category[order],
            xyxy=self.xyxy[order],
            crowd=self.crowd[order],
            difficult=self.difficult[order],
            entry=None if self.entry is None else self.entry[order],
            area=None if self.area is None else self.area[order],
        )


@dataclass(frozen=True, slots=True)
class Category:
    """A class: the id the file gives it, and its name."""

    id: ImageId
    name: str


@dataclass(slots=True)
class Dataset:
    """A data set as it was read, with everything met on the way.

    root: what the user named. format: the reader's name. recognised: in one line, what it was taken for
    and why. notes: sentences a report repeats (what was passed over, what could not be checked).
    partial: only some of its splits were asked for.

    What the format says of all its data sets, and its reader knows:
    has_entries: images and annotations stand in two lists of JSON files (`entry` is where), so that some can
        be cut out of the bytes.
    declares_ids: images, annotations and classes have ids of their own in the files; elsewhere they are
        known by their names.
    counts_from_one: by its convention the first pixel is 1.
    classes_are_indices: the order of the classes is that of a trained network's outputs.
    in_pixels: coordinates are surely pixels; elsewhere they may be parts of the image.
    """

    root: Path
    format: str
    recognised: str
    sources: tuple[Source, ...]
    splits: tuple[str, ...]
    images: Images
    boxes: Boxes
    categories: tuple[Category, ...]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    partial: bool = False
    has_entries: bool = False
    declares_ids: bool = False
    counts_from_one: bool = False
    classes_are_indices: bool = False
    in_pixels: bool = False

    @property
    def split_names(self) -> list[str]:
        """The split of each image, by name."""
        return [self.splits[i] for i in self.images.split.tolist()]

    def image_path(self, index: int) -> Path | None:
        """Where image `index` lies on disk, None if its folder is not known or the file is not there.

        A file name is data: one that leads out of the image folder (`../x.jpg`, `/etc/passwd`) or that
        no file system takes is never followed.
        """
        folder = self.sources[int(self.images.source[index])].image_folder
        return None if folder is None else safe_join(folder, self.images.file_names[index])

    def find(self, name: str) -> list[int]:
        """Indices of the images called `name`: by id, else file name, else its last part, else stem."""
        names = self.images.file_names
        ways: tuple[Callable[[], Iterable[str]], ...] = (
            lambda: map(str, self.images.ids),
            lambda: names,
            lambda: (name_parts(n)[1] for n in names),
            lambda: (base.rpartition(".")[0] or base for _, base in map(name_parts, names)),
        )
        for called in ways:
            if found := [i for i, candidate in enumerate(called()) if candidate == name]:
                return found
        return []
