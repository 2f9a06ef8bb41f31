"""Network `.cfg` of darknet (pjreddie, AlexeyAB): `[net]`, layers, `[yolo]` with anchors and mask.

Sources: darknet src/parser.c (parse_network_cfg, parse_yolo: defaults of stride, mask, num), src/yolo_layer.c
(the best of all anchors by shape IoU; positive on the layer whose mask has it), src/data.c (letterbox).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.spec import Detector, Level, Resize
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".cfg",)
LOOKS_FOR = "darknet network (.cfg with [net] and [yolo])"

_MOST_LAYERS = 5000
_RANDOM = "Trained with random sizes, scale, aspect and place; the replay takes the file's size, centred."


@dataclass(slots=True)
class _Section:
    kind: str
    line: int
    path: Path
    values: dict[str, tuple[str, int]] = field(default_factory=dict)

    def error(self, message: str, key: str = "", remedy: str = "") -> AnchorauditError:
        line = self.values[key][1] if key in self.values else self.line
        return AnchorauditError(
            message, path=self.path, place=f"line {line}", remedy=remedy or "Mend the file there."
        )

    def numbers(self, key: str, default: str = "") -> list[float]:
        text = self.values.get(key, (default, 0))[0]
        try:
            return [float(part) for part in text.split(",") if part.strip()]
        except ValueError:
            raise self.error(f"{key}={text[:60]} is no list of numbers", key) from None

    def integers(self, key: str, default: str = "") -> list[int]:
        numbers = self.numbers(key, default)
        if not all(number.is_integer() for number in numbers):
            raise self.error(f"{key}: whole numbers are wanted", key)
        return [int(number) for number in numbers]

    def integer(self, key: str, default: int | None = None) -> int:
        numbers = self.integers(key, "" if default is None else str(default))
        if len(numbers) != 1:
            raise self.error(f"[{self.kind}] takes one number as {key}, found {len(numbers)}", key)
        return numbers[0]


def detect(path: Path, text: str) -> bool:
    """Tell whether it begins like a network."""
    del path
    return bool(re.search(r"^\s*\[(net|network|yolo|convolutional)\]", text, re.M))


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read it: levels in the order of the [yolo] layers, strides from the layers before them."""
    sections = _sections(path, text)
    net = sections[0]
    if net.kind not in ("net", "network"):
        raise net.error(f"the first section is [{net.kind}], not [net]")
    yolo = [(number, part) for number, part in enumerate(sections[1:]) if part.kind in _YOLO]
    if not yolo:
        region = next((part for part in sections if part.kind in ("region", "detection")), None)
        if region:
            raise region.error(
                f"[{region.kind}] (YOLOv1, YOLOv2) is not read", remedy="Name a network with [yolo] layers."
            )
        raise net.error("no [yolo] section, so no anchors", remedy="Name a network with [yolo] layers.")
    shapes = _shapes(yolo[0][1])
    used: list[int] = []
    strides = _strides(sections[1:], assume)
    base = preset("yolov3-darknet")
    levels = []
    for number, part in yolo:
        if _shapes(part) != shapes:
            raise part.error("the [yolo] sections have different anchors", "anchors")
        mask = part.integers("mask", ",".join(str(i) for i in range(len(shapes))))
        if not mask or not all(0 <= i < len(shapes) for i in mask):
            raise part.error(f"mask names anchors outside 0 to {len(shapes) - 1}", "mask")
        used += mask
        try:
            stride, old = strides[number], base.anchors.levels[0]
            offset = old.offset / old.stride * stride
            levels.append(Level(stride=stride, offset=offset, shapes=tuple(shapes[i] for i in mask)))
        except ValueError as error:
            raise part.error(str(error), "anchors") from None
    resize, size_notes = _resize(net, base.resize)
    notes = (_RANDOM, *size_notes, *_mask_notes(used, shapes))
    if any(min(part.numbers("iou_thresh", "1")) < 1 for _, part in yolo):
        notes += ("iou_thresh below 1 adds positive anchors that are not replayed; none is taken away",)
    anchors = msgspec.structs.replace(base.anchors, levels=tuple(levels))
    return based_on("yolov3-darknet", path, notes=notes, resize=resize, anchors=anchors)


_YOLO = ("yolo", "Gaussian_yolo")


