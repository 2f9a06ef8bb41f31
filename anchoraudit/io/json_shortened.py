"""What a JSON file holds, with everything that is long left out: a look at a file of any size.

A list or an object of a million entries is passed over without parsing them, at some 500 MB a second, so that
all keys of a large file are seen, in whatever order they are. What is passed over is not checked.
"""

from __future__ import annotations

import json
import re
from array import array
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, NamedTuple

from anchoraudit.io.files import open_regular, size_of

ROOM = 1 << 16  # bytes of values that are shown, without those passed over
SHOWN = 64  # entries of a list, and members of an object, that are shown
_MEMBERS = 128  # members of the outermost object that are shown
_LEAST_ROOM = 256  # bytes; a container with less left does not begin another value
_SHORT = 1 << 12  # bytes; a list or object up to this length is parsed as it is, a longer string is ""
_DEEPEST = 12  # brackets within each other, of which those further in are shown empty
_BLOCK = 1 << 16
_SPACE = b" \t\r\n"
_UTF8_BOM = b"\xef\xbb\xbf"
_CUT, _ENOUGH = -1, -2  # in place of where a value ends: nothing more was looked at, or is to be shown

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]|\\.)*+"', re.DOTALL)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_PLAIN = re.compile(rb"[-+.\w]+")
_OPENING, _CLOSING = (0x5B, 0x7B), (0x5D, 0x7D)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[]", b"\x01\xff")  # 1 and -1, as signed bytes
_NESTED = 64  # levels of brackets that are taken away together
_DECODER = json.JSONDecoder(strict=False)  # a line break in a string is reported by who reads the file


class Shortened(NamedTuple):
    """The value of a file without what is long, and whether more of the file would show more of it.

    Lists and objects may be without their later entries, and a string of more than 4 KiB is "". Where a list
    is cut off, it has whole entries only; but its first one is there, as far as that was looked at.
    """

    value: Any
    is_all: bool


class _CutError(Exception):
    """What is looked at ends here."""


def shortened(path: str | Path, most: int) -> Shortened:
    """Return what a JSON file holds, from its first `most` bytes.

    `value` is None if it is not JSON, or neither a list nor an object. Raises OSError if the path is not a
    regular file, or cannot be read.
    """
    size = size_of(path)
    with open(open_regular(path), "rb", 0) as file:  # noqa: PTH123  a handle, not a path
        if size <= min(most, _BLOCK):  # most files are small, and valid
            with suppress(ValueError, RecursionError):
                value = json.loads(file.read(size).decode("utf-8-sig"))
                return Shortened(value if isinstance(value, list | dict) else None, True)
        looking = _Looking(file, min(size, most), SHOWN)
        try:
            value, end = looking.value(looking.start(), ROOM, 0)
            if end >= 0:
                looking.require_nothing_after(end)
        except (_CutError, ValueError):
            return Shortened(None, True)
    return Shortened(value if isinstance(value, list | dict) else None, end != _CUT or size <= most)


def documents(path: str | Path, most: int, count: int, *, room: int = ROOM, shown: int = SHOWN) -> list[Any]:
    """Return what the first `count` JSON documents in a file hold, which are lists or objects.

    There is more than one in a file of JSON Lines. The list ends before what is not JSON. room: bytes that
    are shown of each document. shown: entries of a list, or members of an object, that are shown.

    Raises OSError as `shortened` does.
    """
    found: list[Any] = []
    with open(open_regular(path), "rb", 0) as file:  # noqa: PTH123  a handle, not a path
        looking = _Looking(file, min(size_of(path), most), shown, to_its_end=count > 1)
        with suppress(_CutError, ValueError):
            at = looking.start()
            while len(found) < count:
                value, end = looking.value(at, room, 0)
                if not isinstance(value, list | dict):
                    break
                found.append(value)
                if end < 0:
                    break
                at = looking.next(end)
    return found


