"""Which detector a data set is for, as far as the files beside it tell.

Only the folder of the data set and the one above it are listed. A file counts if a reader of detector files
recognises it, or the keys at its beginning do. Nothing is executed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.readers import reader_of, usual_files
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats.yolo.config import YAML, looks_like_config
from anchoraudit.io.addresses import is_address
from anchoraudit.io.files import read_head

_LISTED = 20_000  # entries of a folder that are looked at: configurations are few, images may be many
_READ = 40  # files of a folder that are opened
_HEAD = 1 << 16  # bytes of each; a configuration shows its kind near its beginning


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A detector that a file points to.

    seen: what was found, as the beginning of a sentence. file: where. detector: a preset or a file.
    more: what else it may be.
    """

    seen: str
    file: Path
    detector: str
    more: str = ""

    def __str__(self) -> str:
        return printable(f"{self.seen}: --detector {self.detector}{self.more}")


def suggest(dataset: Dataset) -> Suggestion | None:
    """Return the detector that the files of a data set point to, None if they point to none.

    A configuration of a detector comes first, then the record of a training, then a `data.yaml`; in each
    the folder of the data set before the one above it. Of several configurations in one folder none is taken.
    """
    if is_address(dataset.root):  # nothing is beside it on this machine
        return None
    root = dataset.root.absolute()
    folder = root.parent if root.is_file() else root
    files = [list(_small_files(one)) for one in dict.fromkeys((folder, folder.parent))]
    for look in (_by_configuration, _by_training, _by_data_yaml):
        for number, found in enumerate(files):
            where = "This data set has" if number == 0 else "Beside this data set is"
            if (suggestion := look(found, where)) is not None:
                return suggestion
    return None


def _small_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that may be configurations, each with the text at its beginning."""
    files, suffixes = usual_files()
    suffixes.update(YAML)
    names: list[str] = []
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in islice(entries, _LISTED)
            if _suffix(entry.name) in suffixes or entry.name in files
        ]
    for name in sorted(names)[:_READ]:
        if not name.startswith("."):
            yield folder / name, read_head(folder / name, _HEAD).decode("utf-8", "replace")


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  for every file of a folder


def _by_configuration(files: list[tuple[Path, str]], where: str) -> Suggestion | None:
    """Return the one file that is read as a detector."""
    found = [path for path, text in files if _is_detector(path, text)]
    if len(found) != 1:
        return None
    return Suggestion(f"{where} {found[0].name}", found[0], os.path.relpath(found[0]))


def _is_detector(path: Path, text: str) -> bool:
    if reader_of(path, text) is None:
        return False
    try:
        load_detector(path)
    except AnchorauditError:
        return False  # the readers' message is for those who name the file
    return True


def _by_training(files: list[tuple[Path, str]], where: str) -> Suggestion | None:
    """Return what was trained, by the record of the framework: its options or its hyperparameters.

    Sources: ultralytics engine/trainer.py (save_dir/args.yaml: task, mode, model), yolov5 and yolov7 train.py
    (opt.yaml: weights, cfg, hyp; hyp.yaml: anchor_t, fl_gamma, and loss_ota in YOLOv7 only).
    """
    for path, text in files:
        keys = {key: value.strip(" \t") for key, value in re.findall(r"^(\w+):(.*)$", text, re.M)}
        seen = f"{where} {path.name}"
        if {"task", "mode", "model"} <= keys.keys():
            return Suggestion(f"{seen} of Ultralytics", path, _of_ultralytics(keys["model"]))
        if {"weights", "cfg", "hyp"} <= keys.keys():
            seven = "yolov7" in keys["weights"] + keys["cfg"] + keys["hyp"]
            return Suggestion(f"{seen} of a training", path, "yolov7" if seven else "yolov5")
        if {"anchor_t", "fl_gamma"} <= keys.keys():
            return Suggestion(f"{seen} of a training", path, "yolov7" if "loss_ota" in keys else "yolov5")
    return None


def _of_ultralytics(model: str) -> str:
    """Return the preset for a model of Ultralytics by the name of its file, such as `yolo11n.pt`.

    Of the package's version the newest is taken: the record does not have it.
    """
    plain = re.sub(r"[^a-z0-9]", "", model.lower())
    if "rtdetr" in plain:
        return "ultralytics-rtdetr"
    if "yolo26" in plain:
        head = re.search(r"p[26](?=\D|$)", plain)
        return f"ultralytics-yolo26{f'-{head[0]}' if head else ''}"
    return "ultralytics-yolo11"


def _by_data_yaml(files: list[tuple[Path, str]], where: str) -> Suggestion | None:
    """Return YOLO's detector for a `data.yaml`, which does not tell the version."""
    more = "; for YOLOv8 and later: --detector ultralytics-yolo11"
    for path, _ in files:
        if _suffix(path.name) in YAML and looks_like_config(path):
            article = "" if where.startswith("Beside") and path.name != "data.yaml" else "a "
            return Suggestion(f"{where} {article}{path.name}", path, "yolov5", more=more)
    return None
