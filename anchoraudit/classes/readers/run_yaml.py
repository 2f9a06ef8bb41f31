"""Follow the record of a run to its data.yaml: args.yaml of Ultralytics, opt.yaml of YOLOv5 and YOLOv7."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.classes.readers import data_yaml
from anchoraudit.classes.readers._listed import text_named
from anchoraudit.classes.readers._yaml_keys import Keys, has_key
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "record of a YOLO run that names its data.yaml (args.yaml, opt.yaml)"


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has `data`, and `task`, `hyp` or `weights`, which only a run has."""
    del path
    return has_key(text, "data") and has_key(text, "task", "hyp", "weights")


def read(path: Path, text: str) -> Classes:
    """Read the classes of the data.yaml that the record names."""
    keys = Keys(path, text)
    named = keys.text("data")
    if not named:
        raise keys.error("data has no value", keys.nodes.get("data"), "Name the data.yaml itself.")
    place = keys.place("data")
    found, inner = text_named(named, path, place)
    if not (found.suffix.lower() in data_yaml.SUFFIXES and data_yaml.detect(found, inner)):
        raise AnchorauditError(
            f"data is {named!r}, which has neither names nor nc",
            path=path,
            place=place,
            remedy="Name the data.yaml itself.",
        )
    return data_yaml.read(found, inner)
