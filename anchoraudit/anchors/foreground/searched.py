"""The search for anchors on a data set, and the encoder's answer for the anchors it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from anchoraudit.anchors.clustered import Clustered, cluster_sizes, count_distinct
from anchoraudit.anchors.drawing import Keys, least, numbered
from anchoraudit.anchors.file import Anchor
from anchoraudit.anchors.fit import measure_fit
from anchoraudit.anchors.foreground.evaluation import Encoder, Outcome, count_images, judged
from anchoraudit.anchors.foreground.levels import OnLevel, lay_out, with_levels
from anchoraudit.anchors.foreground.search import EVALUATIONS, Budget, search
from anchoraudit.arrays import Float, Int
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector
from anchoraudit.encoding.canvas import Clipped, OnCanvas, clip_all, place_all
from anchoraudit.errors import AnchorauditError

TIME_LIMIT = 30.0
# Boxes searched. Above this number images are drawn at random, so that an outcome takes milliseconds.
MOST_BOXES = 20_000
FINALISTS = 4  # sets judged over all boxes at the end, besides the clustering by IoU


@dataclass(frozen=True, slots=True)
class Judgement:
    """A set of anchors, and the encoder's answer. clustered: the anchors, and how well they fit.

    empty: images with usable boxes and no matched one. unmatched: usable boxes without an anchor at or above
    the threshold. Both are the numbers of an audit.
    """

    clustered: Clustered
    empty: int
    unmatched: int

    @property
    def outcome(self) -> Outcome:
        """What the search minimises."""
        return Outcome(self.empty, self.unmatched, 1.0 - self.clustered.fit.mean_iou)


@dataclass(frozen=True, slots=True)
class ForegroundFit:
    """What the search found, next to the clustering by IoU and the detector's present anchors.

    images, boxes: images with usable boxes, and usable boxes. evaluations: sets that were tried. searched:
    boxes that the search used; in the end all were judged. cut_short: the time limit ended the search, so
    another run may find other anchors.
    """

    found: Judgement
    by_iou: Judgement
    present: Judgement
    images: int
    boxes: int
    evaluations: int
    searched: int
    cut_short: bool


def require_anchors(detector: Detector) -> None:
    """Raise AnchorauditError for a detector without anchors: shapes have no use there."""
    if not detector.anchors.levels:
        raise AnchorauditError(
            f"{detector.name} has no anchors: it learns boxes at {detector.match.units}",
            remedy="See what helps with `anchoraudit advise`, or name a detector with anchors (--detector).",
        )


def require_matching(detector: Detector) -> None:
    """Raise AnchorauditError for a detector whose shapes cannot be judged one by one."""
    match = detector.match
    if not match.depends_on_anchors:
        raise AnchorauditError(
            f"{detector.name} does not depend on the shapes of its anchors ({match})",
            remedy="Keep its anchors, or use --objective iou to fit shapes to the boxes anyway.",
        )
    if not match.judges_shapes_alone:
        raise AnchorauditError(
            f"{detector.name} matches by {match.name}: its threshold depends on all anchors together, so "
            "single shapes cannot be judged",
            remedy="Use --objective iou, and scan with the result.",
        )


def fit_foreground(
    dataset: Dataset,
    detector: Detector,
    k: int,
    *,
    drop_difficult: bool = False,
    seed: int = 0,
    time_limit: float = TIME_LIMIT,
    evaluations: int = EVALUATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> ForegroundFit:
    """Find k anchors that leave few images without foreground.

    Parameters
    ----------
    dataset : Dataset
        What `read` returns.
    detector : Detector
        The detector whose grid, border and threshold decide.
    k : int
        How many anchors.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    seed : int
        The same seed gives the same anchors, unless `time_limit` is reached.
    time_limit : float
        Seconds.
    evaluations : int
        The most sets of anchors to try.
    progress : callable, optional
        Called with (done, of).

    Returns
    -------
    ForegroundFit
        The anchors, (width, height) in pixels of the input, and how they compare.

    Raises
    ------
    AnchorauditError
        If no box is usable, if k is above the number of distinct sizes or below the number of levels, or if
        the detector's shapes cannot be judged one by one (ATSS).
    """
    require_matching(detector)
    if k < len(detector.anchors.levels):
        lay_out(detector, [(1.0, 1.0)] * k)  # raises
    data = _Data.of(dataset, detector, drop_difficult=drop_difficult)
    by_iou = data.judgement(cluster_sizes(data.sizes, k, seed=seed), detector)
    own = [(float(w), float(h)) for w, h in detector.shapes]
    present = Judgement(
        Clustered(own, measure_fit(data.sizes, own)), *judged(data.boxes, data.image, detector)
    )
    rng = np.random.default_rng(seed)
    encoder = Encoder(*data.drawn(seed, MOST_BOXES), detector)
    starts: list[Sequence[Anchor]] = [by_iou.clustered.anchors]
    if len(own) == k:
        starts.append(own)
    budget = Budget(time_limit, evaluations, progress=progress)
    best = finalists(encoder, starts, budget=budget, rng=rng)
    searched = [data.judgement(measured(data.sizes, anchors), detector) for anchors in best]
    return ForegroundFit(
        found=min([by_iou, *searched], key=lambda one: one.outcome),
        by_iou=by_iou,
        present=present,
        images=count_images(data.image),
        boxes=len(data.image),
        evaluations=budget.done,
        searched=len(encoder.sizes),
        cut_short=budget.late,
    )


def finalists(
    encoder: Encoder, starts: Sequence[Sequence[Anchor]], *, budget: Budget, rng: np.random.Generator
) -> list[tuple[Anchor, ...]]:
    """Search from some sets of k anchors, and return the best sets found, to be judged over all boxes."""
    k = len(starts[0])
    pool = search(encoder, starts, budget=budget, rng=rng)
    apart = (found.anchors for found in pool if count_distinct(np.array(found.anchors), k) == k)
    return list(islice(apart, FINALISTS))


def measured(sizes: Float, anchors: Sequence[Anchor]) -> Clustered:
    """Return the anchors by area, and how well they fit sizes [n, 2]."""
    by_area = sorted(anchors, key=lambda anchor: (anchor[0] * anchor[1], anchor))
    return Clustered(by_area, measure_fit(sizes, by_area))


def drawn_boxes(keys: Keys, seed: int, most: int) -> tuple[Int, Int]:
    """Return the rows of the boxes that a search uses, and the image of each, ascending: int64 [n] each.

    Up to `most` boxes these are all of them; above, those of images drawn at random.
    """
    images = keys.of_images(seed)
    rows = least(images, keys.box, most)
    return rows, numbered(images[rows])


def judge_levels(
    dataset: Dataset, detector: Detector, levels: Sequence[OnLevel], *, drop_difficult: bool = False
) -> tuple[int, int]:
    """Count images without a matched box, and unmatched boxes, with these anchors. Paired by stride."""
    data = _Data.of(dataset, detector, drop_difficult=drop_difficult)
    return judged(data.boxes, data.image, with_levels(detector, levels))


def level_judge(
    dataset: Dataset, detector: Detector, *, seed: int = 0, drop_difficult: bool = False
) -> Callable[[Sequence[OnLevel]], Outcome]:
    """Return a function that judges anchors with levels as `fit_foreground` does.

    Above a quarter of `MOST_BOXES` it draws images at random, because a change may be in every level, which
    takes longer to judge.
    """
    data = _Data.of(dataset, detector, drop_difficult=drop_difficult)
    return Encoder(*data.drawn(seed, MOST_BOXES // 4), detector).outcome_on


@dataclass(frozen=True, slots=True)
class _Data:
    """The usable boxes of a data set on their canvases, ordered by image.

    sizes: [n, 2], of those boxes whose sides are both above 0 after scaling. clipped: the same boxes in the
    images.
    """

    boxes: OnCanvas
    image: Int
    sizes: Float
    clipped: Clipped

    @staticmethod
    def of(dataset: Dataset, detector: Detector, *, drop_difficult: bool) -> _Data:
        """Place the boxes. Raises AnchorauditError if no box is usable."""
        rows = np.flatnonzero(prepare(dataset, drop_difficult=drop_difficult).usable)
        rows = rows[np.argsort(dataset.boxes.image[rows], kind="stable")]
        clipped = clip_all(dataset, rows)
        boxes = place_all(clipped, detector).boxes
        sizes = box_sizes(boxes.boxes)
        sizes = sizes[(sizes > 0).all(axis=1)]
        if not len(sizes):
            raise AnchorauditError(
                "no usable box to cluster",
                path=dataset.root,
                remedy="See anchoraudit scan for why the boxes are not usable.",
            )
        return _Data(boxes, dataset.boxes.image[rows], sizes, clipped)

    def drawn(self, seed: int, most: int) -> tuple[OnCanvas, Int]:
        """Return the boxes that a search uses, as `drawn_boxes` does."""
        rows, image = drawn_boxes(Keys.of(self.clipped, self.image), seed, most)
        return self.boxes.take(rows), image

    def judgement(self, clustered: Clustered, detector: Detector) -> Judgement:
        """Judge anchors over all boxes, dealt out to the detector's levels."""
        laid_out = lay_out(detector, clustered.anchors)
        return Judgement(clustered, *judged(self.boxes, self.image, laid_out))
