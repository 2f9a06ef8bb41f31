"""Reads the two kinds of files: `<image>` elements with their shapes, and `<track>` elements with frames."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import BoxRow, FileRows, ImageRow, Remarks, listed, not_read, of_rows
from anchoraudit.formats._lines import MOST_FRAMES
from anchoraudit.formats._sequences import MOST_LENGTH
from anchoraudit.formats.cvat.elements import Element, for_each
from anchoraudit.formats.cvat.shapes import NOT_READ, Shapes

_TRACK = "track"
_WHOLE = "default"  # the subset of a task without subsets
_STEP = re.compile(r"step\s*=\s*([0-9]{1,6})")
_NOT_FOR_BOXES = ("tag", "points", "polyline", "skeleton", "cuboid")  # kinds of labels


@dataclass(slots=True)
class _File:
    """What a file says.

    images: rows by subset. left_out: names of images that have nothing but shapes that are not read.
    frames: by number, the boxes of each frame of a video. not_read: frames with other shapes.
    """

    path: Path
    shapes: Shapes
    images: dict[str, list[ImageRow]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    metas: list[Element] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    tags: int = 0
    tracks: int = 0
    frames: dict[int, list[BoxRow]] = field(default_factory=dict)
    not_read: set[int] = field(default_factory=set)

    def take(self, element: Element, parent: Element | None) -> None:
        """Take one element below the root, or within a track."""
        if parent is not None:
            self._take_in_track(element, parent)
        elif element.tag == "meta":
            self.metas.append(element)
            names = [label.text_of("name") for label in element.below("label") if _is_for_boxes(label)]
            self.labels += [name for name in names if name]
            self.shapes.declared = frozenset(self.labels)
        elif element.tag == "image":
            self._take_image(element)
        elif element.tag == _TRACK:
            self.tracks += 1
        elif element.tag == "tag":
            self.tags += 1

    def subsets(self) -> Iterator[tuple[str, list[ImageRow]]]:
        """Yield the rows of each subset, with its name; "" where the file has no other."""
        if self.tracks and not self.images:
            yield "", list(_video(self))
            return
        has_names = bool(self.images.keys() - {"", _WHOLE})
        for subset, rows in (self.images or {"": []}).items():
            yield subset if has_names else "", rows

    def remarks(self) -> Remarks:
        """Return what is reported of the file. It is reported once, whatever subsets there are."""
        remarks = Remarks(
            [*self.findings, *self.shapes.findings], [*self.notes], [*self.labels], left_out=self.left_out
        )
        self.findings, self.notes, self.left_out, self.shapes.findings = [], [], [], []
        return remarks

    def _take_image(self, image: Element) -> None:
        name = image.attributes.get("name", "").strip()
        if not name:
            told = Finding("PAR002", "the image has no name", str(self.path), f"line {image.line}")
            self.findings.append(told)
            return
        boxes = [self.shapes.box_of(shape, shape.attributes.get("label")) for shape in image.children]
        found = [box for box in boxes if box is not None]
        self.tags += sum(shape.tag == "tag" for shape in image.children)
        if not found and any(shape.tag in NOT_READ for shape in image.children):
            self.left_out.append(name)
            return
        subset = image.attributes.get("subset", "").strip()
        width, height = (_size(image.attributes.get(side, "")) for side in ("width", "height"))
        row = ImageRow(name, found, width=width, height=height, place=f"line {image.line}")
        self.images.setdefault(subset, []).append(row)

    def _take_in_track(self, shape: Element, track: Element) -> None:
        written = shape.attributes.get("frame", "")
        if shape.attributes.get("outside") == "1":  # it is not visible here
            return
        if not (written.isdigit() and written.isascii()) or int(written[:9]) > MOST_FRAMES:
            words = f"the {shape.tag} has no number of a frame"
            place = f"line {shape.line}"
            self.findings.append(Finding("PAR003", words, str(self.path), place, written[:80]))
            return
        box = self.shapes.box_of(shape, track.attributes.get("label"))
        if box is not None:
            self.frames.setdefault(int(written), []).append(box)
        elif shape.tag in NOT_READ:
            self.not_read.add(int(written))


def assemble(detection: Detection, options: ReadOptions, files: Sequence[tuple[Path, str]]) -> Dataset:
    """Read files, each with the name of its split, "" if it has none.

    A file that cannot be read is a finding, if there is another one.

    Raises AnchorauditError if no file can be read, if none has boxes but only classes of whole images, or if
    a split is unknown.
    """
    parsed: list[tuple[_File, str]] = []
    errors: list[tuple[Path, AnchorauditError]] = []
    for path, split in files:
        try:
            parsed.append((_parse(path), split))
        except AnchorauditError as error:
            errors.append((path, error))
    if not parsed:
        raise errors[0][1]
    parsed[0][0].findings += [not_read(file, error) for file, error in errors]
    members: dict[tuple[Path, str], FileRows] = {}
    for file, split in parsed:
        for subset, rows in file.subsets():
            member = file.path, subset or split
            members.setdefault(member, FileRows(*member, [], file.remarks())).rows.extend(rows)
    read = list(members.values())
    require_known_splits(options.splits, [each.split for each in read], detection.path)
    kind = "video" if any(file.tracks and not file.images for file, _ in parsed) else "images"
    return of_rows(
        detection,
        options,
        [each for each in read if not options.splits or each.split in options.splits],
        recognised=f"CVAT for {kind}: {detection.reason}",
        item="line",
    )


def _parse(path: Path) -> _File:
    file = _File(path, Shapes(str(path), frozenset()))
    for_each(path, file.take, _TRACK)
    if file.images and file.tracks:
        file.notes.append(f"{file.tracks:,} tracks of a video, beside images: not read")
    file.notes += file.shapes.notes()
    if file.tags:
        if not (file.shapes.around or file.shapes.skipped):
            raise AnchorauditError(
                f"no boxes, only {file.tags:,} tags, which are classes of whole images",
                path=path,
                remedy="Detectors learn from boxes: draw some, or export another task.",
            )
        file.notes.append(f"tags of whole images: {file.tags:,}, not read")
    if file.left_out:
        file.notes.append(
            f"left out, with nothing but shapes that are not read: {len(file.left_out):,} images"
        )
    if not (file.images or file.tracks or file.left_out or file.findings):
        raise AnchorauditError(
            "neither an <image> nor a <track>", path=path, remedy="Export a task that has images."
        )
    return file


def _video(file: _File) -> Iterator[ImageRow]:
    """Yield the frames of a video. Their names are those that CVAT gives to the images that it exports.

    Interpolated frames are written by CVAT, so a gap in a track means that its object is not there.
    """
    width, height = _of_metas(file.metas, "width"), _of_metas(file.metas, "height")
    known = _frames(file)
    if beyond := sorted(file.frames.keys() - set(known)) if known else []:
        words = f"boxes in {len(beyond):,} frames that the task does not have: {known[0]} to {known[-1]}"
        file.findings.append(Finding("SET003", words, str(file.path), "", str(beyond[0]), "frames"))
    only_others = file.not_read - file.frames.keys()
    if only_others:
        left = f"{len(only_others):,} frames"
        file.notes.append(f"left out, with nothing but shapes that are not read: {left}")
    for number in sorted({*known, *file.frames} - only_others):
        yield ImageRow(f"frame_{number:06d}", file.frames.get(number, []), width=width, height=height)


def _frames(file: _File) -> range:
    """Return the numbers of all frames of the task; none, with a note, if the file does not say."""
    tasks = [task for meta in file.metas for kind in ("task", "job") for task in meta.below(kind)]
    unknown = "frames without boxes are not read, because the file does not say which there are"
    if len(tasks) != 1:
        file.notes.append(f"{unknown}: it is of {len(tasks)} tasks" if tasks else unknown)
        return range(0)
    texts = {tag: tasks[0].text_of(tag) for tag in ("size", "start_frame", "stop_frame")}
    found = {tag: int(text) for tag, text in texts.items() if text.isdigit() and len(text) < 10}
    step = _STEP.search(tasks[0].text_of("frame_filter"))
    every = max(int(step[1]), 1) if step else 1
    start = found.get("start_frame", 0)
    stop = found.get("stop_frame", start + found.get("size", 0) * every - 1)
    frames = range(start, stop + 1, every)
    if not 0 < len(frames) <= MOST_LENGTH:
        file.notes.append(f"{unknown}: `size` is {listed([texts['size'][:20]]) or 'missing'}")
        return range(0)
    return frames


def _of_metas(metas: Sequence[Element], side: str) -> float:
    """Return a side of the video in pixels, NaN if there is none."""
    sizes = (size.text_of(side) for meta in metas for size in meta.below("original_size"))
    return next((value for text in sizes if not math.isnan(value := _size(text))), math.nan)


def _size(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return math.nan


def _is_for_boxes(label: Element) -> bool:
    """Tell whether a label of the task may be that of a box. Parts of skeletons have a parent."""
    return label.text_of("type") not in _NOT_FOR_BOXES and not label.text_of("parent")
