"""RTMDet of mmdetection (l, m, x): cached mosaic and mixup until the last 20 epochs, then scale and crop.

CachedMixUp lays finished crops over each other: it shows a box only where a crop of the same epoch or of one
shortly before has it, so it adds no presentation of its own.
"""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.random_crop import SquareCrop
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import LongSide, Pad, ScaledSquare

_LOADS = LongSide("floor", boxes_by="scale")


def _recipe(name: str, low: float) -> Recipe:
    after = (ScaledSquare(low, 2.0, of=2), SquareCrop(), Flip(), Pad())
    return Recipe(
        name=name,
        framework="mmdetection 3.3.0 RTMDet",
        phases=(
            Phase(
                "mosaic",
                280,
                (
                    Presentation((_LOADS, Mosaic(OWN, "visible"), *after)),
                    Presentation((_LOADS, Mosaic(OTHERS, "visible"), *after), times=3),
                ),
            ),
            Phase("closing", 20, (Presentation((ScaledSquare(low, 2.0), SquareCrop(), Flip(), Pad())),)),
        ),
        on_input=True,
        sources=(
            "configs/rtmdet/rtmdet_l_8xb32-300e_coco.py",
            "datasets/transforms/transforms.py: CachedMosaic, RandomCrop, CachedMixUp",
        ),
        leaves_out="a crop without any box is replaced by another image",
    )


# rtmdet_s and rtmdet_tiny draw scales from 0.5.
RECIPES = (_recipe("mmdet-rtmdet", 0.1), _recipe("mmdet-rtmdet-s", 0.5))
