"""Frameworks that only mirror by default."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip

RECIPES = (
    Recipe(
        name="flip",
        framework="torchvision, mmdetection 1x and 2x, keras-retinanet, and others",
        phases=one_phase(Flip()),
        on_input=False,
        sources=(
            "pytorch/vision references/detection/presets.py: hflip, the default of --data-augmentation",
            "mmdetection configs/_base_/datasets/coco_detection.py: RandomFlip",
            "keras-retinanet bin/train.py: flip_x_chance=0.5 unless --random-transform",
        ),
    ),
)
