"""Pictures brought to a size, fixed or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.auditing.augmentation.frameworks.views import Views


def _rounded(sides: Float, how: str) -> Float:
    made = np.ceil(sides) if how == "ceil" else np.floor(sides + 0.5 if how == "half_up" else sides)
    result: Float = np.maximum(made, 1.0)
    return result


@dataclass(frozen=True, slots=True)
class LongSide:
    """The longer side becomes that of the network; the other is rounded, and boxes follow the actual sizes.

    boxes_by: "size", the actual sizes; "scale", the factor before rounding.
    """

    rounding: Literal["floor", "ceil", "half_up"]
    boxes_by: Literal["size", "scale"] = "size"

    def __call__(self, views: Views) -> None:
        """Change the views."""
        scale = views.side / np.maximum(views.width, views.height)
        # 147 * (640 / 147) is slightly above 640; no framework's picture is.
        width, height = (
            np.minimum(_rounded(extent * scale, self.rounding), views.side)
            for extent in (views.width, views.height)
        )
        views.resize(width, height, (scale, scale) if self.boxes_by == "scale" else None)


@dataclass(frozen=True, slots=True)
class Square:
    """Stretched to the network's square."""

    def __call__(self, views: Views) -> None:
        """Change the views."""
        views.resize(np.full_like(views.width, views.side), np.full_like(views.height, views.side))


@dataclass(frozen=True, slots=True)
class ShortSide:
    """The shorter side becomes one of `sides`, the longer at most `cap`; the aspect is kept.

    mmdetection: `RandomChoiceResize` with `keep_ratio`; boxes follow the actual sizes, and are clipped.
    """

    sides: tuple[float, ...]
    cap: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        _fit(views, views.stream().choice(self.sides), np.full_like(views.width, self.cap))


@dataclass(frozen=True, slots=True)
class WithinTwoLimits:
    """As large as the smaller of two limits on the longer side allows, each drawn from low..high by itself.

    mmdetection: `RandomResize(scale=[(320, 320), (608, 608)], keep_ratio=True)`.
    """

    low: float
    high: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        one, other = stream.whole(self.low, self.high), stream.whole(self.low, self.high)
        _fit(views, np.minimum(one, other), np.maximum(one, other))


@dataclass(frozen=True, slots=True)
class ScaledSquare:
    """Fitted into a square whose side is `low` to `high` times the network's, times `of`.

    mmdetection: `RandomResize(scale=(of * S, of * S), ratio_range=(low, high), keep_ratio=True)`.
    """

    low: float
    high: float
    of: float = 1.0

    def __call__(self, views: Views) -> None:
        """Change the views."""
        side = np.floor(views.side * self.of * views.stream().uniform(self.low, self.high))
        _fit(views, side, side)


def _fit(views: Views, short: Float, long: Float) -> None:
    """Resize by the smaller scale; mmcv `rescale_size`, mmdetection `Resize`."""
    shorter, longer = np.minimum(views.width, views.height), np.maximum(views.width, views.height)
    scale = np.minimum(long / longer, short / shorter)
    width, height = (_rounded(extent * scale, "half_up") for extent in (views.width, views.height))
    views.resize(width, height)
    views.clip()


@dataclass(frozen=True, slots=True)
class Pad:
    """Padded at the right and at the bottom: to the network's square, or to a multiple of `multiple`."""

    multiple: int = 0

    def __call__(self, views: Views) -> None:
        """Change the views."""
        if self.multiple:
            sides = [np.ceil(e / self.multiple) * self.multiple for e in (views.width, views.height)]
        else:
            sides = [np.maximum(e, views.side) for e in (views.width, views.height)]
        views.canvas_width, views.canvas_height = sides


@dataclass(frozen=True, slots=True)
class Centred:
    """In the middle of the network's square: YOLO's letterbox. whole: moved by whole pixels (Ultralytics)."""

    whole: bool = True

    def __call__(self, views: Views) -> None:
        """Change the views."""
        left, top = ((views.side - extent) / 2 for extent in (views.width, views.height))
        if self.whole:
            left, top = np.rint(left - 0.1), np.rint(top - 0.1)
        views.move(left, top)
        views.width, views.height = np.full_like(left, views.side), np.full_like(top, views.side)
        views.unpad()


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The finished, square batch is stretched to one of `sides`, given at a network of `at` px."""

    sides: tuple[float, ...]
    at: float = 640.0

    def __call__(self, views: Views) -> None:
        """Change the views."""
        side = views.stream().choice(self.sides) * (views.side / self.at)
        scale = side / views.canvas_width
        views.boxes *= scale[views.of][:, None]
        views.width, views.height = views.width * scale, views.height * scale
        views.canvas_width = views.canvas_height = side
