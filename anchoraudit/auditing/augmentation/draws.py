"""What chance makes of each image: a place and a size for it, and which of its boxes are left.

Random numbers are a function of the seed, the draw, what is drawn, and the image itself (its id and file
name), and of nothing else: not of the order of the images, nor of which others there are, nor of how many are
worked on at a time. So the images that `filter` leaves keep their probabilities, more draws begin with the
same ones, and an augmentation with another part shares the numbers of the others.

They are made by hashing that: the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014), keyed by NumPy's SeedSequence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.boxes import Bool, Float
from anchoraudit.dataset.columns import ImageId

Int = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

# What is drawn, each from numbers of its own; a new one is added at the end.
_FLIP, _SCALE, _MOVE_X, _MOVE_Y, _SHARE, _LEFT, _TOP = range(7)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of n images, each in one draw: float64 [n] each, pixels; mirrored: bool [n].

    A point (x, y) of the image is at (scale x + shift_x, scale y + shift_y) of the new image, which is
    `width` x `height`; where it is mirrored, at `width` less that.
    """

    scale: Float
    shift_x: Float
    shift_y: Float
    width: Float
    height: Float
    mirrored: Bool


def keys_of(ids: Iterable[ImageId], file_names: Iterable[str]) -> Keys:
    """One number for each image, the same wherever it stands: uint64 [N]."""
    names = (f"{one!r} {name}" for one, name in zip(ids, file_names, strict=True))
    return np.frombuffer(
        b"".join(hashlib.blake2b(n.encode("utf-8", "surrogatepass"), digest_size=8).digest() for n in names),
        dtype="<u8",
    ).astype(np.uint64)


def draw(
    augmentation: Augmentation, keys: Keys, width: Float, height: Float, *, number: int, seed: int
) -> Drawn:
    """Augment n images of `width` x `height` px once; number: which draw this is, from 0."""
    constants = np.random.SeedSequence([seed, number]).generate_state(7, np.uint64)

    def uniform(what: int, low: float = 0.0, high: float = 1.0) -> Float:
        """Numbers in [low, high)."""
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
    mixed = (keys ^ constant) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def augmented(boxes: Float, of: Int, drawn: Drawn, keep: str | float) -> tuple[Float, Bool]:
    """Boxes of the images as drawn, cut to them: float64 [m, 4]; and which of them are kept: bool [m].

    boxes: float64 [m, 4], with area, inside their images. of: int64 [m], the image of each among those drawn.
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
    # Where rounding makes nothing of a mirrored box, it is none.
    kept &= made[:, 2] > made[:, 0]
    return made, kept
