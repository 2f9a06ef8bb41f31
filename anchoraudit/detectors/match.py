"""How anchors are labelled.

What follows from a kind of matching stands in `_KINDS`, once: everything else asks a property of `Match`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from anchoraudit.detectors._block import Block, require

if TYPE_CHECKING:
    from anchoraudit.detectors.border import Border


class Match(Block, frozen=True):
    """How anchors are labelled.

    kind "iou": positive at IoU >= `positive` with any box, negative at <= `negative` with all boxes, ignored
        in between (`positive_inclusive`, `negative_inclusive` false: > and <).
        force: an anchor becomes positive though it is below: "none"; a box's "best" anchor, the first on
        ties; all "ties" for it. force_floor: only for boxes whose best IoU is at least that (above it, where
        `floor_inclusive` is false). forced_to: a forced anchor's box is its "own" best one, or the box that
        forces it, the "first" or the "last" of several.
        cells: "all", or anchors in the cell of a "box_centre" alone can be positive.
    kind "side_ratio": a box and a shape match where no side is `ratio` times longer or shorter; the cell of
        the box's centre is positive, and up to `neighbours` cells beside it.
    kind "shape_iou": the shape most like the box (both freely centred) is positive in the centre's cell, on
        every level that has it; `Anchors.competing` and `Level.also_above` say more.
    kind "atss": the `candidates` anchors of each level and shape nearest to the box's centre; positive where
        IoU reaches their mean plus standard deviation and the anchor's centre is inside the box.
    no_boxes: what an image without boxes does: all anchors are "negative", or the framework "raises";
        no_boxes_error: what that says.
    """

    kind: Literal["iou", "side_ratio", "shape_iou", "atss"] = "iou"
    positive: float | None = None
    negative: float | None = None
    positive_inclusive: bool = True
    negative_inclusive: bool = True
    force: Literal["none", "best", "ties"] = "none"
    force_floor: float = 0.0
    floor_inclusive: bool = True
    forced_to: Literal["own", "first", "last"] = "own"
    cells: Literal["all", "box_centre"] = "all"
    ratio: float = 0.0
    neighbours: int = 2
    candidates: int = 0
    no_boxes: Literal["negative", "raises"] = "negative"
    no_boxes_error: str = ""

    def __post_init__(self) -> None:
        require(self, self.kind, {name: kind.wanted for name, kind in _KINDS.items()})
        self._kind.check(self)
        if not self.can_force and (self.force != "none" or self.cells != "all"):
            raise ValueError(f"kind {self.kind!r} takes neither force nor cells")
        if self.neighbours not in (0, 2, 4):
            raise ValueError(f"neighbours is {self.neighbours}; it must be 0, 2 or 4")

    @property
    def _kind(self) -> _Kind:
        return _KINDS[self.kind]

    @property
    def name(self) -> str:
        """What a sentence calls the rule: `matching by IoU`."""
        return self._kind.name

    @property
    def threshold(self) -> float:
        """What a box's best value must reach to be matched, 0 where the rule has no fixed threshold."""
        return self._kind.threshold(self)

    @property
    def foreground_from(self) -> float:
        """The lowest value at which a box has a positive anchor, matched or forced."""
        return self.force_floor if self.force != "none" else self.threshold

    @property
    def takes_most_alike(self) -> bool:
        """Tell whether the shape most like a box is positive, however unlike it is."""
        return self._kind.takes_most_alike

    @property
    def measure(self) -> str:
        """What `best_iou` is for this rule."""
        return self._kind.measure

    @property
    def has_thresholds(self) -> bool:
        """Tell whether anchors are labelled by two fixed thresholds of IoU, which can be set."""
        return self._kind.has_thresholds

    @property
    def can_force(self) -> bool:
        """Tell whether the rule takes `force` and `cells`."""
        return self._kind.can_force

    @property
    def forces(self) -> bool:
        """Tell whether anchors below the threshold are forced."""
        return self.force != "none"

    @property
    def takes_border(self) -> bool:
        """Tell whether the rule can leave out anchors that cross the edge."""
        return self._kind.takes_border

    @property
    def is_by_shape(self) -> bool:
        """Tell whether only sizes decide, wherever the box and the anchors lie."""
        return self._kind.is_by_shape

    @property
    def depends_on_anchors(self) -> bool:
        """Tell whether other anchor shapes can give other labels."""
        return self._kind.depends_on_anchors

    @property
    def judges_shapes_alone(self) -> bool:
        """Tell whether anchors match a box exactly where one of their shapes would, alone.

        Then a set of shapes can be searched shape by shape.
        """
        return self._kind.judges_shapes_alone

    @property
    def takes_fractions(self) -> bool:
        """Tell whether boxes reach the matcher as fractions of the canvas."""
        return self._kind.takes_fractions

    @property
    def forces_at_zero(self) -> bool:
        """Tell whether a box that overlaps no anchor makes every anchor that overlaps nothing positive."""
        return self.force == "ties" and self.force_floor == 0 and self.floor_inclusive

    def empty_when(self, border: Border) -> str:
        """When an image with usable boxes ends without a positive anchor, as a sentence; "" for never.

        As far as the rule itself tells: `Detector.empty_when` knows also which shapes are on no level.
        """
        return self._kind.empty_when(self, border)

    def __str__(self) -> str:
        return self._kind.text(self)


