"""What a file of a framework leaves open: as in the preset that is nearest to it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.spec import Detector


def based_on(
    name: str,
    path: Path,
    *,
    notes: tuple[str, ...] = (),
    without: str | tuple[str, ...] = (),
    read_in: tuple[str, ...] = (),
    **blocks: object,
) -> Detector:
    """Return the preset of that name with the user's blocks in place of its own.

    It is called as the file is, and says which file and which preset it was read from. Of the preset's notes
    those go that speak of its own input size, where that is replaced, and those that start with `without`.
    read_in: where the rules were read, in place of the preset's own sources.
    """
    base = preset(name)
    kept = [note for note in base.notes if not note.startswith(without)]
    if "resize" in blocks:
        sizes = {base.resize.side or base.resize.width, base.resize.cap or base.resize.side} - {0}
        own = re.compile(rf"(?<!\d)({'|'.join(str(size) for size in sorted(sizes))})(?!\d)")
        kept = [note for note in kept if not own.search(note)]
    return msgspec.structs.replace(
        base,
        name=path.stem,
        sources=(f"{path.name}; what it does not say: preset {name}", *(read_in or base.sources)),
        notes=(*kept, *notes),
        **blocks,
    )
