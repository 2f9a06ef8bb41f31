"""Reading a user's file as text: regular, not huge, not binary, not empty."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents


def read_text(path: Path) -> str:
    """Return the text of a file. Raises AnchorauditError, with what to do, where there is none."""
    text = documents.read_text(path, "detector file")
    if not text.strip():
        raise AnchorauditError("empty", path=path, remedy="Name a file that describes a detector.")
    return text
