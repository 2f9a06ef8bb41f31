"""No loader: every image and box as in the files.

The reference (YunYang1994/TensorFlow2.0-Examples, `4-Object_Detection/RPN/utils.py`, `load_gt_boxes`) reads
its boxes in this way: no offset, no clipping, and a flag for boxes to ignore that it never uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "raw"
READS = "nothing is dropped and nothing is changed"
FEEDS = ("reference",)
FORMATS: tuple[str, ...] = ()
RULES: tuple[Rule, ...] = ()


def load(sieve: Sieve) -> None:
    """Change nothing."""
