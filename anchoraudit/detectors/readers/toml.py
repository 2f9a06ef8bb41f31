"""The package's own format: a detector block by block, in TOML (docs/detectors.md)."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.toml_text import from_toml

SUFFIXES = (".toml",)
LOOKS_FOR = "anchoraudit detector (.toml)"


def detect(path: Path, text: str) -> bool:
    """Any TOML file: what is wrong with it, `read` says."""
    del path, text
    return True


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read a detector; such a file says all itself."""
    del assume
    return from_toml(text, path)
