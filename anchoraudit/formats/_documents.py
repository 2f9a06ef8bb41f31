"""JSON files of annotations: which lie below a folder, what they look like, and what is in them.

All formats of JSON files share this module. `find` is for `detect`: it lists each folder once for all
formats, and of each file it reads the first few kilobytes once, which `peek` turns into a value. `files_of`
and `load` are for `read`. The rest makes names of images and splits of what the files say.

Files that are hidden, and those that macOS (`._a.json`, `__MACOSX/`) and Jupyter (`.ipynb_checkpoints/`)
leave behind, are no annotations.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.images.below import split_in
from anchoraudit.io import json_text, unchanged
from anchoraudit.io.addresses import Address
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_file

T = TypeVar("T")
LEVELS = 3  # of folders below the one that is named: `data/train/annotations/a.json` is two below `data`
_FOLDERS = 300  # so many are looked into to recognise a data set
# A folder that shows no JSON file among so many names holds images. Listing all of 100,000 takes 0.2 s.
_NAMES = 10_000
_LEFT_BEHIND = frozenset(["__MACOSX", "__pycache__"])
_LABEL_FOLDERS = frozenset(
    ["annotations", "annotation", "annots", "anns", "ann", "labels", "label", "json", "jsons", "labelme"]
)
_LOOKED_AT = 24  # files of one folder that are looked at to recognise a format; of more, some are
_SPREAD = 4  # so many from its start, its middle and its end
_HEAD = 1 << 14  # bytes of a file that show its structure
# An image inside the file (`imageData` of labelme) may come before all that tells its format. Up to so many
# bytes of the file are read to skip it, and so many such strings are skipped.
_LARGEST_SKIPPED, _SKIPPED = 1 << 26, 4
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:/")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


# Which files there are


class _Listing(NamedTuple):
    documents: tuple[str, ...]
    folders: tuple[str, ...]
    others: int


def is_document(name: str) -> bool:
    """Tell by its name whether a file may be a JSON file of annotations."""
    return name[-5:].lower() == ".json" and not name.startswith(".")


def documents_below(folder: Path, *, levels: int = LEVELS, every: bool = True) -> list[Path]:
    """Return the JSON files below a folder: those directly in it first, then folder by folder, sorted.

    levels: how many levels of folders are looked into below `folder`. every: all files; otherwise enough to
    recognise a data set: at most 300 folders, and no folder whose first 10,000 names have no JSON file.
    """
    return [each / name for each, names in _folders_below(folder, levels, every) for name in names]


def _folders_below(folder: Path, levels: int, every: bool) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield folders with the names of their JSON files. Arguments as of `documents_below`.

    A folder is visited once, even if several links lead to it.
    """
    level, seen = [folder], set[tuple[int, int]]()
    for depth in range(levels + 1):
        below: list[Path] = []
        for each in level:
            if (identity := _identity(each)) is None or identity in seen:
                continue
            if len(seen) >= _FOLDERS and not every:
                return
            seen.add(identity)
            listing = _listed(each, every)
            yield each, listing.documents
            if depth < levels:
                below += [each / name for name in listing.folders]
        level = below


def _identity(folder: Path) -> tuple[int, int] | None:
    with suppress(OSError, ValueError):
        status = os.stat(folder)  # noqa: PTH116  one of many folders
        return status.st_dev, status.st_ino
    return None


def _listed(folder: Path, every: bool) -> _Listing:
    if isinstance(folder, Address):
        return _Listing((), (), 0)
    try:
        modified = os.stat(folder).st_mtime_ns  # noqa: PTH116  one of many folders
    except (OSError, ValueError):
        return _Listing((), (), 0)
    return _listing(os.fspath(folder), modified, every)


@lru_cache(maxsize=1024)
def _listing(folder: str, modified: int, every: bool) -> _Listing:
    """List a folder. modified: when that was changed last, so that a change is seen."""
    documents: list[str] = []
    folders: list[str] = []
    number = -1
    with suppress(OSError), os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            name = entry.name
            if number >= _NAMES and not (documents or every):
                break
            if is_document(name):
                documents.append(name)
            elif not name.startswith(".") and name not in _LEFT_BEHIND:
                with suppress(OSError):  # a loop of links
                    if entry.is_dir():
                        folders.append(name)
    others = number + 1 - len(documents) - len(folders)
    return _Listing(tuple(sorted(documents)), tuple(sorted(folders)), others)


