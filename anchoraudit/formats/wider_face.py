"""WIDER FACE: one text file for all images of a split, `wider_face_split/wider_face_train_bbx_gt.txt`.

Source: http://shuoyang1213.me/WIDERFACE (the form of the text): for each image its path, the number of faces,
and a line for each, `x y w h blur expression illumination invalid occlusion pose`. An image without faces has
the number 0 and one line of zeros. Faces that are `invalid` must be neither positive nor negative, so they
become crowds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import LineError, numbers_of, text_of
from anchoraudit.images.found import is_image_name, usual_folders
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_file, is_folder

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks

NAME = "wider_face"
LOOKS_FOR = "wider_face_train_bbx_gt.txt, also in wider_face_split/: a path, a number, and so many lines"
SUFFIXES = (".txt",)
EXAMPLE = """\
0--Parade/0_Parade_1.jpg
2
10 20 100 50 0 0 0 0 0 0
200 30 20 20 2 0 0 1 2 0
0--Parade/0_Parade_2.jpg
0
0 0 0 0 0 0 0 0 0 0
"""
EXAMPLE_PATH = "wider_face_split/wider_face_train_bbx_gt.txt"
EXAMPLE_BESIDE = {
    "WIDER_train/images/0--Parade/0_Parade_1.jpg": (640, 480),
    "WIDER_train/images/0--Parade/0_Parade_2.jpg": (640, 480),
}
NOT_READ = "blur, expression, illumination, occlusion, pose"

_CLASS = "face"
_FOLDER = "wider_face_split"
_NAMED = re.compile(r"wider_face_(\w+)_bbx_gt\.txt")
_SPLITS = ("train", "val", "test")
_HEAD = 1 << 12
_COLUMNS = 10
_SHOWN = 80


def detect(path: Path) -> Detection | None:
    """Recognise a file by its first three lines, a folder by the names of files in it."""
    if is_file(path):
        if path.suffix.lower() != ".txt" or not _begins(path):
            return None
        return Detection(NAME, path, path.name, Sureness.CONTENT)
    files = [file for file in _files(path) if _begins(file)]
    reason = f"{len(files)} file(s) wider_face_*_bbx_gt.txt"
    return Detection(NAME, path, reason, Sureness.NAME) if files else None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a file, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if a file cannot be read.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._builder import read_files

    path = detection.path
    named = {file: _NAMED.fullmatch(file.name) for file in ([path] if is_file(path) else _files(path))}
    return read_files(
        detection,
        options,
        [(file, found[1] if found and len(named) > 1 else "") for file, found in named.items()],
        _rows,
        recognised=f"WIDER FACE: {detection.reason}",
        item="line",
        convention=XYWH,
        folders_of=_images,
    )


def _files(path: Path) -> list[Path]:
    folders = [folder for folder in (path, path / _FOLDER) if is_folder(folder)]
    candidates = [folder / f"wider_face_{split}_bbx_gt.txt" for folder in folders for split in _SPLITS]
    return list(filter(is_file, candidates))


def _images(file: Path, split: str) -> list[Path]:
    """Return where the images of a file are: `WIDER_train/images`, beside it or beside its folder."""
    found = _NAMED.fullmatch(file.name)
    own = [root / f"WIDER_{found[1]}" / "images" for root in file.parents[:2]] if found else []
    return [*own, *usual_folders(file, split)]


def _begins(file: Path) -> bool:
    """Tell whether a file begins with a path, a number, and a line that begins with four numbers."""
    lines = read_head(file, _HEAD).decode("utf-8-sig", "replace").split("\n")
    if len(lines) < 3 or not (is_image_name(lines[0].strip()) and lines[1].strip().isdigit()):
        return False
    words = lines[2].split()
    try:
        return len(numbers_of(words[:4], 1)) == 4 or (len(words) == 1 and is_image_name(words[0]))
    except LineError:
        return is_image_name(lines[2].strip())


def _rows(path: Path, remarks: Remarks) -> Iterator[ImageRow]:
    from anchoraudit.formats._builder import ImageRow

    text = text_of(path, None)
    if isinstance(text, Finding):
        raise AnchorauditError(text.message, path=path, place=text.place, remedy="Download the file again.")
    lines = [line.strip() for line in text.split("\n")]
    faces = _Faces(path, remarks.findings, _invalid_column(lines, remarks))
    row: ImageRow | None = None
    said = ""  # the number of faces
    for number, line in enumerate(lines, 1):
        if is_image_name(line):
            if row is not None:
                faces.check(row, said)
                yield row
            row, said = ImageRow(line, place=f"line {number}"), ""
        elif row is None and line:
            faces.report("PAR002", "the line is before the path of the first image", number, line)
        elif row is not None and not said and line.isdigit():
            said = line
        elif row is not None and line and not (said == "0" and set(line.split()) == {"0"}):
            row.boxes.append(faces.read(line, number))
    if row is not None:
        faces.check(row, said)
        yield row


def _invalid_column(lines: list[str], remarks: Remarks) -> int:
    """Return the column that tells whether a face is invalid, from 0.

    Exports of Datumaro and CVAT have occlusion, pose and invalid in this order. Only occlusion may be 2.
    """
    rows = [words for line in lines if len(words := line.split()) == _COLUMNS]
    if any(words[7] == "2" for words in rows) and all(words[8] != "2" for words in rows):
        remarks.notes.append("the column `invalid` is the last one, as in exports of Datumaro and CVAT")
        return 9
    return 7


class _Faces:
    """Reads the lines of faces. invalid: the column of that flag, from 0."""

    def __init__(self, path: Path, findings: list[Finding], invalid: int) -> None:
        self.path, self.findings, self.invalid = str(path), findings, invalid

    def report(self, code: str, words: str, number: int, value: str) -> None:
        """Add a finding about a line, whose number counts from 1."""
        self.findings.append(Finding(code, words, self.path, f"line {number}", value[:_SHOWN]))

    def read(self, line: str, number: int) -> BoxRow:
        """Return the box of a line, one without coordinates if it cannot be read."""
        from anchoraudit.formats._builder import NO_BOX, BoxRow

        words = line.split()
        try:
            if len(words) not in (4, _COLUMNS):
                count = f"{len(words)} column{'s' * (len(words) != 1)}"
                raise LineError("PAR003", f"{count}: a face has x, y, width, height and six flags")
            x, y, width, height = numbers_of(words[:4], 1)
        except LineError as error:
            self.report(error.code, str(error), number, line)
            return BoxRow(NO_BOX, _CLASS, entry=number - 1)
        ignored = len(words) == _COLUMNS and words[self.invalid] == "1"
        return BoxRow((x, y, x + width, y + height), _CLASS, ignored, entry=number - 1)

    def check(self, row: ImageRow, said: str) -> None:
        """Report an image whose number of faces is missing or another one."""
        if said != str(len(row.boxes)):
            number = int(row.place.removeprefix("line ")) + 1
            told = f"the number of faces is {said[:_SHOWN] or 'missing'}, but {len(row.boxes):,} lines follow"
            self.report("PAR003", told, number, row.file_name)
