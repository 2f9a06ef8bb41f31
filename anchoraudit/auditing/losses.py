"""The two losses of the reference, their gradients, and the effect of each guard, in NumPy.

Arrays are batches of what `encode` returns: scores [B, gh, gw, k, 2], boxes [B, gh, gw, k, 4], masks
[B, gh, gw, k]; or with all A anchors in one axis, scores [B, A, 2] and so on.

Source: YunYang1994/TensorFlow2.0-Examples, 4-Object_Detection/RPN, `train.py: compute_loss`. Each image's
sum is divided by the count over the whole batch, then the images are averaged. Nothing guards against a
count of 0.

Masks are multiplied, as in the source. So a value that is not finite stays not finite: 0 times NaN is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from anchoraudit.arrays import Bool, Float

Guard = Literal["plain", "truncated", "truncated_before", "guarded", "skipped"]
"""How a loss handles a count of 0. Each of the two losses does so by itself.

plain: not at all. sum / 0 is NaN, and so is its gradient.
truncated: NaN is replaced by 0 after the division, as `where(isnan(loss), 0, loss)` and `nan_to_num` do. The
    value is 0. The gradient is NaN: backpropagation sends 0 into the division, and 0 / 0 is NaN.
truncated_before: if the count is 0, the loss is 0 and the divisor 1. Value and gradient are 0.
guarded: the divisor is max(1, count). Value and gradient are 0.
skipped: images with an empty foreground mask are left out of both losses, as if they were not in the batch.
"""


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of the scores and the loss of the boxes."""

    score: float
    box: float

    @property
    def total(self) -> float:
        """Their sum, which training minimises. The reference weighs both by 1."""
        return self.score + self.box

    def truncated(self) -> Losses:
        """Replace each NaN by 0: the first remedy."""
        return Losses(*(0.0 if np.isnan(value) else value for value in (self.score, self.box)))


@dataclass(frozen=True, slots=True)
class Gradients:
    """Derivatives of the total loss by the predictions: scores (logits) [B, ..., 2], boxes [B, ..., 4]."""

    scores: Float
    boxes: Float


def losses(
    targets: tuple[Float, Float, Float], predictions: tuple[Float, Float], *, guard: Guard = "plain"
) -> Losses:
    """Return both losses of a batch.

    targets: scores, boxes and masks. predictions: scores (logits) and boxes, of the same shapes.
    """
    kept = _kept(targets[2], guard)
    scores, boxes, masks = (array[kept] for array in targets)
    with np.errstate(all="ignore"):  # 0/0 = NaN is what this shows
        found = Losses(
            score=_average(_softmax_cross_entropy(scores, predictions[0][kept]), _labelled(masks), guard),
            box=_average(_smooth_l1(boxes - predictions[1][kept]), _positive(masks), guard),
        )
    return found.truncated() if guard == "truncated" else found


def losses_of_zero_predictions(targets: tuple[Float, Float, Float], *, guard: Guard = "plain") -> Losses:
    """Return both losses of one image, as a batch of its own, if the network predicts 0 everywhere."""
    scores, boxes, masks = (array[None] for array in targets)
    return losses((scores, boxes, masks), (np.zeros_like(scores), np.zeros_like(boxes)), guard=guard)


def gradients(
    targets: tuple[Float, Float, Float], predictions: tuple[Float, Float], *, guard: Guard = "plain"
) -> Gradients:
    """Return the gradients of a batch's total loss, as the frameworks' backpropagation multiplies them out.

    targets, predictions: as for `losses`. A single NaN in one of the arrays makes NaN of every weight that
    the predictions depend on, as soon as the optimiser takes a step.
    """
    kept = _kept(targets[2], guard)
    scores, boxes, masks = (array[kept] for array in targets)
    logits, offsets = predictions[0][kept], predictions[1][kept]
    found = Gradients(np.zeros(targets[0].shape), np.zeros(targets[1].shape))
    with np.errstate(all="ignore"):
        entropy, distance = _softmax_cross_entropy(scores, logits), _smooth_l1(boxes - offsets)
        probability = np.exp(_log_softmax(logits))
        found.scores[kept] = _share(entropy, _labelled(masks), guard)[..., None] * (
            probability * scores.sum(axis=-1, keepdims=True) - scores
        )
        found.boxes[kept] = _share(distance, _positive(masks), guard)[..., None] * np.clip(
            offsets - boxes, -1.0, 1.0
        )
    return found


def _kept(masks: Float, guard: Guard) -> Bool:
    """Tell which images take part in the losses: bool [B]."""
    if guard != "skipped":
        return np.ones(len(masks), dtype=np.bool_)
    return np.array([image.any() for image in _positive(masks)], dtype=np.bool_)


def _labelled(masks: Float) -> Bool:
    labelled: Bool = np.abs(masks) == 1
    return labelled


def _positive(masks: Float) -> Bool:
    return masks > 0


def _divisor(mask: Bool, guard: Guard) -> np.float64:
    count = int(np.count_nonzero(mask))
    return np.float64(max(1, count) if guard in ("truncated_before", "guarded") else count)


def _average(values: Float, mask: Bool, guard: Guard) -> float:
    """Divide each image's sum by the count over the batch, then average over the images. 0 without images."""
    if not len(mask) or (guard == "truncated_before" and not mask.any()):
        return 0.0
    sums = (values * mask).reshape(len(values), -1).sum(axis=1)
    return float((sums / _divisor(mask, guard)).mean())


def _share(values: Float, mask: Bool, guard: Guard) -> Float:
    """Return the derivative of the average by each anchor's value, shaped like the mask.

    Truncation that replaces a NaN has the derivative 0. That 0 is then multiplied through the division and
    the mask like any other.
    """
    chosen = 1.0
    if guard == "truncated":
        chosen = 0.0 if np.isnan(_average(values, mask, guard)) else 1.0
    elif guard == "truncated_before":
        chosen = float(mask.any())
    shares: Float = chosen / max(1, len(mask)) / _divisor(mask, guard) * mask
    return shares


def _log_softmax(logits: Float) -> Float:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs: Float = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def _softmax_cross_entropy(labels: Float, logits: Float) -> Float:
    summed: Float = -(labels * _log_softmax(logits)).sum(axis=-1)
    return summed


def _smooth_l1(difference: Float) -> Float:
    """0.5 d^2 below 1, |d| - 0.5 above, summed over the four offsets."""
    distance = np.abs(difference)
    summed: Float = np.where(distance < 1, 0.5 * distance**2, distance - 0.5).sum(axis=-1)
    return summed
