"""Anchors as the frameworks want them: one module each, found by itself.

A module is named as `--for` spells its framework, and has three names; adding one adds the framework:

PRESET: the detector that is meant where the user names none: its input size, its levels.
EQUAL: whether its heads take the same number of anchors on every level.
write(detector, judge) -> Snippet: the anchors of a detector, explicit shapes by level, as text to paste.
    judge: says of anchors level by level what is to be as small as can be where they cannot be written so.

Modules whose name starts with an underscore are helpers. Where a framework only takes sizes x ratios, those
that serve the boxes best are written, and the snippet says which shapes they make.
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
    from anchoraudit.boxes import Float

__all__ = ["MARK", "Snippet", "default_detector", "export", "framework_names", "require_divisible"]

_MOST_SIZES = 3_000  # an evaluation then takes less than a millisecond


class Framework(Protocol):
    """What a framework's module offers."""

    PRESET: str
    EQUAL: bool

    def write(self, detector: Detector, judge: Judge) -> Snippet:
        """Write the anchors of a detector."""
        ...


def framework_names() -> list[str]:
    """Frameworks that anchors can be written for, by name."""
    return module_names(__name__)


def default_detector(framework: str) -> str:
    """The preset that is meant where no detector is named."""
    return _module(framework).PRESET


def require_divisible(framework: str, k: int, detector: Detector) -> None:
    """Raise AnchorauditError if the framework takes equally many anchors a level, and k gives none such."""
    levels = len(detector.anchors.levels)
    if not _module(framework).EQUAL or k % levels == 0:
        return
    below, above = k // levels * levels, -(-k // levels) * levels
    choice = f"--k {below} or --k {above}" if below else f"--k {above}"
    raise AnchorauditError(
        f"{k} anchors on the {levels} levels of {detector.name}: the heads of {framework} take the same "
        "number on every level",
        remedy=f"Ask for {choice}, or name a detector of other levels with --detector.",
    )


def export(
    framework: str, anchors: Sequence[Anchor], detector: Detector, sizes: Float, judge: Judge | None = None
) -> Snippet:
    """Write anchors for a framework, dealt out to the detector's levels.

    sizes: [N, 2] of the boxes, by which it is said what is lost where the shapes cannot be written exactly.
    judge: what is then to be as small as can be, of anchors level by level; by default 1 - mean IoU.
    Raises AnchorauditError if the levels cannot take that many anchors.
    """
    import numpy as np

    from anchoraudit.anchors.fit import measure_fit

    require_divisible(framework, len(anchors), detector)
    snippet = _module(framework).write(lay_out(detector, anchors), judge or _misfit(sizes))
    made = [shape for level in snippet.levels for shape in level.anchors]
    if len(made) == len(anchors) and np.allclose(sorted(made), sorted(anchors), atol=1e-6):
        return snippet
    wanted, got = measure_fit(sizes, np.array(anchors)).mean_iou, measure_fit(sizes, np.array(made)).mean_iou
    lost = (
        f"{framework} takes sizes x ratios: those that serve the boxes best are written: mean IoU "
        f"{got:.4f} instead of {wanted:.4f} ({got - wanted:+.4f})"
    )
    return replace(snippet, remarks=(lost, *snippet.remarks), mean_iou=got)


def _misfit(sizes: Float) -> Judge:
    """1 - mean IoU of the boxes with their best anchor, on a summary of the sizes."""
    import numpy as np

    from anchoraudit.anchors.clustering.points import make_points, summarise
    from anchoraudit.boxes import MEASURES

    points = make_points(*summarise(sizes, np.ones(len(sizes)), _MOST_SIZES), MEASURES["iou"])
    return lambda levels: 1.0 - points.value(np.array([a for level in levels for a in level.anchors]))


def _module(framework: str) -> Framework:
    return cast(Framework, load_module(__name__, framework))
