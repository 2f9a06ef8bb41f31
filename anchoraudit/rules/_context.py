"""What rules look at: the data set, the detector's answer and the image files, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, TypeVar, cast, overload

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, distinct
from anchoraudit.boxes import box_sizes, has_area
from anchoraudit.classes.table import ClassTable
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.duplicates import Alike, exact_duplicates
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.labels import REASON_MEANING, REASONS, Labels, clipped_boxes
from anchoraudit.dataset.locations import Location, Locations
from anchoraudit.dataset.splits import is_evaluation, is_training, thing_of_split, training_splits
from anchoraudit.detectors import Detector
from anchoraudit.encoding.admission import Admitted
from anchoraudit.encoding.best_recall import BestRecall, RecallCounts
from anchoraudit.encoding.canvas import Placed
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.loaders import Loaded
from anchoraudit.rules._totals import Totals

Found = TypeVar("Found")


class Hits(Sequence[Finding]):
    """Findings about some boxes or images. Each is made only when somebody asks for it.

    about: what the rows count, "box" or "image". rows: int64 [n], row numbers in the data set's columns.
    make: returns the finding about one row. tentative: whether they count depends on the totals of the whole
    data set, of which this is a part.
    """

    def __init__(
        self,
        about: Literal["box", "image"],
        rows: Int,
        make: Callable[[int], Finding],
        *,
        tentative: bool = False,
    ) -> None:
        self.about, self.rows, self.tentative, self._make = about, rows, tentative, make
        self._set: frozenset[int] | None = None

    def where(self, wanted: Callable[[Finding], bool]) -> Hits:
        """Return the findings for which `wanted` is true, in the same order."""
        keep = np.fromiter(map(wanted, self), dtype=np.bool_, count=len(self))
        return self.of_rows(self.rows[keep])

    def is_about_any(self, rows: Sequence[int]) -> bool:
        """Tell whether there is a finding about one of these rows."""
        if self._set is None:
            self._set = frozenset(self.rows.tolist())
        return not self._set.isdisjoint(rows)

    def of_rows(self, rows: Int) -> Hits:
        """Return the findings about some of the rows: int64."""
        return Hits(self.about, rows, self._make, tentative=self.tentative)

    def made_tentative(self) -> Hits:
        """Return the same findings, on which the totals decide."""
        return Hits(self.about, self.rows, self._make, tentative=True)

    def together_with(self, other: Hits) -> Hits:
        """Return these findings and others about the same kind of rows, in the order of the rows."""
        own = frozenset(self.rows.tolist())

        def make(row: int) -> Finding:
            return self._make(row) if row in own else other._make(row)

        return Hits(self.about, distinct(np.concatenate((self.rows, other.rows))), make)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...
    def __getitem__(self, index: int | slice) -> Finding | Hits:
        if isinstance(index, slice):
            return self.of_rows(self.rows[index])
        return self._make(int(self.rows[index]))

    def __iter__(self) -> Iterator[Finding]:
        return map(self._make, self.rows.tolist())


@dataclass
class Context:
    """Columns over N images and M boxes of a data set, and over those P boxes that are trained.

    dataset, labels: the data as they were read, and the plain policy on them. What follows is of the data as
    the loader hands them over, with the same rows. verdict: int8 [N]. status: int8 [M]. best_iou: float64
    [M], NaN for boxes that are not usable. raises: int8 [N], why the encoder would raise, 0 where it would
    not. on_input: the usable boxes on the network's input. image_files: None if the image files were not
    checked. loaded: None without a loader. admitted: what the model does with the boxes; None with the plain
    policy. classes: which index each class gets. shortages: boxes that can be given too few points together.
    cause: int8 [M], why a box is unmatched, an index into CAUSES, -1 for others; None without a detector.

    Without a detector, `replayed` and `on_input` are None; `verdict` then says only what the data alone say:
    `blank`, `no_usable_box` and `unknown`, and `ok` for every other image.
    """

    dataset: Dataset
    labels: Labels
    replayed: Detector | None
    on_input: Placed | None
    verdict: Int8
    status: Int8
    best_iou: Float
    raises: Int8
    image_files: ImageFiles | None = None
    loaded: Loaded | None = None
    admitted: Admitted | None = None
    classes: ClassTable | None = None
    shortages: Shortages = field(default_factory=Shortages.none)
    cause: Int8 | None = None
    given: Totals | None = None
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    _once: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def totals(self) -> Totals:
        """What rules about the whole data set go by: sums over images and boxes."""
        return Totals.on_demand(self) if self.given is None else self.given

    def once(self, what: str, make: Callable[[], Found]) -> Found:
        """Return what `make` returns, made when it is first asked for: what a rule counts and then finds."""
        if what not in self._once:
            self._once[what] = make()
        found: Found = self._once[what]
        return found

    def with_totals(self, totals: Totals) -> Context:
        """Return this context of a data set without images, with the totals of all parts."""
        return replace(self, given=totals)

    @property
    def detector(self) -> Detector:
        """The detector, for rules that need one."""
        assert self.replayed is not None
        return self.replayed

    @property
    def placed(self) -> Placed:
        """The usable boxes on the network's input, for rules that need a detector."""
        assert self.on_input is not None
        return self.on_input

    @cached_property
    def locations(self) -> Locations:
        """Where boxes and images are in the files."""
        return Locations(self.dataset)

    def reason_is(self, reason: str) -> Bool:
        """Tell which boxes are not usable for this reason: bool [M]."""
        is_it: Bool = self.labels.reason == REASONS.index(reason)
        return is_it

    @cached_property
    def sides(self) -> Float:
        """Width and height of every box: [M, 2], pixels of the original image."""
        with np.errstate(invalid="ignore", over="ignore"):
            return box_sizes(self.dataset.boxes.xyxy)

    @cached_property
    def input_sides(self) -> Float:
        """Width and height of the usable boxes on the network's input, as they are in `placed`: [n, 2]."""
        return box_sizes(self.placed.boxes.boxes)

    @cached_property
    def alike(self) -> Alike:
        """The boxes that may be duplicates of another one of their image."""
        return Alike.of(self.dataset)

    @cached_property
    def exact_duplicates(self) -> Int:
        """What `exact_duplicates` returns of the data set: int64 [M]."""
        return exact_duplicates(self.dataset, self.alike)

    @cached_property
    def image_sides(self) -> Float:
        """Width and height of each box's image: [M, 2], NaN where unknown."""
        images, image = self.dataset.images, self.dataset.boxes.image
        return np.stack([images.width[image], images.height[image]]).T

    @cached_property
    def past(self) -> Float:
        """How many pixels each box reaches past its image: [M], 0 or less for a box inside.

        NaN for boxes without area, boxes fully outside, and images of unknown size.
        """
        boxes, images, labels = self.dataset.boxes, self.dataset.images, self.labels
        past = np.zeros(len(boxes))
        # All others lie inside.
        doubtful = (
            slice(None) if self.dataset.is_fed else np.flatnonzero((labels.reason > 0) | labels.clipped)
        )
        x1, y1, x2, y2 = boxes.xyxy[doubtful].T
        of = boxes.image[doubtful]
        with np.errstate(invalid="ignore"):
            beyond = (-x1, -y1, x2 - images.width[of], y2 - images.height[of])
            past[doubtful] = np.maximum.reduce(beyond)
        past[~self.has_extent] = np.nan
        return past

    @cached_property
    def has_extent(self) -> Bool:
        """Tell which boxes have an area inside an image of known size, crowds included: bool [M]."""
        extent = self.labels.usable.copy()
        for reason in ("crowd", "difficult"):  # the label policy drops these before it looks at coordinates
            rows = np.flatnonzero(self.reason_is(reason))
            finite = np.isfinite(self.dataset.boxes.xyxy[rows]).all(axis=1)
            extent[rows] = finite & has_area(self.dataset.boxes.xyxy[rows])
            extent[rows] &= has_area(clipped_boxes(self.dataset, rows))
        return extent

    @cached_property
    def boxes_by_category(self) -> Int:
        """Count the boxes of each category, crowds included: int64 [C]."""
        return self.totals.by_category

    @cached_property
    def training(self) -> frozenset[str]:
        """The splits that are trained on: by their names, or the only one of a data set read whole."""
        dataset = self.dataset
        stated = [source.split for source in dataset.sources if is_training(source.split)]
        found = (
            training_splits(dataset.splits) if not dataset.partial else filter(is_training, dataset.splits)
        )
        # A source may be a year of a VOCdevkit, whose splits are called YEAR/train.
        years = {name.rpartition("/")[0] for name in dataset.splits}
        return frozenset([*found, *(name for name in stated if name not in years)])

    @cached_property
    def trained_splits(self) -> Bool:
        """Tell which splits are trained on, by their names: bool [splits].

        Where no name says so, all of them are but those for evaluation.
        """
        names = self.dataset.splits
        trained = [name in self.training and not is_evaluation(name) for name in names]
        if not any(trained):
            trained = [not is_evaluation(name) for name in names]
        return np.array(trained, dtype=np.bool_)

    @cached_property
    def in_training(self) -> Bool:
        """Tell which images are trained on: bool [N]."""
        return self.trained_splits[self.dataset.images.split]

    @cached_property
    def trained(self) -> Bool:
        """Tell which boxes reach the encoder in training: they are usable, and their image is trained on."""
        usable: Bool = self.status > 0
        if self.in_training.all():
            return usable
        return usable & self.in_training[self.dataset.boxes.image]

    @cached_property
    def by_class(self) -> Int:
        """Count the trained boxes of each class by status: int64 [C, statuses], none not usable."""
        table: Int = self.trained_boxes[:-1]
        return table

    @cached_property
    def trained_boxes(self) -> Int:
        """Count the trained boxes of each class, and of none, by status: int64 [C + 1, statuses]."""
        table: Int = self.totals.boxes[self.trained_splits].sum(axis=0)
        table[:, 0] = 0
        return table

    @cached_property
    def best_recall(self) -> BestRecall | None:
        """YOLOv5's best possible recall of the training boxes; None unless the detector's framework asks."""
        own = self.totals.of_rule("ANC013")
        return BestRecall.of(RecallCounts(**{one.name: own.number(one.name) for one in fields(RecallCounts)}))

    @cached_property
    def idle_levels(self) -> list[int]:
        """The levels on which no trained box has a positive anchor. [] for few boxes, where it is chance."""
        detector = self.detector
        places, levels = max(detector.anchors.count, len(detector.strides)), len(detector.strides)
        if levels < 2 or int(self.totals.boxes[:, :, 1:].sum()) < 10 * places:
            return []
        served = self.totals.of_rule("ANC012").flags("served", levels)
        # Where no box is positive at all, others say so. Nor is anything known if the engine cannot tell.
        idle: list[int] = np.flatnonzero(~served).tolist() if served.any() else []
        return idle

    def may_train_of(self, rows: Int) -> Bool:
        """Tell which boxes are usable, or would be if the size of their image were known: bool [n]."""
        unknown = np.isnan(self.dataset.images.width[self.dataset.boxes.image[rows]])
        may: Bool = self.labels.usable[rows] | unknown
        return may

    @cached_property
    def splits_without_images(self) -> list[str]:
        """The splits that have no image, less those of which the reader has reported that."""
        dataset = self.dataset
        empty = self.totals.images.sum(axis=1) == 0
        names = [*(name for name, none in zip(dataset.splits, empty.tolist(), strict=True) if none)]
        names += [name for name in sorted(self.training) if name not in dataset.splits]
        told = {finding.thing for finding in dataset.findings if finding.code in ("SET005", "SET009")}
        return [name for name in names if thing_of_split(name) not in told]

    def first_box(self, rows: Int) -> tuple[int, tuple[int, int, str]]:
        """Return the first of some boxes of one source by their places in the files, and what orders these.

        rows: int64 [n], at least one, ascending. The order does not depend on the parts of a data set.
        """
        boxes, images = self.dataset.boxes, self.dataset.images
        number = int(images.source[boxes.image[rows[0]]])
        source = self.dataset.sources[number]
        if boxes.entry is not None and not source.suffix and not source.image_place:
            row = int(rows[np.argmin(boxes.entry[rows])])
            return row, (number, int(boxes.entry[row]), "")
        of_image = boxes.image[rows]
        first, place = self.first_image(distinct(of_image))
        return int(rows[np.argmax(of_image == first)]), place

    def first_image(self, rows: Int) -> tuple[int, tuple[int, int, str]]:
        """Return the first of some images by their places in the files, and what orders these.

        rows: int64 [n], at least one, ascending.
        """
        images = self.dataset.images
        number = int(images.source[rows].min())
        own = rows[images.source[rows] == number]
        if images.entry is not None and not self.dataset.sources[number].suffix:
            row = int(own[np.argmin(images.entry[own])])
            return row, (number, int(images.entry[row]), "")
        ids = images.ids if len(own) == len(images) else [*map(images.ids.__getitem__, own.tolist())]
        names = cast(list[str], ids) if {*map(type, ids)} == {str} else [*map(str, ids)]
        name = min(names)  # with a key it would take several times as long
        return int(own[names.index(name)]), (number, 0, name)

    def images_of_split(self, name: str) -> int:
        """Count the images of a split; 0 if there is no such split."""
        splits = self.dataset.splits
        return int(self.totals.images[splits.index(name)].sum()) if name in splits else 0

    def boxes_of_split(self, name: str) -> Int:
        """Count the boxes of a split by why they are not usable, and whether they may train: [reasons, 2]."""
        splits = self.dataset.splits
        if name not in splits:
            return np.zeros((len(REASONS), 2), dtype=np.int64)
        of_split: Int = self.totals.labels[splits.index(name)]
        return of_split

    def about_split(self, code: str, name: str, message: str, evidence: str) -> Finding:
        """Return a finding about a split. Its path is that of its own file or folder, else of all."""
        paths = {str(source.path) for source in self.dataset.sources if source.split == name}
        paths = paths or {str(source.path) for source in self.dataset.sources}
        path = paths.pop() if len(paths) == 1 else str(self.dataset.root)
        return Finding(code, message, path, "", evidence, thing_of_split(name))

    @cached_property
    def placeholders(self) -> Bool:
        """Tell which classes are no classes, but the group of all others in an export of Roboflow: bool [C].

        Such a class has the id 0, no box, and the supercategory "none", and others have its name as theirs.
        """
        categories, boxes = self.dataset.categories, self.boxes_by_category.tolist()
        groups = {category.group for category in categories}
        return np.array(
            [
                category.id == 0 and category.group == "none" and category.name in groups and not count
                for category, count in zip(categories, boxes, strict=True)
            ],
            dtype=np.bool_,
        )

    def about_boxes(
        self,
        code: str,
        rows: Int,
        tell: Callable[[int], tuple[str, str]],
        thing: Callable[[int], str] | None = None,
    ) -> Hits:
        """Return findings about boxes.

        rows: int64, rows of the boxes. tell: returns message and evidence for a row. thing: returns the
        name that a baseline knows the finding by, where the box's own name depends on the order of the file.
        """

        def make(row: int) -> Finding:
            image = self.dataset.images.ids[int(self.dataset.boxes.image[row])]
            message, evidence = tell(row)
            found = _finding(code, f"{message}: image {image!r}", evidence, self.locations.of_box(row))
            return found if thing is None else replace(found, thing=thing(row))

        return Hits("box", rows, make)

    def about_images(
        self,
        code: str,
        rows: Int,
        tell: Callable[[int], tuple[str, str]],
        *,
        own_file: bool = False,
        culprit: Callable[[int], int] | None = None,
    ) -> Hits:
        """Return findings about images.

        rows: int64, rows of the images. tell: returns message and evidence for a row. own_file: the finding
        is about the image file, not about the file that annotates it. culprit: returns the row of the box of
        an image where the fault is, -1 if it is the image itself.
        """
        where = self.locations.of_image_file if own_file else self.locations.of_image

        def make(row: int) -> Finding:
            message, evidence = tell(row)
            box = -1 if culprit is None else culprit(row)
            return _finding(code, message, evidence, where(row) if box < 0 else self.locations.of_box(box))

        return Hits("image", rows, make)

    def about_all(self, code: str, message: str, evidence: str = "", thing: str = "") -> list[Finding]:
        """Return one finding about the whole data set.

        Its path is the annotation file if there is only one, else the data set's folder.
        """
        sources = self.dataset.sources
        path = str(sources[0].path if len(sources) == 1 else self.dataset.root)
        return [Finding(code, message, path, "", evidence, thing or "data set")]

    def corners(self, row: int) -> str:
        """Write a box as text: `x1 3, y1 4, x2 50, y2 60`."""
        return "x1 {:.7g}, y1 {:.7g}, x2 {:.7g}, y2 {:.7g}".format(*self.dataset.boxes.xyxy[row].tolist())

    def corners_in(self, row: int) -> str:
        """Write a box as text, with the size of its image."""
        width, height = self.image_sides[row].tolist()
        return f"{self.corners(row)} in an image of {width:g}x{height:g}"


def why_not_usable(counts: Int) -> str:
    """Write boxes by why they are not usable, `3 crowd, 1 without area`. counts: int64 [reasons]."""
    named = zip(REASONS[1:], counts[1:].tolist(), strict=True)
    return ", ".join(f"{count:,} {REASON_MEANING[reason]}" for reason, count in named if count)


def _finding(code: str, message: str, evidence: str, place: Location) -> Finding:
    return Finding(code, message, place.path, place.place, evidence, place.thing)
