"""Several detectors on one data set, side by side. The data set is read once and judged by each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from anchoraudit.advice.fed import Fed, InFile, OnInput, placing
from anchoraudit.arrays import Float, Int, one_thread
from anchoraudit.auditing.asked import asked
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector, DetectorLike, load_detectors, own_names
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import place_all
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.statuses import counts_of, has
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.io.processes import helpers, shared_out
from anchoraudit.io.shown import Shown
from anchoraudit.loaders import PLAIN, load_as, settings_of

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.auditing.audit import Auditable

# Boxes from which on a second process saves more time than its start takes.
_WORTH_A_PROCESS = 50_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What one detector does with the data set.

    images, usable: numbers of images and usable boxes. verdicts: images by verdict. statuses: usable boxes by
    status. median_best: median of the best IoU (or `measure`) of usable boxes, None without any or if the
    detector has no such value. cause: the most common cause of unmatched boxes, "" if all are matched.
    on_empty: what an empty mask does.

    Examples
    --------
    >>> (found,) = compare("sample_data/coco", "yolov5")
    >>> found.detector, found.usable, found.verdicts["empty_foreground"], found.on_empty
    ('yolov5', 33, 0, 'zero')
    """

    detector: str
    images: int
    usable: int
    verdicts: dict[str, int]
    statuses: dict[str, int]
    measure: str
    median_best: float | None
    cause: str
    on_empty: str

    def as_row(self) -> dict[str, str | int | float | None]:
        """Return the values as one row of a table.

        Examples
        --------
        >>> compare("sample_data/coco", "yolov5")[0].as_row()["unmatched"]
        0
        """
        return {
            "detector": self.detector,
            "images": self.images,
            **self.verdicts,
            "usable": self.usable,
            **self.statuses,
            "median_best_iou": self.median_best,
            "measure": self.measure,
            "cause": self.cause,
            "on_empty": self.on_empty,
        }


class Contents(NamedTuple):
    """What there is in a data set as it stands, before any loader: numbers of images, and of usable boxes.

    blank: images without annotations. unusable: with some, but no usable box. unknown: of unknown size.
    """

    images: int
    usable: int
    blank: int
    unusable: int
    unknown: int

    @classmethod
    def of(cls, dataset: Dataset) -> Contents:
        """Count them.

        >>> Contents.of(read("sample_data/coco")).blank
        3
        """
        usable, image = prepare(dataset).usable, dataset.boxes.image
        has, has_usable = (
            np.bincount(rows, minlength=len(dataset.images)) > 0 for rows in (image, image[usable])
        )
        unknown = np.isnan(dataset.images.width)
        return cls(
            len(dataset.images),
            int(usable.sum()),
            int((~has).sum()),
            int((has & ~has_usable & ~unknown).sum()),
            int((has & unknown).sum()),
        )

    def plus(self, other: Contents) -> Contents:
        """Add up two parts."""
        return Contents(*(a + b for a, b in zip(self, other, strict=True)))