def _nothing_to_check(match: Match) -> None:
    """Every value is in range."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What follows from one kind of matching; the fields are those of the properties of `Match`.

    wanted: keys that must be given. check: raises ValueError for values that are out of range.
    """

    name: str
    text: Callable[[Match], str]
    empty_when: Callable[[Match, Border], str]
    wanted: tuple[str, ...] = ()
    check: Callable[[Match], None] = _nothing_to_check
    threshold: Callable[[Match], float] = lambda match: 0.0
    measure: str = "IoU"
    has_thresholds: bool = False
    can_force: bool = False
    takes_border: bool = False
    is_by_shape: bool = False
    depends_on_anchors: bool = True
    judges_shapes_alone: bool = False
    takes_most_alike: bool = False
    takes_fractions: bool = False


def _check_iou(match: Match) -> None:
    assert match.positive is not None
    assert match.negative is not None
    if not 0 < match.positive <= 1:
        raise ValueError(f"positive threshold is {match.positive:g}; it must be above 0 and at most 1")
    if not 0 <= match.negative <= match.positive:
        raise ValueError(
            f"negative threshold is {match.negative:g}; "
            f"it must lie between 0 and the positive one, {match.positive:g}"
        )
    if not 0 <= match.force_floor <= 1:
        raise ValueError(f"force_floor is {match.force_floor:g}; it must be 0 to 1")


def _iou_in_words(match: Match) -> str:
    at, up_to = ">=" if match.positive_inclusive else ">", "<=" if match.negative_inclusive else "<"
    text = f"positive IoU {at} {match.positive:g}, negative {up_to} {match.negative:g}"
    if match.cells == "box_centre":
        text += ", in the cells of box centres"
    if match.force == "none":
        return text
    floor = ""
    if match.force_floor:
        floor = f" from IoU {match.force_floor:g}"
    return f"{text}, best anchor{'s' if match.force == 'ties' else ''} forced{floor}"


def _iou_empty_when(match: Match, border: Border) -> str:
    edge = "" if border.pixels is None else " among the anchors that count"
    if match.force == "none":
        sign = "below" if match.positive_inclusive else "at most"
        return f"every box has a best IoU {sign} {match.positive:g}{edge}"
    if border.pixels is not None and border.stage == "after":
        return "every best anchor, and every one above the threshold, crosses the border"
    if match.force_floor:
        return f"every box has a best IoU below {match.force_floor:g}{edge}"
    if match.force == "best" or match.floor_inclusive or match.cells == "box_centre":
        return ""  # the anchors of a box's own cell always overlap it
    return f"no box overlaps any anchor{edge}"


def _check_side_ratio(match: Match) -> None:
    if not 1 < match.ratio <= 1000:
        raise ValueError(f"ratio is {match.ratio:g}; it must be above 1, at most 1000")


def _check_atss(match: Match) -> None:
    if not 1 <= match.candidates <= 100:
        raise ValueError(f"candidates is {match.candidates}; it must be 1 to 100")


_KINDS = {
    "iou": _Kind(
        name="matching by IoU",
        wanted=("positive", "negative"),
        check=_check_iou,
        text=_iou_in_words,
        empty_when=_iou_empty_when,
        threshold=lambda match: match.positive or 0.0,
        has_thresholds=True,
        can_force=True,
        takes_border=True,
        judges_shapes_alone=True,
    ),
    "side_ratio": _Kind(
        name="matching by sides",
        wanted=("ratio",),
        check=_check_side_ratio,
        text=lambda match: f"sides less than {match.ratio:g} times longer or shorter",
        empty_when=lambda match, border: (
            f"every box has a side {match.ratio:g} times longer or shorter than that of every anchor"
        ),
        threshold=lambda match: 1.0 / match.ratio,
        measure="side ratio",
        is_by_shape=True,
        judges_shapes_alone=True,
        takes_fractions=True,
    ),
    "shape_iou": _Kind(
        name="matching by shape",
        text=lambda match: "the shape most like the box",
        empty_when=lambda match, border: "",
        measure="shape IoU",
        is_by_shape=True,
        judges_shapes_alone=True,
        takes_most_alike=True,
    ),
    "atss": _Kind(
        name="ATSS",
        wanted=("candidates",),
        check=_check_atss,
        text=lambda match: f"ATSS, {match.candidates} candidates a level",
        empty_when=lambda match, border: (
            "no candidate reaches mean + deviation with its centre inside its box"
        ),
    ),
}
