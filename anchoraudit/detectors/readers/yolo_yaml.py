"""Read a model YAML of ultralytics/yolov5 or WongKinYiu/yolov7: `anchors`, `backbone`, `head`.

Sources: yolov5 models/yolo.py (parse_model; Detect: strides of its inputs), utils/autoanchor.py
(check_anchor_order); yolov7 models/yolo.py (IDetect, IAuxDetect, IBin, IKeypoint), utils/autoanchor.py
(check_anchor_order, which is another one).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._stated import Stated
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.readers._yaml import read_yaml
from anchoraudit.detectors.spec import Anchors, Classes, Detector, Level
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "YOLOv5 or YOLOv7 model (.yaml with anchors, backbone and head)"

_HEADS = re.compile(r"Detect|Segment|IBin|IKeypoint")
_CONVOLUTION = re.compile(r"Conv")
_SIZE = "The model file has no input size; replayed at 640, or at that of --input-size."
_REVERSED = (
    "The file's anchors run against the strides: {name} reverses their levels when it builds the model "
    '("Reversing anchor order"), and so does the replay.'
)
_USUAL = {3: (8.0, 16.0, 32.0), 4: (8.0, 16.0, 32.0, 64.0), 5: (8.0, 16.0, 32.0, 64.0, 128.0)}


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has a `head` and a `backbone`."""
    del path
    return bool(re.search(r"^head\s*:", text, re.M) and re.search(r"^backbone\s*:", text, re.M))


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector. Input size and matching are the framework's defaults."""
    table = read_yaml(path, text)
    head = table.find("head")
    last = head[-1] if isinstance(head, list) and head else None
    module = last[2] if isinstance(last, list) and len(last) == 4 else None
    if not isinstance(module, str) or not _HEADS.search(module):
        refusal = table.error(f"the head ends in {module!r}, not in Detect or one of its kind", "head")
        if not isinstance(module, str) or table.find("anchors") is None:
            raise refusal
        assume.anchors(f"the head's last module, {module},", "YOLOv5's Detect", refusal)
    shapes = _shapes(table, module)
    strides = _strides(table, last, len(shapes))
    name = "yolov7" if module.startswith("I") else "yolov5"
    notes: tuple[str, ...] = (_SIZE,)
    reordered = len(shapes) > 1 and _is_reversed(shapes, strides, yolov7=name == "yolov7")
    if reordered:
        shapes.reverse()
        notes += (_REVERSED.format(name="YOLOv7" if name == "yolov7" else "YOLOv5"),)
    with table.blame("anchors"):
        anchors = anchors_of(name, shapes, strides, reordered=reordered)
        recipe = preset(name).augmentation
        return based_on(
            name, path, notes=notes, augmentation=recipe, anchors=anchors, classes=_classes(table)
        )


def anchors_of(
    name: str,
    shapes: Sequence[Sequence[tuple[float, float]]],
    strides: Sequence[float],
    *,
    reordered: bool,
) -> Anchors:
    """Return the anchors of a head, level by level, as the preset `name` matches them.

    shapes: widths and heights in pixels of the input. reordered: the framework reversed the levels.
    """
    base = preset(name).anchors
    levels = tuple(
        Level(stride=stride, offset=_offset(base.levels[0], stride), shapes=tuple(level))
        for stride, level in zip(strides, shapes, strict=True)
    )
    return msgspec.structs.replace(base, levels=levels, reordered=reordered)


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes, if it is the head's own. Raises AnchorauditError if it is only `nc`."""
    table = read_yaml(path, text)
    found = _classes(table)
    if found.is_silent:
        raise table.error(
            "a model file: training takes the number of classes of data.yaml, and puts it in place of `nc`",
            "nc",
            "Give the data.yaml that the training names.",
        )
    return Stated(found)


def _classes(table: Table) -> Classes:
    """Return the number of classes of the head, where it is a number there, and not `nc`.

    `nc` says nothing: train.py hands over that of data.yaml, and "Overriding model.yaml nc=80 with nc=3" is
    all that is said of it (models/yolo.py of both).
    """
    head = table.find("head")
    last = head[-1] if isinstance(head, list) and head else None
    arguments = last[3] if isinstance(last, list) and len(last) == 4 else None
    count = arguments[0] if isinstance(arguments, list) and arguments else None
    if isinstance(count, bool) or not isinstance(count, int):
        return Classes()
    with table.blame("head"):
        return Classes(count=count, stated_in=f"{Path(table.path).name}, head")


