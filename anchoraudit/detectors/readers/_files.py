"""Reading a user's file as text: regular, not huge, not binary, not empty."""

from __future__ import annotations

import stat
from pathlib import Path

from anchoraudit.errors import AnchorauditError

LARGEST_FILE = 5_000_000  # bytes; the largest configuration files known to us have a few hundred thousand


def read_text(path: Path) -> str:
    """Return the text of a file. Raises AnchorauditError, with what to do, where there is none."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AnchorauditError("a folder, not a file", path=path, remedy="Name the detector file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise AnchorauditError("not a regular file", path=path, remedy="Name a detector file.")
        if status.st_size > LARGEST_FILE:
            raise AnchorauditError(
                f"{status.st_size} bytes are too many for a detector file (at most {LARGEST_FILE})",
                path=path,
                remedy="Name the configuration file, not the weights.",
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise AnchorauditError(reason, path=path, remedy="Check the path of the detector file.") from None
    if not data.strip():
        raise AnchorauditError("empty", path=path, remedy="Name a file that describes a detector.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnchorauditError(
            "not UTF-8 text",
            path=path,
            place=f"byte {error.start}",
            remedy="A detector file is UTF-8 text: name the configuration, not weights or an image.",
        ) from None
    if "\0" in text:
        raise AnchorauditError(
            "binary, not text",
            path=path,
            place=f"byte {data.index(0)}",
            remedy="Name the configuration file, not weights or an image.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
