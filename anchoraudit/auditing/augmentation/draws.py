"""Random geometry for each image: where it goes, at what size, and which of its boxes are left.

A random number depends on the seed, the draw, the quantity, and the image itself (its id and file name), and
on nothing else: not on the order of the images, on the other images, or on how many are processed at a time.
So images keep their probabilities when `filter` drops others, a run with more draws begins with the same
ones, and two augmentations share the numbers of the parts they have in common.

The numbers are hashes of all that: the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014), keyed by NumPy's SeedSequence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.dataset.columns import ImageId

Keys = npt.NDArray[np.uint64]

# The quantities, each with random numbers of its own. Add new ones at the end, to keep the numbers of the
# others.
_FLIP, _SCALE, _MOVE_X, _MOVE_Y, _SHARE, _LEFT, _TOP = range(7)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The geometry of n images, one draw each: float64 [n] each, pixels; mirrored: bool [n].

    A point (x, y) of the image goes to (scale x + shift_x, scale y + shift_y) of the new image, which is
    `width` x `height`. If it is mirrored, x then becomes `width` - x.
    """

    scale: Float
    shift_x: Float
    shift_y: Float
    width: Float
    height: Float
    mirrored: Bool


def keys_of(ids: Iterable[ImageId], file_names: Iterable[str]) -> Keys:
    """Return one number for each image, which does not depend on its position: uint64 [N]."""
    names = (f"{one!r} {name}" for one, name in zip(ids, file_names, strict=True))
    return np.frombuffer(
        b"".join(hashlib.blake2b(n.encode("utf-8", "surrogatepass"), digest_size=8).digest() for n in names),
        dtype="<u8",
    ).astype(np.uint64)


def draw(
    augmentation: Augmentation, keys: Keys, width: Float, height: Float, *, number: int, seed: int
) -> Drawn:
    """Draw the geometry of n images of `width` x `height` px once. number: which draw this is, from 0."""
    constants = np.random.SeedSequence([seed, number]).generate_state(7, np.uint64)

    def uniform(what: int, low: float = 0.0, high: float = 1.0) -> Float:
        """Return numbers in [low, high)."""
        drawn: Float = low + (high - low) * _uniform(keys, constants[what])
        return drawn

    scale, shift_x, shift_y = np.ones(len(keys)), np.zeros(len(keys)), np.zeros(len(keys))
    if augmentation.scale is not None:
        scale = uniform(_SCALE, *augmentation.scale)
        shift_x, shift_y = width * (0.5 - 0.5 * scale), height * (0.5 - 0.5 * scale)
    if augmentation.translate is not None:
        reach = augmentation.translate
        shift_x = shift_x + width * uniform(_MOVE_X, -reach, reach)
        shift_y = shift_y + height * uniform(_MOVE_Y, -reach, reach)
    if augmentation.crop is not None:
        lost = 1.0 - np.sqrt(uniform(_SHARE, *augmentation.crop))
        cut_x, cut_y = np.floor(width * lost), np.floor(height * lost)
        shift_x = shift_x - np.floor(uniform(_LEFT) * (cut_x + 1.0))
        shift_y = shift_y - np.floor(uniform(_TOP) * (cut_y + 1.0))
        width, height = width - cut_x, height - cut_y
    mirrored = uniform(_FLIP) < 0.5 if augmentation.flip else np.zeros(len(keys), dtype=np.bool_)
    return Drawn(scale, shift_x, shift_y, width, height, mirrored)


def _uniform(keys: Keys, constant: np.uint64) -> Float:
    """Hash to numbers in [0, 1), multiples of 2^-53."""
    return fractions(mixed((keys ^ constant) * np.uint64(0x9E3779B97F4A7C15)))


def mixed(keys: Keys) -> Keys:
    """Return the finaliser of SplitMix64: numbers that look random, one for each key."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    keys ^= keys >> np.uint64(31)
    return keys


def fractions(numbers: Keys) -> Float:
    """Return random bits as numbers in [0, 1), multiples of 2^-53."""
    return (numbers >> np.uint64(11)).astype(np.float64) * 2.0**-53


def augmented(boxes: Float, of: Int, drawn: Drawn, keep: str | float) -> tuple[Float, Bool]:
    """Move the boxes with their images and clip them: float64 [m, 4]; and tell which are kept: bool [m].

    boxes: float64 [m, 4], with area, inside their images. of: int64 [m], row of each box's image in `drawn`.
    keep: the rule of `Augmentation.keep`.
    """
    made = np.empty_like(boxes)
    scale = drawn.scale[of]
    kept = np.ones(len(boxes), dtype=np.bool_)
    whole, visible = [], []
    for axis, (shift, extent) in enumerate(((drawn.shift_x, drawn.width), (drawn.shift_y, drawn.height))):
        move, end = shift[of], extent[of]
        low, high = (boxes[:, side] * scale + move for side in (axis, axis + 2))
        cut_low, cut_high = np.clip(low, 0.0, end), np.clip(high, 0.0, end)
        kept &= cut_high > cut_low
        if keep == "centre":
            centre = 0.5 * low + 0.5 * high
            kept &= (centre > 0.0) & (centre < end)
        else:
            whole.append(high - low)
            visible.append(cut_high - cut_low)
        if axis == 0:
            mirrored = drawn.mirrored[of]
            cut_low, cut_high = (
                np.where(mirrored, end - cut_high, cut_low),
                np.where(mirrored, end - cut_low, cut_high),
            )
        made[:, axis], made[:, axis + 2] = cut_low, cut_high
    if keep != "centre":
        kept &= visible[0] * visible[1] >= float(keep) * (whole[0] * whole[1])
    # Rounding may leave a mirrored box without width; it is dropped.
    kept &= made[:, 2] > made[:, 0]
    return made, kept
