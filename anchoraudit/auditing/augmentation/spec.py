"""Which random geometry: `flip,scale=0.5..1.5,translate=0.1,crop=0.3..1,keep=centre`, read and checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

# Beyond these no pixel of an image is recognisable; they keep arithmetic finite.
_LEAST_SCALE, _MOST_SCALE = 0.01, 100.0
# A crop of less cannot hold a pixel of any image worth training on.
_LEAST_CROP = 1e-4

_FORMS = {
    "flip": "flip: mirrored left to right, every other time",
    "scale": f"scale=A..B: {_LEAST_SCALE:g} to {_MOST_SCALE:g} times the size, as scale=0.5..1.5",
    "translate": "translate=T: a share of the sides, 0 to 1, as translate=0.1",
    "crop": f"crop=A..B: shares of the area, {_LEAST_CROP:g} to 1, as crop=0.3..1",
    "keep": "keep=centre, or the least share of a box's area, 0 to 1, as keep=0.25",
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What chance may do to an image, always in this order: scale, translate, crop, flip.

    scale: the image is drawn s times as large about its centre on a canvas of its own size, s uniform in the
    range: below 1 there is padding around it, above 1 its edges are lost. translate: it is moved by up to
    that share of its width and of its height, each way alike, each axis by itself. crop: a window whose share
    of the area is uniform in the range, of the image's aspect, whole pixels cut off, anywhere with the same
    chance, becomes the image. flip: mirrored left to right with probability 1/2. None or False: not done.

    keep: which boxes are kept, each cut to what is left of the image: "centre": those whose centre is inside
    it, its edge not included; or a number: those of which at least that share of the area is visible. A box
    without visible area is never kept.

    Sources: scale and translate: yolov5 `utils/augmentations.py: random_perspective`; crop and its rule of
    the centre: SSD (Liu et al., 2016, section 2.2), torchvision `transforms/v2/_geometry.py: RandomIoUCrop`;
    the share of the area: albumentations `BboxParams.min_visibility`, yolov5 `box_candidates`.

    Raises AnchorauditError for a value out of range, and where nothing is left to chance.
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
                "an augmentation that does nothing",
                remedy="Name at least one of flip, scale, translate and crop, as flip,scale=0.5..1.5.",
            )

    @classmethod
    def parse(cls, text: str) -> Augmentation:
        """Read parts that are separated by commas, in any order; spaces around them do not count.

        Raises AnchorauditError naming the bad part and what is allowed.
        """
        values: dict[str, Any] = {}
        for part in text.split(",") if text.strip() else ():
            name, equals, value = (word.strip() for word in part.partition("="))
            if name not in _READ:
                raise _unknown(name, part)
            if name in values:
                raise AnchorauditError(f"{name} stands twice in {text!r}", remedy="Leave one of them.")
            if bool(equals) != (name != "flip"):
                raise _bad(name, part.strip())
            try:
                values[name] = _READ[name](value)
            except ValueError:
                raise _bad(name, part.strip()) from None
        return cls(**values)

    def __str__(self) -> str:
        """Return what `parse` reads; `keep=centre`, the default, is left out."""
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
    """The error about a part whose value is none that its name takes."""
    return AnchorauditError(f"{part!r} is no augmentation", remedy=f"It takes {_FORMS[name]}.")


def _unknown(name: str, part: str) -> AnchorauditError:
    hint = did_you_mean(name, _FORMS)
    listed = "; ".join(_FORMS.values())
    return AnchorauditError(f"unknown augmentation {part.strip()!r}", remedy=f"{hint}There are: {listed}.")
