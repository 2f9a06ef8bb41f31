"""Turn a data set's boxes into those an encoder sees: clipped, resized and padded as the detector says.

Each preset names the source of its rules. Boxes are rounded to the matcher's precision at the end: frameworks
that resize in float64 still give float32 to their matcher. Some loaders give boxes as fractions of the image,
and round them before they multiply by a size. This decides some near-ties between anchors, so the same is
done here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int, for_each_block, rows_of
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import Labels, clipped_boxes
from anchoraudit.detectors.spec import Detector, Resize

_ROUND: dict[str, Callable[[Float], Float]] = {
    "half_up": lambda v: np.floor(v + 0.5),
    "half_even": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True, slots=True)
class Canvases:
    """Sizes of D canvases in pixels, float64 [D] each.

    width, height: of the canvas. image_width, image_height: of the resized image on it, without padding.
    """

    width: Float
    height: Float
    image_width: Float
    image_height: Float

    def along(self, axis: int) -> tuple[Float, Float]:
        """Return the extents of canvas and image along x (0) or y (1)."""
        return (self.height, self.image_height) if axis else (self.width, self.image_width)

    def take(self, rows: Int) -> Canvases:
        """Return the canvases of the given rows."""
        return Canvases(*(getattr(self, name)[rows] for name in self.__slots__))

    def unique(self) -> tuple[Canvases, Int]:
        """Return the distinct canvases, and for each of the D its index among them: int64 [D]."""
        first, of = distinct(np.column_stack([getattr(self, name) for name in self.__slots__]))
        return self.take(first), of


@dataclass(frozen=True, slots=True)
class Fit:
    """How N images become canvases. Columns are float64 [N], in pixels.

    scale_x, scale_y: factors for boxes as the loader gives them, in pixels of the image or as fractions of
    its sides. left, top: padding added after scaling. width, height: sizes of the images before resizing.
    """

    canvases: Canvases
    scale_x: Float
    scale_y: Float
    left: Float
    top: Float
    width: Float
    height: Float


@dataclass(frozen=True, slots=True)
class OnCanvas:
    """Boxes on their canvases: float64 [n, 4], pixels of the canvas.

    of: int64 [n], the index of each box's canvas in `canvases`, which are distinct.
    """

    boxes: Float
    of: Int
    canvases: Canvases

    def take(self, rows: Int) -> OnCanvas:
        """Return the boxes of the given rows, with all canvases."""
        # take is several times faster than boxes[rows]
        return OnCanvas(self.boxes.take(rows, axis=0), self.of[rows], self.canvases)

    def block(self, rows: slice) -> OnCanvas:
        """Return boxes that follow one another, with all canvases. Nothing is copied."""
        return OnCanvas(self.boxes[rows], self.of[rows], self.canvases)


def fit(width: Float, height: Float, resize: Resize) -> Fit:
    """Fit images of `width` [N] x `height` [N] px to their canvases. NaN stands for an unknown image size."""
    if resize.kind == "letterbox":
        return _letterboxed(width, height, resize)
    with np.errstate(invalid="ignore", divide="ignore"):
        number = np.dtype(resize.scale_precision).type
        scale, sides = _resized(width.astype(number), height.astype(number), resize)
        scale, exact_w, exact_h = (values.astype(np.float64) for values in (scale, *sides))
        w, h = (np.maximum(_ROUND[resize.rounding](side), 1.0) for side in (exact_w, exact_h))
        by_scale = resize.boxes == "scale" and resize.kind != "stretch"
        if resize.given != "pixels":
            scale_x, scale_y = (exact_w, exact_h) if by_scale else (w, h)
        elif by_scale:
            scale_x = scale_y = scale
        else:
            scale_x, scale_y = w / width, h / height
        canvas_w, canvas_h = w, h
        if resize.pad == "multiple":
            canvas_w, canvas_h = (np.ceil(side / resize.multiple) * resize.multiple for side in (w, h))
        elif resize.pad == "square":
            side = float(resize.cap or resize.side)
            if resize.refits_square:
                # 147 * (640 / 147) is slightly above 640 and is rounded up to 641, so it is fitted again.
                again = side / np.maximum(w, h)
                scale_x, scale_y = scale_x * again, scale_y * again
                w, h = np.rint(w * again), np.rint(h * again)
            canvas_w, canvas_h = np.maximum(w, side), np.maximum(h, side)
        left, top = (canvas_w - w) / 2, (canvas_h - h) / 2
        if resize.whole_padding:
            left, top = np.floor(left), np.floor(top)
        if not resize.centred:
            left, top = np.zeros_like(w), np.zeros_like(h)
    return Fit(Canvases(canvas_w, canvas_h, w, h), scale_x, scale_y, left, top, width, height)


def _resized(width: Float, height: Float, resize: Resize) -> tuple[Float, tuple[Float, Float]]:
    """Return the scale, and the sides before rounding, in the precision of the given sides."""
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
        sides = [
            np.where(side == short, side.dtype.type(resize.side), side * scale) for side in (width, height)
        ]
        longer = np.maximum(*sides)
        shrink = np.where(longer > resize.cap, resize.cap / longer, 1.0)
        return scale * shrink, (sides[0] * shrink, sides[1] * shrink)
    if resize.cap:
        capped = resize.cap / long
        too_long = np.rint(scale * long) > resize.cap if resize.cap_rule == "rounded" else capped < scale
        scale = np.where(too_long, capped, scale)
    return scale, (width * scale, height * scale)


def _letterboxed(width: Float, height: Float, resize: Resize) -> Fit:
    """Fit images into the middle of a canvas of a fixed size.

    Sources: darknet `src/data.c: load_data_detection` of pjreddie ("longer_side", placed at random there) and
    of AlexeyAB ("padding", `letter_box=1`), in float32.
    """
    number = np.dtype(resize.precision).type
    w, h = width.astype(number), height.astype(number)
    net_w, net_h = number(resize.width), number(resize.height)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        aspect = w / h
        if resize.fit == "longer_side":
            wide = aspect >= 1
            own_w, own_h = np.where(wide, net_w, net_h * aspect), np.where(wide, net_w / aspect, net_h)
            left, top = (net_w - own_w) / number(2), (net_h - own_h) / number(2)
        else:
            wide = aspect / (net_w / net_h) > 1
            beside = np.where(wide, number(0), (h * (net_w / net_h) - w) / number(2))
            above = np.where(wide, (w / (net_w / net_h) - h) / number(2), number(0))
            beside, above = (np.maximum(np.floor(pad), number(0)) for pad in (beside, above))
            own_w, own_h = net_w * (w / (w + 2 * beside)), net_h * (h / (h + 2 * above))
            left, top = net_w * (beside / (w + 2 * beside)), net_h * (above / (h + 2 * above))
        scale_x, scale_y = (own_w, own_h) if resize.given != "pixels" else (own_w / w, own_h / h)
    own_w, own_h, scale_x, scale_y, left, top = (
        values.astype(np.float64) for values in (own_w, own_h, scale_x, scale_y, left, top)
    )
    canvas_w, canvas_h = (
        np.where(np.isnan(width), np.nan, float(side)) for side in (resize.width, resize.height)
    )
    return Fit(Canvases(canvas_w, canvas_h, own_w, own_h), scale_x, scale_y, left, top, width, height)


@np.errstate(over="ignore", invalid="ignore")  # corners may be beyond float32, and are infinite then
def place(boxes: Float, fitted: Fit, of: Int | slice, detector: Detector) -> Float:
    """Place boxes [n, 4], pixels of the original images, on their canvases: float64 [n, 4], canvas pixels.

    of: int64 [n], the index of each box's image in `fitted`.
    """
    resize = detector.resize
    # A framework that compares fractions never multiplies them. The product in float64 keeps all their bits.
    exactly = detector.anchors.compared_as == "fractions"
    number = np.dtype("float64" if exactly else resize.precision).type
    canvases = fitted.canvases

    def per_box(x: Float, y: Float) -> npt.NDArray[Any]:
        """Return the images' values for each corner of each box: [n, 2, 2]."""
        values = np.stack([x, y, x, y], axis=1).astype(number)
        # The product of equal shapes is several times faster than a broadcast one.
        own: npt.NDArray[Any] = rows_of(values, of)
        return own.reshape(-1, 2, 2)

    given = boxes.reshape(-1, 2, 2)
    if resize.given != "pixels":
        given = _fractions(given, np.stack([fitted.width[of], fitted.height[of]], axis=1), resize)
    elif resize.given_as == "float32":
        given = given.astype(np.float32)
    corners = given.astype(number, copy=False) * per_box(fitted.scale_x, fitted.scale_y)
    if resize.moves:
        corners += per_box(fitted.left, fitted.top)
    if resize.clip != "off":
        sides = (canvases.width, canvases.height)
        if resize.clip == "image":
            sides = (canvases.image_width, canvases.image_height)
        extent = per_box(*(side - resize.clip_margin for side in sides))
        np.clip(corners, number(0), extent, out=corners)
    if resize.hands_fractions:
        corners = _as_fractions(corners, per_box(canvases.width, canvases.height), detector)
    elif resize.handed == "centre_size":
        corners = _as_centre_and_size(corners, np.dtype(detector.points.precision).type)
    if resize.pixels == "inclusive":
        corners[:, 1] += number(1)
    rounded = corners.astype(detector.box_precision, copy=False)
    placed: Float = rounded.astype(np.float64, copy=False).reshape(-1, 4)
    return placed


