"""CenterNet of mmdetection: a square around a random place, of 0.6 to 1.3 times the input, and flips."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.centre_crop import CentreCropPad
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Square

RECIPES = (
    Recipe(
        name="mmdet-centernet",
        framework="mmdetection 3.3.0 CenterNet 512",
        phases=one_phase(CentreCropPad((0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)), Square(), Flip()),
        on_input=True,
        sources=(
            "configs/centernet/centernet_r18-dcnv2_8xb16-crop512-140e_coco.py",
            "datasets/transforms/transforms.py: RandomCenterCropPad",
        ),
    ),
)
