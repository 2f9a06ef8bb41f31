"""Read a detector file for its classes alone: mmdetection, detectron2, darknet, YOLOX, RT-DETR, our own TOML.

The detector itself need not be one that is replayed. The readers in `anchoraudit.detectors.readers` read it.
"""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.detectors.readers import mmdet_config, reader_of, stated_classes
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".py", ".yaml", ".yml", ".cfg", ".toml")
LOOKS_FOR = (
    "config of mmdetection or mmyolo (.py), of detectron2 (.yaml), of darknet (.cfg), exp of YOLOX (.py), "
    "config of RT-DETR, D-FINE or DEIM (.yml), or an anchoraudit detector (.toml)"
)

# A config of data alone, without model and base files.
_DATA = re.compile(r"^(?:train_dataloader\s*=|dataset_type\s*=|data\s*=\s*dict\()", re.M)


def detect(path: Path, text: str) -> bool:
    """Tell whether a reader of detectors takes the file, or it is the part of mmdetection's about data."""
    return reader_of(path, text) is not None or _is_data(path, text)


def read(path: Path, text: str) -> Classes:
    """Read the classes. What the file leaves to code, or does not say, is an error."""
    stated = mmdet_config.classes(path, text) if _is_data(path, text) else stated_classes(path, text)
    if stated is not None and stated.unread is not None:
        raise stated.unread
    if stated is None or stated.classes.is_silent:
        why = "".join(f": {remark}" for remark in (stated.remarks if stated is not None else ())[:1])
        raise AnchorauditError(
            f"the file states neither names nor a number of classes{why}",
            path=path,
            remedy="Name a file that lists the classes, such as a text with a name a line.",
        )
    return stated.classes


def _is_data(path: Path, text: str) -> bool:
    return path.suffix.lower() in mmdet_config.SUFFIXES and _DATA.search(text) is not None
