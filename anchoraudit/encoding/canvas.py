"""From a data set's boxes to those an encoder sees: clipped to the image, on the network's input."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.dataset import Dataset, Float, Int
from anchoraudit.detectors.spec import Resize
from anchoraudit.geometry import scale_boxes
from anchoraudit.labels import clipped_boxes


@dataclass(frozen=True, slots=True)
class OnCanvas:
    """Boxes on their canvases.

    boxes: float64 [n, 4], pixels of the network's input. width, height: float64 [n], the canvas of each.
    """

    boxes: Float
    width: Float
    height: Float


def on_canvas(dataset: Dataset, rows: Int, resize: Resize) -> OnCanvas:
    """Clip the boxes of some rows [n] to their images, and resize them as `resize` says."""
    image = dataset.boxes.image[rows]
    size = dataset.images.width[image], dataset.images.height[image]
    width, height = resize.network_size(*size)
    return OnCanvas(scale_boxes(clipped_boxes(dataset, rows), size, (width, height)), width, height)
