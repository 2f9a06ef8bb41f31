"""What several detectors at several input sizes could never train of a data set: a map to choose by.

Every cell is judged by the engines of the audit, with the detector's own loader. A large data set is judged
by a random part of its images, always the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.advice.well_known import WELL_KNOWN
from anchoraudit.arrays import Bool, Int, Int8, are_any
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import RAISED, STOPS
from anchoraudit.dataset.labels import prepare
from anchoraudit.dataset.parts import of_images
from anchoraudit.detectors import Detector, load_detector, override
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.encoding import engines
from anchoraudit.encoding.admission import admitted_to
from anchoraudit.encoding.canvas import clip_all, place_all
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.statuses import FOREGROUND, has
from anchoraudit.errors import AnchorauditError
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.loaders import PLAIN, load_as

# Those that most people train: the ones set beside a verdict of the default, and some of other kinds.
BEST_KNOWN = ("ultralytics-yolo11", *WELL_KNOWN[::-1], "yolox", "rt-detr", "torchvision-fcos_resnet50_fpn")
_BESIDE = 8  # of them beside the present detector
FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
# Why a box is lost: a cause of the encoder, or what happens before it or beside it.
WHY = (*CAUSES, "shadowed", "not handed over", "the framework stops")
_SHADOWED, _NOT_HANDED, _STOPPED = (WHY.index(why) for why in WHY[len(CAUSES) :])
# Boxes of the part of a large data set that is judged: a share is then right to about half a percent.
MOST_BOXES = 30_000
_WORST = 8  # images that a cell names


@dataclass(frozen=True, slots=True)
class Worst:
    """An image of which boxes are lost. row: in the whole data set. lost, of: its boxes. why: of most."""

    row: int
    lost: int
    of: int
    why: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One detector at one input size.

    size: the input size as `--input-size` takes it. boxes, images: how many can never be trained, of those
    that could be (`Trainability`). why: lost boxes by reason, most first. worst: images that lose most.
    """

    size: str
    boxes: int
    images: int
    why: dict[str, int]
    worst: tuple[Worst, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One detector. cells: for each factor of `FACTORS`; None where it takes no other size."""

    detector: str
    loader: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Trainability:
    """The map.

    rows: one for each detector. boxes: usable boxes, whatever the loader: with an area inside their image,
    and no crowds. images: those with such a box. judged, total: images that were looked at, and all.
    """

    rows: tuple[Row, ...]
    boxes: int
    images: int
    judged: int
    total: int


def best_known(present: Detector | None) -> list[Detector]:
    """Return the present detector, if there is one, and eight of the best known ones."""
    names = [name for name in BEST_KNOWN if present is None or present.name != name][:_BESIDE]
    return ([] if present is None else [present]) + [load_detector(name) for name in names]


def trainability(
    dataset: Dataset,
    detectors: Sequence[Detector],
    *,
    loaders: Sequence[str | None] = (),
    files: ImageFiles | None = None,
    drop_difficult: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Trainability:
    """Judge a data set by several detectors, each at six input sizes.

    Parameters
    ----------
    dataset : Dataset
        What `read` returns.
    detectors : sequence of Detector
        What `load_detector` returns.
    loaders : sequence of str or None, optional
        The loader of each detector; None, or a sequence that is shorter: the detector's own.
    files : ImageFiles, optional
        Facts about the image files, for the loaders.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    progress : callable, optional
        Called with (done, to do), counted in cells.

    Returns
    -------
    Trainability
        Shares of boxes and images that can never be trained, and why.

    Examples
    --------
    >>> found = trainability(read("sample_data/coco"), [load_detector("yolov5")])
    >>> [cell and (cell.size, cell.boxes) for cell in found.rows[0].cells][:3]
    [('320', 0), ('480', 0), ('640', 0)]
    """
    rows, total = _some_images(dataset), len(dataset.images)
    if len(rows) < total:
        dataset, files = of_images(dataset, rows), None
    judge = _Judge(dataset, rows, prepare(dataset, drop_difficult=drop_difficult).usable, drop_difficult)
    handed: dict[str, Dataset] = {}
    made: list[Row] = []
    for number, detector in enumerate(detectors):
        given = loaders[number] if number < len(loaders) else None
        loader = given or detector.loader_for(dataset.format) or ""
        if loader not in handed:
            plain = loader in ("", PLAIN)
            handed[loader] = dataset if plain else load_as(dataset, loader, files).dataset
        cells: list[Cell | None] = []
        for place, (size, other) in enumerate(_at_sizes(detector)):
            cells.append(None if other is None else judge.cell(handed[loader], other, size, loader != PLAIN))
            if progress is not None:
                progress(number * len(FACTORS) + place + 1, len(detectors) * len(FACTORS))
        made.append(Row(detector.name, loader, tuple(cells)))
    return Trainability(tuple(made), judge.boxes, judge.images, len(rows), total)


def _some_images(dataset: Dataset) -> Int:
    """Return the rows of the images to judge, in order: all, or as many as have about `MOST_BOXES` boxes."""
    count, boxes = len(dataset.images), len(dataset.boxes)
    if boxes <= MOST_BOXES:
        return np.arange(count)
    part = max(1, round(count * MOST_BOXES / boxes))
    return np.sort(np.random.default_rng(0).permutation(count)[:part])


def _at_sizes(detector: Detector) -> Iterator[tuple[str, Detector | None]]:
    """Yield the detector at each size, None where it takes no other one or where that is the same again."""
    for factor in FACTORS:
        if factor == 1.0:
            yield detector.resize.scaled_text(1.0) or str(detector.resize), detector
            continue
        if detector.resize.keeps_size:
            yield "", None
            continue
        (size,) = other_sizes(detector, (factor,))
        try:
            yield size, override(detector, input_size=size)
        except AnchorauditError:  # its number of cells is fixed
            yield size, None


class _Judge:
    """Judges cells. rows: the images' rows in the whole data set. counted: bool [M], boxes that count."""

    def __init__(self, dataset: Dataset, rows: Int, counted: Bool, drop_difficult: bool) -> None:
        self._dataset, self._rows, self._counted = dataset, rows, counted
        self._drop_difficult = drop_difficult
        self._image = dataset.boxes.image
        self._of_image = np.bincount(self._image[counted], minlength=len(dataset.images))
        self.boxes, self.images = int(counted.sum()), int(np.count_nonzero(self._of_image))

    def cell(self, data: Dataset, detector: Detector, size: str, admits: bool) -> Cell:
        """Judge one detector. data: as its loader hands it over. admits: the model is asked about boxes."""
        why = self._why(data, detector, admits)
        lost = self._counted & (why >= 0)
        of_image = np.bincount(self._image[lost], minlength=len(self._of_image))
        gone = (of_image == self._of_image) & (self._of_image > 0)
        counts = np.bincount(why[lost], minlength=len(WHY)).tolist()
        named = sorted(zip(counts, WHY, strict=True), key=lambda item: -item[0])
        worst = np.lexsort([-of_image, ~gone])[:_WORST]
        return Cell(
            size=size,
            boxes=int(lost.sum()),
            images=int(gone.sum()),
            why={name: number for number, name in named if number},
            worst=tuple(self._worst(int(image), of_image, why, lost) for image in worst if of_image[image]),
        )

    def _worst(self, image: int, of_image: Int, why: Int8, lost: Bool) -> Worst:
        own = why[lost & (self._image == image)]
        most = WHY[int(np.bincount(own, minlength=len(WHY)).argmax())]
        return Worst(int(self._rows[image]), int(of_image[image]), int(self._of_image[image]), most)

    def _why(self, data: Dataset, detector: Detector, admits: bool) -> Int8:
        """Return why each box is never trained: int8 [M], index into WHY, -1 where it is or may be."""
        labels = prepare(data, drop_difficult=self._drop_difficult)
        if admits:
            admitted = admitted_to(data, detector)
            data = admitted.stopping(data)
            labels = labels.without(admitted.dropped, "model")
        placed = place_all(clip_all(data, np.flatnonzero(labels.usable)), detector)
        rows, image = placed.rows, data.boxes.image[placed.rows]
        alone = engines.judge_quickly(placed.boxes, detector)
        judged = engines.compete(placed.boxes, image, alone, detector, data.boxes.category[rows])
        why = np.full(len(labels.usable), _NOT_HANDED, dtype=np.int8)
        why[rows] = _SHADOWED
        why[rows[has(judged.status, *FOREGROUND)]] = -1
        unmatched = np.flatnonzero(has(judged.status, "unmatched"))
        why[rows[unmatched]] = causes_of(placed.boxes.take(unmatched), detector)
        stops = reasons(placed.boxes, image, placed.of_image, detector) > 0
        if data.images.fate is not None:
            stops |= are_any(data.images.fate, (RAISED, STOPS))
        why[stops[data.boxes.image]] = _STOPPED
        return why
