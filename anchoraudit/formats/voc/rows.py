"""The images of a Pascal VOC data set, row by row: those with an annotation, and those without."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.dataset.columns import Flags
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import ImageTrait
from anchoraudit.errors import printable
from anchoraudit.formats._builder import Where, complete_sizes, missing_image, others_beside
from anchoraudit.formats.voc.columns import Columns
from anchoraudit.formats.voc.members import Memberships
from anchoraudit.formats.voc.xml import FOREIGN, READ
from anchoraudit.images.opened import Opened
from anchoraudit.io.files import name_parts

NO_FILE = -1
_Image = tuple[str, int, str, str | None]  # stem, number of its annotation, its <filename>, its file


@dataclass(slots=True)
class Rows:
    """Columns over the images.

    sizes: for each part an array [n, 2], width and height in pixels, NaN if unknown.
    declared: the same, as the annotations state them: 0 stays 0.
    traits: for each part an array [n] of bits of `ImageTrait`.
    file: index of the annotation among all files that were read, NO_FILE for an image without one.
    opened: as in `Dataset`.
    """

    ids: list[str] = field(default_factory=list)
    file_names: list[str] = field(default_factory=list)
    sizes: list[Float] = field(default_factory=list)
    declared: list[Float] = field(default_factory=list)
    traits: list[Flags] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    file: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    opened: Opened = field(default_factory=dict)


@dataclass(slots=True)
class PartRows:
    """The images of one part. names: its files that were read. first: the index of the first of them."""

    source: int
    chosen: Memberships
    names: Sequence[str]
    columns: Columns
    first: int
    images: list[_Image] = field(default_factory=list)

    def append_to(self, rows: Rows) -> None:
        """Append the images, sorted by stem, with their findings and notes."""
        rows.findings += self.chosen.findings()
        self.images = sorted(self._images(), key=itemgetter(0, 1))
        self._check_presence(rows)
        rows.findings += self._other_names()
        rows.ids += [stem for stem, *_ in self.images]
        rows.file_names += [image or declared or f"{stem}.jpg" for stem, _, declared, image in self.images]
        numbers = np.array([number for _, number, *_ in self.images], dtype=np.int64)
        sizes = self._declared(numbers)
        rows.declared.append(sizes.copy())
        unknown = self._complete(sizes, rows.opened)
        rows.sizes.append(sizes)
        rows.traits.append(self._traits(numbers))
        rows.findings += unknown
        rows.splits += map(self.chosen.split_of, (stem for stem, *_ in self.images))
        rows.source += [self.source] * len(self.images)
        rows.file += [number for _, number, *_ in self.images]
        self._note_unlisted(rows)

    def _other_names(self) -> Iterator[Finding]:
        """Report annotations whose <filename> differs from their own name."""
        for stem, number, declared, _ in self.images:
            if number != NO_FILE and declared:
                base = name_parts(declared)[1]
                if stem not in (base, base.rpartition(".")[0]):
                    words = f"<filename> is {base!r}"
                    yield Finding("SET008", words, self._path(number), "", declared, f"image {stem}")

    def _images(self) -> Iterator[_Image]:
        members = self.chosen.members
        status, declared_names, image_of = self.columns.status, self.columns.file_names, members.image_of
        taken = set(members.images_of_unread())
        foreign = set()
        for number, name in enumerate(self.names, self.first):
            stem, declared = name[:-4], declared_names[number]
            if status[number] == FOREIGN:
                foreign.add(stem)
                continue
            image = image_of(stem, declared)
            if image is not None:
                taken.add(image)
            if declared and declared != image:
                taken.add(name_parts(declared)[1])
            if status[number] == READ:
                yield stem, number, declared, image
        # An image is blank if no annotation has its stem or its name. It is not blank if its annotation is
        # broken or belongs to another split. An XML file that is not an annotation does not count.
        annotated = (members.annotated - foreign) | members.apart
        for stem, names in members.by_stem.items():
            if stem not in annotated and self.chosen.has(stem):
                yield from ((stem, NO_FILE, "", name) for name in names if name not in taken)

    def _check_presence(self, rows: Rows) -> None:
        """Report missing images. If no annotation has its image, add one note instead."""
        members = self.chosen.members
        missing = [row for row in self.images if row[3] is None]
        annotated = sum(number != NO_FILE for _, number, *_ in self.images)
        if len(missing) < annotated or not members.annotated.isdisjoint(members.by_stem):
            rows.findings += [
                missing_image(members.part.images, Where(self._path(number)), declared or stem)
                for stem, number, declared, _ in missing
            ]
        elif annotated:
            rows.notes.append(self._note_all_missing())

    def _declared(self, numbers: Int) -> Float:
        """Return the sizes as the annotations state them, [N, 2]. numbers: of the annotations, [N]."""
        sizes = np.full((len(numbers), 2), np.nan)
        annotated = numbers != NO_FILE
        sizes[annotated] = self.columns.sizes[numbers[annotated]]
        return sizes

    def _complete(self, sizes: Float, opened: Opened) -> list[Finding]:
        """Read the missing of the sizes [N, 2] from the headers. Return a finding for each unknown one.

        opened: gets what was seen of the files.
        """

        def file(i: int) -> Path | None:
            image = self.images[i][3]
            return None if image is None else self._image_path(image)

        return complete_sizes(sizes, file, self._where_size, self._unknown_size, opened=opened)[1]

    def _traits(self, numbers: Int) -> Flags:
        """Return the traits of the images: uint32 [N]. numbers: of the annotations, [N]."""
        annotated = numbers != NO_FILE
        traits = np.full(len(numbers), ImageTrait.NO_LABEL_FILE, dtype=np.uint32)
        traits[annotated] = self.columns.image_traits[numbers[annotated]]
        if self.chosen.members.lists:
            listed = [self.chosen.listed(stem) for stem, *_ in self.images]
            traits[np.array(listed, dtype=np.bool_)] |= np.uint32(ImageTrait.LISTED)
        return traits

    def _note_all_missing(self) -> str:
        part, images = self.chosen.members.part, self.chosen.members.images
        where = f"{printable(part.name)}: " if part.name else ""
        if not images:
            note = f"{where}no images beside the annotations: their presence and sizes were not checked"
            return note + others_beside(part.annotations / ".xml")
        return (
            f"{where}none of the {len(images)} images in {printable(part.images)} belongs to an annotation: "
            "the presence and sizes of images were not checked"
        )

    def _where_size(self, i: int) -> Where:
        _, number, _, image = self.images[i]
        return Where(str(self._image_path(image or "")) if number == NO_FILE else self._path(number))

    def _unknown_size(self, i: int) -> tuple[str, str]:
        _, number, _, image = self.images[i]
        if number == NO_FILE:
            return "the file's header cannot be read, and there is no annotation", ""
        instead = "there is no image to measure" if image is None else "the image's header cannot be read"
        return f"no usable <size>, and {instead}", image or ""

    def _image_path(self, image: str) -> Path:
        return (self.chosen.members.part.images or self.chosen.members.part.root) / image

    def _path(self, number: int) -> str:
        return f"{self.chosen.members.part.annotations}{os.sep}{self.names[number - self.first]}"

    def _note_unlisted(self, rows: Rows) -> None:
        members = self.chosen.members
        if not members.lists:
            return
        count = sum(not self.chosen.listed(stem) for stem, *_ in self.images)
        if count:
            where = f"{printable(members.part.name)}: " if members.part.name else ""
            rows.notes.append(f"{where}{count} image{'s are' if count > 1 else ' is'} in no split list")
