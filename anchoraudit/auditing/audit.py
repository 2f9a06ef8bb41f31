"""The audit: a verdict for every image, a status and a cause for every box."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, are_any
from anchoraudit.auditing.judging import add_best_of_flagged, count_anchors, judge_boxes, judge_images
from anchoraudit.auditing.results import BoxResults, ImageResults
from anchoraudit.classes import class_rules as class_rules_of
from anchoraudit.classes import rules_for
from anchoraudit.classes.table import ClassTable, class_table
from anchoraudit.dataset import labels as label_policy
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import KEPT
from anchoraudit.detectors import Detector, DetectorLike, load_detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.encoding import engines
from anchoraudit.encoding.admission import Admitted, admitted_to
from anchoraudit.encoding.canvas import OnCanvas, on_canvas, place_usable
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICT_CODE, VERDICTS, verdicts_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from anchoraudit.images.inspection import ImageFiles, look
from anchoraudit.io.plugins import load_module
from anchoraudit.io.shown import Shown
from anchoraudit.io.steps import step
from anchoraudit.loaders import PLAIN, Loaded, load_as
from anchoraudit.rules import Chosen, Context, Findings, all_rules, check

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity
    from anchoraudit.formats import Readable
    from anchoraudit.report.plots import Plots


class Counts(TypedDict):
    """Numbers of images and boxes. Those of statuses are None without a detector.

    images, boxes: all of them. usable: boxes that reach the encoder; each of them has one of the statuses
    that follow. verdicts: images by verdict. causes: unmatched boxes by cause.
    """

    images: int
    boxes: int
    usable: int
    matched: int | None
    possible: int | None
    forced: int | None
    borrowed: int | None
    shadowed: int | None
    unmatched: int | None
    lost: int | None
    verdicts: dict[str, int]
    causes: dict[str, int]


class Summary(Counts):
    """The counts of a whole data set, and those of each split by its name."""

    splits: dict[str, Counts]


@dataclass(slots=True, repr=False)
class Audit(Shown):
    """What a detector's encoder does with a data set.

    Attributes
    ----------
    dataset : Dataset
        The data set as it is trained: with the coordinates and sizes that the loader hands over. All images
        and boxes are in it, those too that the loader drops.
    original : Dataset
        The data set as it was read; without a loader, the same object. Findings about the data are of it.
    replayed : Detector or None
        The detector whose encoder was replayed; None if only the rules on the data ran. Then there are no
        verdicts, statuses and causes: all are -1 or empty.
    labels : Labels
        Which boxes of `dataset` are usable, and why the others are not.
    box_results : BoxResults
        Status, cause and best IoU of each box.
    image_results : ImageResults
        Verdict and counts of each image.
    findings : Findings
        What is wrong with the data set.
    image_files : ImageFiles or None
        Facts about the image files; None if they were not checked.
    loaded : Loaded or None
        What becomes of each image and box in the loader; None without a loader.
    admitted : Admitted or None
        What the model does with the boxes that are handed to it; None with the plain policy.
    classes : ClassTable
        Which index each class gets, and what becomes of its boxes.
    sensitivity : Sensitivity or None
        The same audit under random geometry; None unless asked for.
    detector_chosen : bool
        Somebody named the detector. False: the default judged, and reports say so first.
    suggested : str
        Which detector the files of the data set point to, as a sentence; "" if they point to none.

    Examples
    --------
    >>> result = audit(read("sample_data/coco"))
    >>> result.summary()["verdicts"]["empty_foreground"]
    14
    >>> len(result.images_with("empty_foreground", "blank"))
    17
    >>> result.images_frame().loc[0, ["file_name", "verdict"]].tolist()
    ['on_the_rug.jpg', 'ok']
    """

    dataset: Dataset
    original: Dataset
    replayed: Detector | None
    labels: label_policy.Labels
    box_results: BoxResults
    image_results: ImageResults
    findings: Findings = field(default_factory=lambda: Findings({}, {}))
    image_files: ImageFiles | None = None
    loaded: Loaded | None = None
    admitted: Admitted | None = None
    classes: ClassTable | None = None
    sensitivity: Sensitivity | None = None
    detector_chosen: bool = True
    suggested: str = ""
    _rows: tuple[Int, Int] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def plot(self) -> Plots:
        """Plots of this audit, such as `audit.plot.sizes()`. They need the extra `plot`: matplotlib.

        Each returns a display, as scikit-learn's do: its numbers, and `ax_` and `figure_` of matplotlib.

        >>> "sizes" in dir(audit("sample_data/coco").plot)
        True
        """
        return cast("Plots", load_module("anchoraudit.report", "plots").Plots(self))

    @property
    def detector(self) -> Detector:
        """The detector whose encoder was replayed. Raises AnchorauditError if there is none.

        Examples
        --------
        >>> audit("sample_data/coco", "yolov5").detector.strides
        (8.0, 16.0, 32.0)
        """
        if self.replayed is None:
            raise AnchorauditError(
                "this audit has no detector: only the rules on the data ran",
                remedy="Name a detector, such as audit(dataset, 'yolov5').",
            )
        return self.replayed

    def verdict_is(self, *names: str) -> Bool:
        """Tell which images have one of these verdicts: bool [N].

        Examples
        --------
        >>> int(audit("sample_data/coco").verdict_is("blank", "no_usable_box").sum())
        5
        """
        return are_any(self.image_results.verdict, [VERDICT_CODE[name] for name in names])

    def images_with(self, *names: str) -> list[int]:
        """Return the rows of the images with one of these verdicts.

        Examples
        --------
        >>> result = audit("sample_data/coco")
        >>> [result.dataset.images.file_names[row] for row in result.images_with("no_usable_box")]
        ['heap_of_kittens.jpg', 'cropped_away.jpg']
        """
        indices: list[int] = np.flatnonzero(self.verdict_is(*names)).tolist()
        return indices

    def net_boxes(self, rows: Int) -> Float:
        """Return usable boxes as the network sees them: clipped, and resized to its input.

        rows: int64 [n], rows of the boxes. Returns float64 [n, 4], pixels of the network's input.

        Examples
        --------
        >>> result = audit("sample_data/coco", "torchvision-retinanet_resnet50_fpn")
        >>> result.net_boxes(result.boxes_of(1)).round(1).tolist()
        [[249.8, 350.0, 416.4, 450.0], [632.9, 316.7, 782.8, 450.0]]
        """
        return self.placed(rows).boxes

    def placed(self, rows: Int) -> OnCanvas:
        """Return usable boxes on the network's input, together with their canvases. rows: int64 [n].

        Examples
        --------
        >>> result = audit("sample_data/coco")
        >>> result.placed(result.boxes_of(1)).boxes.shape
        (2, 4)
        """
        return on_canvas(self.dataset, rows, self.detector)

    def boxes_of(self, image: int) -> Int:
        """Return the rows of one image's boxes, in file order.

        Examples
        --------
        >>> result = audit("sample_data/coco")
        >>> result.boxes_of(20).tolist()
        [28, 29, 30, 31]
        """
        if self._rows is None:  # found once: reports ask for every flagged image
            order = self.dataset.boxes.by_image()
            self._rows = order, self.dataset.boxes.image[order]
        order, of = self._rows
        first, end = (int(np.searchsorted(of, image, side)) for side in ("left", "right"))
        rows: Int = order[first:end]
        return rows

    def summary(self) -> Summary:
        """Return counts over the whole data set, and under `splits` the same for each split.

        Without a detector, the numbers of boxes by status are None, and there are no verdicts or causes.

        Examples
        --------
        >>> summary = audit("sample_data/coco").summary()
        >>> summary["images"], summary["usable"], summary["matched"]
        (26, 33, 13)
        >>> summary["splits"]["val"]["verdicts"]["empty_foreground"]
        4
        """
        split, names = self.dataset.images.split, self.dataset.splits
        whole = self._counts_of(slice(None))
        if len(names) == 1 and not split.any():
            return {**whole, "splits": {names[0]: deepcopy(whole)}}
        return {
            **whole,
            "splits": {name: self._counts_of(split == code) for code, name in enumerate(names)},
        }

    def _counts_of(self, images: Bool | slice) -> Counts:
        results, judged = self.image_results, self.replayed is not None
        cause = self.box_results.cause
        if not isinstance(images, slice):
            cause = cause[images[self.dataset.boxes.image]]
        by_status = dict(zip(STATUSES, results.by_status[images].sum(axis=0).tolist(), strict=True))
        return {
            "images": len(results.verdict[images]),
            "boxes": int(results.boxes[images].sum()),
            "usable": int(results.usable[images].sum()),
            "matched": by_status["matched"] if judged else None,
            "possible": by_status["possible"] if judged else None,
            "forced": by_status["forced"] if judged else None,
            "borrowed": by_status["borrowed"] if judged else None,
            "shadowed": by_status["shadowed"] if judged else None,
            "unmatched": by_status["unmatched"] if judged else None,
            "lost": None if not judged or results.lost is None else int(results.lost[images].sum()),
            "verdicts": _tally(results.verdict[images], VERDICTS) if judged else {},
            "causes": _tally(cause, CAUSES) if judged else {},
        }

    def images_frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each image: the columns of `--export-images`.

        Examples
        --------
        >>> table = audit("sample_data/coco").images_frame()
        >>> table.groupby("verdict").size()["empty_foreground"].item()
        14
        """
        from anchoraudit.auditing.tables import images_frame

        return images_frame(self)

    def boxes_frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each box: the columns of `--export-boxes`.

        Examples
        --------
        >>> table = audit("sample_data/coco").boxes_frame()
        >>> table.loc[table["cause"] == "edge", "label"].tolist()
        ['cat_head', 'cat_head', 'cat_ear', 'cat_ear', 'cat_head', 'cat_head']
        """
        from anchoraudit.auditing.tables import boxes_frame

        return boxes_frame(self)


if TYPE_CHECKING:
    # What can be audited.
    Auditable = Dataset | Audit | Readable


def dataset_of(source: Auditable) -> Dataset:
    """Return a data set as it was read: of an audit, or of what `read` reads.

    Raises AnchorauditError as `read` does.
    """
    if isinstance(source, Audit):
        return source.original
    return source if isinstance(source, Dataset) else read(source)


def audit(
    dataset: Auditable,
    detector: DetectorLike | None = "reference",
    *,
    drop_difficult: bool = False,
    counts: bool = False,
    rules: Chosen | None = None,
    loader: str | None = None,
    classes: Classes | None = None,
    class_rules: str | None = None,
    images: str = "header",
    image_cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Replay a detector's encoder over a data set, and find what is wrong with the data.

    Parameters
    ----------
    dataset : Dataset, Audit, or what `read` reads
        What `read` returns, or what it reads: a path, a DataFrame, or dicts. Of an audit, its data set as it
        was read.
    detector : str, Path, Detector, model or None
        What `load_detector` takes: the name of a preset, a detector file, a model in memory. None: no
        encoder is replayed, and only the rules on the data alone run.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    counts : bool
        Count the positive, negative and ignored anchors of every image too. Takes longer.
    rules : Chosen, optional
        The rules that run; all of them by default.
    loader : str, optional
        The framework's loader, which is applied first. By default it is the detector's own for data of this
        format, if it has one. "none": no loader, and the plain policy of `anchoraudit.dataset.labels`.
    classes : Classes, optional
        What the user's configuration says of classes, as `read_classes` returns it. By default what the
        detector's file says, and else what the data set itself says.
    class_rules : str, optional
        Whose rules make indices of classes, a name of `class_rules_names`. By default the loader's, or else
        those of the detector's framework.
    images : {"header", "decode", "none"}
        How image files are checked, where they are found: header and end, every pixel, or not at all.
    image_cache : Path, optional
        A file that remembers facts about image files between runs.
    progress : callable, optional
        Called with (images counted, images to count).

    Returns
    -------
    Audit
        Verdicts, statuses, causes and findings.

    Raises
    ------
    AnchorauditError
        If the data set or the detector cannot be read, if a rule does not exist, or if `counts` would need
        too many anchors, or has no detector.

    Examples
    --------
    >>> result = audit("sample_data/coco", "torchvision-retinanet_resnet50_fpn")
    >>> result.summary()["matched"]
    29
    >>> targets = [{"width": 640, "height": 480, "boxes": [[5, 5, 9, 9]], "labels": ["cat"]}]
    >>> audit(targets, "torchvision-fasterrcnn_resnet50_fpn").summary()["verdicts"]["forced_only"]
    1
    """
    chosen = (rules or Chosen()).require_known(all_rules())
    result, context = examine(
        dataset,
        detector,
        drop_difficult=drop_difficult,
        counts=counts,
        rules=chosen,
        loader=loader,
        classes=classes,
        class_rules=class_rules,
        images=images,
        image_cache=image_cache,
        progress=progress,
    )
    step("checking rules")
    result.findings = check(context, chosen, result.original.findings)
    return result


