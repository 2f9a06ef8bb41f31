"""The detectors that advice tries: the present one with single values changed, and combinations of these.

The cost says what a change means to the user. A wider border or a lower threshold is a number in a
configuration, other anchors need a file, another input size makes every step slower or coarser, and forcing
changes the matcher itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import msgspec
import numpy as np

from anchoraudit.anchors.clustered import anchors_of
from anchoraudit.anchors.foreground.levels import lay_out
from anchoraudit.anchors.foreground.searched import fit_foreground
from anchoraudit.arrays import Bool, Float
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector, override
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import clip_all, place_all
from anchoraudit.errors import AnchorauditError

BORDERS = ("0", "5", "16", "32", "64", "off")
THRESHOLDS = (0.5, 0.4, 0.3)
MOST_K = 12
_SIZES = 20_000  # box sizes that anchors are clustered from, evenly taken
_MOST_TRIED = 400
_COST = {"border": 1, "threshold": 2, "anchors": 2, "input size": 3, "forcing": 3}
# Sets of anchors tried in a search for foreground: a tenth of what `cluster` tries finds nearly as good ones.
_EVALUATIONS = 2000
_Anchors = tuple[tuple[float, float], ...]


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
    """Variants of the detector of an audit."""

    audit: Audit
    seed: int = 0
    drop_difficult: bool = False
    _refused: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        usable = np.flatnonzero(self.audit.labels.usable)
        self._clipped = clip_all(self.audit.dataset, usable)
        self._image = self.audit.dataset.boxes.image[usable]
        self._anchors: dict[tuple[int, object], _Anchors] = {}
        self._searched_k: int | None = None

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

    def cheapest(self) -> Found:
        """Return the cheapest combination that leaves no image with boxes empty, else the best one tried.

        Each is judged on the images that are empty now, and only if it helps these, on all images.
        """
        found = Found()
        fewest = len(self.audit.images_with("empty_foreground"))
        if not fewest:
            return found
        now = self.audit.verdict_is("empty_foreground")[self._image]
        for changes in self._combinations():
            if found.tried >= _MOST_TRIED:
                break
            detector = self.changed(changes)
            if detector is None:
                continue
            found.tried += 1
            left = self._judged(detector, now)[0]
            if left < fewest:
                left = self._judged(detector, np.ones(len(now), dtype=np.bool_))[0]
            if left < fewest:
                fewest, found.changes, found.detector = left, changes, detector
            if not fewest:
                break
        return found

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
        detector = self.audit.detector
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
            case "anchors", int(k):
                return lay_out(detector, self._clustered(k, detector))
            case "anchors", (_, int(k)):
                return lay_out(detector, self._for_foreground(k, detector))
            case _:
                match_block = msgspec.structs.replace(detector.match, force="best")
                return msgspec.structs.replace(detector, match=match_block)

    @property
    def notes(self) -> list[str]:
        """What the detector does not take, and why."""
        return [f"not tried: {', '.join(texts)}: {why}" for why, texts in self._refused.items() if texts]

    def borders(self) -> list[Change]:
        """Margins other than the present one."""
        border = self.audit.detector.border
        now = "off" if border.pixels is None else f"{border.pixels:g}"
        texts = ((b, "border off" if b == "off" else f"border {b} px") for b in BORDERS)
        return [Change("border", value, text) for value, text in texts if value != now]

    def thresholds(self) -> list[Change]:
        """Lower positive thresholds."""
        match_block = self.audit.detector.match
        if not match_block.has_thresholds or match_block.positive is None:
            return []
        lower = [value for value in THRESHOLDS if value < match_block.positive]
        return [Change("threshold", value, f"positive IoU from {value:g}") for value in lower]

    def forcing(self) -> list[Change]:
        """Forcing the best anchor of each box, where nothing is forced."""
        match_block = self.audit.detector.match
        if not match_block.can_force or match_block.forces:
            return []
        return [Change("forcing", True, "best anchors forced")]

    def input_sizes(self) -> list[Change]:
        """Up to four other input sizes, in steps of the coarsest stride."""
        detector = self.audit.detector
        values = other_sizes(detector, (0.75, 1.25, 1.5, 2.0))
        words = " ".join(filter(None, ("input", detector.resize.side_name)))
        return [Change("input size", value, f"{words} {value}") for value in values]

    def anchors(self) -> list[Change]:
        """Anchors clustered from the data: as many as now, and the best number up to MOST_K."""
        detector = self.audit.detector
        if not len(self._image) or not detector.match.judges_shapes_alone:
            return []
        numbers = dict.fromkeys([detector.anchors.count, self._best_k()])
        return [Change("anchors", k, f"{k} anchors clustered") for k in numbers if k]

    def foreground(self) -> list[Change]:
        """Anchors searched for what the encoder makes of them, as many as now."""
        match_block, k = self.audit.detector.match, self.audit.detector.anchors.count
        if not len(self._image) or not match_block.judges_shapes_alone:
            return []
        return [Change("anchors", ("foreground", k), f"{k} anchors for foreground")]

    def _best_k(self) -> int:
        """The least number that leaves fewest images empty, then fewest boxes unmatched; 0 if none can be."""
        if self._searched_k is None:
            best, self._searched_k = (len(self._image) + 1, 0), 0
            everything = np.ones(len(self._image), dtype=np.bool_)
            for k in range(len(self.audit.detector.anchors.levels), MOST_K + 1):
                detector = self.changed((Change("anchors", k, f"{k} anchors clustered"),))
                if detector is None:
                    break
                figures = self._judged(detector, everything)
                if figures < best:
                    best, self._searched_k = figures, k
        return self._searched_k

    def _judged(self, detector: Detector, some: Bool) -> tuple[int, int]:
        """Count images with boxes left empty, and unmatched boxes, among some boxes [n]."""
        rows = np.flatnonzero(some)
        judged = engines.judge(place_all(self._clipped.take(rows), detector).boxes, detector)
        positive = judged.foreground
        images = self._image[rows]
        with_boxes, with_foreground = (len(np.unique(part)) for part in (images, images[positive]))
        return with_boxes - with_foreground, int(np.count_nonzero(~positive))

    def _clustered(self, k: int, detector: Detector) -> _Anchors:
        """Anchors from box sizes at the detector's input. Raises AnchorauditError if too few differ."""
        key = (k, detector.resize)
        if key not in self._anchors:
            sizes = self._sizes(detector)
            self._anchors[key] = tuple(anchors_of(sizes, k, seed=self.seed))
        return self._anchors[key]

    def _for_foreground(self, k: int, detector: Detector) -> _Anchors:
        """Anchors for the present detector at this one's input. Raises AnchorauditError if there are none."""
        key = (-k, detector.resize)
        if key not in self._anchors:
            at_input = msgspec.structs.replace(self.audit.detector, resize=detector.resize)
            found = fit_foreground(
                self.audit.dataset,
                at_input,
                k,
                drop_difficult=self.drop_difficult,
                seed=self.seed,
                evaluations=_EVALUATIONS,
            )
            self._anchors[key] = tuple((float(w), float(h)) for w, h in found.found.clustered.anchors)
        return self._anchors[key]

    def _sizes(self, detector: Detector) -> Float:
        """Return some box sizes [n, 2] on the detector's input, an even sample."""
        step = max(1, len(self._image) // _SIZES)
        some = np.arange(0, len(self._image), step)
        sizes = box_sizes(place_all(self._clipped.take(some), detector).boxes.boxes)
        return sizes[(sizes > 0).all(axis=1)]
