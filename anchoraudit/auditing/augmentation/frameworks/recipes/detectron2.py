"""detectron2: a shorter side of 640, 672, ... 800 px, and flips."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip

RECIPES = (
    Recipe(
        name="detectron2",
        framework="detectron2 02b5c4e2",
        phases=one_phase(Flip(), short_sides=(640, 672, 704, 736, 768, 800)),
        on_input=False,
        short_side=800,
        sources=(
            "configs/Base-RCNN-C4.yaml, Base-RCNN-FPN.yaml, Base-RetinaNet.yaml: INPUT.MIN_SIZE_TRAIN",
            "data/detection_utils.py: build_augmentation",
        ),
    ),
)
