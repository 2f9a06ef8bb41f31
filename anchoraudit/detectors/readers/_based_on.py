"""Fill in what a framework's file does not say from the nearest preset."""

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
    augmentation: str = "",
    read_from: str = "",
    **blocks: object,
) -> Detector:
    """Return the preset with this name, with the user's `blocks` instead of its own.

    The detector gets the file's name, and its sources name the file and the preset. Two kinds of the preset's
    notes are dropped: those that start with `without`, and those that mention its input size, if `blocks` has
    a resize. read_in: where the rules were read, instead of the preset's own sources. augmentation: the
    recipe of its training geometry; by default none, since a file may state another than the preset has.
    read_from: what the sources name in place of the file, for what is in memory.
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
        sources=(
            f"{read_from or path.name}; what it does not say: preset {name}",
            *(read_in or base.sources),
        ),
        notes=(*kept, *notes),
        augmentation=augmentation,
        **blocks,
    )
