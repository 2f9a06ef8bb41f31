"""Read a user's file as text; a file that is special, huge, binary or empty is an error."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents


def read_text(path: Path) -> str:
    """Return the text of a file. Raises AnchorauditError if it cannot be read or is empty."""
    text = documents.read_text(path, "detector file")
    if not text.strip():
        raise AnchorauditError("empty file", path=path, remedy="Name a file that describes a detector.")
    return text
