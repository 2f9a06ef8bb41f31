"""The class names of a YOLO data set: from its `data.yaml`, or from a file with one a line."""

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
    """The classes. by_index: None if nobody names them. count: how many there are, None if unknown.

    path: where that stands. note: what a report says of it, "" for nothing.
    """

    by_index: dict[int, str] | None = None
    count: int | None = None
    path: Path | None = None
    note: str = ""

    def has(self, index: int) -> bool:
        """Whether a class of this index is declared; anything is where nobody says."""
        if self.by_index is not None:
            return index in self.by_index
        return index >= 0 and (self.count is None or index < self.count)

    def of(self, index: int) -> str:
        """The name of a class, ultralytics' where it has none."""
        return f"class_{index}" if self.by_index is None else self.by_index[index]

    def total(self) -> int | None:
        """How many classes are declared."""
        return self.count if self.by_index is None else len(self.by_index)


def names_of(config: Config) -> Names:
    """The classes that a `data.yaml` or a darknet file declares.

    Raises AnchorauditError if it names a file of names that is not there.
    """
    by_index, path = config.names, config.path
    if by_index is None and config.names_file is not None:
        path = _found(config, config.names_file)
        by_index = dict(enumerate(_lines(path)))
    note = ""
    if by_index is not None and config.classes not in (None, len(by_index)):
        note = (
            f"{config.path.name}: nc is {config.classes}, but {len(by_index)} names follow: loaders refuse it"
        )
    return Names(by_index, config.classes, path, note)


def names_near(folders: Iterable[Path]) -> Names:
    """The classes that a file in one of the folders names; none of them if there is none."""
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
            remedy="Give a list of names, or a file with one a line.",
        )
    return path


def _lines(path: Path) -> list[str]:
    """Names, one a line; the empty ones at the end are none."""
    text = read_input(path).decode("utf-8-sig", "replace")
    return [line.strip() for line in text.rstrip().replace("\r\n", "\n").replace("\r", "\n").split("\n")]
