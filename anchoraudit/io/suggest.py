"""Suggests known names for a misspelt one."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

# Comparing takes time with the square of a name's length. Longer names, and more of them, are not compared.
_LONGEST, _MOST = 200, 20_000


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> str:
    """Return `Did you mean reference? `, to begin a remedy with; "" if no known name is similar.

    Case does not count. Names are shown as they are spelt in `known`.

    most: the most names to suggest. alike: the least similarity, as for `nearest`.
    """
    near = nearest(name, known, most=most, alike=alike)
    return f"Did you mean {', '.join(near)}? " if near else ""


def meant(name: str) -> str:
    """Return `did you mean images/train?`, for the middle of a message."""
    return f"did you mean {name}?"


def nearest(name: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> list[str]:
    """Return the known names that are similar to `name`, the most similar one first; [] if none is.

    most: the most names to return. alike: the least similarity, 0 to 1 (`difflib.SequenceMatcher.ratio`). Of
    equally similar names, those come first that have more letters in the same place, then those listed first.
    """
    from difflib import SequenceMatcher  # takes longer to import than most commands need

    if len(name) > _LONGEST:
        return []
    wanted = name.casefold()
    matcher = SequenceMatcher()
    matcher.set_seq2(wanted)
    found: list[tuple[float, int, int, str]] = []
    for place, one in enumerate(itertools.islice(known, _MOST)):
        if len(one) > _LONGEST:
            continue
        letters = one.casefold()
        matcher.set_seq1(letters)
        # The first two ratios are fast upper bounds of the third.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < alike or matcher.ratio() < alike:
            continue
        found.append((matcher.ratio(), sum(map(str.__eq__, letters, wanted)), -place, one))
    return [one for *_, one in heapq.nlargest(most, found)]
