"""What a reader takes for standard where a file names a class that the framework does not have.

A class of the user's own may lay out anchors and label them in any way, and its code is not read. So it is
refused, unless the user says that it keeps what its framework has.
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
    """Whether the user vouches for classes of their own, and what was taken for standard because of that.

    standard: the user does. made: one note for each thing that was taken for standard.
    """

    standard: bool = False
    made: list[str] = field(default_factory=list)

    def anchors(self, thing: str, standard: str, refusal: AnchorauditError) -> None:
        """Take the anchors and the matching of `thing` for those of `standard`, or raise `refusal`."""
        self.that(thing, f"keeps the anchors and the matching of {standard}", refusal)

    def that(self, thing: str, claim: str, refusal: AnchorauditError) -> None:
        """Take it that `thing` (a class that a file names) does as `claim` says.

        Raises `refusal`, and how to go on all the same, where the user does not vouch for it.
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
        """Return the detector with what was assumed in its name, which every report shows, and its notes."""
        if not self.made:
            return detector
        return msgspec.structs.replace(
            detector, name=f"{detector.name} (assumed standard)", notes=(*self.made, *detector.notes)
        )
