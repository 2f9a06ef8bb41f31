"""What a framework's module returns, and how it writes numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from anchoraudit.anchors.export._fitting import Judge, sizes_and_ratios
from anchoraudit.anchors.foreground.levels import OnLevel
from anchoraudit.detectors import Detector, load_detector
from anchoraudit.detectors.spec import Level

# The first line of every snippet contains it. A file with this mark is our own output, and may be
# overwritten.
MARK = "Anchors by anchoraudit"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Text to paste. levels: the anchors that the framework makes from it, by level.

    remarks: what the user has to know. mean_iou: of the shapes it makes; None if they are exactly the wanted
    ones.
    """

    text: str
    levels: tuple[OnLevel, ...]
    remarks: tuple[str, ...] = ()
    mean_iou: float | None = None

    def with_losses(self, written: tuple[int, int], wanted: tuple[int, int]) -> Snippet:
        """Return the same with a remark on (empty images, unmatched boxes) as written and as wanted."""
        remark = (
            f"with the anchors as written, {written[0]:,} images have no matched box instead of "
            f"{wanted[0]:,}, and {written[1]:,} boxes are unmatched instead of {wanted[1]:,}"
        )
        return replace(self, remarks=(*self.remarks[:1], remark, *self.remarks[1:]))


def levels_of(detector: Detector) -> tuple[OnLevel, ...]:
    """Return the explicit shapes of a detector, finest level first."""
    levels = sorted(detector.anchors.levels, key=lambda level: level.stride)
    return tuple(OnLevel(level.stride, level.shapes) for level in levels)


def pairs(level: OnLevel) -> str:
    """Write width,height pairs in one row: `10,13, 16,30`."""
    return ", ".join(f"{number(w)},{number(h)}" for w, h in level.anchors)


def number(value: float) -> str:
    """Write a number with at most four decimals, without trailing zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def rows(values: Iterable[Iterable[float]]) -> list[str]:
    """Join the numbers of each row by commas."""
    return [", ".join(number(value) for value in row) for row in values]


def at_input(detector: Detector) -> str:
    """Say which unit the anchors have, for the header."""
    return f"in pixels at the network's input: {detector.resize}"


@dataclass(frozen=True, slots=True)
class SizesAndRatios:
    """Rows of numbers, one for each level, finest first: sizes, and ratios of height to width.

    strides: of the levels, in one row. made: the anchors that the framework makes from them, as written.
    """

    sizes: list[str]
    ratios: list[str]
    strides: str
    made: tuple[OnLevel, ...]


def as_sizes_and_ratios(detector: Detector, judge: Judge, preset: str) -> SizesAndRatios:
    """Return a detector's anchors for a framework that combines every size with every ratio, level by level.

    preset: a detector of the framework, whose arithmetic is used.
    """
    levels = levels_of(detector)
    each = sizes_and_ratios(levels, judge)
    sizes, ratios = rows(size for size, _ in each), rows(ratio for _, ratio in each)
    strides = [level.stride for level in levels]
    return SizesAndRatios(
        sizes, ratios, ", ".join(map(number, strides)), laid_out_by(preset, strides, sizes, ratios)
    )


def laid_out_by(
    preset: str, strides: Sequence[float], sizes: Sequence[str], ratios: Sequence[str]
) -> tuple[OnLevel, ...]:
    """Return the anchors that a framework makes from the written sizes and ratios of each level.

    preset: a detector of the framework, whose arithmetic is used.
    """
    anchors = load_detector(preset).anchors
    made = []
    for stride, size, ratio in zip(strides, sizes, ratios, strict=True):
        level = Level(stride=stride, sizes=_numbers(size), ratios=_numbers(ratio))
        made.append(OnLevel(stride, tuple((float(w), float(h)) for w, h in anchors.shapes_of(level))))
    return tuple(made)


def _numbers(row: str) -> tuple[float, ...]:
    return tuple(float(part) for part in row.split(","))
