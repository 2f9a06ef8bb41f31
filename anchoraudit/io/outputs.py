"""Writes files so that each is the old one or the new one, whole, whatever ends the program.

A file is written beside its target under another name, flushed to the disk, and renamed. The outputs of one
command are renamed together, once all are written (`together`). What is unfinished is removed if anything
fails, also by the signals of `signals`. What a killed process leaves, the next one removes that writes into
the same folder: the names say which process each file is of.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import signals, steps
from anchoraudit.io.files import reason_of

IGNORE = ".gitignore"  # in the folders of this program
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
for _flag in ("O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"):  # not every system has all of them
    _NEW |= getattr(os, _flag, 0)

# .anchoraudit-PLACE-PID-START-RANDOM.tmp: see `_new_name`
_TEMPORARY = re.compile(r"\.anchoraudit-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{16}\.tmp")
# Seconds until a file of another machine or container counts as left over. Whether its process lives cannot
# be asked from here, and no run takes a week.
_A_WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Written:
    """A file that is complete. path: as the user named it. target: the same, with links followed."""

    path: Path
    target: Path
    temporary: Path


class _Transaction:
    """Files that are renamed into place together, or not at all. afterwards: what to do then."""

    def __init__(self) -> None:
        self.afterwards: list[Callable[[], object]] = []
        self._written: list[_Written] = []
        # Names are entered before files of these names exist, and stay until they do not.
        self._temporary: dict[Path, None] = {}
        self._folders: list[Path] = []
        self._swept: set[Path] = set()

    @contextmanager
    def writing(self, path: Path, target: Path, mode: int | None) -> Iterator[BinaryIO]:
        """Open a file beside `target`. mode: permissions of the file that it replaces; None without one."""
        if target.parent not in self._swept:
            self._swept.add(target.parent)
            remove_left_over(target.parent)
        temporary = self._reserve(target.parent)
        try:
            handle = os.open(temporary, _NEW, 0o666 if mode is None else mode & 0o777)
        except OSError as error:
            raise unwritable(path, error) from None
        try:
            with os.fdopen(handle, "wb", buffering=1 << 20) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if mode is not None:
                temporary.chmod(mode)
        except OSError as error:
            # One without a file name is from writing, for example on a full disk.
            raise (unwritable(path, error) if error.filename in (None, str(temporary)) else error) from None
        self._written.append(_Written(path, target, temporary))

    def make_folder(self, folder: Path, *, parents: bool) -> None:
        """Make a folder. If it stays empty it is removed again. parents: also those above it."""
        missing = [folder, *folder.parents] if parents else [folder]
        missing = missing[: next((i for i, each in enumerate(missing) if each.is_dir()), len(missing))]
        for each in reversed(missing):
            self._folders.append(each.absolute())
            try:
                each.mkdir()
            except FileExistsError:
                self._folders.pop()
                if not each.is_dir():  # or else another process made it just now
                    raise

    def commit(self) -> None:
        """Rename all files into place. If one cannot be, those before it are what they were.

        Until all are in place, the old files are kept under other names: a second name where the system can
        give one to a file, or else a copy.
        """
        kept: dict[Path, Path] = {}
        if len(self._written) > 1:
            for one in self._written:
                if os.path.lexists(one.target):
                    kept[one.target] = self._keep(one)
        with signals.held():
            try:
                for one in self._written:
                    try:
                        one.temporary.replace(one.target)
                    except OSError as error:
                        raise unwritable(one.path, error) from None
            except BaseException:
                self._restore(kept)
                raise
            self._written.clear()
            self._folders.clear()
            self.undo()

    def undo(self) -> None:
        """Remove whatever is not in its place. Can be interrupted by itself."""
        for name in list(self._temporary):
            with suppress(OSError):  # it was renamed, or never made
                name.unlink()
            self._temporary.pop(name, None)
        for folder in reversed(self._folders):
            with suppress(OSError):  # something is in it, or it was never made
                folder.rmdir()

    def _reserve(self, folder: Path) -> Path:
        name = folder / _new_name()
        self._temporary[name] = None
        return name

    def _keep(self, one: _Written) -> Path:
        """Give the file at the target another name, too."""
        name = self._reserve(one.target.parent)
        try:
            try:
                name.hardlink_to(one.target)
            except OSError:  # file systems of cameras and some networks have no links
                shutil.copy2(one.target, name)
        except OSError as error:
            raise unwritable(one.path, error) from None
        return name

    def _restore(self, kept: dict[Path, Path]) -> None:
        for one in reversed(self._written):
            if not os.path.lexists(one.temporary):  # it was renamed
                with suppress(OSError):
                    if one.target in kept:
                        kept[one.target].replace(one.target)
                    else:
                        one.target.unlink()


_current: ContextVar[_Transaction | None] = ContextVar("_current", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Rename all files that are written within the block at its end, or none if anything fails.

    What is done by `afterwards` follows. A block within another one is a part of it. Pipes and devices get
    at once what is written to them.

    Raises AnchorauditError if a file cannot be written. All files are then what they were before.
    """
    if _current.get() is not None:
        yield
        return
    with _transaction():
        yield


