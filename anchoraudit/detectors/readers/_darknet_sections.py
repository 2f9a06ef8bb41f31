"""Read a darknet network `.cfg` as sections, whose keys know their lines, and compute the layers' strides.

Sources: darknet src/parser.c (read_cfg, parse_network_cfg: defaults of stride), src/option_list.c.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._darknet_fork import word_of_the_fork
from anchoraudit.errors import AnchorauditError

_MOST_LAYERS = 5000  # the largest networks in use have some hundreds


@dataclass(slots=True)
class Section:
    """One section of a network: its name in brackets, its line, and each key's value and line."""

    kind: str
    line: int
    path: Path
    values: dict[str, tuple[str, int]] = field(default_factory=dict)

    def error(self, message: str, key: str = "", remedy: str = "") -> AnchorauditError:
        line = self.values[key][1] if key in self.values else self.line
        return AnchorauditError(
            message, path=self.path, place=f"line {line}", remedy=remedy or "Fix the file there."
        )

    def numbers(self, key: str, default: str = "") -> list[float]:
        text = self.values.get(key, (default, 0))[0]
        try:
            return [float(part) for part in text.split(",") if part.strip()]
        except ValueError:
            raise self.error(f"{key}={text[:60]} is not a list of numbers", key) from None

    def integers(self, key: str, default: str = "") -> list[int]:
        numbers = self.numbers(key, default)
        if not all(number.is_integer() for number in numbers):
            raise self.error(f"{key} has a fraction; it takes whole numbers", key)
        return [int(number) for number in numbers]

    def integer(self, key: str, default: int | None = None) -> int:
        numbers = self.integers(key, "" if default is None else str(default))
        if len(numbers) != 1:
            raise self.error(f"[{self.kind}] takes one number as {key}, found {len(numbers)}", key)
        return numbers[0]

    def number(self, key: str, default: float) -> float:
        numbers = self.numbers(key, str(default))
        if len(numbers) != 1 or not math.isfinite(numbers[0]):
            raise self.error(f"[{self.kind}] takes one finite number as {key}", key)
        return numbers[0]

    def word_of_the_fork(self) -> str:
        return word_of_the_fork(self.kind, {key: value for key, (value, _) in self.values.items()})


def sections_of(path: Path, text: str) -> list[Section]:
    """Return the sections of a network, in order. Raises AnchorauditError with the line."""
    sections: list[Section] = []
    for line, row in enumerate(text.split("\n"), 1):
        entry = re.split(r"[#;]", row, maxsplit=1)[0].strip()
        if not entry:
            continue
        if entry.startswith("["):
            sections.append(Section(entry.strip("[] "), line, path))
            if len(sections) > _MOST_LAYERS:
                raise sections[-1].error(f"more than {_MOST_LAYERS} sections")
            continue
        key, equals, value = entry.partition("=")
        if not equals or not sections:
            raise AnchorauditError(
                f"{entry[:60]!r} is neither [section] nor key=value",
                path=path,
                place=f"line {line}",
                remedy="Fix the file there.",
            )
        sections[-1].values.setdefault(key.strip(), (value.strip(), line))  # darknet uses the first one
    return sections


# Layers of darknet (src/parser.c of both: string_to_layer_type) that keep the stride, before a [yolo].
_SAME_SIZE = re.compile(
    "yolo|Gaussian_yolo|region|detection|iseg|cost|contrastive|shortcut|scale_channels|sam|implicit|activation|"
    "logistic|batchnorm|normalization|lrn|l2norm|dropout|softmax|soft|empty|silence|avgpool|avg|local_avg|"
    "connected|conn|local|crop|crnn|conv_lstm|rnn|gru|lstm|history"
)


def strides_of(layers: list[Section], assume: Assume) -> list[float]:
    """Return the stride of each layer's output, in pixels of the network's input."""
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
            if not layer.integer("maxpool_depth", 0):  # that one pools channels, not pixels
                before *= _positive(layer, step)
        elif layer.kind in ("upsample", "deconvolutional", "deconv"):
            before /= _positive(layer, layer.integer("stride", 2 if layer.kind == "upsample" else 1))
        elif not _SAME_SIZE.fullmatch(layer.kind):
            refusal = layer.error(
                f"[{layer.kind}] is not a layer of darknet, so its stride is unknown",
                remedy="Give a network of darknet's own layers.",
            )
            assume.that(f"[{layer.kind}]", "keeps the size of its input", refusal)
        strides.append(before)
    return strides


def _positive(layer: Section, step: int) -> int:
    if not 1 <= step <= 64:
        raise layer.error(f"stride={step}; it must be 1 to 64", "stride")
    return step