def _sections(path: Path, text: str) -> list[_Section]:
    sections: list[_Section] = []
    for line, row in enumerate(text.split("\n"), 1):
        entry = re.split(r"[#;]", row, maxsplit=1)[0].strip()
        if not entry:
            continue
        if entry.startswith("["):
            sections.append(_Section(entry.strip("[] "), line, path))
            if len(sections) > _MOST_LAYERS:
                raise sections[-1].error(f"more than {_MOST_LAYERS} sections")
            continue
        key, equals, value = entry.partition("=")
        if not equals or not sections:
            raise AnchorauditError(
                f"{entry[:60]!r} is neither [section] nor key=value",
                path=path,
                place=f"line {line}",
                remedy="Mend the file there.",
            )
        sections[-1].values[key.strip()] = (value.strip(), line)
    return sections


def _shapes(part: _Section) -> list[tuple[float, float]]:
    numbers = part.numbers("anchors")
    count = part.integer("num", max(len(numbers) // 2, 1))
    if not numbers or len(numbers) % 2 or len(numbers) // 2 < count:
        raise part.error(f"{len(numbers)} numbers as anchors; num={count} takes {2 * count}", "anchors")
    return list(zip(numbers[: 2 * count : 2], numbers[1 : 2 * count : 2], strict=True))


# Layers of darknet (both forks' src/parser.c: string_to_layer_type) that change no stride up to a [yolo].
_SAME_SIZE = re.compile(
    "yolo|Gaussian_yolo|region|detection|iseg|cost|contrastive|shortcut|scale_channels|sam|implicit|activation|"
    "logistic|batchnorm|normalization|lrn|l2norm|dropout|softmax|soft|empty|silence|avgpool|avg|local_avg|"
    "connected|conn|local|crop|crnn|conv_lstm|rnn|gru|lstm|history"
)


def _strides(layers: list[_Section], assume: Assume) -> list[float]:
    """Follow the layers; each one's stride relative to the network's input."""
    strides: list[float] = []
    before = 1.0
    for number, layer in enumerate(layers):
        if layer.kind == "route":
            sources = layer.integers("layers")
            first = sources[0] + (number if sources[0] < 0 else 0) if sources else -1
            if not 0 <= first < number:
                raise layer.error(f"route to layer {first}, which is not before layer {number}", "layers")
            before = strides[first]
        elif layer.kind in ("convolutional", "conv", "maxpool", "max", "reorg", "reorg3d", "local_avgpool"):
            step = layer.integer("stride", 1)
            if "stride_x" in layer.values or "stride_y" in layer.values:
                step, other = layer.integer("stride_x", step), layer.integer("stride_y", step)
                if step != other:
                    raise layer.error("stride_x and stride_y differ; levels take one stride", "stride_x")
            before *= _positive(layer, step)
        elif layer.kind in ("upsample", "deconvolutional", "deconv"):
            before /= _positive(layer, layer.integer("stride", 2 if layer.kind == "upsample" else 1))
        elif not _SAME_SIZE.fullmatch(layer.kind):
            refusal = layer.error(
                f"[{layer.kind}] is no layer of darknet: how it changes the size is not in the file",
                remedy="Name a network of darknet's own layers.",
            )
            assume.that(f"[{layer.kind}]", "keeps the size of its input", refusal)
        strides.append(before)
    return strides


def _positive(layer: _Section, step: int) -> int:
    if not 1 <= step <= 64:
        raise layer.error(f"stride={step}; it must be 1 to 64", "stride")
    return step


def _resize(net: _Section, base: Resize) -> tuple[Resize, tuple[str, ...]]:
    width, height = net.integer("width"), net.integer("height")
    side = max(width, height)
    try:
        resize = msgspec.structs.replace(base, kind="longest_side", width=0, height=0, side=side, cap=0)
    except ValueError as error:
        raise net.error(str(error), "width") from None
    if min(width, height) < 1:
        raise net.error(f"an input of {width}x{height}", "width" if width < 1 else "height")
    if width == height:
        return resize, ()
    shape = "wide" if width > height else "tall"
    note = (
        f"letterboxed to {width}x{height}; replayed with the longer side {side} on a square: "
        f"exact for images at least as {shape} for their size as the network's input"
    )
    return resize, (note,)


def _mask_notes(used: list[int], shapes: list[tuple[float, float]]) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if missing := sorted(set(range(len(shapes))) - set(used)):
        names = ", ".join(str(i) for i in missing)
        notes += (
            f"anchors {names} are in no mask: darknet leaves a box most like one of them without a "
            "positive anchor, the replay takes the most similar of the others",
        )
    if len(set(used)) < len(used):
        twice = ", ".join(str(i) for i in sorted({i for i in used if used.count(i) > 1}))
        notes += (f"anchors {twice} are in two masks: the replay takes the first level for them",)
    return notes
