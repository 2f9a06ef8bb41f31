"""How a detector labels anchors or points as positive, negative or ignored.

`_KINDS` holds all that differs between kinds of matching. Other modules ask the properties of `Match` and
never compare kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from anchoraudit.detectors._block import LARGEST, Block, require

if TYPE_CHECKING:
    from anchoraudit.detectors.border import Border


class Match(Block, frozen=True):
    """How anchors or points are labelled as positive, negative or ignored.

    Parameters
    ----------
    kind : str
        Of detectors with anchors:

        - "iou": an anchor is positive if its IoU with any box is at least `positive`, negative if its IoU
          with every box is at most `negative`, and ignored in between.
        - "side_ratio": a box and a shape match if no side is `ratio` times longer or shorter. The cell of the
          box's centre is positive, and up to `neighbours` cells beside it.
        - "shape_iou": the shape most like the box, both freely centred, is positive in the cell of the box's
          centre, on every level that has it. See `Anchors.competing` and `Level.also_above`.
        - "atss": of each level and shape, the `candidates` anchors nearest to the box's centre. Those are
          positive whose IoU reaches the mean plus the standard deviation of all candidates' IoUs, and whose
          centre is inside the box. See `threshold_inclusive`, `inside` and `contested`.

        Of detectors with points (`Points`):

        - "in_box": the points inside a box are its candidates; predictions choose among them.
        - "centre_radius": the points within `radius` strides of the box's centre, in x and in y, are its
          candidates; predictions choose among them.
        - "level_range": of the points inside a box, those are positive from which its farthest side lies
          within the range of their level (`ranges`). A point of several boxes learns the smallest.
        - "centre_cell": the cell of the box's centre is positive, on a single level. A cell of several boxes
          learns the last.

        Of detectors with neither:

        - "queries": each box gets one of `queries` predictions, the one that fits best, one to one.
    positive, negative : float, optional
        Thresholds of kind "iou", needed there.
    positive_inclusive, negative_inclusive : bool
        False: compare with ``>`` and ``<`` instead of ``>=`` and ``<=``.
    force : {"none", "best", "ties"}
        For kind "iou". Make anchors positive that are below the threshold: none; the best anchor of each box,
        the first on ties; or all anchors that tie for the best.
    force_floor : float
        Only a box whose best IoU is at least this forces an anchor.
    floor_inclusive : bool
        False: only a box whose best IoU is above `force_floor`.
    forced_to : {"own", "first", "last"}
        The box that a forced anchor is trained towards: the one it overlaps most, or the first or the last of
        the boxes that force it.
    cells : {"all", "box_centre"}
        For kind "iou". All anchors can become positive, or only those in the cell of a box's centre.
    ratio : float
        Limit of kind "side_ratio", needed there; above 1, exclusive.
    neighbours : {0, 2, 4}
        Number of cells beside the centre's, for kind "side_ratio".
    candidates : int
        Number of candidates of kind "atss", needed there.
    threshold_inclusive : bool
        For kind "atss". False: the IoU of a positive anchor must be above the threshold, not equal to it.
    inside : float
        For kind "atss": the centre of a positive anchor is farther than this from all four sides of its box,
        in pixels.
    contested : {"positive", "all"}
        For kind "atss": an anchor that is positive for several boxes goes to the one that it overlaps most,
        the first on ties. "positive": of these boxes. "all": of all boxes of the image, so it may go to one
        of which it is not even a candidate.
    inset : float
        For kind "in_box": a point is inside if it is farther than this from all four sides, in pixels.
    narrow_below, widened_to : float
        For kind "in_box": a side of a box below `narrow_below` pixels is set to `widened_to` pixels, about
        the box's centre, before points are looked for. 0: no side is.
    top : int
        For kind "in_box": how many candidates of a box become positive at most. 0: as many as predictions
        say.
    without_candidate : {"never", "borrows", "anywhere", "contested"}
        For kind "in_box": a box without a candidate is never positive; takes a candidate of another box of
        its image; takes any point of the canvas; or may get a point that is contested by two other boxes.
    radius : float
        In strides. Needed for kind "centre_radius". For kind "level_range": a point must also be this near to
        the centre of the box, in x and in y; 0: anywhere inside.
    or_in_box : bool
        For kind "centre_radius": the points inside the box are candidates too, on every level.
    ranges : tuple of (float, float)
        For kind "level_range", needed there: of each level, from where to where the distance from a point to
        the farthest side of the box may be, in pixels.
    ranges_inclusive : bool
        The ends belong to the ranges.
    radius_as : {"distance", "square"}
        How a point is compared with the radius. "distance": its distance from the centre, with the radius.
        "square": the point, with the edges of a square about the centre. They differ in the last bit.
    areas_from : float
        For kind "level_range": areas are compared after they were subtracted from this number, in the
        precision of the points, so that near ones become equal. 0: as they are.
    queries : int
        For kind "queries", needed there.
    no_boxes : {"negative", "raises"}
        In an image without boxes, all anchors are negative, or the framework raises an error.
    no_candidates : {"negative", "raises"}
        In an image of whose boxes none has a candidate, all points are negative, or the framework raises an
        error.
    no_boxes_error, no_candidates_error : str
        The messages of these errors, for reports.

    Raises
    ------
    ValueError
        If a value is out of range, or if a key is missing or has no effect for the kind.

    Examples
    --------
    >>> print(Match(positive=0.7, negative=0.3, force="ties"))
    positive IoU >= 0.7, negative <= 0.3, best anchors forced
    """

    kind: Literal[
        "iou",
        "side_ratio",
        "shape_iou",
        "atss",
        "in_box",
        "centre_radius",
        "level_range",
        "centre_cell",
        "queries",
    ] = "iou"
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
    threshold_inclusive: bool = True
    inside: float = 0.01
    contested: Literal["positive", "all"] = "positive"
    inset: float = 0.0
    narrow_below: float = 0.0
    widened_to: float = 0.0
    top: int = 0
    without_candidate: Literal["never", "borrows", "anywhere", "contested"] = "never"
    radius: float = 0.0
    or_in_box: bool = False
    ranges: tuple[tuple[float, float], ...] = ()
    ranges_inclusive: bool = False
    radius_as: Literal["distance", "square"] = "distance"
    areas_from: float = 0.0
    queries: int = 0
    no_boxes: Literal["negative", "raises"] = "negative"
    no_boxes_error: str = ""
    no_candidates: Literal["negative", "raises"] = "negative"
    no_candidates_error: str = ""

    def __post_init__(self) -> None:
        require(self, self.kind, {name: kind.wanted for name, kind in _KINDS.items()})
        for key, kinds in _OF_KINDS.items():
            if self.kind not in kinds and getattr(self, key) != _DEFAULTS[key]:
                raise ValueError(f"{key} has no effect with kind {self.kind!r}")
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
        """The rule's name in a sentence: `matching by IoU`."""
        return self._kind.name

    @property
    def unit(self) -> str:
        """What becomes positive: `anchor`, `point` or `query`."""
        return self._kind.unit

    @property
    def units(self) -> str:
        """The same for several: `anchors`, `points` or `queries`."""
        return {"query": "queries"}.get(self.unit, f"{self.unit}s")

    @property
    def is_prediction_free(self) -> bool:
        """Tell whether the labels follow from the boxes alone, whatever the network predicts."""
        return self._kind.is_prediction_free

    @property
    def repeated(self) -> str:
        """Which of several equal boxes of an image is trained: `first`, `last` or `all`."""
        return self.forced_to if self.forced_to == "last" else self._kind.repeated

    @property
    def threshold(self) -> float:
        """The value that a matched box's best anchor must reach; 0 if the rule has no fixed threshold."""
        return self._kind.threshold(self)

    @property
    def foreground_from(self) -> float:
        """The lowest value at which a box has a positive anchor, matched or forced."""
        return self.force_floor if self.force != "none" else self.threshold

    @property
    def foreground_inclusive(self) -> bool:
        """Tell whether a value equal to `foreground_from` is enough."""
        return self.floor_inclusive if self.force != "none" else self.positive_inclusive

    @property
    def takes_most_alike(self) -> bool:
        """Tell whether the shape most like a box is positive, however unlike it is."""
        return self._kind.takes_most_alike

    @property
    def measure(self) -> str:
        """What `best_iou` holds under this rule: IoU or another measure; "" if nothing."""
        return self._kind.measure

    @property
    def has_thresholds(self) -> bool:
        """Tell whether anchors are labelled by two fixed IoU thresholds, which a user can set."""
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
        """Tell whether only sizes decide, and never the position of box and anchor."""
        return self._kind.is_by_shape

    @property
    def depends_on_anchors(self) -> bool:
        """Tell whether other anchor shapes can give other labels."""
        return self._kind.depends_on_anchors

    @property
    def judges_shapes_alone(self) -> bool:
        """Tell whether a set of shapes matches a box if and only if one of its shapes alone does.

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
        """Say when an image with usable boxes ends without a positive anchor, as a sentence; "" for never.

        This knows the rule only. `Detector.empty_when` also knows which shapes are on no level.
        """
        return self._kind.empty_when(self, border)

    def __str__(self) -> str:
        return self._kind.text(self)


def _nothing_to_check(match: Match) -> None:
    """Accept every value: this kind has no numbers of its own."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """All that is particular to one kind of matching. `Match` explains the fields, as its properties.

    wanted: keys that must be given. check: raises ValueError for a value out of range. text: in words.
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
    unit: str = "anchor"
    is_prediction_free: bool = True
    repeated: str = "first"


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
    if not 0 <= match.inside <= 1:
        raise ValueError(f"inside is {match.inside:g}; it must be 0 to 1 px")


