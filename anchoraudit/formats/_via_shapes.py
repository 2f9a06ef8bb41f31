"""The shapes of the VGG Image Annotator, and the box around each, `x1, y1, x2, y2` in pixels.

Sources: the code of VIA 2, `via.js` (`pack_via_metadata`), and of VIA 3, `_via_import_export.js` and its
`_VIA_RSHAPE`, which tells what the first of its numbers means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Box = tuple[float, float, float, float]
_KINDS_OF_3 = (
    "",
    "point",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "extreme",
    "extreme circle",
)


def of_names(shape: Any) -> tuple[str, Box | None]:
    """Return the kind of a shape of versions 1 and 2, and its box; "" if it is broken."""
    if not isinstance(shape, dict):
        return "", None
    kind = str(shape.get("name", ""))
    try:
        if kind == "rect":
            x, y, w, h = (float(shape[key]) for key in ("x", "y", "width", "height"))
            return kind, (x, y, x + w, y + h)
        if kind in ("polygon", "polyline"):
            return kind, _around(shape["all_points_x"], shape["all_points_y"])
        if kind == "circle":
            cx, cy, r = (float(shape[key]) for key in ("cx", "cy", "r"))
            return kind, (cx - r, cy - r, cx + r, cy + r)
        if kind == "ellipse":
            cx, cy, rx, ry = (float(shape[key]) for key in ("cx", "cy", "rx", "ry"))
            return kind, _around_ellipse(cx, cy, rx, ry, float(shape.get("theta", 0)))
    except (KeyError, TypeError, ValueError, OverflowError):
        return "", None
    return kind or "shapes without a name", None


def of_numbers(numbers: Any) -> tuple[str, Box | None]:
    """Return the kind of a shape of version 3, and its box; "" if it is broken."""
    try:
        code, *own = map(float, numbers)
        kind = _KINDS_OF_3[int(code)]
        if kind == "rect":
            x, y, w, h = own
            return kind, (x, y, x + w, y + h)
        if kind in ("polyline", "polygon", "extreme"):
            return kind, _around(own[::2], own[1::2])
        if kind == "circle":
            cx, cy, r = own
            return kind, (cx - r, cy - r, cx + r, cy + r)
        if kind == "ellipse":
            return kind, _around_ellipse(*own[:4], *own[4:5] or [0.0])
    except (IndexError, TypeError, ValueError, OverflowError):
        return "", None
    return kind, None


def _around(xs: Sequence[Any], ys: Sequence[Any]) -> Box:
    """Return the box around points. Raises ValueError without any."""
    own, others = list(map(float, xs)), list(map(float, ys))
    if len(own) != len(others):
        raise ValueError
    return min(own), min(others), max(own), max(others)


def _around_ellipse(cx: float, cy: float, rx: float, ry: float, turned: float) -> Box:
    """Return the box around an ellipse. rx, ry: its radii. turned: by which angle, in radians."""
    sine, cosine = math.sin(turned), math.cos(turned)
    dx, dy = math.hypot(rx * cosine, ry * sine), math.hypot(rx * sine, ry * cosine)
    return cx - dx, cy - dy, cx + dx, cy + dy
