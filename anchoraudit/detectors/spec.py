"""A detector as data: how it resizes, which anchors it lays out, how it labels them, how it averages.

Five blocks, each independent of the others. A detector never holds code; `load_detector` reads one from
TOML. NumPy is imported where arrays are: a command line is checked before that, and files are read meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from anchoraudit.geometry import Float


_LARGEST = 100_000  # pixels; no network has a larger input, and memory is not spent on a slip of the pen


class _Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the blocks: immutable, and no key is taken silently that does nothing."""


class Resize(_Block, frozen=True):
    """How an image becomes the network's input.

    kind "stretch": to exactly `width` x `height`, aspect not kept; "longest_side": the longer side to
    `side`, aspect kept; "none": as it is. Sizes in pixels.
    """

    kind: Literal["stretch", "longest_side", "none"]
    width: int = 0
    height: int = 0
    side: int = 0

    def __post_init__(self) -> None:
        wanted = {"stretch": ("width", "height"), "longest_side": ("side",), "none": ()}[self.kind]
        for name in ("width", "height", "side"):
            value = getattr(self, name)
            if (name in wanted) != (value != 0) or not 0 <= value <= _LARGEST:
                allowed = " and ".join(wanted) or "no size"
                raise ValueError(f"resize of kind {self.kind!r} takes {allowed} (1 to {_LARGEST} px)")

    def network_size(self, width: Float, height: Float) -> tuple[Float, Float]:
        """Sizes ([N], [N]) of images of the given sizes ([N], [N]) at the network's input, in pixels."""
        import numpy as np

        from anchoraudit.geometry import longest_side_size

        if self.kind == "stretch":
            return np.full_like(width, self.width), np.full_like(height, self.height)
        if self.kind == "longest_side":
            return longest_side_size(width, height, self.side)
        return width, height

    def __str__(self) -> str:
        if self.kind == "stretch":
            return f"{self.width}x{self.height}"
        return f"longer side {self.side}" if self.kind == "longest_side" else "original size"


class Level(_Block, frozen=True):
    """One grid: `ceil(input / stride)` cells each way, `shapes` (width, height) centred in each.

    The centre of cell i is at `offset + i * stride`. All in pixels of the network's input.
    """

    stride: float
    offset: float
    shapes: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= _LARGEST:
            raise ValueError(f"stride is {self.stride:g}; it must be 1 to {_LARGEST} pixels")
        if not abs(self.offset) <= _LARGEST:
            raise ValueError(f"offset is {self.offset:g}; it must be finite, at most {_LARGEST} pixels")
        if not self.shapes:
            raise ValueError("a level needs at least one shape")
        for w, h in self.shapes:
            if not (0 < w <= _LARGEST and 0 < h <= _LARGEST):
                raise ValueError(
                    f"anchor shape {w:g}x{h:g}; sides must be above 0, at most {_LARGEST} pixels"
                )


class Anchors(_Block, frozen=True):
    """The levels, in the order in which the framework concatenates them."""

    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("a detector needs at least one level of anchors")

    @property
    def shapes(self) -> Float:
        """All shapes of all levels, in order: float64 [K, 2], width and height in pixels."""
        import numpy as np

        return np.array([shape for level in self.levels for shape in level.shapes], dtype=np.float64)


class Border(_Block, frozen=True):
    """Which anchors count: those with `x1 > -margin, y1 > -margin, x2 < W + margin, y2 < H + margin`.

    W and H are the network's input size. margin "off": every anchor counts.
    """

    margin: float | Literal["off"]

    def __post_init__(self) -> None:
        if self.margin != "off" and not 0 <= self.margin <= _LARGEST:
            raise ValueError(f'margin is {self.margin:g}; it must be 0 or more pixels, or "off"')

    @property
    def pixels(self) -> float | None:
        """The margin in pixels, None where the rule is off."""
        return None if self.margin == "off" else self.margin

    def __str__(self) -> str:
        return "anchors may cross the edge" if self.margin == "off" else f"border {self.margin:g} px"


class Match(_Block, frozen=True):
    """How anchors are labelled, by IoU.

    Positive at IoU >= `positive` with any box, negative at <= `negative` with all boxes, ignored in
    between. No anchor is forced.
    """

    positive: float
    negative: float

    def __post_init__(self) -> None:
        if not 0 < self.positive <= 1:
            raise ValueError(f"positive threshold is {self.positive:g}; it must be above 0 and at most 1")
        if not 0 <= self.negative <= self.positive:
            raise ValueError(
                f"negative threshold is {self.negative:g}; "
                f"it must lie between 0 and the positive one, {self.positive:g}"
            )


class Loss(_Block, frozen=True):
    """What the box loss is divided by.

    "batch_positives": the number of positive anchors in the batch, unguarded, so that a batch without
    any is 0/0 = NaN. "batch_positives_or_one": that number, but at least 1, so that it is 0.
    """

    normaliser: Literal["batch_positives", "batch_positives_or_one"]

    @property
    def on_empty(self) -> str:
        """What a batch without a positive anchor does, as a sentence."""
        if self.normaliser == "batch_positives":
            return "a batch without a positive anchor gives a box loss of 0/0 = NaN"
        return "a batch without a positive anchor gives a box loss of 0: it teaches nothing about boxes"


class Detector(_Block, frozen=True):
    """What the audit replays. `sources`: where each rule was read, framework file by file."""

    name: str
    resize: Resize
    anchors: Anchors
    border: Border
    match: Match
    loss: Loss
    framework: str = ""
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the detector in one line."""
        levels = self.anchors.levels
        strides = "/".join(f"{level.stride:g}" for level in levels)
        return (
            f"{self.name}: input {self.resize}, {len(self.anchors.shapes)} anchor shapes, stride {strides}, "
            f"{self.border}, positive IoU >= {self.match.positive:g}, negative <= {self.match.negative:g}"
        )
