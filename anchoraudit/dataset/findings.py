"""One thing that is wrong with a data set, and where it is. What a code stands for, its rule says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the data: the code of its rule, and where it is.

    `path` is the file, `place` the place in it (`line 4, column 2`, `annotations[17].bbox`, `object 2`),
    `evidence` the value met. `thing` names what it is about whatever its position: an annotation's id, a
    box, an image; "" where only file and value do. Severity, reason and remedy: `anchoraudit.rule_of(code)`.
    """

    code: str
    message: str
    path: str = ""
    place: str = ""
    evidence: str = ""
    thing: str = ""

    @property
    def location(self) -> str:
        """File and place in one string."""
        return ", ".join(part for part in (self.path, self.place) if part)
