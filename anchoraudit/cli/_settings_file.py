"""Finds the settings file of a run, and reads its table.

It is the nearest `anchoraudit.toml`, or `pyproject.toml` with `[tool.anchoraudit]`, in the working directory
or above. A file that is there and cannot be read is an error. If it were passed over, one broken line would
turn exit code 1 into 0. Only a `pyproject.toml` in whose text this program is not named belongs to others,
broken or not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.documents import LARGEST, parse_toml, read_text
from anchoraudit.io.files import read_input, unreadable

FILES = ("anchoraudit.toml", "pyproject.toml")  # of two in one folder, the first counts
_NAME = "anchoraudit"
_REMEDY = (
    "Settings in it would be lost. Make it readable, or write a settings file in the working directory, "
    "which counts before it: an empty anchoraudit.toml is enough."
)


def settings_file() -> tuple[Path, dict[str, Any]] | None:
    """Return the settings file that applies here and its table, None without one.

    Raises AnchorauditError for a file that cannot be read, or whose table is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        for name in FILES:
            path = folder / name
            if is_there(path) and (table := _table(path)) is not None:
                return path, table
    return None


def is_there(path: Path) -> bool:
    """Tell whether there is anything of that name. Raises AnchorauditError if the system does not tell."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error, _REMEDY) from None
    return True


def _table(path: Path) -> dict[str, Any] | None:
    """Return the table of a settings file; None for a `pyproject.toml` without one."""
    if path.name == FILES[0]:
        return parse_toml(read_text(path, "settings file"), path)
    data = read_input(path, LARGEST, remedy=_REMEDY)
    if _NAME.encode() not in re.sub(rb"[-_\0]", b"", data).lower():  # a zero beside each letter: UTF-16
        return None
    content = parse_toml(read_text(path, "settings file"), path)
    tools = content.get("tool", {})
    for key in content:
        if _is_like_ours(key):
            raise _misplaced(f"[{key}]", path)
    if not isinstance(tools, dict):
        raise _misplaced("[[tool]]" if isinstance(tools, list) else "tool", path)
    for key, value in tools.items():
        if _is_like_ours(key) and (key != _NAME or not isinstance(value, dict)):
            raise _misplaced(f"[[tool.{key}]]" if isinstance(value, list) else f"[tool.{key}]", path)
    return tools.get(_NAME)


def _is_like_ours(key: str) -> bool:
    return re.sub("[-_]", "", key).lower() == _NAME


def _misplaced(table: str, path: Path) -> AnchorauditError:
    return AnchorauditError(
        f"{table} is not the table of settings", path=path, remedy=f"Write a table [tool.{_NAME}]."
    )
