"""Annotation formats: one module each, found by itself.

A format module has four names, and adding one adds the format:

NAME: what `--format` calls it; the module has the same name.
LOOKS_FOR: the layouts it knows, in one line, for the message when nothing was recognised.
detect(path) -> Detection | None: whether `path` (a file or a folder) is one, without reading it all.
read(detection, options) -> Dataset: everything in it; what cannot be used becomes a finding. The package
    `_builder` turns the rows of a reader into the data set.

`detect` speaks for its own format only, and knows nothing of the others. If a path may be of several formats,
the surest is taken; if two are equally sure, the user is asked. Choose the level by what `detect` looked at:

NAME: a file has a name that only this format gives: `_annotations.coco.json`.
CONTENT: a file of annotations begins as only this format's do: with its keys, its root element.
LAYOUT: folders and files lie as this format's do, but those of other formats may too: `images/` beside
    `labels/` with lines of numbers. A format that is often exported beside others' annotations stays here.
SUFFIX: the suffix fits, and nothing else was looked at.

Modules whose name starts with an underscore are helpers. Importing a format must be cheap: what only
`read` needs, NumPy above all, is imported there, if possible while other processes read already.
"""

from __future__ import annotations

import errno
import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io.files import unreadable
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset


_NO_SPLITS = "This data set has no splits."


class Sureness(IntEnum):
    """How sure a format is that a path is its own, by what it looked at; the package's docstring has more."""

    SUFFIX = 1
    LAYOUT = 2
    CONTENT = 3
    NAME = 4


@dataclass(frozen=True, slots=True)
class Detection:
    """What a path was recognised as: the format, the folder or file to read, why, and how surely."""

    format: str
    path: Path
    reason: str
    sureness: Sureness = Sureness.LAYOUT


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader is asked for.

    splits: the splits to read, all if empty. unlisted: COCO: take images on disk that no entry mentions
    as blank images (VOC always does). voc_offset: added to x1, y1, x2, y2 of VOC boxes. image_folder: where
    the images are, None to look in the usual places.
    """

    splits: tuple[str, ...] = ()
    unlisted: bool = False
    voc_offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    image_folder: Path | None = None


class Format(Protocol):
    """What a format module offers."""

    NAME: str
    LOOKS_FOR: str

    def detect(self, path: Path) -> Detection | None:
        """Tell whether `path` is of this format."""
        ...

    def read(self, detection: Detection, options: ReadOptions) -> Dataset:
        """Read it."""
        ...


def format_names() -> list[str]:
    """Names of all formats, without importing one: a format's module is called as the format is."""
    return module_names(__name__)


def formats() -> dict[str, Format]:
    """Every format of this package by name."""
    return {name: cast(Format, load_module(__name__, name)) for name in format_names()}


def read(
    path: str | Path,
    *,
    format: str = "auto",
    splits: tuple[str, ...] = (),
    unlisted: bool = False,
    voc_offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
    image_folder: str | Path | None = None,
) -> Dataset:
    """Read the data set at `path` (a folder, or a COCO JSON file).

    What is wrong with single files or entries is in the `findings` of the result. The options are those of
    `ReadOptions`.

    Raises
    ------
    AnchorauditError: nothing was recognised, several data sets were, a split is unknown, or a file that
        holds the whole data set cannot be read.
    """
    if not str(path):
        raise AnchorauditError("the data set's name is empty", remedy="Name a folder, or a COCO JSON file.")
    root = Path(path)
    folder = None if image_folder is None else Path(image_folder)
    if folder is not None and not (str(image_folder) and folder.is_dir()):  # "" is no name of the working one
        path = str(image_folder) or "''"
        raise AnchorauditError("no such folder", path=path, remedy="Name the folder that holds the images.")
    detection = detect(root, format=format)
    options = ReadOptions(splits, unlisted, voc_offset, folder)
    dataset = formats()[detection.format].read(detection, options)
    dataset.root, dataset.partial = root, bool(splits)
    return dataset


def detect(path: Path, *, format: str = "auto") -> Detection:
    """Find out what `path` is: itself, or else the one data set in the folders right below it.

    Raises AnchorauditError where there is none or more than one, or where two formats are equally sure.
    """
    known = formats()
    if format != "auto":
        if format not in known:
            raise AnchorauditError(
                f"unknown format {format!r}", remedy=f"Choose one of: auto, {', '.join(known)}."
            )
        known = {format: known[format]}
    _require_readable(path)
    found = _detect_with(known, path)
    if not found and path.is_dir():
        folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
        found = [detection for folder in folders for detection in _detect_with(known, folder)]
    if len(found) == 1:
        return found[0]
    if found:
        listing = "; ".join(f"{d.path} ({d.format}: {d.reason})" for d in found)
        raise AnchorauditError(
            f"{len(found)} data sets here: {listing}",
            path=path,
            remedy="Name the one you mean, or choose with --format.",
        )
    looked_for = "; ".join(f"{name}: {module.LOOKS_FOR}" for name, module in known.items())
    raise AnchorauditError(
        f"no data set recognised. Looked for {looked_for}. Found {_contents(path)}.",
        path=path,
        remedy="Name the folder or the JSON file that holds the annotations.",
    )


def require_known_splits(wanted: Sequence[str], known: Iterable[str], path: Path) -> None:
    """Raise AnchorauditError if a split of `wanted` is not among `known`; "" there is none."""
    names = [name for name in dict.fromkeys(known) if name]
    for name in wanted:
        if name not in names:
            choice = f"Choose from: {', '.join(map(printable, names))}." if names else _NO_SPLITS
            raise AnchorauditError(f"unknown split {name!r}", path=path, remedy=choice)


def _detect_with(known: dict[str, Format], path: Path) -> list[Detection]:
    """What the surest formats take `path` for: one, or several that are equally sure; [] if none knows it."""
    try:
        found = [found for module in known.values() if (found := module.detect(path)) is not None]
    except PermissionError as error:
        raise unreadable(error.filename or path, error) from None
    return [one for one in found if one.sureness == max(other.sureness for other in found)]


def _require_readable(path: Path) -> None:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            next(path.iterdir(), None)
        elif not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "neither a folder nor a regular file")
    except FileNotFoundError:
        raise AnchorauditError(
            "no such file or folder",
            path=path,
            remedy="Check the path; it is taken from the working directory.",
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError):  # a name with a zero byte in it
            error = OSError(errno.EINVAL, str(error))
        raise unreadable(path, error, "Name a folder or a file that can be read.") from None


def _contents(path: Path) -> str:
    """What a path holds, in a few words, for the message when nothing was recognised."""
    if path.is_file():
        return f"a file of {path.stat().st_size} bytes"
    entries = sorted(path.iterdir())
    folders = [f"{entry.name}/" for entry in entries if entry.is_dir()]
    suffixes = Counter(entry.suffix or "(no suffix)" for entry in entries if entry.is_file())
    files = [f"{count} {suffix} file{'s' * (count > 1)}" for suffix, count in suffixes.most_common(5)]
    shown = [*folders[:6], *(["..."] if len(folders) > 6 else []), *files]
    return ", ".join(shown) or "an empty folder"
