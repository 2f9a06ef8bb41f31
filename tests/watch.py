"""Watch what this process does to the machine while a hostile file is read, by Python's audit events.

Within `watching(folder)`, nothing outside of `folder` may be written, renamed or removed, no program started,
no connection opened, and nothing unpickled but what the program's own processes send. What was done all the
same is told; it is not prevented.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

# Events that must not be, whatever their arguments.
_NEVER = {
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn"),
    *("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request", "webbrowser.open"),
    "ctypes.dlopen",
}
_UNPICKLED = {"anchoraudit", "numpy", "array", "builtins"}  # what the program's own processes send
# Events that name paths which must lie below the folder, and how many of the first arguments are paths.
_CHANGES = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown"), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink", "shutil.copyfile", "shutil.move"), 2),
    **dict.fromkeys(("os.utime", "os.mkfifo", "os.setxattr", "shutil.rmtree"), 1),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_TEMPORARY = os.path.realpath(tempfile.gettempdir()) + os.sep + ".anchoraudit-"  # the program's own folders


class _State:
    folder: str | None = None
    seen: list[str] = []


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[list[str]]:
    """Yield a list that gets a line for everything that is done within the block and must not be."""
    _install()
    before = _State.folder, _State.seen
    seen: list[str] = []
    _State.folder, _State.seen = os.path.realpath(folder), seen
    try:
        yield seen
    finally:
        _State.folder, _State.seen = before


@contextlib.contextmanager
def looking_away() -> Iterator[None]:
    """Do not watch within the block, in which the test itself acts."""
    before, _State.folder = _State.folder, None
    try:
        yield
    finally:
        _State.folder = before


@cache
def _install() -> None:
    """Add the hook, once: a hook cannot be removed."""
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _State.folder is None:
        return
    if event in _NEVER or (event == "pickle.find_class" and args[0].partition(".")[0] not in _UNPICKLED):
        _State.seen.append(f"{event}{args!r:.200}")
    elif event == "open":
        path, _, flags = args
        if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
            _judge(event, path)
    elif event in _CHANGES:
        for path in args[: _CHANGES[event]]:
            _judge(event, path)


def _judge(event: str, path: Any) -> None:
    try:
        name = os.fsdecode(path)
    except TypeError:
        return  # a descriptor
    if name == os.devnull or "__pycache__" in name:  # Python itself
        return
    parent, last = os.path.split(os.path.normpath(name))
    full = os.path.join(os.path.realpath(parent), last)  # noqa: PTH118  a link itself may be replaced
    if full != _State.folder and not full.startswith((f"{_State.folder}{os.sep}", _TEMPORARY)):
        _State.seen.append(f"{event} {full!r:.200}")
