"""The data set as columns. Every format is read into this, and everything else works on this.

Boxes are `x1, y1, x2, y2` in pixels of the original image, continuous coordinates: a box over the whole
of a 640x480 image is (0, 0, 640, 480). The columns hold what the files say. Nothing is clipped, dropped or
repaired here; `labels` decides which boxes reach an encoder.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Int, Int8, stable_argsort
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.dataset.declared import DeclaredClasses
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import NOT_WRITTEN, BoxTrait, ImageTrait
from anchoraudit.io.files import name_parts, safe_join
from anchoraudit.io.shown import Shown
from anchoraudit.io.unchanged import Reading

ImageId = int | str
Ids = npt.NDArray[Any]  # int64, or object where ids are strings
Flags = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Source:
    """One place that annotations were read from.

    path: the JSON file (COCO) or the folder of XML files (VOC); for objects in memory, what they are.
    split: the name of its split, "" if there are no splits.
    image_folder: the folder of its images on disk, None if there is none.
    item: what an entry is called ("object", "line"), "" where entries are numbered in one list.
    suffix: set where each image has an annotation file of its own, `path / (id + suffix)`.
    box_place, image_place: how the place of a box and of an image is written where entries are neither, such
    as "[{image}]['boxes'][{box}]" for a list in memory; the numbers are their `entry`, from 0, and {line} is
    that of the image from 1.
    files: of rows in several files below `path`, the number of each file's first row, and its name.
    reading: which file was read, where it may be read again; None elsewhere.
    """

    path: Path
    split: str
    image_folder: Path | None = None
    item: str = ""
    suffix: str = ""
    box_place: str = ""
    image_place: str = ""
    files: tuple[tuple[int, str], ...] = ()
    reading: Reading | None = field(default=None, compare=False, repr=False)

    def place_of_box(self, box: int, image: int) -> str:
        """Return the place of a box, given its entry and that of its image.

        >>> Source(Path("a.csv"), "", item="line").place_of_box(3, 0)
        'line 4'
        >>> files = ((0, "0.parquet"), (100, "1.parquet"))
        >>> Source(Path("a"), "", item="row", files=files).place_of_box(104, 0)
        '1.parquet row 5'
        """
        if self.image_place:  # the entry of a box is its place in the list of its image
            name, first = self._file_of(image)
            return name + self.box_place.format(image=image - first, line=image - first + 1, box=box)
        name, first = self._file_of(box)
        if self.box_place:
            return name + self.box_place.format(image=image, box=box - first)
        return f"{name}{self.item} {box - first + 1}"

    def place_of_image(self, image: int) -> str:
        """Return the place of an image, given its entry; "" where images have none."""
        name, first = self._file_of(image)
        if not self.image_place:
            return ""
        return name + self.image_place.format(image=image - first, line=image - first + 1)

    def _file_of(self, row: int) -> tuple[str, int]:
        """Return how the place of a row begins, and the first row of its file."""
        at = bisect_right(self.files, row, key=itemgetter(0)) - 1
        return (f"{self.files[at][1]} ", self.files[at][0]) if at >= 0 else ("", 0)


@dataclass(slots=True, repr=False)
class Images:
    """Columns over N images, in file order.

    ids: the COCO id, or the stem of the XML file. file_names: as the annotation says (VOC: the file found).
    width, height: float64 [N], pixels, NaN for an unknown size.
    split: int64 [N], index into `Dataset.splits`. source: int64 [N], index into `Dataset.sources`.
    entry: int64 [N], position in the source's list of images, -1 for an image outside it; None where the
    format has no such list. row: int64 [N], the row that names it first, where rows of a table are boxes;
    None elsewhere. measured: bool [N], the size comes from the image file, not from its entry; None
    where the format does not keep track. declared: float64 [N, 2], width and height as the entry states them,
    NaN where it states none; None where the format states no sizes. traits: uint32 [N], bits of `ImageTrait`;
    None without any. fate: int8 [N], what becomes of it in a loader, an index into `FATES`; None without one.
    batch: int64 [N], the batch in which a training loop handed the image to its network: images of a batch
    share a canvas; None where these are images of files.
    """

    ids: list[ImageId]
    file_names: list[str]
    width: Float
    height: Float
    split: Int
    source: Int
    entry: Int | None = None
    measured: Bool | None = None
    declared: Float | None = None
    traits: Flags | None = None
    fate: Int8 | None = None
    batch: Int | None = None
    row: Int | None = None

    def has(self, trait: ImageTrait) -> Bool:
        """Tell which images have a trait: bool [N]."""
        return _flagged(self.traits, trait, len(self))

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<columns over {len(self):,} images>"


@dataclass(slots=True, repr=False)
class Boxes:
    """Columns over M annotations, in file order.

    image: int64 [M], row of the image. annotation_ids: the COCO ids [M], None for VOC.
    category: int64 [M], index into `Dataset.categories`, -1 without one.
    xyxy: float64 [M, 4], all NaN where no box could be read. crowd, difficult: bool [M].
    entry: int64 [M], position in the source's list of annotations, or the line; None where the format has
    neither. area: float64 [M], the declared area in square pixels, NaN without one; None where the format
    has none. traits: uint32 [M], bits of `BoxTrait`; None without any. class_texts: for rows whose class is
    none of the data set's, the class as the file writes it. fate: int8 [M], what becomes of it in a loader,
    an index into `FATES`; None without one.
    """

    image: Int
    annotation_ids: Ids | None
    category: Int
    xyxy: Float
    crowd: Bool
    difficult: Bool
    entry: Int | None = None
    area: Float | None = None
    traits: Flags | None = None
    class_texts: Mapping[int, str] = field(default_factory=dict)
    fate: Int8 | None = None

    def __len__(self) -> int:
        return len(self.image)

    def __repr__(self) -> str:
        return f"<columns over {len(self):,} boxes>"

    def has(self, trait: BoxTrait) -> Bool:
        """Tell which boxes have a trait: bool [M]."""
        return _flagged(self.traits, trait, len(self))

    def by_image(self) -> Int:
        """Return the row numbers grouped by image, in file order within each image: int64 [M]."""
        return stable_argsort(self.image)

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
            xyxy=self.xyxy.take(order, axis=0),  # several times faster than xyxy[order]
            crowd=self.crowd[order],
            difficult=self.difficult[order],
            entry=None if self.entry is None else self.entry[order],
            area=None if self.area is None else self.area[order],
            traits=None if self.traits is None else self.traits[order],
            class_texts=self._texts_of(order),
            fate=None if self.fate is None else self.fate[order],
        )

    def _texts_of(self, order: Int) -> Mapping[int, str]:
        if not self.class_texts:
            return self.class_texts
        rows = np.flatnonzero(np.isin(order, list(self.class_texts))).tolist()
        return {row: self.class_texts[int(order[row])] for row in rows}


def _flagged(traits: Flags | None, trait: ImageTrait | BoxTrait, count: int) -> Bool:
    if traits is None:
        return np.zeros(count, dtype=np.bool_)
    found: Bool = (traits & np.uint32(trait)) != 0
    return found


@dataclass(frozen=True, slots=True)
class Category:
    """A class: its id in the files, its name, and that of the group that it belongs to, "" without one."""

    id: ImageId
    name: str
    group: str = field(default="", compare=False)


@dataclass(slots=True, repr=False)
class Dataset(Shown):
    """A data set as it was read, with all problems found while reading.

    Attributes
    ----------
    root : Path
        The file or folder that the user named.
    format : str
        The name of the format, such as ``"coco"``.
    recognised : str
        One line: which format this is, and how that was decided.
    sources : tuple of Source
        Where the annotations were read from.
    splits : tuple of str
        Names of the splits.
    images : Images
        Columns over N images.
    boxes : Boxes
        Columns over M boxes: ``x1, y1, x2, y2`` in pixels of the original image, continuous coordinates.
    categories : tuple of Category
        The classes.
    findings : list of Finding
        What could not be read, and where.
    notes : list of str
        Sentences that a report repeats: what was skipped, what could not be checked.
    partial : bool
        It is some of the data set only: the splits that the user asked for, or what a program chose of it.
    has_entries : bool
        Images and annotations are entries of two lists in JSON files (`entry` is the position), so single
        ones can be cut out of the bytes.
    declares_ids : bool
        Images, annotations and classes have ids of their own in the files. Elsewhere, names identify them.
    counts_from_one : bool
        By the format's convention, the first pixel is 1.
    has_rows : bool
        Images and boxes are rows of table files of one kind, which can be written without some of them.
    columns : tuple of pairs
        What columns of these are, where the user named them, as in `ReadOptions`.
    lists_paths : bool
        A list of images of this format names image files by paths that the framework opens, not by names.
    classes_are_indices : bool
        The order of the classes is the order of the trained network's outputs.
    class_count : int or None
        How many classes the files declare; None if they do not say, or if `categories` has all of them.
    declared_classes : DeclaredClasses or None
        What the files themselves declare of the classes, as it stands in a data.yaml, a file of names or a
        classes.csv. None where the format has no such file, or where there is none.
    class_lists : tuple of tuples of int
        For each source, the classes that its file lists, as indices into `categories`, in the file's order.
    in_pixels : bool
        Coordinates are pixels for certain. Elsewhere they may be fractions of the image.
    offset : tuple of four floats
        What the user had added to each x1, y1, x2 and y2 of the files, in pixels.
    conventions : tuple of Convention
        For each source, what the four numbers of a box mean by its format.
    read_as : Convention or None
        The convention in which the user had the boxes read instead; None if each source's own was taken.
    label_lines : mapping of int to list of str
        For images whose label file is not plain rows of a class and four numbers, by row of the image: the
        lines of that file as they stand.
    left_out : tuple of (int, str)
        Images that the annotations name, but that are no rows, because nothing of what is drawn on them can
        be read (points, lines): the index of the source, and the name relative to its image folder.
    without_info : tuple of Path
        COCO files with annotations that lack the key `info`.
    unread : tuple of (Path, int)
        Tables in folders below the data set that were not read: the first one of each folder, and how many.
    class_boxes : ndarray of int64, shape (S, C), or None
        How many boxes of each class each of the S sources has in the whole data set, where this is a part of
        it. None where this is the whole.
    opened : mapping of str to object
        What the reader saw of the image files that it opened, by folder, as `anchoraudit.images.opened` keeps
        it: a file that has not changed since is not opened again.

    Examples
    --------
    >>> dataset = read("sample_data/coco")
    >>> len(dataset.images), len(dataset.boxes), dataset.splits
    (26, 37, ('train', 'val'))
    >>> dataset.find("family")
    [20]
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
    has_rows: bool = False
    columns: tuple[Any, ...] = ()
    lists_paths: bool = False
    counts_from_one: bool = False
    classes_are_indices: bool = False
    class_count: int | None = None
    declared_classes: DeclaredClasses | None = None
    class_lists: tuple[tuple[int, ...], ...] = ()
    in_pixels: bool = False
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    conventions: tuple[Convention, ...] = ()
    read_as: Convention | None = None
    label_lines: Mapping[int, Sequence[str]] = field(default_factory=dict)
    left_out: tuple[tuple[int, str], ...] = ()
    without_info: tuple[Path, ...] = ()
    unread: tuple[tuple[Path, int], ...] = ()
    class_boxes: Int | None = None
    opened: Mapping[str, object] = field(default_factory=dict)

    def convention_of(self, source: int) -> Convention:
        """Return what the four numbers of a box mean by the format of a source, given its index.

        Examples
        --------
        >>> read("sample_data/coco").convention_of(0).name
        'xywh'
        """
        return self.conventions[source] if source < len(self.conventions) else XYXY

    @property
    def reread(self) -> Bool:
        """Tell which boxes were read in another convention than that of their source: bool [M].

        A box that follows from a polygon has no numbers of its own.

        Examples
        --------
        >>> dataset = read("sample_data/coco", box_convention="xyxy")
        >>> bool(dataset.reread.all())
        True
        """
        if self.read_as is None:
            return np.zeros(len(self.boxes), dtype=np.bool_)
        other = [self.convention_of(source) != self.read_as for source in range(len(self.sources))]
        of_source = np.array(other, dtype=np.bool_)[self.images.source]
        return of_source[self.boxes.image] & ~self.boxes.has(NOT_WRITTEN)

    @property
    def is_fed(self) -> bool:
        """Tell whether these are images and boxes as a training loop hands them to its network.

        Then no loader comes after them, boxes are not clipped, and class ids are the indices of the model.

        Examples
        --------
        >>> read("sample_data/coco").is_fed
        False
        """
        return self.images.batch is not None

    def as_written(self) -> Dataset:
        """Return the data set with the coordinates as the files have them, without `offset`.

        Examples
        --------
        >>> dataset = read("sample_data/voc", voc_offset=(-1, -1, 0, 0))
        >>> (dataset.as_written().boxes.xyxy - dataset.boxes.xyxy)[0].tolist()
        [1.0, 1.0, 0.0, 0.0]
        """
        if not any(self.offset):
            return self
        nothing = (0.0, 0.0, 0.0, 0.0)
        return replace(self, boxes=replace(self.boxes, xyxy=self.boxes.xyxy - self.offset), offset=nothing)

    @property
    def split_names(self) -> list[str]:
        """The name of each image's split.

        Examples
        --------
        >>> read("sample_data/coco").split_names[-1]
        'val'
        """
        return [self.splits[i] for i in self.images.split.tolist()]

    @property
    def has_image_folder(self) -> bool:
        """Tell whether the folder of some images is known.

        Examples
        --------
        >>> read("sample_data/coco").has_image_folder
        True
        """
        return any(source.image_folder is not None for source in self.sources)

    def image_path(self, index: int) -> Path | None:
        """Return the file of image `index`, None if its folder is unknown or the file does not exist.

        A file name comes from the data, so it is not trusted: one that leads out of the image folder
        (`../x.jpg`, `/etc/passwd`) or that the file system cannot hold gives None.

        Examples
        --------
        >>> read("sample_data/coco").image_path(0).name
        'on_the_rug.jpg'
        """
        folder = self.sources[int(self.images.source[index])].image_folder
        return None if folder is None else safe_join(folder, self.images.file_names[index])

    def find(self, name: str) -> list[int]:
        """Return the rows of the images called `name`.

        `name` is compared with the ids, then with the file names, their last parts and their stems; the first
        of these that gives a match decides.

        Examples
        --------
        >>> read("sample_data/coco").find("family.jpg")
        [20]
        """
        names = self.images.file_names
        ways: tuple[Callable[[], Iterable[str]], ...] = (
            lambda: map(str, self.images.ids),
            lambda: names,
            lambda: (name_parts(n)[1] for n in names),
            lambda: (base.rpartition(".")[0] or base for _, base in map(name_parts, names)),
        )
        for called in ways:
            candidates = list(called())
            if candidates.count(name):  # a fraction of the time of a loop, and nearly all ways find nothing
                return [i for i, candidate in enumerate(candidates) if candidate == name]
        return []
