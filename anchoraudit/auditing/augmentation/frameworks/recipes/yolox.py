"""YOLOX, Megvii's and mmdetection's: mosaic, rotation, mixup until the last 15 epochs, then flips alone."""

from dataclasses import replace

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCorner
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.keep import Sides
from anchoraudit.auditing.augmentation.frameworks.steps.mixup import MixedIn
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import BatchSize, LongSide, Pad

_SIZES = tuple(float(side) for side in range(480, 801, 32))
_LOADS = LongSide("floor", boxes_by="scale")
_END = (Sides(1, above=True), BatchSize(_SIZES))


def _phases(tile: Mosaic, turned: AboutCorner, mixed: MixedIn, closing: LongSide) -> tuple[Phase, ...]:
    return (
        Phase(
            "mosaic",
            285,
            (
                Presentation((_LOADS, tile, turned, Flip(), *_END)),
                Presentation((_LOADS, replace(tile, tiles=OTHERS), turned, Flip(), *_END), times=3),
                Presentation((mixed, Flip(), *_END), times=1),
            ),
        ),
        Phase("closing", 15, (Presentation((closing, Flip(), Pad(), *_END)),)),
    )


RECIPES = (
    Recipe(
        name="yolox",
        framework="Megvii YOLOX 6ddff482",
        phases=_phases(Mosaic(OWN, drops="none"), AboutCorner((0.1, 2.0)), MixedIn(0.5, 1.5), closing=_LOADS),
        on_input=True,
        sources=(
            "data/datasets/mosaicdetection.py; data/data_augment.py: random_affine, TrainTransform",
            "exp/yolox_base.py; core/trainer.py: no_aug_epochs",
        ),
        leaves_out="the first 120 boxes of a mosaic; boxes that come back if all are too small",
    ),
    Recipe(
        name="mmdet-yolox",
        framework="mmdetection 3.3.0 YOLOX",
        phases=_phases(
            Mosaic(OWN, drops="visible"),
            AboutCorner((0.1, 2.0), visible=True),
            MixedIn(0.8, 1.6, visible=True),
            closing=LongSide("half_up"),
        ),
        on_input=True,
        sources=(
            "configs/yolox/yolox_s_8xb8-300e_coco.py",
            "datasets/transforms/transforms.py: Mosaic, RandomAffine, MixUp; loading.py: FilterAnnotations",
        ),
    ),
)
