"""Read a model YAML of ultralytics (version 8 and later) or WongKinYiu/yolov9: `backbone` and `head`.

Sources: ultralytics 8.4.190 and 8.3.253 nn/tasks.py (yaml_model_load, parse_model, guess_model_task),
nn/modules/head.py (RTDETRDecoder), utils/downloads.py (names); WongKinYiu/yolov9 5b1ea9a8 models/yolo.py,
utils/loss_tal.py, utils/loss_tal_dual.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._files import read_text
from anchoraudit.detectors.readers._stated import Stated
from anchoraudit.detectors.readers._ultralytics_heads import (
    HEADS,
    OTHER,
    REFUSED,
    with_points,
    with_queries,
)
from anchoraudit.detectors.readers._ultralytics_layers import Layer, Layers
from anchoraudit.detectors.readers._yaml import item_lines, read_yaml
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "ultralytics or YOLOv9 model (.yaml with backbone and head; or a name such as yolo11n.pt)"

_SIZE = "The model file has no input size; replayed at 640, or at that of --input-size."
_BY_NAME = "Known by its name, {name}: no file was read."
# Heads of WongKinYiu/yolov9, and how many times each takes the levels: auxiliary branches come first. Its
# files say `anchors: 3`, which means nothing.
_OF_YOLOV9 = {"DDetect": 1, "DualDetect": 2, "DualDDetect": 2, "TripleDetect": 3, "TripleDDetect": 3}
_YOLOV9 = re.compile(rf"\b(?:{'|'.join(_OF_YOLOV9)})\b")

# Names of ultralytics' own models and model files (cfg/models of 8.4.190, and its assets), without the
# suffix. A scale stands in them where files of all scales have one text. YOLOv5 and v3 are those with a `u`:
# others have anchors, and are of ultralytics/yolov5.
_NAMES = re.compile(
    r"(?:yolo-?)(?:"
    r"v8(?P<v8>[nsmlx]6?)?(?:-ghost)?(?:-world(?:v2)?)?(?:-oiv7)?"
    r"|(?P<now>11|12|26)[nsmlx]?(?:-objv1-150|-objv1(?=-seg)|-distill|-grayscale)?"
    r"|v9[tsmce]|v10[nsmblx]|v6[nsmlx]?"
    r"|v5[nsmlx](?P<v5>6?)u|v3(?P<tiny>-tiny)?(?:-spp)?u"
    r"|e-(?:v8|11|26)[nsmlx]?"
    r")(?P<levels>-p2|-p6)?(?P<task>-seg(?:-pf)?|-pose|-obb|-cls(?:-resnet\d+)?|-sem(?:-ade20k)?|-depth)?"
    r"(?P<after>-p6)?"
)
_TRANSFORMER = re.compile(r"rtdetr-(?:l|x|resnet50|resnet101)|yolov8[nsmlx]?-rtdetr")
_TASKS = {
    "seg": "Segment",
    "pose": "Pose",
    "obb": "OBB",
    "cls": "Classify",
    "sem": "SemanticSegment",
    "depth": "Depth",
}
# As yaml_model_load has it: yolo11n.yaml is yolo11.yaml with scale n.
_SCALE = re.compile(r"(\d+)([nslmx])(.+)?$")
_SUFFIX_OF_NAMES = (".pt", ".yaml", ".yml", "")


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has a `head` and a `backbone`, and no `anchors`, or a head of YOLOv9."""
    del path
    if not all(re.search(rf"^{key}\s*:", text, re.M) for key in ("head", "backbone")):
        return False
    return re.search(r"^anchors\s*:", text, re.M) is None or _YOLOV9.search(text) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector. Input size and matching are the framework's defaults."""
    table = read_yaml(path, text)
    layers = Layers(table, item_lines(path, text))
    head = layers.rows[-1]
    if head.module == "RTDETRDecoder":
        return _with_queries(path, layers, head)
    if head.module in _OF_YOLOV9:
        strides = layers.strides(assume, times=_OF_YOLOV9[head.module])
        with table.blame("head"):
            points = msgspec.structs.replace(preset("yolov9").points, strides=strides)
        return based_on("yolov9", path, notes=(_SIZE,), points=points)
    if head.module in REFUSED:
        raise layers.error(
            f"a head of {head.module} is not replayed: {REFUSED[head.module]}", head.line, OTHER
        )
    if head.module not in HEADS:
        refusal = layers.error(
            f"the head ends in {head.module}, which is not a head of ultralytics",
            head.line,
            f"Replayed: {', '.join((*HEADS, 'RTDETRDecoder'))}.",
        )
        assume.that(head.module, "takes the points of ultralytics' Detect", refusal)
    strides = layers.strides(assume)
    # v10Detect trains two branches as YOLO26 does, with the same candidates, but was there before it.
    end_to_end = table.find("end2end") is True and head.module != "v10Detect"
    return with_points(path, strides, head.module, notes=(_SIZE,), end_to_end=end_to_end)


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes, if it is the head's own. Raises AnchorauditError if it is only `nc`."""
    table = read_yaml(path, text)
    head = table.find("head")
    last = head[-1] if isinstance(head, list) and head else None
    arguments = last[3] if isinstance(last, list) and len(last) == 4 else None
    count = arguments[0] if isinstance(arguments, list) and arguments else None
    if isinstance(count, bool) or not isinstance(count, int):
        raise table.error(
            "a model file: training takes the number of classes of data.yaml, and puts it in place of `nc`",
            "nc",
            "Give the data.yaml that the training names.",
        )
    with table.blame("head"):
        return Stated(Classes(count=count, stated_in=f"{path.name}, head"))


