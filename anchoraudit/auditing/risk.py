"""How likely empty masks are to turn a training epoch's loss into NaN.

An epoch shuffles the images and takes them in batches of B, in order. A normaliser that counts over the
batch, unguarded, is NaN for each batch of which *every* image has an empty mask; one that counts over each
image, for each such image. The last n mod B images make a smaller batch of their own, or none (`drop_last`).
The reference does neither: its batches run on into the next epoch's shuffle, which makes no difference where
B divides n.

The chance of at least one NaN is exact, for any number of images, so nothing here is simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from anchoraudit.errors import AnchorauditError

# Batch sizes that reports give the risk for, unless others are named.
BATCH_SIZES = (1, 2, 4, 8, 16)
# Survival is at most exp(-expected): beyond this it is below 2e-35, and given as 0.
_HOPELESS = 80.0
# Bits of fixed point. What is rounded off grows as the terms do, by exp(80) = 2^116 at most; some 10,000
# roundings in each of some 300 terms are 2^22 more. That leaves 118 bits, an error below 1e-30.
_BITS = 256
# Factors multiplied at a time: long enough to save calls, short enough to stay within a few machine words.
_RUN = 16


@dataclass(frozen=True, slots=True)
class Risk:
    """What empty masks do to one epoch.

    steps: steps of the epoch. per_image: losses are normalised image by image. expected: the mean number of
    NaN losses in an epoch: of steps, or of images where `per_image`. chance: that there is at least one.
    survives: that there is none, which is 1 - chance without its rounding. Both are correctly rounded but for
    an absolute error below 1e-30.
    """

    batch_size: int
    steps: int
    per_image: bool
    expected: float
    chance: float
    survives: float


def nan_risk(
    images: int, empty: int, batch_size: int, *, per_image: bool = False, drop_last: bool = True
) -> Risk:
    """Risk of an epoch over `images` images of which `empty` have an empty mask.

    per_image: the normaliser counts over each image, unguarded, and not over the batch. drop_last: the images
    left over after the last full batch are left out of the epoch; otherwise they are a smaller batch.

    Batch-wide, a batch of B is NaN with probability p(B) = C(empty, B) / C(images, B); with m full batches
    and r images left over, m p(B), and p(r) more where they are a batch, are expected. For B = 2 and an even
    number of images that is k (k - 1) / (2 (n - 1)).

    Raises AnchorauditError if a number makes no sense: 0 <= empty <= images, batch_size >= 1.
    """
    if not (0 <= empty <= images and batch_size >= 1):
        raise AnchorauditError(
            f"{empty} empty of {images} images in batches of {batch_size}",
            remedy="Give at most as many empty images as images, and a batch size of at least 1.",
        )
    full, left = divmod(images, batch_size)
    last = 0 if drop_last else left
    steps = full + (last > 0)
    if per_image:
        trained = full * batch_size + last
        expected = empty * trained / images if images else 0.0
        survives = _ratio(images - trained, images, empty)
        return Risk(batch_size, steps, True, expected, 1.0 - survives, survives)
    expected = full * _ratio(empty, images, batch_size) if full else 0.0
    if last:
        expected += _ratio(empty, images, last)
    survives, chance = _no_batch_all_empty(images, empty, (full, batch_size, last), expected)
    return Risk(batch_size, steps, False, expected, chance, survives)


def risk_of(
    normaliser: str, outcome: str, images: int, empty: int, batch_size: int, *, drop_last: bool = True
) -> Risk:
    """Risk of an epoch with a detector's loss: its `normaliser`, and the `outcome` of an empty mask.

    Only the outcome "nan" is at risk. A normaliser whose name begins with "image_" counts over each image,
    any other over the batch. Where it counts over each, every image is taken to be trained on: which of them
    a last batch that is not full would spare is left to chance. Raises as `nan_risk` does.
    """
    per_image = normaliser.startswith("image_")
    at_risk = empty if outcome == "nan" else 0
    return nan_risk(images, at_risk, batch_size, per_image=per_image, drop_last=drop_last and not per_image)


def sentence(risk: Risk) -> str:
    """`at batch size 2 expect 0.5 NaN steps per epoch; 60 % chance that the first epoch survives`."""
    start = f"at batch size {risk.batch_size}"
    if not risk.steps:
        return f"{start} no batch is full, so an epoch has no step"
    if not risk.expected:
        return f"{start} expect no NaN step"
    unit = "image with a NaN loss" if risk.per_image else "NaN step"
    many = "images with a NaN loss" if risk.per_image else "NaN steps"
    number = _number(risk.expected)
    return (
        f"{start} expect {number} {unit if number == '1' else many} per epoch; "
        f"{_percent(risk.survives)} chance that the first epoch survives"
    )


def _ratio(part: int, whole: int, drawn: int) -> float:
    """C(part, drawn) / C(whole, drawn): that all of `drawn` drawn are of the part. drawn <= whole."""
    if drawn > part:
        return 0.0
    product = 1.0
    for i in range(drawn):
        product *= (part - i) / (whole - i)
        if not product:
            break
    return product


def _no_batch_all_empty(
    images: int, empty: int, batches: tuple[int, int, int], expected: float
) -> tuple[float, float]:
    """Probability that no batch is all empty, and its complement.

    batches: the number of full ones, their size, and the size of one smaller one (0: there is none).

    By inclusion and exclusion over the full batches, with Q(s) = C(images - s, empty - s) / C(images, empty),
    the probability that s given places are all empty:
        sum over j of (-1)^j C(full, j) (Q(j size) - Q(j size + last))
    The terms grow to exp(expected) before they fall, and their sum is about exp(-expected): no sum of floats.
    In fixed-point integers it is exact, and cheap: all Q together are one product of `empty` factors at most.

    What is above `_HOPELESS` needs no sum: places in a shuffle are negatively associated (Joag-Dev and
    Proschan, Annals of Statistics 11, 1983), so survival is at most the product of what each batch has,
    (1 - p)^m <= exp(-expected).
    """
    full, size, last = batches
    if not expected:
        return 1.0, 0.0
    # Every batch needs an image that is not empty.
    if images - empty < full + (last > 0) or expected > _HOPELESS:
        return 0.0, 1.0
    # A small chance keeps its digits, too.
    bits = _BITS + max(0, -math.floor(math.log2(expected)))
    one = 1 << bits
    term, total = one, 0
    for j in range(min(full, empty // size) + 1):
        taken = j * size
        both = _all_empty(term, empty - taken, images - taken, last) if last else 0
        total += both - term if j % 2 else term - both
        if not term:
            break
        # Multiplied by at most 1 after this, so that what is rounded off is not multiplied.
        term = _all_empty(term * (full - j), empty - taken, images - taken, size) // (j + 1)
    survives = min(max(total, 0), one)
    return survives / one, (one - survives) / one


def _all_empty(term: int, empty: int, images: int, drawn: int) -> int:
    """`term` times the probability that `drawn` images, of `images` with `empty` empty ones, are empty."""
    if drawn > empty:
        return 0
    for start in range(0, drawn, _RUN):
        run = min(_RUN, drawn - start)
        term = term * math.perm(empty - start, run) // math.perm(images - start, run)
    return term


def _number(value: float) -> str:
    """`0.5`, `3`, `97.5`, `1,234`: three digits, or whole from 100 on."""
    if value < 0.001:
        return "fewer than 0.001"
    return f"{value:,.0f}" if value >= 100 else f"{float(f'{value:.3g}'):g}"


def _percent(probability: float) -> str:
    """`40 %`; what is not certain is neither `0 %` nor `100 %`."""
    percent = 100.0 * probability
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if percent > 99.9 and probability < 1:
        return "> 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"
