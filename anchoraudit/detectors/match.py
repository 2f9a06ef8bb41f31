"""How anchors are labelled."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import Block, require

_WANTED: dict[str, tuple[str, ...]] = {
    "iou": ("positive", "negative"),
    "side_ratio": ("ratio",),
    "shape_iou": (),
    "atss": ("candidates",),
}


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
    kind "shape_iou": the shape most like the box (both freely centred) is positive in the centre's cell.
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
        require(self, self.kind, _WANTED)
        if self.kind == "iou":
            assert self.positive is not None
            assert self.negative is not None
            if not 0 < self.positive <= 1:
                raise ValueError(f"positive threshold is {self.positive:g}; it must be above 0 and at most 1")
            if not 0 <= self.negative <= self.positive:
                raise ValueError(
                    f"negative threshold is {self.negative:g}; "
                    f"it must lie between 0 and the positive one, {self.positive:g}"
                )
            if not 0 <= self.force_floor <= 1:
                raise ValueError(f"force_floor is {self.force_floor:g}; it must be 0 to 1")
        elif self.force != "none" or self.cells != "all":
            raise ValueError(f"kind {self.kind!r} takes neither force nor cells")
        if self.kind == "side_ratio" and not 1 < self.ratio <= 1000:
            raise ValueError(f"ratio is {self.ratio:g}; it must be above 1, at most 1000")
        if self.kind == "atss" and not 1 <= self.candidates <= 100:
            raise ValueError(f"candidates is {self.candidates}; it must be 1 to 100")
        if self.neighbours not in (0, 2, 4):
            raise ValueError(f"neighbours is {self.neighbours}; it must be 0, 2 or 4")

    @property
    def threshold(self) -> float:
        """What a box's best value must reach to be matched, 0 where the rule has no fixed threshold."""
        if self.kind == "side_ratio":
            return 1.0 / self.ratio
        return self.positive or 0.0

    @property
    def foreground_from(self) -> float:
        """The lowest value at which a box has a positive anchor, matched or forced."""
        return self.force_floor if self.force != "none" else self.threshold

    @property
    def measure(self) -> str:
        """What `best_iou` is for this rule."""
        return {"side_ratio": "side ratio", "shape_iou": "shape IoU"}.get(self.kind, "IoU")

    @property
    def forces_at_zero(self) -> bool:
        """Tell whether a box that overlaps no anchor makes every anchor that overlaps nothing positive."""
        return self.force == "ties" and self.force_floor == 0 and self.floor_inclusive

    def __str__(self) -> str:
        if self.kind == "side_ratio":
            return f"sides less than {self.ratio:g} times longer or shorter"
        if self.kind == "shape_iou":
            return "the shape most like the box, always"
        if self.kind == "atss":
            return f"ATSS, {self.candidates} candidates a level"
        at, up_to = ">=" if self.positive_inclusive else ">", "<=" if self.negative_inclusive else "<"
        text = f"positive IoU {at} {self.positive:g}, negative {up_to} {self.negative:g}"
        if self.cells == "box_centre":
            text += ", in the cells of box centres"
        if self.force == "none":
            return text
        floor = ""
        if self.force_floor:
            floor = f" from IoU {self.force_floor:g}"
        return f"{text}, best anchor{'s' if self.force == 'ties' else ''} forced{floor}"
