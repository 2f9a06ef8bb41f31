"""No loader: every image and box as in the files.

Boxes then reach the encoder by the plain policy of `anchoraudit.dataset.labels`: without crowds, clipped to
their image, without boxes of no area. Golden answers are made in this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "none"
READS = "drops and changes nothing"
RULES: tuple[Rule, ...] = ()


def load(sieve: Sieve) -> None:
    """Change nothing."""
