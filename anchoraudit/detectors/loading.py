"""What the configuration of a detector asks of its framework's own loader: what it leaves out."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import LARGEST, Block


class Loading(Block, frozen=True):
    """Which images and boxes the framework's loader leaves out, where a configuration may choose.

    Each value that is not given is that of the loader itself: of its framework's base configuration.

    Parameters
    ----------
    blank : {"", "kept", "dropped"}
        What becomes of images without boxes. mmdetection: `filter_empty_gt` of the data set's `filter_cfg`.
        detectron2: `DATALOADER.FILTER_EMPTY_ANNOTATIONS`, `filter_empty` of a lazy config.
    least_image_side : float, optional
        Pixels. Images with a shorter side are left out. mmdetection: `filter_cfg.min_size`. 0: none are.
    least_box_side : float, optional
        Pixels. Boxes of Pascal VOC with a shorter side are regions to ignore. mmdetection:
        `filter_cfg.bbox_min_size`. 0: none are.

    Raises
    ------
    ValueError
        If a side is negative, too large, or no number.

    Examples
    --------
    >>> load_detector("mmdet-dino").loading.blank
    'kept'
    """

    blank: Literal["", "kept", "dropped"] = ""
    least_image_side: float | None = None
    least_box_side: float | None = None

    def __post_init__(self) -> None:
        for name in ("least_image_side", "least_box_side"):
            side = getattr(self, name)
            if side is not None and not 0 <= side <= LARGEST:
                raise ValueError(f"{name} is {side:g}; it must be 0 to {LARGEST}")

    def keeps_blank(self, usually: bool) -> bool:
        """Tell whether images without boxes stay; usually: whether they do if nothing is stated."""
        return self.blank == "kept" if self.blank else usually

    def image_side(self, usual: float) -> float:
        """Return the least side of an image in pixels; usual: that of the loader's base configuration."""
        return usual if self.least_image_side is None else self.least_image_side

    def box_side(self, usual: float) -> float:
        """Return the least side of a box in pixels; usual: that of the loader's base configuration."""
        return usual if self.least_box_side is None else self.least_box_side
