"""JSON files of annotations: which lie below a folder, what they look like, and what is in them.

All formats of JSON files share this module. `find` is for `detect`: it lists each folder once for all
formats, and looks at each file once, at more of it only if its beginning does not tell. `files_of` and `load`
are for `read`. The rest makes names of images and splits of what the files say.

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
from anchoraudit.formats._looking import STEPS, now
from anchoraudit.images.below import split_in
from anchoraudit.io import json_shortened, json_text, unchanged
from anchoraudit.io.addresses import Address
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
_MANY, _FEW = 100, 6  # after so many files in all, fewer of each further folder are looked at
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

    is_one: as of `seen`. Of a folder with many JSON files only some are looked at.
    """
    if path.is_file():
        return [path] if is_document(path.name) and seen(path, is_one) is not None else []
    found: list[Path] = []
    looked_at = 0
    # No path is made of a name that is not looked at: a folder may have 100,000, and there are many formats.
    for folder, names in _folders_below(path, levels, False):
        few = some(names) if looked_at < _MANY else some(names, _FEW)
        looked_at += len(few)
        found += [file for name in few if seen(file := folder / name, is_one) is not None]
    return found


def named(path: Path, name: str) -> list[Path]:
    """Return the files of this name in a folder and in the folders directly below it; [] for a file."""
    if not path.is_dir():
        return []
    folders = [path, *(path / each for each in _listed(path, False).folders)]
    return [folder / name for folder in folders if is_file(folder / name)]


def files_of(
    path: Path, is_one: Callable[[Any], bool], *, levels: int = LEVELS
) -> tuple[list[Path], list[Path]]:
    """Return all JSON files of a format, and the others that lie among them. is_one: as of `seen`."""
    if path.is_file():
        return [path], []
    mine: list[Path] = []
    others: list[Path] = []
    for file in documents_below(path, levels=levels):
        (others if seen(file, is_one) is None else mine).append(file)
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


def some(files: Sequence[T], most: int = _LOOKED_AT) -> Sequence[T]:
    """Return half of `most` files, from the start, the middle and the end; all if there are no more."""
    if len(files) <= most:
        return files
    middle, each = len(files) // 2, most // 6
    return [*files[:each], *files[middle : middle + each], *files[-each:]]


# What a file looks like


class _File:
    """A JSON file, and what was seen of it so far."""

    def __init__(self, path: str, size: int) -> None:
        self.path, self._size = path, size
        self._looks: list[json_shortened.Shortened] = []

    def look(self, step: int, may_take: Callable[[int], bool] = lambda _: True) -> json_shortened.Shortened:
        """Return what the file holds, as far as a step of `STEPS` shows; fewer steps if those show it all.

        may_take: is asked whether so many bytes may be read for it. If not, it stays at the steps before.
        """
        while len(self._looks) <= step and not (self._looks and self._looks[-1].is_all):
            if self._looks and not may_take(self._size):
                return self._looks[-1]._replace(is_all=True)
            try:
                self._looks.append(json_shortened.shortened(self.path, STEPS[len(self._looks)]))
            except OSError:
                self._looks.append(json_shortened.Shortened(None, True))
        return self._looks[min(step, len(self._looks) - 1)]


def seen(path: Path, is_one: Callable[[Any], bool]) -> Any:
    """Return what a JSON file holds, as far as it must be looked at to recognise it; None if it is not.

    is_one: tells by such a value whether a file is of the format. Lists and objects may be without their
    later entries and members: what is there is as in the file, what is not may come later in it. A string
    that is long, as that of an image, is "". The value is shared: do not change it.
    """
    file, looking = _file(path), now()
    for step, most in enumerate(STEPS):
        look = file.look(step, looking.may_take)
        if look.value is not None and is_one(look.value):
            looking.recognised.add(file.path)
            return look.value
        if look.is_all:
            return None
        if most >= looking.most:
            looking.left.add(file.path)
            return None
    return None


def peek(path: Path) -> Any:
    """Return what the first kilobytes of a JSON file show, as `seen` does; None if it is not JSON."""
    return _file(path).look(0).value


def overview(path: Path) -> Any:
    """Return what a JSON file holds, with all keys of its object, as `seen` does; None if it is not JSON."""
    return _file(path).look(len(STEPS) - 1).value


def _file(path: Path) -> _File:
    with suppress(OSError, ValueError):
        status = os.stat(path)  # noqa: PTH116  one of many files
        return _known_file(os.fspath(path), status.st_size, status.st_mtime_ns)
    return _File(os.fspath(path), 0)


@lru_cache(maxsize=1024)
def _known_file(path: str, size: int, modified: int) -> _File:
    """Return a file. size, modified: what the system says of it, so that a change is seen."""
    return _File(path, size)


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


@lru_cache(maxsize=1 << 12)  # files with a row for each box name an image again and again
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
