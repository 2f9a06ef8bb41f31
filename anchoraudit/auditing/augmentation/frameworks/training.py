"""In which share of the epochs a box is trained, under its framework's own geometry.

An epoch shows an image once as the one whose turn it is. With mosaic and mixup it comes up in the pictures of
other images, too, at random: a Poisson number of times, for a data set that is not tiny. A box is not trained
in an epoch if it is dropped, or has no positive anchor, in all of them:

    P = p_own exp(-times (1 - p_other))

with p the share of draws in which a presentation does not train it. Boxes of other images do not matter: they
take no place from it before the assigner.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Float, Int, are_any
from anchoraudit.auditing.augmentation.batches import Varying, among, require_possible
from anchoraudit.auditing.augmentation.frameworks.recipe import (
    Phase,
    Presentation,
    Recipe,
    input_side,
    recipe_of,
)
from anchoraudit.auditing.augmentation.frameworks.replay import draw_views
from anchoraudit.auditing.augmentation.frameworks.views import Views
from anchoraudit.auditing.augmentation.sensitivity import PhaseResult, Sensitivity, certain, error_of
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import REASONS, Labels
from anchoraudit.detectors import Detector
from anchoraudit.detectors.labels import RULES
from anchoraudit.encoding import engines
from anchoraudit.encoding.admission import Admitted
from anchoraudit.encoding.canvas import Canvases, Clipped, OnCanvas, distinct, place_all
from anchoraudit.encoding.errors_raised import reasons


def under_training(
    dataset: Dataset,
    labels: Labels,
    detector: Detector,
    *,
    draws: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Audit a data set under the geometry that the detector's framework draws by default.

    labels: which boxes are drawn, from `presented`. draws: of each image in each way in which a phase
    presents it. progress: as `sensitivity` takes it.

    Raises AnchorauditError if `draws` is below 1 or `seed` is negative, or if the detector has no recipe.
    """
    require_possible(draws, seed)
    recipe = recipe_of(detector)
    own = Varying.of_dataset(dataset, labels)
    ways = [(phase, way) for phase in recipe.phases for way in phase.presentations]
    total, done = len(ways) * len(own) * draws, 0
    lost = {phase.name: np.ones(len(own.rows)) for phase in recipe.phases}
    empty: dict[str, Float] = {}
    for salt, (phase, way) in enumerate(ways):
        untrained, without = (np.zeros(number, dtype=np.int64) for number in (len(own.rows), len(own)))
        for some, numbers in own.batches(draws):
            images = own.take(some)
            views = draw_views(
                images.boxes,
                images.of,
                (images.width, images.height),
                images.keys,
                steps=way.steps,
                side=input_side(detector),
                numbers=numbers,
                salt=salt,
                seed=seed,
            )
            positive, none = _judged(views, phase, detector, on_input=recipe.on_input)
            shape = (len(numbers), -1)
            untrained[own.boxes_of(some)] += np.count_nonzero(~positive.reshape(shape), axis=0)
            without[some] += np.count_nonzero(none.reshape(shape), axis=0)
            done += len(images) * len(numbers)
            if progress is not None:
                progress(done, total)
        lost[phase.name] *= _never(untrained / draws, way)
        if phase.alone:
            empty[phase.name] = without / draws
    found = _result(dataset, own, recipe, lost, empty, draws=draws, seed=seed)
    found.framework = detector.framework or recipe.framework
    return found


def presented(labels: Labels, admitted: Admitted | None) -> Labels:
    """Return the labels with the boxes that go only because of their size or shape on the network's input.

    Training asks that after it has drawn a size, not before, so these boxes are drawn like the others.
    """
    if admitted is None or admitted.labels.least_side_of != "input":
        return labels
    limits = [1 + RULES.index(name) for name in ("least_side", "greatest_aspect")]
    limited = are_any(admitted.admission.rule, limits) & admitted.admission.is_("dropped")
    rows = admitted.rows[limited]
    rows = rows[labels.reason[rows] == REASONS.index("model")]
    usable, reason = labels.usable.copy(), labels.reason.copy()
    usable[rows], reason[rows] = True, 0
    return replace(labels, usable=usable, reason=reason)


def _never(untrained: Float, way: Presentation) -> Float:
    """Return the chance that an epoch trains a box in none of these presentations: float64 [m]."""
    return untrained if way.times is None else np.exp(-way.times * (1.0 - untrained))


