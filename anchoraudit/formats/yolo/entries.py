"""Finds the folders and lists of images that the splits of a data set consist of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import thing_of_split, training_splits
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.yolo.config import DARKNET, Config, Written
from anchoraudit.formats.yolo.layout import IMAGES, label_folder
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import decode_names, read_input
from anchoraudit.io.folders import is_file, is_folder, names_in
from anchoraudit.io.suggest import meant, nearest
from anchoraudit.io.unchanged import note

_LIST = ".txt"
_DEEPEST = 40  # folders of a path that are looked for one by one; people nest a dozen
_LOOKED_INTO = 200  # folders that may have a name like a misspelt one, so that looking ends
# What the frameworks say of a path of the training split. ultralytics 8.4 data/base.py get_img_files, yolov5
# utils/dataloaders.py LoadImagesAndLabels, darknet src/utils.c file_error.
_STOPS = 'Ultralytics and YOLOv5 stop with "Error loading data from {}"'
_STOPS_DARKNET = 'darknet stops with "Couldn\'t open file: {}"'


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder of images, or a list of images.

    path: absolute.
    stated, line: the file and the line that name it; "" and 0 if the layout of the folder alone shows it.
    """

    split: str
    path: Path
    stated: str = ""
    line: int = 0

    @property
    def is_list(self) -> bool:
        """Tell whether it is a list."""
        return self.path.suffix.lower() == _LIST and is_file(self.path)


def absolute(path: Path) -> Path:
    """Return `path` as an absolute path without `..`. Links are not resolved."""
    return Path(os.path.abspath(path))  # noqa: PTH100  Path.absolute keeps the dots, resolve follows links


def entries_of(
    config: Config, wanted: Sequence[str], *, elsewhere: bool = False
) -> tuple[list[Entry], list[Finding], list[str]]:
    """Find the folders and lists that `config` names. Return them, findings for missing ones, and notes.

    elsewhere: the images are in another folder. Then a folder counts if the folder of its labels exists.

    Raises AnchorauditError if a wanted split does not exist, or if none does.
    """
    bases = bases_of(config)
    found: list[Entry] = []
    findings: list[Finding] = []
    notes: list[str] = []
    trained = [s for s in training_splits([*config.splits, *config.empty]) if not wanted or s in wanted]
    for split, texts in config.splits.items():
        for written in texts:
            path, moved = locate(written.text, bases)
            if path is None and elsewhere:
                path = _with_labels(written.text, bases)
            if path is None or (is_file(path) and path.suffix.lower() != _LIST):
                findings.append(_missing(config, split, written, path, bases, trains=split in trained))
                continue
            found.append(Entry(split, absolute(path), str(config.path), written.line))
            if moved:
                notes.append(f"{split}: {written.text} does not exist; read {absolute(path)}")
    # A key without a value is usual for `test`, which is optional.
    findings += [
        _nothing_named(config, split, line) for split, line in config.empty.items() if split in trained
    ]
    if config.root is not None and not any(map(is_folder, bases[:-1])):
        text = f"path {config.root.text!r} does not exist"
        if not found:
            raise _error(config, text, config.root.line)
        notes.append(
            f"{config.path.name}, line {config.root.line}: {text}; paths are taken from the file's own folder"
        )
    lost = [split for split in wanted if split in config.splits and split not in {e.split for e in found}]
    if findings and (lost or not found):
        split = (lost or list(config.splits))[0]
        first = next((f for f in findings if f.thing == thing_of_split(split)), findings[0])
        raise _error(config, first.message, int(first.place.removeprefix("line ")))
    return found, findings, notes


