"""A run of the program that gets a signal at each line of the code that writes. `tests.forks` runs it.

The program is traced. At each line it forks, and the copy gets the signal, as if it had come just then: so
one run serves for all lines. What the copy leaves of the files is noted and undone. Until then, all files
have second names elsewhere, so that those which the run has open stay the same ones.

    {"mode": MODE, ...} COMMAND...

Works on the files below the working directory. Prints as JSON what was seen: at which line, by which signal,
with which exit code, words and files a copy ended. The modes:

- lines: SIGINT and SIGTERM in turn at each line, the first `times` that it is reached; and what SIGKILL would
  leave there: the files as they are
- again: Ctrl-C while file number `flush` is flushed to the disk, a second one at each line of the tidying up
- kill: no copy; SIGKILL at line number `at`
- limit: no signal, but no file may be larger than `bytes`
- gone: no signal, but the working directory is removed before the program starts
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from anchoraudit import __main__ as program
from anchoraudit.io import outputs, signals

WATCHED = frozenset(module.__file__ for module in (outputs, signals))
FOLDER = "a folder"


def main() -> None:
    asked, sys.argv = json.loads(sys.argv[1]), ["anchoraudit", *sys.argv[2:]]
    if asked["mode"] == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["bytes"], asked["bytes"]))
    elif asked["mode"] == "gone":
        Path.cwd().rmdir()
    elif asked["mode"] == "kill":
        _trace(_Killed(asked["at"]))
    elif asked["mode"] == "lines":
        copies = _Copies()
        _trace(copies, asked["times"])
        with contextlib.suppress(SystemExit):
            program.main()
        sys.settrace(None)
        copies.tell()
        return
    elif asked["mode"] == "again":
        _interrupt_at_flush(asked["flush"])
    program.main()


def _trace(attack: Callable[[str], None], times: int = 2) -> None:
    """Call `attack` with each line of the watched modules that is reached, the first `times`."""
    met: Counter[str] = Counter()

    def at_line(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            line = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            met[line] += 1
            if met[line] <= times:
                attack(line)
        return at_line

    sys.settrace(lambda frame, *_: at_line if frame.f_code.co_filename in WATCHED else None)


def _interrupt_at_flush(number: int) -> None:
    """Send Ctrl-C to this process while it flushes file number `number`, from 1, and follow the handler."""
    flush, end, run = os.fsync, os._exit, os.getpid()
    calls = Counter[str]()
    copies = _Copies()

    def interrupted(handle: int) -> None:
        flush(handle)
        calls["fsync"] += 1
        if calls["fsync"] == number:
            os._exit = ended  # type: ignore[assignment]
            _trace(copies)
            signal.raise_signal(signal.SIGINT)

    def ended(code: int) -> None:
        if os.getpid() == run:
            sys.settrace(None)
            copies.tell()
        end(code)

    os.fsync = interrupted


class _Killed:
    """Kills this process at line number `at`."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, line: str) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class _Copies:
    """Makes a copy of this process at each line, sends it a signal, and notes how it ends.

    From now on, this process itself writes nothing to its streams but what `tell` does.
    """

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []
        self.files = _Files(Path.cwd())
        self.report = os.dup(1)
        self.words = os.open(self.files.beside / "words", os.O_RDWR | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)

    def __call__(self, line: str) -> None:
        number = (signal.SIGINT, signal.SIGTERM)[len(self.seen) % 2]
        there, before = self.files.content(), self.files.keep()
        os.ftruncate(self.words, 0)
        os.lseek(self.words, 0, os.SEEK_SET)
        copy = os.fork()
        if copy == 0:
            os.dup2(self.words, 2)
            sys.settrace(None)
            signals.install()  # the copy is now the process that is to tidy up
            os.kill(os.getpid(), number)
            return  # the signal is to wait: go on until it has its effect
        _, status = os.waitpid(copy, 0)
        code, words = os.waitstatus_to_exitcode(status), os.pread(self.words, 10_000, 0).decode()
        found = {"line": line, "signal": number, "code": code, "words": words}
        self.seen.append({**found, "killed": there, "files": self.files.content()})
        self.files.restore(before)

    def tell(self) -> None:
        with os.fdopen(self.report, "w") as stream:
            json.dump(self.seen, stream)


class _Files:
    """The files below a folder. Second names of them are in a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.beside = folder.parent / "beside"
        self.beside.mkdir()
        self.digests: dict[tuple[int, int, int], str] = {}

    def keep(self) -> dict[Path, int]:
        """Give all files a second name. Return the paths of files and folders with the numbers of files."""
        found = {path: 0 if path.is_dir() else path.stat().st_ino for path in sorted(self.folder.rglob("*"))}
        for path, number in found.items():
            if number and not (second := self.beside / str(number)).exists():
                second.hardlink_to(path)
        return found

    def restore(self, before: dict[Path, int]) -> None:
        """Make the folder what it was when `keep` returned `before`."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_dir():
                if path not in before:
                    path.rmdir()
            elif before.get(path) != path.stat().st_ino:
                path.unlink()
        for path, number in before.items():
            if not number:
                path.mkdir(exist_ok=True)
            elif not path.exists():
                path.hardlink_to(self.beside / str(number))

    def content(self) -> dict[str, str]:
        """Return what `content` does, without reading again what has not changed."""
        return content(self.folder, self._digest)

    def _digest(self, path: Path) -> str:
        status = path.stat()
        key = status.st_ino, status.st_size, status.st_mtime_ns
        if key not in self.digests:
            self.digests[key] = _digest(path)
        return self.digests[key]


def _digest(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


def content(folder: Path, digest: Callable[[Path], str] = _digest) -> dict[str, str]:
    """Return the paths below a folder, each with a digest of the content."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): FOLDER if path.is_dir() else digest(path) for path in found}