def _fractions(corners: Float, sides: Float, resize: Resize) -> npt.NDArray[Any]:
    """Return corners [n, 2, 2] as fractions of the images' sides [n, 2], in the precision of the resize.

    Sources: TensorFlow's tf.Example holds each corner divided by the image's side, in float32. A YOLO label
    holds centre and size divided so; yolov5 `xywhn2xyxy` turns them into corners before it multiplies.
    """
    number = np.dtype(resize.precision).type
    low, high = corners[:, 0], corners[:, 1]
    if resize.given == "corner_fractions":
        return (corners / sides[:, None, :]).astype(number)
    centre = ((low + high) / 2 / sides).astype(number)
    half = ((high - low) / sides).astype(number) / number(2)
    return _around(centre, half)


def _as_centre_and_size(corners: npt.NDArray[Any], number: Any) -> npt.NDArray[Any]:
    """Return corners [n, 2, 2], float64, of boxes that are handed on as centre and size, rounded to `number`.

    Beyond that precision they are infinite, and the corners NaN, as in the framework. Source: YOLOX
    `utils/boxes.py: xyxy2cxcywh` and `data/data_augment.py: TrainTransform`.
    """
    low, size = corners[:, 0], corners[:, 1] - corners[:, 0]
    centre = (low + size * 0.5).astype(number).astype(np.float64)
    half = size.astype(number).astype(np.float64) / 2
    return _around(centre, half)


