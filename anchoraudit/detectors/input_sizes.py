"""Other input sizes that a detector could be trained at."""

from __future__ import annotations

from collections.abc import Iterable

from anchoraudit.detectors.spec import Detector

# Sides to try where images keep their size, in pixels of the longer side.
_USUAL = (640, 960, 1280, 1600)


def other_sizes(detector: Detector, factors: Iterable[float]) -> list[str]:
    """Return input sizes as `--input-size` takes them: the present one times each factor.

    They are multiples of the coarsest stride, each once, in the order of the factors. Where images keep their
    size, a few usual sizes are returned.
    """
    resize, step = detector.resize, max(detector.strides, default=32)
    step = max(1, round(step))
    if resize.keeps_size:
        sides = [resize.with_size(side) for side in _USUAL]
        values = [side.scaled_text(1.0, step) for side in sides]
    else:
        values = [resize.scaled_text(factor, step) for factor in factors]
    return list(dict.fromkeys(values))
