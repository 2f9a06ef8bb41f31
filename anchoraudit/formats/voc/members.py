"""The files of one part of a Pascal VOC data set, by stem, and the split of each stem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import thing_of_split, training_splits
from anchoraudit.formats.voc.layout import Part, list_xml
from anchoraudit.formats.voc.splits import SplitList, read_lists
from anchoraudit.images.found import list_images
from anchoraudit.io.files import name_parts, unreadable


@dataclass
class Members:
    """The files of a part, listed once.

    xml: (stem, file name) of each annotation, sorted.
    unread: (stem, finding) of each annotation that is not a regular file.
    images: names of the image files, sorted.
    apart: stems of images that belong to other parts, unless this one has their annotation.
    findings: problems of the split lists.
    """

    part: Part
    xml: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, Finding]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    lists: list[SplitList] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    apart: frozenset[str] = frozenset()

    @classmethod
    def of(cls, part: Part) -> Members:
        """List the folders of `part`; raises AnchorauditError if its annotations cannot be listed."""
        members = cls(part, images=[] if part.images is None else list_images(part.images))
        try:
            names = list_xml(part.annotations)
        except OSError as error:
            raise unreadable(part.annotations, error) from None
        for name, reason in names.items():
            if reason is None:
                members.xml.append((name[:-4], name))
            else:
                finding = Finding("PAR001", reason, str(part.annotations / name))
                members.unread.append((name[:-4], finding))
        members.xml.sort()
        if part.lists is not None:
            members.lists, members.findings = read_lists(part.lists, members.stems)
        return members

    @cached_property
    def by_stem(self) -> dict[str, list[str]]:
        """Image files by stem, sorted."""
        found: dict[str, list[str]] = {}
        for name in self.images:
            found.setdefault(name[: name.rindex(".")], []).append(name)  # image names have a suffix
        return found

    @cached_property
    def _by_lower(self) -> dict[str, str]:
        return {stem.lower(): names[0] for stem, names in reversed(self.by_stem.items())}

    @cached_property
    def _image_set(self) -> frozenset[str]:
        return frozenset(self.images)

    @cached_property
    def annotated(self) -> frozenset[str]:
        """The stems of all annotations, readable or not."""
        return frozenset([stem for stem, _ in self.xml] + [stem for stem, _ in self.unread])

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all annotations and images."""
        return self.annotated | self.by_stem.keys()

    def image_of(self, stem: str, file_name: str) -> str | None:
        """Return the image file of an annotation, None if there is none.

        It has the same stem, or else the name in <filename>, or else the same stem in another case.
        """
        same = self.by_stem.get(stem)
        if same and len(same) == 1:
            return same[0]
        named = name_parts(file_name)[1]
        if same:
            return named if named in same else same[0]
        if named in self._image_set:
            return named
        return self._by_lower.get(stem.lower())

    def images_of_unread(self) -> Iterator[str]:
        """Yield the images whose annotations are not regular files."""
        return (image for stem, _ in self.unread if (image := self.image_of(stem, "")) is not None)

    def selectors(self) -> Iterator[str]:
        """Yield every name that `--split` accepts for this part."""
        if self.part.name:
            yield self.part.name
        for split in self.lists:
            yield split.name
            if self.part.name:
                yield f"{self.part.name}/{split.name}"

    def memberships(self, wanted: Collection[str]) -> Memberships:
        """Return which stems belong to the splits `wanted` (all, if it is empty), and the split of each."""
        name = self.part.name
        if not wanted or (name and name in wanted):
            return Memberships(self, self.lists, everything=True)
        chosen = [s for s in self.lists if s.name in wanted or (name and f"{name}/{s.name}" in wanted)]
        return Memberships(self, chosen, everything=False)


