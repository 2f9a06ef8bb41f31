"""Changes as text, like a unified diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anchoraudit.detectors import Detector
from anchoraudit.errors import printable
from anchoraudit.fixes import Change
from anchoraudit.report import words

_WHY = {
    "clipped": "clipped to its image",
    "exchanged": "minimum and maximum exchanged",
    "reread": "read in another convention, and written in that of the format",
    "swapped": "width and height swapped, to match the image file",
    "renumbered": "new id, also in its annotations",
    "not_finite": "dropped: coordinates are not finite",
    "no_area": "dropped: no area, or inverted",
    "outside": "dropped: outside its image",
    "far_outside": "dropped: far outside its image",
    "exact_duplicate": "dropped: equals {of}",
    "near_duplicate": "dropped: nearly equals {of}",
}


def diff_lines(changes: Iterable[Change], detector: Detector | None) -> Iterator[str]:
    """Yield the lines of the diff: each file once, then each entry with its old and new values.

    detector: the one whose verdicts are among the reasons.
    """
    path = None
    for change in changes:
        if change.path != path:
            path = change.path
            yield f"--- {printable(path)}\n"
            yield f"+++ {printable(path)} (filtered)\n"
        what = " ".join(part for part in (change.place, f"({change.thing})" if change.thing else "") if part)
        yield f"@@ {printable(what)}: {printable(_why(change, detector))} @@\n"
        yield from (f"-  {name}: {printable(old)}\n" for name, old, _ in change.values)
        if not change.gone:
            yield from (f"+  {name}: {printable(new)}\n" for name, _, new in change.values)


class Counted:
    """Changes that are counted as they are gone through."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = changes
        self._gone = self._other = 0

    def __iter__(self) -> Iterator[Change]:
        """Yield the changes."""
        for change in self._changes:
            if change.gone and change.why not in _WHY:
                self._gone += 1
            else:
                self._other += 1
            yield change

    def summary(self, images: int) -> str:
        """Say in one line how much would change. images: how many there are."""
        if not self._gone + self._other:
            return f"nothing would change: {words.count(images, 'image')}"
        entries = "1 entry" if self._other == 1 else f"{self._other:,} entries"
        would_go = f"{self._gone:,} of {words.count(images, 'image')} would go"
        return f"nothing was written: {would_go}, and {entries} change"


def _why(change: Change, detector: Detector | None) -> str:
    if change.why in _WHY:
        return _WHY[change.why].format(of=change.of)
    if change.why in words.VERDICT_MEANING:
        return f"dropped, {change.why}: {words.dropped(change.why, detector)}"
    return f"dropped, with an error: {change.why}"
