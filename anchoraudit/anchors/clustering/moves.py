"""The moves of the anchor search. Each is a pure function of points and anchors.

Several searches run side by side in one array: anchors (r, k, 2) are r independent sets of k anchors.
The objective is `Points.value`, the mean similarity between each box and its best anchor. Larger is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anchoraudit.anchors.clustering.points import Points
from anchoraudit.arrays import Bool, Float, distinct

# Steps are changes of log(side): 0.1 is about 10 %. The longest, 0.4, is a factor of 1.5.
LONGEST_STEP = 0.4
SHORTEST_STEP = 1e-5
FINAL_STEP = 1e-4  # a hundredth of a pixel in a side of 100: files hold two decimals
GAIN = 1e-9  # a smaller improvement of the mean IoU may be rounding
COMPASS = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)], dtype=np.float64)


def seed(points: Points, k: int, starts: int, rng: np.random.Generator) -> Float:
    """Draw k-means++ starts (starts, k, 2).

    Each anchor is a box size, drawn by weight and squared distance.
    """
    anchors = np.empty((starts, k, 2))
    best = np.zeros((starts, len(points)))
    sizes = points.sizes
    for place in range(k):
        odds = np.cumsum(points.weight * (1.0 - best) ** 2, axis=1)
        drawn = rng.random((starts, 1)) * odds[:, -1:]
        chosen = np.minimum((odds <= drawn).sum(axis=1), len(points) - 1)
        anchors[:, place] = sizes[chosen]
        best = np.maximum(best, points.table(anchors[:, place : place + 1])[:, 0])
    return anchors


def move_to_medians(points: Points, anchors: Float, rounds: int) -> Float:
    """Run k-means with medians: assign boxes to their best anchor, move it to their weighted median, repeat.

    Outliers do not move the median, and it lies near the size that maximises the mean IoU. An anchor without
    boxes moves to the box with the worst fit. (r, k, 2) -> (r, k, 2)
    """
    order = [np.argsort(side, kind="stable") for side in (points.w, points.h)]
    number = np.arange(anchors.shape[1])[:, None]
    for _ in range(rounds):
        table = points.table(anchors)
        owned = (table.argmax(axis=1)[:, None, :] == number) * points.weight
        moved = np.empty_like(anchors)
        for axis, (side, rank) in enumerate(zip((points.w, points.h), order, strict=True)):
            running = np.cumsum(owned[:, :, rank], axis=2)
            middle = np.argmax(running >= running[:, :, -1:] / 2, axis=2)
            moved[:, :, axis] = side[rank][middle]
        _refill(points, moved, empty=owned.max(axis=2) == 0, best=table.max(axis=1))
        if np.array_equal(moved, anchors):
            break
        anchors = moved
    return anchors


def _refill(points: Points, anchors: Float, *, empty: Bool, best: Float) -> None:
    """Put each empty anchor (r, k) on the size of a badly fitted box (best: r, n), in place."""
    sizes = points.sizes
    for run in np.flatnonzero(empty.any(axis=1)):
        places = np.flatnonzero(empty[run])
        worst = np.argsort(-points.weight * (1.0 - best[run]), kind="stable")[: len(places)]
        anchors[run, places[: len(worst)]] = sizes[worst]


def climb(points: Points, anchors: Float, rounds: int, step: float) -> tuple[Float, Float]:
    """Move all anchors at once towards a local optimum. Every round assigns the boxes anew.

    Each side has its own step, which grows while its slope keeps its sign and halves when the sign changes
    (Rprop, Riedmiller and Braun 1993). Only signs are used, because the objective has kinks everywhere.
    (r, k, 2) -> the best anchors found (r, k, 2), their objective (r,)
    """
    runs, k, _ = anchors.shape
    first = (np.arange(runs) * k)[:, None]
    top, top_value = anchors.copy(), np.full(runs, -1.0)
    logs, steps, before = np.log(anchors), np.full(anchors.shape, step), np.zeros(anchors.shape)
    points = points.single
    for _ in range(rounds):
        anchors = np.exp(logs)
        placed = anchors.astype(points.w.dtype)
        owner, best = _owners(points, placed)
        value = points.mean(best)
        better = value > top_value
        top[better], top_value[better] = anchors[better], value[better]
        direction = np.sign(_slopes(points, placed, owner + first))
        agrees = direction * before
        steps *= np.where(agrees > 0, 1.3, np.where(agrees < 0, 0.5, 1.0))
        np.clip(steps, SHORTEST_STEP, LONGEST_STEP, out=steps)
        logs += direction * steps
        before = direction
    return top, top_value


def _owners(points: Points, anchors: Float) -> tuple[NDArray[np.intp], Float]:
    """Return the first of the best anchors of each point, and how alike they are: (r, k, 2) -> (r, n) each.

    That is `argmax` and `max` of the table over anchors. NumPy takes several times as long for these, and for
    one number beside a column, as for two columns.
    """
    runs, k, _ = anchors.shape
    n = len(points)
    w, h = (np.tile(side, (runs, 1)) for side in (points.w, points.h))
    owner, best = np.zeros((runs, n), dtype=np.intp), np.full((runs, n), -1.0, dtype=w.dtype)
    for anchor in range(k):
        own_w, own_h = (np.repeat(side, n).reshape(runs, n) for side in anchors[:, anchor].T)
        own = points.measure.similarity(own_w, own_h, w, h)
        np.copyto(owner, anchor, where=own > best)
        np.maximum(best, own, out=best)
    return owner, best


def _slopes(points: Points, anchors: Float, owner: NDArray[np.intp]) -> Float:
    """Return the objective's slope by every log side, for anchors (r, k, 2).

    owner (r, n) counts over all r * k.
    """
    w, h = anchors[..., 0].ravel(), anchors[..., 1].ravel()
    slopes = points.measure.slopes(w[owner], h[owner], points.w, points.h)
    sums = np.empty((len(w), 2))
    for axis, slope in enumerate(slopes):
        sums[:, axis] = np.bincount(owner.ravel(), (slope * points.weight).ravel(), len(w))
    return sums.reshape(anchors.shape)


def swap_values(points: Points, anchors: Float, candidates: Float) -> Float:
    """Return the objective (k, m) with anchor i of (k, 2) replaced by candidate j of (m, 2).

    Boxes of the other anchors only gain by the candidate, whichever anchor leaves. The boxes of the leaving
    anchor fall back to their second best. So one pass over the boxes serves all k * m swaps (the idea of
    FastPAM, Schubert and Rousseeuw 2019).
    """
    table = points.table(anchors)
    owner, best = table.argmax(axis=0), table.max(axis=0)
    table[owner, np.arange(len(points))] = 0.0
    second = table.max(axis=0)
    offered = np.ascontiguousarray(points.table(candidates).T)
    values = np.empty((len(anchors), len(candidates)))
    values[:] = np.einsum("nm,n->m", np.maximum(offered, best[:, None]), points.weight)
    for leaving in range(len(anchors)):
        own = np.flatnonzero(owner == leaving)
        kept = np.maximum(offered[own], best[own, None])
        left = np.maximum(offered[own], second[own, None])
        values[leaving] += np.einsum("nm,n->m", left - kept, points.weight[own])
    return values


def settle(points: Points, anchors: Float, sweeps: int, step: float) -> tuple[Float, int]:
    """Move single anchors until no move helps: anchors (k, 2) -> anchors (k, 2), and the sweeps it took.

    Each anchor tries to be wider, narrower, higher, lower, or several of these, by a step that grows if that
    helps and halves if not (a pattern search). It also tries the next sides that boxes have. Every trial
    counts all boxes, also those that would change their anchor. The search ends when every step is below
    `FINAL_STEP`.
    """
    anchors = anchors.copy()
    table = points.table(anchors)
    steps = np.full(len(anchors), step)
    sides = distinct(points.w), distinct(points.h)
    sweep = 0
    while sweep < sweeps and (steps > FINAL_STEP).any():
        sweep += 1
        for place in np.flatnonzero(steps > FINAL_STEP).tolist():
            compass = anchors[place] * np.exp(COMPASS * steps[place])
            trials = np.concatenate([compass, _neighbours(sides, anchors[place])])
            gains = _gains(points, anchors, table, place, trials)
            best = int(gains.argmax())
            if gains[best] > GAIN:
                anchors[place], table[place] = trials[best], points.table(trials[best : best + 1])[0]
                if best < len(COMPASS):
                    steps[place] = min(1.5 * steps[place], LONGEST_STEP)
            else:
                steps[place] /= 2
    return anchors, sweep


def _gains(points: Points, anchors: Float, table: Float, place: int, trials: Float) -> Float:
    """Return by how much the objective rises if one anchor becomes each of some trials: (m, 2) -> (m,).

    table: of the anchors (k, 2), (k, n). place: which one moves. Only points count to which a trial may be
    the best anchor: if a side changes by a factor, no similarity grows by more.
    """
    row = table[place].copy()
    table[place] = 0.0
    others = table.max(axis=0)
    table[place] = row
    growth = np.exp(np.abs(np.log(trials / anchors[place])).sum(axis=1).max())
    near = np.flatnonzero(row * growth > others)
    others, row, weight = others[near], row[near], points.weight[near]
    rows = points.measure.similarity(trials[:, :1], trials[:, 1:], points.w[near], points.h[near])
    gained = np.maximum(rows, others, out=rows)
    gained -= np.maximum(row, others)
    gains: Float = np.einsum("mn,n->m", gained, weight)
    return gains


def _neighbours(sides: tuple[Float, Float], anchor: Float) -> Float:
    """Replace the width, the height or both of the anchor (2,) by the next side of a box: (8, 2).

    Many boxes with exactly the same side make a ridge in the objective, which shrinking steps never quite
    reach.
    """
    choices = []
    for known, side in zip(sides, anchor, strict=True):
        below = known[max(int(np.searchsorted(known, side, "left")) - 1, 0)]
        above = known[min(int(np.searchsorted(known, side, "right")), len(known) - 1)]
        choices.append((side, below, above))
    return np.array([(w, h) for w in choices[0] for h in choices[1]][1:])
