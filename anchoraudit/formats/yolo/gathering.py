"""Gathers the parts of a YOLO data set: finds all splits, removes repeated images, chooses wanted splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import thing_of_split, training_splits
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._notes import Note
from anchoraudit.formats.yolo.config import SPLITS, read_config
from anchoraudit.formats.yolo.entries import Entry, absolute, bases_of, code_of_unusable, entries_of
from anchoraudit.formats.yolo.layout import IMAGES, LABELS, find_layout, to_rename
from anchoraudit.formats.yolo.members import Finder, Member, Part
from anchoraudit.formats.yolo.names import Names, names_near, names_of
from anchoraudit.io.folders import is_file

Row = tuple[int, Part, Member]  # index of the part, the part, and one of its images


@dataclass(slots=True)
class Gathered:
    """The parts to read. columns: the number of columns of a label line, 5 without keypoints."""

    parts: list[Part]
    names: Names
    columns: int = 5
    findings: list[Finding] = field(default_factory=list)
    notes: list[str | Note] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Return the images of all parts, in order."""
        return [(number, part, member) for number, part in enumerate(self.parts) for member in part.members]

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, in order."""
        return tuple(dict.fromkeys(part.entry.split for part in self.parts))


def gather(detection: Detection, options: ReadOptions) -> Gathered:
    """Find the parts to read. Raises AnchorauditError if there is none, or if a split is unknown."""
    gathered, entries, bases = (
        _stated(detection, options) if is_file(detection.path) else _laid_out(detection)
    )
    known = list(dict.fromkeys(entry.split for entry in entries))
    require_known_splits(options.splits, known, detection.path)
    finder = Finder(options.image_folder, bases)
    # Wanted splits come first: with --split val, an image in train and val counts as val.
    entries.sort(key=lambda entry: bool(options.splits) and entry.split not in options.splits)
    parts = [part for entry in entries for part in finder.parts_of(entry)]
    _report_without_images(parts, known)
    if options.image_folder is not None:
        _keep_labelled(parts)
    repeated = _without_repeats(parts)
    chosen = [part for part in parts if not options.splits or part.entry.split in options.splits]
    order = {split: number for number, split in enumerate(known)}
    chosen.sort(key=lambda part: order[part.entry.split])
    gathered.parts = [part for part in chosen if part.members or part.entry.split in options.splits]
    found = [*gathered.findings, *(finding for part in chosen for finding in part.findings), *repeated]
    as_named = _Naming(detection.path)
    gathered.findings = [replace(finding, path=str(as_named(Path(finding.path)))) for finding in found]
    for part in chosen:
        part.images, part.labels = as_named(part.images), as_named(part.labels)
    if (declared := gathered.names.declared) is not None:
        own = declared.names_from and as_named(declared.names_from)
        gathered.names = replace(gathered.names, declared=declared.named(as_named(declared.path), own))
    gathered.notes += [note for part in chosen for note in part.notes]
    gathered.notes += [gathered.names.note] if gathered.names.note else []
    _require_labels(detection.path, gathered, chosen)
    return gathered


class _Naming:
    """Turns absolute paths into paths that begin with the folder as the user named it."""

    def __init__(self, named: Path) -> None:
        self.folder = named.parent if is_file(named) else named
        self.absolute = absolute(self.folder)

    def __call__(self, path: Path) -> Path:
        if not path.is_relative_to(self.absolute):
            return path
        return self.folder / path.relative_to(self.absolute)


def _stated(detection: Detection, options: ReadOptions) -> tuple[Gathered, list[Entry], list[Path]]:
    config = read_config(detection.path)
    entries, findings, notes = entries_of(config, options.splits, elsewhere=options.image_folder is not None)
    names = names_of(config)
    if config.form == "" and names.count is None:
        names = replace(names_near([absolute(config.path).parent]), declared=names.declared)
    return Gathered([], names, config.columns, findings, [*notes]), entries, bases_of(config)


def _laid_out(detection: Detection) -> tuple[Gathered, list[Entry], list[Path]]:
    layout = find_layout(detection.path)
    folders = layout.folders if layout is not None else ()
    if not folders:
        raise AnchorauditError(
            "the files have changed while they were read",
            path=detection.path,
            remedy="Scan the folder again.",
        )
    root = absolute(detection.path)
    images = [absolute(folder) for _, folder in folders]
    beside = [path for folder in images for path in (folder, folder.parent) if path.is_relative_to(root)]
    labels = [folder.parent / LABELS for folder in images if folder.name == IMAGES]
    above = [root.parent] if root.name.lower() in SPLITS else []  # the user named one split of a data set
    own = layout.labels if layout is not None else ()
    near = dict.fromkeys([root, root / LABELS, *map(absolute, own), *labels, *beside, *above])
    entries = [Entry(split, folder) for (split, _), folder in zip(folders, images, strict=True)]
    return Gathered([], names_near(near)), entries, [root]


def _report_without_images(parts: Sequence[Part], splits: Sequence[str]) -> None:
    """Report splits without an image: folders without images, empty lists, lists of files that are absent."""
    trained = training_splits(splits)
    filled = {part.entry.split for part in parts if part.members}
    for part in parts:
        entry = part.entry
        if entry.split in filled:
            continue
        code = code_of_unusable(trains=entry.split in trained)
        if part.findings:  # what the list names is absent
            part.findings = [replace(finding, code=code) for finding in part.findings]
            continue
        words = f"{entry.split}: " if entry.split else ""
        words += "the list names no image" if entry.is_list else "there is no image in the folder"
        where = (str(entry.path), "line 1" if entry.is_list else "")
        part.findings.append(Finding(code, words, *where, entry.path.name, thing_of_split(entry.split)))


def _keep_labelled(parts: Sequence[Part]) -> None:
    """If parts share a folder of images, keep in each only the images that it has labels of."""
    sharing = Counter(part.images for part in parts)
    for part in parts:
        if sharing[part.images] > 1:
            part.members = [member for member in part.members if member.labelled]


def _without_repeats(parts: Sequence[Part]) -> list[Finding]:
    """Keep every image only in the first part that has it. Report images in two splits."""
    owner: dict[str, str] = {}
    found: list[Finding] = []
    for part in parts:
        split, total, kept = part.entry.split, len(part.members), []
        images = f"{part.images}/"
        again: list[tuple[Member, str]] = []
        for member in part.members:
            name = f"{images}{member.below}{member.name}"
            first = owner.setdefault(name, split)
            if first != split:
                again.append((member, first))
            elif member.line == 0 or owner.setdefault(f"{name}\n", split) == split:
                kept.append(member)
        part.members = kept
        found += _repeated(part.entry, total, again)
    return found


def _repeated(entry: Entry, total: int, again: Sequence[tuple[Member, str]]) -> list[Finding]:
    """Report images in two splits: each one, or once if all images of a split are in another split."""
    stated, line = (str(entry.path), 0) if entry.is_list else (entry.stated, entry.line)
    splits = {first for _, first in again}
    if len(again) == total > 1 and len(splits) == 1:
        (first,) = splits
        words = f"all {total:,} images of {entry.split} are also in {first}"
        return [
            Finding("SET004", words, entry.stated, f"line {entry.line}", thing=thing_of_split(entry.split))
        ]
    return [
        Finding(
            "SET004",
            f"{member.id!r} is in {first} and in {entry.split}",
            stated,
            f"line {member.line or line}",
            member.file_name,
            f"image {member.id}",
        )
        for member, first in again
    ]


def _require_labels(root: Path, gathered: Gathered, chosen: Sequence[Part]) -> None:
    """Raise AnchorauditError if there is no image, or no image has labels: probably the wrong folder."""
    members = [(part, member) for part in gathered.parts for member in part.members]
    if not members:
        lost = next((finding for finding in gathered.findings if finding.code in ("SET005", "SET009")), None)
        splits = ", ".join(dict.fromkeys(part.entry.split for part in chosen if part.entry.split))
        raise AnchorauditError(
            lost.message if lost else f"there is no image{f' in split {splits}' if splits else ''}",
            path=lost.path if lost else root,
            place=lost.place if lost else "",
            remedy="Check the paths of the splits.",
        )
    if not any(member.labelled for _, member in members):
        part, first = members[0]
        remedy = f"Name the folder that holds both (looked for {part.labels}/{first.id}.txt and the like)."
        if rename := to_rename(part.images.parent):
            named = (
                f" Name {IMAGES}/ in {root.name}, too."
                if is_file(root) and part.images.name != IMAGES
                else ""
            )
            remedy = f"{rename}{named}"
        raise AnchorauditError(f"none of {len(members):,} images has a label file", path=root, remedy=remedy)
