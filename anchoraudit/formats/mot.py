"""MOTChallenge: sequences of images, `SEQUENCE/gt/gt.txt` beside `SEQUENCE/img1/` and `SEQUENCE/seqinfo.ini`.

Sources: https://motchallenge.net/instructions (frame, id, left, top, width, height, confidence, then x, y, z,
or since MOT16 class and visibility; a confidence of 0 marks what is to be ignored), TrackEval
trackeval/datasets/mot_challenge_2d_box.py (numbers of the classes), and CVAT's page of the format
(`gt/labels.txt`, a class a line, whose numbers begin at 1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import (
    Line,
    LineError,
    all_folders,
    first_folders,
    frame_number,
    numbers_of,
    text_of,
)
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_file, is_folder

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._sequences import Video

NAME = "mot"
LOOKS_FOR = "SEQUENCE/gt/gt.txt beside img1/, of MOTChallenge; in train/ too"
SUFFIXES = (".txt",)
EXAMPLE = """\
1,1,11,21,100,50,1,1,1.0
1,2,200,30,40,20,0,3,0.5
2,1,12,21,100,50,1,1,1.0
"""
EXAMPLE_PATH = "train/MOT17-02-FRCNN/gt/gt.txt"
EXAMPLE_BESIDE: dict[str, str | tuple[int, int]] = {
    "train/MOT17-02-FRCNN/seqinfo.ini": (
        "[Sequence]\nname=MOT17-02-FRCNN\nimDir=img1\nframeRate=30\nseqLength=2\n"
        "imWidth=640\nimHeight=480\nimExt=.jpg\n"
    ),
    "train/MOT17-02-FRCNN/img1/000001.jpg": (640, 480),
    "train/MOT17-02-FRCNN/img1/000002.jpg": (640, 480),
}
NOT_READ = "tracks, visibility, det/det.txt"

_SPLITS = ("train", "val", "valid", "validation", "test")
_GT = PurePosixPath("gt/gt.txt")
_CLASSES = (
    "pedestrian",
    "person_on_vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non_mot_vehicle",
    "static_person",
    "distractor",
    "occluder",
    "occluder_on_ground",
    "occluder_full",
    "reflection",
    "crowd",
)
_OF_CLASSES = (8, 9)  # columns of a line whose eighth number is a class
_UNNAMED = "object"  # the class of lines that name none
_NUMBER = rb"\s*-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_LINE = re.compile(rb"\s*\d+(?:\.0*)?\s*,%b(?:,%b){4,8},?\s*" % (_NUMBER, _NUMBER))
_DETECTOR = re.compile(r"(.+)-(?:DPM|FRCNN|SDP)")  # MOT17 has each sequence once for each of three detectors
_FROM_ONE = "MOTChallenge counts pixels from 1; the boxes are taken as they are written"
_ALL_ONE = f"lines without a class, read as the class {_UNNAMED!r}"
_NO_TRACK = "lines with the track -1, as in files of detections"


def detect(path: Path) -> Detection | None:
    """Recognise sequences by the name of their file, and by its first line."""
    found = _sequences(path, every=False)
    if not any(_is_line(file) for _, file in found):
        return None
    words = found[0][1].name if is_file(path) else "gt/gt.txt of sequences"
    return Detection(NAME, path, words, Sureness.CONTENT)


def nearly(path: Path) -> str:
    """Say of detections that they are no annotations; "" where there are none."""
    folders = [] if is_file(path) else [path, *first_folders(path)]
    files = [folder / "det" / "det.txt" for folder in folders] or [path]
    if any(file.name == "det.txt" and _is_line(file) for file in files):
        return "det.txt has what a detector found, not annotations; those are in gt/gt.txt."
    return ""


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all sequences, or those of the splits that are wanted. Frames without a line are blank.

    Raises AnchorauditError if a split is unknown, or if there is no frame at all.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._sequences import read_videos

    findings: list[Finding] = []
    kept = _without_copies(_sequences(detection.path, every=True), findings)
    videos = [_video(split, file, findings) for split, file in kept]
    return read_videos(
        detection,
        options,
        videos,
        _frame_of,
        recognised=f"MOTChallenge: {detection.reason}",
        convention=XYWH,
        notes=[_FROM_ONE, *_without_gt(detection.path)],
        findings=findings,
    )


def _sequences(path: Path, *, every: bool) -> list[tuple[str, Path]]:
    """Return the files of the sequences at a path, each with the name of its split.

    every: all of them; otherwise enough to recognise them.
    """
    if is_file(path):
        return [("", path)] if path.name == _GT.name else []
    for file in (path / _GT, path / _GT.name):
        if is_file(file):
            return [("", file)]
    if own := _below(path, "", every):
        return own
    splits = {name: _below(path / name, name, every) for name in _SPLITS if is_folder(path / name)}
    several = sum(map(bool, splits.values())) > 1
    return [(split if several else "", file) for split, files in splits.items() for _, file in files]


def _below(folder: Path, split: str, every: bool) -> list[tuple[str, Path]]:
    folders = all_folders(folder) if every else first_folders(folder)
    return [(split, file) for each in folders if is_file(file := each / _GT)]


def _without_gt(path: Path) -> list[str]:
    """Return a note on sequences that have no gt.txt: those of a test, which are not annotated."""
    roots = [path, *(path / split for split in _SPLITS)]
    folders = [folder for root in roots if is_folder(root) for folder in all_folders(root)]
    count = sum(is_file(folder / "seqinfo.ini") and not is_file(folder / _GT) for folder in folders)
    return [f"not read, without gt/gt.txt: {count:,} sequence{'s' * (count > 1)}"] if count else []


def _is_line(file: Path) -> bool:
    return _LINE.fullmatch(read_head(file, 1 << 12).lstrip().partition(b"\n")[0]) is not None


def _root(file: Path) -> Path:
    """Return the folder of the sequence that a file belongs to."""
    return file.parent.parent if file.parent.name == _GT.parent.name else file.parent


def _without_copies(found: Sequence[tuple[str, Path]], findings: list[Finding]) -> list[tuple[str, Path]]:
    """Leave out sequences that are the same as another, but for the detector of MOT17."""
    kept: dict[tuple[str, str, str], Path] = {}
    for split, file in found:
        name = _root(file).name
        base = _DETECTOR.fullmatch(name)
        if base is None or isinstance(text := text_of(file, None), Finding):
            kept[split, name, ""] = file
            continue
        first = kept.setdefault((split, base[1], text), file)
        if first != file:
            words = f"the same sequence as {_root(first).name}, so it was not read"
            findings.append(Finding("SET015", words, str(file), "", name, f"sequence {name}"))
    return [(split, file) for (split, *_), file in kept.items()]


def _video(split: str, file: Path, findings: list[Finding]) -> Video:
    """Describe a sequence by its seqinfo.ini and its labels.txt, if it has them."""
    from anchoraudit.formats._sequences import MOST_LENGTH, Video

    root = _root(file)
    ini = root / "seqinfo.ini"
    text = text_of(ini) if is_file(ini) else ""
    pairs = (line.partition("=") for line in text.split("\n")) if isinstance(text, str) else ()
    said = {key.strip().lower(): value.strip() for key, _, value in pairs}
    inside = PurePosixPath(said.get("imdir") or "img1")
    images = root / ("img1" if inside.is_absolute() or ".." in inside.parts else inside)
    length = said.get("seqlength", "0")
    count = int(length) if length.isdigit() and len(length) < 8 else 0
    if not 0 < count <= MOST_LENGTH and "seqlength" in said:
        words = f"`seqLength` is {length[:80]!r}, not a number of frames"
        findings.append(Finding("PAR004", words, str(ini), "", length[:80]))
        count = 0
    listed = text_of(labels) if is_file(labels := file.parent / "labels.txt") else ""
    names = tuple(line.strip() for line in listed.split("\n")) if isinstance(listed, str) else ()
    while names and not names[-1]:
        names = names[:-1]
    findings += [found for found in (text, listed) if isinstance(found, Finding)]
    width, height = _side(said.get("imwidth", "")), _side(said.get("imheight", ""))
    suffix = said.get("imext") or ".jpg"
    return Video(file, images, root.name, split, 1, count, width, height, suffix, names)


def _side(text: str) -> float:
    return float(text) if text.isdigit() and len(text) < 12 else math.nan


def _frame_of(video: Video) -> Callable[[str], tuple[int, Line]]:
    """Return what a line of a sequence means."""
    names = video.classes

    def take(line: str) -> tuple[int, Line]:
        words = line.removesuffix(",").split(",")
        frame = frame_number(words[0])
        try:
            return frame, _take(words, names)
        except LineError as error:
            error.frame = frame
            raise

    return take


def _take(words: Sequence[str], names: Sequence[str]) -> Line:
    if not 6 <= len(words) <= 10:
        count = f"{len(words)} column{'s' * (len(words) != 1)}"
        words_said = f"{count}: a line has frame, track, left, top, width, height and up to 4 more"
        raise LineError("PAR003", words_said)
    label, remark = _UNNAMED, _ALL_ONE
    if names or len(words) in _OF_CLASSES:
        number = numbers_of(words[7:8], 8)
        listed, remark = names or _CLASSES, ""
        known = bool(number) and number[0] in range(1, len(listed) + 1)
        label = listed[int(number[0]) - 1] if known else ""
        if not known:
            raise LineError("PAR003", f"the class is {''.join(words[7:8]).strip()!r}, not 1 to {len(listed)}")
    track, x, y, width, height = numbers_of(words[1:6], 2, label)
    ignored = len(words) > 6 and numbers_of(words[6:7], 7, label)[0] == 0
    return Line((x, y, x + width, y + height), label, ignored, remark=_NO_TRACK if track == -1 else remark)
