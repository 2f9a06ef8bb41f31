"""All findings of a data set, by rule: hundreds of thousands cost nothing until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import overload

import numpy as np

from anchoraudit.dataset.columns import Bool
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Hits
from anchoraudit.rules._rule import Rule, Severity


class Findings(Sequence[Finding]):
    """Findings, errors first, then by code; a sequence like any other."""

    def __init__(self, groups: Mapping[str, Sequence[Sequence[Finding]]], rules: Mapping[str, Rule]) -> None:
        self._groups = {code: tuple(parts) for code, parts in groups.items()}
        self._rules = rules

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each code that occurs, errors first."""
        return {code: sum(map(len, parts)) for code, parts in self._groups.items()}

    def rule(self, code: str) -> Rule:
        """The rule with this code."""
        return self._rules[code]

    def of(self, code: str, limit: int | None = None) -> list[Finding]:
        """The findings of one rule, the first `limit` of them."""
        return list(islice(chain.from_iterable(self._groups.get(code, ())), limit))

    def severities(self) -> set[Severity]:
        """Severities that occur."""
        return {self._rules[code].severity for code in self._groups}

    def where(self, wanted: Callable[[Finding], bool]) -> Findings:
        """Those that are wanted, in their order; of boxes and images still by their rows."""
        groups: dict[str, list[Sequence[Finding]]] = {}
        for code, parts in self._groups.items():
            kept = (_those(part, wanted) for part in parts)
            if some := [part for part in kept if len(part)]:
                groups[code] = some
        return Findings(groups, self._rules)

    def has_error(self, about: str, count: int) -> Bool:
        """Tell which of the `count` boxes or images (`about`) an error is about, verdicts aside."""
        hit = np.zeros(count, dtype=np.bool_)
        for code, parts in self._groups.items():
            if self._rules[code].severity != "error" or self._rules[code].verdict:
                continue
            for part in parts:
                if isinstance(part, Hits) and part.about == about:
                    hit[part.rows] = True
        return hit

    def __len__(self) -> int:
        return sum(self.counts.values())

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


def _those(part: Sequence[Finding], wanted: Callable[[Finding], bool]) -> Sequence[Finding]:
    return part.where(wanted) if isinstance(part, Hits) else [f for f in part if wanted(f)]
