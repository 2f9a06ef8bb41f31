"""What a model does with each box that is handed to it: train it, drop it, raise an error, or become NaN.

The detector's block `labels` has the rules. They are applied to what a loader hands over, before any encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Int, Int8, are_any, for_each_block, stable_argsort
from anchoraudit.boxes import are_finite, clip_boxes, lie_inside
from anchoraudit.dataset import labels as label_policy
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import KEPT, MOVED, STOPS
from anchoraudit.detectors.labels import FATAL, LIMITS, OUTCOMES, RULES, Labels
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import Fit, fit, place

_RULE = {rule: code for code, rule in enumerate(RULES, 1)}
_OUTCOME = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_TRAINS, _DROPPED, _DROPS_IMAGE = (_OUTCOME[name] for name in ("trains", "dropped", "drops_image"))
_OF_CLASSES = ("id_zero", "at_count", "above_count")
_WITHOUT_AREA = ("not_finite", "inverted", "zero_side", "outside")
_NEARLY = 1.001  # float32 rounds a side on the input by far less than a thousandth of it
_HUGE = 1 << 62  # an id beyond the classes of any model, that fits into int64


@dataclass(frozen=True, slots=True)
class Admission:
    """What a model does with M boxes.

    rule: int8 [M], 0 for a box that the model trains as it stands, else 1 + the index into RULES of the rule
    that applies. outcome: int8 [M], index into OUTCOMES of what happens to the box.
    """

    rule: Int8
    outcome: Int8

    def is_(self, *outcomes: str) -> Bool:
        """Return which boxes have one of the outcomes: bool [M]."""
        return are_any(self.outcome, [_OUTCOME[name] for name in outcomes])

    @property
    def fatal(self) -> Bool:
        """The boxes on which the framework raises or crashes, or its loss becomes NaN: bool [M]."""
        return self.is_(*FATAL)

    @property
    def reaches(self) -> Bool:
        """The boxes that reach the encoder as objects: bool [M]. Others have no part in any label."""
        return self.is_("trains", "drawn", "background")

    def counts(self) -> dict[tuple[str, str], int]:
        """Count the boxes by rule and outcome, such as ("zero_side", "nan"), in the order of RULES."""
        pairs, numbers = np.unique(np.stack([self.rule, self.outcome]), axis=1, return_counts=True)
        return {
            (RULES[rule - 1], OUTCOMES[outcome]): count
            for (rule, outcome), count in zip(pairs.T.tolist(), numbers.tolist(), strict=True)
            if rule
        }


def words(rule: int, labels: Labels) -> str:
    """Say what the model does under a code of `Admission.rule`, with the framework's own message.

    "" for 0: no rule applies.
    """
    return labels.sentence(RULES[rule - 1]) if rule else ""


def admit(
    boxes: Float,
    image: Int,
    width: Float,
    height: Float,
    detector: Detector,
    *,
    ids: npt.NDArray[Any] | None = None,
    count: int | None = None,
) -> Admission:
    """Say what the detector's model does with each box that is handed to it.

    If several rules apply to a box, one that drops it counts before all others, because the box never
    reaches what would fail. Else the worst outcome counts, and of equal ones the first in RULES. For a box
    that is not finite, no other rule of its geometry is asked.

    Parameters
    ----------
    boxes : float64 [M, 4]
        ``x1, y1, x2, y2`` in pixels of the original images, as the loader hands them over. They may be NaN,
        infinite or inverted.
    image : int64 [M]
        The row of each box's image.
    width, height : float64 [N]
        Sizes of the N images in pixels, NaN for an unknown one.
    detector : Detector
        The detector, whose `labels` and `resize` are asked.
    ids : int [M], or object [M] of int and str, optional
        The class ids that the model gets. Ids that are no whole numbers follow no rule.
    count : int, optional
        The number of classes that the model is built with. Without it, no id is beyond it.

    Returns
    -------
    Admission
        A rule and an outcome for each box, in the same order.
    """
    return _admit(Handed(np.arange(len(boxes)), boxes, image, width, height), detector, ids, count)


def _admit(handed: Handed, detector: Detector, ids: npt.NDArray[Any] | None, count: int | None) -> Admission:
    labels, image, width, height = detector.labels, handed.image, handed.width, handed.height
    rule = np.zeros(len(image), dtype=np.int8)
    outcome = np.zeros(len(image), dtype=np.int8)
    if len(image) and any(labels.outcome(name) != "trains" for name in RULES):
        by_loader = labels.limits_by == "loader" and labels.least_side_of == "input"
        least = _least_sides(labels, detector, width, height) if labels.least_side and not by_loader else None
        on_input = _on_input(detector, width, height) if by_loader else None
        asked = _Asked(labels, handed, least, on_input)
        asked.odd(handed.odd, rule, outcome)
        if least is not None or on_input is not None or labels.greatest_aspect:
            for_each_block(len(image), lambda block: asked.limits(block, rule, outcome))
        if ids is not None:
            _by_class(np.asarray(ids), count, labels, rule, outcome)
        _too_many(image, len(width), labels, rule, outcome)
        _whole_images(image, len(width), rule, outcome)
    return Admission(rule, outcome)


@dataclass(frozen=True)
class Handed:
    """The boxes of a data set that reach a detector's model. They are the same for all detectors of a loader.

    rows: int64 [n]. boxes, image, width, height: what `admit` is given of them. suspects: bool [n], among
    which all are that are not whole and inside their images, if that is known.
    """

    rows: Int
    boxes: Float
    image: Int
    width: Float
    height: Float
    suspects: Bool | None = None

    @cached_property
    def odd(self) -> Int:
        """The boxes, int64, that are not whole and inside their images. Most rules need no look at others."""
        if self.suspects is not None:
            return np.flatnonzero(self.suspects)
        whole = np.empty(len(self.boxes), dtype=np.bool_)

        def look(block: slice) -> None:
            of = self.image[block]
            whole[block] = lie_inside(self.boxes[block], self.width[of], self.height[of])

        for_each_block(len(whole), look)
        return np.flatnonzero(~whole)

    @cached_property
    def inside(self) -> tuple[Float, Float]:
        """Width and height of what lies inside the image: float64 [n] both, NaN in one of unknown size."""
        wide, high = np.empty(len(self.boxes)), np.empty(len(self.boxes))

        def look(block: slice) -> None:
            (x1, y1, x2, y2), of = self.boxes[block].T, self.image[block]
            with np.errstate(invalid="ignore", over="ignore"):
                wide[block] = np.minimum(x2, self.width[of]) - np.maximum(x1, 0.0)
                high[block] = np.minimum(y2, self.height[of]) - np.maximum(y1, 0.0)

        for_each_block(len(wide), look)
        return wide, high


def _set(hits: Bool, name: str, labels: Labels, rule: Int8, outcome: Int8) -> None:
    """Let a rule apply to the boxes `hits` [n], unless they have a rule that counts before it."""
    new = _OUTCOME[labels.outcome(name)]
    if new == _TRAINS or not hits.any():
        return
    hits = hits & (outcome != _DROPPED)
    if new != _DROPPED:
        hits = hits & (outcome < new)
    rule[hits] = _RULE[name]
    outcome[hits] = new


@dataclass(frozen=True, slots=True)
class _Asked:
    """The boxes and the rules that they are held to, for `admit`.

    least: float64 [N, 2], the least sides in each image, pixels of the image; None without that rule, or
    where the loader has it. on_input: where the loader drops boxes by their sides on the network's input.
    """

    labels: Labels
    handed: Handed
    least: Float | None
    on_input: _OnInput | None

    def limits(self, block: slice, rule: Int8, outcome: Int8) -> None:
        """Apply the rules of the sides of boxes to the boxes of a block."""
        boxes, image = self.handed.boxes[block], self.handed.image[block]
        if self.least is not None:
            sizes = self.handed.width[image], self.handed.height[image]
            small = _below(boxes, *sizes, self.least[image], exactly=self.labels.least_side_inclusive)
            _set(small, "least_side", self.labels, rule[block], outcome[block])
        if self.on_input is not None:
            wide, high = self.handed.inside
            small, long = self.on_input.beyond_limits(boxes, image, wide[block], high[block])
            _set(small, "least_side", self.labels, rule[block], outcome[block])
            _set(long, "greatest_aspect", self.labels, rule[block], outcome[block])
        elif self.labels.greatest_aspect:
            long = _elongated(boxes, self.labels)
            _set(long, "greatest_aspect", self.labels, rule[block], outcome[block])

    def odd(self, rows: Int, rule: Int8, outcome: Int8) -> None:
        """Apply the rules of odd geometry to the boxes in `rows` [n], which are not whole and inside."""
        boxes, of = self.handed.boxes.take(rows, axis=0), self.handed.image[rows]
        size = np.stack([self.handed.width[of], self.handed.height[of]], axis=1)
        finite = are_finite(boxes)
        with np.errstate(invalid="ignore"):
            low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
            # A box that only touches the edge has nothing inside; a point on the edge is not outside.
            beyond = (high < 0) | (low > size) | ((low < high) & ((high == 0) | (low == size)))
            inverted = (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])
            flat = (boxes[:, 2] == boxes[:, 0]) | (boxes[:, 3] == boxes[:, 1])
        own_rule, own_outcome = rule[rows], outcome[rows]
        for name, hits in (
            ("not_finite", ~finite),
            ("inverted", finite & inverted),
            ("zero_side", finite & flat & ~inverted),
            ("outside", finite & (beyond[:, 0] | beyond[:, 1])),
        ):
            _set(np.asarray(hits, dtype=np.bool_), name, self.labels, own_rule, own_outcome)
        rule[rows], outcome[rows] = own_rule, own_outcome


@dataclass(frozen=True, slots=True)
class _OnInput:
    """The sides of boxes on the network's input, to which a loader holds them.

    fitted: of the N images. scale: float64 [N] each, by which a box in pixels of its image is enlarged along
    x and y.
    """

    fitted: Fit
    detector: Detector
    scale: tuple[Float, Float]

    def beyond_limits(self, boxes: Float, image: Int, wide: Float, high: Float) -> tuple[Bool, Bool]:
        """Tell which boxes [n, 4] have a side that is too short, and which are too long: bool [n] both.

        image: int64 [n], the row of each box's image. wide, high: float64 [n], sides of what lies inside it.
        Most boxes are far from both limits. The others are laid on the input, and compared as the loader does
        it.
        """
        labels, fitted = self.detector.labels, self.fitted
        scale_x, scale_y = self.scale
        with np.errstate(invalid="ignore", over="ignore"):
            scale = scale_x[image]
            wide, high = wide * scale, high * (scale if scale_y is scale_x else scale_y[image])
            short = np.minimum(wide, high)
            near = short < labels.least_side * _NEARLY
            if labels.greatest_aspect:
                near |= np.maximum(wide, high) * _NEARLY > labels.greatest_aspect * short
        rows = np.flatnonzero(near & _ordinary(boxes))
        small, elongated = np.zeros((2, len(boxes)), dtype=np.bool_)
        of = image[rows]
        inside = clip_boxes(boxes.take(rows, axis=0), fitted.width[of], fitted.height[of])
        laid = place(inside, fitted, of, self.detector).astype(labels.limits_in)
        width, height = laid[:, 2] - laid[:, 0], laid[:, 3] - laid[:, 1]
        short, long = np.minimum(width, height), np.maximum(width, height)
        least = labels.least_side
        small[rows] = short < least if labels.least_side_inclusive else short <= least
        if labels.greatest_aspect:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                aspect = long / short
            most = labels.greatest_aspect
            elongated[rows] = aspect > most if labels.greatest_aspect_inclusive else aspect >= most
        return small, elongated


def _on_input(detector: Detector, width: Float, height: Float) -> _OnInput:
    """Return the input of images of these sizes [N], with boxes in pixels of it, as a loader has them."""
    resize = msgspec.structs.replace(detector.resize, handed="pixels")
    by_loader = msgspec.structs.replace(detector, resize=resize)
    fitted = fit(width, height, resize)
    scale = fitted.scale_x, fitted.scale_y
    if resize.given != "pixels":
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = fitted.scale_x / width, fitted.scale_y / height
    return _OnInput(fitted, by_loader, scale)


def _sides_inside(boxes: Float, width: Float, height: Float) -> Float:
    """Return the sides of boxes [n, 4] after they are cut to their images of these sizes [n]: [n, 2].

    A size may be NaN, for an unknown one.
    """
    x1, y1, x2, y2 = boxes.T
    with np.errstate(invalid="ignore", over="ignore"):
        wide, high = np.fmin(x2, width) - np.maximum(x1, 0.0), np.fmin(y2, height) - np.maximum(y1, 0.0)
    return np.stack([wide, high], axis=1)


def _below(boxes: Float, width: Float, height: Float, least: Float, *, exactly: bool) -> Bool:
    """Tell which boxes [n, 4] have a side below the least one, after they are cut to their images.

    width, height: float64 [n], of their images, NaN where it is unknown. least: float64 [n, 2], the least
    sides there. exactly: a side of exactly that is enough. Boxes that are not finite or have no area are left
    to other rules.
    """
    sides = _sides_inside(boxes, width, height)
    with np.errstate(invalid="ignore", over="ignore"):
        short = sides < least if exactly else sides <= least
    return np.asarray(short.any(axis=1) & _ordinary(boxes), dtype=np.bool_)


def _elongated(boxes: Float, labels: Labels) -> Bool:
    """Tell which boxes [n, 4] are longer than `greatest_aspect` times the shorter side."""
    with np.errstate(invalid="ignore", over="ignore"):
        width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        long, most = np.maximum(width, height), labels.greatest_aspect * np.minimum(width, height)
        beyond = long > most if labels.greatest_aspect_inclusive else long >= most
    return np.asarray(beyond & _ordinary(boxes), dtype=np.bool_)


def _ordinary(boxes: Float) -> Bool:
    """Tell which boxes [n, 4] are finite and have an area."""
    x1, y1, x2, y2 = boxes.T
    return np.asarray(are_finite(boxes) & (x1 < x2) & (y1 < y2), dtype=np.bool_)


def _least_sides(labels: Labels, detector: Detector, width: Float, height: Float) -> Float:
    """Return the least width and height of a box in each of N images, pixels of the image: float64 [N, 2]."""
    if labels.least_side_of == "image":
        return np.full((len(width), 2), labels.least_side)
    canvases = fit(width, height, detector.resize).canvases
    least = np.full((len(width), 2), labels.least_side)
    if labels.least_side_of == "fraction":
        least *= np.stack([canvases.width, canvases.height], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return least * np.stack([width / canvases.image_width, height / canvases.image_height], axis=1)


def _by_class(ids: npt.NDArray[Any], count: int | None, labels: Labels, rule: Int8, outcome: Int8) -> None:
    """Apply the rules of class ids: int [M], or object [M]."""
    if ids.dtype.kind not in "iu":
        ids = np.fromiter(map(_whole, ids.tolist()), np.int64, len(ids))
    _set(ids == 0, "id_zero", labels, rule, outcome)
    if count is not None:
        end = labels.classes_end(count)
        _set(ids == end, "at_count", labels, rule, outcome)
        _set(ids > end, "above_count", labels, rule, outcome)


def _whole(value: object) -> int:
    """Return a class id that is a whole number, within int64; -1, which follows no rule, for any other."""
    return min(max(value, -1), _HUGE) if isinstance(value, int) else -1


def _too_many(image: Int, images: int, labels: Labels, rule: Int8, outcome: Int8) -> None:
    """Apply the limit of boxes an image. Boxes that the model dropped are not counted."""
    most = labels.most_labels
    counted = outcome != _DROPPED
    if not most or int(np.bincount(image[counted], minlength=images).max(initial=0)) <= most:
        return
    rows = np.flatnonzero(counted)
    rows = rows[stable_argsort(image[rows])]
    of = image[rows]
    numbers = np.bincount(of, minlength=images)
    hit = numbers[of] > most
    if labels.beyond == "dropped":
        hit = np.arange(len(of)) - np.searchsorted(of, of) >= most
    hits = np.zeros(len(image), dtype=np.bool_)
    hits[rows[hit]] = True
    _set(hits, "most_labels", labels, rule, outcome)


def _whole_images(image: Int, images: int, rule: Int8, outcome: Int8) -> None:
    """Spread the outcome "drops_image" over the other boxes of each image that has it, for the same rule.

    Boxes that are dropped anyway, and those that fail, keep their own outcome.
    """
    cause = np.flatnonzero(outcome == _DROPS_IMAGE)
    if not len(cause):
        return
    of_image = np.zeros(images, dtype=np.int8)
    of_image[image[cause[::-1]]] = rule[cause[::-1]]  # the first such box of the image counts
    others = (of_image[image] > 0) & (outcome < _DROPS_IMAGE) & (outcome != _DROPPED)
    rule[others] = of_image[image[others]]
    outcome[others] = _DROPS_IMAGE


@dataclass(frozen=True, slots=True, repr=False)
class Admitted:
    """What a detector's model does with the M boxes of a data set, as its loader hands them over.

    admission: of the boxes `rows`, int64 [n]. Crowds are not handed over where no loader decides, and neither
    are boxes that could not be read.
    """

    labels: Labels
    admission: Admission
    rows: Int

    def __repr__(self) -> str:
        return f"<what the model does with {len(self.rows):,} boxes>"

    @property
    def fatal(self) -> Int:
        """Rows of the boxes at which the framework stops: int64."""
        return self.rows[self.admission.fatal]

    def fatal_among(self, rows: Int) -> Int:
        """Return those of a few boxes, int64 [n], at which the framework stops, without looking at all."""
        place = np.searchsorted(self.rows, rows)
        known = place < len(self.rows)
        known[known] = self.rows[place[known]] == rows[known]
        stops = np.isin(self.admission.outcome[place[known]], [_OUTCOME[name] for name in FATAL])
        return rows[known][stops]

    @property
    def background(self) -> Int:
        """Rows of the boxes that are trained as background: int64."""
        return self.rows[self.admission.is_("background")]

    @property
    def dropped(self) -> Int:
        """Rows of the boxes that have an area and that the model leaves out: int64."""
        flat = np.isin(self.admission.rule, [_RULE[name] for name in _WITHOUT_AREA])
        return self.rows[self.admission.is_("dropped", "drops_image") & ~flat]

    @property
    def dropped_by_loader(self) -> Int:
        """Those of `dropped` that the framework's loader leaves out, by limits that `Labels` has: int64."""
        if self.labels.limits_by != "loader":
            return self.rows[:0]
        of_limits = np.isin(self.admission.rule, [_RULE[name] for name in LIMITS])
        return self.rows[of_limits & self.admission.is_("dropped")]

    def by_class(self, rows: Int) -> Bool:
        """Tell for which boxes, int64 [n] of `rows`, the index of the class is why: bool [n]."""
        of_classes = [_RULE[name] for name in _OF_CLASSES]
        return np.isin(self.admission.rule[np.searchsorted(self.rows, rows)], of_classes)

    def is_nan(self, rows: Int) -> Bool:
        """Tell of which boxes, int64 [n] of `rows`, the loss becomes NaN or infinite: bool [n]."""
        return self.admission.is_("nan")[np.searchsorted(self.rows, rows)]

    def words(self, row: int) -> str:
        """Say what the model does with a box, with the framework's own message."""
        return words(int(self.admission.rule[np.searchsorted(self.rows, row)]), self.labels)

    def stopping(self, dataset: Dataset) -> Dataset:
        """Return the data set with the fate of the images that have a box at which the framework stops."""
        if not len(self.fatal):
            return dataset
        images = dataset.images
        fate = np.zeros(len(images), dtype=np.int8) if images.fate is None else images.fate.copy()
        stopped = dataset.boxes.image[self.fatal]
        fate[stopped[fate[stopped] == KEPT]] = STOPS
        return replace(dataset, images=replace(images, fate=fate))


