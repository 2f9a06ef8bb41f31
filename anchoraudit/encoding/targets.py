"""Training targets: the three arrays that the reference encoder makes of the labels.

Source: YunYang1994/TensorFlow2.0-Examples, 4-Object_Detection/RPN, `train.py: encode_label` and
`utils.py: compute_regression`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import DetectorLike, load_detector
from anchoraudit.encoding.canvas import one_canvas, place
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.engines import replay
from anchoraudit.encoding.grid import axes_of
from anchoraudit.errors import AnchorauditError


def encode(
    boxes: npt.ArrayLike, width: float, height: float, detector: DetectorLike = "reference"
) -> tuple[Float, Float, Float]:
    """Encode one image's boxes into training targets, as the reference encoder does.

    Parameters
    ----------
    boxes : array-like of shape (N, 4)
        ``x1, y1, x2, y2`` in pixels of the image, continuous coordinates; N may be 0. They are resized with
        the image and not changed otherwise.
    width, height : float
        Size of the image in pixels.
    detector : str, Path, Detector or model
        What `load_detector` takes. It must have one level of anchors.

    Returns
    -------
    target_scores : ndarray of shape (gh, gw, k, 2)
        1 in channel 1 for positive anchors, 1 in channel 0 for negative ones, else 0.
    target_bboxes : ndarray of shape (gh, gw, k, 4)
        For positive anchors: x1 and y1 of the matched box minus the anchor's, divided by the anchor's width
        and height; then the logarithms of the width and height ratios.
    target_masks : ndarray of shape (gh, gw, k)
        1 positive, -1 negative, 0 ignored.

    Raises
    ------
    AnchorauditError
        If `boxes` is not [N, 4], the size is not positive, or the detector has several levels.

    Notes
    -----
    Source: `train.py: encode_label`, `utils.py: compute_regression` of the reference.

    Examples
    --------
    >>> scores, offsets, masks = encode([[100, 100, 174, 249]], 960, 720)
    >>> masks.shape, int((masks == 1).sum())
    ((45, 60, 9), 40)
    """
    detector = load_detector(detector)
    given = np.asarray(boxes, dtype=np.float64)
    given = given.reshape(0, 4) if given.size == 0 else given
    if given.ndim != 2 or given.shape[1] != 4:
        raise AnchorauditError(
            f"boxes have shape {given.shape}, not (N, 4)", remedy="Give x1, y1, x2, y2 of each box."
        )
    if not (0 < width < np.inf and 0 < height < np.inf):
        raise AnchorauditError(
            f"image size {width}x{height} is not possible", remedy="Give a finite width and height above 0."
        )
    if len(detector.anchors.levels) > 1:
        raise AnchorauditError(
            f"{detector.name} has {len(detector.anchors.levels)} levels of anchors; encode takes one",
            remedy="Use anchoraudit.audit for its results.",
        )
    fitted = one_canvas(width, height, detector)
    scaled = place(given, fitted, np.zeros(len(given), dtype=np.int64), detector)
    dense = replay(scaled, fitted.canvases, detector)
    along_x, along_y = axes_of(detector.anchors)[0]
    extents = float(fitted.canvases.width[0]), float(fitted.canvases.height[0])
    grid = (int(along_y.cells(extents[1])), int(along_x.cells(extents[0])), len(along_x.sizes))
    scores, deltas, masks = targets(dense, scaled)
    return scores.reshape(*grid, 2), deltas.reshape(*grid, 4), masks.reshape(grid)


def targets(labels: DenseLabels, boxes: Float) -> tuple[Float, Float, Float]:
    """Return training targets of all A anchors as in `encode`: scores [A, 2], boxes [A, 4], masks [A].

    boxes: float64 [N, 4], the boxes that `labels` were made for, in pixels of the network's input.
    """
    scores = np.stack([labels.labels == -1, labels.labels == 1], axis=-1).astype(np.float64)
    positive = np.flatnonzero(labels.labels == 1)
    deltas = np.zeros((len(labels.labels), 4))
    deltas[positive] = regression(boxes[labels.matched[positive]], labels.anchors[positive])
    return scores, deltas, labels.labels.astype(np.float64)


def regression(boxes: Float, anchors: Float) -> Float:
    """Return offsets of boxes [N, 4] from anchors [N, 4]: dx1 / w, dy1 / h, log(w' / w), log(h' / h)."""
    sizes = box_sizes(anchors)
    offsets = (boxes[:, :2] - anchors[:, :2]) / sizes
    with np.errstate(divide="ignore", invalid="ignore"):  # a NaN box stays NaN, as in the framework
        return np.concatenate([offsets, np.log(box_sizes(boxes) / sizes)], axis=1)