def examine(
    dataset: Auditable,
    detector: DetectorLike | None,
    *,
    drop_difficult: bool = False,
    counts: bool = False,
    rules: Chosen,
    loader: str | None = None,
    classes: Classes | None = None,
    class_rules: str | None = None,
    images: str | ImageFiles = "header",
    image_cache: Path | None = None,
    brief: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Audit, Context]:
    """Replay a detector's encoder, and return the audit without findings, and what rules look at.

    Takes what `audit` takes, and raises what it raises. images: what `seen_for` returned, too. brief: best
    IoUs may be NaN where no rule and no list of flagged images asks for them.
    """
    original = dataset_of(dataset)
    detector = None if detector is None else load_detector(detector)
    if original.is_fed and loader is not None:
        raise AnchorauditError(
            f"loader {loader!r} comes too late: these are batches of a training loop",
            remedy="Leave out `loader`: these images and boxes have left their loader already.",
        )
    loader = _loader_of(original, detector, loader)
    seen: ImageFiles | None
    if isinstance(images, ImageFiles):
        seen = images
    else:
        seen = seen_for(
            original, detector, loader=loader, rules=rules, images=images, image_cache=image_cache
        )
    step("judging boxes")
    stated = classes or (Classes() if detector is None else detector.classes)
    loaded = None
    if loader not in (None, PLAIN):
        loaded = load_as(original, loader, seen, classes=stated, detector=detector)
    table = _class_table(original, detector, loader, stated, class_rules)
    dataset = original if loaded is None else loaded.dataset
    plain = label_policy.prepare(original, drop_difficult=drop_difficult)
    labels = plain if loaded is None else label_policy.prepare(dataset, drop_difficult=drop_difficult)
    if detector is None:
        if counts:
            raise AnchorauditError(
                "without a detector there are no anchors to count",
                remedy="Name a detector, or drop the counts.",
            )
        return _without_detector(original, dataset, (plain, labels), seen=seen, loaded=loaded, table=table)
    admitted = None
    if loader != PLAIN:
        indices = table.box_indices() if table.has_odd_indices else None
        admitted = admitted_to(dataset, detector, indices, table.stated.count, policy=labels)
    if admitted is not None:
        dataset = admitted.stopping(dataset)
        for reason, rows in (("model", admitted.dropped), ("loader", admitted.dropped_by_loader)):
            labels = labels.without(rows, reason) if len(rows) else labels
    placed = place_usable(dataset, labels, detector)
    brief = brief and engines.statuses_need_no_best(detector)
    try:
        boxes = judge_boxes(labels, dataset, placed, detector, brief=brief)
        why = reasons(placed.boxes, dataset.boxes.image[placed.rows], placed.of_image, detector)
        if dataset.images.fate is not None:
            why[dataset.images.fate != KEPT] = 0  # the encoder never sees it
        results = judge_images(dataset, boxes, why)
        if brief:
            add_best_of_flagged(boxes, results, dataset, placed, detector)
        if counts:
            count_anchors(dataset, detector, placed, (boxes, results), progress)
    except AnchorauditError as error:  # counts=True, and the detector has too many anchors to enumerate
        raise error.within(original.root) from None
    context = Context(
        original,
        plain,
        detector,
        placed,
        results.verdict,
        boxes.status,
        boxes.best_iou,
        results.raises,
        seen,
        loaded,
        admitted,
        table,
        boxes.shortages,
        boxes.cause,
    )
    audited = Audit(
        dataset,
        original,
        detector,
        labels,
        boxes,
        results,
        image_files=seen,
        loaded=loaded,
        admitted=admitted,
        classes=table,
    )
    return audited, context


