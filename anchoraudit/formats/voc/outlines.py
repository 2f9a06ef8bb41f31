"""The box around an object of Pascal VOC that has another shape than <bndbox>.

Sources: roLabelImg, https://github.com/cgvict/roLabelImg (`<robndbox>`: `cx`, `cy`, `w`, `h`, and `angle` in
radians, turned about the centre), and FAIR1M, https://www.gaofen-challenge.com (`<objects>` with the objects
in it, `<possibleresult><name>`, and `<points>` with a corner `x,y` in each `<point>`).
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

_TURNED, _CORNERS = "robndbox", "points"
_SIDES = ("cx", "cy", "w", "h", "angle")


def objects_of(root: ET.Element) -> tuple[list[ET.Element], bool]:
    """Return the objects of an annotation, and whether they are within <objects>."""
    objects = root.findall("object")
    nested = [] if objects else root.findall("objects/object")
    return objects or nested, bool(nested)


def name_of(element: ET.Element) -> str | None:
    """Return the text of an object's class, None if it has none."""
    name = element.findtext("name")
    return element.findtext("possibleresult/name") if name is None else name


def around(element: ET.Element) -> tuple[str, list[float]] | None:
    """Return the tag of an object's shape, and x1, y1, x2, y2 around it; None if it has none of these."""
    turned = element.find(_TURNED)
    try:
        if turned is not None:
            x, y, w, h, angle = (float(turned.findtext(side) or "") for side in _SIDES)
            cosine, sine = abs(math.cos(angle)) / 2, abs(math.sin(angle)) / 2
            half_w, half_h = w * cosine + h * sine, w * sine + h * cosine
            return _TURNED, [x - half_w, y - half_h, x + half_w, y + half_h]
        texts = [point.text or "" for point in element.findall(f"{_CORNERS}/point")]
        points = [(float(x), float(y)) for x, y in (text.split(",") for text in texts)]
    except ValueError:
        return None
    if not points or not all(math.isfinite(value) for point in points for value in point):
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return _CORNERS, [min(xs), min(ys), max(xs), max(ys)]
