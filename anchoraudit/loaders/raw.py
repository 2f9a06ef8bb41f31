"""No loader: every image and box as the files have them.

The encoder of the problem's origin (YunYang1994/TensorFlow2.0-Examples, `4-Object_Detection/RPN/utils.py`,
`load_gt_boxes`) takes its boxes so: no offset, no clipping, and a flag to ignore boxes that nothing reads.
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
    """Leave all as it is."""
