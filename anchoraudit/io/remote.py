"""Files at an address: looked at, listed, read and uploaded through fsspec, each in bounded time.

Every request runs in another thread. If it has no answer in time, the run goes on with an error that names
the server, whatever the library beneath would wait for. Threads are used again, because the library of hf://
forgets the lists of files with the thread that asked for them.
"""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import Address, NoAnswerError

Answer = TypeVar("Answer")

TIMEOUT = "ANCHORAUDIT_TIMEOUT"  # the variable that holds how many seconds a server may take to answer
_SECONDS = 30.0
_LISTING = 10  # a list of many files takes several requests
_AT_ONCE = 8 << 20  # bytes of a request: at 280 KB/s it has its answer within half a minute
# Where a file is there once all of it has arrived, and not before. On the hub of hf:// every file would be a
# commit, of which it takes few in an hour.
_WHOLE_UPLOADS = ("s3", "s3a", "gs", "gcs", "memory")
# What tells that a file is another one, by the libraries' own names, the surest first.
_STAMPS = ("ETag", "etag", "blob_id", "md5Hash", "mtime", "LastModified", "updated", "last_commit", "created")
_ENDPOINTS = ("endpoint_url", "endpoint", "_endpoint", "_location")
_HINTS = {
    "hf": "hf:// needs the network and, if the data set is private, a token: hf auth login, or HF_TOKEN.",
    "s3": "Check address and credentials: AWS_PROFILE and the like, or FSSPEC_S3_ANON=true for none.",
    "gs": "Check address and credentials: gcloud auth application-default login.",
}

_answering: set[tuple[str, str]] = set()  # servers that did answer, each with the scheme of its addresses


class Entry(NamedTuple):
    """What is at an address.

    size: in bytes. stamp: a text that is another one once the file has other bytes.
    """

    address: Address
    is_folder: bool
    size: int
    stamp: str


def look(address: Address) -> Entry | None:
    """Look what is at an address; None if there is nothing. Raises AnchorauditError without an answer."""
    place = _Place.of(address)
    try:
        return place.entry(place.ask(lambda: place.system.info(place.path)), address)
    except FileNotFoundError:
        return None


def listed(folder: Address) -> list[Entry]:
    """Return what is in a folder, by name, without hidden files; [] if there is no such folder.

    Raises AnchorauditError if it cannot be listed.
    """
    place = _Place.of(folder)
    try:
        found = place.ask(lambda: place.system.ls(place.path, detail=True), _LISTING)
    except (FileNotFoundError, NotADirectoryError):
        return []
    here = place.path.rstrip("/")
    named = {
        name: each
        for each in found
        if (whole := str(each["name"]).rstrip("/")).strip("/") != here.strip("/")
        and not (name := whole.rpartition("/")[2]).startswith(".")
    }
    return [place.entry(each, folder.below(name)) for name, each in sorted(named.items())]


def matching(pattern: Address) -> list[Address]:
    """Return the addresses that a pattern with `*` and the like matches, in order.

    Raises AnchorauditError if they cannot be listed.
    """
    place = _Place.of(pattern)
    found = place.ask(lambda: place.system.glob(place.path), _LISTING)
    return [pattern.beside(str(place.system.unstrip_protocol(name))) for name in sorted(found)]


def opened(address: Address) -> IO[bytes]:
    """Open a file for reading in any order. Raises AnchorauditError if it is not there, or without answer."""
    place = _Place.of(address)
    try:
        size = int(place.ask(lambda: place.system.info(place.path))["size"] or 0)
    except FileNotFoundError:
        raise AnchorauditError(
            "no such file", path=address, remedy="Check the address, and who may read it."
        ) from None
    return io.BufferedReader(_File(place, size), 1 << 16)


def files_below(folder: Address) -> list[Address]:
    """Return all files below a folder, by name; [] if there is no such folder.

    Raises AnchorauditError if they cannot be listed.
    """
    place = _Place.of(folder)
    try:
        found = place.ask(lambda: place.system.find(place.path), _LISTING)
    except (FileNotFoundError, NotADirectoryError):
        return []
    here = place.path.strip("/")
    names = (str(name).strip("/") for name in found)
    return [folder.below(name[len(here) + 1 :]) for name in sorted(names) if name.startswith(f"{here}/")]


