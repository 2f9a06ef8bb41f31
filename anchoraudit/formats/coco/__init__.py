"""COCO: one JSON file, a root with `annotations/instances_*.json`, Roboflow's `SPLIT/_annotations.coco.json`.

Source: the format page of the COCO data set, https://cocodataset.org/#format-data. `bbox` is x, y, width,
height in pixels, from 0; it becomes x1, y1, x2, y2 here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness, require_known_splits
from anchoraudit.formats import _documents as documents
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import names_ending

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.pieces import Parts

NAME = "coco"
LOOKS_FOR = (
    "a JSON file, annotations/instances_*.json (or annotations/*.json), or SPLIT/_annotations.coco.json"
)
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
  "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 50]}],
  "categories": [{"id": 1, "name": "cat"}],
  "info": {}
}
"""
EXAMPLE_PATH = "annotations/instances_train.json"
EXAMPLE_BESIDE = {"train/a.jpg": (640, 480)}
NOT_READ = "masks and keypoints; a box that is missing is taken from its polygons"
_ROBOFLOW = "_annotations.coco.json"
# FiftyOne's name for what it exports as COCO, beside `data/`. Many other files have it, too.
_FIFTYONE = "labels.json"
_FEW = 100  # JSON files of a folder of which each is looked at
_KEYS = (b'"images"', b'"annotations"', b'"categories"', b'"info"', b'"licenses"')


def detect(path: Path) -> Detection | None:
    """Recognise a COCO file, or a folder of COCO files."""
    if path.is_file():
        if path.suffix.lower() != ".json":
            return None
        return Detection(NAME, path, "a JSON file", _sureness([path], Sureness.SUFFIX))
    files, reason, _ = _files(path)
    return Detection(NAME, path, reason, _sureness(files, Sureness.LAYOUT)) if files else None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all splits, or those that are wanted, into one data set.

    Raises AnchorauditError if a split is unknown, or if a file is not a COCO file.
    """
    from anchoraudit.formats.coco.assembly import assemble

    chosen, skipped = _chosen(detection, options)
    dataset = assemble(detection, options, chosen)
    dataset.notes[:0] = _not_read(skipped)
    return dataset


def parts(detection: Detection, options: ReadOptions, rows: int) -> Parts | str:
    """Return the data set in pieces of about `rows` boxes, or why it can only be read whole.

    Raises AnchorauditError if a split is unknown, or if there is no room to set aside what the files list.
    """
    from anchoraudit.formats.coco.pieces import CocoParts
    from anchoraudit.formats.coco.ranges import NotCleanError

    chosen, skipped = _chosen(detection, options)
    if options.unlisted:
        return "images that no entry names are looked for"
    try:
        return CocoParts.of(detection, options, rows, chosen, _not_read(skipped))
    except NotCleanError as error:
        return str(error)


def _chosen(detection: Detection, options: ReadOptions) -> tuple[list[tuple[Path, str]], list[Path]]:
    """Return the files to read, each with the name of its split, and those that are not of the data set."""
    path = detection.path
    files, skipped = ([path], []) if path.is_file() else _files(path)[::2]
    names = _split_names(files)
    require_known_splits(options.splits, names, path)
    named = zip(files, names, strict=True)
    return [each for each in named if not options.splits or each[1] in options.splits], skipped


def least_memory(detection: Detection) -> int:
    """Return how many bytes a scan of it takes at the least, if its files are clean: see `estimates`."""
    from anchoraudit.formats.coco.estimates import least_in_chunks

    path = detection.path
    return sum(map(least_in_chunks, [path] if path.is_file() else _files(path)[0]))


def _not_read(skipped: list[Path]) -> list[str]:
    """Return a note on JSON files that are not of the data set; [] if there are none."""
    from anchoraudit.formats._builder import listed

    if not skipped:
        return []
    names = listed([file.name for file in skipped])
    what = "are not COCO detection files" if len(skipped) > 1 else "is not a COCO detection file"
    return [f"not read: {names} {what}"]


def _files(root: Path) -> tuple[list[Path], str, list[Path]]:
    """Return the annotation files of a folder, how they were recognised, and the JSON files not to read."""
    folder = root / "annotations"
    listed = _listed(folder)
    if instances := [file for file in listed if file.name.startswith("instances_")]:
        known = frozenset(instances)  # ten thousand splits are ten thousand files
        others = [file for file in listed if file not in known]
        return instances, f"{len(instances)} file(s) annotations/instances_*.json", others
    if roboflow := sorted(root.glob(f"*/{_ROBOFLOW}")):
        return roboflow, f"{len(roboflow)} split folder(s) with {_ROBOFLOW}", []
    if (root / _ROBOFLOW).is_file():
        return [root / _ROBOFLOW], f"a folder with {_ROBOFLOW}", []
    of_splits = [file for file in sorted(root.glob(f"*/{_FIFTYONE}")) if _looks_like_coco(file)]
    if of_splits and not (root / _FIFTYONE).is_file():
        return of_splits, f"{len(of_splits)} split folder(s) with {_FIFTYONE}", []
    for place, every in (("annotations/", listed), ("", _listed(root))):
        # Many files are those of a format with one for each image. A few of them show it.
        few = every if len(every) <= _FEW else documents.some(every)
        if not any(map(_looks_like_coco, few)):
            continue
        if files := [file for file in every if _looks_like_coco(file)]:
            others = [file for file in every if file not in files]
            return files, f"{len(files)} COCO file(s) {place}*.json", others
    return [], "", []


def _listed(folder: Path) -> list[Path]:
    """Return the sorted JSON files directly in a folder."""
    return [folder / name for name in names_ending(folder, (".json",))]


def _sureness(files: list[Path], least: Sureness) -> Sureness:
    """Return how sure it is that `files` are COCO. least: if neither their names nor first bytes show it."""
    if files[0].name == _ROBOFLOW:
        return Sureness.NAME
    return Sureness.CONTENT if any(map(_looks_like_coco, files)) else least


def _looks_like_coco(file: Path) -> bool:
    if documents.seen(file, _has_lists) is not None:
        return True
    # Of a broken file, the reader says what is wrong with it.
    head = read_head(file, 4096)
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and any(key in head for key in _KEYS)
    return begins and documents.peek(file) is None


def _has_lists(value: Any) -> bool:
    """Tell whether an object has lists of COCO. Others have keys of the same names."""
    if not isinstance(value, dict):
        return False
    annotations = value.get("annotations")
    if "images" not in value and isinstance(annotations, list) and annotations:
        first = annotations[0]  # the annotations of one image name none
        if isinstance(first, dict) and "image_id" not in first:
            return False
    return any(isinstance(value.get(key), list) for key in ("images", "annotations", "categories"))


def _split_names(files: list[Path]) -> list[str]:
    """Return the names of the splits: X for `instances_X.json`, else the stem.

    For Roboflow, and for several of FiftyOne, the folder.
    """
    several = len(files) > 1
    names = [
        file.parent.name
        if file.name == _ROBOFLOW or (several and file.name == _FIFTYONE)
        else file.stem.removeprefix("instances_")
        for file in files
    ]
    return names if len(set(names)) == len(names) else [file.stem for file in files]