def seen_for(
    dataset: Dataset,
    detector: Detector | None,
    *,
    loader: str | None,
    rules: Chosen,
    images: str,
    image_cache: Path | None = None,
) -> ImageFiles | None:
    """Look at image files where `audit`, told the same, does: where its loader or a rule asks for them.

    None if nobody looked.
    """
    loader = _loader_of(dataset, detector, loader)
    about_files = (c for c, rule in all_rules().items() if c.startswith("IMG") or rule.needs_image_files)
    of_files = loader not in (None, PLAIN) or any(code in rules for code in about_files)
    return look(dataset, images if of_files else "none", cache=image_cache)


def _loader_of(dataset: Dataset, detector: Detector | None, named: str | None) -> str | None:
    """Return the loader that was named, else the detector's own for this format; None without one."""
    if named is not None or detector is None or dataset.is_fed:
        return named
    return detector.loader_for(dataset.format)


def _class_table(
    dataset: Dataset, detector: Detector | None, loader: str | None, stated: Classes, named: str | None
) -> ClassTable:
    """Return the class table under the rules that were named, else those of the loader or the detector."""
    rules = (
        class_rules_of(named)
        if named is not None
        else rules_for(detector, None if loader == PLAIN else loader)
    )
    own = rules is not None and not rules.labels.is_silent
    labels = detector.labels if detector is not None and not (named and own) else None
    return class_table(dataset, rules, stated, labels)


