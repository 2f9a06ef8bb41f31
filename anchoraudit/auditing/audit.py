"""The audit: a verdict for every image, a status and a cause for every box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anchoraudit.boxes import Bool, Float
from anchoraudit.dataset import labels as label_policy
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, Placed, clip_all, on_canvas, place_all
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.verdicts import STATUS_CODE, STATUSES, VERDICT_CODE, VERDICTS, verdicts_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from anchoraudit.images.inspection import ImageFiles, look
from anchoraudit.loaders import Loaded, load_as
from anchoraudit.rules import Chosen, Context, Findings, all_rules, check

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity

Int = npt.NDArray[np.int64]
Code = npt.NDArray[np.int8]

_IMAGES_AT_ONCE = 64  # candidates of so many images are a few million at most


@dataclass(slots=True)
class BoxResults:
    """Columns over all M boxes of the data set, in its order.

    usable: bool [M]. best_iou: float64 [M], NaN where not usable. status: int8 [M], index into STATUSES.
    cause: int8 [M], index into CAUSES, -1 unless unmatched. assigned: int64 [M] with counts, else None.
    """

    usable: Bool
    best_iou: Float
    status: Code
    cause: Code
    assigned: Int | None = None


@dataclass(slots=True)
class ImageResults:
    """Columns over all N images.

    boxes, usable, matched, forced, unmatched: int64 [N]. best_iou: float64 [N], of its usable boxes, NaN
    without any. verdict: int8 [N], index into VERDICTS. cause: int8 [N], the most common cause of the
    unmatched boxes of an image with an empty foreground mask, -1 elsewhere.
    raises: int8 [N], why the framework would raise, index into `raising.REASONS`.
    counts: int64 [N, 3], positive, negative and ignored anchors, -1 where the size is unknown; or None.
    """

    boxes: Int
    usable: Int
    matched: Int
    forced: Int
    unmatched: Int
    best_iou: Float
    verdict: Code
    cause: Code
    raises: Code
    counts: Int | None = None


@dataclass(slots=True)
class Audit:
    """What a detector's encoder makes of a data set.

    sensitivity: what it makes of it under random geometry, where somebody asked.
    """

    dataset: Dataset
    detector: Detector
    labels: label_policy.Labels
    box_results: BoxResults
    image_results: ImageResults
    findings: Findings = field(default_factory=lambda: Findings({}, {}))
    image_files: ImageFiles | None = None
    loaded: Loaded | None = None
    sensitivity: Sensitivity | None = None

    def verdict_is(self, *names: str) -> Bool:
        """Tell which images have one of the named verdicts. [N]."""
        return np.isin(self.image_results.verdict, [VERDICT_CODE[name] for name in names])

    def images_with(self, *names: str) -> list[int]:
        """Indices of the images with one of the named verdicts."""
        indices: list[int] = np.flatnonzero(self.verdict_is(*names)).tolist()
        return indices

    def net_boxes(self, rows: Int) -> Float:
        """Return usable boxes, by their rows [n], clipped and on the network's input. float64 [n, 4]."""
        return self.placed(rows).boxes

    def placed(self, rows: Int) -> OnCanvas:
        """Return usable boxes, by their rows [n], with their canvases."""
        return on_canvas(self.dataset, rows, self.detector)

    def boxes_of(self, image: int) -> Int:
        """Rows of the boxes of one image, in file order."""
        return np.flatnonzero(self.dataset.boxes.image == image)

    def summary(self) -> dict[str, Any]:
        """Counts over the whole data set, and under `splits` the same for each split."""
        everything = np.ones(len(self.dataset.images), dtype=np.bool_)
        whole = self._summary_of(everything)
        whole["splits"] = {
            name: self._summary_of(self.dataset.images.split == code)
            for code, name in enumerate(self.dataset.splits)
        }
        return whole

    def _summary_of(self, images: Bool) -> dict[str, Any]:
        results = self.image_results
        cause = self.box_results.cause[images[self.dataset.boxes.image]]
        return {
            "images": int(np.count_nonzero(images)),
            **{
                name: int(getattr(results, name)[images].sum())
                for name in ("boxes", "usable", "matched", "forced", "unmatched")
            },
            "verdicts": _tally(results.verdict[images], VERDICTS),
            "causes": _tally(cause[cause >= 0], CAUSES),
        }

    def images_frame(self) -> pd.DataFrame:
        """One row an image; the columns of `--export-images`."""
        from anchoraudit.auditing.tables import images_frame

        return images_frame(self)

    def boxes_frame(self) -> pd.DataFrame:
        """One row a box; the columns of `--export-boxes`."""
        from anchoraudit.auditing.tables import boxes_frame

        return boxes_frame(self)