def named(name: str, assume: Assume) -> Detector | None:
    """Return the detector that ultralytics has under a name, such as `yolo11n.pt`; None if it has none.

    Raises AnchorauditError for a model of ultralytics that is not replayed, and for a checkpoint whose name
    tells nothing.
    """
    path = Path(name)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIX_OF_NAMES or (suffix != ".pt" and (path.name != name or _is_file(path))):
        return None
    stem = path.name[: len(path.name) - len(suffix)].lower()
    if _TRANSFORMER.fullmatch(stem):
        return with_queries(path, notes=(_BY_NAME.format(name=name),), usual_training=True)
    found = _NAMES.fullmatch(stem)
    if found is None or (stem.startswith("yolov6") and suffix not in SUFFIXES):  # else Meituan's
        if suffix == ".pt":
            _refuse_checkpoint(path)
        return None
    if suffix in SUFFIXES and _is_file(unscaled := Path(_SCALE.sub(r"\1\3", name))):
        text = read_text(unscaled)
        return read(unscaled, text, assume) if detect(unscaled, text) else None
    task = found["task"] and _TASKS[found["task"].strip("-").partition("-")[0]]
    if task in REFUSED:
        raise AnchorauditError(
            f"{name} is not replayed: its head is {task}, and {REFUSED[task]}", remedy=OTHER
        )
    return with_points(
        path,
        _strides_by_name(found),
        task or "Detect",
        notes=(_BY_NAME.format(name=name),),
        end_to_end=found["now"] == "26" or stem.startswith("yoloe-26"),
        # Masks and keypoints, World and YOLOE have trainers of their own, which draw otherwise.
        usual_training=task is None and "-world" not in stem and not stem.startswith(("yoloe", "yolo-e")),
    )


def _strides_by_name(found: re.Match[str]) -> tuple[float, ...]:
    if found["tiny"]:
        return (16.0, 32.0)
    if found["levels"] == "-p2":
        return (4.0, 8.0, 16.0, 32.0)
    six = "-p6" in (found["levels"], found["after"]) or found["v5"] or (found["v8"] or "").endswith("6")
    return (8.0, 16.0, 32.0, 64.0) if six else (8.0, 16.0, 32.0)


def _refuse_checkpoint(path: Path) -> None:
    """Raise AnchorauditError for a checkpoint on disk: it is not read, and its name tells nothing."""
    if _is_file(path):
        raise AnchorauditError(
            "a checkpoint is not read, since reading one can run code, and its name is none of ultralytics'",
            path=path,
            remedy="Name the model that it was trained from, as yolo11n.pt, or the model's .yaml.",
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or not a possible path
        return False


def _with_queries(path: Path, layers: Layers, head: Layer) -> Detector:
    """Read RTDETRDecoder's arguments: classes, width, queries, ..."""
    queries: Any = head.args[2] if len(head.args) > 2 else None
    if queries is not None and (isinstance(queries, bool) or not isinstance(queries, int) or queries < 1):
        raise layers.error(f"RTDETRDecoder has {queries!r} queries, which is not a number above 0", head.line)
    return with_queries(path, notes=(_SIZE,), queries=queries)
