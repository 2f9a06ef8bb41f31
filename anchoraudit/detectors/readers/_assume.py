"""What to do if a file names a class that the framework does not have, one of the user's own.

Such a class may make and label anchors in any way, and its code is not read. So it is an error, unless the
user says that it keeps the anchors and the matching of the framework's class (--assume-standard).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector


@dataclass(slots=True)
class Assume:
    """Whether the user allows assumptions about unknown classes, and the assumptions that were made.

    standard: the user allows them. made: one note for each assumption.
    """

    standard: bool = False
    made: list[str] = field(default_factory=list)

    def anchors(self, thing: str, standard: str, refusal: AnchorauditError) -> None:
        """Assume that `thing` has the anchors and the matching of `standard`, or raise `refusal`."""
        self.that(thing, f"keeps the anchors and the matching of {standard}", refusal)

    def that(self, thing: str, claim: str, refusal: AnchorauditError) -> None:
        """Assume that `claim` is true of `thing`, a class that a file names.

        Raises `refusal` if the user does not allow assumptions, and adds how to allow them.
        """
        if not self.standard:
            how = f"If it {claim}, read it with --assume-standard"
            raise AnchorauditError(
                refusal.message,
                path=refusal.path,
                place=refusal.place,
                remedy=f"{refusal.remedy} {how} (in Python: assume_standard=True).".lstrip(),
            )
        note = f"Assumed, not read: {thing} {claim}."
        if note not in self.made:
            self.made.append(note)

    def mark(self, detector: Detector) -> Detector:
        """Return the detector with the assumptions as notes, and a mark in its name, for all reports."""
        if not self.made:
            return detector
        return msgspec.structs.replace(
            detector, name=f"{detector.name} (assumed standard)", notes=(*self.made, *detector.notes)
        )
