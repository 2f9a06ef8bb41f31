"""The presets that come with the package: TOML files, read as the user's own are."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from anchoraudit.detectors.readers import toml
from anchoraudit.detectors.spec import Detector

FOLDER = Path(__file__).parent.parent / "presets"


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def preset(name: str) -> Detector:
    """Return the preset of that name, which must exist."""
    return toml.read(Path(f"{name}.toml"), (FOLDER / f"{name}.toml").read_text("utf-8"))


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
        sizes = {base.resize.side or base.resize.width, base.resize.cap or base.resize.side}
        own = re.compile(rf"(?<!\d)({'|'.join(str(size) for size in sorted(sizes))})(?!\d)")
        kept = [note for note in kept if not own.search(note)]
    return msgspec.structs.replace(
        base,
        name=path.stem,
        sources=(f"{path.name}; what it does not say: preset {name}", *(read_in or base.sources)),
        notes=(*kept, *notes),
        **blocks,
    )
