"""The presets that come with the package. They are TOML files, read like a user's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.toml_text import from_toml
from anchoraudit.io.folders import names_in

FOLDER = Path(__file__).parent / "presets"


def own_names() -> list[str]:
    """Return the names of the presets that are detectors of their own, not the first epochs of another.

    Examples
    --------
    >>> sorted(set(preset_names()) - set(own_names()))
    ['ppyoloe-warmup', 'yolov6-warmup']
    """
    return [name for name in preset_names() if not preset(name).first_epochs_of]


def preset_names() -> list[str]:
    """Return the names of the presets that come with the package.

    Returns
    -------
    list of str
        The names, sorted. `load_detector` takes each of them.

    Examples
    --------
    >>> "reference" in preset_names()
    True
    """
    return sorted(name.removesuffix(".toml") for name in names_in(FOLDER) if name.endswith(".toml"))


@cache
def preset(name: str) -> Detector:
    """Return the preset with this name, which must exist."""
    return from_toml((FOLDER / f"{name}.toml").read_text("utf-8"), Path(f"{name}.toml"))
