"""What a misspelt name may have meant."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from difflib import SequenceMatcher


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> str:
    """Return `Did you mean reference? `, to begin a remedy with; "" where nothing known is like `name`.

    Named are the `most` that are most like it, as they are spelt in `known`. Case does not count.
    alike: how much of both is the same at least, 0 to 1 (`difflib.SequenceMatcher.ratio`). Of equally similar
    ones, those come first that have more letters in their places, then those that are listed first.
    """
    wanted = name.casefold()
    matcher = SequenceMatcher()
    matcher.set_seq2(wanted)
    found: list[tuple[float, int, int, str]] = []
    for place, one in enumerate(known):
        letters = one.casefold()
        matcher.set_seq1(letters)
        # The first two are upper bounds of the third, and fast.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < alike or matcher.ratio() < alike:
            continue
        found.append((matcher.ratio(), sum(map(str.__eq__, letters, wanted)), -place, one))
    near = [one for *_, one in heapq.nlargest(most, found)]
    return f"Did you mean {', '.join(near)}? " if near else ""
