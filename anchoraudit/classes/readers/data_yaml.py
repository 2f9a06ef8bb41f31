"""Read `names` and `nc` of a data.yaml of Ultralytics, YOLOv5 or YOLOv7; its folders do not matter here.

Sources: ultralytics data/utils.py (check_det_dataset), yolov5 utils/general.py (check_dataset).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.classes.readers._listed import lines_of_names, listed, text_named, whole_number
from anchoraudit.classes.readers._yaml_keys import Keys, has_key
from anchoraudit.detectors.spec import Classes
from anchoraudit.io.documents import yaml_line

if TYPE_CHECKING:
    import yaml

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "data.yaml with names or nc (.yaml)"


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has `names` or `nc`, and no layers of a model."""
    del path
    return has_key(text, "names", "nc") and not has_key(text, "backbone", "head")


def read(path: Path, text: str) -> Classes:
    """Read the names, by position or by the numbers that are their keys, and the count `nc`."""
    keys = Keys(path, text)
    count = keys.number("nc")
    if count is not None and count < 0:
        raise keys.error(
            f"nc is {count}; it must be 0 or more", keys.get("nc"), "Write how many classes there are."
        )
    node = keys.get("names")
    if node is None:
        if not count:
            raise keys.error("neither names nor nc has a value", None, "List the names of the classes there.")
        return Classes(count=count, stated_in=f"{path.name}, {keys.place('nc')}")
    names, ids = _names(keys, node)
    return listed(path, names, ids, place=keys.place("names"), count=count or 0)


def _names(keys: Keys, node: yaml.Node) -> tuple[list[str], list[int]]:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        return [keys.scalar(item, f"names[{number}]") for number, item in enumerate(node.value)], []
    if isinstance(node, yaml.MappingNode):
        names, ids = [], []
        for key, item in node.value:
            place = f"line {yaml_line(key)}"
            ids.append(whole_number(keys.scalar(key, "a key of names"), keys.path, place, "a key of names"))
            names.append(keys.scalar(item, f"names[{ids[-1]}]"))
        return names, ids
    file = keys.scalar(node, "names")
    return lines_of_names(text_named(file, keys.path, keys.place("names"))[1]), []
