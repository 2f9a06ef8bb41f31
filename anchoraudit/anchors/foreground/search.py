"""A local search for anchors that match the most: moves single ones, or puts them on unmatched boxes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from anchoraudit.anchors.file import Anchor, round_anchors
from anchoraudit.anchors.foreground.evaluation import Encoder, Outcome

Anchors = tuple[Anchor, ...]

# Sets of anchors that a search tries at most. A limit by count gives the same answer on every machine; at
# about a millisecond each it is reached before the time limit.
EVALUATIONS = 20_000
# Steps of a side, as a factor e^step: first 22 %, at the end about 1 %.
FIRST_STEP, LAST_STEP = 0.2, 0.012
# Sizes of unmatched boxes tried in a round, each in place of every anchor.
NEWCOMERS = 6
# The search ends after so many failed restarts from a disturbed best.
PATIENCE = 6
COMPASS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)], dtype=np.float64)


@dataclass(slots=True)
class Budget:
    """How much may still be tried: evaluations, and seconds from now.

    late: the time limit ended the search. progress: called with (done, of).
    """

    seconds: float
    evaluations: int = EVALUATIONS
    done: int = 0
    late: bool = False
    progress: Callable[[int, int], None] | None = None
    _end: float = 0.0

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    def spend(self) -> bool:
        """Take one evaluation. Returns False if none is left."""
        if self.done >= self.evaluations:
            return False
        if time.monotonic() >= self._end:
            self.late = True
            return False
        self.done += 1
        if self.progress is not None and self.done % 20 == 0:
            self.progress(self.done, self.evaluations)
        return True


@dataclass(frozen=True, slots=True)
class Found:
    """A set of anchors, and its outcome over the boxes of the search."""

    anchors: Anchors
    outcome: Outcome


def search(
    encoder: Encoder, starts: Sequence[Sequence[Anchor]], *, budget: Budget, rng: np.random.Generator
) -> list[Found]:
    """Improve the starts, then disturb the best and improve it again. Returns all sets found, best first.

    The same rng and budget give the same result, unless the time limit is reached.
    """
    pool: list[Found] = []
    for start in starts:
        if budget.spend():
            anchors = tuple(start)
            outcome = encoder.outcome(anchors)
            assert outcome is not None
            pool.append(_descend(encoder, Found(anchors, outcome), budget, rng))
    failures = 0
    while pool and failures < PATIENCE and budget.spend():
        pool.sort(key=lambda found: found.outcome)
        disturbed = _disturbed(encoder, pool[0].anchors, rng)
        outcome = encoder.outcome(disturbed)
        assert outcome is not None
        found = _descend(encoder, Found(disturbed, outcome), budget, rng)
        failures = 0 if found.outcome < pool[0].outcome else failures + 1
        pool.append(found)
    return sorted(pool, key=lambda found: found.outcome)


def _descend(encoder: Encoder, found: Found, budget: Budget, rng: np.random.Generator) -> Found:
    """Move anchors by smaller and smaller steps, as long as that helps."""
    step = FIRST_STEP
    while step >= LAST_STEP:
        before = found.outcome
        for trials in _rounds(encoder, found, step, rng):
            for trial in trials(found.anchors):
                if not budget.spend():
                    return found
                outcome = encoder.outcome(trial, found.outcome)
                if outcome is not None and outcome < found.outcome:
                    found = Found(trial, outcome)
                    break
        if not _worth_another(before, found.outcome):
            step /= 2
    return found


def _worth_another(before: Outcome, after: Outcome) -> bool:
    """Tell whether a round helped enough to repeat its step. The misfit alone could creep for a long time."""
    return after[:2] < before[:2] or after.misfit < before.misfit - 1e-4


def _rounds(
    encoder: Encoder, found: Found, step: float, rng: np.random.Generator
) -> Iterator[Callable[[Anchors], Iterator[Anchors]]]:
    """Yield the kinds of trials, one after the other. Each is a function of the best anchors so far."""
    for size in _lost_sizes(encoder, found.anchors, NEWCOMERS, rng):
        yield partial(_in_place_of_each, size=size)
    for place in rng.permutation(len(found.anchors)).tolist():
        yield partial(_moved, place=place, step=step)


def _in_place_of_each(anchors: Anchors, size: Anchor) -> Iterator[Anchors]:
    for place in range(len(anchors)):
        yield _replaced(anchors, place, size)


def _moved(anchors: Anchors, place: int, step: float) -> Iterator[Anchors]:
    """Yield one anchor longer and shorter in width, in height and in both."""
    for size in round_anchors(np.array(anchors[place]) * np.exp(COMPASS * step)):
        yield _replaced(anchors, place, size)


def _replaced(anchors: Anchors, place: int, size: Anchor) -> Anchors:
    return (*anchors[:place], size, *anchors[place + 1 :])


def _lost_sizes(encoder: Encoder, anchors: Anchors, count: int, rng: np.random.Generator) -> list[Anchor]:
    """Draw sizes of unmatched boxes, half of them from images without foreground, if there are any."""
    matched = encoder.matched(anchors)
    lost = np.flatnonzero(~matched & (encoder.sizes > 0).all(axis=1))
    worst = lost[encoder.without_foreground(matched)[lost]]
    drawn = [
        rows[rng.integers(len(rows), size=number)]
        for rows, number in ((worst, count // 2), (lost, count - count // 2))
        if len(rows)
    ]
    return round_anchors(encoder.sizes[np.concatenate(drawn)]) if drawn else []


def _disturbed(encoder: Encoder, anchors: Anchors, rng: np.random.Generator) -> Anchors:
    """Put about a quarter of the anchors on sizes of unmatched boxes. Move the others a little at random."""
    count = max(1, len(anchors) // 4)
    moved = round_anchors(np.array(anchors) * np.exp(rng.normal(0.0, 0.05, (len(anchors), 2))))
    places = rng.permutation(len(anchors))[:count].tolist()
    for place, size in zip(places, _lost_sizes(encoder, anchors, 2 * count, rng), strict=False):
        moved[place] = size
    return tuple(moved)
