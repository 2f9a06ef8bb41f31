"""The presets that come with the package: TOML files, read as the user's own are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.toml_text import from_toml

FOLDER = Path(__file__).parent / "presets"


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def preset(name: str) -> Detector:
    """Return the preset of that name, which must exist."""
    return from_toml((FOLDER / f"{name}.toml").read_text("utf-8"), Path(f"{name}.toml"))
