"""What the four numbers of a box mean: their order, and their unit.

Every format has its own convention (COCO: `x, y, w, h` in pixels), but files often hold the numbers of
another one, which no reader can see. `readings` turns numbers into boxes and back; here are the conventions
and their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

# For each order, what the four numbers are: the left edge x1, the right edge x2, the centre cx and the width
# w; y1, y2, cy and h alike. The first of two that explain a data set equally well is the likelier one:
# corners, and top left with sizes, are common, rows before columns less so, exchanged corners are a mistake.
ORDERS: Mapping[str, tuple[str, str, str, str]] = {
    "xywh": ("x1", "y1", "w", "h"),
    "xyxy": ("x1", "y1", "x2", "y2"),
    "cxcywh": ("cx", "cy", "w", "h"),
    "xxyy": ("x1", "x2", "y1", "y2"),
    "yxyx": ("y1", "x1", "y2", "x2"),
    "yxhw": ("y1", "x1", "h", "w"),
    "cycxhw": ("cy", "cx", "h", "w"),
    "y1x2y2x1": ("y1", "x2", "y2", "x1"),
    "x2y2x1y1": ("x2", "y2", "x1", "y1"),
    "x1y2x2y1": ("x1", "y2", "x2", "y1"),
    "x2y1x1y2": ("x2", "y1", "x1", "y2"),
}
# For each unit, the number that stands for the whole side of the image; None for pixels.
UNITS: Mapping[str, float | None] = {
    "pixels": None,
    "fractions": 1.0,
    "percent": 100.0,
    "thousandths": 1000.0,
}
_PIXELS = "pixels"
# Names in use elsewhere, of the edges (left, top, right, bottom) or of who writes boxes so.
_ALSO_CALLED = {
    "ltrb": "xyxy",
    "x1y1x2y2": "xyxy",
    "pascal_voc": "xyxy",
    "ltwh": "xywh",
    "coco": "xywh",
    "x1x2y1y2": "xxyy",
    "y1x1y2x2": "yxyx",
    "tlbr": "yxyx",
    "trbl": "y1x2y2x1",
    "ccwh": "cxcywh",
    "yolo": "cxcywh-fractions",
    "albumentations": "xyxy-fractions",
    "gemini": "yxyx-thousandths",
}


@dataclass(frozen=True, slots=True)
class Convention:
    """An order of four numbers, a key of ORDERS, and a unit, a key of UNITS.

    >>> Convention("xywh").name, Convention("yxyx", "thousandths").name
    ('xywh', 'yxyx-thousandths')
    """

    order: str
    unit: str = _PIXELS

    @property
    def name(self) -> str:
        """The name that a user gives: the order, and the unit unless it is pixels."""
        return self.order if self.unit == _PIXELS else f"{self.order}-{self.unit}"

    @property
    def tokens(self) -> tuple[str, str, str, str]:
        """What each of the four numbers is."""
        return ORDERS[self.order]

    @property
    def full(self) -> float | None:
        """The number that stands for the whole side of the image; None if numbers are pixels."""
        return UNITS[self.unit]

    @property
    def words(self) -> str:
        """The four numbers in words: `x, y, w, h`, or `y1, x1, y2, x2 in thousandths of the image`."""
        unit = "" if self.unit == _PIXELS else f" in {self.unit} of the image"
        return f"{', '.join(t.rstrip('1') if 'w' in self.tokens else t for t in self.tokens)}{unit}"

    @property
    def is_transposed(self) -> bool:
        """Tell whether rows come before columns: `y, x`."""
        return "y" in self.tokens[0] and "x" in self.tokens[1]

    @property
    def has_edges_reversed(self) -> bool:
        """Tell whether a right or a lower edge comes before the one that it is opposite to.

        Such a reading makes a box of nearly everything that is none in the other order, so that it explains
        little.
        """
        at = {token: place for place, token in enumerate(self.tokens)}
        return any(at.get(high, 9) < at.get(low, -1) for low, high in (("x1", "x2"), ("y1", "y2")))


XYXY, XYWH = Convention("xyxy"), Convention("xywh")
XYXY_FRACTIONS, CXCYWH_FRACTIONS = Convention("xyxy", "fractions"), Convention("cxcywh", "fractions")


def every_convention() -> Iterator[Convention]:
    """Yield all conventions, the likelier ones first."""
    for unit in UNITS:
        for order in ORDERS:
            yield Convention(order, unit)


def convention_names() -> list[str]:
    """Return the names of all conventions."""
    return [convention.name for convention in every_convention()]


def convention_of(name: str) -> Convention:
    """Return the convention with this name. Case does not count; `_` is as good as `-`.

    Raises AnchorauditError for an unknown name, with the nearest one and a list.

    >>> convention_of("XYXY").tokens
    ('x1', 'y1', 'x2', 'y2')
    """
    plain = name.strip().casefold()
    plain = _ALSO_CALLED.get(plain, plain).replace("_", "-")
    order, _, unit = plain.partition("-")
    if order in ORDERS and (unit or _PIXELS) in UNITS:
        return Convention(order, unit or _PIXELS)
    units = ", ".join(f"-{unit}" for unit in UNITS if unit != _PIXELS)
    raise AnchorauditError(
        f"unknown box convention {name!r}",
        remedy=(
            f"{did_you_mean(name, convention_names())}Choose from: {', '.join(ORDERS)}; "
            f"with {units} for another unit than pixels (xyxy-fractions)."
        ),
    )
