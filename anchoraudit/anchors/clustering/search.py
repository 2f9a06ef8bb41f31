"""The search for the anchors that fit weighted box sizes best: from rough to fine, from many to one."""

from __future__ import annotations

import numpy as np

from anchoraudit.anchors.clustering.moves import climb, move_to_medians, seed, settle, swap_values
from anchoraudit.anchors.clustering.points import Points, make_points, summarise
from anchoraudit.arrays import Float
from anchoraudit.boxes import Measure

# How many sizes represent a large set: when starts compete, when anchors are relocated, and at the end.
# Each stage takes longer for each trial, and has fewer trials.
ROUGH, FINE, FINEST = 400, 3_000, 12_000
SMALL = 1_000  # up to so many sizes a search takes a fraction of a second, so it may try for longer
ROUGH_SURVIVORS, FINE_SURVIVORS = 4, 2
CANDIDATES = 128  # box sizes that a relocation considers
EXCHANGES = 12  # relocations tried in a round; more if there are more anchors, so that each has one
GAIN = 1e-7  # a smaller improvement is not worth another round
CELLS = 4_000_000  # entries of the largest similarity table: about 30 MB


def search(
    sizes: Float,
    weight: Float,
    k: int,
    *,
    measure: Measure,
    starts: int,
    rounds: int,
    rng: np.random.Generator,
) -> tuple[Float, int]:
    """Find k anchors for distinct sizes (n, 2), n > k, of positive weights (n,).

    Many starts compete on a rough summary of the sizes, where a start costs milliseconds. The best few
    continue on a finer one. `rounds` limits the k-medians and the last sweeps. Returns the anchors (k, 2),
    and the number of sweeps until no single move helped.
    """
    rough, fine, finest = (
        make_points(*summarise(sizes, weight, max(limit, 4 * k)), measure) for limit in (ROUGH, FINE, FINEST)
    )
    anchors = seed(rough, k, _affordable(starts, k, rough), rng)
    anchors = move_to_medians(rough, anchors, min(rounds, 10))
    pool = _best_distinct(*climb(rough, anchors, 25, 0.1), ROUGH_SURVIVORS)
    pool = np.stack([relocate(rough, one, 4, 1, rng) for one in pool])

    patience = 6 if len(fine) <= SMALL else 2
    pool = _best_distinct(*climb(fine, pool, 15, 0.03), FINE_SURVIVORS)
    pool = np.stack([relocate(fine, one, 4, patience // 2, rng) for one in pool])
    pool = np.stack([settle(fine, one, min(rounds, 20), 0.02)[0] for one in pool])
    best = relocate(fine, max(pool, key=fine.value), 16, patience, rng)
    return settle(finest, best, rounds, 0.02)


def relocate(points: Points, anchors: Float, rounds: int, patience: int, rng: np.random.Generator) -> Float:
    """Take an anchor away and put it where boxes are fitted badly, as long as that helps.

    Every round tries the most promising exchanges, lets all anchors climb from there, and keeps the best if
    it is better. The search ends after `patience` rounds in a row without success. (k, 2) -> (k, 2)
    """
    value, failures = points.value(anchors), 0
    for _ in range(rounds):
        trials, values = climb(points, _exchanges(points, anchors, rng), 6, 0.1)
        ahead = np.argsort(-values, kind="stable")[:4]
        trials, values = climb(points, trials[ahead], 16, 0.05)
        best = int(values.argmax())
        if values[best] > value + GAIN:
            anchors, value, failures = trials[best], float(values[best]), 0
        else:
            failures += 1
        if failures == patience:
            break
    return anchors


def _exchanges(points: Points, anchors: Float, rng: np.random.Generator) -> Float:
    """Return copies of the anchors (k, 2) with one exchanged for a box size each, best first: (r, k, 2).

    The new sizes are drawn by weight and distance to their anchor, in random groups. Each anchor is exchanged
    for the best size of each group. With few anchors, the groups keep the trials different.
    """
    k = len(anchors)
    groups = min(-(-EXCHANGES // k), len(points))
    in_group = min(CANDIDATES, len(points)) // groups
    need = points.weight * (1.0 - points.table(anchors).max(axis=0)) + 1e-12
    newcomers = points.sizes[rng.choice(len(points), groups * in_group, replace=False, p=need / need.sum())]
    values = swap_values(points, anchors, newcomers)
    best = values.reshape(k, groups, in_group).argmax(axis=2) + np.arange(groups) * in_group
    leaving, joining = np.repeat(np.arange(k), groups), best.ravel()
    order = np.argsort(-values[leaving, joining], kind="stable")
    order = order[: _affordable(max(EXCHANGES, k), k, points)]
    trials = np.repeat(anchors[None], len(order), axis=0)
    trials[np.arange(len(order)), leaving[order]] = newcomers[joining[order]]
    return trials


def _best_distinct(anchors: Float, values: Float, count: int) -> Float:
    """Return the `count` best of (r, k, 2). Of sets with the same objective (r,), only one."""
    _, first = np.unique(np.round(values, 7), return_index=True)
    return anchors[first[::-1][:count]]


def _affordable(runs: int, k: int, points: Points) -> int:
    """Return how many of `runs` fit into `CELLS` similarities (runs * k * n), at least one."""
    return max(1, min(runs, CELLS // (k * len(points))))
