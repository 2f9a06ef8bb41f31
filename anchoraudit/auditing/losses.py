"""The reference's two losses in NumPy, as it averages them, their gradients, and what guards make of both.

Arrays are batches of what `encode` returns: scores [B, gh, gw, k, 2], boxes [B, gh, gw, k, 4], masks
[B, gh, gw, k]; or of all anchors in one row, scores [B, A, 2] and so on.

Source: YunYang1994/TensorFlow2.0-Examples, 4-Object_Detection/RPN, `train.py: compute_loss`: each image's
sum is divided by the count over the whole batch, then the images are averaged. Nothing guards a count of 0.

Masks multiply, as there, so what is not finite stays so: 0 times NaN is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from anchoraudit.boxes import Bool, Float

Guard = Literal["plain", "truncated", "truncated_before", "guarded", "skipped"]
"""What is done about a count of 0, to each of the two losses by itself.

plain: nothing; sum / 0 is NaN, and so is its gradient.
truncated: NaN is replaced by 0 after dividing, as `where(isnan(loss), 0, loss)` and `nan_to_num` do. The
    value is 0. The gradient is NaN: 0 goes back into the division, and 0 / 0 is NaN.
truncated_before: where the count is 0 the loss is 0, and 1 is divided by. Value and gradient are 0.
guarded: max(1, count) is divided by. Value and gradient are 0.
skipped: images with an empty foreground mask are left out of both losses, as if they were not in the batch.
"""


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


@dataclass(frozen=True, slots=True)
class Gradients:
    """Derivatives of the total by the predictions: scores [B, ..., 2] (logits), boxes [B, ..., 4]."""

    scores: Float
    boxes: Float


def losses(
    targets: tuple[Float, Float, Float], predictions: tuple[Float, Float], *, guard: Guard = "plain"
) -> Losses:
    """Both losses of a batch.

    targets: scores, boxes and masks. predictions: scores (logits) and boxes, shaped like their targets.
    """
    kept = _kept(targets[2], guard)
    scores, boxes, masks = (array[kept] for array in targets)
    with np.errstate(all="ignore"):  # 0/0 is the point
        found = Losses(
            score=_average(_softmax_cross_entropy(scores, predictions[0][kept]), _labelled(masks), guard),
            box=_average(_smooth_l1(boxes - predictions[1][kept]), _positive(masks), guard),
        )
    return found.truncated() if guard == "truncated" else found


def losses_of_zero_predictions(targets: tuple[Float, Float, Float], *, guard: Guard = "plain") -> Losses:
    """Both losses of one image, a batch of its own, for a network that answers 0."""
    scores, boxes, masks = (array[None] for array in targets)
    return losses((scores, boxes, masks), (np.zeros_like(scores), np.zeros_like(boxes)), guard=guard)


def gradients(
    targets: tuple[Float, Float, Float], predictions: tuple[Float, Float], *, guard: Guard = "plain"
) -> Gradients:
    """Gradients of the total loss of a batch, as the frameworks' reverse mode multiplies them out.

    targets, predictions: as for `losses`. One NaN in either array makes NaN of every weight of the network
    that the array depends on, and the optimiser writes it there.
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
    """Images that a batch consists of. [B]."""
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
    """Sum per image over the count in the batch, then the mean over the images; 0 without images."""
    if not len(mask) or (guard == "truncated_before" and not mask.any()):
        return 0.0
    sums = (values * mask).reshape(len(values), -1).sum(axis=1)
    return float((sums / _divisor(mask, guard)).mean())


def _share(values: Float, mask: Bool, guard: Guard) -> Float:
    """Derivative of the average by the value of each anchor, shaped like the mask.

    What truncation does not choose gets a derivative of 0 and passes it on through the division and the mask.
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
    """0.5 d^2 below 1, |d| - 0.5 from there, summed over the four offsets."""
    distance = np.abs(difference)
    summed: Float = np.where(distance < 1, 0.5 * distance**2, distance - 0.5).sum(axis=-1)
    return summed
