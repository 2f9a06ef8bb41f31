"""The detectors that advice tries: the present one with single values changed, and combinations of these.

The cost says what a change means to the user. A wider border or a lower threshold is a number in a
configuration, other anchors need a file, another input size makes every step slower or coarser, and forcing
changes the matcher itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import msgspec
import numpy as np

from anchoraudit.advice.usable import Left, Of, Question, Usable
from anchoraudit.anchors.clustered import Clustered, anchors_of, most_anchors
from anchoraudit.anchors.file import Anchor
from anchoraudit.anchors.foreground.evaluation import Encoder, Outcome
from anchoraudit.anchors.foreground.levels import lay_out
from anchoraudit.anchors.foreground.search import Budget
from anchoraudit.anchors.foreground.searched import finalists, measured, require_matching
from anchoraudit.arrays import one_thread
from anchoraudit.detectors import Detector, override
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.detectors.spec import Resize
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.processes import helpers, shared_out

BORDERS = ("0", "5", "16", "32", "64", "off")
THRESHOLDS = (0.5, 0.4, 0.3)
MOST_K = 12
# Boxes from which on not all numbers of anchors are tried: each takes a second then. Of fewer boxes, single
# ones decide, so that fewer anchors may happen to be better.
_MANY = 1_000
MOST_TRIED = 400
_COST = {"border": 1, "threshold": 2, "anchors": 2, "input size": 3, "forcing": 3}
# Sets of anchors tried in a search for foreground: a tenth of what `cluster` tries finds nearly as good ones.
_EVALUATIONS = 2000
_FOREGROUND = "foreground"  # marks anchors that are searched for what the encoder makes of them
# Boxes from which on a second process saves more time than its start takes.
_WORTH_A_PROCESS = 5_000
_Anchors = tuple[tuple[float, float], ...]
Key = tuple[object, Resize]  # of anchors: the value of the change, and the input they are for


@dataclass(frozen=True, slots=True)
class Change:
    """One changed value. group: which part of the detector. value: as `override` takes it. text: in words."""

    group: str
    value: object
    text: str

    @property
    def cost(self) -> int:
        """How much the change asks of the user."""
        return _COST[self.group]


@dataclass(slots=True)
class Found:
    """The combination that leaves the fewest images with boxes empty, and how many were tried."""

    changes: tuple[Change, ...] = ()
    detector: Detector | None = None
    tried: int = 0


@dataclass
class Variants:
    """Variants of a detector on the usable boxes of a data set."""

    detector: Detector
    boxes: Usable
    seed: int = 0
    _refused: dict[str, list[str]] = field(default_factory=dict)
    _anchors: dict[Key, _Anchors] = field(default_factory=dict)
    _left: dict[int, Left] = field(default_factory=dict)

    @cached_property
    def beside(self) -> int:
        """The number of processes that help: 0 or 1."""
        return min(1, helpers(self.boxes.number, fork=_WORTH_A_PROCESS))

    def table(self) -> list[tuple[tuple[Change, ...], Detector]]:
        """Return every row of the table that changes the detector, with the detector."""
        rows: list[tuple[Change, ...]] = [(change,) for change in self.borders()]
        for anchors in self.anchors():
            rows.append((anchors,))
            rows += [(anchors, border) for border in self.borders()]
        rows += [(change,) for change in self.foreground()]
        rows += [(change,) for change in (*self.input_sizes(), *self.thresholds(), *self.forcing())]
        made = ((changes, self.changed(changes)) for changes in rows)
        return [(changes, detector) for changes, detector in made if detector is not None]

    @cached_property
    def _best_number(self) -> int:
        """The number of anchors that leaves fewest images empty, then fewest boxes; 0 if none can be.

        Of equally good ones, the least. Of many boxes, they are tried from the largest down, two at a time,
        until fewer are worse: fewer anchors hardly ever match more. All other anchors of the table are found
        at the same time.
        """
        tried: dict[int, Left] = {}
        best, numbers = 0, self._numbers
        beside = [*self.foreground(), clustered(self.detector.anchors.count)]
        for some in _downwards(numbers, 2 if self.boxes.number >= _MANY else len(numbers)):
            self._find(list(dict.fromkeys([*beside, *map(clustered, some)])))
            beside = []
            for k in some:
                detector = self.changed((clustered(k),))
                if detector is not None:
                    tried[k] = self._left.get(k) or self._leaves(detector)
            best = min(tried, key=lambda k: (tried[k], k), default=0)
            if best > some[0]:
                break
        return best

    def _find(self, changes: Sequence[Change]) -> None:
        """Find the anchors of these, in two processes. What fails here is asked for again, and noted.

        The other process begins with the first, the search for foreground, which takes longest, and this one
        with the last, the largest number of anchors.
        """
        with shared_out(self._found, changes, self.beside) as results:
            for index, (anchors, left) in results():
                value = changes[index].value
                if anchors is not None:
                    self._anchors[value, self.detector.resize] = anchors
                if left is not None and isinstance(value, int):
                    self._left[value] = left

    def _found(self, change: Change) -> tuple[_Anchors | None, Left | None]:
        """Return the anchors of a change and what they leave, None each if it is not to be found."""
        detector = self.detector
        with one_thread() if self.beside else nullcontext(), suppress(AnchorauditError, ValueError):
            anchors = self._anchors_of(change.value, detector)
            judged = change.value in self._numbers
            return anchors, self._leaves(lay_out(detector, anchors)) if judged else None
        return None, None

    def cheapest(self) -> Found:
        """Return the cheapest combination that leaves no image with boxes empty, else the best one tried.

        Each is judged on the images that are empty now, and only if it helps these, on all images.
        """
        found, fewest = Found(), self.boxes.empty
        if not fewest:
            return found
        for changes in self._in_turn(self._combinations()):
            if found.tried >= MOST_TRIED:
                break
            detector = self.changed(changes)
            if detector is None:
                continue
            found.tried += 1
            left = self._leaves(detector, Of.EMPTY)[0]
            if left < fewest:
                left = self._leaves(detector)[0]
            if left < fewest:
                fewest, found.changes, found.detector = left, changes, detector
            if not fewest:
                break
        return found

    def _in_turn(self, combinations: Iterator[tuple[Change, ...]]) -> Iterator[tuple[Change, ...]]:
        """Return the combinations, in the same order."""
        return combinations

    def _combinations(self) -> Iterator[tuple[Change, ...]]:
        """Return all combinations of one value for each group: by cost, then by number of changes."""
        groups = [
            [None, *group]
            for group in (
                self.borders(),
                self.thresholds(),
                [*self.anchors(), *self.foreground()],
                self.input_sizes(),
                self.forcing(),
            )
        ]
        chosen = [tuple(change for change in row if change is not None) for row in product(*groups)]
        chosen.sort(key=lambda row: (sum(change.cost for change in row), len(row)))
        return iter(chosen[1:])

    def changed(self, changes: tuple[Change, ...]) -> Detector | None:
        """Return the detector with these changes, None if it cannot have such a value; that is noted once."""
        detector = self.detector
        # Anchors last: they are clustered at the input size.
        for change in sorted(changes, key=lambda change: change.group == "anchors"):
            try:
                detector = self._apply(change, detector)
            except (AnchorauditError, ValueError) as error:
                reason = self._refused.setdefault(getattr(error, "message", str(error)), [])
                if len(changes) == 1 and change.text not in reason:
                    reason.append(change.text)
                return None
        return detector

    def _apply(self, change: Change, detector: Detector) -> Detector:
        match change.group, change.value:
            case "border", str(margin):
                return override(detector, allowed_border=margin if margin == "off" else float(margin))
            case "threshold", float(threshold):
                return override(detector, positive_iou=threshold)
            case "input size", str(size):
                return override(detector, input_size=size)
            case "anchors", value:
                return lay_out(detector, self._anchors_of(value, detector))
            case _:
                match_block = msgspec.structs.replace(detector.match, force="best")
                return msgspec.structs.replace(detector, match=match_block)

    @property
    def notes(self) -> list[str]:
        """What the detector does not take, and why."""
        return [f"not tried: {', '.join(texts)}: {why}" for why, texts in self._refused.items() if texts]

    def borders(self) -> list[Change]:
        """Margins other than the present one."""
        border = self.detector.border
        now = "off" if border.pixels is None else f"{border.pixels:g}"
        texts = ((b, "border off" if b == "off" else f"border {b} px") for b in BORDERS)
        return [Change("border", value, text) for value, text in texts if value != now]

    def thresholds(self) -> list[Change]:
        """Lower positive thresholds."""
        match_block = self.detector.match
        if not match_block.has_thresholds or match_block.positive is None:
            return []
        lower = [value for value in THRESHOLDS if value < match_block.positive]
        return [Change("threshold", value, f"positive IoU from {value:g}") for value in lower]

    def forcing(self) -> list[Change]:
        """Forcing the best anchor of each box, where nothing is forced."""
        match_block = self.detector.match
        if not match_block.can_force or match_block.forces:
            return []
        return [Change("forcing", True, "best anchors forced")]

    def input_sizes(self) -> list[Change]:
        """Up to four other input sizes, in steps of the coarsest stride."""
        detector = self.detector
        values = other_sizes(detector, (0.75, 1.25, 1.5, 2.0))
        words = " ".join(filter(None, ("input", detector.resize.side_name)))
        return [Change("input size", value, f"{words} {value}") for value in values]

    @property
    def _fits_anchors(self) -> bool:
        """Tell whether anchors can be fitted to boxes, and judged by themselves."""
        return self.boxes.number > 0 and self.detector.match.judges_shapes_alone

    @cached_property
    def _numbers(self) -> range:
        """The numbers of anchors from which the best one is taken. That there are no more is noted."""
        least = len(self.detector.anchors.levels)
        most = most_anchors(self.boxes.sizes(self.detector), MOST_K)
        if max(most + 1, least) <= MOST_K:
            self.changed((clustered(max(most + 1, least)),))  # raises, and says why
        return range(least, most + 1)

    def anchors(self) -> list[Change]:
        """Anchors clustered from the data: as many as now, and the best number up to MOST_K."""
        if not self._fits_anchors:
            return []
        numbers = dict.fromkeys([self.detector.anchors.count, self._best_number])
        return [clustered(k) for k in numbers if k]

    def foreground(self) -> list[Change]:
        """Anchors searched for what the encoder makes of them, as many as now."""
        k = self.detector.anchors.count
        return [Change("anchors", (_FOREGROUND, k), f"{k} anchors for foreground")] * self._fits_anchors

    def _leaves(self, detector: Detector, of: Of = Of.ALL) -> Left:
        """Count images with boxes left empty, and unmatched boxes."""
        (left,) = self.boxes.leaves([Question(detector, of)])
        return left

    def _anchors_of(self, value: object, detector: Detector) -> _Anchors:
        """Return the anchors of a change at a detector's input.

        value: how many to cluster, or (_FOREGROUND, how many to search for). Raises AnchorauditError if there
        are none, and ValueError if they cannot be clustered.
        """
        key = value, detector.resize
        if key not in self._anchors:
            match value:
                case int(k):
                    self._anchors[key] = tuple(anchors_of(self.boxes.sizes(detector), k, seed=self.seed))
                case (_, int(k)):
                    self._anchors[key] = self._for_foreground(k, detector)
        return self._anchors[key]

    def _for_foreground(self, k: int, detector: Detector) -> _Anchors:
        """Search anchors for the present detector at this one's input. Raises as `_anchors_of`."""
        found, asked = self._searched(k, detector)
        return best_of(found, self.boxes.leaves(asked))

    def _searched(self, k: int, detector: Detector) -> tuple[list[Clustered], list[Question]]:
        """Return the sets of anchors that a search ends with, and what is to be asked about each."""
        present = msgspec.structs.replace(self.detector, resize=detector.resize)
        require_matching(present)
        own: list[Anchor] = [(float(w), float(h)) for w, h in present.shapes]
        starts = [self._anchors_of(k, present), *([own] if len(own) == k else [])]
        lay_out(present, starts[0])  # raises
        rng = np.random.default_rng(self.seed)
        encoder = Encoder(*self.boxes.drawn(present, self.seed), present)
        best = finalists(encoder, starts, budget=Budget(np.inf, _EVALUATIONS), rng=rng)
        sizes = self.boxes.sizes(present)
        found = [measured(sizes, anchors) for anchors in (starts[0], *best)]
        return found, [Question(lay_out(present, one.anchors), Of.MATCHED) for one in found]


def best_of(found: Sequence[Clustered], left: Sequence[Left]) -> _Anchors:
    """Return the anchors that leave the fewest images empty, then the fewest boxes, then those that fit best.

    left: what each set leaves of all boxes.
    """
    outcomes = (Outcome(*each, 1.0 - one.fit.mean_iou) for one, each in zip(found, left, strict=True))
    best, _ = min(zip(found, outcomes, strict=True), key=lambda pair: pair[1])
    return tuple((float(w), float(h)) for w, h in best.anchors)


def _downwards(numbers: range, at_once: int) -> Iterator[range]:
    """Yield numbers from the largest down, so many at a time."""
    for end in range(numbers.stop, numbers.start, -max(at_once, 1)):
        yield range(max(end - at_once, numbers.start), end)


def clustered(k: int) -> Change:
    """Return the change to k anchors clustered from the data."""
    return Change("anchors", k, f"{k} anchors clustered")
