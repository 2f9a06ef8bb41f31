"""Read a pipeline.config of TensorFlow's Object Detection API: `num_classes`, and the label map it names.

Source: object_detection/protos/{pipeline,model,input_reader}.proto. The number is without background.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from anchoraudit.classes.readers import label_map
from anchoraudit.classes.readers._listed import text_named, whole_number
from anchoraudit.classes.readers._text_proto import Message, parse_proto
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".config",)
LOOKS_FOR = "pipeline.config of TensorFlow (.config)"


def detect(path: Path, text: str) -> bool:
    """Tell whether the text has a model or a reader of training data."""
    del path
    return re.search(r"^[ \t]*(?:model|train_input_reader)\s*+:?\s*+\{", text, re.M) is not None


def read(path: Path, text: str) -> Classes:
    """Read the count of the model, and the names of the label map for training."""
    top = parse_proto(text, path)
    count, line = _count(top, path)
    named = next(
        (
            found
            for reader in top.messages("train_input_reader")
            if (found := reader.scalar("label_map_path"))
        ),
        None,
    )
    if named is None:
        if not count:
            raise AnchorauditError(
                "neither num_classes nor label_map_path", path=path, remedy="Name the label map itself."
            )
        return Classes(count=count, stated_in=f"{path.name}, line {line}")
    file, inner = text_named(named[0], path, f"line {named[1]}")
    return msgspec.structs.replace(label_map.read(file, inner), count=count)


def _count(top: Message, path: Path) -> tuple[int, int]:
    """Return `num_classes` of the one detector in `model`, and its line; (0, 1) if it is missing."""
    for model in top.messages("model"):
        for _, value, _ in model.fields:
            found = value.scalar("num_classes") if isinstance(value, Message) else None
            if found is not None:
                number = whole_number(found[0], path, f"line {found[1]}", "num_classes")
                return max(number, 0), found[1]
    return 0, 1
