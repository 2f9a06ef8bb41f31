"""The box of each shape of CVAT.

Sources: cvat cvat/apps/dataset_manager/formats/cvat.py (what it writes), datumaro plugins/data_formats/cvat
(a rotated box is turned about its centre, `xtl`... are the corners before). Rotation is in degrees. The box
around a shape is the same whichever way it is turned.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import NO_BOX, BoxRow
from anchoraudit.formats._lines import box_around
from anchoraudit.formats.cvat.elements import Element

_Corners = tuple[float, float, float, float]
_BOX = ("xtl", "ytl", "xbr", "ybr")
_ELLIPSE = ("cx", "cy", "rx", "ry")
_MASK = ("left", "top", "width", "height")
SHAPES = ("box", "polygon", "ellipse", "mask")
NOT_READ = ("polyline", "points", "cuboid", "skeleton")
_PLURALS = {"box": "rotated boxes", "polygon": "polygons", "ellipse": "ellipses", "mask": "masks"}
_PLURALS |= {
    "polyline": "polylines",
    "points": "points",
    "cuboid": "cuboids",
    "skeleton": "skeletons",
}
_SHOWN = 80  # characters of a value that a finding repeats


class _ShapeError(ValueError):
    """What is wrong with a shape: the code of the finding, the words, and the value."""


@dataclass(slots=True)
class Shapes:
    """Turns elements into boxes, and counts what is not a plain box.

    path: of the file, for findings. declared: the labels that the file lists, empty if it lists none.
    """

    path: str
    declared: frozenset[str]
    around: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    def box_of(self, shape: Element, label: str | None) -> BoxRow | None:
        """Return the box of a shape, without coordinates if it cannot be read; None if it is no such shape.

        label: its class, None where it has none.
        """
        if shape.tag not in SHAPES:
            if shape.tag in NOT_READ:
                self.skipped[shape.tag] += 1
            return None
        name = (label or "").strip()
        if not name:
            self._report("PAR003", f"the {shape.tag} has no label", shape, "")
        elif self.declared and name not in self.declared:
            self._report_unknown(name, shape)
        entry = shape.line - 1
        self.around[shape.tag] += 0  # a shape of this kind was seen
        try:
            corners, outline = _corners(shape)
        except _ShapeError as error:
            code, words, value = error.args
            self._report(code, words, shape, value)
            return BoxRow(NO_BOX, name, entry=entry)
        self.around[shape.tag] += outline
        return BoxRow(corners, name, entry=entry, outline=outline)

    def notes(self) -> list[str]:
        """Return what is said of shapes that are not plain boxes."""
        notes = []
        if around := _counted(self.around):
            notes.append(f"read as the boxes around them: {around}")
        if skipped := _counted(self.skipped):
            notes.append(f"not read: {skipped}")
        return notes

    def _report(self, code: str, words: str, shape: Element, value: str) -> None:
        self.findings.append(Finding(code, words, self.path, f"line {shape.line}", value[:_SHOWN]))

    def _report_unknown(self, name: str, shape: Element) -> None:
        """Report a label that the file does not list, once."""
        self.unknown[name] += 1
        if self.unknown[name] == 1:
            words = f"the label {name[:_SHOWN]!r} is not among the {len(self.declared):,} labels of the file"
            thing = f"class {name}"
            place = f"line {shape.line}"
            self.findings.append(Finding("CLS001", words, self.path, place, name[:_SHOWN], thing))


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{_PLURALS[tag]} ({count:,})" for tag, count in counts.items() if count)


def _corners(shape: Element) -> tuple[_Corners, bool]:
    """Return x1, y1, x2, y2 in pixels, and whether it is a box around another shape."""
    if shape.tag == "polygon":
        return box_around(*_points(shape)), True
    if shape.tag == "mask":
        left, top, width, height = _numbers(shape, _MASK)
        return (left, top, left + width, top + height), True
    cosine, sine = _turn(shape)
    if shape.tag == "ellipse":
        x, y, rx, ry = _numbers(shape, _ELLIPSE)
        half_w, half_h = math.hypot(rx * cosine, ry * sine), math.hypot(rx * sine, ry * cosine)
        return (x - half_w, y - half_h, x + half_w, y + half_h), True
    x1, y1, x2, y2 = _numbers(shape, _BOX)
    if (cosine, sine) == (1.0, 0.0):
        return (x1, y1, x2, y2), False
    x, y, w, h = (x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / 2, (y2 - y1) / 2
    half_w, half_h = w * cosine + h * sine, w * sine + h * cosine
    return (x - half_w, y - half_h, x + half_w, y + half_h), True


def _turn(shape: Element) -> tuple[float, float]:
    """Return cosine and sine of the rotation, without signs; exact for quarter turns."""
    written = shape.attributes.get("rotation", "0")
    try:
        angle = float(written) % 180
    except ValueError:
        raise _ShapeError("PAR004", "`rotation` is not a number", written) from None
    if angle in (0, 90):
        return (1.0, 0.0) if angle == 0 else (0.0, 1.0)
    return abs(math.cos(math.radians(angle))), math.sin(math.radians(angle))


def _numbers(shape: Element, names: Sequence[str]) -> list[float]:
    if missing := [f"`{name}`" for name in names if name not in shape.attributes]:
        raise _ShapeError("PAR003", f"the {shape.tag} has no {', '.join(missing)}", "")
    found = []
    for name in names:
        written = shape.attributes[name]
        try:
            found.append(float(written))
        except ValueError:
            raise _ShapeError("PAR004", f"`{name}` is {written[:_SHOWN]!r}, not a number", written) from None
    return found


def _points(shape: Element) -> tuple[list[float], list[float]]:
    """Return x and y of the points, `x,y;x,y`."""
    written = shape.attributes.get("points", "")
    try:
        pairs = [(float(x), float(y)) for x, y in (pair.split(",") for pair in written.split(";") if pair)]
    except ValueError:
        raise _ShapeError("PAR004", "`points` are not pairs of numbers", written) from None
    if not pairs:
        raise _ShapeError("PAR003", "the polygon has no points", "")
    return [x for x, _ in pairs], [y for _, y in pairs]
