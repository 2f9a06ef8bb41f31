"""BDD100K: frames with labels, as Scalabel writes them, and the older files with one image each.

Source: https://doc.bdd100k.com/format.html and Scalabel, https://github.com/scalabel/scalabel. `box2d` has
the corners x1, y1, x2, y2 in pixels, from 0. Scalabel counts the last pixel as part of the box; the corners
are taken as they stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "bdd100k"
LOOKS_FOR = (
    "BDD100K's det_train.json, a JSON file a video, or a JSON file an image; any list of frames of Scalabel"
)
SUFFIXES = (".json",)
EXAMPLE = """\
[
  {"name": "a.jpg", "attributes": {"weather": "clear"}, "timestamp": 10000, "labels": [
    {"id": "0", "category": "car", "attributes": {"occluded": false, "truncated": false},
     "box2d": {"x1": 10, "y1": 20, "x2": 110, "y2": 70}}]}
]
"""
EXAMPLE_PATH = "labels/det_20/det_train.json"
EXAMPLE_BESIDE = {"images/100k/train/a.jpg": (640, 480)}
NOT_READ = "lanes, drivable areas, masks and 3D boxes"
_SHAPES = ("box2d", "poly2d", "box3d", "rle", "graph")
_CORNERS = ("x1", "y1", "x2", "y2")
_ABOVE = 4  # folders above a file in which `images/` may be: of `labels/box_track_20/train/a.json`
_KINDS = ("100k", "10k", "track", "seg_track_20")  # folders of BDD100K in `images/`
_LOOKED_AT = 50  # frames that show the format


def detect(path: Path) -> Detection | None:
    """Recognise a file by its first frames, a folder by its files."""
    files = documents.find(path, lambda value: _is_frames(value) or _is_single(value))
    if not files:
        return None
    shown = documents.recognised_by(files[0], path)
    return Detection(NAME, path, f"{shown} with labelled frames", Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.formats._builder import blank_counts, read_files
    from anchoraudit.formats._each import read_each
    from anchoraudit.formats._shapes import Tally

    def split_of(file: Path) -> str:
        # A file's own name says more than that of the folder of the whole: `test_data/det_train.json`.
        return documents.split_of(file, file) or documents.split_of(file, detection.path)

    path, tally = detection.path, Tally()
    recognised = f"BDD100K: {detection.reason}"
    files, others = documents.files_of(path, _is_frames)
    first = documents.seen(files[0], _is_frames) if files else None
    if first is None:
        singles = [path] if path.is_file() else documents.documents_below(path)
        return read_each(
            detection,
            options,
            [(file, split_of(file)) for file in singles],
            _is_single,
            lambda file, value, remarks: _single(file, value, remarks, tally),
            root=_root(path),
            called="BDD100K",
            recognised=recognised,
            item="frames[0].objects",
            notes=tally.notes,
        )
    before = "" if isinstance(first, list) else "frames"
    without: dict[str, list[int]] = {}

    def counts_of(file: Path) -> list[int]:
        return without.setdefault(split_of(file), [0, 0])

    dataset = read_files(
        detection,
        options,
        [(file, split_of(file)) for file in files],
        lambda file, remarks: _rows(file, remarks, tally, counts_of(file)),
        recognised=recognised,
        item="label",
        image_place=f"{before}[{{image}}]",
        box_place=f"{before}[{{image}}].labels[{{box}}]",
        folders_of=_folders,
    )
    counts = [(name, total, [(none, "without `labels`")]) for name, (none, total) in without.items()]
    dataset.notes += [
        *documents.not_of([file.name for file in others], "BDD100K"),
        *blank_counts(counts),
        *tally.notes(),
    ]
    return dataset


def _frames(value: Any) -> list[Any] | None:
    """Return the list of frames of a file, None if it has none."""
    found = value.get("frames") if isinstance(value, dict) else value
    return found if isinstance(found, list) else None


def _is_frames(value: Any) -> bool:
    """Tell whether a value has frames of Scalabel: with labels that have a category and a shape."""
    frames = [frame for frame in (_frames(value) or ())[:_LOOKED_AT] if isinstance(frame, dict)]
    if not frames or not all(isinstance(frame.get("name"), str) for frame in frames):
        return False
    labels = [label for frame in frames for label in _listed(frame.get("labels")) if isinstance(label, dict)]
    if labels:
        return any("category" in label and any(shape in label for shape in _SHAPES) for label in labels)
    # A file of frames without any label. Other lists of names are not told by their keys.
    return any({"timestamp", "videoName", "frameIndex"} & {*frame} for frame in frames)


def _is_single(value: Any) -> bool:
    """Tell whether a value is an old file of one image."""
    frames = value.get("frames") if isinstance(value, dict) and "name" in value else None
    return (
        isinstance(frames, list)
        and len(frames) > 0
        and isinstance(frames[0], dict)
        and isinstance(frames[0].get("objects"), list)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _root(path: Path) -> Path:
    """Return the folder above `labels/`, below which the images are, too."""
    folder = path.parent if path.is_file() else path
    for above in (folder, *list(folder.parents)[: _ABOVE - 1]):
        if above.name == "labels":
            return above.parent
    return folder


def _folders(file: Path, split: str) -> list[Path]:
    from anchoraudit.images.found import usual_folders

    own = [
        folder
        for above in list(file.parents)[:_ABOVE]
        for kind in _KINDS
        for folder in ([above / "images" / kind / split] if split else [above / "images" / kind])
    ]
    return [*own, *usual_folders(file, split)]


def _rows(file: Path, remarks: Remarks, tally: Tally, counts: list[int]) -> Iterator[ImageRow]:
    """Yield a row for each frame. counts: of frames without labels, and of all, which grow."""
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._shapes import unusable

    value = documents.load(file)
    frames = _frames(value)
    if frames is None:
        raise AnchorauditError("no list of frames", path=file, remedy="Export the annotations again.")
    config = value.get("config") if isinstance(value, dict) else None
    size = config.get("imageSize") if isinstance(config, dict) else None
    before = "[" if isinstance(value, list) else "frames["
    scores = 0
    for position, frame in enumerate(frames):
        place = f"{before}{position}]"
        if not isinstance(frame, dict) or not isinstance(frame.get("name"), str) or not frame["name"].strip():
            remarks.findings.append(_nameless(file, place, frame))
            continue
        labels = frame.get("labels")
        if labels is not None and not isinstance(labels, list):
            remarks.findings.append(unusable("`labels` is not a list", str(file), f"{place}.labels", labels))
            remarks.left_out.append(_name(frame))
            continue
        scores += sum(1 for each in labels or () if isinstance(each, dict) and each.get("score") is not None)
        row = _row(frame, labels or [], str(file), f"{place}.labels", (remarks, tally))
        if row is not None:
            counts[0] += labels is None
            counts[1] += 1
            row.place, row.entry = place, position
            row.width, row.height = _size(frame.get("size") or size)
            yield row
    if scores:
        many = "labels have a `score`, so they" if scores > 1 else "label has a `score`, so it"
        remarks.notes.append(f"{file.name}: {scores:,} {many} may be of a detector")


def _single(file: Path, value: dict[str, Any], remarks: Remarks, tally: Tally) -> ImageRow | None:
    """Make a row of an old file, whose name of the image has no suffix."""
    name = value["name"] if isinstance(value["name"], str) and value["name"].strip() else file.stem
    objects = value["frames"][0]["objects"]
    return _row({"name": name}, objects, str(file), "frames[0].objects", (remarks, tally))


def _row(
    frame: dict[str, Any], labels: list[Any], path: str, place: str, told: tuple[Remarks, Tally]
) -> ImageRow | None:
    """Make a row of a frame; None if it has only labels that are not read."""
    from anchoraudit.formats._builder import ImageRow

    remarks, tally = told
    boxes = []
    for n, label in enumerate(labels):
        if (box := _box(label, path, f"{place}[{n}]", told)) is not None:
            boxes.append(box._replace(entry=n))
    if labels and not boxes:
        tally.leave_out(_name(frame))
        remarks.left_out.append(_name(frame))
        return None
    return ImageRow(_name(frame), boxes)


def _box(label: Any, path: str, place: str, told: tuple[Remarks, Tally]) -> BoxRow | None:
    """Make a box of a label; None if it has another shape. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import label_of, number, unusable

    remarks, tally = told
    if not isinstance(label, dict):
        remarks.findings.append(unusable("not a label", path, place, label))
        return BoxRow(NO_BOX)
    corners = label.get("box2d")
    if corners is None:
        kind = next((shape for shape in _SHAPES if label.get(shape) is not None), "shapeless label")
        tally.skip(kind)
        return None
    attributes = label.get("attributes")
    crowd = isinstance(attributes, dict) and attributes.get("crowd") in (True, 1)
    category = label_of(label.get("category"))
    numbers = [number(corners.get(key)) for key in _CORNERS] if isinstance(corners, dict) else [None]
    found = [value for value in numbers if value is not None]
    if len(found) != len(_CORNERS):
        words = "`box2d` has no x1, y1, x2 and y2 that are numbers"
        remarks.findings.append(unusable(words, path, f"{place}.box2d", corners))
        return BoxRow(NO_BOX, category, crowd)
    return BoxRow((found[0], found[1], found[2], found[3]), category, crowd)


def _name(frame: dict[str, Any]) -> str:
    """Return the path of a frame's image: a frame of a video is in a folder of the video's name."""
    name, video = documents.image_name(frame["name"]), frame.get("videoName")
    return (
        f"{video}/{name}" if isinstance(video, str) and video and not name.startswith(f"{video}/") else name
    )


def _size(size: Any) -> tuple[float, float]:
    from anchoraudit.formats._shapes import number

    sides = [number(size.get(key)) for key in ("width", "height")] if isinstance(size, dict) else [None, None]
    return tuple(math.nan if side is None else side for side in sides)  # type: ignore[return-value]


def _nameless(file: Path, place: str, frame: Any) -> Any:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._builder import shorten

    return Finding("PAR002", "a frame without a `name`", str(file), place, shorten(frame))
