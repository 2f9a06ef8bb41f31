"""WebDataset: tar shards whose members are `KEY.jpg` and `KEY.json`, with the boxes of the image.

Source: https://github.com/webdataset/webdataset: members that share all of their path up to the first dot of
the last part are a sample. There is no standard for boxes; `anchoraudit.formats._boxes_of` lists the shapes
that are read. A shard is read from its beginning to its end, and nothing of it is written to the disk.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness, require_known_splits
from anchoraudit.formats import _documents as documents
from anchoraudit.io.folders import files_ending, folders_in, is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import FileRows, ImageRow, Remarks
    from anchoraudit.formats._samples import Sample
    from anchoraudit.formats._shapes import Tally

NAME = "webdataset"
LOOKS_FOR = "tar shards (.tar, .tar.gz) with KEY.jpg and KEY.json, or a folder of them, unpacked as well"
SUFFIXES = (".tar", ".gz", ".tgz", ".json")
EXAMPLE = """\
{
  "width": 640,
  "height": 480,
  "annotations": [{"bbox": [10, 20, 100, 50], "category": "cat"}]
}
"""
EXAMPLE_PATH = "000000.json"
EXAMPLE_BESIDE = {"000000.jpg": (640, 480)}
NOT_READ = "members other than images and JSON; masks and keypoints"
_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_FOLDERS = 50  # of splits, in which shards are looked for
_SHARDS, _LOOKED_AT = 3, 40  # shards that are opened, and samples of each that show the format


def detect(path: Path) -> Detection | None:
    """Recognise shards by their first samples, and a folder of unpacked ones by some of its files."""
    shards = _shards(path)
    if any(map(_is_shard, shards[:_SHARDS])):
        count = f"{len(shards):,} shards" if len(shards) > 1 else "a tar file"
        return Detection(NAME, path, f"{count} of images and JSON with boxes", Sureness.CONTENT)
    files = [] if shards or path.is_file() else documents.find(path, _is_unpacked, levels=1)
    pairs = [file for file in files if _has_image(file)]
    if not pairs:
        return None
    return Detection(NAME, path, f"{pairs[0].relative_to(path)} beside its image", Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all shards, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no shard can be read.
    """
    from anchoraudit.dataset.conventions import XYWH, XYXY
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._boxes_of import shape_of
    from anchoraudit.formats._builder import not_read, of_rows
    from anchoraudit.formats._each import read_each
    from anchoraudit.formats._shapes import Tally

    def split_of(file: Path) -> str:
        # A file's own name says more than that of the folder of the whole: `test_data/det_train.json`.
        return documents.split_of(file, file) or documents.split_of(file, detection.path)

    path, tally = detection.path, Tally()
    shapes: Counter[str] = Counter()
    shards = _shards(path)
    if not shards:
        found = documents.find(path, _is_unpacked, levels=1)
        shape = shape_of(documents.seen(found[0], _is_unpacked)) if found else None
        dataset = read_each(
            detection,
            options,
            [(file, split_of(file)) for file in documents.documents_below(path, levels=1)],
            _is_unpacked,
            lambda file, value, remarks: _unpacked(file, value, remarks, tally, shapes),
            root=path,
            called="WebDataset",
            recognised=f"WebDataset: {detection.reason}",
            item="box",
            convention=XYXY if shape is not None and shape.corners else XYWH,
            notes=tally.notes,
        )
        dataset.notes[:0] = _said(shapes)
        return dataset
    splits = [split_of(shard) for shard in shards]
    require_known_splits(options.splits, splits, path)
    read: list[FileRows] = []
    errors: list[tuple[Path, AnchorauditError]] = []
    for shard, split in zip(shards, splits, strict=True):
        if not options.splits or split in options.splits:
            try:
                read.append(_shard(shard, split, tally, shapes, several=len(shards) > 1))
            except AnchorauditError as error:
                errors.append((shard, error))
    if not read:
        raise errors[0][1]
    read[0].remarks.findings[:0] = [not_read(shard, error) for shard, error in errors]
    corners = sum(count for words, count in shapes.items() if "corners" in words)
    dataset = of_rows(
        detection,
        options,
        read,
        recognised=f"WebDataset: {detection.reason}",
        item="box",
        convention=XYXY if corners > sum(shapes.values()) / 2 else XYWH,
        image_place="sample {line}",
        box_place="sample {line}, box {box}",
        has_images=False,
    )
    dataset.notes[:0] = _said(shapes)
    dataset.notes += tally.notes()
    return dataset


def _said(shapes: Counter[str]) -> list[str]:
    return [f"boxes are read from {' and '.join(shapes)}"] if shapes else []