def _check_in_box(match: Match) -> None:
    if not 0 <= match.inset <= 1:
        raise ValueError(f"inset is {match.inset:g}; it must be 0 to 1 px")
    if not 0 <= match.narrow_below <= match.widened_to <= LARGEST:
        raise ValueError(
            f"narrow_below is {match.narrow_below:g} and widened_to {match.widened_to:g}; both must be 0 or "
            f"more, and sides are not made narrower"
        )
    if not match.narrow_below and match.widened_to:
        raise ValueError("widened_to needs narrow_below")
    if not 0 <= match.top <= LARGEST:
        raise ValueError(f"top is {match.top}; it must be 0 to {LARGEST}")


def _check_radius(match: Match) -> None:
    if not 0 < match.radius <= 100:
        raise ValueError(f"radius is {match.radius:g}; it must be above 0, at most 100 strides")


def _check_ranges(match: Match) -> None:
    if any(not low < high for low, high in match.ranges):
        raise ValueError("each of ranges must end above its start")
    if not 0 <= match.radius <= 100:
        raise ValueError(f"radius is {match.radius:g}; it must be 0 to 100 strides")
    if not 0 <= match.areas_from <= LARGEST**2:
        raise ValueError(f"areas_from is {match.areas_from:g}; it must be 0 to {LARGEST**2:g} square pixels")


