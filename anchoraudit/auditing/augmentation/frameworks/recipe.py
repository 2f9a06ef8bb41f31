"""What a recipe is, and the recipes that there are: one module of `recipes` each, found by itself.

A module of `recipes` has `RECIPES`, a tuple of Recipe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from anchoraudit.auditing.augmentation.frameworks import recipes
from anchoraudit.auditing.augmentation.frameworks.steps import Step
from anchoraudit.detectors import Detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Presentation:
    """One way in which an image comes up in an epoch.

    steps: what happens to it. times: how often, on average, an epoch has it; the number of times is a Poisson
    number. None: exactly once, as the image whose turn it is.
    """

    steps: tuple[Step, ...]
    times: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the training run.

    name: in one word. epochs: how many, of `Recipe.epochs`. short_sides: the values of the detector's shorter
    side, drawn alike after all steps; () leaves the detector its own.
    """

    name: str
    epochs: float
    presentations: tuple[Presentation, ...]
    short_sides: tuple[int, ...] = ()

    @property
    def alone(self) -> bool:
        """Tell whether an image always comes alone, without boxes of others."""
        return len(self.presentations) == 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """A framework's default training geometry.

    name: as detectors give it. framework: whose, with its version. phases: in their order. on_input: the
    steps end on the network's input; otherwise they end at a picture that the detector resizes itself.
    sources: where it was read. short_side: with `Phase.short_sides`, the detector's own shorter side, for
    which they hold. leaves_out: what the framework draws besides, and is not replayed.
    """

    name: str
    framework: str
    phases: tuple[Phase, ...]
    on_input: bool
    sources: tuple[str, ...]
    short_side: int = 0
    leaves_out: str = ""

    @property
    def epochs(self) -> float:
        """The length of the run of which `Phase.epochs` are parts."""
        return sum(phase.epochs for phase in self.phases)

    def share(self, phase: Phase) -> float:
        """Return a phase's share of the epochs."""
        return phase.epochs / self.epochs

    def __str__(self) -> str:
        """Return `framework (NAME)`, as reports show it."""
        return f"framework ({self.name})"


def one_phase(*steps: Step, name: str = "training", short_sides: tuple[int, ...] = ()) -> tuple[Phase, ...]:
    """Return the phases of a run that is the same from its first epoch to its last, images coming alone."""
    return (Phase(name, 1, (Presentation(steps),), short_sides),)


@cache
def all_recipes() -> dict[str, Recipe]:
    """Return the recipes by name."""
    found: dict[str, Recipe] = {}
    for name in module_names(recipes.__name__):
        for recipe in load_module(recipes.__name__, name).RECIPES:
            found[recipe.name] = recipe
    return dict(sorted(found.items()))


def recipe_of(detector: Detector) -> Recipe:
    """Return the recipe that a detector names.

    Raises AnchorauditError if it names none, or if its input is one for which the recipe does not hold.
    """
    known, name = all_recipes(), detector.augmentation
    if not name:
        raise AnchorauditError(
            f"no training augmentation is known for the detector {detector.name!r}",
            remedy="Say what your training draws, as --augment flip,scale=0.5..1.5,translate=0.1, or name a "
            f"recipe in a detector file: augmentation = NAME, one of {', '.join(known)}.",
        )
    if name not in known:
        hint = did_you_mean(name, known)
        raise AnchorauditError(
            f"the detector {detector.name!r} names an unknown augmentation {name!r}",
            remedy=f"{hint}There are: {', '.join(known)}.",
        )
    recipe, side = known[name], detector.resize.side
    if recipe.short_side and side != recipe.short_side:
        raise AnchorauditError(
            f"the recipe {name!r} draws sizes around a shorter side of {recipe.short_side} px, and "
            f"{detector.name!r} has {side or 'none'}",
            remedy="Leave the input size as it is, or say what your training draws, as --augment flip.",
        )
    return recipe


def input_side(detector: Detector) -> float:
    """Return the side of the square that a recipe's steps bring pictures to."""
    resize = detector.resize
    side = resize.side or max(resize.width, resize.height)
    return float(side) if side else math.nan
