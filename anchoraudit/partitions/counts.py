"""Numbers that are added up over parts: dicts and lists of integers."""

from __future__ import annotations

from typing import Any


def added(one: Any, other: Any) -> Any:
    """Return the sum of two trees of integers. None, which is no number at all, stays None.

    Examples
    --------
    >>> added({"images": 2, "lost": None}, {"images": 3, "lost": None})
    {'images': 5, 'lost': None}
    >>> added([1, [2]], [3, [4]])
    [4, [6]]
    """
    if isinstance(one, dict):
        names = dict.fromkeys([*one, *other])
        return {n: added(one[n], other[n]) if n in one and n in other else {**one, **other}[n] for n in names}
    if isinstance(one, list):
        return [added(*pair) for pair in zip(one, other, strict=True)]
    return one if other is None else other if one is None else one + other