class _Looking:
    """Goes through the beginning of a file. Positions are bytes from its start.

    Methods raise _CutError where the beginning ends, and ValueError at what is not JSON.
    """

    def __init__(self, file: IO[bytes], end: int, shown: int, *, to_its_end: bool = False) -> None:
        """Begin. to_its_end: go through the outermost value even behind what is shown of it."""
        self._file, self._end, self._shown, self._to_its_end = file, end, shown, to_its_end
        self._kept = 0  # bytes of values that were shown
        self._buffer, self._from = b"", 0

    def start(self) -> int:
        """Return where the first value begins."""
        return self.next(len(_UTF8_BOM) if self._bytes(0, len(_UTF8_BOM)) == _UTF8_BOM else 0)

    def next(self, at: int) -> int:
        """Return the first position from `at` that is no white space."""
        length = 64
        while window := self._bytes(at, length):
            if rest := window.lstrip(_SPACE):
                return at + len(window) - len(rest)
            at, length = at + len(window), _BLOCK
        raise _CutError

    def require_nothing_after(self, end: int) -> None:
        """Raise ValueError if anything but white space follows."""
        with suppress(_CutError):
            self.next(end)
            raise ValueError

    def value(self, at: int, room: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins at a position, shortened, and where it ends, or _CUT or _ENOUGH.

        room: bytes that may be shown of it. depth: how many brackets are open.
        """
        window = self._bytes(at, _SHORT)
        if window[:1] in (b"{", b"["):
            end = _end_within(window, min(room, _SHORT))
            if end:
                self._kept += end
                with suppress(RecursionError):
                    return _parsed(window[:end]), at + end
                return ([] if window[:1] == b"[" else {}), at + end
            if depth < _DEEPEST:
                return self._container(at, window[:1] == b"{", room, depth)
            return ([] if window[:1] == b"[" else {}), self._after(at + 1)
        if window[:1] == b'"':
            if found := _STRING.match(window):
                self._kept += found.end()
                return _parsed(found[0]), at + found.end()
            with suppress(_CutError):
                return "", self._after_string(at + 1)
            return "", _CUT
        found = _PLAIN.match(window)
        if found is None:
            raise ValueError if window else _CutError
        if at + found.end() == self._end and depth:
            raise _CutError  # there may be more of the number
        self._kept += found.end()
        return _parsed(found[0]), at + found.end()

    def _container(self, at: int, is_object: bool, room: int, depth: int) -> tuple[Any, int]:
        members: dict[str, Any] = {}
        entries: list[Any] = []
        found: dict[str, Any] | list[Any] = members if is_object else entries
        closing = b"}" if is_object else b"]"
        stop = self._kept + room
        most = _MEMBERS if is_object and not depth else self._shown
        try:
            at = self.next(at + 1)
            if self._bytes(at, 1) == closing:
                return found, at + 1
            while True:
                key = ""
                if is_object:
                    key, at = self._key(at)
                # What comes after a long value is to be shown, too.
                own = max((stop - self._kept) // 2, _LEAST_ROOM)
                value, end = self.value(at, own, depth + 1)
                if is_object:
                    members[key] = value
                elif end != _CUT or not entries:
                    entries.append(value)
                if end == _CUT:
                    return found, _CUT
                at = self.next(end)
                mark = self._bytes(at, 1)
                if mark == closing:
                    return found, at + 1
                if mark != b",":
                    raise ValueError
                at = self.next(at + 1)
                is_keyed = is_object and not depth  # all keys of the outermost object are looked for
                if len(found) >= most or (stop - self._kept < 2 * _LEAST_ROOM and not is_keyed):
                    return found, self._after(at) if depth or self._to_its_end else _ENOUGH
        except _CutError:
            return found, _CUT

    def _key(self, at: int) -> tuple[str, int]:
        """Return the key that begins at a position, and where its value begins."""
        if self._bytes(at, 1) != b'"':
            raise ValueError
        key, end = self.value(at, _SHORT, 1)
        at = self.next(end) if end >= 0 else self._end
        if self._bytes(at, 1) == b":":
            return key, self.next(at + 1)
        raise ValueError if at < self._end else _CutError

    def _after(self, at: int) -> int:
        """Return where the list or object ends within which a position is, outside of any string."""
        depth, in_string = 1, False
        while block := self._block(at):
            closed, opened, ends_in_string = _brackets(block, in_string)
            if closed >= depth:
                return at + _closing(block, depth, in_string)
            depth += opened - closed
            at, in_string = at + len(block), ends_in_string
        raise _CutError

    def _after_string(self, at: int) -> int:
        """Return where the string ends within which a position is."""
        while block := self._block(at):
            if b"\\" not in block:
                end = block.find(b'"') + 1
            else:
                found = _REST_OF_STRING.match(block)
                end = found.end() if found else 0
            if end:
                return at + end
            at += len(block)
        raise _CutError

    def _block(self, at: int) -> bytes:
        """Return bytes from a position, which do not end within an escape."""
        block = self._bytes(at, _BLOCK)
        escapes = len(block) - len(block.rstrip(b"\\"))
        return block[:-1] if escapes % 2 else block

    def _bytes(self, at: int, length: int) -> bytes:
        """Return bytes from a position, fewer where the beginning ends."""
        length = min(length, self._end - at)
        if length <= 0:
            return b""
        offset = at - self._from
        if offset < 0 or offset + length > len(self._buffer):
            self._file.seek(at)
            self._buffer, self._from, offset = self._file.read(min(_BLOCK, self._end - at)), at, 0
        return self._buffer[offset : offset + length]


def _parsed(text: bytes) -> Any:
    return _DECODER.decode(text.decode("utf-8", "replace"))


def _end_within(window: bytes, most: int) -> int:
    """Return where the list or object ends with which a window begins, 0 if that is after `most` bytes."""
    depth = 0
    for token in _TOKEN.finditer(window, 0, most):
        first = window[token.start()]
        if first in _OPENING:
            depth += 1
        elif first in _CLOSING:
            depth -= 1
            if not depth:
                return token.end()
    return 0


def _brackets(block: bytes, in_string: bool) -> tuple[int, int, bool]:
    """Return how many brackets a block closes that were open before, and leaves open of its own.

    in_string: whether it begins within a string. Third, whether it ends within one.
    """
    if b"\\" in block:
        block = block.replace(b"\\\\", b"").replace(b'\\"', b"")
    parts = block.split(b'"')
    bare = b"".join(parts[in_string::2]).translate(_ALIKE, _NO_BRACKETS)
    ends_in_string = in_string ^ (len(parts) % 2 == 0)
    for _ in range(_NESTED):
        before = len(bare)
        bare = bare.replace(b"[]", b"")
        if len(bare) == before:
            closed = bare.count(b"]")
            return closed, before - closed, ends_in_string
    # So many brackets within each other are no annotations, and are not to take longer for it.
    steps = array("b", bare.translate(_STEPS))
    closed = -min(accumulate(steps, initial=0))
    return closed, sum(steps) + closed, ends_in_string


def _closing(block: bytes, depth: int, in_string: bool) -> int:
    """Return where the bracket ends that closes `depth` open ones."""
    at = 0
    if in_string and (found := _REST_OF_STRING.match(block)):
        at = found.end()
    for token in _TOKEN.finditer(block, at):
        first = block[token.start()]
        if first in _OPENING:
            depth += 1
        elif first in _CLOSING:
            depth -= 1
            if not depth:
                return token.end()
    raise ValueError
