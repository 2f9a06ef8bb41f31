"""The columns of a table: texts as codes into the distinct ones, and numbers with what is none.

A table may have tens of millions of rows. So no row is a Python object: only distinct texts are, and the few
values that should be numbers and are not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_SOON = 64  # times as many rows as distinct texts
_NOTHING = frozenset(["", "none", "null", "na", "n/a", "-"])  # what programs write for a missing number


@dataclass(frozen=True, slots=True)
class Texts:
    """A text in each of R rows.

    codes: int64 [R], the index of each into `names`. names: the distinct texts, by their first rows. first:
    int64 [len(names)], these rows.
    """

    codes: Int
    names: list[str]
    first: Int

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.names[int(self.codes[row])]

    @classmethod
    def of(cls, values: Iterable[str]) -> Texts:
        """Return a list of texts as codes."""
        index: dict[str, int] = {}
        codes = np.array([index.setdefault(value, len(index)) for value in values], dtype=np.int64)
        return cls.of_codes(codes, list(index))

    @classmethod
    def of_codes(cls, codes: Int, names: Sequence[str]) -> Texts:
        """Return the texts names[code]: the names may be equal, or not occur, and have any order.

        codes: int64 [R], none below 0.
        """
        distinct = list(names)
        if len({*distinct}) < len(distinct):
            distinct = list(dict.fromkeys(names))
            index = {name: i for i, name in enumerate(distinct)}
            codes = np.array([index[name] for name in names], dtype=np.int64)[codes]
        first = _first_rows(codes, len(distinct))
        if distinct and (first[-1] == len(codes) or (first[1:] <= first[:-1]).any()):
            order = np.argsort(first, kind="stable")
            order = order[first[order] < len(codes)]
            place = np.full(len(distinct), -1, dtype=np.int64)
            place[order] = np.arange(len(order))
            codes, distinct, first = place[codes], [distinct[i] for i in order.tolist()], first[order]
        return cls(codes, distinct, first)

    @classmethod
    def same(cls, text: str, count: int) -> Texts:
        """Return the same text in all of `count` rows."""
        return cls.of_codes(np.zeros(count, dtype=np.int64), [text])

    def stripped(self) -> Texts:
        """Return the texts without spaces around them."""
        bare = [name.strip() for name in self.names]
        return self if bare == self.names else Texts.of_codes(self.codes, bare)

    def take(self, rows: Int) -> Texts:
        """Return the texts of some rows, int64."""
        return Texts.of_codes(self.codes[rows], self.names)

    def code_of(self, text: str) -> int:
        """Return the index of a text into `names`, -1 if no row has it."""
        try:
            return self.names.index(text)
        except ValueError:
            return -1

    def are(self, text: str) -> Bool:
        """Tell which rows have this text: bool [R]."""
        code = self.code_of(text)
        found: Bool = np.zeros(len(self), dtype=np.bool_) if code < 0 else self.codes == code
        return found


def _first_rows(codes: Int, count: int) -> Int:
    """Return the first row of each of `count` codes, len(codes) if it is in none: int64 [count]."""
    first = np.full(count, len(codes), dtype=np.int64)
    # Of a few texts, all are met soon.
    for some in (codes[: _SOON * count], codes):
        begins = np.flatnonzero(some[1:] != some[:-1])[::-1] + 1
        first[some[begins]] = begins  # the last one that is written is the first row
        first[some[:1]] = 0
        if len(some) == len(codes) or (first < len(codes)).all():
            break
    return first


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number in each of R rows.

    values: float64 [R], NaN where there is none. empty: bool [R], where nothing is written. odd: what is
    written where it is neither a number nor nothing, by row. has_commas: some have a decimal comma.
    """

    values: Float
    empty: Bool
    odd: dict[int, Any] = field(default_factory=dict)
    has_commas: bool = False

    @classmethod
    def of(cls, values: Sequence[Any]) -> Numbers:
        """Read numbers, or texts of numbers, "" for nothing."""
        try:
            numbers = np.array(list(map(float, values)), dtype=np.float64)
            return cls(numbers, np.zeros(len(numbers), dtype=np.bool_))
        except (TypeError, ValueError, OverflowError):
            pass
        numbers, odd = np.full(len(values), np.nan), {}
        empty = np.array([isinstance(value, str) and not value for value in values], dtype=np.bool_)
        has_commas = False
        for row, value in enumerate(values):
            try:
                if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value):
                    numbers[row], has_commas = float(value.replace(",", ".")), True
                    continue
                numbers[row] = math.nan if empty[row] else float(value)
                if isinstance(value, bool):
                    raise ValueError
            except (TypeError, ValueError, OverflowError):
                numbers[row] = math.nan
                odd[row] = value
        return cls(numbers, empty, odd, has_commas)

    @classmethod
    def nothing(cls, count: int) -> Numbers:
        """Return `count` rows in which nothing is written."""
        return cls.of_floats(np.full(count, np.nan))

    def is_absent(self) -> Bool:
        """Tell where nothing is written, or a word for it such as nan or None: bool [R]."""
        absent = self.empty | np.isnan(self.values)
        for row, value in self.odd.items():
            absent[row] = isinstance(value, str) and value.strip().lower() in _NOTHING
        return absent

    def take(self, rows: Int) -> Numbers:
        """Return the numbers of some rows, int64, in order."""
        odd = self.odd
        if odd:
            place = {row: at for at, row in enumerate(rows.tolist())}
            odd = {place[row]: value for row, value in odd.items() if row in place}
        return Numbers(self.values[rows], self.empty[rows], odd, self.has_commas)

    @classmethod
    def of_floats(cls, values: Float) -> Numbers:
        """Take numbers as they are: a NaN stands for nothing. values: float64 [R]."""
        return cls(values, np.isnan(values))


def joined_texts(parts: Sequence[Texts]) -> Texts:
    """Put the rows of parts behind each other."""
    if len(parts) == 1:
        return parts[0]
    begin = np.cumsum([0, *(len(part.names) for part in parts)])
    codes = [part.codes + start for part, start in zip(parts, begin[:-1].tolist(), strict=True)]
    return Texts.of_codes(
        np.concatenate([*codes, np.zeros(0, dtype=np.int64)]), [name for part in parts for name in part.names]
    )


def joined_numbers(parts: Sequence[Numbers]) -> Numbers:
    """Put the rows of parts behind each other."""
    if len(parts) == 1:
        return parts[0]
    begin = np.cumsum([0, *(len(part.values) for part in parts)]).tolist()
    return Numbers(
        np.concatenate([*(part.values for part in parts), np.zeros(0)]),
        np.concatenate([*(part.empty for part in parts), np.zeros(0, dtype=np.bool_)]),
        {
            start + row: value
            for part, start in zip(parts, begin, strict=False)
            for row, value in part.odd.items()
        },
        any(part.has_commas for part in parts),
    )