def _without_detector(
    original: Dataset,
    dataset: Dataset,
    policies: tuple[label_policy.Labels, label_policy.Labels],
    *,
    seen: ImageFiles | None,
    loaded: Loaded | None,
    table: ClassTable,
) -> tuple[Audit, Context]:
    """Return an audit of the data and of what the loader does. No image gets a verdict, and no box a status.

    dataset: as the loader hands it over. policies: which boxes are usable in `original` and in `dataset`.
    """
    plain, labels = policies
    count, image, usable = len(dataset.images), dataset.boxes.image, labels.usable
    none = np.full(count, -1, dtype=np.int8)
    boxes = BoxResults(
        usable=usable,
        best_iou=np.full(len(usable), np.nan),
        status=np.zeros(len(usable), dtype=np.int8),
        cause=np.full(len(usable), -1, dtype=np.int8),
    )
    total, reaching = np.bincount(image, minlength=count), np.bincount(image[usable], minlength=count)
    raises = np.zeros(count, dtype=np.int8)
    by_status = np.zeros((count, len(STATUSES)), dtype=np.int64)
    by_status[:, 0], by_status[:, 1] = total - reaching, reaching
    results = ImageResults(total, by_status, np.full(count, np.nan), none, none.copy(), raises)
    of_data = verdicts_of(
        boxes=total > 0,
        usable=reaching > 0,
        matched=reaching > 0,
        forced=raises > 0,
        size_unknown=np.isnan(dataset.images.width),
        raises=raises > 0,
        fate=dataset.images.fate,
    )
    context = Context(
        original,
        plain,
        None,
        None,
        of_data,
        boxes.status,
        boxes.best_iou,
        raises,
        seen,
        loaded,
        classes=table,
    )
    audited = Audit(
        dataset, original, None, labels, boxes, results, image_files=seen, loaded=loaded, classes=table
    )
    return audited, context


def _tally(codes: Int8, names: tuple[str, ...]) -> dict[str, int]:
    """Count codes by their names. -1 is none of them."""
    counted: list[int] = np.bincount(codes + 1, minlength=len(names) + 1)[1:].tolist()
    return dict(zip(names, counted, strict=True))
