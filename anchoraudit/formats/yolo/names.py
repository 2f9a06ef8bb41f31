"""Finds the class names of a YOLO data set: in its `data.yaml`, or in a file with one name a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from anchoraudit.dataset.declared import ClassEntry, DeclaredClasses, Stated
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats.yolo.config import DARKNET, MOST_CLASSES, Config, find_config, read_config
from anchoraudit.formats.yolo.entries import locate
from anchoraudit.formats.yolo.layout import NAMES_FILES
from anchoraudit.io.files import read_input
from anchoraudit.io.folders import is_file
from anchoraudit.io.unchanged import note


@dataclass(frozen=True, slots=True)
class Names:
    """The classes.

    by_index: their names by index, None if there are no names.
    count: how many there are, None if unknown.
    declared: what the file says, as it stands; None if there is no such file.
    note: a note for the report, "" for no note.
    """

    by_index: dict[int, str] | None = None
    count: int | None = None
    declared: DeclaredClasses | None = None
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
    """Return the classes that a `data.yaml` or a darknet file declares."""
    darknet = config.path.suffix.lower() == DARKNET
    form, entries, path = config.form, config.entries, None
    if form == "value" and config.names is not None and isinstance(config.names.value, str):
        path = _found(config, config.names)
        entries = () if path is None else _entries(path)
        form = "lines" if darknet and path is not None else form
    declared = DeclaredClasses(
        config.path,
        form,
        entries,
        config.names,
        config.count,
        "classes" if darknet else "nc",
        path,
        lacks=() if darknet else tuple(key for key in ("train", "val") if key not in config.keys),
        has_validation="validation" in config.keys,
    )
    count = declared.whole_count
    return Names(declared.by_index, count if count is None or 0 <= count <= MOST_CLASSES else None, declared)


def names_near(folders: Iterable[Path]) -> Names:
    """Return the classes that a file in one of the folders names, or `Names` without names."""
    for folder in folders:
        for name in NAMES_FILES:
            if is_file(folder / name):
                note = f"class names from {printable(folder / name)}"
                declared = DeclaredClasses(folder / name, "lines", _entries(folder / name))
                return Names(declared.by_index, None, declared, note)
        if (path := find_config(folder)) is not None:
            try:
                names = names_of(read_config(path))
            except AnchorauditError as error:
                return Names(note=f"no class names: {printable(path)}: {printable(error.message)}")
            return replace(names, note=f"class names from {printable(path)}")
    return Names(note="no class names: no data.yaml, classes.txt or obj.names")


def _found(config: Config, stated: Stated) -> Path | None:
    """Return the file of names that a `data.yaml` or a darknet file states; None if it does not exist."""
    here = config.path.resolve().parent
    path, _ = locate(stated.text, [here, Path.cwd(), here.parent])
    return path if path is not None and is_file(path) else None


def _entries(path: Path) -> tuple[ClassEntry, ...]:
    return tuple(ClassEntry(None, Stated(name, line, name)) for line, name in enumerate(_lines(path), 1))


def _lines(path: Path) -> list[str]:
    """Return the names of a file, one a line, without empty lines at the end."""
    data = read_input(path)
    note(path, data)
    text = data.decode("utf-8-sig", "replace")
    return [line.strip() for line in text.rstrip().replace("\r\n", "\n").replace("\r", "\n").split("\n")]
