"""Writes what YOLO frameworks read: lists of images, and a data.yaml that names them.

Sources: ultralytics data/base.py (get_img_files) and yolov5 utils/dataloaders.py (LoadImagesAndLabels): each
line of a list is the path of an image; one that starts with `./` is relative to the folder of the list.
ultralytics data/utils.py and yolov5 utils/general.py (check_dataset): `train`, `val` and `test` are relative
to `path`, which is taken from the working directory or the framework's own folder unless it is absolute.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from anchoraudit.dataset.columns import Category
from anchoraudit.dataset.splits import is_evaluation, is_training
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.yolo.config import SPLITS, YAML, Config, config_of
from anchoraudit.io.files import decode_names, read_input

KEYS = ("train", "val", "test")
_LEFT_OUT = frozenset([*SPLITS, "path", "download"])
# A key at the top level of a mapping in block style. What else begins a line belongs to the key before it.
_KEY = re.compile(r"""["']?([A-Za-z_][\w-]*)["']?[ \t]*:(?:\s|$)""")


def line_of(image: Path, folder: Path) -> str:
    """Return the line of a list in `folder` that names an image: `./` and a path, or an absolute path."""
    path, here = (os.path.abspath(one) for one in (image, folder))  # noqa: PTH100  links are not followed
    if Path(path).is_relative_to(here):
        return f"./{Path(path).relative_to(here).as_posix()}"
    return Path(path).as_posix()


def key_of(split: str, *, alone: bool) -> str:
    """Return the key of a split in a data.yaml. alone: it is the only split.

    Raises AnchorauditError if its name does not say which.
    """
    if is_training(split) or (alone and not is_evaluation(split)):
        return "train"
    if is_evaluation(split):
        return "test" if split.casefold().rpartition("/")[2].startswith("test") else "val"
    raise AnchorauditError(
        f"a data.yaml has train, val and test, and {split!r} is none of them",
        remedy="Write one list per split: clean-{split}.txt.",
    )


def data_yaml(
    lists: Mapping[str, Path], folder: Path, classes: tuple[Category, ...], own: Path | None
) -> str:
    """Return the text of a data.yaml.

    lists: the list of images of each key. folder: where it will be. own: the file that declares the classes;
    if that is a data.yaml, what else it says stays as it is written. classes: with their indices as ids.

    Raises AnchorauditError if `own` cannot be read.
    """
    here = Path(os.path.abspath(folder))  # noqa: PTH100
    lines = [f"path: {_quoted(here.as_posix())}"]
    lines += [f"{key}: {_quoted(lists[key].name)}" for key in KEYS if key in lists]
    if (rest := None if own is None else _rest_of(own)) is None:
        named = {int(one.id): one.name for one in classes}
        every = range(max(named, default=0) + 1)
        lines += ["names:", *(f"  {index}: {_quoted(named.get(index, f'class_{index}'))}" for index in every)]
        rest = ""
    return "".join(f"{line}\n" for line in lines) + rest


def _rest_of(own: Path) -> str | None:
    """Return the text of a data.yaml without its paths; None if it would declare no or other classes."""
    if own.suffix.lower() not in YAML:
        return None
    text = decode_names(read_input(own))
    kept, keeps = [], True
    for line in text.splitlines():
        if (key := _KEY.match(line)) is not None:
            keeps = key[1] not in _LEFT_OUT
        if keeps:
            kept.append(line)
    rest = "".join(f"{line}\n" for line in kept)
    try:
        before, after = config_of(own, text), config_of(own, f"train: a\n{rest}")
    except AnchorauditError:
        return None
    return rest if before.form and _declared(before) == _declared(after) else None


def _declared(config: Config) -> tuple[object, ...]:
    names = [(entry.key and entry.key.text, entry.name.text) for entry in config.entries]
    return config.form, names, config.count and config.count.text, config.columns


def _quoted(text: str) -> str:
    """Write a text in double quotes, which YAML reads as JSON does."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
