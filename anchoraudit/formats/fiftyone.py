"""FiftyOne: `labels.json` or `samples.json` beside `data/`.

Source: https://docs.voxel51.com/user_guide/import_datasets.html, FiftyOneImageDetectionDataset and
FiftyOneDataset. A box is left, top, width, height in fractions of the image.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness, require_known_splits
from anchoraudit.formats import _documents as documents
from anchoraudit.io import json_text
from anchoraudit.io.files import size_of

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, FileRows, ImageRow, Remarks

NAME = "fiftyone"
LOOKS_FOR = "labels.json with an object `labels`, or samples.json with a list `samples`, beside data/"
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "classes": ["cat"],
  "labels": {
    "a": [{"label": 0, "bounding_box": [0.015625, 0.0416667, 0.15625, 0.1041667]}]
  }
}
"""
EXAMPLE_PATH = "labels.json"
EXAMPLE_BESIDE = {"data/a.jpg": (640, 480)}
NOT_READ = "masks, polylines, keypoints and classifications"
_TRUTH = "ground_truth"  # FiftyOne's own name for the field of annotations
_SPLITS = frozenset(["train", "val", "valid", "validation", "test"])
_LISTS = ("Detections", "Polylines", "Keypoints", "Classifications", "Classification", "Segmentation")
has_box_fields = True
_LARGE = 1 << 26  # bytes: the samples of a larger file are decoded one by one
_LOOKED_AT = 50