def find(path: Path, is_one: Callable[[Any], bool], *, levels: int = LEVELS) -> list[Path]:
    """Return files that are of a format, to recognise it: `path` itself, or some of the files below it.

    is_one: tells by the value of `peek` whether a file is of the format. Of a folder with many JSON files
    only some are looked at.
    """
    if path.is_file():
        return [path] if is_document(path.name) and is_one(peek(path)) else []
    # No path is made of a name that is not looked at: a folder may have 100,000, and there are many formats.
    folders = _folders_below(path, levels, False)
    files = (folder / name for folder, names in folders for name in some(names))
    return [file for file in files if is_one(peek(file))]


def named(path: Path, name: str) -> list[Path]:
    """Return the files of this name in a folder and in the folders directly below it; [] for a file."""
    if not path.is_dir():
        return []
    folders = [path, *(path / each for each in _listed(path, False).folders)]
    return [folder / name for folder in folders if is_file(folder / name)]


def files_of(
    path: Path, is_one: Callable[[Any], bool], *, levels: int = LEVELS
) -> tuple[list[Path], list[Path]]:
    """Return all JSON files of a format, and the others that lie among them. is_one: as of `find`."""
    if path.is_file():
        return [path], []
    mine: list[Path] = []
    others: list[Path] = []
    for file in documents_below(path, levels=levels):
        (mine if is_one(peek(file)) else others).append(file)
    return mine, others


def is_beside_others(folder: Path) -> bool:
    """Tell whether the JSON files of a folder are few beside its other files, such as images: under a tenth.

    Then files for single images are not the data set, but lie in it.
    """
    listing = _listed(folder, True)
    return 10 * len(listing.documents) < listing.others


def home_of(path: Path) -> Path:
    """Return the folder of a data set of which `path` may be the folder of annotations, or one file."""
    folder = path.parent if path.is_file() else path
    return folder.parent if folder.name.lower() in _LABEL_FOLDERS else folder


def some(files: Sequence[T]) -> Sequence[T]:
    """Return a few of many files, from their start, middle and end; all of a few."""
    if len(files) <= _LOOKED_AT:
        return files
    middle = len(files) // 2
    return [*files[:_SPREAD], *files[middle : middle + _SPREAD], *files[-_SPREAD:]]


# What a file looks like


def peek(path: Path) -> Any:
    """Return the value that a JSON file holds, as far as its first kilobytes show; None if it is not JSON.

    Lists and objects may be cut: what is there is as in the file, what is not may come later in it. A string
    that is too long, as that of an image, is "". The value is shared: do not change it.
    """
    with suppress(OSError, ValueError):
        status = os.stat(path)  # noqa: PTH116  one of many files
        return _peeked(os.fspath(path), status.st_size, status.st_mtime_ns)
    return None


@lru_cache(maxsize=128)
def _peeked(path: str, size: int, modified: int) -> Any:
    """Look into a file. size, modified: what the system says of it, so that a change is seen."""
    head = read_head(path, _HEAD).removeprefix(json_text.UTF8_BOM)
    if head.lstrip()[:1] not in (b"{", b"["):
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(_completed(path, head.decode("utf-8", "replace"), size))
    return None


def _completed(path: str, text: str, size: int) -> str:
    """Return the beginning of a JSON file as whole JSON: cut after a value, and all brackets closed."""
    for _ in range(_SKIPPED):
        open_brackets: list[str] = []
        cut, closing = 0, ""
        unfinished = -1
        for token in _TOKEN.finditer(text):
            first = text[token.start()]
            if first == '"':
                if token.end() == len(text) and (token.end() - token.start() == 1 or text[-1] != '"'):
                    unfinished = token.start()
                continue
            if first in "[{":
                open_brackets.append("]" if first == "[" else "}")
                cut = token.end()
            elif first == ",":
                cut = token.start()
            elif not open_brackets or open_brackets.pop() != first:
                return ""
            else:
                cut = token.end()
            if not open_brackets:
                return text  # it is whole; the parser says whether anything follows
            closing = "".join(reversed(open_brackets))
        if (
            unfinished < 0
            or len(open_brackets) > 2
            or (rest := _after_string(path, text, unfinished, size)) is None
        ):
            break
        text = f'{text[:unfinished]}""{rest}'
    return text[:cut] + closing


