"""Read the package's own TOML format, a detector block by block (docs/detectors.md)."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._stated import Stated
from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.toml_text import classes_from_toml, from_toml

SUFFIXES = (".toml",)
LOOKS_FOR = "anchoraudit detector (.toml)"


def detect(path: Path, text: str) -> bool:
    """Accept any TOML file; `read` reports what is wrong with it."""
    del path, text
    return True


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read a detector. Such a file is complete, so nothing is assumed."""
    del assume
    return from_toml(text, path)


def classes(path: Path, text: str) -> Stated:
    """Read the table `[classes]`."""
    return Stated(classes_from_toml(text, path))
