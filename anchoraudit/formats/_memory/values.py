"""Reads single values of dicts in memory; what cannot be read becomes a finding at its place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import shorten
from anchoraudit.formats._memory.held import plain

_LARGEST = 2**31 - 1  # no class has a larger number


@dataclass(slots=True)
class Values:
    """What was found so far. name: what the data set is called in findings."""

    name: Path
    findings: list[Finding] = field(default_factory=list)

    def report(self, code: str, message: str, place: str, value: object) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, message, str(self.name), place, shorten(value)))

    def side(self, entry: Mapping[str, Any], key: str, place: str) -> float:
        """Return a width or height in pixels, NaN if it is absent or no number."""
        value = plain(entry.get(key))
        if value is None:
            return math.nan
        if (number := number_of(value)) is None:
            self.report("PAR004", f"{key} is {shorten(value)}, not a number", f"{place}[{key!r}]", value)
            return math.nan
        return number

    def numbers(self, value: Any, count: int, place: str) -> list[float] | None:
        """Return so many numbers of a box, None if that is not what stands there."""
        values = plain(value)
        if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
            self.report("PAR003", f"a box is {shorten(values)}, not {count} numbers", place, values)
            return None
        listed = [plain(one) for one in values]
        if len(listed) != count:
            self.report("PAR003", f"a box has {len(listed)} numbers, not {count}", place, listed)
            return None
        found = [number_of(one) for one in listed]
        if (at := next((i for i, one in enumerate(found) if one is None), None)) is not None:
            self.report("PAR004", f"{shorten(listed[at])} in a box is not a number", place, listed)
            return None
        return [math.nan if one is None else one for one in found]

    def four(self, value: Any, place: str) -> list[float] | None:
        """Return the four numbers of a box, None if that is not what stands there."""
        return self.numbers(value, 4, place)

    def label(self, value: Any, place: str) -> int:
        """Return the number of a class, -1 if there is none."""
        number = plain(value)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _LARGEST:
            self.report("PAR003", f"a class is {shorten(number)}, not a number from 0", place, number)
            return -1
        return number


def number_of(value: Any) -> float | None:
    """Return a number as float, None for anything else: a text, true or false, or a number too large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