def handed_over(dataset: Dataset, policy: label_policy.Labels | None = None) -> Handed:
    """Return the boxes that a loader, which may have decided on the data set, hands to the model.

    policy: what the label policy says of the data set, if that is known.
    """
    boxes, images = dataset.boxes, dataset.images
    handed = ~boxes.crowd if boxes.fate is None else boxes.fate <= MOVED
    unread = np.isnan(boxes.xyxy[:, 0])  # few, if any
    if unread.any():
        unread[unread] = np.isnan(boxes.xyxy[unread]).all(axis=1)
        handed = handed & ~unread
    rows = np.flatnonzero(handed)
    whole = len(rows) == len(boxes)
    xyxy, image = (boxes.xyxy, boxes.image) if whole else (boxes.xyxy.take(rows, axis=0), boxes.image[rows])
    suspects = None
    if policy is not None and not dataset.is_fed:  # boxes of batches are not clipped
        suspects = ((policy.reason > 0) | policy.clipped)[rows]
    return Handed(rows, xyxy, image, images.width, images.height, suspects)


def admitted_to(
    dataset: Dataset,
    detector: Detector,
    indices: Int | None = None,
    count: int = 0,
    *,
    handed: Handed | None = None,
    policy: label_policy.Labels | None = None,
) -> Admitted:
    """Say what a detector's model does with the boxes of a data set, which a loader may have decided on.

    indices: int64 [M], the index of each box's class, below 0 for none; None if they are unknown. count: how
    many classes the model is built with, 0 if that is unknown. handed: what `handed_over` returns, if it is
    known. policy: what the label policy says of these boxes, if that is known.
    """
    handed = handed_over(dataset, policy) if handed is None else handed
    ids = None if indices is None else indices[handed.rows]
    found = _admit(handed, detector, ids, count or None)
    return Admitted(detector.labels, found, handed.rows)