def _result(
    dataset: Dataset,
    own: Varying,
    recipe: Recipe,
    lost: dict[str, Float],
    empty: dict[str, Float],
    *,
    draws: int,
    seed: int,
) -> Sensitivity:
    """Put the phases together. lost: float64 [m] of each phase. empty: float64 [V] of those alone."""
    base, boxes = certain(dataset), len(dataset.boxes)
    alone = [phase for phase in recipe.phases if phase.name in empty]
    results = []
    for phase in recipe.phases:
        expected = None
        if phase in alone:
            expected = float(np.nansum(_filled(base, own.images, empty[phase.name])))
        p_untrained = _filled(np.full(boxes, np.nan), own.rows, lost[phase.name])
        results.append(PhaseResult(phase.name, recipe.share(phase), p_untrained, expected))
    every = sum(result.share * result.p_untrained for result in results)
    p_untrained = np.asarray(every, dtype=np.float64)
    if not alone:
        nothing = np.full(len(base), np.nan)
        return Sensitivity(recipe, nothing, draws, seed, math.nan, math.nan, p_untrained, tuple(results))
    weight = sum(phase.epochs for phase in alone)
    chance = np.asarray(sum(phase.epochs / weight * empty[phase.name] for phase in alone))
    p_empty = _filled(base, own.images, chance)
    expected_empty, error = float(np.nansum(p_empty)), error_of(chance, draws)
    return Sensitivity(recipe, p_empty, draws, seed, expected_empty, error, p_untrained, tuple(results))


def _filled(column: Float, rows: Int, values: Float) -> Float:
    made = column.copy()
    made[rows] = values
    return made


def _judged(views: Views, phase: Phase, detector: Detector, *, on_input: bool) -> tuple[Bool, Bool]:
    """Return which boxes of the views are trained, bool [m], and which views have no foreground, bool [V]."""
    if on_input:
        return _judge_boxes(views, *_as_they_are(views, detector), detector)
    if not phase.short_sides:
        return _judge_boxes(views, *_resized(views, detector), detector)
    sides = views.stream().choice(tuple(map(float, phase.short_sides)))
    positive, without = np.zeros(len(views.of), dtype=np.bool_), np.zeros(len(views.width), dtype=np.bool_)
    for side in phase.short_sides:
        rows = sides == side
        some, sized = views.take(rows), _with_short_side(detector, side)
        positive[rows[views.of]], without[rows] = _judge_boxes(some, *_resized(some, sized), sized)
    return positive, without


@cache
def _with_short_side(detector: Detector, side: int) -> Detector:
    return msgspec.structs.replace(detector, resize=msgspec.structs.replace(detector.resize, side=side))


def _judge_boxes(
    views: Views, rows: Int, boxes: OnCanvas, of_view: Int, detector: Detector
) -> tuple[Bool, Bool]:
    """Judge boxes on canvases. rows: int64 [n], their rows in the views. of_view: int64 [V], the canvases."""
    positive = np.zeros(len(views.of), dtype=np.bool_)
    positive[rows[engines.judge(boxes, detector).foreground]] = True
    raises = reasons(boxes, views.of[rows], of_view, detector) > 0
    return positive, ~among(views.of[positive], len(of_view)) | raises


def _kept(views: Views) -> Int:
    """Return the rows of the boxes that are kept, by area: alike in a block, they are judged quicker."""
    rows = np.flatnonzero(views.kept)
    order: Int = rows[np.argsort(np.prod(box_sizes(views.boxes[rows]), axis=1).astype(np.float32))]
    return order


def _as_they_are(views: Views, detector: Detector) -> tuple[Int, OnCanvas, Int]:
    """Take the pictures for the network's input."""
    rows = _kept(views)
    sides = (views.canvas_width, views.canvas_height, views.width, views.height)
    canvases, of_view = Canvases(*sides).unique()
    boxes, resize = views.boxes[rows], detector.resize
    if resize.clip != "off":
        extents = np.stack(sides[:2] if resize.clip == "canvas" else sides[2:], axis=1)[views.of[rows]]
        boxes = np.clip(boxes, 0.0, np.tile(extents - resize.clip_margin, 2))
    boxes = boxes.astype(detector.box_precision).astype(np.float64)
    return rows, OnCanvas(boxes, of_view[views.of[rows]], canvases), of_view


def _resized(views: Views, detector: Detector) -> tuple[Int, OnCanvas, Int]:
    """Resize the pictures as the detector does."""
    rows = _kept(views)
    first, of_view = distinct(np.column_stack([views.width, views.height]))
    sizes = (views.width[first], views.height[first])
    clipped = Clipped(rows, views.boxes[rows], of_view[views.of[rows]], *sizes, of_view)
    placed = place_all(clipped, detector)
    return rows, placed.boxes, placed.of_image
