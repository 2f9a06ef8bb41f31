"""YOLOv9 as its README trains it: hyp.scratch-high.yaml, and no mosaic in the last 15 of 500 epochs."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Centred, LongSide

_MIXUP = 0.15
_LOADS = LongSide("floor")
_AFTER = (AboutCentre((0.1, 1.9), 0.1, aspect=100), Flip())
_MOSAIC = (_LOADS, Mosaic((*OWN, *OTHERS), drops="none"), *_AFTER)

RECIPES = (
    Recipe(
        name="yolov9",
        framework="WongKinYiu/yolov9 5b1ea9a8, as its README trains it",
        phases=(
            # A second whole mosaic, of four images again, is laid over one of seven.
            Phase("mosaic", 485, (Presentation(_MOSAIC), Presentation(_MOSAIC, times=3 + 4 * _MIXUP))),
            Phase("closing", 15, (Presentation((_LOADS, Centred(whole=False), *_AFTER)),)),
        ),
        on_input=True,
        sources=(
            "utils/dataloaders.py: load_mosaic, load_image, __getitem__",
            "utils/augmentations.py: random_perspective, box_candidates",
            "data/hyps/hyp.scratch-high.yaml; README.md",
        ),
        leaves_out="copy_paste of polygons",
    ),
)
