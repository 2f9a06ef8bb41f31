"""Changes as text, like a unified diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from anchoraudit.dataset.columns import Bool
from anchoraudit.errors import printable
from anchoraudit.fixes import Change
from anchoraudit.report import words

_WHY = {
    "clipped": "clipped to its image",
    "swapped": "width and height swapped, as the file has them",
    "renumbered": "another id, also in its annotations",
    "not_finite": "left out: coordinates are not finite",
    "no_area": "left out: no area, or inverted",
    "outside": "left out: outside its image",
    "exact_duplicate": "left out: equals {of}",
    "near_duplicate": "left out: nearly equals {of}",
}


def diff_lines(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the lines of a listing: each file once, each entry with what it has, and what it will have."""
    path = None
    for change in changes:
        if change.path != path:
            path = change.path
            yield f"--- {printable(path)}\n"
            yield f"+++ {printable(path)} (filtered)\n"
        what = " ".join(part for part in (change.place, f"({change.thing})" if change.thing else "") if part)
        yield f"@@ {printable(what)}: {printable(_why(change))} @@\n"
        yield from (f"-  {name}: {printable(old)}\n" for name, old, _ in change.values)
        if not change.gone:
            yield from (f"+  {name}: {printable(new)}\n" for name, _, new in change.values)


def diff_summary(changes: Sequence[Change], keep: Bool) -> str:
    """Say in one line what the listing comes to."""
    gone = sum(change.gone and change.why not in _WHY for change in changes)
    other = len(changes) - gone
    if not changes:
        return f"nothing would change: {words.count(len(keep), 'image')}"
    entries = "1 entry" if other == 1 else f"{other:,} entries"
    return (
        f"nothing was written: {gone:,} of {words.count(len(keep), 'image')} would go, and {entries} change"
    )


def _why(change: Change) -> str:
    if change.why in _WHY:
        return _WHY[change.why].format(of=change.of)
    return f"dropped, {change.why}: {words.VERDICT_MEANING[change.why]}"