def _as_fractions(corners: npt.NDArray[Any], sides: npt.NDArray[Any], detector: Detector) -> npt.NDArray[Any]:
    """Return corners [n, 2, 2] that were centre and size in fractions of the canvas in between.

    sides: [n, 2, 2], of the canvases. The fractions have the precision of the corners, and what
    follows that of the points. Sources: ultralytics `data/augment.py: Format` and `utils/loss.py:
    v8DetectionLoss.preprocess`; in 8.1 `utils/instance.py: Instances.normalize` multiplies by 1 / side.
    """
    two, number = corners.dtype.type(2), np.dtype(detector.points.precision).type
    low, high, sides = corners[:, 0], corners[:, 1], sides[:, 0]
    centre, size = (low + high) / two, high - low
    if detector.resize.handed == "centre_reciprocals":
        inverse = (1 / sides.astype(np.float64)).astype(corners.dtype)
        centre, size = centre * inverse, size * inverse
    else:
        centre, size = centre / sides, size / sides
    centre, size = (each.astype(number) * sides.astype(number) for each in (centre, size))
    return _around(centre, size / number(2))


def _around(centre: npt.NDArray[Any], half: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return corners [n, 2, 2] from centres and half sizes [n, 2]."""
    corners = np.empty((len(centre), 2, 2), dtype=centre.dtype)
    np.subtract(centre, half, out=corners[:, 0])
    np.add(centre, half, out=corners[:, 1])
    return corners


@dataclass(frozen=True, slots=True)
class Clipped:
    """Some boxes of a data set, clipped to their images.

    rows: int64 [n], their rows in the data set. boxes: float64 [n, 4], pixels of the original images.
    width, height: float64 [S], the distinct sizes of the N images. of: int64 [n], the index of the size of
    each box's image. of_image: int64 [N], the index of each image's size. batch: int64 [N], as in `Images`;
    then image: int64 [n], the row of each box's image.
    """

    rows: Int
    boxes: Float
    of: Int
    width: Float
    height: Float
    of_image: Int
    batch: Int | None = None
    image: Int | None = None

    def take(self, order: Int) -> Clipped:
        """Return the boxes at the indices `order`, in that order."""
        boxes = self.boxes.take(order, axis=0)
        image = None if self.image is None else self.image[order]
        return replace(self, rows=self.rows[order], boxes=boxes, of=self.of[order], image=image)


def clip_all(dataset: Dataset, rows: Int) -> Clipped:
    """Clip the boxes in the given rows [n] to their images. The result is the same for all detectors."""
    images = dataset.images
    first, of_image = distinct(np.column_stack([images.width, images.height]))
    boxes, of = np.empty((len(rows), 4)), np.empty(len(rows), dtype=np.int64)

    def work(block: slice) -> None:
        boxes[block] = clipped_boxes(dataset, rows[block])
        of[block] = of_image[dataset.boxes.image[rows[block]]]

    for_each_block(len(rows), work)
    image = None if images.batch is None else dataset.boxes.image[rows]
    return Clipped(rows, boxes, of, images.width[first], images.height[first], of_image, images.batch, image)


def distinct(columns: Float) -> tuple[Int, Int]:
    """Return where each distinct row of `columns` [N, c] comes first, and each row's index among these."""
    if len(columns) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    values = np.where(np.isnan(columns), -1.0, columns)
    # Sizes are whole numbers in nearly every data set. Four of 15 bits fit into one integer key, which sorts
    # much faster than rows.
    if len(values) and bool(np.all((values == np.floor(values)) & (values >= -1) & (values < (1 << 15) - 1))):
        keys = np.zeros(len(values), dtype=np.int64)
        for column in values.T:
            keys = (keys << 15) | (column.astype(np.int64) + 1)
        _, first, of = np.unique(keys, return_index=True, return_inverse=True)
    else:
        _, first, of = np.unique(values, axis=0, return_index=True, return_inverse=True)
    return first, of.reshape(-1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Placed:
    """Some boxes of a data set on their canvases.

    rows: int64 [n], their rows in the data set. of_image: int64 [N], the index of each image's canvas.
    """

    rows: Int
    boxes: OnCanvas
    of_image: Int


def place_all(clipped: Clipped, detector: Detector) -> Placed:
    """Resize clipped boxes as the detector says."""
    fitted = fit(clipped.width, clipped.height, detector.resize)
    if clipped.batch is None:
        canvases, of_size = fitted.canvases.unique()
        of_image, of_place, places = of_size[clipped.of_image], of_size, clipped.of
    else:
        assert clipped.image is not None  # given together with the batch
        canvases, of_image = _of_batches(fitted.canvases.take(clipped.of_image), clipped.batch)
        of_place, places = of_image, clipped.image
    placed = np.empty((len(clipped.rows), 4))
    of = np.empty(len(clipped.rows), dtype=np.int64)

    def work(block: slice) -> None:
        placed[block] = place(clipped.boxes[block], fitted, clipped.of[block], detector)
        of[block] = of_place[places[block]]

    for_each_block(len(clipped.rows), work)
    return Placed(clipped.rows, OnCanvas(placed, of, canvases), of_image)


def place_usable(dataset: Dataset, labels: Labels, detector: Detector) -> Placed:
    """Clip and resize all usable boxes, as `place_all` and `clip_all` do, in one pass over the boxes.

    labels: what the label policy says of the data set. Only boxes that it calls clipped are clipped.
    """
    rows, images = np.flatnonzero(labels.usable), dataset.images
    if images.batch is not None:
        return place_all(clip_all(dataset, rows), detector)
    first, of_image = distinct(np.column_stack([images.width, images.height]))
    fitted = fit(images.width[first], images.height[first], detector.resize)
    canvases, of_size = fitted.canvases.unique()
    placed, of = np.empty((len(rows), 4)), np.empty(len(rows), dtype=np.int64)

    def work(block: slice) -> None:
        own = rows[block]  # take is faster than an index
        boxes = dataset.boxes.xyxy.take(own, axis=0)
        cut = np.flatnonzero(labels.clipped.take(own))
        boxes[cut] = clipped_boxes(dataset, own[cut])
        size = of_image.take(dataset.boxes.image.take(own))
        placed[block] = place(boxes, fitted, size, detector)
        of[block] = of_size.take(size)

    for_each_block(len(rows), work)
    return Placed(rows, OnCanvas(placed, of, canvases), of_size[of_image])


def _of_batches(canvases: Canvases, batch: Int) -> tuple[Canvases, Int]:
    """Make the canvases of N images as large as the largest of their batch, and return them as `unique` does.

    Images lie at the top left of the canvas that they share. An unknown size stays unknown.

    Sources: torchvision models/detection/transform.py `batch_images`, detectron2 structures/image_list.py
    `ImageList.from_tensors`, mmengine model/utils.py `stack_batch`: the largest width and the largest height
    of a batch, rounded up to a multiple, which is the same in whatever order.
    """
    _, number = np.unique(batch, return_inverse=True)
    sides = []
    for own in (canvases.width, canvases.height):
        largest = np.full(int(number.max(initial=-1)) + 1, -np.inf)
        np.fmax.at(largest, number, own)
        sides.append(np.where(np.isnan(own), np.nan, largest[number]))
    return replace(canvases, width=sides[0], height=sides[1]).unique()


def on_canvas(dataset: Dataset, rows: Int, detector: Detector) -> OnCanvas:
    """Clip the boxes in the given rows [n] to their images, and resize them as the detector says."""
    if dataset.is_fed:  # a canvas depends on all images of a batch
        return place_all(clip_all(dataset, rows), detector).boxes
    of_box = dataset.boxes.image[rows]
    width, height = dataset.images.width[of_box], dataset.images.height[of_box]
    first, of = distinct(np.column_stack([width, height]))
    fitted = fit(width[first], height[first], detector.resize)
    canvases, of_size = fitted.canvases.unique()
    placed = np.empty((len(rows), 4))

    def work(block: slice) -> None:
        placed[block] = place(clipped_boxes(dataset, rows[block]), fitted, of[block], detector)

    for_each_block(len(rows), work)
    return OnCanvas(placed, of_size[of], canvases)


def one_canvas(width: float, height: float, detector: Detector) -> Fit:
    """Fit one image of `width` x `height` px."""
    return fit(np.array([float(width)]), np.array([float(height)]), detector.resize)
