"""Label Studio: its JSON and JSON-MIN exports, a list of tasks with regions in percent of the image.

Source: Label Studio's own exporter, https://github.com/HumanSignal/label-studio-converter. `x`, `y`, `width`
and `height` are percent of `original_width` and `original_height`; `rotation` is in degrees, clockwise about
the upper left corner.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents
from anchoraudit.images.found import is_image_name

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Box, Tally

NAME = "labelstudio"
LOOKS_FOR = (
    "Label Studio's JSON or JSON-MIN: a list of tasks with `data` and `annotations`, or `rectanglelabels`"
)
SUFFIXES = (".json",)
EXAMPLE = """\
[
  {
    "id": 1,
    "data": {"image": "/data/upload/1/1a2b3c4d-a.jpg"},
    "annotations": [
      {"id": 1, "was_cancelled": false, "result": [
        {"id": "k", "type": "rectanglelabels", "from_name": "label", "to_name": "image",
         "original_width": 640, "original_height": 480, "image_rotation": 0,
         "value": {"x": 10, "y": 20, "width": 50, "height": 10, "rotation": 0, "rectanglelabels": ["cat"]}}
      ]}
    ]
  }
]
"""
EXAMPLE_PATH = "project-1.json"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = "brushes, keypoints, predictions; of several annotations one is read; other shapes become boxes"
_LISTS = ("annotations", "completions")  # the second is the old name
_TELLING = 20  # tasks that are looked at
_UPLOADED = re.compile(
    r"(?:^|.*/)upload/(?:.*/)?[0-9a-f]{8}-(.+)"
)  # what an upload puts before a file's name
_SIDES = ("x", "y", "width", "height")
_RADII = ("x", "y", "radiusX", "radiusY")
_DATA_KEYS = ("image", "img", "image_url", "url", "ocr", "picture", "photo")


@dataclass(slots=True)
class _Region:
    """What all results of one id say together: a box has its label and its choices in several.

    shape: "" if nothing is drawn. number: the place of the result that has the shape.
    """

    number: int
    shape: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[float, float] = (math.nan, math.nan)
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Counts:
    """What is counted over all tasks, for notes."""

    annotators: int = 0
    unlabelled: list[str] = field(default_factory=list)
    labels: int = 0
    turned_images: int = 0

    def add(self, other: _Counts) -> None:
        """Add what was counted in another file."""
        self.annotators += other.annotators
        self.unlabelled += other.unlabelled
        self.labels += other.labels
        self.turned_images += other.turned_images

    def notes(self) -> list[str]:
        """Return what the report says of them."""
        from anchoraudit.formats._builder import listed

        annotators, labels, turned = self.annotators, self.labels, self.turned_images
        several = "several annotations: the ground truth is read, else the first that was not cancelled"
        blank = f"without an annotation, so not blank: {listed([name[:80] for name in self.unlabelled])}"
        sizes = (
            "turned in Label Studio, whose versions differ in whether sizes are those before: look at some"
        )
        told = [
            (annotators, f"{_counted(annotators, 'task')} with {several}"),
            (len(self.unlabelled), f"not read: {_counted(len(self.unlabelled), 'task')} {blank}"),
            (labels, f"{_counted(labels, 'region')} with several labels: the first is read"),
            (turned, f"{_counted(turned, 'image')} {sizes}"),
        ]
        return [text for count, text in told if count]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def detect(path: Path) -> Detection | None:
    """Recognise files by the keys of their tasks."""
    files = documents.find(path, _is_labelstudio)
    if not files:
        return None
    reason = documents.recognised_by(files[0], path)
    return Detection(NAME, path, reason, Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.dataset.conventions import Convention
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats._shapes import Tallies
    from anchoraudit.images.found import usual_folders

    path, tallies, counts = detection.path, Tallies(), dict[Path, _Counts]()
    found, others = documents.files_of(path, _is_labelstudio)

    def folders_of(file: Path) -> list[Path]:
        named = options.image_folder
        return [named] if named else usual_folders(file, documents.split_of(file, path))

    dataset = read_files(
        detection,
        options,
        [(file, documents.split_of(file, path)) for file in found],
        lambda file, remarks: _rows(
            file, folders_of(file), remarks, tallies.of(file), counts.setdefault(file, _Counts())
        ),
        recognised=f"Label Studio: {detection.reason}",
        item="region",
        convention=Convention("xywh", "percent"),
        image_place="[{image}]",
        box_place="[{image}], result[{box}]",
    )
    notes = documents.not_of([file.name for file in others], "Label Studio")
    total = _Counts()
    for source in dataset.sources:
        total.add(counts[source.path])
    dataset.notes[:0] = [*notes, *total.notes(), *tallies.notes(dataset)]
    return dataset


def _is_labelstudio(value: Any) -> bool:
    tasks = [value] if isinstance(value, dict) else value
    if not isinstance(tasks, list):
        return False
    return any(_is_task(task) or _is_flat(task) for task in tasks[:_TELLING] if isinstance(task, dict))


def _is_task(task: Mapping[str, Any]) -> bool:
    if not isinstance(task.get("data"), dict):
        return False
    lists = [task[key] for key in (*_LISTS, "predictions") if isinstance(task.get(key), list)]
    results = [each.get("result") for found in lists for each in found if isinstance(each, dict)]
    return bool(lists) and all(isinstance(result, list) for result in results)


def _is_flat(task: Mapping[str, Any]) -> bool:
    """Tell a task of JSON-MIN: a control's name leads to a list of values."""
    return any(_is_value(each) for found in task.values() if isinstance(found, list) for each in found)


