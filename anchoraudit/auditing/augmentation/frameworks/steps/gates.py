"""Steps that happen to some views only."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.arrays import Bool
from anchoraudit.auditing.augmentation.frameworks.steps import Step
from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class Either:
    """With this probability the first steps, else the others."""

    probability: float
    steps: tuple[Step, ...]
    others: tuple[Step, ...] = ()

    def __call__(self, views: Views) -> None:
        """Change the views."""
        first = views.stream().chance(self.probability)
        _apply(views, first, self.steps)
        _apply(views, ~first, self.others)


def _apply(views: Views, rows: Bool, steps: tuple[Step, ...]) -> None:
    if not steps:
        return
    some = views.take(rows)
    for step in steps:
        step(some)
    views.put(rows, some)