def _check_queries(match: Match) -> None:
    if not 1 <= match.queries <= LARGEST:
        raise ValueError(f"queries is {match.queries}; it must be 1 to {LARGEST}")


def _in_box_in_words(match: Match) -> str:
    text = f"points inside the box{f' by {match.inset:g} px' if match.inset > _ROUNDING else ''}"
    if match.narrow_below:
        text += f", sides below {match.narrow_below:g} px widened to {match.widened_to:g}"
    return text + (f", at most {match.top} by prediction" if match.top else ", chosen by prediction")


def _radius_in_words(match: Match) -> str:
    text = f"points within {match.radius:g} strides of the centre"
    return text + (" or inside the box" if match.or_in_box else "") + ", chosen by prediction"


def _ranges_in_words(match: Match) -> str:
    near = f" and within {match.radius:g} strides of the centre" if match.radius else ""
    limits = "/".join(f"{high:g}" for _, high in match.ranges[:-1])
    return f"points inside the box{near}, levels by the farthest side (up to {limits} px)"


def _in_box_empty_when(match: Match, border: Border) -> str:
    return "no point lies inside any box" if match.without_candidate != "anywhere" else ""


def _ranges_empty_when(match: Match, border: Border) -> str:
    return "no point of the level that a box belongs to lies inside it"


_NONE_NEAR = "no point lies near the centre of any box"
# A kind is about points that lie inside by more than a rounding error if its inset is above this, in pixels.
_ROUNDING = 1e-6
_OF_KINDS = {
    "threshold_inclusive": ("atss",),
    "inside": ("atss",),
    "contested": ("atss",),
    "inset": ("in_box",),
    "narrow_below": ("in_box",),
    "widened_to": ("in_box",),
    "top": ("in_box",),
    "without_candidate": ("in_box",),
    "radius": ("centre_radius", "level_range"),
    "or_in_box": ("centre_radius",),
    "ranges_inclusive": ("level_range",),
    "radius_as": ("centre_radius", "level_range"),
    "areas_from": ("level_range",),
}
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Match)}

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
        repeated="all",
        judges_shapes_alone=True,
        takes_fractions=True,
    ),
    "shape_iou": _Kind(
        name="matching by shape",
        text=lambda match: "the shape most like the box",
        empty_when=lambda match, border: "",
        measure="shape IoU",
        is_by_shape=True,
        repeated="all",
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
    "in_box": _Kind(
        name="matching by points inside",
        check=_check_in_box,
        text=_in_box_in_words,
        empty_when=_in_box_empty_when,
        measure="",
        depends_on_anchors=False,
        unit="point",
        is_prediction_free=False,
    ),
    "centre_radius": _Kind(
        name="matching by points near the centre",
        check=_check_radius,
        text=_radius_in_words,
        # The last point of a row may be a whole stride from the edge, and so from a centre.
        empty_when=lambda match, border: _NONE_NEAR * (match.radius <= 1),
        measure="",
        depends_on_anchors=False,
        unit="point",
        is_prediction_free=False,
    ),
    "level_range": _Kind(
        name="matching by points and ranges of levels",
        wanted=("ranges",),
        check=_check_ranges,
        text=_ranges_in_words,
        empty_when=_ranges_empty_when,
        measure="",
        depends_on_anchors=False,
        unit="point",
    ),
    "centre_cell": _Kind(
        name="matching by the cell of the centre",
        text=lambda match: "the cell of the box's centre",
        empty_when=lambda match, border: "",
        measure="",
        depends_on_anchors=False,
        unit="point",
        repeated="last",
    ),
    "queries": _Kind(
        name="matching by queries",
        wanted=("queries",),
        check=_check_queries,
        text=lambda match: f"{match.queries} queries, one to each box",
        empty_when=lambda match, border: "",
        measure="",
        depends_on_anchors=False,
        unit="query",
        is_prediction_free=False,
        repeated="all",
    ),
}
