"""All findings of a data set, by rule. Hundreds of thousands cost nothing until somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import overload

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Hits
from anchoraudit.rules._rule import Rule, Severity


class Findings(Sequence[Finding]):
    """Findings, errors first, then by code. A sequence like any other.

    Examples
    --------
    >>> findings = audit(read("sample_data/coco")).findings
    >>> findings.counts["BOX002"]
    1
    >>> findings.of("BOX002")[0].place
    'annotations[25]'
    """

    def __init__(self, groups: Mapping[str, Sequence[Sequence[Finding]]], rules: Mapping[str, Rule]) -> None:
        self._groups = {code: tuple(parts) for code, parts in groups.items()}
        self._rules = rules

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings for each code that occurs, errors first."""
        return {code: sum(map(len, parts)) for code, parts in self._groups.items()}

    def rule(self, code: str) -> Rule:
        """Return the rule with this code."""
        return self._rules[code]

    def of(self, code: str, limit: int | None = None) -> list[Finding]:
        """Return the findings of one rule, at most `limit` of them."""
        return list(islice(chain.from_iterable(self._groups.get(code, ())), limit))

    def parts_of(self, code: str) -> tuple[Sequence[Finding], ...]:
        """Return the findings of one rule as they were made: some from reading, some by its check."""
        return self._groups.get(code, ())

    def severities(self) -> set[Severity]:
        """Return the severities that occur."""
        return {self._rules[code].severity for code in self._groups}

    def where(self, wanted: Callable[[Finding], bool]) -> Findings:
        """Return the findings for which `wanted` is true, in the same order.

        Findings about boxes and images stay lazy: only their rows are kept.
        """
        groups: dict[str, list[Sequence[Finding]]] = {}
        for code, parts in self._groups.items():
            kept = (_kept(part, wanted) for part in parts)
            if some := [part for part in kept if len(part)]:
                groups[code] = some
        return Findings(groups, self._rules)

    def errors(self) -> Iterator[Sequence[Finding]]:
        """Yield the findings at error level, findings about verdicts excluded, group by group."""
        for code, parts in self._groups.items():
            if self._rules[code].severity == "error" and not self._rules[code].verdict:
                yield from parts

    def has_error(self, about: str, count: int) -> Bool:
        """Tell which boxes or images have a finding at error level, findings about verdicts excluded.

        about: "box" or "image". count: how many boxes or images the data set has. Returns bool [count].
        """
        hit = np.zeros(count, dtype=np.bool_)
        for code, parts in self._groups.items():
            if self._rules[code].severity != "error" or self._rules[code].verdict:
                continue
            for part in parts:
                if isinstance(part, Hits) and part.about == about:
                    hit[part.rows] = True
        return hit

    def errors_of_image(self, image: int, boxes: Int) -> list[str]:
        """Return the codes of the errors about an image or one of its boxes, verdicts excluded.

        image: the row of the image. boxes: int64 [n], the rows of its boxes.
        """
        rows = {"image": [image], "box": boxes.tolist()}
        return [
            code
            for code, parts in self._groups.items()
            if self._rules[code].severity == "error" and not self._rules[code].verdict
            if any(isinstance(part, Hits) and part.is_about_any(rows[part.about]) for part in parts)
        ]

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __repr__(self) -> str:
        counts = ", ".join(f"{code} {number}" for code, number in self.counts.items())
        return f"<{len(self):,} findings: {counts}>" if counts else "<no findings>"

    def __iter__(self) -> Iterator[Finding]:
        return chain.from_iterable(chain.from_iterable(self._groups.values()))

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> list[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | list[Finding]:
        if isinstance(index, slice):
            return list(self)[index]
        index = index + len(self) if index < 0 else index
        if index < 0:
            raise IndexError("no such finding")
        for parts in self._groups.values():
            for part in parts:
                if index < len(part):
                    return part[index]
                index -= len(part)
        raise IndexError("no such finding")


def _kept(part: Sequence[Finding], wanted: Callable[[Finding], bool]) -> Sequence[Finding]:
    return part.where(wanted) if isinstance(part, Hits) else [f for f in part if wanted(f)]