def require_whole_uploads(address: Address) -> None:
    """Raise AnchorauditError for an address at which half a file may be seen, or many cannot be written."""
    if address.scheme not in _WHOLE_UPLOADS:
        raise AnchorauditError(
            f"nothing is written to {address.scheme}:// addresses",
            path=address,
            remedy="Name an s3:// or gs:// address, or a folder of this machine, and upload that.",
        )


def upload(file: Path, address: Address) -> None:
    """Upload a file of this machine, in place of what is there. It is there whole, or not at all.

    Raises AnchorauditError if it cannot be written, or without an answer.
    """
    place = _Place.of(address)
    patience = 1 + file.stat().st_size // _AT_ONCE
    try:
        place.ask(lambda: place.system.put_file(str(file), place.path), patience, doing="written")
    except (FileNotFoundError, NotADirectoryError):
        raise AnchorauditError(
            "cannot be written: there is no such bucket, or you may not write to it",
            path=address,
            remedy=_hint(address),
        ) from None


def remove(address: Address) -> None:
    """Remove a file, if it is there. Raises AnchorauditError if it cannot be removed."""
    place = _Place.of(address)
    with suppress(FileNotFoundError):
        place.ask(lambda: place.system.rm_file(place.path), doing="removed")


class _Place(NamedTuple):
    """An address, and the file system and its path there."""

    address: Address
    system: Any
    path: str

    @classmethod
    def of(cls, address: Address) -> _Place:
        """Raise AnchorauditError if what the address needs is not installed, or its kind is unknown."""
        try:
            from fsspec import get_filesystem_class
            from fsspec.core import url_to_fs
        except ImportError:
            raise _missing(address, "fsspec", "'anchoraudit[remote]'") from None
        try:
            library = get_filesystem_class(address.scheme)  # imports it, which is no fault of the server
            # What libraries log of each request is for those who ask for it, and not for stderr.
            logging.getLogger(library.__module__.partition(".")[0]).addHandler(logging.NullHandler())
            system, path = _asked(
                address, "", lambda: url_to_fs(address.secret), raising=(ImportError, ValueError)
            )
        except ImportError as error:
            needed = getattr(error.__cause__, "name", None) or error.name or "another package"
            raise _missing(address, needed, _distribution(needed)) from None
        except ValueError as error:
            raise AnchorauditError(
                f"cannot be read: {error}",
                path=address,
                remedy="Give an s3://, gs://, hf:// or https:// address.",
            ) from None
        return cls(address, system, path)

    def ask(self, question: Callable[[], Answer], patience: int = 1, *, doing: str = "read") -> Answer:
        """Ask the server. patience: how much longer than usual it may take. doing: what is to be done.

        Raises FileNotFoundError and NotADirectoryError as the library does, AnchorauditError for any other
        error, or without an answer.
        """
        if patience > 1 and (self.address.scheme, self.server) not in _answering:
            with suppress(FileNotFoundError, NotADirectoryError):  # before waiting for long: is it there?
                _asked(self.address, self.server, lambda: self.system.info(self.path), doing=doing)
            _answering.add((self.address.scheme, self.server))
        return _asked(self.address, self.server, question, patience, doing=doing)

    def entry(self, info: dict[str, Any], address: Address) -> Entry:
        """Return what the library says of a file."""
        told = next((str(info[name]) for name in _STAMPS if info.get(name)), "")
        size = int(info.get("size") or 0)
        is_folder = info.get("type") == "directory"
        if address.is_web:  # whose library calls every page a file
            is_folder = len(address.parts) < 3 or "." not in address.name
        return Entry(address, is_folder, size, f"{size}:{told}")

    @property
    def server(self) -> str:
        """The server that is asked, as far as it is known; "" if it is not."""
        for name in _ENDPOINTS:
            if isinstance(own := getattr(self.system, name, None), str) and own:
                return own
        own = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        if self.address.scheme in ("s3", "s3a") and own:
            return own
        return urlsplit(str(self.address)).netloc if self.address.is_web else ""


