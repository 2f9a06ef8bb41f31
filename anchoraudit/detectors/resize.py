"""How a detector resizes an image and its boxes to the network's input."""

from __future__ import annotations

from typing import Literal

import msgspec

from anchoraudit.detectors._block import LARGEST, Block, defaults_of

_SIZES = ("width", "height", "side", "cap", "multiple")
_WANTED = {
    "stretch": ("width", "height"),
    "short_side": ("side",),
    "longest_side": ("side",),
    "letterbox": ("width", "height"),
    "none": (),
}


class Resize(Block, frozen=True):
    """How an image becomes the canvas, the network's input on which anchors lie. Sizes are in pixels.

    Parameters
    ----------
    kind : {"stretch", "short_side", "longest_side", "letterbox", "none"}
        - "stretch": to exactly `width` x `height`; the aspect is not kept.
        - "short_side": the shorter side becomes `side`, the longer one at most `cap`.
        - "longest_side": the longer side becomes `side`.
        - "letterbox": into the middle of a canvas of exactly `width` x `height`; the aspect is kept, and no
          side is rounded.
        - "none": the size stays.
    fit : {"longer_side", "padding"}
        How a letterbox fits. "longer_side": a wide image gets the width of the canvas, a tall one its height;
        on a canvas that is not square the other side may be cut. "padding": the image is padded by whole
        pixels, the same on both sides, to the canvas' aspect, and then stretched.
    width, height : int
        Size for "stretch" and "letterbox".
    side : int
        Size for "short_side" and "longest_side".
    cap : int
        Largest longer side for "short_side"; 0: no limit.
    cap_rule : {"smaller_scale", "shrink", "rounded"}
        "smaller_scale": use the smaller of the scales to `side` and to `cap`. "shrink": scale to `side`, then
        shrink if too long. "rounded": apply the cap only if the rounded longer side is above it.
    enlarge_only : bool
        `side` never makes an image smaller; `cap` still does.
    scale_precision : {"float64", "float32"}
        Precision of the scale, and of a side times the scale.
    rounding : {"half_up", "half_even", "floor", "ceil"}
        How a resized side is rounded.
    given : {"pixels", "corner_fractions", "centre_fractions"}
        How the loader gives boxes: in pixels; as corners divided by the image's width and height; or as
        centre and size divided so, from which corners are computed. Width and height are those before
        resizing. A fraction is rounded to `precision`, then multiplied by the resized side, moved by the
        padding and clipped.
    given_as : {"float64", "float32"}
        Precision of boxes in pixels as the loader has them, before they are resized.
    boxes : {"size_ratio", "scale"}
        Scale boxes by the ratio of the actual sizes, or by the scale before rounding. Fractions are
        multiplied by the actual sides, or by the sides before rounding.
    precision : {"float64", "float32"}
        Precision of fractions, of this product, of a whole letterbox, and of the boxes that matching by
        "side_ratio" divides by the canvas.
    clip : {"off", "image", "canvas"}
        Clip boxes to the resized image, or to the canvas with its padding.
    clip_margin : float
        Clip them this far before the right and bottom edge, 0 to 1 px.
    handed : {"pixels", "centre_size", "centre_fractions", "centre_reciprocals"}
        How boxes then reach the loss. "pixels": as they are. "centre_size": as centre and size, rounded to
        the precision of the points, from which corners are computed. "centre_fractions": as centre and size
        divided by the canvas' sides in `precision`, and multiplied by them again in that of the points.
        "centre_reciprocals": the same, multiplied by 1 / side in place of divided.
    pixels : {"continuous", "inclusive"}
        "inclusive": the right and bottom pixel belong to a box, so 1 is added to x2 and y2.
    pad : {"none", "multiple", "square"}
        The canvas: the image; the image with each side rounded up to a `multiple`; or a square of `side`
        (of `cap`, if there is one).
    multiple : int
        What "multiple" rounds up to.
    centred : bool
        Put the image in the middle of the canvas instead of its top left. With "longest_side" and "square",
        the image is fitted again if rounding left its longer side a pixel off.
    whole_padding : bool
        With `centred`: move the image by whole pixels only, rounded down.
    degenerate : {"kept", "raises"}
        A box without area after resizing is kept, or the framework raises an error.
    degenerate_error : str
        The message of that error, for reports.

    Raises
    ------
    ValueError
        If a size is out of range, missing, or has no effect for the kind.

    Examples
    --------
    >>> print(Resize(kind="short_side", side=800, cap=1333))
    shorter side 800, longer at most 1333
    """

    kind: Literal["stretch", "short_side", "longest_side", "letterbox", "none"]
    fit: Literal["longer_side", "padding"] = "longer_side"
    width: int = 0
    height: int = 0
    side: int = 0
    cap: int = 0
    cap_rule: Literal["smaller_scale", "shrink", "rounded"] = "smaller_scale"
    enlarge_only: bool = False
    scale_precision: Literal["float64", "float32"] = "float64"
    rounding: Literal["half_up", "half_even", "floor", "ceil"] = "half_up"
    given: Literal["pixels", "corner_fractions", "centre_fractions"] = "pixels"
    given_as: Literal["float64", "float32"] = "float64"
    boxes: Literal["size_ratio", "scale"] = "size_ratio"
    precision: Literal["float64", "float32"] = "float64"
    clip: Literal["off", "image", "canvas"] = "off"
    clip_margin: float = 0.0
    handed: Literal["pixels", "centre_size", "centre_fractions", "centre_reciprocals"] = "pixels"
    pixels: Literal["continuous", "inclusive"] = "continuous"
    pad: Literal["none", "multiple", "square"] = "none"
    multiple: int = 0
    centred: bool = False
    whole_padding: bool = False
    degenerate: Literal["kept", "raises"] = "kept"
    degenerate_error: str = ""

    def __post_init__(self) -> None:
        for name in _SIZES:
            if not 0 <= getattr(self, name) <= LARGEST:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 to {LARGEST} px")
        wanted = _WANTED[self.kind]
        for name in ("width", "height", "side"):
            if (name in wanted) != bool(getattr(self, name)):
                allowed = f"{' and '.join(wanted)} (1 to {LARGEST} px) and no other" if wanted else "no"
                raise ValueError(f"resize of kind {self.kind!r} takes {allowed} size")
        if self.cap and (self.kind != "short_side" or self.cap < self.side):
            raise ValueError("cap needs kind 'short_side', and must be at least `side`")
        if (self.pad == "multiple") != bool(self.multiple):
            raise ValueError("pad 'multiple' needs a `multiple`, and no other pad takes one")
        if self.pad == "square" and not (self.cap or self.kind == "longest_side"):
            raise ValueError("pad 'square' needs kind 'longest_side', or 'short_side' with a `cap`")
        if ((self.centred or self.whole_padding) and self.pad == "none") or self.whole_padding > self.centred:
            raise ValueError("centred needs a pad, and whole_padding needs centred")
        if self.kind == "letterbox":
            defaults = defaults_of(Resize)
            for name in ("rounding", "boxes", "pad", "scale_precision", "enlarge_only"):
                if getattr(self, name) != defaults[name]:
                    raise ValueError(f"kind 'letterbox' takes no {name}: it rounds nothing and pads itself")
        if self.fit != "longer_side" and self.kind != "letterbox":
            raise ValueError("fit needs kind 'letterbox'")
        if self.given_as != "float64" and self.given != "pixels":
            raise ValueError("given_as needs boxes given in pixels; fractions are rounded to precision")
        if not 0 <= self.clip_margin <= 1:
            raise ValueError(f"clip_margin is {self.clip_margin:g}; it must be 0 to 1 px")

    @property
    def is_fixed_size(self) -> bool:
        """Tell whether every image becomes exactly `width` x `height`."""
        return self.kind == "stretch"

    @property
    def square(self) -> int:
        """The side in pixels of the square into which images are fitted; 0 for another resize."""
        return self.side if self.kind == "longest_side" else 0

    @property
    def shorter_and_longer(self) -> tuple[int, int]:
        """The shorter side of resized images, and the greatest longer one, in pixels; zeros for others."""
        return (self.side, self.cap) if self.kind == "short_side" and self.cap else (0, 0)

    @property
    def hands_fractions(self) -> bool:
        """Tell whether boxes reach the loss as centre and size in fractions of the canvas."""
        return self.handed in ("centre_fractions", "centre_reciprocals")

    @property
    def keeps_size(self) -> bool:
        """Tell whether images keep their size."""
        return self.kind == "none"

    @property
    def side_name(self) -> str:
        """The side that an input size of one number means; "" if the input size is two numbers."""
        return {"stretch": "", "short_side": "shorter side"}.get(self.kind, "longer side")

    @property
    def input_size_text(self) -> str:
        """The input size as `--input-size` takes it; "" if that option cannot express it."""
        return "" if self.kind in ("none", "short_side") else self.scaled_text(1.0)

    def scaled_text(self, factor: float, step: int = 1) -> str:
        """Return the input size times `factor`, rounded to multiples of `step`: `960x720` or `640`.

        `with_size` takes it. For a letterbox it is the longer side of the canvas. "": images keep their size.
        """
        sides = [side for side in (self.width, self.height, self.side) if side]
        if self.kind == "letterbox":
            sides = [max(sides)]
        return "x".join(str(max(step, round(side * factor / step) * step)) for side in sides)

    def with_size(self, first: int, second: int = 0) -> Resize:
        """Return the same resize for another input size, in pixels.

        Two sizes mean a stretch to exactly that size. One size is the shorter side if the shorter side is
        scaled, and the cap is scaled in proportion. Otherwise it is the longer side; for a letterbox that of
        the canvas, whose other side is scaled in proportion. Raises ValueError if a size is out of range.
        """
        if self.kind == "short_side" and not second:
            return msgspec.structs.replace(self, side=first, cap=round(self.cap * first / self.side))
        if self.kind == "longest_side" and not second:
            return msgspec.structs.replace(self, side=first)
        if self.kind == "letterbox" and not second:
            share = first / max(self.width, self.height)
            width, height = (max(1, round(side * share)) for side in (self.width, self.height))
            return msgspec.structs.replace(self, width=width, height=height)
        kept = {
            name: getattr(self, name)
            for name in ("precision", "pixels", "degenerate", "boxes", "given", "given_as", "handed")
        }
        if second:
            return Resize(kind="stretch", width=first, height=second, **kept)
        return Resize(kind="longest_side", side=first, **kept)

    @property
    def refits_square(self) -> bool:
        """Tell whether the resized image is fitted again into a square, and centred there.

        Not true of kind "letterbox", which rounds no side and so never needs it.
        """
        return self.kind == "longest_side" and self.pad == "square" and self.centred

    @property
    def moves(self) -> bool:
        """Tell whether images may lie away from the top left of the canvas."""
        return self.centred or self.kind == "letterbox"

    def __str__(self) -> str:
        if self.kind == "stretch":
            return f"{self.width}x{self.height}"
        if self.kind == "none":
            return "original size"
        if self.kind == "letterbox":
            return f"letterboxed to {self.width}x{self.height}"
        longer = f", longer at most {self.cap}" if self.cap else ""
        padded = {"none": "", "multiple": f", padded to {self.multiple}s", "square": ", padded to a square"}
        name = "shorter" if self.kind == "short_side" else "longer"
        return f"{name} side {self.side}{longer}{padded[self.pad]}"
