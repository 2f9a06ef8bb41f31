"""The RetinaNet example of keras.io: flips, and a shorter side from 640 to 1024 px."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip

RECIPES = (
    Recipe(
        name="keras-io",
        framework="keras-team/keras-io 040e8ba4, examples/vision/retinanet.py",
        # Drawn as a fraction there; a step of 8 px leaves 49 sizes to judge.
        phases=one_phase(Flip(), short_sides=tuple(range(640, 1025, 8))),
        on_input=False,
        short_side=800,
        sources=("random_flip_horizontal, resize_and_pad_image (jitter)",),
    ),
)
