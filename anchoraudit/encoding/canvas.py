"""From a data set's boxes to those an encoder sees: clipped, resized and padded as the detector says.

Sources of the rules: each preset's. Boxes are rounded to the anchors' precision at the end, since frameworks
that resize in float64 still hand float32 to the matcher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.blocks import for_each_block
from anchoraudit.dataset import Dataset
from anchoraudit.detectors.spec import Detector, Resize
from anchoraudit.geometry import Float
from anchoraudit.labels import clipped_boxes

Int = npt.NDArray[np.int64]
_ROUND: dict[str, Callable[[Float], Float]] = {
    "half_up": lambda v: np.floor(v + 0.5),
    "half_even": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True, slots=True)
class Canvases:
    """Sizes of D canvases, in pixels: float64 [D] each; `image_...`: the resized image on it, unpadded."""

    width: Float
    height: Float
    image_width: Float
    image_height: Float

    def along(self, axis: int) -> tuple[Float, Float]:
        """Extents of canvas and image along x (0) or y (1)."""
        return (self.height, self.image_height) if axis else (self.width, self.image_width)

    def take(self, rows: Int) -> Canvases:
        """Those of the given rows."""
        return Canvases(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Fit:
    """How N images become canvases. scale_x, scale_y, left, top: float64 [N], of boxes."""

    canvases: Canvases
    scale_x: Float
    scale_y: Float
    left: Float
    top: Float


@dataclass(frozen=True, slots=True)
class OnCanvas:
    """Boxes on their canvases: float64 [n, 4], pixels of the canvas.

    of: int64 [n], the canvas of each among the distinct `canvases`.
    """

    boxes: Float
    of: Int
    canvases: Canvases

    def take(self, rows: Int) -> OnCanvas:
        """Those of the given rows."""
        return OnCanvas(self.boxes[rows], self.of[rows], self.canvases)


def fit(width: Float, height: Float, resize: Resize) -> Fit:
    """Fit images of `width` [N] x `height` [N] px; NaN where a size is not known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale, (w, h) = _resized(width, height, resize)
        w, h = (np.maximum(_ROUND[resize.rounding](side), 1.0) for side in (w, h))
        if resize.boxes == "scale" and resize.kind != "stretch":
            scale_x = scale_y = scale
        else:
            scale_x, scale_y = w / width, h / height
        canvas_w, canvas_h = w, h
        if resize.pad == "multiple":
            canvas_w, canvas_h = (np.ceil(side / resize.multiple) * resize.multiple for side in (w, h))
        elif resize.pad == "square":
            side = float(resize.cap or resize.side)
            canvas_w, canvas_h = np.maximum(w, side), np.maximum(h, side)
        left, top = (canvas_w - w) / 2, (canvas_h - h) / 2
        if resize.whole_padding:
            left, top = np.floor(left), np.floor(top)
        if not resize.centred:
            left, top = np.zeros_like(w), np.zeros_like(h)
    return Fit(Canvases(canvas_w, canvas_h, w, h), scale_x, scale_y, left, top)


def _resized(width: Float, height: Float, resize: Resize) -> tuple[Float, tuple[Float, Float]]:
    """Scale, and sides before rounding."""
    if resize.kind == "none":
        return np.ones_like(width), (width, height)
    if resize.kind == "stretch":
        return np.ones_like(width), (
            np.full_like(width, resize.width),
            np.full_like(height, resize.height),
        )
    short, long = np.minimum(width, height), np.maximum(width, height)
    if resize.kind == "longest_side":
        scale = resize.side / long
        return scale, (width * scale, height * scale)
    scale = resize.side / short
    if resize.enlarge_only:
        scale = np.maximum(scale, 1.0)
    if resize.cap_rule == "shrink" and resize.cap:
        sides = [np.where(side == short, float(resize.side), side * scale) for side in (width, height)]
        longer = np.maximum(*sides)
        shrink = np.where(longer > resize.cap, resize.cap / longer, 1.0)
        return scale * shrink, (sides[0] * shrink, sides[1] * shrink)
    if resize.cap:
        capped = resize.cap / long
        too_long = np.rint(scale * long) > resize.cap if resize.cap_rule == "rounded" else capped < scale
        scale = np.where(too_long, capped, scale)
    return scale, (width * scale, height * scale)


def place(boxes: Float, fitted: Fit, of: Int | slice, detector: Detector) -> Float:
    """Boxes [n, 4] of the original images on their canvases; of: the image of each among those fitted."""
    resize = detector.resize
    number = np.dtype(resize.precision).type
    canvases = fitted.canvases
    placed = np.empty_like(boxes)
    scales = [fitted.scale_x[of].astype(number)] * 2
    if fitted.scale_y is not fitted.scale_x:
        scales[1] = fitted.scale_y[of].astype(number)
    for column in range(4):
        axis = column % 2
        side = boxes[:, column].astype(number, copy=False) * scales[axis]
        if resize.centred:
            side += (fitted.top if axis else fitted.left)[of].astype(number)
        if resize.clip != "off":
            canvas, image = canvases.along(axis)
            extent = (canvas if resize.clip == "canvas" else image)[of] - resize.clip_margin
            np.clip(side, number(0), extent.astype(number), out=side)
        if resize.pixels == "inclusive" and column >= 2:
            side += number(1)
        placed[:, column] = side.astype(detector.anchors.precision, copy=False)
    return placed


def distinct(canvases: Canvases) -> tuple[Canvases, Int]:
    """Distinct canvases of N images, and which each image has: int64 [N]."""
    columns = np.column_stack([getattr(canvases, name) for name in Canvases.__slots__])
    # Sizes are whole numbers in nearly every data set: one integer key is much faster to sort than rows.
    if len(columns) and bool(np.all((columns == np.floor(columns)) & (columns < 1 << 15))):
        keys = np.zeros(len(columns), dtype=np.int64)
        for column in columns.T:
            keys = (keys << 15) | column.astype(np.int64)
        _, first, of = np.unique(keys, return_index=True, return_inverse=True)
    else:
        _, first, of = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    return canvases.take(first), of.reshape(-1).astype(np.int64)


def on_canvas(dataset: Dataset, rows: Int, detector: Detector) -> OnCanvas:
    """Clip the boxes of some rows [n] to their images, and resize them as the detector says."""
    return place_all(dataset, rows, detector).boxes


@dataclass(frozen=True, slots=True)
class Placed:
    """Boxes of a data set by their rows: int64 [n], on their canvases.

    of_image: int64 [N], which of the canvases each of the data set's images has.
    """

    rows: Int
    boxes: OnCanvas
    of_image: Int


def place_all(dataset: Dataset, rows: Int, detector: Detector, clipped: Float | None = None) -> Placed:
    """As `on_canvas`, with what belongs to the images; clipped: those boxes clipped to their images."""
    fitted = fit(dataset.images.width, dataset.images.height, detector.resize)
    canvases, of_image = distinct(fitted.canvases)
    placed = np.empty((len(rows), 4))
    of = np.empty(len(rows), dtype=np.int64)

    def work(block: slice) -> None:
        image = dataset.boxes.image[rows[block]]
        own = clipped_boxes(dataset, rows[block]) if clipped is None else clipped[block]
        placed[block] = place(own, fitted, image, detector)
        of[block] = of_image[image]

    for_each_block(len(rows), work)
    return Placed(rows, OnCanvas(placed, of, canvases), of_image)


def one_canvas(width: float, height: float, detector: Detector) -> Fit:
    """Fit one image of `width` x `height` px."""
    return fit(np.array([float(width)]), np.array([float(height)]), detector.resize)
