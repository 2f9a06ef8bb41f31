"""How an image becomes the network's input, and its boxes with it."""

from __future__ import annotations

from typing import Literal

import msgspec

from anchoraudit.detectors._block import LARGEST, Block

_SIZES = ("width", "height", "side", "cap", "multiple")
_WANTED = {
    "stretch": ("width", "height"),
    "short_side": ("side",),
    "longest_side": ("side",),
    "letterbox": ("width", "height"),
    "none": (),
}


class Resize(Block, frozen=True):
    """From an image of the data set to the canvas over which anchors are laid. Sizes in pixels.

    kind: "stretch": to exactly `width` x `height`, aspect not kept; "short_side": the shorter side to `side`,
        the longer one to at most `cap` (0: no cap); "longest_side": the longer side to `side`; "letterbox":
        into the middle of a canvas of exactly `width` x `height`, aspect kept, no side rounded; "none".
    fit: of kind "letterbox", where the canvas is no square: "longer_side": a wide image takes the canvas'
        width, a tall one its height, and what is then beyond the canvas is cut; "padding": the image is
        padded by whole pixels of its own, alike on both sides, to the canvas' aspect, then stretched.
    cap_rule: "smaller_scale": the smaller of the two scales; "shrink": scaled to `side`, then shrunk where
        too long; "rounded": the cap counts where the rounded longer side is above it.
    enlarge_only: `side` never makes an image smaller (`cap` still does).
    scale_precision: of the scale, and of a side times it.
    rounding: of a resized side: "half_up", "half_even", "floor" or "ceil".
    given: how the loader hands boxes over: in "pixels"; as "corner_fractions", x1 / width and so on; or as
        "centre_fractions", centre and size by width and height, from which corners follow. The sides are
        those of the image before it is resized. A fraction is rounded to `precision`, and only then
        multiplied by the resized side, moved by the padding and clipped.
    boxes: scaled by the ratio of the actual sizes ("size_ratio") or by the scale before rounding ("scale");
        of fractions: multiplied by the actual sides, or by the sides before rounding.
    precision: of fractions, of that product, of all of a letterbox, and of what `side_ratio` divides by the
        canvas.
    clip: boxes are cut to the resized "image" or the "canvas", `clip_margin` px before its right and bottom
        edge.
    pixels: "inclusive": a box's right and bottom pixel belong to it, so 1 is added to x2 and y2.
    pad: the canvas: "none", the "image" rounded up to a `multiple`, or a "square" of `side` (`cap` where
        there is one); the image at its top left, or `centred`, and then with `whole_padding` moved by whole
        pixels only, rounded down. Of kind "longest_side", a centred square is a letterbox: it fits the image
        again where rounding left the longer side a pixel off.
    degenerate: what a box without area after resizing does: it is "kept", or the framework "raises";
        degenerate_error: what that says.
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
    boxes: Literal["size_ratio", "scale"] = "size_ratio"
    precision: Literal["float64", "float32"] = "float64"
    clip: Literal["off", "image", "canvas"] = "off"
    clip_margin: float = 0.0
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
                allowed = " and ".join(wanted) or "no size"
                raise ValueError(f"resize of kind {self.kind!r} takes {allowed} (1 to {LARGEST} px)")
        if self.cap and (self.kind != "short_side" or self.cap < self.side):
            raise ValueError("cap limits the longer side of kind 'short_side'; it must be at least `side`")
        if (self.pad == "multiple") != bool(self.multiple):
            raise ValueError("pad 'multiple' takes a `multiple`, and nothing else does")
        if self.pad == "square" and not (self.cap or self.kind == "longest_side"):
            raise ValueError("pad 'square' takes kind 'longest_side', or 'short_side' with a `cap`")
        if ((self.centred or self.whole_padding) and self.pad == "none") or self.whole_padding > self.centred:
            raise ValueError("centred takes a pad, and whole_padding takes centred")
        if self.kind == "letterbox":
            defaults = {field.name: field.default for field in msgspec.structs.fields(Resize)}
            for name in ("rounding", "boxes", "pad", "scale_precision", "enlarge_only"):
                if getattr(self, name) != defaults[name]:
                    raise ValueError(f"kind 'letterbox' rounds nothing and pads by itself: no {name}")
        if self.fit != "longer_side" and self.kind != "letterbox":
            raise ValueError("fit takes kind 'letterbox'")
        if not 0 <= self.clip_margin <= 1:
            raise ValueError(f"clip_margin is {self.clip_margin:g}; it must be 0 to 1 px")

    @property
    def is_fixed_size(self) -> bool:
        """Tell whether every image becomes exactly `width` x `height`."""
        return self.kind == "stretch"

    @property
    def keeps_size(self) -> bool:
        """Tell whether images keep their size."""
        return self.kind == "none"

    @property
    def side_name(self) -> str:
        """Which side the one number of an input size stands for; "" where there are two."""
        return {"stretch": "", "short_side": "shorter side"}.get(self.kind, "longer side")

    @property
    def input_size_text(self) -> str:
        """The input size as `--input-size` spells it, "" where that option has no word for it."""
        return "" if self.kind in ("none", "short_side") else self.scaled_text(1.0)

    def scaled_text(self, factor: float, step: int = 1) -> str:
        """The input size times `factor`, sides in whole `step`s, as `with_size` takes it: `960x720`, `640`.

        Of a letterbox the longer side of its canvas. "" where images keep their size.
        """
        sides = [side for side in (self.width, self.height, self.side) if side]
        if self.kind == "letterbox":
            sides = [max(sides)]
        return "x".join(str(max(step, round(side * factor / step) * step)) for side in sides)

    def with_size(self, first: int, second: int = 0) -> Resize:
        """The same for another input size, in pixels.

        Two sizes are a stretch to exactly that; one is the shorter side where that is scaled, its cap in
        proportion, else the longer side (that of a letterbox's canvas, the other in proportion). Raises
        ValueError if it is out of range.
        """
        if self.kind == "short_side" and not second:
            return msgspec.structs.replace(self, side=first, cap=round(self.cap * first / self.side))
        if self.kind == "longest_side" and not second:
            return msgspec.structs.replace(self, side=first)
        if self.kind == "letterbox" and not second:
            share = first / max(self.width, self.height)
            width, height = (max(1, round(side * share)) for side in (self.width, self.height))
            return msgspec.structs.replace(self, width=width, height=height)
        kept = {name: getattr(self, name) for name in ("precision", "pixels", "degenerate", "boxes", "given")}
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
        """Tell whether images may lie elsewhere than at the canvas' top left."""
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
