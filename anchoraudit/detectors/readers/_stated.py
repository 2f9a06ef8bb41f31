"""What a detector file says of classes, and what of it could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from anchoraudit.detectors.classes import Classes
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says of classes.

    classes: what could be read. remarks: what the user should know of it, for the detector's notes.
    unread: the first value that parsing does not give, as an error; None if all was read.
    """

    classes: Classes
    remarks: tuple[str, ...] = ()
    unread: AnchorauditError | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """The remarks, and one on what could not be read."""
        if self.unread is None:
            return self.remarks
        where = f" ({', '.join(filter(None, (Path(self.unread.path).name, self.unread.place)))})"
        return (*self.remarks, f"what is said of classes is not read in full: {self.unread.message}{where}")

    def put_into(self, detector: Detector) -> Detector:
        """Return the detector with these classes, and with the notes on them after its own."""
        notes = (*detector.notes, *self.notes)
        return msgspec.structs.replace(detector, classes=self.classes, notes=notes)


def place(path: str, line: int) -> str:
    """Return a place as `Classes.stated_in` has it: the name of the file, and the line.

    What is in memory has no line, and its path is the name of the entry.
    """
    return f"{Path(path).name}, line {line}" if line else path
