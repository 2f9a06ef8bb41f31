"""The strides of an ultralytics model file, by the sizes that an input of 256 x 256 px gets in its layers.

Sources: ultralytics 8.4.190 nn/tasks.py (parse_model; DetectionModel: strides are 256 divided by the sides of
the feature maps that the head gets), nn/modules/{conv,block}.py (kernel, stride and padding of each module).
The same in 8.3.253.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._table import Table
from anchoraudit.errors import AnchorauditError

_SIDE = 256
_MOST = 500  # rows of a file, and repeats of a row; the longest of ultralytics has 43

# Modules whose output has the size of their input, whatever their arguments are.
_SAME = frozenset(
    (
        "A2C2f", "AIFI", "Attention", "Bottleneck", "BottleneckCSP", "C1", "C2", "C2PSA", "C2f", "C2fAttn",
        "C2fCIB", "C2fPSA", "C3", "C3Ghost", "C3TR", "C3k2", "C3x", "CBAM", "CIB", "ChannelAttention",
        "ELAN1", "HGBlock", "LightConv", "PSA", "RepC3", "RepNCSPELAN4", "RepVGGDW", "SPP", "SPPELAN", "SPPF",
        "Silence", "SpatialAttention", "nn.BatchNorm2d", "nn.Dropout", "nn.Dropout2d", "nn.Identity",
        "nn.ReLU", "nn.SiLU",
    )
)  # fmt: skip
# Modules that convolve: where kernel, stride and padding stand in their arguments, and what they are if not.
_CONVOLVING = {
    "Conv": ((1, 1), (2, 1), 3),
    "Conv2": ((1, 3), (2, 1), 3),
    "DWConv": ((1, 1), (2, 1), None),
    "RepConv": ((1, 3), (2, 1), None),
    "GhostConv": ((1, 1), (2, 1), None),
    "SCDown": ((1, 1), (2, 1), None),
    "CBLinear": ((1, 1), (2, 1), 3),
    "nn.Conv2d": ((1, 1), (2, 1), 3),
}
_UPWARD = {"nn.ConvTranspose2d": (0, 1), "ConvTranspose": (2, 2), "DWConvTranspose2d": (1, 1)}


@dataclass(frozen=True, slots=True)
class Layer:
    """One row of a model file: `[from, repeats, module, args]`, with its line and its number."""

    sources: tuple[int, ...]
    repeats: int
    module: str
    args: list[Any]
    line: int
    number: int

    @property
    def is_single(self) -> bool:
        """Tell whether the row names one source, and not a list."""
        return len(self.sources) == 1


class Layers:
    """The rows of `backbone` and `head`, in order."""

    def __init__(self, table: Table, lines: dict[str, list[int]]) -> None:
        self.table = table
        self.rows: list[Layer] = []
        depth = _depth(table)
        for key in ("backbone", "head"):
            rows = table.find(key)
            if not isinstance(rows, list) or not rows:
                raise table.error(f"{key} is not a list of layers", key)
            for row, line in zip(rows, lines[key], strict=True):
                self.rows.append(self._row(row, line, depth))
        if len(self.rows) > _MOST:
            raise table.error(f"{len(self.rows)} layers are too many for a model file", "head")

    def error(self, message: str, line: int, remedy: str = "") -> AnchorauditError:
        """Return an error at a line of the file."""
        return AnchorauditError(
            message,
            path=self.table.path,
            place=f"line {line}",
            remedy=remedy or "Write it as a model file of ultralytics: [from, repeats, module, args].",
        )

    def _row(self, row: Any, line: int, depth: float) -> Layer:
        match row:
            case [int() | [*_] as source, int(count), str(module), list(args)]:
                sources = source if isinstance(source, list) else [source]
            case _:
                raise self.error(f"layer {len(self.rows)} is not [from, repeats, module, args]", line)
        if not sources or not all(isinstance(one, int) and not isinstance(one, bool) for one in sources):
            raise self.error(
                f"layer {len(self.rows)} takes its input from {sources!r}, not from layers", line
            )
        if not 0 <= count <= _MOST:
            raise self.error(f"layer {len(self.rows)} is repeated {count} times", line)
        repeats = max(round(count * depth), 1) if count > 1 else count
        return Layer(tuple(sources), repeats, module, args, line, len(self.rows))

    def strides(self, assume: Assume, times: int = 1) -> tuple[float, ...]:
        """Return the strides of the levels that the last row, the head, takes.

        times: how many branches the head has, each with all levels; those of the first are returned.
        Raises AnchorauditError, with the line, if a module is not one of ultralytics', or if sizes do not
        fit.
        """
        sides: list[float | None] = []
        for layer in self.rows[:-1]:
            sides.append(self._side(layer, self._before(layer, sides), assume))
        head = self.rows[-1]
        taken = self._before(head, sides)
        found = []
        if len(taken) % times:
            raise self.error(f"{head.module} takes {len(taken)} layers, for {times} branches", head.line)
        levels = len(taken) // times
        for source, side in zip(head.sources[:levels], taken[:levels], strict=True):
            if side is None:
                raise self.error(f"the head takes layer {source}, which is no feature map", head.line)
            found.append(_SIDE / side)
        if sorted(set(found)) != found:
            listed = ", ".join(f"{stride:g}" for stride in found)
            raise self.error(
                f"the head's levels have the strides {listed}, which do not grow from level to level",
                head.line,
                "Name the levels of the head from the finest to the coarsest.",
            )
        return tuple(found)

    def _before(self, layer: Layer, sides: list[float | None]) -> list[float | None]:
        if not sides:
            return [float(_SIDE)] * len(layer.sources)
        for source in layer.sources:
            if not -len(sides) <= source < len(sides):
                raise self.error(
                    f"layer {layer.number} takes its input from layer {source}, which is not before it",
                    layer.line,
                )
        return [sides[source] for source in layer.sources]

    def _side(self, layer: Layer, given: list[float | None], assume: Assume) -> float | None:
        """Return the side of a layer's output; None if it is no feature map."""
        if layer.module == "ImagePoolingAttn":
            return None
        if any(side is None for side in given):
            raise self.error(f"layer {layer.number} takes an input that is no feature map", layer.line)
        sides = [side for side in given if side is not None]
        if layer.module == "Concat":
            if len(set(sides)) > 1:
                raise self.error(
                    f"Concat of layer {layer.number} joins feature maps of strides "
                    f"{', '.join(f'{_SIDE / side:g}' for side in sides)}",
                    layer.line,
                    "Join layers of one stride.",
                )
            return sides[0]
        if layer.module == "CBFuse":  # others are resized to the last
            return sides[-1]
        if not layer.is_single:
            raise self.error(f"{layer.module} of layer {layer.number} takes one input", layer.line)
        side = sides[0]
        for _ in range(layer.repeats if layer.module in _CONVOLVING else 1):
            side = self._one(layer, side, assume)
            if side < 1:
                raise self.error(f"layer {layer.number} leaves nothing of an input of {_SIDE} px", layer.line)
        return side

    def _one(self, layer: Layer, side: float, assume: Assume) -> float:
        module = layer.module
        if module in _SAME:
            return side
        if module in _CONVOLVING:
            (at, kernel), (step_at, step), padding = _CONVOLVING[module]
            size = self._whole(layer, at, kernel)
            pad = (
                self._whole(layer, padding, 0 if module == "nn.Conv2d" else size // 2)
                if padding
                else size // 2
            )
            dilation = self._whole(layer, 5, 1) if module == "Conv" else 1
            if dilation > 1 and (padding is None or self._argument(layer, padding) is None):
                pad = (dilation * (size - 1) + 1) // 2
            return _convolved(side, dilation * (size - 1) + 1, self._whole(layer, step_at, step), pad)
        if module in _UPWARD:
            kernel, step = (
                self._whole(layer, at, default) for at, default in zip((1, 2), _UPWARD[module], strict=True)
            )
            return (side - 1) * step - 2 * self._whole(layer, 3, 0) + kernel
        if module in ("ADown", "AConv"):
            return _convolved(side - 1, 3, 2, 1)
        if module == "Focus":
            kernel = self._whole(layer, 1, 1)
            return _convolved(side // 2, kernel, self._whole(layer, 2, 1), kernel // 2)
        if module == "HGStem":
            return _convolved(_convolved(side, 3, 2, 1), 3, 2, 1)
        if module == "GhostBottleneck":
            return _convolved(side, 3, 2, 1) if self._whole(layer, 2, 1) == 2 else side
        if module == "ResNetLayer":
            return side / 4 if self._argument(layer, 3) is True else side / self._whole(layer, 2, 1)
        return self._other(layer, side, assume)

    def _other(self, layer: Layer, side: float, assume: Assume) -> float:
        """Return the side after a module that resizes, or after one that ultralytics does not have."""
        if layer.module == "nn.Upsample":
            scale = self._argument(layer, 1)
            if isinstance(scale, int | float) and scale > 0:
                return side * scale
            raise self.error("nn.Upsample without a scale_factor is not replayed", layer.line)
        if layer.module == "nn.MaxPool2d":
            kernel = self._whole(layer, 0, 2)
            return _convolved(side, kernel, self._whole(layer, 1, kernel), self._whole(layer, 2, 0))
        if layer.module == "nn.ZeroPad2d":
            padding = self._argument(layer, 0)
            left, right = padding[:2] if isinstance(padding, list) and len(padding) == 4 else (padding,) * 2
            if not isinstance(left, int) or not isinstance(right, int):
                raise self.error("nn.ZeroPad2d without whole numbers is not replayed", layer.line)
            return side + left + right
        if layer.module in ("TorchVision", "Index"):
            raise self.error(
                f"{layer.module} takes a model of another library, whose strides are not in the file",
                layer.line,
                "Name the preset with the strides of the head, or write a detector file.",
            )
        assume.that(
            f"{layer.module} (line {layer.line})",
            "keeps the size of its input",
            self.error(
                f"{layer.module} is not a module of ultralytics, so its stride is unknown", layer.line
            ),
        )
        return side

    def _argument(self, layer: Layer, at: int) -> Any:
        """Return an argument as ultralytics evaluates it: the text `None` is None, as is a missing one."""
        value = layer.args[at] if at < len(layer.args) else None
        words: dict[Any, Any] = {"None": None, "True": True, "False": False}
        return words.get(value, value) if isinstance(value, str) else value

    def _whole(self, layer: Layer, at: int, default: int) -> int:
        value = self._argument(layer, at)
        if value is None or isinstance(value, bool):
            return default
        if isinstance(value, int) and 0 <= value <= _SIDE:
            return value
        raise self.error(
            f"{layer.module} of layer {layer.number} has {value!r} where a number belongs", layer.line
        )


def _convolved(side: float, kernel: int, step: int, padding: int) -> float:
    return (side + 2 * padding - kernel) // max(step, 1) + 1


def _depth(table: Table) -> float:
    """Return how often rows are repeated: by the scale in the file's name, else the first of `scales`."""
    scales = table.table("scales")
    if not scales:
        return table.number("depth_multiple", 1.0)
    scale = re.search(r"yolo(?:e-)?v?\d+([nslmx])", re.sub(r".*[/\\]", "", table.path))
    key = scale[1] if scale and scale[1] in scales else next(iter(scales))
    return next(iter(table.numbers(f"scales.{key}", (1.0,))), 1.0)