def _is_reversed(
    shapes: list[list[tuple[float, float]]], strides: tuple[float, ...], *, yolov7: bool
) -> bool:
    """Tell whether check_anchor_order gives the levels' anchors to the levels in reversed order.

    YOLOv5 compares the mean areas of the first and the last level, and leaves equal ones as they are. YOLOv7
    compares the very first anchor with the very last, and also reverses where these are equally large.
    """
    areas = [[w * h for w, h in level] for level in shapes]
    if yolov7:
        grows = areas[-1][-1] - areas[0][0]
    else:
        grows = sum(areas[-1]) / len(areas[-1]) - sum(areas[0]) / len(areas[0])
        if not grows:
            return False
    return _sign(grows) != _sign(strides[-1] - strides[0])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _offset(level: Level, stride: float) -> float:
    return level.offset / level.stride * stride


def _shapes(table: Table, module: str) -> list[list[tuple[float, float]]]:
    anchors = table.find("anchors")
    if anchors is None:
        raise AnchorauditError(
            f"no anchors: {module} is anchor-free, and an anchor-free detector has no anchor mask to audit",
            path=table.path,
            place=f"line {table.where['head'][1]}",
            remedy="Give a model with anchors (YOLOv5, YOLOv7, YOLOv3), or a preset.",
        )
    if isinstance(anchors, int):
        raise table.error(
            f"anchors: {anchors} has no shapes; autoanchor chooses them when training starts",
            "anchors",
            "Paste the anchors there that the framework prints, a list per level: - [10,13, 16,30, 33,23]",
        )
    rows = table.rows("anchors", ())
    result = []
    for number, row in enumerate(rows):
        if not row or len(row) % 2:
            raise table.error(
                f"anchors[{number}] has {len(row)} numbers; it takes pairs of width and height", "anchors"
            )
        result.append(list(zip(row[::2], row[1::2], strict=True)))
    if not result:
        raise table.error("anchors is empty", "anchors")
    return result


def _strides(table: Table, last: Any, count: int) -> tuple[float, ...]:
    """Return the strides of the head's inputs from the layers, or the usual strides if that fails."""
    sources = last[0] if isinstance(last[0], list) else [last[0]]
    if all(isinstance(source, int) for source in sources):
        strides = _walk([*(table.find("backbone") or []), *table.find("head")[:-1]])
        if strides and all(-len(strides) <= source < len(strides) for source in sources):
            found = [strides[source] for source in sources]
            if "Aux" in str(last[2]) and len(found) == 2 * count:
                found = found[:count]
            if len(found) == count and set(found) <= {4.0, 8.0, 16.0, 32.0, 64.0, 128.0}:
                return tuple(found)
            if len(found) != count:
                raise table.error(f"{count} levels of anchors for a head of {len(found)} inputs", "anchors")
    if count in _USUAL:
        return _USUAL[count]
    raise table.error(f"unknown strides: the layers do not give those of {count} levels", "head")


def _walk(layers: list[Any]) -> list[float]:
    """Return the stride of each layer's output; empty if an entry is not a layer."""
    strides: list[float] = []
    for layer in layers:
        match layer:
            case [int(source) | [int(source), *_], _, str(module), list(args)]:
                pass
            case _:
                return []
        if not strides and source == -1:
            before = 1.0
        elif -len(strides) <= source < len(strides):
            before = strides[source]
        else:
            return []
        strides.append(before * _factor(module, args))
    return strides


def _factor(module: str, args: list[Any]) -> float:
    numbers = [arg if isinstance(arg, int | float) else None for arg in args]
    if module in ("Focus", "ReOrg", "DownC", "Contract"):
        return 2.0
    if module == "MP":
        return float(numbers[0] or 2) if numbers else 2.0
    if "MaxPool" in module:
        return float((numbers[1] if len(numbers) > 1 else numbers[0] if numbers else None) or 1)
    if "Upsample" in module:
        scale = numbers[1] if len(numbers) > 1 else None
        return 1.0 / scale if scale else 0.5
    if _CONVOLUTION.search(module):
        step = float((numbers[2] if len(numbers) > 2 else None) or 1)
        return 1.0 / step if "Transpose" in module else step
    return 1.0
