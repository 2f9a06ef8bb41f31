"""Ultralytics: mosaic until the last 10 epochs, then scale and shift alone.

Until 8.4.51 an image without mosaic is letterboxed before it is scaled; from 8.4.52 it is not, so that its
own centre is what is moved.
"""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps import Step
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Centred, LongSide, Square

_AFFINE = (AboutCentre(scale=(0.5, 1.5), translate=0.1, aspect=100), Flip())


def _phases(loads: Step, *alone: Step) -> tuple[Phase, ...]:
    own = Presentation((loads, Mosaic(OWN), *_AFFINE))
    others = Presentation((loads, Mosaic(OTHERS), *_AFFINE), times=3)
    return (
        Phase("mosaic", 90, (own, others)),
        Phase("closing", 10, (Presentation((loads, *alone, *_AFFINE)),)),
    )


_SOURCES = (
    "data/augment.py: v8_transforms, Mosaic, RandomPerspective, box_candidates",
    "data/base.py: load_image; data/dataset.py: close_mosaic; cfg/default.yaml",
)
RECIPES = (
    Recipe(
        name="ultralytics",
        framework="ultralytics 8.4.52 and later",
        phases=_phases(LongSide("ceil")),
        on_input=True,
        sources=_SOURCES,
    ),
    Recipe(
        name="ultralytics-8.3",
        framework="ultralytics 8.1 to 8.4.51",
        phases=_phases(LongSide("ceil"), Centred()),
        on_input=True,
        sources=_SOURCES,
    ),
    Recipe(
        name="ultralytics-rtdetr",
        framework="ultralytics 8.4 RT-DETR",
        phases=_phases(Square()),
        on_input=True,
        sources=(*_SOURCES, "models/rtdetr/val.py: RTDETRDataset.load_image"),
    ),
)
