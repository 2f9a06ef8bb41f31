"""Writes manifests, and says which files an output is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.fixes import Plan
from anchoraudit.formats.yolo.writing import KEYS, data_yaml, key_of, line_of
from anchoraudit.io.outputs import Hashed, replacing
from anchoraudit.io.packed import whole_suffix
from anchoraudit.manifest.coco_build import write_coco
from anchoraudit.manifest.coco_cut import may_be_joined, write_coco_cut
from anchoraudit.manifest.stream import Stream
from anchoraudit.manifest.table_cut import is_same_table, write_table_cut

SUFFIXES = (".json", ".txt")
YAML = (".yaml", ".yml")
SPLIT = "{split}"


@dataclass(frozen=True, slots=True)
class Written:
    """One manifest.

    path: the file. images, boxes: how many it has. remarks: for the user. is_new_coco: COCO that was not cut
    out of a COCO file. sha256, bytes: of its content, if it was to be hashed.
    """

    path: Path
    images: int
    boxes: int
    remarks: tuple[str, ...]
    is_new_coco: bool = False
    sha256: str = ""
    bytes: int = 0


def targets(dataset: Dataset, output: str) -> list[tuple[Path, Bool]]:
    """Return the files to write for `output`, and which images may go into each.

    With `{split}` in the name there is one file for each split, and for COCO also where the files share ids,
    as Roboflow's do, or have other classes: `clean.json` is `clean-train.json` and so on. A data.yaml
    (`.yaml`, of YOLO only) has a list for each of its keys beside it, and these are the files. Raises
    AnchorauditError for any other suffix but .json and .txt, and if a split has no key in a data.yaml.
    """
    if is_data_yaml(output) and dataset.lists_paths and SPLIT not in output:
        return _lists_of(dataset, Path(output))
    if Path(output).suffix.lower() not in SUFFIXES and not is_same_table(dataset, Path(output)):
        if is_data_yaml(output):
            raise AnchorauditError(
                "only YOLO has a data.yaml, which names the lists of all splits",
                path=output,
                remedy="Write a .json or .txt manifest, for YOLO without {split} in the name of a .yaml.",
            )
        raise AnchorauditError(
            "a manifest must be .json (COCO), .txt (a list of images), or a table with the source's suffix",
            path=output,
            remedy="Choose one of these.",
        )
    if SPLIT not in output and is_apart(dataset, output):
        path = Path(output)
        suffix = path.name[len(path.name) - len(whole_suffix(path)) :]
        output = str(path.with_name(f"{path.name.removesuffix(suffix)}-{SPLIT}{suffix}"))
    if SPLIT not in output:
        return [(Path(output), np.ones(len(dataset.images), dtype=np.bool_))]
    return [
        (Path(output.replace(SPLIT, name.replace("/", "-") or "all")), dataset.images.split == code)
        for code, name in enumerate(dataset.splits)
    ]


def is_apart(dataset: Dataset, output: str) -> bool:
    """Tell whether each split needs a file of its own, although `output` names one."""
    if SPLIT in output or Path(output).suffix.lower() == ".txt" or not dataset.has_entries:
        return False
    return len(dataset.sources) == len(dataset.splits) > 1 and not may_be_joined(dataset)


def is_data_yaml(output: str | Path) -> bool:
    """Tell whether an output is to be a data.yaml."""
    return Path(output).suffix.lower() in YAML


def holds_boxes(output: str | Path) -> bool:
    """Tell whether a manifest holds boxes, and not only names of images."""
    return not is_data_yaml(output) and Path(output).suffix.lower() != ".txt"


def _lists_of(dataset: Dataset, path: Path) -> list[tuple[Path, Bool]]:
    """Return the lists that a data.yaml names, and which images may go into each."""
    alone = len(dataset.splits) == 1
    masks: dict[str, Bool] = {}
    for code, split in enumerate(dataset.splits):
        key = key_of(split, alone=alone)
        masks[key] = masks.get(key, False) | (dataset.images.split == code)
    return [(list_path(path, key), masks[key]) for key in KEYS if key in masks]


def list_path(path: Path, key: str) -> Path:
    """Return the path of the list that a data.yaml names under a key."""
    return path.with_name(f"{path.stem}-{key}.txt")


def write_data_yaml(dataset: Dataset, path: Path, written: Sequence[Written]) -> Written:
    """Write a data.yaml of the lists that were written beside it, completely or not at all.

    What else the source's own data.yaml says stays as it is written; without one, the names of the classes
    are written. Raises AnchorauditError if a file cannot be read or written.
    """
    there = {one.path for one in written}
    lists = {key: own for key in KEYS if (own := list_path(path, key)) in there}
    declared = dataset.declared_classes
    text = data_yaml(lists, path.parent, dataset.categories, None if declared is None else declared.path)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "replace"))
    lacking = [key for key in ("train", "val") if key not in lists]
    remarks = [f"{path} has no `{key}`, without which Ultralytics and YOLOv5 stop" for key in lacking]
    images, boxes = (sum(numbers) for numbers in zip(*((o.images, o.boxes) for o in written), strict=True))
    return Written(path, images, boxes, tuple(remarks))


def write_manifest(
    audit: Audit,
    keep: Bool,
    path: Path,
    plan: Plan | None = None,
    *,
    hashed: bool = False,
    taken: tuple[Dataset, Bool] | None = None,
) -> Written:
    """Write the images `keep` [N] to `path`, completely or not at all.

    `.json`: COCO, cut out of the source's own bytes if the source is COCO. `.txt`: one line for each image,
    with the stem for VOC (as in ImageSets), the file name for COCO, the path for YOLO. plan: the fixes that
    led to the audited data set. hashed: tell the SHA-256 of what is written. taken: as in `Filtered`, whose
    rows are left out of a table. Any other suffix is that of the source's tables.

    Raises AnchorauditError if no image would be left, the file cannot be written, or a list should hold
    fixes.
    """
    dataset = audit.original
    if not (keep & ~audit.verdict_is("unknown")).any():
        raise nothing_left(len(dataset.images), path, bool(audit.verdict_is("empty_foreground").any()))
    is_list, is_table = path.suffix.lower() == ".txt", is_same_table(dataset, path)
    if plan is not None:
        require_room_for_fixes(path, is_table=is_table)
    with replacing(path) as file:
        stream = Hashed(file) if hashed else file
        if is_list:
            boxes, remarks = _write_list(dataset, keep, stream, path.parent)
        elif is_table:
            boxes, remarks = write_table_cut(dataset, keep, stream, taken)
        elif dataset.has_entries:
            boxes, remarks = write_coco_cut(dataset, keep, stream, plan)
        else:
            boxes, remarks = write_coco(dataset, keep, stream)
    is_new_coco = not (is_list or is_table or dataset.has_entries)
    written = Written(path, int(np.count_nonzero(keep)), boxes, tuple(remarks), is_new_coco)
    if isinstance(stream, Hashed):
        return replace(written, sha256=stream.sha256, bytes=stream.bytes)
    return written


def nothing_left(images: int, path: Path, any_empty: bool) -> AnchorauditError:
    """Return the error for a manifest in which no image would be left that could be judged.

    images: how many there are. any_empty: whether some of them go because of an empty foreground.
    """
    return AnchorauditError(
        f"none of {images:,} images that could be judged would be left; nothing was written",
        path=path,
        remedy=(
            "Fit the anchors first (anchoraudit cluster), or drop fewer verdicts with --drop."
            if any_empty
            else "Fix their errors first; anchoraudit scan lists them."
        ),
    )


def require_room_for_fixes(
    path: Path, fixes: str = "fixes", option: str = "--fix", *, is_table: bool = False
) -> None:
    """Raise AnchorauditError if the manifest holds no boxes that could be fixed, as `option` asks for.

    is_table: it is a table, of which rows are left out, but not changed.
    """
    if is_table or not holds_boxes(path):
        holds = "a table keeps its rows as they are" if is_table else "a list of images holds no boxes"
        raise AnchorauditError(
            f"{holds}, so it cannot hold {fixes}",
            path=path,
            remedy=f"Write a .json manifest, or drop {option}.",
        )


def _write_list(dataset: Dataset, keep: Bool, stream: Stream, folder: Path) -> tuple[int, list[str]]:
    """Write one line for each image. folder: that of the list, which paths are relative to."""
    images = dataset.images
    if dataset.lists_paths:
        folders = [source.image_folder or source.path for source in dataset.sources]
        rows = np.flatnonzero(keep).tolist()
        lines = [line_of(folders[int(images.source[i])] / images.file_names[i], folder) for i in rows]
    elif dataset.declares_ids:
        lines = [images.file_names[i] for i in np.flatnonzero(keep).tolist()]
    else:
        lines = sorted(str(images.ids[i]) for i in np.flatnonzero(keep).tolist())
    for line in lines:
        if "\n" in line or "\r" in line:
            raise AnchorauditError(
                f"the file name {printable(line)!r} has a line break; a list cannot hold it",
                remedy="Rename the file, or write a .json manifest.",
            )
    stream.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    return int(np.count_nonzero(keep[dataset.boxes.image])), []