def _is_value(each: Any) -> bool:
    return isinstance(each, dict) and "original_width" in each and any(key.endswith("labels") for key in each)


def _rows(
    path: Path, folders: Sequence[Path], remarks: Remarks, tally: Tally, counts: _Counts
) -> Iterator[ImageRow]:
    """Yield the rows of a file. folders: where its images may be."""
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import ImageRow, shorten

    content = documents.load(path)
    tasks = [content] if isinstance(content, dict) else content
    if not isinstance(tasks, list):
        raise AnchorauditError("not a list of tasks", path=path, remedy="Export the tasks again.")
    names = _as_on_disk([_image_of(task) for task in tasks], folders)
    for position, (task, name) in enumerate(zip(tasks, names, strict=True)):
        place = f"[{position}]"
        if not name:
            words = "the task names no image, or several"
            remarks.findings.append(Finding("PAR002", words, str(path), place, shorten(task)))
            continue
        results = _results(task, counts)
        if results is None:
            counts.unlabelled.append(name)
            remarks.left_out.append(name)
            continue
        drawn = [each for each in _together(results, str(path), place, remarks) if each.shape]
        boxes = [
            box
            for each in drawn
            if (box := _box(each, (str(path), f"{place}, result[{each.number}]"), remarks, tally, counts))
            is not None
        ]
        if drawn and not boxes:
            tally.leave_out(name)
            remarks.left_out.append(name)
            continue
        counts.turned_images += any(isinstance(r, dict) and r.get("image_rotation") for r in results)
        width, height = next((each.size for each in drawn), (math.nan, math.nan))
        yield ImageRow(name, boxes, width=width, height=height, place=place, entry=position)


def _image_of(task: Any) -> str:
    """Return the path of a task's image, "" if it has none. JSON-MIN has no `data`, but the task itself."""
    data = task.get("data", task) if isinstance(task, dict) else None
    if not isinstance(data, dict):
        return ""
    texts = {
        key: text for key, text in data.items() if isinstance(text, str) and not text.startswith("data:")
    }
    cleaned = {key: documents.image_name(text) for key, text in texts.items()}
    named = next((name for name in cleaned.values() if is_image_name(name)), "")
    return named or next((cleaned[key] for key in _DATA_KEYS if key in cleaned), "")