def share_images(parts: Sequence[Members]) -> None:
    """Where parts have the same folder of images, leave each image to the part that has its annotation.

    Images that no part has an annotation of are blank images of the first part.
    """
    sharing: dict[Path, list[Members]] = {}
    for each in parts:
        if each.part.images is not None:
            sharing.setdefault(each.part.images, []).append(each)
    for first, *others in sharing.values():
        first.apart = frozenset().union(*(other.annotated for other in others))
        for other in others:
            other.apart = frozenset(other.by_stem)


class Memberships:
    """Which stems of a part are chosen, and the split of each."""

    def __init__(self, members: Members, chosen: Sequence[SplitList], *, everything: bool) -> None:
        """Choose the stems in the lists `chosen`, or all stems."""
        self.members, self.chosen, self.everything = members, chosen, everything
        part = members.part
        self.prefix = f"{part.name}/" if part.name and not part.is_split else ""
        self.rest = part.name  # the split of images that are in no list
        # The chosen lists come first: with --split val, an image in train and val counts as val.
        self._paths = {s.path for s in chosen}
        order = sorted((s for s in members.lists if not s.combined), key=lambda s: s.path not in self._paths)
        self._owner: dict[str, SplitList] = {}
        for split in reversed(order):
            self._owner.update(dict.fromkeys(split.lines, split))
        self._selected = None if everything else frozenset().union(*(s.lines for s in chosen))

    def has(self, stem: str) -> bool:
        """Tell whether an image of this stem is chosen."""
        return self._selected is None or stem in self._selected

    def split_of(self, stem: str) -> str:
        """Return the split of an image: that of the first list that names it."""
        split = self._owner.get(stem)
        return self.rest if split is None else self.prefix + split.name

    def listed(self, stem: str) -> bool:
        """Tell whether any list names this stem."""
        return stem in self._owner

    def split_names(self) -> list[tuple[str, bool]]:
        """Return every split of this part in order, each with whether it was asked for by its own name."""
        if not self.members.lists:
            return [(self.rest, self.everything)]
        splits = [split for split in self.members.lists if not split.combined]
        return [(self.prefix + s.name, s.path in self._paths) for s in splits] + [(self.rest, False)]

    def findings(self) -> Iterator[Finding]:
        """Report annotations that are not files, lines that name no image, and images in two lists."""
        yield from self.members.findings
        yield from (finding for stem, finding in self.members.unread if self.has(stem))
        stems = self.members.stems
        for split in self.chosen:
            if self.everything and split.combined:
                continue  # the lists that it combines have the same lines
            if split.lines.keys().isdisjoint(stems):
                yield self._without_images(split)
                continue
            for stem, line in split.lines.items():
                if stem not in stems:
                    words = f"{split.name} lists {stem!r}, but there is neither an annotation nor an image"
                    yield Finding("SET005", words, str(split.path), f"line {line}", stem)
        splits = [split for split in self.members.lists if not split.combined]
        met = Counter(stem for split in splits for stem in split.lines)
        for stem in (stem for stem, times in met.items() if times > 1 and stem in stems and self.has(stem)):
            both = [split for split in splits if stem in split.lines]
            names = " and in ".join(split.name for split in both)
            place = f"line {both[1].lines[stem]}"
            yield Finding("SET004", f"{stem!r} is in {names}", str(both[1].path), place, stem)

    def _without_images(self, split: SplitList) -> Finding:
        """Report a list that is empty, or names nothing that exists. It is an error if it is trained on."""
        lists = [each.name for each in self.members.lists if not each.combined]
        # An empty list cannot show whether it is that of a class, cat_train, and does not count then.
        trains = split.name in training_splits(lists) and (bool(split.lines) or "_" not in split.name)
        words, place = f"the list {split.name} names no image", "line 1"
        if split.lines:
            words = f"none of the {len(split.lines):,} images that the list {split.name} names exists"
            place = f"line {min(split.lines.values())}"
        code = "SET009" if trains else "SET005"
        name = self.prefix + split.name
        return Finding(code, words, str(split.path), place, split.name, thing_of_split(name))