def locate(text: str, bases: Sequence[Path]) -> tuple[Path | None, bool]:
    """Find a path that may have been written for another machine. Return it, and whether folders were cut.

    First the path is tried as it is, relative to each base. Then without `../` at its start, as Ultralytics
    does. Then without its first folders, one after the other, because people move data sets without changing
    the paths. Only the last 40 folders of a path are looked for.
    """
    plain = text.replace("\\", "/")
    for candidate in (text, plain):
        for base in bases:
            if is_folder(base / candidate) or is_file(base / candidate):
                return base / candidate, False
    parts = [part for part in PurePosixPath(plain).parts if part not in ("..", "/")]
    for cut in range(max(len(parts) - _DEEPEST, 0), len(parts)):
        for base in bases:
            path = base.joinpath(*parts[cut:])
            if is_folder(path) or is_file(path):
                return path, cut > 0 or plain.startswith("/")
    return None, False


def _with_labels(text: str, bases: Sequence[Path]) -> Path | None:
    """Return the path of a folder of images that does not exist, if the folder of its labels does."""
    paths = [absolute(base / text) for base in bases]
    return next((p for p in paths if IMAGES in p.parts and is_folder(label_folder(p))), None)


def bases_of(config: Config) -> list[Path]:
    """Return the folders that paths may be relative to. The file's own folder is the last."""
    here = absolute(config.path).parent
    return [here / config.root.text, Path.cwd() / config.root.text, here] if config.root else [here]


def _missing(
    config: Config, split: str, written: Written, path: Path | None, bases: Sequence[Path], *, trains: bool
) -> Finding:
    words = f"{split}: {written.text!r} does not exist"
    if path is not None:
        words = f"{split}: {written.text!r} is neither a folder nor a .txt list"
    elif near := _nearest(written.text, bases):
        words += f"; {meant(near)}"
    if trains:
        stops = _STOPS_DARKNET if config.path.suffix.lower() == DARKNET else _STOPS
        words += f"{'' if words.endswith('?') else '.'} {stops.format(written.text)}"
    code = code_of_unusable(trains=trains)
    return Finding(code, words, str(config.path), f"line {written.line}", written.text, thing_of_split(split))


def _nothing_named(config: Config, split: str, line: int) -> Finding:
    words = f"{split}: names neither a folder nor a list of images"
    return Finding("SET009", words, str(config.path), f"line {line}", f"{split}:", thing_of_split(split))


def code_of_unusable(*, trains: bool) -> str:
    """Return the code of a split without images: an error for the training split only."""
    return "SET009" if trains else "SET005"


def _nearest(text: str, bases: Sequence[Path]) -> str:
    """Return a folder or list that exists and whose names are similar to those of `text`; "" if none is.

    As `locate`, it leaves out the first folders, one after the other.
    """
    parts = [part for part in PurePosixPath(text.replace("\\", "/")).parts if part not in ("..", "/")]
    left = [_LOOKED_INTO]
    for cut in range(max(len(parts) - _DEEPEST, 0), len(parts)):
        for base in bases:
            if found := _corrected(base, parts[cut:], left):
                return "/".join(found)
    return ""


def _corrected(folder: Path, parts: Sequence[str], left: list[int]) -> list[str]:
    """Return the names of a folder or list below `folder`, each as in `parts` or similar; [] if none is.

    left: how many folders may still be looked into. Where many have similar names, there are too many ways.
    """
    left[0] -= 1
    if left[0] < 0:
        return []
    first, *rest = parts
    names = [first] if is_folder(folder / first) else nearest(first, names_in(folder), most=3)
    for name in names:
        path = folder / name
        if rest:
            if is_folder(path) and (below := _corrected(path, rest, left)):
                return [name, *below]
        elif is_folder(path) or (path.suffix.lower() == _LIST and is_file(path)):
            return [name]
    return []


def _error(config: Config, words: str, line: int) -> AnchorauditError:
    return AnchorauditError(
        words,
        path=config.path,
        place=f"line {line}",
        remedy="Correct the path. It is relative to `path`, or else to the folder of this file.",
    )


def lines_of(entry: Entry) -> Iterator[tuple[int, str]]:
    """Yield the images that a list names, each with its line, from 1.

    Raises AnchorauditError if the list cannot be read.
    """
    data = read_input(entry.path)
    note(entry.path, data)
    text = decode_names(data)
    # Not splitlines(), which would also split names at control characters.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if (name := line.strip()) and is_image_name(name):
            yield number, name