class _File(io.RawIOBase):
    """A file of which every read asks the server for these bytes, and nothing else."""

    def __init__(self, place: _Place, size: int) -> None:
        self._place, self._size, self._at = place, size, 0
        self._whole: IO[bytes] | None = None  # all of it, from a server that sends no parts

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._bytes(self._at, min(self._at + min(len(view), _AT_ONCE), self._size))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if self._whole is not None:
            self._whole.close()
        super().close()

    def _bytes(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        if self._whole is not None:
            self._whole.seek(start)
            return self._whole.read(end - start)
        place = self._place
        try:
            data: bytes = place.ask(lambda: place.system.cat_file(place.path, start=start, end=end))
        except FileNotFoundError:
            raise AnchorauditError("is gone while it was read", path=place.address) from None
        if len(data) == end - start:
            return data
        if len(data) != self._size:
            raise AnchorauditError(
                f"the server sent {len(data):,} bytes where it has {end - start:,}", path=place.address
            )
        self._whole = TemporaryFile()  # noqa: SIM115  closed with this file
        self._whole.write(data)
        return data[start:end]


def _asked(
    address: Address,
    server: str,
    question: Callable[[], Answer],
    patience: int = 1,
    *,
    raising: tuple[type[Exception], ...] = (FileNotFoundError, NotADirectoryError),
    doing: str = "read",
) -> Answer:
    """Ask in a thread, and wait for the answer. raising: the errors that stay as they are."""
    seconds = _seconds() * patience
    try:
        asker = _idle.pop()
    except IndexError:
        asker = _Asker()
    try:
        answer, error = asker.answer(question, seconds)
    except Empty:
        raise NoAnswerError(
            f"{server or 'its server'} does not answer within {seconds:g} seconds",
            path=address,
            remedy=f"Try again later, or wait longer: {TIMEOUT}={2 * seconds:g}.",
        ) from None
    _idle.append(asker)
    if error is None:
        return cast(Answer, answer)
    if (hidden := _behind(error)) is not None:
        raise _failed(address, server, hidden, doing) from None
    if isinstance(error, (*raising, AnchorauditError, MemoryError)):
        raise error
    raise _failed(address, server, error, doing) from None


class _Asker:
    """A thread that asks one question after the other, until one has no answer in time."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[object, BaseException | None]] = SimpleQueue()
        Thread(target=self._run, daemon=True, name="anchoraudit-remote").start()

    def answer(self, question: Callable[[], object], seconds: float) -> tuple[object, BaseException | None]:
        """Return the answer, and the error in its place. Raises Empty if there is none in time."""
        self._questions.put(question)
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            self._questions.put(None)  # it ends with the answer that comes too late
            raise

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            found: tuple[object, BaseException | None]
            try:
                found = question(), None
            except BaseException as error:  # told to the one who asked
                found = None, error
            self._answers.put(found)
            del question, found  # which may hold a file


_idle: list[_Asker] = []  # the one that asked last is the last
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a fork has no threads


def _behind(error: BaseException) -> BaseException | None:
    """Return why a file was "not found", where in truth nobody could look for it."""
    cause = error.__cause__ if isinstance(error, FileNotFoundError) else None
    if cause is None or isinstance(cause, FileNotFoundError):
        return None
    status = getattr(cause, "status", None)
    return cause if isinstance(cause, OSError) or status not in (None, 404, 410) else None


def _seconds() -> float:
    text = os.environ.get(TIMEOUT, "")
    try:
        seconds = float(text) if text else _SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise AnchorauditError(f"{TIMEOUT}={text} is no number of seconds", remedy="Give one such as 30.")
    return seconds


def _failed(address: Address, server: str, error: BaseException, doing: str) -> AnchorauditError:
    lines = [line.strip() for line in f"{error}".splitlines() if line.strip()] or [type(error).__name__]
    # What the hub says of a status is in the line behind it.
    reason = " ".join(lines[: 2 if re.match(r"[45]\d\d ", lines[0]) else 1])[:300]
    for name, value in os.environ.items():  # libraries quote what they are given
        if len(value) >= 8 and any(word in name.upper() for word in ("SECRET", "TOKEN", "PASSWORD", "KEY")):
            reason = reason.replace(value, "...")
    if server and server not in reason:
        reason = f"{reason} ({server})"
    return AnchorauditError(f"cannot be {doing}: {reason}", path=address, remedy=_hint(address))


def _hint(address: Address) -> str:
    scheme = {"s3a": "s3", "gcs": "gs"}.get(address.scheme, address.scheme)
    return _HINTS.get(scheme, "Check the address, the network and who may read it.")


def _missing(address: Address, module: str, package: str) -> AnchorauditError:
    return AnchorauditError(
        f"{address.scheme}:// needs {module}", path=address, remedy=f"pip install {package}"
    )


def _distribution(module: str) -> str:
    """Return the name by which pip knows a module."""
    return module.partition(".")[0].replace("_", "-")
