"""Read classes from JSON: a list of names, COCO's `categories`, `id2label` of Hugging Face, or name and id.

Source: transformers configuration_utils.py (id2label: keys are texts; num_labels is its length).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.classes.readers._listed import listed, whole_number
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents, json_text

SUFFIXES = (".json",)
LOOKS_FOR = "JSON with a list of names, COCO's categories, id2label, or names and ids (.json)"
MOST_BYTES = None  # a COCO file of a large data set has hundreds of megabytes; only its categories are kept


class _Known(msgspec.Struct):
    """The keys of COCO files and of models' configurations that list classes."""

    categories: Any = None
    id2label: Any = None


def detect(path: Path, text: str) -> bool:
    """Accept any JSON; `read` reports what is wrong with it."""
    del path, text
    return True


def read(path: Path, text: str) -> Classes:
    """Read the classes from whichever of the four forms the file has."""
    if text.lstrip()[:1] == "{":
        try:
            known = msgspec.json.decode(text, type=_Known)
        except (msgspec.DecodeError, UnicodeEncodeError):
            known = _Known()  # NaN, or an error: Python's parser takes the one and says where the other is
        if known.categories is not None:
            return _of_coco(path, known.categories)
        if known.id2label is not None:
            return _of_mapping(path, known.id2label, "id2label")
    if len(text) > 20 * documents.LARGEST:
        raise AnchorauditError(
            "neither COCO's `categories` nor `id2label`, and too large for a list of names",
            path=path,
            remedy="Name the file that lists the classes.",
        )
    value = json_text.parse(text, path)
    if isinstance(value, dict) and "categories" in value:
        return _of_coco(path, value["categories"])
    if isinstance(value, dict):
        return _of_mapping(path, value, "")
    if not isinstance(value, list):
        raise _unlike(path, "", value)
    if value and all(isinstance(item, dict) for item in value):
        return _of_coco(path, value, "")
    return listed(path, [_name(item, path, f"[{number}]") for number, item in enumerate(value)])


def _of_coco(path: Path, entries: Any, key: str = "categories") -> Classes:
    """Read a list of mappings with `id` and `name`."""
    if not isinstance(entries, list):
        raise _unlike(path, key, entries)
    names, ids = [], []
    for number, entry in enumerate(entries):
        place = f"{key}[{number}]"
        if not isinstance(entry, dict) or "name" not in entry or "id" not in entry:
            raise AnchorauditError(
                f"{str(entry)[:60]} has no `id` and `name`", path=path, place=place, remedy="Fix it there."
            )
        names.append(_name(entry["name"], path, f"{place}.name"))
        ids.append(whole_number(entry["id"], path, f"{place}.id", "the id"))
    return listed(path, names, ids, place=key)


def _of_mapping(path: Path, value: Any, key: str) -> Classes:
    """Read `{"0": "cat"}` or `{"cat": 0}`. The number of labels of a model is the length of `id2label`."""
    if not isinstance(value, dict):
        raise _unlike(path, key, value)
    at = f"{key}." if key else ""
    if value and all(isinstance(item, str) for item in value.values()):
        ids = [whole_number(number, path, key, "a key") for number in value]
        return listed(path, list(value.values()), ids, place=key, count=len(value) if key else 0)
    ids = [whole_number(number, path, f"{at}{name}"[:60], "the id") for name, number in value.items()]
    return listed(path, list(value), ids, place=key)


def _name(value: Any, path: Path, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise AnchorauditError(
        f"{_kind(value)} is not a name", path=path, place=place, remedy="Write a text there."
    )


def _kind(value: Any) -> str:
    """Say in JSON's words what stands there, with its value where that is short: `null`, `the number 5`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"[:60]
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return "a list" if isinstance(value, list) else "a mapping"


def _unlike(path: Path, key: str, value: Any) -> AnchorauditError:
    return AnchorauditError(
        f"{_kind(value)} instead of classes",
        path=path,
        place=key,
        remedy="Give a list of names, COCO's `categories`, `id2label`, or a mapping of names and ids.",
    )