def audit(
    dataset: Dataset | str | Path,
    detector: str | Path | Detector = "reference",
    *,
    drop_difficult: bool = False,
    counts: bool = False,
    rules: Chosen | None = None,
    loader: str | None = None,
    images: str = "header",
    image_cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Replay a detector's encoder over a data set, and find what is wrong with it.

    dataset: what `read` returns, or a path for it. counts: also count every image's positive, negative and
    ignored anchors. rules: those that run, all by default. loader: whose habits are applied first: the audit
    is of what it leaves. images: how image files are looked at where they
    are found, one of "none", "header" and "decode"; image_cache: a file that remembers what was seen.
    progress: called with (images counted, images to count).

    Raises AnchorauditError as `read` and `load_detector` do, and for a rule that does not exist.
    """
    chosen = (rules or Chosen()).require_known(all_rules())
    dataset = dataset if isinstance(dataset, Dataset) else read(dataset)
    detector = load_detector(detector)
    loaded = None if loader is None else load_as(dataset, loader)
    dataset = dataset if loaded is None else loaded.dataset
    labels = label_policy.prepare(dataset, drop_difficult=drop_difficult)
    placed = place_all(clip_all(dataset, np.flatnonzero(labels.usable)), detector)
    try:
        boxes = _judge_boxes(labels, placed, detector)
        why = reasons(placed.boxes, dataset.boxes.image[placed.rows], placed.of_image, detector)
        results = _judge_images(dataset, boxes, why)
        if counts:
            _count_anchors(dataset, detector, placed, (boxes, results), progress)
    except AnchorauditError as error:  # too many anchors to enumerate, where that is asked for
        raise error.within(dataset.root) from None
    wanted = images if any(code in chosen for code in all_rules() if code.startswith("IMG")) else "none"
    seen = look(dataset, wanted, cache=image_cache)
    context = Context(
        dataset,
        labels,
        detector,
        placed,
        results.verdict,
        boxes.status,
        boxes.best_iou,
        results.raises,
        seen,
    )
    findings = check(context, chosen, dataset.findings)
    return Audit(dataset, detector, labels, boxes, results, findings, seen, loaded)


def _judge_boxes(labels: label_policy.Labels, placed: Placed, detector: Detector) -> BoxResults:
    count = len(labels.usable)
    judged = engines.judge(placed.boxes, detector)
    results = BoxResults(
        usable=labels.usable,
        best_iou=np.full(count, np.nan),
        status=np.zeros(count, dtype=np.int8),
        cause=np.full(count, -1, dtype=np.int8),
    )
    results.best_iou[placed.rows] = judged.best
    status = np.full(len(placed.rows), STATUS_CODE["unmatched"], dtype=np.int8)
    status[judged.forced] = STATUS_CODE["forced"]
    status[judged.matched] = STATUS_CODE["matched"]
    results.status[placed.rows] = status
    lost = np.flatnonzero(status == STATUS_CODE["unmatched"])
    results.cause[placed.rows[lost]] = causes_of(placed.boxes.take(lost), detector)
    return results


def _judge_images(dataset: Dataset, boxes: BoxResults, raises: Code) -> ImageResults:
    count, image = len(dataset.images), dataset.boxes.image
    tally = np.bincount(image * len(STATUSES) + boxes.status, minlength=count * len(STATUSES))
    not_usable, matched, forced, unmatched = np.ascontiguousarray(tally.reshape(count, len(STATUSES)).T)
    usable = matched + forced + unmatched
    total = usable + not_usable
    verdict = verdicts_of(
        boxes=total > 0,
        usable=usable > 0,
        matched=matched > 0,
        forced=forced > 0,
        size_unknown=np.isnan(dataset.images.width),
        raises=raises > 0,
    )
    best = np.full(count, np.nan)
    np.fmax.at(best, image, boxes.best_iou)  # NaN, of boxes that are not usable, gives way to any number
    cause = _most_common_cause(image, boxes.cause, count)
    cause[verdict != VERDICT_CODE["empty_foreground"]] = -1
    return ImageResults(total, usable, matched, forced, unmatched, best, verdict, cause, raises)


def _most_common_cause(image: Int, cause: Code, count: int) -> Code:
    """Per image the cause most of its unmatched boxes have, the earlier in CAUSES on ties; -1 without any."""
    lost = cause >= 0
    tally = np.bincount(image[lost] * len(CAUSES) + cause[lost], minlength=count * len(CAUSES))
    tally = tally.reshape(count, len(CAUSES))
    return np.where(tally.any(axis=1), tally.argmax(axis=1), -1).astype(np.int8)


def _count_anchors(
    dataset: Dataset,
    detector: Detector,
    usable: Placed,
    results: tuple[BoxResults, ImageResults],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Count labels into the results, some images at a time; usable: all usable boxes, in file order."""
    rows, placed, of_image = usable.rows, usable.boxes, usable.of_image
    image, (boxes, images) = dataset.boxes.image, results
    count = len(of_image)
    images.counts = np.full((count, 3), -1, dtype=np.int64)
    boxes.assigned = np.zeros(len(boxes.usable), dtype=np.int64)
    order = np.argsort(image[rows], kind="stable")
    owner = image[rows][order]
    judged = np.flatnonzero((images.raises == 0) & (images.verdict != VERDICT_CODE["unknown"]))
    for start in range(0, count, _IMAGES_AT_ONCE):
        some = judged[(judged >= start) & (judged < start + _IMAGES_AT_ONCE)]
        own = order[np.searchsorted(owner, start) : np.searchsorted(owner, start + _IMAGES_AT_ONCE)]
        own = own[np.isin(image[rows[own]], some)]
        counted = engines.count(
            placed.take(own), np.searchsorted(some, image[rows[own]]), of_image[some], detector
        )
        images.counts[some] = counted.counts
        boxes.assigned[rows[own]] = counted.assigned
        if progress is not None:
            progress(min(start + _IMAGES_AT_ONCE, count), count)


def _tally(codes: Code, names: tuple[str, ...]) -> dict[str, int]:
    counted: list[int] = np.bincount(codes, minlength=len(names)).tolist()
    return dict(zip(names, counted, strict=True))