def _as_on_disk(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Return names without what an upload put before them, unless the files on disk have it, too."""
    from anchoraudit.images.found import find_images

    plain = [found[1] if (found := _UPLOADED.match(name)) else name for name in names]
    if plain == list(names):
        return plain
    present = [sum(find_images([name for name in each if name], folders).present) for each in (plain, names)]
    return plain if present[0] >= present[1] else list(names)


def _results(task: Mapping[str, Any], counts: _Counts) -> list[Any] | None:
    """Return the results of the annotation that is read; None if the task has none."""
    if not isinstance(task.get("data"), dict):
        flat = [
            each for found in task.values() if isinstance(found, list) for each in found if _is_value(each)
        ]
        return [{"value": each, **each} for each in flat] if flat or "annotation_id" in task else None
    found = [each for key in _LISTS for each in task.get(key) or () if isinstance(task.get(key), list)]
    whole = [each for each in found if isinstance(each, dict) and isinstance(each.get("result"), list)]
    kept = [each for each in whole if not each.get("was_cancelled") and not each.get("skipped")]
    if not kept:
        return None
    counts.annotators += len(kept) > 1
    chosen = next((each for each in kept if each.get("ground_truth") is True), kept[0])
    return list(chosen["result"])


def _together(results: Sequence[Any], path: str, place: str, remarks: Remarks) -> Iterable[_Region]:
    """Return the regions of an annotation."""
    from anchoraudit.formats._shapes import label_of, number, unusable

    regions: dict[Any, _Region] = {}
    for position, result in enumerate(results):
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(result, dict) or (not isinstance(value, dict) and result.get("type") != "relation"):
            remarks.findings.append(unusable("not a result", path, f"{place}, result[{position}]", result))
            continue
        if not isinstance(value, dict):  # it relates two regions
            continue
        identity = result.get("id")
        key = identity if isinstance(identity, str | int) else (position,)
        region = regions.setdefault(key, _Region(position))
        lists = [
            found for name, found in value.items() if name.endswith("labels") and isinstance(found, list)
        ]
        region.labels += [label for found in lists for label in map(label_of, found) if label]
        if not region.shape and (kind := _kind(value)):
            width, height = number(result.get("original_width")), number(result.get("original_height"))
            if width is not None and height is not None:
                region.size = (width, height)
            region.number, region.shape, region.value = position, kind, value
    return regions.values()


def _kind(value: Mapping[str, Any]) -> str:
    if "points" in value:
        return "polygon"
    if "radiusX" in value:
        return "ellipse"
    if "rle" in value:
        return "brush"
    if "x" in value and "y" in value:
        return "rectangle" if "height" in value else "keypoint"
    return ""


def _box(
    region: _Region, at: tuple[str, str], remarks: Remarks, tally: Tally, counts: _Counts
) -> BoxRow | None:
    """Make a box of a region; None if its shape has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import unusable

    kind, label = region.shape, next(iter(region.labels), "")
    if kind in ("brush", "keypoint"):
        tally.skip("brush region" if kind == "brush" else kind)
        return None
    xyxy = _place(region)
    if xyxy is None:
        words = f"no place of a {kind} in percent, or no `original_width` and `original_height`"
        remarks.findings.append(unusable(words, *at, dict(region.value)))
        return BoxRow(NO_BOX, label, entry=region.number)
    if not label:
        remarks.findings.append(unusable("the region has no label", *at, dict(region.value)))
    counts.labels += len({*region.labels}) > 1
    outline = kind != "rectangle" or _turn(region) != 0
    if outline:
        tally.around("turned rectangle" if kind == "rectangle" else kind)
    return BoxRow(xyxy, label, entry=region.number, outline=outline)


def _turn(region: _Region) -> float:
    from anchoraudit.formats._shapes import number

    return number(region.value.get("rotation")) or 0.0


def _place(region: _Region) -> Box | None:
    """Return the box around a region in pixels, None if its numbers are none."""
    from anchoraudit.formats._shapes import around, around_ellipse, around_turned, number, points_of

    width, height = region.size
    value, turn = region.value, _turn(region)
    if not (math.isfinite(width) and math.isfinite(height)):
        return None
    if region.shape == "polygon":
        points = points_of(value["points"])
        if not points or len(points) < 3:
            return None
        return around([(x * width / 100, y * height / 100) for x, y in points])
    names = _SIDES if region.shape == "rectangle" else _RADII
    given = [number(value.get(name)) for name in names]
    numbers = [each for each in given if each is not None]
    if len(numbers) < len(names):
        return None
    x, y, across, down = (n * side / 100 for n, side in zip(numbers, (width, height) * 2, strict=True))
    if region.shape == "ellipse":
        return around_ellipse(x, y, across, down, math.radians(turn))
    return around_turned(x, y, across, down, turn) if turn else (x, y, x + across, y + down)