@contextmanager
def _transaction() -> Iterator[None]:
    """Like `together`, but never a part of another block."""
    own = _Transaction()
    token = _current.set(own)
    try:
        with signals.at_signal(own.undo):
            try:
                yield
                own.commit()
            except BaseException:
                own.undo()
                raise
    finally:
        _current.reset(token)
    steps.hush()
    for action in own.afterwards:
        action()


def afterwards(action: Callable[[], object]) -> None:
    """Call `action` once the files of `together` are in place, or at once outside of it.

    So a command says what it has written, or prints its result, only if that is true.
    """
    transaction = _current.get()
    if transaction is None:
        steps.hush()
        action()
    else:
        transaction.afterwards.append(action)


@contextmanager
def replacing(path: Path, *, own: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing that becomes `path` once all is written: at once, or with those of `together`.

    A link is followed. A pipe or device is written to directly. On any error `path` stays as it was, and
    nothing is beside it.

    own: `path` is a file of this program, such as its cache, and not one that the user named. Then a link or
    pipe in its place is replaced: nothing is written to another file, and no pipe is waited for. It is
    renamed at once.

    Raises AnchorauditError if the file cannot be written.
    """
    with _transaction() if own else together():
        transaction = _current.get()
        assert transaction is not None
        try:
            # Ask for `path`, not for where links lead: /dev/stdout may lead to `pipe:[123]`, which does not
            # exist as a file.
            mode = None if own else _mode(path)
            if mode is not None and stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, "is a folder")
            target = path.absolute() if own else Path(os.path.realpath(path))
        except (OSError, ValueError) as error:  # a ValueError: a zero byte in the name
            raise unwritable(path, error) from None
        if mode is None or stat.S_ISREG(mode):
            with transaction.writing(path, target, None if mode is None else stat.S_IMODE(mode)) as stream:
                yield stream
            return
        try:
            with path.open("wb") as stream:
                yield stream
        except OSError as error:
            if isinstance(error, BrokenPipeError) or error.filename not in (None, str(path)):
                raise
            raise unwritable(path, error) from None


class Hashed:
    """A stream that hashes what is written to it. sha256: of all that is; bytes: how many that are."""

    closed = False  # as libraries ask of a file

    def __init__(self, stream: BinaryIO) -> None:
        from hashlib import sha256

        self._stream, self._digest, self.bytes = stream, sha256(), 0

    @property
    def sha256(self) -> str:
        """The SHA-256, in hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, data: bytes | memoryview) -> int:
        """Write bytes."""
        self._digest.update(data)
        self.bytes += len(data)
        return self._stream.write(data)

    def flush(self) -> None:
        """Leave it to the stream when it passes on what it has."""

    def close(self) -> None:
        """Leave the stream open: whoever opened it closes it."""


