"""Whether the framework itself replaces the anchors before it trains, as YOLOv5 and YOLOv7 may."""

from __future__ import annotations

from anchoraudit.detectors._block import Block


class AutoAnchor(Block, frozen=True):
    """When the framework fits the anchors to the training data anew, before the first step.

    Parameters
    ----------
    recall : float
        The best possible recall (the share of the training boxes that match an anchor by their sides) below
        which it does. 0: never. At most 1. Source: yolov5 and yolov7 utils/autoanchor.py: check_anchors.
    inclusive : bool
        True: also at exactly that recall.

    Raises
    ------
    ValueError
        If a value is out of range, or has no effect.

    Examples
    --------
    >>> AutoAnchor(recall=0.98, inclusive=True).replaces(0.98)
    True
    """

    recall: float = 0.0
    inclusive: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.recall <= 1:
            raise ValueError(f"recall is {self.recall:g}; it must be 0 to 1")
        if self.inclusive and not self.recall:
            raise ValueError("inclusive needs a recall")

    @property
    def is_used(self) -> bool:
        """Tell whether the framework ever replaces the anchors."""
        return self.recall > 0

    def replaces(self, recall: float) -> bool:
        """Tell whether anchors with this best possible recall are replaced."""
        return recall < self.recall or (self.inclusive and recall == self.recall)