class Comparison(Shown, Sequence[Compared]):
    """What each of several detectors does with a data set: a sequence of `Compared`, in the order asked for.

    Attributes
    ----------
    dataset : Dataset
        The data set as it was read; of one that was read part by part, without its images and boxes.
    contents : Contents
        What there is in it.
    notes : tuple of str
        What was not read.

    Examples
    --------
    >>> found = compare("sample_data/coco", ["reference", "torchvision-retinanet_resnet50_fpn"])
    >>> [(one.detector, one.statuses["unmatched"]) for one in found]
    [('reference', 20), ('torchvision-retinanet_resnet50_fpn', 0)]
    """

    def __init__(
        self,
        dataset: Dataset,
        rows: Sequence[Compared],
        contents: Contents | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.dataset, self.notes = dataset, notes
        self._rows, self._contents = tuple(rows), contents

    @property
    def contents(self) -> Contents:
        """What there is in the data set.

        Examples
        --------
        >>> compare("sample_data/coco", "yolov5").contents.usable
        33
        """
        if self._contents is None:
            self._contents = Contents.of(self.dataset)
        return self._contents

    def frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each detector: the columns of `compare --output-format csv`.

        Examples
        --------
        >>> compare("sample_data/coco", ["reference"]).frame()[["detector", "unmatched"]].values.tolist()
        [['reference', 20]]
        """
        import pandas as pd

        return pd.DataFrame([one.as_row() for one in self._rows])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparison) and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Compared: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Compared]: ...
    def __getitem__(self, index: int | slice) -> Compared | Sequence[Compared]:
        return self._rows[index]


def compare(
    dataset: Auditable,
    detectors: DetectorLike | Sequence[DetectorLike] | None = None,
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    files: ImageFiles | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Judge every image by each detector.

    Parameters
    ----------
    dataset : Dataset, Audit, or what `read` reads
        As in `audit`.
    detectors : str, Path, Detector, model, or a sequence of them, optional
        Each as in `audit`. By default all presets.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    loader : str, optional
        The framework's loader for all detectors. By default each detector has its own, as in `audit`.
    files : ImageFiles, optional
        Facts about the image files, for the loaders.
    progress : callable, optional
        Called with (done, to do), counted in detectors.

    Returns
    -------
    Comparison
        A `Compared` for each detector, in the order of `detectors`.

    Raises
    ------
    AnchorauditError
        If the data set or a detector cannot be read.

    Examples
    --------
    >>> found = compare("sample_data/coco", ["reference", "torchvision-retinanet_resnet50_fpn"])
    >>> [one.statuses["matched"] for one in found]
    [13, 29]
    """
    about = asked(dataset, drop_difficult=drop_difficult)
    every = load_detectors(own_names() if detectors is None else detectors)
    judged = judge_all(
        about.dataset,
        every,
        drop_difficult=about.drop_difficult,
        loader=loader,
        files=files,
        progress=progress,
    )
    rows = [
        counts.compared(detector, median) for detector, (counts, median) in zip(every, judged, strict=True)
    ]
    return Comparison(about.dataset, rows)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one detector does with a data set, or a part of it, in numbers that add up.

    images, usable: numbers of images and usable boxes. verdicts: images by verdict. statuses: usable boxes by
    status. causes: int64, unmatched boxes by cause.
    """

    images: int
    usable: int
    verdicts: Mapping[str, int]
    statuses: Mapping[str, int]
    causes: Int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.images + other.images,
            self.usable + other.usable,
            {name: number + other.verdicts[name] for name, number in self.verdicts.items()},
            {name: number + other.statuses[name] for name, number in self.statuses.items()},
            self.causes + other.causes,
        )

    def compared(self, detector: Detector, median: float | None) -> Compared:
        """Return a row. median: of the best IoU of usable boxes."""
        return Compared(
            detector=detector.name,
            images=self.images,
            usable=self.usable,
            verdicts=dict(self.verdicts),
            statuses=dict(self.statuses),
            measure=detector.match.measure,
            median_best=median if detector.match.measure else None,
            cause=CAUSES[int(self.causes.argmax())] if self.causes.any() else "",
            on_empty=detector.loss.outcome,
        )


Judged = tuple[Counts, Any]


def judge_all(
    dataset: Dataset,
    detectors: Sequence[Detector],
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    files: ImageFiles | None = None,
    summed: Callable[[Float], Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Judged]:
    """Return the counts of each detector, and what `summed` makes of the best IoU of its usable boxes.

    summed: a function of a module; by default their median. The others are as of `compare`.
    """
    pieces = _pieces(dataset, detectors, loader)
    job = _Job(
        InFile(dataset, drop_difficult=drop_difficult), tuple(detectors), files, summed=summed or _median
    )
    beside = min(helpers(len(dataset.boxes), fork=_WORTH_A_PROCESS), 1, len(pieces) - 1)
    compared: dict[int, Judged] = {}
    with shared_out(replace(job, alone=beside > 0).judge, pieces, beside) as results:
        for number, group in results():
            for i, one in zip(pieces[number].detectors, group, strict=True):
                compared[i] = one
                if progress is not None:
                    progress(len(compared), len(detectors))
    return [compared[i] for i in range(len(detectors))]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Detectors, by number, that one loader feeds, with one setting, and that place boxes alike."""

    loader: str
    setting: Hashable
    detectors: tuple[int, ...]


def _pieces(dataset: Dataset, detectors: Sequence[Detector], loader: str | None) -> list[_Piece]:
    """Cut the detectors into pieces of work: those of one loader follow each other, the most at both ends.

    Two processes that start at the ends then meet at a loader of few detectors, which both have to load.
    """
    fed_by: dict[tuple[str, Hashable], dict[str, list[int]]] = {}
    for i, detector in enumerate(detectors):
        name = loader or detector.loader_for(dataset.format) or ""
        feeding = name, settings_of(name, detector)
        fed_by.setdefault(feeding, {}).setdefault(repr(placing(detector)), []).append(i)
    loaders = sorted(fed_by, key=lambda feeding: -sum(map(len, fed_by[feeding].values())))
    ordered = loaders[::2] + loaders[1::2][::-1]
    return [_Piece(*feeding, tuple(group)) for feeding in ordered for group in fed_by[feeding].values()]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all detectors.

    alone: each process works in one thread, since others share the cores. summed: as of `judge_all`. held:
    what the last loader handed over, by its name and setting.
    """

    in_file: InFile
    detectors: tuple[Detector, ...]
    files: ImageFiles | None
    alone: bool = False
    summed: Callable[[Float], Any] = field(kw_only=True)
    held: dict[tuple[str, Hashable], Fed] = field(default_factory=dict)

    def judge(self, piece: _Piece) -> list[Judged]:
        """Judge by the detectors of a piece."""
        known: dict[tuple[object, ...], Judged] = {}
        judged = []
        with one_thread() if self.alone else nullcontext():
            fed = self._fed(piece)
            placed = place_all(fed.clipped, self.detectors[piece.detectors[0]])
            every = OnInput(fed, placed.boxes)
            for detector in (self.detectors[i] for i in piece.detectors):
                rules = (
                    detector.resize,
                    detector.anchors,
                    detector.points,
                    detector.border,
                    detector.match,
                    detector.labels,
                )
                if rules not in known:
                    counts, best = _count(detector, every, placed.of_image)
                    known[rules] = counts, self.summed(best)
                judged.append(
                    known[rules]
                )  # those that differ only in their loss leave the same images empty
        return judged

    def _fed(self, piece: _Piece) -> Fed:
        key = piece.loader, piece.setting
        if key not in self.held:
            self.held.clear()
            data, first = self.in_file.dataset, self.detectors[piece.detectors[0]]
            if piece.loader not in ("", PLAIN):
                data = load_as(data, piece.loader, self.files, detector=first).dataset
            self.held[key] = Fed(data, self.in_file, admits=piece.loader != PLAIN)
        return self.held[key]


def _count(detector: Detector, every: OnInput, of_image: Int) -> tuple[Counts, Float]:
    """Return what `audit` would find, counted without columns for every box and image.

    of_image: int64 [N], the canvas of each image. Also returns the best IoU of each usable box.
    """
    fed = every.fed
    dataset, admitted = fed.dataset, fed.admitted_to(detector)
    if admitted is not None:
        dataset = admitted.stopping(dataset)
        every = every.without(admitted.dropped) if len(admitted.dropped) else every
    boxes = every.boxes
    judged = every.compete(engines.judge_quickly(boxes, detector), detector)
    lost = np.flatnonzero(has(judged.status, "unmatched"))
    causes = np.bincount(causes_of(boxes.take(lost), detector), minlength=len(CAUSES))
    counts = Counts(
        images=len(dataset.images),
        usable=len(every.image),
        verdicts=every.verdicts(judged, dataset, detector, of_image),
        statuses=counts_of(judged.status),
        causes=causes,
    )
    return counts, judged.best


def _median(values: Float) -> float | None:
    """Return the median of finite values, None without any. Only values near a sample's median are sorted."""
    half, odd = len(values) // 2, len(values) % 2
    if not len(values):
        return None
    sample = np.sort(values[:: max(len(values) // 1024, 1)])
    apart, middle = len(sample) // 16, len(sample) // 2
    low, high = sample[middle - apart], sample[min(middle + apart, len(sample) - 1)]
    below = int(np.count_nonzero(values < low))
    near = np.sort(values[(values >= low) & (values <= high)])
    if not below < half < below + len(near) - 1:
        below, near = 0, np.sort(values)
    upper = near[half - below]
    return float(upper if odd else (near[half - below - 1] + upper) / 2)
