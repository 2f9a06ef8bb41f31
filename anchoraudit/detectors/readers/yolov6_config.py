"""Read a config of meituan/YOLOv6: `model = dict(..., head=dict(type='EffiDeHead', strides=[...]))`.

Sources: YOLOv6 e86a483f configs/*.py, yolov6/models/effidehead.py, yolov6/core/engine.py,
yolov6/models/losses/loss.py (warmup_epoch: ATSS before it, TaskAlignedAssigner from then on). Such files are
parsed, never executed.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._mmdet_parse import read_config
from anchoraudit.detectors.spec import Detector

SUFFIXES = (".py",)
LOOKS_FOR = "YOLOv6 config (.py with EffiDeHead)"

_PRESET = "yolov6"
_HEADS = ("EffiDeHead", "Lite_EffideHead")
_HEAD = re.compile(rf"type\s*=\s*[\"'](?:{'|'.join(_HEADS)})[\"']")
_FIRST = "The preset yolov6-warmup shows those, with strides 8 to 64 and the --input-size that you give."
_NOT_REPLAYED = "The branch with anchors, of training with --fuse_ab, is not replayed."


def detect(path: Path, text: str) -> bool:
    """Tell whether a head of YOLOv6 is named."""
    del path
    return _HEAD.search(text) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the strides; input size and matching are the framework's defaults."""
    del assume  # a head of one's own is not recognised as one of YOLOv6
    config = read_config(path, text)
    head = config.table("model.head")
    if head is None:
        raise config.error("no model = dict(..., head=dict(...)) in the file", "model")
    if (kind := head.text("type", "?")) not in _HEADS:
        raise head.error(f"head {kind} is not one of YOLOv6", "type", f"Replayed: {', '.join(_HEADS)}.")
    base = preset(_PRESET)
    strides = head.numbers("strides", (8.0, 16.0, 32.0))
    with head.blame("strides"):
        points = msgspec.structs.replace(base.points, strides=strides)
    epochs = head.read("atss_warmup_epoch", int, 0)
    notes: tuple[str, ...] = (_NOT_REPLAYED,)
    if epochs > 0:
        notes += (
            f"Its first {epochs} epochs assign by ATSS; the rule of those after them is replayed. {_FIRST}",
        )
    return based_on(_PRESET, path, notes=notes, points=points)
