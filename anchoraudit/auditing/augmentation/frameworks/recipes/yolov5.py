"""YOLOv5, hyp.scratch-low.yaml: mosaic to the end, with the image in any of the four tiles."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import LongSide

_STEPS = (
    LongSide("ceil"),
    Mosaic((*OWN, *OTHERS), drops="none"),
    AboutCentre((0.5, 1.5), 0.1, aspect=100),
    Flip(),
)

RECIPES = (
    Recipe(
        name="yolov5",
        framework="ultralytics/yolov5 5081342f",
        phases=(Phase("mosaic", 1, (Presentation(_STEPS), Presentation(_STEPS, times=3))),),
        on_input=True,
        sources=(
            "utils/dataloaders.py: load_mosaic, __getitem__",
            "utils/augmentations.py: random_perspective, box_candidates",
            "data/hyps/hyp.scratch-low.yaml",
        ),
    ),
)
