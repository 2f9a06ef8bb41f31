"""YOLOv6 n and s: mosaic in shuffled order, none in the last 15 of 400 epochs."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Centred, LongSide

_LOADS = LongSide("floor")
_AFTER = (AboutCentre((0.5, 1.5), 0.1, aspect=20), Flip())
_MOSAIC = (_LOADS, Mosaic((*OWN, *OTHERS), drops="none"), *_AFTER)

RECIPES = (
    Recipe(
        name="yolov6",
        framework="meituan/YOLOv6 e86a483f n, s",
        phases=(
            Phase("mosaic", 385, (Presentation(_MOSAIC), Presentation(_MOSAIC, times=3))),
            Phase("closing", 15, (Presentation((_LOADS, Centred(whole=False), *_AFTER)),)),
        ),
        on_input=True,
        sources=(
            "yolov6/data/datasets.py: get_mosaic, load_image; data_augment.py: random_affine, box_candidates",
            "configs/yolov6s.py; tools/train.py: epochs, stop_aug_last_n_epoch",
        ),
    ),
)