def _is_shard(path: Path) -> bool:
    """Tell whether one of the first samples of a shard has an image and boxes."""
    from anchoraudit.formats._samples import CutOffError, samples_in

    try:
        samples = islice(samples_in(path), _LOOKED_AT)
        return any(sample.size is not None and _shown(sample.value) for sample in samples)
    except (OSError, CutOffError):
        return False


def _shards(path: Path) -> list[Path]:
    """Return a shard, or those of a folder and of the folders directly in it."""
    if is_file(path):
        return [path] if path.name.lower().endswith(_SUFFIXES) else []
    if own := files_ending(path, _SUFFIXES):
        return own
    return [file for folder in folders_in(path)[:_FOLDERS] for file in files_ending(folder, _SUFFIXES)]


def _shown(value: Any) -> bool:
    """Tell whether a value is that of an image with boxes, in one of the shapes that are read."""
    from anchoraudit.formats._boxes_of import shape_of

    found = shape_of(value)
    return found is not None and bool(found.boxes)


def _is_unpacked(value: Any) -> bool:
    """Tell whether a value is that of an unpacked shard, and not of labelme, which is a format of its own."""
    return _shown(value) and not (isinstance(value, dict) and "shapes" in value)


def _has_image(file: Path) -> bool:
    return any(is_file(file.with_suffix(suffix)) for suffix in (".jpg", ".jpeg", ".png", ".webp"))


def _shard(shard: Path, split: str, tally: Tally, shapes: Counter[str], *, several: bool) -> FileRows:
    """Read a shard. several: keys of others may be the same, so that the shard is part of an image's id.

    Raises AnchorauditError if it has no sample that can be read.
    """
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import FileRows, Remarks
    from anchoraudit.formats._samples import CutOffError, samples_in
    from anchoraudit.io.files import unreadable
    from anchoraudit.io.unchanged import note_large

    note_large(shard)
    remarks, skipped = Remarks(), Counter[str]()
    rows: list[ImageRow] = []
    position = -1
    try:
        for position, sample in enumerate(samples_in(shard)):
            row = _row(sample, shard, position, (remarks, tally, shapes, skipped))
            if row is not None:
                row.id = f"{shard.name.split('.')[0]}/{sample.key}" if several else sample.key
                rows.append(row)
    except CutOffError as error:
        if position < 0:
            raise AnchorauditError(
                f"not a tar file that can be read: {error}", path=shard, remedy="Download it again."
            ) from None
        words = f"cut off or broken behind sample {position + 1:,}: {error}"
        remarks.findings.append(Finding("PAR001", words, str(shard), "", "", f"file {shard.name}"))
    except OSError as error:
        raise unreadable(shard, error) from None
    for what, count in skipped.items():
        remarks.notes.append(f"{shard.name}: {count:,} sample{'s' * (count > 1)} {what}")
    return FileRows(shard, split, rows, remarks)


def _row(
    sample: Sample,
    shard: Path,
    position: int,
    told: tuple[Remarks, Tally, Counter[str], Counter[str]],
) -> ImageRow | None:
    """Make a row of a sample; None if it is none, or says nothing of boxes."""
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._boxes_of import boxes_of, shape_of
    from anchoraudit.formats._builder import ImageRow

    remarks, tally, shapes, skipped = told
    place = f"sample {position + 1}, {sample.member}"
    if sample.size is None:
        skipped["without an image, and not read"] += 1
        return None
    if not sample.member:
        skipped["without JSON: unlabelled, so not blank, and not read"] += 1
        return None
    if sample.broken:
        remarks.findings.append(Finding("PAR003", sample.broken, str(shard), place, sample.key))
        return None
    found = shape_of(sample.value)
    if found is None:
        skipped["whose JSON has no boxes that are understood, so not blank, and not read"] += 1
        return None
    row = ImageRow(sample.image, [], place=place, entry=position)
    row.width, row.height = sample.size
    if found.boxes:
        shapes[found.words] += 1
    row.boxes = boxes_of(found, str(shard), place, remarks, tally)
    if found.size is not None and found.size != sample.size and sample.size[0] == sample.size[0]:
        declared, real = (f"{width:g}x{height:g}" for width, height in (found.size, sample.size))
        words = f"the image is {real}, not {declared} as the JSON says"
        remarks.findings.append(Finding("IMG006", words, str(shard), place, declared, f"image {sample.key}"))
    return row


def _unpacked(
    file: Path, value: Any, remarks: Remarks, tally: Tally, shapes: Counter[str]
) -> ImageRow | None:
    from anchoraudit.formats._boxes_of import boxes_of, shape_of
    from anchoraudit.formats._builder import ImageRow

    found = shape_of(value)
    if found is None:
        return None
    if found.boxes:
        shapes[found.words] += 1
    row = ImageRow(f"{file.stem}.jpg", boxes_of(found, str(file), "", remarks, tally))
    if found.size is not None:
        row.width, row.height = found.size
    return row
