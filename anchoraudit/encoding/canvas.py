"""From a data set's usable boxes to the boxes an encoder sees: on the network's input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.dataset import Dataset, Float
from anchoraudit.detectors.spec import Resize
from anchoraudit.geometry import scale_boxes
from anchoraudit.labels import Labels


@dataclass(frozen=True, slots=True)
class OnCanvas:
    """Usable boxes on their canvases.

    rows: int64 [N], row of each among all boxes of the data set. boxes: float64 [N, 4], pixels of the
    network's input. width, height: float64 [N], the canvas of each.
    """

    rows: npt.NDArray[np.int64]
    boxes: Float
    width: Float
    height: Float


def on_canvas(dataset: Dataset, labels: Labels, resize: Resize) -> OnCanvas:
    """Resize the usable boxes as `resize` says."""
    rows = np.flatnonzero(labels.usable)
    image = dataset.boxes.image[rows]
    size = dataset.images.width[image], dataset.images.height[image]
    width, height = resize.network_size(*size)
    return OnCanvas(rows, scale_boxes(labels.xyxy[rows], size, (width, height)), width, height)
