"""How likely empty foreground masks are to turn a training epoch's loss into NaN.

An epoch shuffles the images and takes them in batches of B. Without a guard, a normaliser that counts over
the batch is NaN for each batch in which *every* image has an empty mask. One that counts over each image is
NaN for each such image. The last n mod B images form a smaller batch, or are dropped (`drop_last`).
The reference does neither: its batches run on into the next epoch's shuffle. Where B divides n, that makes
no difference.

The chance of at least one NaN is exact, for any number of images; nothing is simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from anchoraudit.errors import AnchorauditError

# Batch sizes in reports, unless the user names others.
BATCH_SIZES = (1, 2, 4, 8, 16)
# The chance to survive is at most exp(-expected). Above 80 it is below 2e-35, and is reported as 0.
_HOPELESS = 80.0
# Bits of the fixed-point numbers. The terms, and rounding errors with them, grow by exp(80) = 2^116 at most.
# Some 10,000 roundings in each of some 300 terms add 2^22. That leaves 118 bits: an error below 1e-30.
_BITS = 256
# Factors multiplied at a time: enough to save calls, few enough to stay within a few machine words.
_RUN = 16


@dataclass(frozen=True, slots=True)
class Risk:
    """The effect of empty masks on one epoch.

    steps: steps in the epoch. per_image: the loss is normalised image by image. expected: the mean number of
    NaN losses in an epoch, counted in steps, or in images if `per_image`. chance: probability of at least
    one. survives: probability of none, that is 1 - chance without its rounding. Both are correctly rounded,
    but for an absolute error below 1e-30.
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
    """Return the risk of an epoch over `images` images, `empty` of them with an empty mask.

    With a batch-wide normaliser a batch of B is NaN with probability p(B) = C(empty, B) / C(images, B). With
    m full batches and r images left over, m p(B) NaN steps are expected, and p(r) more if the rest is a
    batch. For B = 2 and an even number of images that is k (k - 1) / (2 (n - 1)).

    Parameters
    ----------
    images, empty, batch_size : int
        0 <= empty <= images, batch_size >= 1.
    per_image : bool
        The normaliser counts over each image instead of the batch.
    drop_last : bool
        The images left over after the last full batch are dropped; otherwise they form a smaller batch.

    Returns
    -------
    Risk
        Expected number of NaN losses, and the chance of at least one.

    Raises
    ------
    AnchorauditError
        If the numbers are out of range.

    Examples
    --------
    >>> round(nan_risk(images=100, empty=10, batch_size=2).expected, 3)
    0.455
    """
    if not (0 <= empty <= images and batch_size >= 1):
        raise AnchorauditError(
            f"impossible numbers: {empty} empty of {images} images in batches of {batch_size}",
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
    """Return the risk of an epoch with a detector's loss.

    normaliser: the detector's. One whose name begins with "image_" counts over each image, any other over the
    batch. outcome: what an empty mask does to the loss; only "nan" is a risk. Where the normaliser counts
    over each image, every image is taken to be trained on: which ones a dropped last batch spares is left to
    chance. Raises as `nan_risk` does.
    """
    per_image = normaliser.startswith("image_")
    at_risk = empty if outcome == "nan" else 0
    return nan_risk(images, at_risk, batch_size, per_image=per_image, drop_last=drop_last and not per_image)


def sentence(risk: Risk) -> str:
    """Write the risk as a sentence.

    `at batch size 2 expect 0.5 NaN steps per epoch; 60 % chance that the first epoch survives`
    """
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
    """Return C(part, drawn) / C(whole, drawn), the chance that all of `drawn` are from the part.

    drawn <= whole.
    """
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
    """Return the probability that no batch is all empty, and its complement.

    batches: the number of full batches, their size, and the size of one smaller batch (0: there is none).

    Inclusion and exclusion over the full batches gives the sum
        over j of (-1)^j C(full, j) (Q(j size) - Q(j size + last))
    where Q(s) = C(images - s, empty - s) / C(images, empty) is the probability that s given places are all
    empty. The terms grow to exp(expected) before they fall, and their sum is about exp(-expected): floats
    would lose it. Fixed-point integers keep it, and cheaply: all Q together are one product of at most
    `empty` factors.

    Above `_HOPELESS` no sum is needed. Places in a shuffle are negatively associated (Joag-Dev and Proschan,
    Annals of Statistics 11, 1983), so the chance to survive is at most the product over the batches,
    (1 - p)^m <= exp(-expected).
    """
    full, size, last = batches
    if not expected:
        return 1.0, 0.0
    # Each batch needs an image that is not empty to survive.
    if images - empty < full + (last > 0) or expected > _HOPELESS:
        return 0.0, 1.0
    # A small chance needs more bits to keep its digits.
    bits = _BITS + max(0, -math.floor(math.log2(expected)))
    one = 1 << bits
    term, total = one, 0
    for j in range(min(full, empty // size) + 1):
        taken = j * size
        both = _all_empty(term, empty - taken, images - taken, last) if last else 0
        total += both - term if j % 2 else term - both
        if not term:
            break
        # From here on the term is multiplied by at most 1, so its rounding error does not grow.
        term = _all_empty(term * (full - j), empty - taken, images - taken, size) // (j + 1)
    survives = min(max(total, 0), one)
    return survives / one, (one - survives) / one


def _all_empty(term: int, empty: int, images: int, drawn: int) -> int:
    """Multiply `term` by the chance that `drawn` of `images` images are all among the `empty` ones."""
    if drawn > empty:
        return 0
    for start in range(0, drawn, _RUN):
        run = min(_RUN, drawn - start)
        term = term * math.perm(empty - start, run) // math.perm(images - start, run)
    return term


def _number(value: float) -> str:
    """Write `0.5`, `3`, `97.5`, `1,234`: three digits, or a whole number from 100 on."""
    if value < 0.001:
        return "fewer than 0.001"
    return f"{value:,.0f}" if value >= 100 else f"{float(f'{value:.3g}'):g}"


def _percent(probability: float) -> str:
    """Write `40 %`. A chance that is not certain is never shown as `0 %` or `100 %`."""
    percent = 100.0 * probability
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if percent > 99.9 and probability < 1:
        return "> 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"
