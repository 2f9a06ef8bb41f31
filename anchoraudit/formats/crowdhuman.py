"""CrowdHuman: an `.odgt` file, with the people of an image in each line.

Source: https://www.crowdhuman.org/download.html, and `CrowdHumanDataset` of MMDetection. Each person has
three boxes, x, y, width, height in pixels, from 0: `fbox` of the full body, which goes past the image by
design, `vbox` of what is visible of it, `hbox` of the head. `tag: mask` and `ignore` mark crowds and the
like, which are no single person.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents
from anchoraudit.io import json_shortened
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import files_ending, is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "crowdhuman"
LOOKS_FOR = "annotation_train.odgt, annotation_val.odgt: an object with `ID` and `gtboxes` in each line"
SUFFIXES = (".odgt",)
EXAMPLE = """\
{"ID": "1,ab", "gtboxes": [{"tag": "person", "fbox": [10, 20, 100, 50], "vbox": [10, 20, 90, 50], \
"hbox": [40, 20, 20, 20], "head_attr": {"ignore": 0, "occ": 0}, "extra": {"box_id": 0, "occ": 0}}]}
"""
EXAMPLE_PATH = "annotation_train.odgt"
EXAMPLE_BESIDE = {"Images/1,ab.jpg": (640, 480)}
NOT_READ = "the two other boxes of each person: --box-field chooses"
_FIELDS = ("fbox", "vbox", "hbox")
_NAMES = {"fbox": "full bodies", "vbox": "visible parts", "hbox": "heads"}
_SUFFIX = ".odgt"
_FOLDERS = ("annotations", "Annotations", "labels")
has_box_fields = True
_HEAD = 1 << 16  # bytes; a line of a crowd has some 20,000
_LONGEST, _LINES = 1 << 26, 3  # bytes and lines in which the keys are looked for behind long values
_RESULTS, _TRUTH = "dtboxes", "gtboxes"


def detect(path: Path) -> Detection | None:
    """Recognise a file, or a folder with such files, by its suffix and its first line."""
    files = _files(path)
    if not files:
        return None
    reason = f"{len(files)} .odgt file{'s' * (len(files) > 1)}"
    return Detection(NAME, path, reason, Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split or a kind of box is unknown, if no file can be read, or if a file has
    results of a detector.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats._shapes import Tally

    def split_of(file: Path) -> str:
        # A file's own name says more than that of the folder of the whole: `test_data/det_train.json`.
        return documents.split_of(file, file) or documents.split_of(file, detection.path)

    field = options.box_field or _FIELDS[0]
    if field not in _FIELDS:
        raise AnchorauditError(
            f"people have no {field!r}",
            path=detection.path,
            remedy=f"Choose with --box-field from: {', '.join(_FIELDS)}.",
        )
    files = _files(detection.path)
    tally = Tally()
    dataset = read_files(
        detection,
        options,
        [(file, split_of(file)) for file in files],
        lambda file, remarks: _rows(file, field, remarks, tally),
        recognised=f"CrowdHuman: {detection.reason}",
        item="line",
        convention=XYWH,
        image_place="line {line}",
        box_place="line {line}, gtboxes[{box}]",
    )
    chosen = "" if options.box_field else "; --box-field vbox or hbox reads another"
    dataset.notes[:0] = [f"the boxes are {field}, of {_NAMES[field]}{chosen}"]
    dataset.notes += tally.notes()
    return dataset


def _files(path: Path) -> list[Path]:
    if is_file(path):
        return [path] if path.suffix.lower() == _SUFFIX and _is_odgt(path) else []
    folders = [path, *(path / name for name in _FOLDERS)]
    every = [file for folder in folders for file in files_ending(folder, (_SUFFIX,))]
    odgt = [file for file in every if _is_odgt(file)]
    # Results often lie beside the truth. They are only refused by name where there is nothing else.
    return [file for file in odgt if _has(file, _TRUTH)] or odgt


def _is_odgt(file: Path) -> bool:
    return _has(file, _TRUTH) or _has(file, _RESULTS)


def _has(file: Path, key: str) -> bool:
    """Tell whether one of the first lines has a key."""
    head = read_head(file, _HEAD)
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    # If a line is broken, its key is there all the same, and the reader says what is wrong.
    if f'"{key}"'.encode() in head:
        return True
    return any(key in line for line in json_shortened.documents(file, _LONGEST, _LINES))


def _rows(file: Path, field: str, remarks: Remarks, tally: Tally) -> list[ImageRow]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.formats._shapes import unusable
    from anchoraudit.io import json_text, unchanged

    data = json_text.without_mark(file, unchanged.read_input(file, remedy=json_text.REMEDY)[0])
    rows = []
    for number, line in enumerate(data.split(b"\n")):
        if not line.strip():
            continue
        place = f"line {number + 1}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            remarks.findings.append(
                unusable("not a JSON object", str(file), place, line[:200].decode("utf-8", "replace"))
            )
            continue
        if "dtboxes" in value and "gtboxes" not in value:
            raise AnchorauditError(
                "results of a detector (`dtboxes`), not annotations",
                path=file,
                place=place,
                remedy="Name the file with `gtboxes`, such as annotation_train.odgt.",
            )
        identity = value.get("ID")
        if not isinstance(identity, str | int) or not str(identity).strip():
            remarks.findings.append(
                Finding("PAR002", "a line without a usable `ID`", str(file), place, repr(identity)[:80])
            )
            continue
        people = value.get("gtboxes")
        if not isinstance(people, list):
            remarks.findings.append(unusable("no list `gtboxes`", str(file), place, people))
            remarks.left_out.append(f"{identity}.jpg")
            continue
        told = (_box(one, n, field, (str(file), place, remarks, tally)) for n, one in enumerate(people))
        boxes = [box for box in told if box is not None]
        rows.append(ImageRow(f"{identity}.jpg", boxes, str(identity), place=place, entry=number))
    return rows


def _box(person: Any, position: int, field: str, told: tuple[str, str, Remarks, Tally]) -> BoxRow | None:
    """Make a box of a person, or of a crowd; None if a crowd has no such box, which is usual."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import label_of, unusable, xywh

    path, line, remarks, tally = told
    place = f"{line}, gtboxes[{position}]"
    if not isinstance(person, dict):
        remarks.findings.append(unusable("not an object with boxes", path, place, person))
        return BoxRow(NO_BOX, entry=position)
    tag = label_of(person.get("tag"))
    told_by = person.get("head_attr" if field == "hbox" else "extra")
    ignored = told_by.get("ignore") if isinstance(told_by, dict) else 0
    crowd = tag == "mask" or ignored not in (None, 0, False)
    if field not in person and crowd:
        tally.skip(f"crowd without {field}")
        return None
    box = xywh(person.get(field))
    if box is None:
        remarks.findings.append(
            unusable(f"`{field}` is not a list of four numbers", path, place, person.get(field))
        )
    return BoxRow(box or NO_BOX, "person" if tag in ("mask", "") else tag, crowd, entry=position)
