"""Shapes that tools for labelling draw: the box around each, and what is said of those that have none.

Points are `x, y` in pixels; boxes are `x1, y1, x2, y2`, as everywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import printable
from anchoraudit.formats._builder import NO_BOX, listed, shorten
from anchoraudit.io.json_text import number as number  # noqa: PLC0414  readers import it from here

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

Box = tuple[float, float, float, float]
NOT_FINITE: Box = (math.nan, math.nan, math.nan, math.nan)  # numbers that are there, but no place


def points_of(values: Any) -> list[tuple[float, float]] | None:
    """Return a list of points, [[x, y], ...], None if it is none."""
    if not isinstance(values, list) or not all(isinstance(each, list | tuple) for each in values):
        return None
    pairs = [[number(value) for value in each[:2]] for each in values]
    found = [(x, y) for x, y in (pair for pair in pairs if len(pair) == 2) if x is not None and y is not None]
    return found if len(found) == len(values) else None


def around(points: Sequence[tuple[float, float]]) -> Box:
    """Return the box around points; NO_BOX around none.

    >>> around([(110, 70), (10, 20)])
    (10, 20, 110, 70)
    """
    if not points:
        return NO_BOX
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if any(map(math.isnan, (*xs, *ys))):
        return NOT_FINITE
    return (min(xs), min(ys), max(xs), max(ys))


def xywh(values: Any) -> Box | None:
    """Return the box of a list of four numbers: left, top, width, height; None if it is none.

    >>> xywh([10, 20, 100, 50])
    (10.0, 20.0, 110.0, 70.0)
    """
    numbers = [number(value) for value in values] if isinstance(values, list | tuple) else []
    found = [value for value in numbers if value is not None]
    if len(found) != 4 or len(numbers) != 4:
        return None
    x, y, width, height = found
    return (x, y, x + width, y + height)


def around_ellipse(cx: float, cy: float, rx: float, ry: float, turned: float = 0.0) -> Box:
    """Return the box around an ellipse. rx, ry: its radii. turned: by which angle, in radians.

    >>> around_ellipse(50, 50, 30, 10), [round(v) for v in around_ellipse(50, 50, 30, 10, math.pi / 2)]
    ((20.0, 40.0, 80.0, 60.0), [40, 20, 60, 80])
    """
    if not math.isfinite(turned):
        return NOT_FINITE
    sine, cosine = math.sin(turned), math.cos(turned)
    dx, dy = math.hypot(rx * cosine, ry * sine), math.hypot(rx * sine, ry * cosine)
    return (cx - dx, cy - dy, cx + dx, cy + dy)


def around_turned(x: float, y: float, width: float, height: float, degrees: float) -> Box:
    """Return the box around a rectangle that is turned clockwise about its top left corner `x, y`.

    >>> around_turned(100, 20, 40, 10, 90)
    (90.0, 20.0, 100.0, 60.0)
    """
    if not all(map(math.isfinite, (x, y, width, height, degrees))):
        return NOT_FINITE
    sine, cosine = _exact(math.sin(math.radians(degrees))), _exact(math.cos(math.radians(degrees)))
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return around([(x + u * cosine - v * sine, y + u * sine + v * cosine) for u, v in corners])


def around_centre(box: Box, radians: float) -> Box:
    """Return the box around a box that is turned about its centre.

    >>> around_centre((10, 20, 50, 40), math.pi / 2)
    (20.0, 10.0, 40.0, 50.0)
    """
    x1, y1, x2, y2 = box
    if not math.isfinite(radians):
        return NOT_FINITE
    sine, cosine = abs(_exact(math.sin(radians))), abs(_exact(math.cos(radians)))
    dx = ((x2 - x1) * cosine + (y2 - y1) * sine) / 2
    dy = ((x2 - x1) * sine + (y2 - y1) * cosine) / 2
    cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
    return (cx - dx, cy - dy, cx + dx, cy + dy)


def _exact(value: float) -> float:
    """Return the sine or cosine of a right angle without its error."""
    return float(round(value)) if abs(value - round(value)) < 1e-15 else value


class Tally:
    """Counts the shapes of a data set that are no boxes, for its notes."""

    def __init__(self) -> None:
        self._around: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._images: list[str] = []

    def around(self, kind: str) -> None:
        """Count a shape that becomes the box around it. kind: what it is called, `polygon`."""
        self._around[kind] += 1

    def skip(self, kind: str, count: int = 1) -> None:
        """Count shapes that are not read."""
        self._skipped[kind] += count

    def leave_out(self, image: str) -> None:
        """Note an image all of whose shapes were skipped. It is not blank, so it is not read."""
        self._images.append(image)

    def add(self, other: Tally) -> None:
        """Add what another tally counts."""
        self._around += other._around
        self._skipped += other._skipped
        self._images += other._images

    def notes(self) -> list[str]:
        """Return what the report says of them."""
        notes = []
        if self._around:
            notes.append(f"read as the boxes around them: {_counted(self._around.items())}")
        if self._skipped:
            notes.append(f"not read: {_counted(self._skipped.items())}")
        if self._images:
            which = "which have" if len(self._images) > 1 else "which has"
            named = listed([image[:80] for image in self._images])
            notes.append(
                f"not read: {len(self._images):,} image{'s' * (len(self._images) > 1)} {which} only such "
                f"shapes, so not blank: {named}"
            )
        return notes


class Tallies:
    """A tally of each file. Of those that are in no data set, nothing is said."""

    def __init__(self) -> None:
        self._by_file: dict[Path, Tally] = {}

    def of(self, file: Path) -> Tally:
        """Return the tally of a file."""
        return self._by_file.setdefault(file, Tally())

    def notes(self, dataset: Dataset) -> list[str]:
        """Return what the report says of the files of a data set together."""
        total = Tally()
        for source in dataset.sources:
            total.add(self.of(source.path))
        return total.notes()


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {_plural(kind) if count != 1 else kind}" for kind, count in counts)


def _plural(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"


def label_of(value: Any) -> str:
    """Return the name of a class as a file writes it, "" if it has none: numbers are names, too."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def kind_name(kind: Any) -> str:
    """Return what a kind of shape is called in notes: `mask`; of an unusual one, what can be shown."""
    text = printable(kind if isinstance(kind, str) else shorten(kind, 20))
    return text if len(text) <= 30 else f"{text[:27]}..."


def unusable(words: str, path: str, place: str, value: Any) -> Finding:
    """Return PAR003, or PAR004 if it is about a number, for an entry that cannot be used as it is."""
    code = "PAR004" if words.endswith("not a number") else "PAR003"
    return Finding(code, words, path, place, shorten(value))
