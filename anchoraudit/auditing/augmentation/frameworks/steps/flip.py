"""Mirrored left to right."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class Flip:
    """Mirrored left to right with this probability."""

    probability: float = 0.5

    def __call__(self, views: Views) -> None:
        """Change the views."""
        views.mirror(views.stream().chance(self.probability))
