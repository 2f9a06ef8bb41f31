"""Reads folders with a text file of labels for each image, which `_lines` found.

An image is known by the path of its label file below the folder of labels, without the suffix. An image
without a label file, or with an empty one, is blank. An image whose label file cannot be read is neither
annotated nor blank: it is left out, with a finding. A line that cannot be read is a finding, and a box
without coordinates, so that its image does not become blank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import (
    NO_BOX,
    BoxRow,
    ImageRow,
    Note,
    Where,
    blank_counts,
    classes_by_name,
    join,
    missing_image,
    note_unchecked,
    part_of,
)
from anchoraudit.formats._lines import LabelFolder, Line, LineError, text_of
from anchoraudit.images.found import is_image_name
from anchoraudit.io.folders import is_folder, walk

_SUFFIX = ".txt"
_WITHOUT, _EMPTY = "without a label file", "with an empty one"
_SHOWN = 80  # characters of a line that a finding repeats
# Returns what a line means, None for a line that is no object. Raises LineError.
Take = Callable[[str], Line | None]


@dataclass(slots=True)
class _Read:
    """What was read of one folder.

    absent: the names of images that label files are for, and that do not exist. left_out: images whose label
    files cannot be read.
    """

    rows: list[ImageRow] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    without: int = 0
    empty: int = 0


def read_folders(
    detection: Detection,
    options: ReadOptions,
    folders: Sequence[LabelFolder],
    take: Take,
    *,
    recognised: str,
    convention: Convention = XYXY,
    skip: str = "\0",
    notes: Sequence[str] = (),
) -> Dataset:
    """Read folders of labels.

    take: what a line means, None for a line that is no object. It may raise LineError.
    recognised: how the data set was recognised, for the first line of a report.
    convention: what the four numbers of a box mean in the files. `take` returns corners anyhow.
    skip: as in `find_folders`.
    notes: more of them, for the report.

    Raises AnchorauditError if a split is unknown, or if there is neither an image nor a label file.
    """
    require_known_splits(options.splits, [folder.split for folder in folders], detection.path)
    chosen = [folder for folder in folders if not options.splits or folder.split in options.splits]
    images = [_images_of(folder, options.image_folder) for folder in chosen]
    shared = {own for own, count in Counter(images).items() if count > 1}
    remarks: Counter[str] = Counter()
    reads = [
        _read(folder.labels, own, _Labels(take, remarks, skip), only_labelled=own in shared)
        for folder, own in zip(chosen, images, strict=True)
    ]
    if not any(read.rows or read.findings for read in reads):
        raise AnchorauditError(
            "there is neither an image nor a label file",
            path=detection.path,
            remedy="Name the folder of the images with --image-folder.",
        )
    classes = classes_by_name(box.label for read in reads for row in read.rows for box in row.boxes)
    parts = []
    for folder, own, read in zip(chosen, images, reads, strict=True):
        found = len(read.rows) > len(read.absent)
        source = Source(folder.labels, folder.split, own if found else None, "line", _SUFFIX)
        part = part_of(source, read.rows, classes)
        part.convention, part.left_out = convention, read.left_out
        missing = [missing_image(own, _where(folder, name), name) for name in read.absent] if found else []
        part.findings = [*read.findings, *missing, *part.findings]
        part.notes = [] if found else [note_unchecked(folder.labels)]
        if own in shared:
            one = f"images without labels in {printable(own)} are not read, because several splits share them"
            part.notes.append(Note(printable(own), one, "images without labels are not read"))
        parts.append(part)
    counts: dict[str, list[int]] = {}
    for folder, read in zip(chosen, reads, strict=True):
        before = counts.setdefault(folder.split, [0, 0, 0])
        own_counts = (len(read.rows), read.without, read.empty)
        counts[folder.split] = [a + b for a, b in zip(before, own_counts, strict=True)]
    blank = [
        (split, total, [(without, _WITHOUT), (empty, _EMPTY)])
        for split, (total, without, empty) in counts.items()
    ]
    counted = (f"{remark}: {count:,}" for remark, count in remarks.items())
    parts[0].notes += [*notes, *counted, *blank_counts(blank)]
    return join(detection, parts, recognised=recognised)


def _where(folder: LabelFolder, name: str) -> Where:
    identity = name.rpartition(".")[0]
    return Where(str(folder.labels / f"{identity}{_SUFFIX}"), "", f"image {identity}")


def _images_of(folder: LabelFolder, named: Path | None) -> Path:
    """Return the folder of the images: the longest path of them that exists below the one that is named."""
    if named is None:
        return folder.images
    parts = (folder.split, *folder.images.parts[-1:]) if folder.split else folder.images.parts[-1:]
    tails = [*(parts[cut:] for cut in range(len(parts))), parts[::-1], parts[:1]]
    return next((path for tail in tails if is_folder(path := named.joinpath(*tail))), named)


@dataclass(frozen=True, slots=True)
class _Labels:
    """How label files are read. remarks: how many lines had each remark."""

    take: Take
    remarks: Counter[str]
    skip: str

    def names(self, labels: Path) -> Iterator[str]:
        """Yield the paths of all label files below a folder, without the suffix."""
        for below, files in walk(labels, lambda name: name.endswith(_SUFFIX)):
            if not any(part.endswith(self.skip) for part in below.split("/")):
                for name in files:
                    if name.endswith(_SUFFIX):
                        yield f"{below}/{name[:-4]}" if below else name[:-4]

    def boxes(self, path: Path, findings: list[Finding]) -> list[BoxRow] | None:
        """Return the boxes of a label file, None if it cannot be read. Adds to the findings."""
        text = text_of(path)
        if isinstance(text, Finding):
            findings.append(text)
            return None
        boxes = []
        for number, line in enumerate(text.split("\n")):
            if not (told := line.strip()):
                continue
            try:
                one = self.take(told)
            except LineError as error:
                place = f"line {number + 1}"
                findings.append(Finding(error.code, str(error), str(path), place, told[:_SHOWN]))
                boxes.append(BoxRow(NO_BOX, error.label, entry=number))
                continue
            if one is not None:
                xyxy, label, crowd, difficult, outline, remark = one
                boxes.append(BoxRow(xyxy, label, crowd, difficult, number, outline))
                if remark:
                    self.remarks[remark] += 1
        return boxes


def _read(labels: Path, images: Path, how: _Labels, *, only_labelled: bool) -> _Read:
    """Read one folder. only_labelled: images without a label file are not part of it."""
    read = _Read()
    files = _images_by_id(images, labels)
    stems = Counter(name.rpartition("/")[2] for name in files)
    by_stem = {name.rpartition("/")[2]: name for name in files if stems[name.rpartition("/")[2]] == 1}
    labelled: set[str] = set()
    rows: dict[str, list[ImageRow]] = {}
    for identity in how.names(labels):
        there = identity if identity in files else by_stem.get(identity.rpartition("/")[2])
        labelled.add(there or "")
        boxes = how.boxes(labels / f"{identity}{_SUFFIX}", read.findings)
        names = files[there] if there is not None else [f"{identity}.jpg"]
        if boxes is None:
            read.left_out += names
            continue
        read.absent += [] if there is not None else names
        read.empty += not boxes
        rows[identity] = [ImageRow(name, boxes, id=identity) for name in names]
    for identity, names in files.items():
        if identity not in labelled and not only_labelled:
            read.without += len(names)
            rows[identity] = [ImageRow(name, [], id=identity) for name in names]
    read.rows = [row for _, own in sorted(rows.items()) for row in own]
    return read


def _images_by_id(images: Path, labels: Path) -> dict[str, list[str]]:
    """Return the image files below a folder, but not below `labels`, by their paths without suffix."""
    found: dict[str, list[str]] = {}
    if not is_folder(images):
        return found
    for below, names in walk(images, lambda name: is_image_name(name) or name.endswith(_SUFFIX)):
        inside = f"{below}/" if below else ""
        if labels != images and labels in (images / below, *(images / below).parents):
            continue
        for name in names:
            if is_image_name(name):
                found.setdefault(f"{inside}{name.rpartition('.')[0]}", []).append(inside + name)
    return found
