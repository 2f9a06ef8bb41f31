"""The search from a data set to anchors, and what the encoder makes of those it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.anchors.clustered import Clustered, cluster_sizes
from anchoraudit.anchors.file import Anchor
from anchoraudit.anchors.fit import measure_fit
from anchoraudit.anchors.foreground.evaluation import Encoder, Int, Outcome, judged
from anchoraudit.anchors.foreground.levels import OnLevel, lay_out, with_levels
from anchoraudit.anchors.foreground.search import EVALUATIONS, Budget, search
from anchoraudit.boxes import Float, box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector
from anchoraudit.encoding.canvas import OnCanvas, on_canvas
from anchoraudit.errors import AnchorauditError

TIME_LIMIT = 30.0
# Boxes from which on whole images are drawn for the search: an outcome then takes milliseconds.
MOST_BOXES = 20_000
FINALISTS = 4  # sets that are judged over all boxes, besides the clustering by IoU


@dataclass(frozen=True, slots=True)
class Judgement:
    """A set of anchors under the encoder. clustered: they, and how their shapes fit.

    empty: images with usable boxes and no matched one. unmatched: usable boxes without an anchor at or
    above the threshold. Both as an audit finds them.
    """

    clustered: Clustered
    empty: int
    unmatched: int

    @property
    def outcome(self) -> Outcome:
        """What is minimised."""
        return Outcome(self.empty, self.unmatched, 1.0 - self.clustered.fit.mean_iou)


@dataclass(frozen=True, slots=True)
class ForegroundFit:
    """What the search found, beside the clustering by IoU and the detector's present anchors.

    images, boxes: with usable boxes, and those. evaluations: sets that were tried. searched: boxes that the
    search looked at; all were judged at the end. cut_short: the time limit ended it, so another run may find
    other anchors.
    """

    found: Judgement
    by_iou: Judgement
    present: Judgement
    images: int
    boxes: int
    evaluations: int
    searched: int
    cut_short: bool


def require_matching(detector: Detector) -> None:
    """Raise AnchorauditError for a detector under which a shape alone matches nothing."""
    match = detector.match
    if not match.depends_on_anchors:
        raise AnchorauditError(
            f"{detector.name} gives the same labels whatever shapes its anchors have ({match})",
            remedy="Keep its anchors; --objective iou fits shapes to the boxes all the same.",
        )
    if not match.judges_shapes_alone:
        raise AnchorauditError(
            f"{detector.name} matches by {match.name}, whose threshold follows from the anchors themselves: "
            "a shape alone matches nothing",
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
    """Find k anchors, (width, height) in pixels of the input, that leave few images without foreground.

    The same seed gives the same anchors where `time_limit` (seconds) is not reached. evaluations: sets of
    anchors that are tried at most. progress: called with
    (done, of).

    Raises AnchorauditError if no box is usable, there are fewer distinct sizes or levels than k asks for,
    or no shape matches a box by itself under the detector (ATSS).
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
    encoder = Encoder(*data.drawn(rng, MOST_BOXES), detector)
    starts: list[Sequence[Anchor]] = [by_iou.clustered.anchors]
    if len(own) == k:
        starts.append(own)
    budget = Budget(time_limit, evaluations, progress=progress)
    pool = search(encoder, starts, budget=budget, rng=rng)
    finalists = [data.judgement(data.measured(found.anchors), detector) for found in pool[:FINALISTS]]
    return ForegroundFit(
        found=min([by_iou, *finalists], key=lambda one: one.outcome),
        by_iou=by_iou,
        present=present,
        images=len(np.unique(data.image)),
        boxes=len(data.image),
        evaluations=budget.done,
        searched=len(encoder.sizes),
        cut_short=budget.late,
    )


def judge_levels(
    dataset: Dataset, detector: Detector, levels: Sequence[OnLevel], *, drop_difficult: bool = False
) -> tuple[int, int]:
    """Images without a matched box and unmatched boxes, with these anchors on the levels of that stride."""
    data = _Data.of(dataset, detector, drop_difficult=drop_difficult)
    return judged(data.boxes, data.image, with_levels(detector, levels))


def level_judge(
    dataset: Dataset, detector: Detector, *, seed: int = 0, drop_difficult: bool = False
) -> Callable[[Sequence[OnLevel]], Outcome]:
    """What `fit_foreground` minimises, as a function of anchors that stand on their levels already.

    Of more than a quarter of `MOST_BOXES`, by images drawn at random: a change may be in every level.
    """
    data = _Data.of(dataset, detector, drop_difficult=drop_difficult)
    return Encoder(*data.drawn(np.random.default_rng(seed), MOST_BOXES // 4), detector).outcome_on


@dataclass(frozen=True, slots=True)
class _Data:
    """Usable boxes of a data set on their canvases, ordered by image, and their sizes with two sides."""

    boxes: OnCanvas
    image: Int
    sizes: Float

    @staticmethod
    def of(dataset: Dataset, detector: Detector, *, drop_difficult: bool) -> _Data:
        """Place them. Raises AnchorauditError if no box is usable."""
        rows = np.flatnonzero(prepare(dataset, drop_difficult=drop_difficult).usable)
        rows = rows[np.argsort(dataset.boxes.image[rows], kind="stable")]
        boxes = on_canvas(dataset, rows, detector)
        sizes = box_sizes(boxes.boxes)
        sizes = sizes[(sizes > 0).all(axis=1)]
        if not len(sizes):
            raise AnchorauditError(
                "no usable box to cluster",
                path=dataset.root,
                remedy="See anchoraudit scan for why the boxes are not usable.",
            )
        return _Data(boxes, dataset.boxes.image[rows], sizes)

    def drawn(self, rng: np.random.Generator, most: int) -> tuple[OnCanvas, Int]:
        """All boxes; of more than `most`, those of images drawn at random, whole images."""
        if len(self.image) <= most:
            return self.boxes, self.image
        images, count = np.unique(self.image, return_counts=True)
        order = rng.permutation(len(images))
        taken = order[: max(1, int(np.searchsorted(np.cumsum(count[order]), most)))]
        rows = np.flatnonzero(np.isin(self.image, images[taken]))
        return self.boxes.take(rows), self.image[rows]

    def measured(self, anchors: Sequence[Anchor]) -> Clustered:
        """The anchors by area, with how their shapes fit."""
        by_area = sorted(anchors, key=lambda anchor: (anchor[0] * anchor[1], anchor))
        return Clustered(by_area, measure_fit(self.sizes, by_area))

    def judgement(self, clustered: Clustered, detector: Detector) -> Judgement:
        """Judge anchors, dealt out to the detector's levels, over all boxes."""
        laid_out = lay_out(detector, clustered.anchors)
        return Judgement(clustered, *judged(self.boxes, self.image, laid_out))