def _after_string(path: str, text: str, start: int, size: int) -> str | None:
    """Return what follows a string that began in the head of a file, None if it is not looked for."""
    if size > _LARGEST_SKIPPED:
        return None
    known = text[start:].encode("utf-8", "replace")
    data = read_head(path, size)
    at = data.find(known)
    at = -1 if at < 0 else data.find(b'"', at + len(known))
    while at > 0 and data[at - 1] == 0x5C:  # an escaped quote; no image has one
        at = data.find(b'"', at + 1)
    return None if at < 0 else data[at + 1 : at + 1 + _HEAD].decode("utf-8", "replace")


def not_of(others: Sequence[str], called: str) -> list[str]:
    """Return a note on JSON files that lie among those of a format, and are none; [] if there are none."""
    if not others:
        return []
    shown = ", ".join(map(printable, others[:3]))
    if len(others) == 1:
        return [f"not read: {shown} is not a file of {called}"]
    more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
    return [f"not read: {shown}{more} are not files of {called}"]


# What is in a file


def load(path: Path) -> Any:
    """Return the value of a JSON file, with NaN and infinities where the file has them.

    Raises AnchorauditError, with line and column where there are some, if it cannot be read or is not valid
    JSON in UTF-8. A pointer of Git LFS, and a web page saved under such a name, are named as that.
    """
    data = unchanged.read_input(path, remedy=json_text.REMEDY)[0]
    data = json_text.without_mark(path, data)
    json_text.require_utf8(path, data)
    text = data.decode("utf-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise AnchorauditError(
            f"not valid JSON: {error.msg}", path=path, place=place, remedy="Fix the file there."
        ) from None
    except (ValueError, RecursionError) as error:
        raise json_text.beyond_parsing(text, path, "JSON", error) from None


def loaded(files: Iterable[Path]) -> dict[Path, Any]:
    """Return the values of those files that can be read, where all have to be known before one is read."""
    found = {}
    for file in files:
        with suppress(AnchorauditError):  # who reads the file, says so
            found[file] = load(file)
    return found


# Names


def split_of(file: Path, root: Path) -> str:
    """Return the name of the split that a file's folders or its own name say, "" if they say none.

    The folder nearest to the file decides, then its name: `train/a.json`, `labels/train2017/a.json`,
    `via_train.json`. Folders above `root` say nothing. `root` itself does if it is called as a split and
    nothing else, because `my test` may be any data set.
    """
    inner = file.relative_to(root).parts[:-1] if file != root else ()
    for name in (*reversed(inner), file.stem):
        if found := split_in(name):
            return found
    folder = (root.parent if file == root else root).name.lower()
    return folder if split_in(folder) == folder else ""


def recognised_by(file: Path, path: Path) -> str:
    """Return what a data set at `path` was recognised by, for the first line of a report.

    >>> recognised_by(Path("a/b.json"), Path("a")), recognised_by(Path("b.json"), Path("b.json"))
    ('b.json', 'a JSON file')
    """
    return "a JSON file" if file == path else f"{file.relative_to(path)}"


def image_name(text: str) -> str:
    r"""Return the path of an image as a path below some folder, with `/`, from what a file says.

    Backslashes, `file://`, a drive, the server or bucket and the query of an address, percent signs in it,
    and leading `/`, `./` and `../` are taken away. The path after `?d=` is that of Label Studio's local
    files.

    >>> image_name(r"..\images\a b.jpg"), image_name("file:///C:/data/a.jpg"), image_name("gs://bucket/x/a.jpg")
    ('images/a b.jpg', 'data/a.jpg', 'x/a.jpg')
    >>> image_name("https://example.org/x/a%20b.jpg?size=2"), image_name("/data/local-files/?d=x/a.jpg")
    ('x/a b.jpg', 'x/a.jpg')
    """
    name = text.strip()
    local = "/local-files/?d=" in name
    if local or _URL.match(name):
        with suppress(ValueError):  # brackets that are no address of version 6
            parts = urlsplit(name.replace("\\", "/"))
            asked = parse_qs(parts.query).get("d", [""])[0]
            # In the path of a bucket, `?` and `#` may be letters of the name.
            path = parts.path if parts.scheme in ("", "http", "https", "file") else _after_server(name)
            name = asked if asked else unquote(path)
    name = name.replace("\\", "/").lstrip("/")
    if _DRIVE.match(name):
        name = name[3:]
    return "/".join(part for part in _without_leading(name.split("/")))


def _after_server(address: str) -> str:
    return address.partition("://")[2].partition("/")[2]


def _without_leading(parts: Iterable[str]) -> Iterator[str]:
    begun = False
    for part in parts:
        begun = begun or part not in ("", ".", "..")
        if begun and part not in ("", "."):
            yield part
