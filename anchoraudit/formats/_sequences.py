"""Reads sequences of images with one text file of labels each: lines that begin with the number of a frame.

All frames of which there is an image, or which the sequence says that it has, are images. One without a line
is blank. A line that cannot be read is a finding, and a box without coordinates where its frame is known.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import (
    NO_BOX,
    BoxRow,
    ImageRow,
    Where,
    blank_counts,
    classes_by_name,
    join,
    missing_image,
    note_unchecked,
    part_of,
)
from anchoraudit.formats._lines import MOST_FRAMES, Line, LineError, text_of
from anchoraudit.images.found import list_images
from anchoraudit.io.folders import is_folder

MOST_LENGTH = 200_000  # frames of one sequence, two hours of video; a larger length is a mistake
_SHOWN = 80  # characters of a line that a finding repeats
_DIGITS = re.compile(r"([0-9]{1,15})$")


@dataclass(frozen=True, slots=True)
class Video:
    """A sequence of images.

    file: its labels. images: the folder of its images. name: unique in the data set.
    first, count: the numbers of the frames that it says to have; 0 frames if it does not say. At most
    MOST_LENGTH, because each is an image.
    width, height: pixels of a frame, NaN if unknown. suffix: of its images.
    classes: names of classes that it declares.
    """

    file: Path
    images: Path
    name: str
    split: str = ""
    first: int = 1
    count: int = 0
    width: float = math.nan
    height: float = math.nan
    suffix: str = ".jpg"
    classes: tuple[str, ...] = ()


# Returns the frame of a line, and what it says of an object. Raises LineError.
Frame = Callable[[str], tuple[int, Line]]


def read_videos(
    detection: Detection,
    options: ReadOptions,
    videos: Sequence[Video],
    frame_of: Callable[[Video], Frame],
    *,
    recognised: str,
    convention: Convention = XYXY,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> Dataset:
    """Read sequences. frame_of: returns what a line of a sequence means.

    recognised, convention, notes: as in `_label_files.read_folders`. findings: more of them.

    Raises AnchorauditError if a split is unknown, or if there is no frame at all.
    """
    require_known_splits(options.splits, [video.split for video in videos], detection.path)
    chosen = [video for video in videos if not options.splits or video.split in options.splits]
    remarks: Counter[str] = Counter()
    read = [(video, *_rows(video, options.image_folder, frame_of(video), remarks)) for video in chosen]
    if not any(rows or told for _, _, rows, _, told in read):
        raise AnchorauditError("there is neither an image nor a label", path=detection.path)
    labels = [box.label for *_, rows, _, _ in read for row in rows for box in row.boxes]
    categories = classes_by_name([*labels, *(name for video in chosen for name in video.classes)])
    parts, blank = [], []
    for video, images, rows, absent, told in read:
        found = len(absent) < len(rows)
        part = part_of(
            Source(video.file, video.split, images if found else None, "line"),
            rows,
            categories,
            file_names=[row.file_name for row in rows],
        )
        part.convention = convention
        missing = [
            missing_image(images, Where(str(video.file), "", f"image {row.id}"), row.file_name)
            for row in (absent if found else ())
        ]
        part.findings = [*told, *missing, *part.findings]
        part.notes = [] if found else [note_unchecked(video.file)]
        parts.append(part)
        blank.append((video.split, len(rows), [(sum(not row.boxes for row in rows), "without a line")]))
    parts[0].findings += findings
    parts[0].notes += [
        *notes,
        *(f"{remark}: {count:,}" for remark, count in remarks.items()),
        *_counts(blank),
    ]
    return join(detection, parts, recognised=recognised)


_Blank = tuple[str, int, list[tuple[int, str]]]


def _counts(blank: Sequence[_Blank]) -> list[str]:
    """Return the notes on blank images, with all sequences of a split as one."""
    totals: dict[str, tuple[int, int]] = {}
    for split, images, ((count, _),) in blank:
        before = totals.get(split, (0, 0))
        totals[split] = before[0] + images, before[1] + count
    return blank_counts([(split, n, [(count, "without a line")]) for split, (n, count) in totals.items()])


def _rows(
    video: Video, named: Path | None, frame: Frame, remarks: Counter[str]
) -> tuple[Path, list[ImageRow], list[ImageRow], list[Finding]]:
    """Return the folder of the images, the frames in order, those without an image, and findings."""
    images = video.images if named is None else _below(named, video)
    boxes, findings = _boxes(video.file, frame, remarks)
    files = {number: name for name in list_images(images) if (number := _number(name)) is not None}
    said = range(video.first, video.first + video.count)
    if beyond := [n for n in boxes if n not in files and video.count and n not in said]:
        words = f"boxes in {len(beyond):,} frames that the sequence does not have: {said[0]} to {said[-1]}"
        findings.append(
            Finding("SET003", words, str(video.file), "", str(beyond[0]), f"sequence {video.name}")
        )
    rows, absent = [], []
    for number in sorted({*boxes, *files, *said}):
        name = files.get(number, f"{number:06d}{video.suffix}")
        row = ImageRow(name, boxes.get(number, []), f"{video.name}/{number:06d}", video.width, video.height)
        rows.append(row)
        if number not in files:
            absent.append(row)
    return images, rows, absent, findings


def _below(named: Path, video: Video) -> Path:
    """Return where the images of a sequence are in the folder that the user names."""
    inside = video.images.name
    tails = (Path(video.split, video.name, inside), Path(video.name, inside), Path(video.name))
    return next((path for tail in tails if is_folder(path := named / tail)), named)


def _number(name: str) -> int | None:
    """Return the number of the frame that an image file holds: the digits at the end of its stem."""
    digits = _DIGITS.search(name.rpartition(".")[0])
    return None if digits is None or int(digits[1]) > MOST_FRAMES else int(digits[1])


def _boxes(file: Path, frame: Frame, remarks: Counter[str]) -> tuple[dict[int, list[BoxRow]], list[Finding]]:
    """Return the boxes of each frame, in the order of the lines, and what cannot be read."""
    text = text_of(file, None)
    if isinstance(text, Finding):
        return {}, [text]
    boxes: dict[int, list[BoxRow]] = {}
    findings = []
    for entry, line in enumerate(text.split("\n")):
        if not (told := line.strip()):
            continue
        number: int | None
        try:
            number, (xyxy, label, crowd, difficult, outline, remark) = frame(told)
            box = BoxRow(xyxy, label, crowd, difficult, entry, outline)
            if remark:
                remarks[remark] += 1
        except LineError as error:
            place = f"line {entry + 1}"
            findings.append(Finding(error.code, str(error), str(file), place, told[:_SHOWN]))
            number, box = error.frame, BoxRow(NO_BOX, error.label, entry=entry)
        if number is not None:
            boxes.setdefault(number, []).append(box)
    return boxes, findings
