"""A detector as data: how it resizes, which anchors it lays out, how it labels them, how it averages.

Five blocks, each independent of the others. A detector never holds code; `load_detector` reads one from
TOML. NumPy is imported where arrays are: a command line is checked before that, and files are read meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anchoraudit.detectors._block import Block
from anchoraudit.detectors.anchors import Anchors, Level
from anchoraudit.detectors.border import Border
from anchoraudit.detectors.loss import Loss
from anchoraudit.detectors.match import Match
from anchoraudit.detectors.resize import Resize
from anchoraudit.detectors.torchvision_model import made_of

if TYPE_CHECKING:
    from anchoraudit.geometry import Float

__all__ = ["Anchors", "Border", "Detector", "Level", "Loss", "Match", "Resize"]


class Detector(Block, frozen=True):
    """What the audit replays.

    sources: where each rule was read, framework file by file. notes: what the replay leaves out, such as
    random augmentation; reports repeat them.
    """

    name: str
    resize: Resize
    anchors: Anchors
    border: Border
    match: Match
    loss: Loss
    framework: str = ""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.match.takes_border and self.border.pixels is not None:
            raise ValueError(f'{self.match.name} is replayed without a border rule: margin must be "off"')
        if self.anchors.units == "fractions" and not self.resize.is_fixed_size:
            raise ValueError("shapes in fractions of the canvas take a resize of kind 'stretch'")

        centred = all(2 * level.offset == level.stride for level in self.anchors.levels)
        if self.match.cells == "box_centre" and not (centred and self.border.pixels is None):
            raise ValueError('cells "box_centre" takes offsets of half a stride and no border rule')

    @property
    def shapes(self) -> Float:
        """All anchor shapes in pixels of the canvas: float64 [K, 2]."""
        if self.anchors.units == "fractions":
            return self.anchors.shapes * (self.resize.width, self.resize.height)
        return self.anchors.shapes

    @property
    def box_precision(self) -> str:
        """Precision in which boxes reach the matcher: that of the anchors, but for YOLO's fractions."""
        return self.resize.precision if self.match.takes_fractions else self.anchors.precision

    @property
    def empty_when(self) -> str:
        """When an image with usable boxes ends without a positive anchor, as a sentence; "" for never."""
        return self.match.empty_when(self.border)

    @property
    def on_empty(self) -> str:
        """What a batch or an image without a positive anchor or a box does, as a sentence."""
        if self.match.no_boxes == "raises":
            return f"{self.loss.on_empty}; on an image without boxes the framework raises"
        return self.loss.on_empty

    @property
    def can_end_empty(self) -> bool:
        """Tell whether an image with usable boxes can end without a positive anchor."""
        return bool(self.empty_when)

    @staticmethod
    def from_torchvision(model: Any, *, strides: Sequence[float] | None = None) -> Detector:
        """Return the detector that a torchvision detection model in memory is (torch is not imported).

        strides: of its levels, in pixels, where they are not the usual ones. Raises AnchorauditError for a
        model that is no anchor-based detector of torchvision.
        """
        return made_of(model, Detector, strides=strides)

    def __str__(self) -> str:
        """Return the detector in one line."""
        levels = self.anchors.levels
        strides = "/".join(f"{level.stride:g}" for level in levels)
        return (
            f"{self.name}: input {self.resize}, {self.anchors.count} anchor shapes, stride {strides}, "
            f"{self.border}, {self.match}"
        )
