"""The images of a YOLO data set, each with its label file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import thing_of_split
from anchoraudit.errors import printable
from anchoraudit.formats._notes import Note
from anchoraudit.formats.yolo.entries import Entry, absolute, lines_of, locate
from anchoraudit.formats.yolo.layout import (
    IMAGES,
    LABELS,
    NAMES_FILES,
    holds_boxes,
    is_of_yolo,
    label_folder,
)
from anchoraudit.formats.yolo.pairing import labels_elsewhere
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import name_parts
from anchoraudit.io.folders import is_folder, names_in, walk

# So many images of a list are tried to find a folder that it names. Trying all takes long if none exists.
_TRIED = 5
_COMPARED = 50  # images whose names are compared with those of label files in other folders


@dataclass(slots=True)
class Member:
    """One image.

    below: its folder relative to the folders of its part, "" or ending in `/`.
    line: the line of the list that names it, 0 without a list.
    there: the image file exists.
    labelled: the label file exists.
    """

    below: str
    name: str
    line: int = 0
    there: bool = True
    labelled: bool = False

    @property
    def stem(self) -> str:
        """Its name without suffix."""
        return self.name[: self.name.rindex(".")]  # image names have one

    @property
    def id(self) -> str:
        """Its path below the folder of labels, without suffix."""
        return self.below + self.stem

    @property
    def file_name(self) -> str:
        """Its path below the folder of images."""
        return self.below + self.name


@dataclass(slots=True)
class Part:
    """Images of one split, all with one folder of images and one of labels.

    The label file of `images/FILE_NAME` is `labels/ID.txt`, with the same folders below both.

    expected: where the frameworks look for the labels, if that is another folder; None if it is not.
    """

    entry: Entry
    images: Path
    labels: Path
    members: list[Member]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str | Note] = field(default_factory=list)
    expected: Path | None = None

    def label_path(self, member: Member) -> str | None:
        """Return the label file of an image, None if it has none."""
        return f"{self.labels}{os.sep}{member.id}.txt" if member.labelled else None

    def image_path(self, member: Member) -> str:
        """Return where the file of an image is, or would be."""
        return f"{self.images}{os.sep}{member.below}{member.name}"


class Finder:
    """Finds the images and labels of entries. Every folder is listed only once."""

    def __init__(self, image_folder: Path | None, bases: Sequence[Path]) -> None:
        """Remember where to look.

        image_folder: the folder of the images, None for the usual places.
        bases: the folders that paths in lists may be relative to.
        """
        self.image_folder = None if image_folder is None else absolute(image_folder)
        self.bases = [*([self.image_folder] if self.image_folder else []), *bases]
        self._trees: dict[Path, dict[str, list[str]]] = {}
        self._names: dict[Path, frozenset[str]] = {}

    def parts_of(self, entry: Entry) -> list[Part]:
        """Return the parts of an entry, one for each folder of labels.

        Raises AnchorauditError if a list cannot be read.
        """
        return self._of_list(entry) if entry.is_list else self._of_folder(entry)

    def _tree(self, root: Path) -> dict[str, list[str]]:
        """Return the names of files in each folder below `root`, which splits may share."""
        if root not in self._trees:
            self._trees[root] = dict(walk(root, is_of_yolo))
        return self._trees[root]

    def _names_in(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(names_in(folder))
        return self._names[folder]

    def _of_folder(self, entry: Entry) -> list[Part]:
        root = entry.path
        place = self._moved(root)
        groups: dict[str, list[Member]] = {}
        for below, names in self._tree(place).items():
            key = _up_to_images(below)
            rest = _slashed(below[len(key) :].strip("/"))
            groups.setdefault(key, []).extend(Member(rest, name) for name in names if is_image_name(name))
        parts = [
            self._part(entry, place / key, label_folder(root / key), members)
            for key, members in groups.items()
            if members or len(groups) == 1
        ]
        for part in parts:
            self._take_orphans(part)
        return parts

    def _moved(self, root: Path) -> Path:
        """Return where the images of `root` are: there, or at the same path below `--image-folder`."""
        if self.image_folder is None:
            return root
        parts = root.parts
        below = parts[len(parts) - parts[::-1].index(IMAGES) :] if IMAGES in parts else parts[-1:]
        return next(
            (p for cut in range(len(below)) if is_folder(p := self.image_folder.joinpath(*below[cut:]))),
            self.image_folder,
        )

    def _part(self, entry: Entry, images: Path, labels: Path, members: list[Member]) -> Part:
        part = Part(entry, images, labels, members)
        if self._mark_labelled(members, labels):
            return part
        stems = [member.id for member in members[:_COMPARED]]
        beside = [images] if labels != images else []
        for folder in (*beside, *labels_elsewhere(images, stems, self.bases, self._names_in)):
            if self._mark_labelled(members, folder):
                part.labels, part.expected = folder, labels
                part.findings.append(_not_where_expected(part))
                break
        return part

    def _mark_labelled(self, members: Iterable[Member], labels: Path) -> bool:
        """Mark the members that have a label file below `labels`; tell whether there are any."""
        listed: dict[str, frozenset[str]] = {}  # by text: a Path for each of 100,000 images is slow
        found = False
        for member in members:
            if (names := listed.get(member.below)) is None:
                names = listed[member.below] = self._names_in(labels / member.below)
            member.labelled = f"{member.stem}.txt" in names
            found = found or member.labelled
        return found

    def _take_orphans(self, part: Part) -> None:
        """Append label files without an image. Text files without boxes are skipped, with a note."""
        if part.expected is not None and not _alike(part.images, part.labels):
            return  # one folder of labels for all splits
        known = {f"{member.id}.txt" for member in part.members}
        apart = part.labels != part.images
        other = 0
        for below, names in self._tree(part.labels).items():
            within = _slashed(below)
            for name in names:
                if not name.endswith(".txt") or within + name in known or name in NAMES_FILES:
                    continue
                holds = holds_boxes(part.labels / below / name)
                if holds or (holds is None and apart):
                    stem = name.removesuffix(".txt")
                    part.members.append(Member(within, f"{stem}.jpg", there=False, labelled=True))
                else:
                    other += apart
        if other:
            about, what = printable(part.labels), "without boxes or image"
            one = f"not read: {other} text file(s) in {about} {what}"
            part.notes.append(Note(about, one, f"text files {what} are not read"))

    def _of_list(self, entry: Entry) -> list[Part]:
        lines = [(number, *name_parts(name)) for number, name in lines_of(entry)]
        notes: list[str] = []
        folders = self._folders(entry, lines, notes)
        groups: dict[Path | None, list[tuple[Path, Member]]] = {}
        lost: list[tuple[int, str]] = []
        for number, text, name in lines:
            if (folder := folders[text]) is None:
                lost.append((number, _slashed(text) + name))
                continue
            there = name in self._names_in(folder)
            groups.setdefault(_images_root(folder), []).append((folder, Member("", name, number, there)))
        parts = []
        for key, found in groups.items():
            root = key or Path(os.path.commonpath([folder for folder, _ in found]))
            for folder, member in found:
                member.below = _slashed(folder.relative_to(root).as_posix().removeprefix("."))
            part = self._part(entry, root, label_folder(root), [member for _, member in found])
            lost += [(m.line, m.file_name) for m in part.members if not (m.there or m.labelled)]
            part.members = [member for member in part.members if member.there or member.labelled]
            parts.append(part)
        parts = parts or [Part(entry, entry.path.parent, entry.path.parent, [])]
        parts[0].notes += notes
        parts[0].findings += _lost(entry, sorted(lost), len(lines))
        return parts

    def _folders(
        self, entry: Entry, lines: Iterable[tuple[int, str, str]], notes: list[str]
    ) -> dict[str, Path | None]:
        """Return where each folder that a list names is, None if it does not exist."""
        found: dict[str, Path | None] = {}
        tries: Counter[str] = Counter()
        beside = entry.path.parent
        for _, text, name in lines:
            if found.get(text) is not None or tries[text] >= _TRIED:
                continue
            tries[text] += 1
            bases = [beside] if text.startswith(".") else [*self.bases, Path.cwd(), beside]
            path, moved = locate(_slashed(text) + name, bases)
            found[text] = None if path is None else absolute(path).parent
            if moved and not any(f"{entry.path}:" in note for note in notes):
                notes.append(
                    f"{printable(entry.path)}: {printable(text)}/ does not exist; read {found[text]}"
                )
        return found


def _not_where_expected(part: Part) -> Finding:
    """Report labels that YOLOv5 and Ultralytics do not find: they replace `/images/` by `/labels/`."""
    assert part.expected is not None
    number = sum(member.labelled for member in part.members)
    shared = os.path.commonpath([part.labels, part.expected])
    here, there = (
        f"{printable(folder.relative_to(shared).as_posix())}/" for folder in (part.labels, part.expected)
    )
    files = f"{number:,} label file{'s that are' if number > 1 else ' that is'} in {here}"
    words = f"YOLOv5 and Ultralytics look in {there} for {files}{_renamed(part.images, part.labels)}"
    return Finding("SET018", words, str(part.labels), thing=thing_of_split(part.entry.split))


def _renamed(images: Path, labels: Path) -> str:
    """Say how folders must be called so that the frameworks find the labels, for the end of a sentence."""
    shared = os.path.commonpath([images, labels])
    pairs = [(images, IMAGES), (labels, LABELS)]
    parts = [(folder.relative_to(shared).parts, new) for folder, new in pairs]
    if not all(own for own, _ in parts):
        return ""
    wrong = [f"{printable(own[0])}/ to {new}/" for own, new in parts if own[0] != new]
    return f". Rename {' and '.join(wrong)}" if wrong else ""


def _lost(entry: Entry, lines: Sequence[tuple[int, str]], listed: int) -> list[Finding]:
    """Report images of a list that do not exist: each one, or once if none exists."""
    path = str(entry.path)
    if len(lines) == listed and lines:
        words = f"none of the {listed:,} images that the list of {entry.split} names exists"
        return [Finding("SET005", words, path, f"line {lines[0][0]}", lines[0][1], f"split {entry.split}")]
    words = f"{entry.split} lists {{!r}}, but there is neither an image nor a label file"
    return [
        Finding("SET005", words.format(name), path, f"line {line}", name, f"image {name}")
        for line, name in lines
    ]


def _alike(images: Path, labels: Path) -> bool:
    """Tell whether a folder of labels that was found by its files is that of these images alone."""
    return labels == images or labels.name == images.name or images.parent in (labels.parent, labels)


def _images_root(folder: Path) -> Path | None:
    """Return the last folder called `images` that contains `folder`, None if there is none."""
    parts = folder.parts
    return Path(*parts[: len(parts) - parts[::-1].index(IMAGES)]) if IMAGES in parts else None


def _up_to_images(below: str) -> str:
    """Return a path up to its last `images`, "" if it has none."""
    parts = below.split("/")
    return "/".join(parts[: len(parts) - parts[::-1].index(IMAGES)]) if IMAGES in parts else ""


def _slashed(below: str) -> str:
    return f"{below}/" if below else ""
