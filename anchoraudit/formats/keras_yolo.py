"""keras-yolo3: one text file for all images, a line each: its path, and `x1,y1,x2,y2,class` for each object.

Sources: the README of qqwweee/keras-yolo3 ("Row format: `image_file_path box1 box2 ... boxN`; Box format:
`x_min,y_min,x_max,y_max,class_id` (no space)"), whose train.py reads it, and which YOLOv4-pytorch took over;
Roboflow's export of the same, `SPLIT/_annotations.txt` with the names of classes in `_classes.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.dataset.splits import is_split
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import decode_names, read_head, read_input
from anchoraudit.io.folders import files_ending, folders_in, is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks

NAME = "keras_yolo"
LOOKS_FOR = "a .txt file with lines `path x1,y1,x2,y2,class ...`; Roboflow's SPLIT/_annotations.txt"
SUFFIXES = (".txt",)
EXAMPLE = """\
a.jpg 10,20,110,70,0 30,40,60,80,1
b.jpg
"""
EXAMPLE_PATH = "_annotations.txt"
EXAMPLE_BESIDE = {"_classes.txt": "cat\ndog\n", "a.jpg": (640, 480), "b.jpg": (640, 480)}
NOT_READ = ""

_ROBOFLOW = "_annotations.txt"
_CLASSES = ("_classes.txt", "classes.txt", "class_names.txt")
_FIRST_BOX = re.compile(r"(?:^|\s)(?=[^\s,]+(?:,[^\s,]*){4}(?:\s|$))")
_HEAD = 1 << 16  # bytes of a file that are looked at
_TELLING = 20  # lines
_LOOKED_AT = 12  # files of a folder


def detect(path: Path) -> Detection | None:
    """Recognise a file by its first lines, a folder by Roboflow's name or by files named after splits."""
    if is_file(path):
        if path.suffix.lower() != ".txt" or not _begins(path):
            return None
        return Detection(NAME, path, path.name, Sureness.CONTENT)
    files = _files(path)
    if not files:
        return None
    is_named = all(file.name == _ROBOFLOW for file, _ in files)
    reason = f"{len(files)} file(s) {_ROBOFLOW if is_named else files[0][0].name + ', ...'}"
    return Detection(NAME, path, reason, Sureness.NAME if is_named else Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a file, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if a file cannot be read.
    """
    from anchoraudit.formats._builder import read_files

    path = detection.path
    return read_files(
        detection,
        options,
        [(path, "")] if is_file(path) else _files(path),
        _rows,
        recognised=f"keras-yolo3: {detection.reason}",
        item="line",
    )


def _files(folder: Path) -> list[tuple[Path, str]]:
    """Return the files of a folder with their splits: Roboflow's, or those that are called after one."""
    if is_file(one := folder / _ROBOFLOW):
        return [(one, "")] if _begins(one) else []
    below = [(each / _ROBOFLOW, each.name) for each in folders_in(folder) if is_file(each / _ROBOFLOW)]
    if found := [(file, split) for file, split in below if _begins(file)]:
        return found
    named = [(file, _split_of(file.name)) for file in files_ending(folder, (".txt",))]
    of_splits = [each for each in named if each[1]][:_LOOKED_AT]
    found = [(file, split) for file, split in of_splits if _begins(file)]
    return found if len({split for _, split in found}) == len(found) else []


def _split_of(name: str) -> str:
    """Return the split that a file is called after: `train` of `2007_train.txt`; "" without one."""
    words = re.split(r"[^a-z0-9]+", name.lower().removesuffix(".txt"))
    return next((word for word in words if is_split(word)), "")


def _begins(file: Path) -> bool:
    """Tell whether the first lines are images with boxes, at least one of them with a box."""
    lines = [line for line in decode_names(read_head(file, _HEAD)).splitlines() if line.strip()][:_TELLING]
    parted = [_parted(line) for line in lines]
    return any(boxes for _, boxes in parted) and all(
        is_image_name(name) and (not boxes or _numbers(boxes[0]) is not None) for name, boxes in parted
    )


def _parted(line: str) -> tuple[str, list[str]]:
    """Return the path of a line, which may have blanks in it, and its boxes as texts."""
    found = _FIRST_BOX.search(line)
    if found is None:
        return line.strip(), []
    return line[: found.start()].strip(), line[found.start() :].split()


def _numbers(box: str) -> list[float] | None:
    """Return the five numbers of a box, None if they are none."""
    words = box.split(",")
    try:
        return list(map(float, words)) if len(words) == 5 else None
    except ValueError:
        return None


def _rows(path: Path, remarks: Remarks) -> Iterator[ImageRow]:
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.io.unchanged import note

    data = read_input(path)
    note(path, data)
    names = _class_names(path)
    remarks.classes += names
    boxes = _Boxes(path, names, remarks)
    rows: dict[str, ImageRow] = {}
    again = 0
    for number, line in enumerate(decode_names(data).splitlines(), 1):
        if not line.strip():
            continue
        name, texts = _parted(line)
        if not name:
            boxes.report("the line names no image", number, line)
            continue
        again += name in rows
        row = rows.setdefault(name, ImageRow(name, place=f"line {number}"))
        row.boxes += [boxes.read(text, number) for text in texts]
    if again:
        remarks.notes.append(f"{path.name}: {again:,} lines name an image again; their boxes go to its first")
    yield from rows.values()


def _class_names(path: Path) -> list[str]:
    """Return the names of classes in the file beside the annotations, [] without one."""
    for name in _CLASSES:
        if is_file(file := path.parent / name):
            lines = decode_names(read_input(file, _HEAD)).splitlines()
            return [line.strip() for line in lines if line.strip()]
    return []


class _Boxes:
    """Reads the boxes of a file, and reports each unknown class once."""

    def __init__(self, path: Path, names: Sequence[str], remarks: Remarks) -> None:
        self.path, self.names, self.remarks = path, names, remarks
        self.unknown: set[int] = set()

    def report(self, words: str, number: int, value: str, code: str = "PAR003", thing: str = "") -> None:
        """Add a finding about a line, whose number counts from 1."""
        from anchoraudit.dataset.findings import Finding
        from anchoraudit.formats._builder import SHOWN

        place = f"line {number}"
        self.remarks.findings.append(Finding(code, words, str(self.path), place, value[:SHOWN], thing))

    def read(self, text: str, number: int) -> BoxRow:
        """Return a box, one without coordinates if it cannot be read."""
        from anchoraudit.formats._builder import NO_BOX, BoxRow

        numbers = _numbers(text)
        if numbers is None or not numbers[4].is_integer():
            self.report("a box is five numbers, x1,y1,x2,y2,class", number, text)
            return BoxRow(NO_BOX, entry=number - 1)
        x1, y1, x2, y2, index = numbers
        return BoxRow((x1, y1, x2, y2), self._label(int(index), number), entry=number - 1)

    def _label(self, index: int, number: int) -> str:
        if 0 <= index < len(self.names):
            return self.names[index]
        label = f"class_{index}"
        if self.names and index not in self.unknown:
            self.unknown.add(index)
            words = f"class {index} is not among the {len(self.names):,} names beside the file"
            self.report(words, number, str(index), "CLS001", f"class {label}")
        return label
