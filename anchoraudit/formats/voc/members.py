"""What one part of a Pascal VOC data set holds: its files by stem, and the split of each stem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.voc.layout import Part, list_xml
from anchoraudit.formats.voc.splits import SplitList, read_lists
from anchoraudit.images.found import list_images
from anchoraudit.io.files import name_parts, unreadable


@dataclass
class Members:
    """The files of a part, listed once.

    xml: (stem, file name) of each annotation, sorted. unread: (stem, why) of those that are no files.
    images: names of the image files, sorted. findings: of the lists.
    """

    part: Part
    xml: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, Finding]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    lists: list[SplitList] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

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
        """The stems of all annotations, read or not."""
        return frozenset([stem for stem, _ in self.xml] + [stem for stem, _ in self.unread])

    @cached_property
    def stems(self) -> frozenset[str]:
        """Every stem there is an annotation or an image of."""
        return self.annotated | self.by_stem.keys()

    def image_of(self, stem: str, file_name: str) -> str | None:
        """The image file of an annotation: by its own stem, by its <filename>, by its stem in any case."""
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
        """The images of annotations that are no files."""
        return (image for stem, _ in self.unread if (image := self.image_of(stem, "")) is not None)

    def selectors(self) -> Iterator[str]:
        """Every name that selects something here."""
        if self.part.name:
            yield self.part.name
        for split in self.lists:
            yield split.name
            if self.part.name:
                yield f"{self.part.name}/{split.name}"

    def memberships(self, wanted: Collection[str]) -> Memberships:
        """The split of each stem, where only some are `wanted` (all, if none is named)."""
        name = self.part.name
        if not wanted or (name and name in wanted):
            return Memberships(self, self.lists, everything=True)
        chosen = [s for s in self.lists if s.name in wanted or (name and f"{name}/{s.name}" in wanted)]
        return Memberships(self, chosen, everything=False)


class Memberships:
    """Which stems of a part are chosen, and the split of each."""

    def __init__(self, members: Members, chosen: Sequence[SplitList], *, everything: bool) -> None:
        """Take the stems in the lists `chosen`, or everything."""
        self.members, self.chosen, self.everything = members, chosen, everything
        part = members.part
        self.prefix = f"{part.name}/" if part.name and not part.is_split else ""
        self.rest = part.name  # the split of what is in no list
        # What was asked for comes first: an image in train and val that was chosen as val counts there.
        order = sorted((s for s in members.lists if not s.combined), key=lambda s: s not in chosen)
        self._owner: dict[str, SplitList] = {}
        for split in reversed(order):
            self._owner.update(dict.fromkeys(split.lines, split))
        self._selected = None if everything else frozenset().union(*(s.lines for s in chosen))

    def has(self, stem: str) -> bool:
        """Whether an image of this stem is chosen."""
        return self._selected is None or stem in self._selected

    def split_of(self, stem: str) -> str:
        """The split of an image: of the first list that names it."""
        split = self._owner.get(stem)
        return self.rest if split is None else self.prefix + split.name

    def listed(self, stem: str) -> bool:
        """Whether any list names this stem."""
        return stem in self._owner

    def split_names(self) -> list[tuple[str, bool]]:
        """Every split of this part in order, and whether it was asked for by its own name."""
        if not self.members.lists:
            return [(self.rest, self.everything)]
        splits = [split for split in self.members.lists if not split.combined]
        return [(self.prefix + s.name, s in self.chosen) for s in splits] + [(self.rest, False)]

    def findings(self) -> Iterator[Finding]:
        """Annotations that are no files, lines that name nothing, images in two lists."""
        yield from self.members.findings
        yield from (finding for stem, finding in self.members.unread if self.has(stem))
        stems = self.members.stems
        for split in self.chosen:
            if self.everything and split.combined:
                continue  # its parts have the same lines
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