def write_text(path: Path, text: str, *, own: bool = False) -> None:
    """Write `text` as UTF-8; own: as in `replacing`."""
    with replacing(path, own=own) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def make_folder(folder: Path, *, parents: bool = True) -> None:
    """Make a folder for outputs if it is missing. In `together`, it goes again if nothing is written.

    parents: also make the folders above it.

    Raises AnchorauditError if it cannot be made.
    """
    with together():
        transaction = _current.get()
        assert transaction is not None
        try:
            transaction.make_folder(folder, parents=parents)
        except (OSError, ValueError) as error:
            raise AnchorauditError(
                f"cannot make the folder: {reason_of(error)}",
                path=folder,
                remedy="Name a folder that can be made.",
            ) from None


def make_own_folder(folder: Path) -> None:
    """Make the folder of this program's own files, which version control is to leave out.

    Raises AnchorauditError if it cannot be made.
    """
    with _transaction():
        make_folder(folder, parents=False)
        if not os.path.lexists(ignore := folder / IGNORE):
            write_text(ignore, "*\n", own=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder for what only this block needs, among the temporary files of the system."""
    with signals.held():  # finding out which folder can be written to makes files there
        above = Path(tempfile.gettempdir())
    remove_left_over(above, folders=True)
    folder = above / _new_name()
    remove = partial(remove_folder, folder)
    with signals.at_signal(remove):
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            remove()


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, if it exists: for a second also what processes add that end."""
    end = time.monotonic() + 1.0
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder) or time.monotonic() > end:
            return
        time.sleep(0.01)


def unwritable(path: Path, error: Exception) -> AnchorauditError:
    """Return the error to raise for an output that cannot be written, with the system's reason."""
    remedy = "Choose another place for the output."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Make room, or choose another place for the output."
    return AnchorauditError(f"cannot be written: {reason_of(error)}", path=path, remedy=remedy)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def is_unfinished(name: str) -> bool:
    """Tell by its name whether a file is not in its place yet, or never got there: its process was killed."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_left_over(folder: Path, *, folders: bool = False) -> bool:
    """Remove the temporary files of processes that have died. folders: also their scratch folders.

    Returns whether none of a living process is left.
    """
    none_left = True
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = _TEMPORARY.fullmatch(entry.name)
            if named is None:
                continue
            if _may_be_in_use(entry, named):
                none_left = False
                continue
            with suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    os.unlink(entry.path)  # noqa: PTH108
                elif folders and entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
    return none_left


def _new_name() -> str:
    """Return a name that says which process it is of: where it runs, its number, and when it started."""
    pid = os.getpid()
    return f".anchoraudit-{_place():08x}-{pid}-{_started(pid) or 0}-{os.urandom(8).hex()}.tmp"


@cache
def _place() -> int:
    """Return a number for this machine, or this container: the numbers of processes mean something in it."""
    name, space = os.environ.get("COMPUTERNAME", ""), 0
    if hasattr(os, "uname"):
        name = os.uname().nodename
    with suppress(OSError):
        space = Path("/proc/self/ns/pid").stat().st_ino
    return zlib.crc32(f"{name}\0{space}".encode("utf-8", "surrogateescape"))


def _may_be_in_use(entry: os.DirEntry[str], named: re.Match[str]) -> bool:
    if int(named["place"], 16) == _place() and sys.platform != "win32":  # there, asking would end the process
        return _lives(int(named["pid"]), int(named["start"]))
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime < _A_WEEK
    except OSError:
        return True


def _lives(pid: int, start: int) -> bool:
    """Tell whether the process `pid` that started at `start` (0: unknown) lives."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # another user's
    return _started(pid) in (None, start) or start == 0


def _started(pid: int) -> int | None:
    """Return when a process started, in ticks of the system; -1 if it has ended; None if it is not known."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return None if not Path("/proc/self/stat").exists() else -1
    except OSError:
        return None
    state, *fields = status[status.rindex(b")") + 2 :].split()  # the name before it may hold anything
    return -1 if state in b"ZX" else int(fields[18])
