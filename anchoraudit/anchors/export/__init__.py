"""Anchors as frameworks write them: one module for each framework, found by itself.

A module is named as `--for` spells the framework, and defines three names. Adding a module adds the
framework.

PRESET: the detector used if the user names none: its input size, its levels.
EQUAL: whether the framework's heads take the same number of anchors on every level.
write(detector, judge) -> Snippet: the anchors of a detector (explicit shapes by level) as text to paste.
    judge: returns what to minimise, given anchors by level, where they cannot be written exactly.

Modules whose names start with an underscore are helpers. For a framework that only takes sizes x ratios,
those that suit the boxes best are written, and the snippet says which shapes they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.anchors.export._snippet import MARK, Snippet
from anchoraudit.anchors.foreground.levels import lay_out
from anchoraudit.detectors import Detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.anchors.export._fitting import Judge
    from anchoraudit.anchors.file import Anchor
    from anchoraudit.arrays import Float

__all__ = ["MARK", "Snippet", "default_detector", "export", "framework_names", "require_divisible"]

_MOST_SIZES = 3_000  # with so many, an evaluation takes less than a millisecond


class Framework(Protocol):
    """What a framework's module defines."""

    PRESET: str
    EQUAL: bool

    def write(self, detector: Detector, judge: Judge) -> Snippet:
        """Write the anchors of a detector."""
        ...


def framework_names() -> list[str]:
    """Return the names of the frameworks that anchors can be written for."""
    return module_names(__name__)


def default_detector(framework: str) -> str:
    """Return the preset that is used if the user names no detector."""
    return _module(framework).PRESET


def require_divisible(framework: str, k: int, detector: Detector) -> None:
    """Raise AnchorauditError if the framework needs as many anchors on each level, and k does not divide."""
    levels = len(detector.anchors.levels)
    if not _module(framework).EQUAL or k % levels == 0:
        return
    below, above = k // levels * levels, -(-k // levels) * levels
    choice = f"--k {below} or --k {above}" if below else f"--k {above}"
    raise AnchorauditError(
        f"{k} anchors do not divide among the {levels} levels of {detector.name}: {framework} needs the same "
        "number on every level",
        remedy=f"Ask for {choice}, or name a detector with other levels by --detector.",
    )


def export(
    framework: str,
    anchors: Sequence[Anchor],
    detector: Detector,
    sizes: Float,
    judge: Judge | None = None,
    *,
    weight: Float | None = None,
) -> Snippet:
    """Write anchors for a framework, dealt out to the detector's levels.

    sizes: [N, 2], the boxes, to say what is lost where the shapes cannot be written exactly. judge: what to
    minimise then, a function of anchors by level; by default 1 - mean IoU. weight: [N], how many boxes have
    each size; None for one.
    Raises AnchorauditError if the levels cannot take that many anchors.
    """
    import numpy as np

    from anchoraudit.anchors.fit import measure_fit

    require_divisible(framework, len(anchors), detector)
    snippet = _module(framework).write(lay_out(detector, anchors), judge or _misfit(sizes, weight))
    made = [shape for level in snippet.levels for shape in level.anchors]
    if len(made) == len(anchors) and np.allclose(sorted(made), sorted(anchors), atol=1e-6):
        return snippet
    wanted, got = (measure_fit(sizes, np.array(each), weight).mean_iou for each in (anchors, made))
    lost = (
        f"{framework} takes only sizes x ratios; this is the nearest that it can write: mean IoU "
        f"{got:.4f} instead of {wanted:.4f} ({got - wanted:+.4f})"
    )
    return replace(snippet, remarks=(lost, *snippet.remarks), mean_iou=got)


def _misfit(sizes: Float, weight: Float | None) -> Judge:
    """Return a judge: 1 - mean IoU of the boxes with their best anchor, on a summary of the sizes."""
    import numpy as np

    from anchoraudit.anchors.clustering.points import make_points, summarise
    from anchoraudit.boxes import MEASURES

    every = np.ones(len(sizes)) if weight is None else weight
    points = make_points(*summarise(sizes, every, _MOST_SIZES), MEASURES["iou"])
    return lambda levels: 1.0 - points.value(np.array([a for level in levels for a in level.anchors]))


def _module(framework: str) -> Framework:
    return cast(Framework, load_module(__name__, framework))
