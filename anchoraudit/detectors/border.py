"""Which anchors count."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import LARGEST, Block


class Border(Block, frozen=True):
    """Which anchors count: those with `x1 > -margin, y1 > -margin, x2 < W + margin, y2 < H + margin`.

    margin: pixels, or "off": every anchor counts. of: what is held to it: the anchor's "corners", or its
    "centre". against: W x H is the "canvas", or the resized "image" without padding.
    low_inclusive, high_inclusive: `>=` and `<=` instead. stage: "before" matching, or "after" it, when an
    anchor outside is ignored though it was positive, forced ones too.
    none_inside: where no anchor counts, all are "ignored", or the framework "raises"; none_inside_error: what
    that says.
    """

    margin: float | Literal["off"]
    of: Literal["corners", "centre"] = "corners"
    against: Literal["canvas", "image"] = "canvas"
    low_inclusive: bool = False
    high_inclusive: bool = False
    stage: Literal["before", "after"] = "before"
    none_inside: Literal["ignored", "raises"] = "ignored"
    none_inside_error: str = ""

    def __post_init__(self) -> None:
        if self.margin != "off" and not 0 <= self.margin <= LARGEST:
            raise ValueError(f'margin is {self.margin:g}; it must be 0 or more pixels, or "off"')

    @property
    def pixels(self) -> float | None:
        """The margin in pixels, None where the rule is off."""
        return None if self.margin == "off" else self.margin

    def __str__(self) -> str:
        if self.margin == "off":
            return "anchors may cross the edge"
        centres = " of centres" if self.of == "centre" else ""
        return f"border {self.margin:g} px{centres}" + (" after matching" if self.stage == "after" else "")
