"""One thing that is wrong with a data set, and where. The rule of its code explains what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a data set, and where.

    Attributes
    ----------
    code : str
        The code of its rule. `rule_of` returns the rule, with severity, reason and remedy.
    message : str
        What is wrong.
    path : str
        The file.
    place : str
        The place in the file: ``"line 4, column 2"``, ``"annotations[17].bbox"``, ``"object 2"``.
    evidence : str
        The value that is wrong.
    thing : str
        A name that stays the same when entries move: an annotation's id, a box, an image. A baseline knows
        the finding by it. Empty where message and evidence say as much.

    Examples
    --------
    >>> finding = Finding("BOX002", "box without area", "a.json", "annotations[17].bbox")
    >>> finding.location
    'a.json, annotations[17].bbox'
    """

    code: str
    message: str
    path: str = ""
    place: str = ""
    evidence: str = ""
    thing: str = ""

    @property
    def location(self) -> str:
        """File and place in one string.

        Examples
        --------
        >>> Finding("BOX002", "box without area", "a.xml", "object 2").location
        'a.xml, object 2'
        """
        return ", ".join(part for part in (self.path, self.place) if part)

    def __reduce__(self) -> tuple[type[Finding], tuple[str, ...]]:
        """Return what another process makes the same of, in half the time that dataclasses take."""
        return Finding, (self.code, self.message, self.path, self.place, self.evidence, self.thing)
