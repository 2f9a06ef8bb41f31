"""What training does to a picture and its boxes: one module for each family of steps.

A step is a frozen dataclass of numbers, which can be called with `Views` and changes them: boxes, whether
they are kept, the size of the picture. The order of its random numbers is its own; that of the steps is a
recipe's.
"""

from __future__ import annotations

from typing import Protocol

from anchoraudit.auditing.augmentation.frameworks.views import Views


class Step(Protocol):
    """A step of a recipe."""

    def __call__(self, views: Views, /) -> None:
        """Change the views."""
        ...
