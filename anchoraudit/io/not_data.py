"""Files that are not what their names promise: pointers of Git LFS, web pages, what macOS leaves behind.

Nothing here is looked at while all goes well: a reader, or who reports what it found, asks about a file that
could not be understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from anchoraudit.io.files import read_head
from anchoraudit.io.folders import names_in

_HEAD = 512  # bytes: a pointer has about 130, and a page begins with its declaration
_COUNTED = 20_000
# Git LFS, and the name it had before: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTERS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_PAGES = (b"<!doctype html", b"<html")
_APPLE_DOUBLE = b"\0\5\x16\7"  # RFC 1740: the magic number of an AppleDouble header file


@dataclass(frozen=True, slots=True)
class NotData:
    """What a file is instead.

    code: of the rule that reports it. remedy: what to do, as a sentence. of_image: the problem of such an
    image file in `images.inspection`.
    """

    code: str
    words: str
    remedy: str
    of_image: str = ""


POINTER = NotData(
    "PAR010",
    "a Git LFS pointer in place of the file",
    "Run `git lfs pull` in the repository, or download the file from where it is stored.",
    "not an image, but a Git LFS pointer: the file was not fetched",
)
PAGE = NotData(
    "PAR011",
    "a web page (HTML), saved under the name of a data file",
    "Download the file itself: the address led to a page about it, or to a login.",
    "not an image, but an HTML page",
)
OF_MACOS = NotData("PAR007", "a file of macOS that holds no data (AppleDouble)", "Delete it.")


def what_instead(path: str | Path) -> NotData | None:
    """Tell by its first bytes what a file is instead of data; None if nothing is known against it."""
    head = read_head(path, _HEAD)
    if head.startswith(_POINTERS):
        return POINTER
    if head.startswith(_APPLE_DOUBLE):
        return OF_MACOS
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return PAGE if text.startswith(_PAGES) else None


def pointers_beside(path: Path) -> int:
    """Return how many files of the same folder and suffix are pointers of Git LFS, of the first 20,000."""
    names = (name for name in names_in(path.parent) if name.endswith(path.suffix))
    alike = (path.parent / name for name in islice(names, _COUNTED))
    return sum(read_head(file, _HEAD).startswith(_POINTERS) for file in alike)
