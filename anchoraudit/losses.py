"""The reference's two losses in NumPy, as it averages them, and what guards make of them.

Arrays are batches of what `encode` returns: scores [B, gh, gw, k, 2], boxes [B, gh, gw, k, 4], masks
[B, gh, gw, k]; or of all anchors in one row, scores [B, A, 2] and so on.

Source: YunYang1994/TensorFlow2.0-Examples, 4-Object_Detection/RPN, `train.py: compute_loss`: each image's
sum is divided by the count over the whole batch, then the images are averaged. Nothing guards a count of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.geometry import Float


@dataclass(frozen=True, slots=True)
class Losses:
    """Loss of the scores, of the boxes, and their sum."""

    score: float
    box: float

    @property
    def total(self) -> float:
        """The sum, which training minimises (the reference weighs both by 1)."""
        return self.score + self.box

    def truncated(self) -> Losses:
        """Replace NaN by 0, one by one: the first remedy."""
        return Losses(*(0.0 if np.isnan(value) else value for value in (self.score, self.box)))


def losses(
    targets: tuple[Float, Float, Float], predictions: tuple[Float, Float], *, guarded: bool = False
) -> Losses:
    """Both losses of a batch.

    targets: scores, boxes and masks. predictions: scores (logits) and boxes, shaped like their targets.
    guarded: divide by max(1, count) instead of the count, so that an empty mask gives 0 and not NaN.
    """
    scores, boxes, masks = targets
    labelled, foreground = np.abs(masks) == 1, masks > 0
    return Losses(
        score=_batch_mean(_softmax_cross_entropy(scores, predictions[0]), labelled, guarded),
        box=_batch_mean(_smooth_l1(boxes - predictions[1]), foreground, guarded),
    )


def losses_of_zero_predictions(targets: tuple[Float, Float, Float], *, guarded: bool = False) -> Losses:
    """Both losses of one image, a batch of its own, for a network that answers 0."""
    scores, boxes, masks = (array[None] for array in targets)
    return losses((scores, boxes, masks), (np.zeros_like(scores), np.zeros_like(boxes)), guarded=guarded)


def _batch_mean(values: Float, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], guarded: bool) -> float:
    """Sum per image over the count in the batch, then the mean over the images."""
    counted = int(np.count_nonzero(mask))
    count = np.float64(max(1, counted) if guarded else counted)
    sums = np.where(mask, values, 0.0).reshape(len(values), -1).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0/0 is the point
        return float((sums / count).mean())


def _softmax_cross_entropy(labels: Float, logits: Float) -> Float:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    summed: Float = -(labels * log_probability).sum(axis=-1)
    return summed


def _smooth_l1(difference: Float) -> Float:
    """0.5 d^2 below 1, |d| - 0.5 from there, summed over the four offsets."""
    distance = np.abs(difference)
    summed: Float = np.where(distance < 1, 0.5 * distance**2, distance - 0.5).sum(axis=-1)
    return summed
