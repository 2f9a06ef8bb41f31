"""The border rule of a detector: which anchors count, and which are ignored because they cross the edge."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import LARGEST, Block


class Border(Block, frozen=True):
    """Which anchors count: those with ``x1 > -margin, y1 > -margin, x2 < W + margin, y2 < H + margin``.

    Anchors are in pixels of the canvas, continuous coordinates. An anchor that does not count is ignored.

    Parameters
    ----------
    margin : float or "off"
        Pixels by which an anchor may cross the edge. "off": every anchor counts.
    of : {"corners", "centre"}
        What is compared with the edge: the anchor's corners, or its centre.
    against : {"canvas", "image"}
        W x H is the size of the canvas, or of the resized image without padding.
    low_inclusive, high_inclusive : bool
        Compare with ``>=`` at the left and top edge, with ``<=`` at the right and bottom edge.
    stage : {"before", "after"}
        Before matching: ignored anchors take no part in it. After matching: positive and forced anchors that
        cross the edge become ignored.
    none_inside : {"ignored", "raises"}
        If no anchor counts, all are ignored, or the framework raises an error.
    none_inside_error : str
        The message of that error, for reports.

    Raises
    ------
    ValueError
        If the margin is below 0 or above 100000 px.

    Examples
    --------
    >>> print(Border(margin=8))
    border 8 px
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
        """The margin in pixels, None if the rule is off."""
        return None if self.margin == "off" else self.margin

    def __str__(self) -> str:
        if self.margin == "off":
            return "anchors may cross the edge"
        centres = " of centres" if self.of == "centre" else ""
        return f"border {self.margin:g} px{centres}" + (" after matching" if self.stage == "after" else "")
