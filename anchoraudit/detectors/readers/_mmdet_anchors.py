"""Read mmdetection's anchor generators: AnchorGenerator, SSDAnchorGenerator, YOLOAnchorGenerator.

Sources: mmdetection models/task_modules/prior_generators/anchor_generator.py (2.x: core/anchor/).
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.spec import Anchors, Level

GENERATORS = ("AnchorGenerator", "SSDAnchorGenerator", "YOLOAnchorGenerator")
_OTHERS = ("LegacyAnchorGenerator", "LegacySSDAnchorGenerator")  # mmdetection's own, with other rules


def anchors_of(generator: Table, base: Anchors, assume: Assume) -> Anchors:
    """Return the anchors of an `anchor_generator=dict(...)`."""
    kind = class_name(generator, "")
    if kind not in GENERATORS:
        refusal = generator.error(
            f"anchor_generator of type {kind!r} is not replayed",
            "type",
            f"Replayed: {', '.join(GENERATORS)}.",
        )
        if kind in _OTHERS:
            raise refusal
        assume.anchors(f"the anchor generator {kind}", "mmdetection's AnchorGenerator", refusal)
    strides = _strides(generator)
    if kind == "YOLOAnchorGenerator":
        return _yolo(generator, strides, base)
    if kind == "SSDAnchorGenerator":
        return _ssd(generator, strides, base)
    return _plain(generator, strides, base)


def _strides(generator: Table) -> tuple[float, ...]:
    value = generator.find("strides")
    if isinstance(value, list) and value and isinstance(value[0], list):
        rows = generator.rows("strides", ())
        if any(len(set(row)) != 1 for row in rows):
            raise generator.error("strides that differ between x and y are not replayed", "strides")
        return tuple(row[0] for row in rows)
    strides = generator.numbers("strides", ())
    if not strides or not min(strides) > 0:
        raise generator.error("anchor_generator needs strides above 0", "strides")
    return strides


def _plain(generator: Table, strides: tuple[float, ...], base: Anchors) -> Anchors:
    if generator.find("centers") is not None:
        raise generator.error("anchor_generator with centers is not replayed", "centers")
    sizes = generator.numbers("base_sizes", strides)
    _same_length(generator, "base_sizes", sizes, strides)
    octave = generator.number("octave_base_scale", 0.0)
    count = generator.read("scales_per_octave", int, 0)
    scales = generator.numbers("scales", ())
    if octave and 0 < count <= 100 and not scales:
        scales = tuple(octave * 2.0 ** (i / count) for i in range(count))
    elif not scales or octave or count:
        raise generator.error(
            "anchor_generator takes scales, or octave_base_scale with scales_per_octave",
            "scales" if scales else "octave_base_scale",
        )
    ratios = generator.numbers("ratios", ())
    offset = generator.number("center_offset", 0.0)
    order = "ratios" if generator.flag("scale_major", True) else "sizes"
    with generator.blame("scales"):
        levels = tuple(
            Level(stride=stride, offset=offset * size, sizes=(size,), ratios=ratios, scales=scales)
            for stride, size in zip(strides, sizes, strict=True)
        )
        return msgspec.structs.replace(base, levels=levels, order=order)


def _yolo(generator: Table, strides: tuple[float, ...], base: Anchors) -> Anchors:
    rows = generator.read("base_sizes", tuple[tuple[tuple[float, float], ...], ...], ())
    _same_length(generator, "base_sizes", rows, strides)
    with generator.blame("base_sizes"):
        levels = tuple(
            Level(stride=stride, offset=stride / 2, shapes=row)
            for stride, row in zip(strides, rows, strict=True)
        )
        return msgspec.structs.replace(base, levels=levels)


def _ssd(generator: Table, strides: tuple[float, ...], base: Anchors) -> Anchors:
    """Read SSD's levels.

    Each has a square of the smaller size, one of sqrt(smaller x larger), and shapes of ratio 1/r and r with
    the smaller size.
    """
    if generator.flag("scale_major", True):
        raise generator.error("an SSDAnchorGenerator is replayed with scale_major=False", "scale_major")
    smaller, larger = _ssd_sizes(generator, len(strides))
    ratios = generator.rows("ratios", ())
    _same_length(generator, "ratios", ratios, strides)
    levels = []
    for stride, low, high, row in zip(strides, smaller, larger, ratios, strict=True):
        with generator.blame("ratios"):
            if not all(1e-3 <= r <= 1e3 for r in row) or not 0 < low <= high <= 1e5:
                raise ValueError("ratios must be 0.001 to 1000, sizes above 0 and growing")
            levels.append(Level(stride=stride, offset=stride / 2, shapes=_ssd_shapes(low, high, row)))
    return msgspec.structs.replace(base, levels=tuple(levels))


def _ssd_shapes(low: float, high: float, ratios: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Compute the shapes in float32, step by step as the generator does: the last bit depends on it."""
    import numpy as np

    one = np.float32(1)
    made = []
    pairs = [(1.0, 1.0), (1.0, math.sqrt(high / low))]
    pairs += [(each, 1.0) for ratio in ratios for each in (1 / ratio, ratio)]
    for ratio, scale in pairs:
        root = np.sqrt(np.float32(ratio))
        w, h = np.float32(low) * (one / root), np.float32(low) * root
        made.append((float(w * np.float32(scale)), float(h * np.float32(scale))))
    return tuple(made)


# First level's smaller and larger size in percent of the input, by input size and lowest ratio in percent.
# Source: SSDAnchorGenerator.__init__.
_FIRST = {(300, 15): (7, 15), (300, 20): (10, 20), (512, 10): (4, 10), (512, 15): (7, 15)}


def _ssd_sizes(generator: Table, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    given = generator.numbers("min_sizes", ()), generator.numbers("max_sizes", ())
    if any(given):
        _same_length(generator, "min_sizes", given[0], range(count))
        _same_length(generator, "max_sizes", given[1], range(count))
        return given
    side = generator.read("input_size", int, 300)
    low, high = generator.read("basesize_ratio_range", tuple[float, float], (0.15, 0.9))
    first = _FIRST.get((side, int(low * 100)))
    if first is None or count < 3 or not high > low:
        raise generator.error(
            f"no known sizes for input_size {side} with basesize_ratio_range ({low:g}, {high:g})",
            "basesize_ratio_range",
            "Give min_sizes and max_sizes.",
        )
    start, end = int(low * 100), int(high * 100)
    step = max((end - start) // (count - 2), 1)
    ratios = range(start, end + 1, step)
    smaller = [int(side * first[0] / 100), *(int(side * ratio / 100) for ratio in ratios)]
    larger = [int(side * first[1] / 100), *(int(side * (ratio + step) / 100) for ratio in ratios)]
    if len(smaller) != count:
        raise generator.error(
            f"basesize_ratio_range gives {len(smaller)} levels for {count} strides", "strides"
        )
    return tuple(map(float, smaller)), tuple(map(float, larger))


def _same_length(generator: Table, key: str, values: Any, strides: Any) -> None:
    if len(values) != len(strides):
        raise generator.error(f"{key} has {len(values)} entries for {len(strides)} strides", key)
