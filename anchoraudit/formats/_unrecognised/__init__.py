"""What is said of a path that no format recognises: what is there, what it resembles, what to name instead.

At most eight lines of about 100 columns. Nothing here is imported while all goes well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Sureness, detect_with, formats
from anchoraudit.formats._unrecognised.contents import below, contents, has_only_images, samples
from anchoraudit.formats._unrecognised.known import Known, by_content, by_name
from anchoraudit.formats._unrecognised.nearest import nearest
from anchoraudit.formats._unrecognised.outline import JSON, TEXT, Outline, outline
from anchoraudit.images.found import IMAGE_FOLDERS, is_image_name
from anchoraudit.io.not_data import POINTER, pointers_beside, what_instead

if TYPE_CHECKING:
    from anchoraudit.formats import Detection, Format

_WIDTH, _MOST = 98, 6  # columns of a line, and lines between the message and the remedy
_DESCRIBED = 2  # files that are described, each of another look
_UNLIKE = 2  # how far a file is from a format that it does not resemble
_PLACES = 1  # other places that are named
# Names of folders that are a part of a data set, and not all of it, in lower case.
_PARTS_OF_SETS = frozenset(
    [
        *("annotations", "annotation", "ann", "labels", "label", "label_2", "labeltxt", "xml", "xmls"),
        *(name.lower() for name in IMAGE_FOLDERS),
        *("image_2", "img1", "gt", "det", "data", "main", "imagesets"),
        *("train", "training", "val", "valid", "validation", "test", "testing"),
    ]
)
_NAME = "Name the folder or file that holds the annotations (`anchoraudit formats` lists what is read)."


def unrecognised(path: Path, known: Mapping[str, Format]) -> AnchorauditError:
    """Return the error for a file or folder that none of the formats `known` recognises."""
    files = [path] if path.is_file() else samples(path)
    looks = _looks(files, known, path)
    lines = [] if path.is_file() else contents(path)
    lines += [look.told for look in looks]
    if path.is_file() and is_image_name(path.name):
        lines.append("It is an image.")
    if not files and has_only_images(path):
        lines.append("There are only images. Boxes are not made from masks, nor from folders of classes.")
    message = "no data set recognised"
    if len(known) == 1:
        (name,) = known
        message = f"no data set recognised as {name}"
        lines.append(f"{name} is recognised by: {known[name].LOOKS_FOR}.")
        places = [f"It looks like {one.format}: leave out --format." for one in detect_with(formats(), path)]
    else:
        places = list(_elsewhere(path))
    ways = [*(hints := _hints(known, path)), *places[:_PLACES]]
    ways += [look.remedy for look in looks if look.remedy and not hints][:1]
    return _short(message, path, lines, " ".join(ways) or _NAME)


def explained(error: AnchorauditError, detection: Detection) -> AnchorauditError:
    """Return a better error for a data set that was recognised, and could not be read.

    The same error, if nothing more is known of the file.
    """
    path = detection.path if detection.path.is_file() else Path(error.path or detection.path)
    if path.is_dir():
        return _of_folder(error, path)
    if not path.is_file() or error.details:
        return error
    found = outline(path)
    if (known := _known(path, found)) is not None:
        return AnchorauditError(f"not a data set, but {known.words}", path=path, remedy=known.remedy)
    if found is not None and (found.syntax, found.shape, path.suffix) == (JSON, "lines", ".json"):
        words = "not a JSON document, but one in each line"
        return AnchorauditError(words, path=path, remedy="Give the file the suffix .jsonl.")
    if found is None or detection.sureness > Sureness.SUFFIX or error.place not in ("", "line 1"):
        return error  # a place in the file is broken
    others = {name: module for name, module in formats().items() if name != detection.format}
    rank, near = _near(found, others)
    if rank >= _UNLIKE:
        return error  # its own words say enough
    return _short(error.message, path, [f"It is {found.described()}.{near}"], _NAME, error.place)


def _of_folder(error: AnchorauditError, path: Path) -> AnchorauditError:
    """Return the error for a folder of which nothing could be read, because its files are no data."""
    files = samples(path)
    bad = [file for file in files if what_instead(file) is not None]
    if len(bad) <= len(files) // 2:
        return error
    told = _looks(bad[:1], {}, path)[0]
    return _short(error.message, path, [told.told], told.remedy)


class _Look(NamedTuple):
    """What is to be said of a file: how much it tells (0 most), the words, and what to do, "" if unknown."""

    rank: float
    told: str
    remedy: str = ""


def _looks(files: Sequence[Path], known: Mapping[str, Format], root: Path) -> list[_Look]:
    """Return what is to be said of some files, of those that look alike once, what tells most first."""
    found: dict[object, _Look] = {}
    for file in files:
        drawn = outline(file)
        named = _known(file, drawn)
        if named is not None:
            found.setdefault(named, _Look(0, f"{_begin(file, root)} {named.words}.", named.remedy))
        elif drawn is not None:
            look = drawn.syntax, tuple(drawn.keys)[:8]
            if look not in found:
                rank, near = _near(drawn, known)
                found[look] = _Look(rank, f"{_begin(file, root)} {drawn.described()}.{near}")
    return sorted(found.values(), key=lambda look: look.rank)[:_DESCRIBED]


def _begin(file: Path, root: Path) -> str:
    return "It is" if file == root else f"{printable(file.relative_to(root))}:"


def _near(found: Outline, known: Mapping[str, Format]) -> tuple[float, str]:
    """Return how far a file is from the format it resembles most, and in words what it lacks."""
    near = nearest(found, known)
    if near is None:
        return _UNLIKE, ""
    if found.syntax == TEXT:
        return 1, f" Its first line is like those of {near.format}."
    if not near.lacks:
        return 1, f" It looks like {near.format}."
    lacks = ", ".join(f"`{name}`" for name in near.lacks)
    words = f" Like {near.format}, but without {lacks} (anchoraudit formats show {near.format})."
    return _UNLIKE - near.share, words


def _known(path: Path, found: Outline | None) -> Known | None:
    """Return what a file is, if it is known to hold no labels."""
    what = what_instead(path)
    if what is POINTER and (count := pointers_beside(path)) > 1:
        words = f"{what.words}, as {count:,} *{printable(path.suffix)} of its folder are"
        return Known(words, what.remedy)
    if what is not None:
        return Known(what.words, what.remedy)
    return by_name(path) or (None if found is None else by_content(path, found))


def _hints(known: Mapping[str, Format], path: Path) -> list[str]:
    """Return what keeps a path from being of one of these formats, of the formats that can tell."""
    ways = [nearly for module in known.values() if (nearly := getattr(module, "nearly", None)) is not None]
    with suppress(OSError, AnchorauditError):  # a folder that cannot be read: the message says enough without
        return [hint for nearly in ways if (hint := nearly(path))][:1]
    return []


def _above(path: Path) -> Iterator[Path]:
    """Yield the folders that a path may be a part of, as its name or that of its folder tells."""
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    while folder.name.lower() in _PARTS_OF_SETS:
        folder = folder.parent
        yield folder


def _elsewhere(path: Path) -> Iterator[str]:
    """Yield where a data set is recognised: in a folder above, two levels below, or in a file."""
    every = formats()
    candidates = list(_above(path))
    if path.is_dir():
        candidates += [folder for folder in below(path) if folder.parent != path]
        candidates += [file for file in samples(path) if file.parent == path]
    for candidate in candidates:
        with suppress(OSError, AnchorauditError):
            for found in detect_with(every, candidate)[:1]:
                if found.sureness > Sureness.SUFFIX:
                    where = printable(min(str(candidate), os.path.relpath(candidate), key=len))
                    yield f"Name {where} instead: it looks like {found.format} ({found.reason})."


def _short(message: str, path: Path, lines: Sequence[str], remedy: str, place: str = "") -> AnchorauditError:
    """Return an error of at most eight lines. Of long ones, the end of the remedy is always there."""
    told = wrap(remedy, _WIDTH, break_on_hyphens=False, break_long_words=False)[-_MOST:]
    parts = [part for line in lines for part in wrap(line, _WIDTH, break_on_hyphens=False)]
    details = [*parts[: _MOST + 1 - len(told)], *told[:-1]]
    return AnchorauditError(message, path=path, place=place, details=details, remedy=told[-1])
