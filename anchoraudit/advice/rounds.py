"""The same variants, on data that are best asked many questions at once: parts, each of which is read anew.

The answers, and the order in which they count, are those of `Variants`. Only what is asked ahead differs:
many combinations are judged together, although one of the first may turn out to be enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from anchoraudit.advice.usable import Left, Of, Question
from anchoraudit.advice.variants import Change, Key, Variants, best_of
from anchoraudit.anchors.clustered import Clustered
from anchoraudit.anchors.foreground.levels import lay_out
from anchoraudit.detectors import Detector
from anchoraudit.errors import AnchorauditError

# Combinations of a round: nearly all that change one value, or two of which one is the border.
_AT_ONCE = 48


@dataclass
class InRounds(Variants):
    """Variants of a detector, asked about in rounds."""

    _answers: dict[Question, Left] = field(default_factory=dict)

    def _find(self, changes: Sequence[Change]) -> None:
        """Find the anchors of these, and judge at once all that are to be judged."""
        counted: dict[int, Question] = {}
        for change in changes:
            if isinstance(k := change.value, int):
                with suppress(AnchorauditError, ValueError):
                    laid_out = lay_out(self.detector, self._anchors_of(k, self.detector))
                    if k in self._numbers:
                        counted[k] = Question(laid_out)
        searched = [(change.value, self.detector) for change in changes if _is_searched(change)]
        self._search(searched, counted.values())
        self._left.update({k: self._answers[question] for k, question in counted.items()})

    def _leaves(self, detector: Detector, of: Of = Of.ALL) -> Left:
        """Count images with boxes left empty, and unmatched boxes; each question is asked once."""
        question = Question(detector, of)
        self._ask([question])
        return self._answers[question]

    def _ask(self, questions: Sequence[Question]) -> None:
        new = [one for one in dict.fromkeys(questions) if one not in self._answers]
        if new:
            self._answers.update(zip(new, self.boxes.leaves(new), strict=True))

    def _in_turn(self, combinations: Iterator[tuple[Change, ...]]) -> Iterator[tuple[Change, ...]]:
        """Return the combinations, in the same order. Those of a round are judged before the first is."""
        fewest = self.boxes.empty
        for some in _rounds(combinations):
            self._search(self._inputs_of(some))
            detectors = [one for one in map(self.changed, some) if one is not None]
            self._ask([Question(one, Of.EMPTY) for one in detectors])
            while (found := self._hopeful(detectors, fewest))[0]:
                self._ask(found[0])
            fewest = found[1]
            yield from some

    def _hopeful(self, detectors: Sequence[Detector], fewest: int) -> tuple[list[Question], int]:
        """Return what is to be asked of all boxes, if no image that is not empty now becomes so.

        fewest: images left empty by the best of the detectors before. Also returns that number after these.
        """
        asked = []
        for detector in detectors:
            left = self._answers[Question(detector, Of.EMPTY)][0]
            if left < fewest:
                question = Question(detector)
                if question not in self._answers:
                    asked.append(question)
                fewest = min(fewest, self._answers.get(question, (left, 0))[0])
            if not fewest:
                break
        return asked, fewest

    def _inputs_of(self, rows: Sequence[tuple[Change, ...]]) -> list[tuple[object, Detector]]:
        """Return the anchors that are searched for these combinations, and at which detector's input."""
        found = []
        for row in rows:
            for change in row:
                if _is_searched(change):
                    detector = self.changed(tuple(other for other in row if other is not change))
                    if detector is not None:
                        found.append((change.value, detector))
        return found

    def _search(self, wanted: Sequence[tuple[object, Detector]], beside: Iterable[Question] = ()) -> None:
        """Search the anchors that are not found yet, and judge at once what all searches end with.

        wanted: values of changes, and the detectors at whose inputs they are searched. beside: what is asked
        at the same time.
        """
        searched: dict[Key, tuple[list[Clustered], list[Question]]] = {}
        for value, detector in wanted:
            key = value, detector.resize
            if key not in self._anchors and key not in searched and isinstance(value, tuple):
                with suppress(AnchorauditError, ValueError):  # it is asked for again, and noted
                    searched[key] = self._searched(value[1], detector)
        self._ask([*beside, *(question for _, asked in searched.values() for question in asked)])
        for key, (found, asked) in searched.items():
            self._anchors[key] = best_of(found, [self._answers[question] for question in asked])


def _rounds(combinations: Iterator[tuple[Change, ...]]) -> Iterator[list[tuple[Change, ...]]]:
    """Put combinations together. The first that takes a search at another input begins a new round.

    A search takes seconds, and an earlier round may make it needless.
    """
    some: list[tuple[Change, ...]] = []
    searched = False
    for row in combinations:
        begins = not searched and _takes_a_search(row)
        if some and (begins or len(some) == _AT_ONCE):
            yield some
            some = []
        searched |= begins
        some.append(row)
    if some:
        yield some


def _takes_a_search(row: tuple[Change, ...]) -> bool:
    return any(_is_searched(change) for change in row) and any(one.group == "input size" for one in row)


def _is_searched(change: Change) -> bool:
    """Tell whether a change is to anchors that are searched for what the encoder makes of them."""
    return change.group == "anchors" and not isinstance(change.value, int)
