"""Numbers that are added up over parts: dicts and lists of integers."""

from __future__ import annotations

from itertools import starmap
from operator import add
from typing import Any


def added(one: Any, other: Any) -> Any:
    """Return the sum of two trees of integers. None, which is no number at all, stays None.

    Dicts keep the order of their keys if it is the same in both. Otherwise it is that of the alphabet, so
    that it does not depend on which of several is added first.

    Examples
    --------
    >>> added({"images": 2, "lost": None}, {"images": 3, "lost": None})
    {'images': 5, 'lost': None}
    >>> added({"b": 1}, {"a": 1})
    {'a': 1, 'b': 1}
    >>> added([1, [2]], [3, [4]])
    [4, [6]]
    """
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict):
        names = list(one) if list(one) == list(other) else sorted({**one, **other})
        return {n: added(one.get(n), other.get(n)) for n in names}
    if isinstance(one, list):
        pairs = zip(one, other, strict=True)
        return list(starmap(add if {*map(type, one)} == {int} == {*map(type, other)} else added, pairs))
    return one + other
