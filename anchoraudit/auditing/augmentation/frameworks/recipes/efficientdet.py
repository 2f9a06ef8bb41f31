"""EfficientDet of google/automl: flips, and a crop of 0.1 to 2 times the size."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.random_crop import JitteredCrop

RECIPES = (
    Recipe(
        name="efficientdet",
        framework="google/automl 6a54c87",
        phases=one_phase(Flip(), JitteredCrop(0.1, 2.0)),
        on_input=True,
        sources=(
            "efficientdet/dataloader.py: DetectionInputProcessor",
            "efficientdet/hparams_config.py: input_rand_hflip, jitter_min, jitter_max",
        ),
    ),
)
