"""Which random geometry: parses and checks `flip,scale=0.5..1.5,translate=0.1,crop=0.3..1,keep=centre`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

# Beyond these limits no image is recognisable. They keep the arithmetic finite.
_LEAST_SCALE, _MOST_SCALE = 0.01, 100.0
# A hundredth of each side: of an image of 100 px, one pixel.
_LEAST_CROP = 1e-4

_FORMS = {
    "flip": "flip: mirrored left to right, half of the time",
    "scale": f"scale=A..B: {_LEAST_SCALE:g} to {_MOST_SCALE:g} times the size, as scale=0.5..1.5",
    "translate": "translate=T: a share of the sides, 0 to 1, as translate=0.1",
    "crop": f"crop=A..B: shares of the area, {_LEAST_CROP:g} to 1, as crop=0.3..1",
    "keep": "keep=centre, or the least share of a box's area, 0 to 1, as keep=0.25",
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Random changes to an image, always in this order: scale, translate, crop, flip.

    Parameters
    ----------
    flip : bool
        Mirror left to right with probability 1/2.
    scale : (low, high), optional
        Draw the image s times as large about its centre, on a canvas of its own size, s uniform in the range.
        Below 1 it gets padding around it, above 1 it loses its edges.
    translate : float, optional
        Move the image by up to this share of its width and height, each axis by itself, uniform.
    crop : (low, high), optional
        Cut out a window of the image's aspect, whose share of the area is uniform in the range. Whole pixels
        are cut off, and every position has the same chance.
    keep : "centre" or float
        Which boxes are kept, each clipped to what is left of the image: those whose centre is inside it (not
        on its edge), or those with at least this share of their area visible. A box without visible area is
        dropped.

    Raises
    ------
    AnchorauditError
        For a value out of range, or if nothing is random.

    Notes
    -----
    Sources: scale and translate: yolov5 `utils/augmentations.py: random_perspective`; crop and its rule of
    the centre: SSD (Liu et al., 2016, section 2.2), torchvision `transforms/v2/_geometry.py: RandomIoUCrop`;
    the share of the area: albumentations `BboxParams.min_visibility`, yolov5 `box_candidates`.
    """

    flip: bool = False
    scale: tuple[float, float] | None = None
    translate: float | None = None
    crop: tuple[float, float] | None = None
    keep: Literal["centre"] | float = "centre"

    def __post_init__(self) -> None:
        for name, least, most in (("scale", _LEAST_SCALE, _MOST_SCALE), ("crop", _LEAST_CROP, 1.0)):
            limits = getattr(self, name)
            if limits is not None and not least <= limits[0] <= limits[1] <= most:
                raise _bad(name, f"{name}={limits[0]:g}..{limits[1]:g}")
        if self.translate is not None and not 0 <= self.translate <= 1:
            raise _bad("translate", f"translate={self.translate:g}")
        if self.keep != "centre" and not (isinstance(self.keep, int | float) and 0 <= self.keep <= 1):
            raise _bad("keep", f"keep={self.keep}")
        if not (self.flip or self.scale or self.crop or self.translate is not None):
            raise AnchorauditError(
                "the augmentation does nothing",
                remedy="Name at least one of flip, scale, translate and crop, as flip,scale=0.5..1.5.",
            )

    @classmethod
    def parse(cls, text: str) -> Augmentation:
        """Parse parts separated by commas, in any order. Spaces around them are ignored.

        Raises AnchorauditError that names the bad part and says what is allowed.
        """
        values: dict[str, Any] = {}
        for part in text.split(",") if text.strip() else ():
            name, equals, value = (word.strip() for word in part.partition("="))
            if name not in _READ:
                raise _unknown(name, part)
            if name in values:
                raise AnchorauditError(f"{name} is given twice in {text!r}", remedy="Give it once.")
            if bool(equals) != (name != "flip"):
                raise _bad(name, part.strip())
            try:
                values[name] = _READ[name](value)
            except ValueError:
                raise _bad(name, part.strip()) from None
        return cls(**values)

    def __str__(self) -> str:
        """Return text that `parse` reads. `keep=centre`, the default, is left out."""
        parts = []
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if name == "flip":
                parts += ["flip"] if value else []
            elif isinstance(value, tuple):
                parts.append(f"{name}={value[0]!r}..{value[1]!r}")
            elif value is not None and value != "centre":
                parts.append(f"{name}={value!r}")
        return ",".join(parts)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return int(value) if value == int(value) else value


def _range(text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(text)
    return _number(low), _number(high)


_READ: dict[str, Callable[[str], Any]] = {
    "flip": lambda _: True,
    "scale": _range,
    "translate": _number,
    "crop": _range,
    "keep": lambda text: "centre" if text == "centre" else _number(text),
}


def _bad(name: str, part: str) -> AnchorauditError:
    """Return the error about a part with a bad value."""
    return AnchorauditError(f"{part!r} is not a valid augmentation", remedy=f"Write {_FORMS[name]}.")


def _unknown(name: str, part: str) -> AnchorauditError:
    hint = did_you_mean(name, _FORMS)
    listed = "; ".join(_FORMS.values())
    return AnchorauditError(f"unknown augmentation {part.strip()!r}", remedy=f"{hint}There are: {listed}.")