def detect(path: Path) -> Detection | None:
    """Recognise a file by its keys, a folder by its files."""
    files = documents.find(path, lambda value: _is_labels(value) or _is_samples(value))
    if not files:
        return None
    shown = documents.recognised_by(files[0], path)
    return Detection(NAME, path, f"{shown} with detections", Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or the splits that are wanted.

    Raises AnchorauditError if a split is unknown, if no file can be read, or if it is not clear which field
    of samples has the annotations.
    """
    from anchoraudit.dataset.conventions import convention_of
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import not_read, of_rows

    files, others = documents.files_of(detection.path, lambda value: _is_labels(value) or _is_samples(value))
    read: list[FileRows] = []
    errors: list[tuple[Path, AnchorauditError]] = []
    for file in files:
        try:
            value = _load(file)
            of_file = _of_samples if _is_samples(value) else _of_labels
            read += of_file(file, value, documents.split_of(file, detection.path), options)
        except AnchorauditError as error:
            errors.append((file, error))
    if not read:
        raise errors[0][1]
    require_known_splits(options.splits, [each.split for each in read], detection.path)
    wanted = [each for each in read if not options.splits or each.split in options.splits]
    wanted[0].remarks.findings[:0] = [not_read(file, error) for file, error in errors]
    dataset = of_rows(
        detection,
        options,
        wanted,
        recognised=f"FiftyOne: {detection.reason}",
        item="detection",
        convention=convention_of("xywh-fractions"),
        image_place="image {line}",
        box_place="image {line}, detection {box}",
    )
    names = [file.name for file in others if file.name != "metadata.json"]
    dataset.notes += [*documents.not_of(names, "FiftyOne")]
    return dataset


class _Samples(Sequence[Any]):
    """The samples of a large file, each decoded when it is asked for, so that not all are in memory."""

    def __init__(self, raw: list[Any]) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[n] for n in range(*position.indices(len(self)))]
        return json_text.decode_value(self._raw[position])


def _load(file: Path) -> Any:
    """Return the value of a file. Raises AnchorauditError if it cannot be read."""
    if size_of(file) < _LARGE:
        return documents.load(file)
    import msgspec

    from anchoraudit.io import unchanged

    data = json_text.without_mark(file, unchanged.read_input(file, remedy=json_text.REMEDY)[0])
    try:
        top = msgspec.json.decode(json_text.readable(data), type=dict[str, msgspec.Raw])
        samples = msgspec.json.decode(top["samples"], type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return documents.load(file)  # which says what is wrong
    return {"samples": _Samples(samples)}


def _is_labels(value: Any) -> bool:
    """Tell whether a value is a file of a FiftyOneImageDetectionDataset."""
    labels = value.get("labels") if isinstance(value, dict) else None
    if not isinstance(labels, dict) or not labels:
        return False
    some = [one for one in list(labels.values())[:_LOOKED_AT] if one is not None]
    if not all(isinstance(one, list) for one in some):
        return False
    boxes = [box for one in some for box in one]
    shown = any(isinstance(box, dict) and "bounding_box" in box for box in boxes)
    return shown or (not boxes and isinstance(value.get("classes"), list))


def _is_samples(value: Any) -> bool:
    """Tell whether a value is a file of a FiftyOneDataset."""
    samples = value.get("samples") if isinstance(value, dict) else None
    some = (
        [one for one in samples[:_LOOKED_AT] if isinstance(one, dict)]
        if isinstance(samples, list | _Samples)
        else []
    )
    return any("filepath" in one for one in some)


def _of_labels(file: Path, value: Any, split: str, options: ReadOptions) -> list[FileRows]:
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import FileRows, ImageRow, Remarks
    from anchoraudit.formats._shapes import label_of, unusable

    if options.box_field:
        raise AnchorauditError(
            "this kind of file has no fields to choose from", path=file, remedy="Leave out --box-field."
        )
    remarks = Remarks()
    classes = value.get("classes")
    if isinstance(classes, list):
        remarks.classes = [label_of(one) for one in classes]
    unlabelled = 0
    sizes = _sizes(file, split, list(value["labels"]), options)
    rows: list[ImageRow] = []
    for position, (key, boxes) in enumerate(value["labels"].items()):
        place = f"labels[{key!r}]"
        if boxes is None:
            unlabelled += 1
            remarks.left_out.append(key)
        elif not isinstance(boxes, list):
            remarks.findings.append(unusable("not a list of detections", str(file), place, boxes))
            remarks.left_out.append(key)
        else:
            row = ImageRow(documents.image_name(key), [], place=place, entry=position)
            row.width, row.height = sizes(key)
            _add(row, boxes, (str(file), remarks), declared=isinstance(classes, list))
            rows.append(row)
    _note_unlabelled(remarks, unlabelled, file)
    return [FileRows(file, split, rows, remarks)]


def _of_samples(file: Path, value: Any, split: str, options: ReadOptions) -> list[FileRows]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._builder import FileRows, ImageRow, Remarks, shorten
    from anchoraudit.formats._shapes import number, unusable

    samples = value["samples"]
    found: dict[str, FileRows] = {}
    remarks = Remarks()
    field = _field(file, samples, options.box_field, remarks)
    paths = [str(one.get("filepath")) for one in samples if isinstance(one, dict)]
    sizes = _sizes(file, split, paths, options)
    unlabelled = 0
    for position, sample in enumerate(samples):
        place = f"samples[{position}]"
        path = sample.get("filepath") if isinstance(sample, dict) else None
        if not isinstance(path, str) or not (name := documents.image_name(path)):
            remarks.findings.append(
                Finding("PAR002", "a sample without a `filepath`", str(file), place, shorten(sample))
            )
            continue
        own = sample.get(field)
        boxes = own.get("detections") if isinstance(own, dict) else None
        if boxes is None:
            unlabelled += 1
            remarks.left_out.append(name)
            continue
        if not isinstance(boxes, list):
            remarks.findings.append(
                unusable("`detections` is not a list", str(file), f"{place}.{field}", boxes)
            )
            remarks.left_out.append(name)
            continue
        row = ImageRow(name, [], place=place, entry=position)
        metadata = sample.get("metadata")
        told = [number(metadata.get(k)) for k in ("width", "height")] if isinstance(metadata, dict) else []
        row.width, row.height = (told[0], told[1]) if told and None not in told else sizes(path)  # type: ignore[assignment]
        _add(row, boxes, (str(file), remarks), before=f"{place}.{field}.detections")
        tags = sample.get("tags")
        tagged = (
            [tag for tag in tags if isinstance(tag, str) and tag.lower() in _SPLITS]
            if isinstance(tags, list)
            else []
        )
        named = tagged[0] if len(tagged) == 1 else split
        found.setdefault(named, FileRows(file, named, [], Remarks())).rows.append(row)
    _note_unlabelled(remarks, unlabelled, file)
    if not found:
        return [FileRows(file, split, [], remarks)]
    first, *others = found.values()
    return [first._replace(remarks=remarks), *others]


def _field(file: Path, samples: Sequence[Any], asked: str, remarks: Remarks) -> str:
    """Return the field that has the annotations. Raises AnchorauditError if that is not clear."""
    from anchoraudit.errors import AnchorauditError

    kinds: Counter[tuple[str, str]] = Counter()
    for sample in samples:
        for key, value in sample.items() if isinstance(sample, dict) else ():
            kind = value.get("_cls") if isinstance(value, dict) else None
            if kind is None and isinstance(value, dict) and "detections" in value:
                kind = "Detections"
            if kind in _LISTS:
                kinds[key, kind] += 1
    fields = sorted({key for key, kind in kinds if kind == "Detections"})
    named = ", ".join(fields)
    if asked and asked not in fields:
        raise AnchorauditError(
            f"no field {asked!r} with detections",
            path=file,
            remedy=f"Choose with --box-field from: {named}."
            if fields
            else "There is no field of detections.",
        )
    if not fields:
        raise AnchorauditError("no field has detections", path=file, remedy="Export a field of Detections.")
    own = [one for one in fields if not one.startswith("pred")]
    chosen = asked or (_TRUTH if _TRUTH in fields else own[0] if len(own) == 1 else "")
    if not chosen:
        raise AnchorauditError(
            f"which field has the annotations? There are: {named}",
            path=file,
            remedy="Choose with --box-field.",
        )
    others = sorted({key for key, _ in kinds} - {chosen})
    if others:
        remarks.notes.append(f"the boxes are those of the field `{chosen}`; not read: {', '.join(others)}")
    return chosen


_Sizes = Callable[[str], tuple[float, float]]


def _sizes(file: Path, split: str, names: list[str], options: ReadOptions) -> _Sizes:
    """Return a function that tells the size of an image by its name, NaN if it is not found."""
    from anchoraudit.images.found import find_images, usual_folders
    from anchoraudit.images.opened import measure
    from anchoraudit.io.files import safe_join

    folders = [options.image_folder] if options.image_folder else usual_folders(file, split)
    found = find_images([documents.image_name(name) for name in names], folders)
    paths = [None if found.folder is None else safe_join(found.folder, name) for name in found.names]
    sizes = dict(zip(names, measure(paths).tolist(), strict=True)) if names else {}

    def size(name: str) -> tuple[float, float]:
        width, height = sizes.get(name, (math.nan, math.nan))
        return width, height

    return size


def _add(
    row: ImageRow,
    boxes: list[Any],
    told: tuple[str, Remarks],
    *,
    declared: bool = False,
    before: str = "",
) -> None:
    """Add the boxes of an image. declared: labels are the places of classes in a list."""
    for n, box in enumerate(boxes):
        one = _box(box, f"{before or row.place}[{n}]", row, told, declared=declared)
        row.boxes.append(one._replace(entry=n))


def _box(box: Any, place: str, row: ImageRow, told: tuple[str, Remarks], *, declared: bool) -> BoxRow:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import label_of, unusable, xywh

    path, remarks = told
    fractions = xywh(box.get("bounding_box")) if isinstance(box, dict) else None
    label = box.get("label") if isinstance(box, dict) else None
    if declared and isinstance(label, int) and not isinstance(label, bool):
        if 0 <= label < len(remarks.classes):
            label = remarks.classes[label]
        else:
            words = f"label {label} is not in `classes`"
            remarks.findings.append(Finding("CLS001", words, path, place, str(label), f"class {label}"))
            label = f"class_{label}"
    name = label_of(label)
    if fractions is None:
        words = "`bounding_box` is not a list of four numbers"
        remarks.findings.append(
            unusable(words, path, place, box.get("bounding_box") if isinstance(box, dict) else box)
        )
        return BoxRow(NO_BOX, name)
    crowd = isinstance(box.get("iscrowd"), int | bool) and bool(box["iscrowd"])
    if not (math.isfinite(row.width) and math.isfinite(row.height)):
        return BoxRow(NO_BOX, name, crowd)  # a box in fractions; the unknown size is a finding
    x1, y1, x2, y2 = fractions
    return BoxRow((x1 * row.width, y1 * row.height, x2 * row.width, y2 * row.height), name, crowd)


def _note_unlabelled(remarks: Remarks, count: int, file: Path) -> None:
    if count:
        what = "images are" if count > 1 else "image is"
        remarks.notes.append(f"{file.name}: {count:,} {what} unlabelled (null), so not blank, and not read")
