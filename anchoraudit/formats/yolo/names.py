"""Finds the class names of a YOLO data set: in its `data.yaml`, or in a file with one name a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats.yolo.config import Config, Written, find_config, read_config
from anchoraudit.formats.yolo.entries import locate
from anchoraudit.formats.yolo.layout import NAMES_FILES
from anchoraudit.io.files import read_input
from anchoraudit.io.folders import is_file


@dataclass(frozen=True, slots=True)
class Names:
    """The classes.

    by_index: their names by index, None if there are no names.
    count: how many there are, None if unknown.
    path: the file that says so, None if there is none.
    note: a note for the report, "" for no note.
    """

    by_index: dict[int, str] | None = None
    count: int | None = None
    path: Path | None = None
    note: str = ""

    def has(self, index: int) -> bool:
        """Tell whether a class is declared. If no file declares classes, every index from 0 on is."""
        if self.by_index is not None:
            return index in self.by_index
        return index >= 0 and (self.count is None or index < self.count)

    def of(self, index: int) -> str:
        """Return the name of a class; without names `class_0`, `class_1`, ..., as Ultralytics does."""
        return f"class_{index}" if self.by_index is None else self.by_index[index]

    def total(self) -> int | None:
        """Return how many classes are declared, None if unknown."""
        return self.count if self.by_index is None else len(self.by_index)


def names_of(config: Config) -> Names:
    """Return the classes that a `data.yaml` or a darknet file declares.

    Raises AnchorauditError if the file of names does not exist.
    """
    by_index, path = config.names, config.path
    if by_index is None and config.names_file is not None:
        path = _found(config, config.names_file)
        by_index = dict(enumerate(_lines(path)))
    note = ""
    if by_index is not None and config.classes not in (None, len(by_index)):
        note = (
            f"{config.path.name}: nc is {config.classes}, but there are {len(by_index)} names: "
            "loaders refuse the file"
        )
    return Names(by_index, config.classes, path, note)


def names_near(folders: Iterable[Path]) -> Names:
    """Return the classes that a file in one of the folders names, or `Names` without names."""
    for folder in folders:
        for name in NAMES_FILES:
            if is_file(folder / name):
                note = f"class names from {printable(folder / name)}"
                return Names(dict(enumerate(_lines(folder / name))), None, folder / name, note)
        if (path := find_config(folder)) is not None:
            try:
                names = names_of(read_config(path))
            except AnchorauditError as error:
                return Names(note=f"no class names: {printable(path)}: {printable(error.message)}")
            return Names(names.by_index, names.count, path, f"class names from {printable(path)}")
    return Names(note="no class names: no data.yaml, classes.txt or obj.names")


def _found(config: Config, written: Written) -> Path:
    here = config.path.resolve().parent
    path, _ = locate(written.text, [here, Path.cwd(), here.parent])
    if path is None or not is_file(path):
        raise AnchorauditError(
            f"names: {written.text!r} is neither a list nor a file",
            path=config.path,
            place=f"line {written.line}",
            remedy="Give a list of names, or a file with one name a line.",
        )
    return path


def _lines(path: Path) -> list[str]:
    """Return the names of a file, one a line, without empty lines at the end."""
    text = read_input(path).decode("utf-8-sig", "replace")
    return [line.strip() for line in text.rstrip().replace("\r\n", "\n").replace("\r", "\n").split("\n")]
