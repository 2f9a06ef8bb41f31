"""YOLOv7, hyp.scratch.p5.yaml: mosaics of four and of nine to the end, every seventh laid over another."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import OTHERS, OWN, Mosaic, NineMosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import LongSide

_FOUR, _MIXUP = 0.8, 0.15
_LOADS = LongSide("floor")
_AFTER = (AboutCentre((1 - 0.9, 1.1 + 0.9), 0.2, aspect=20), Flip())
_OWN = (_LOADS, Either(_FOUR, (Mosaic(OWN, "none"),), (NineMosaic(OWN),)), *_AFTER)

RECIPES = (
    Recipe(
        name="yolov7",
        framework="WongKinYiu/yolov7 a207844b",
        phases=(
            Phase(
                "mosaic",
                1,
                (
                    Presentation(_OWN),
                    # A second whole mosaic is laid over one of seven, with an image of its own.
                    Presentation(_OWN, times=_MIXUP),
                    Presentation((_LOADS, Mosaic(OTHERS, "none"), *_AFTER), times=3 * _FOUR * (1 + _MIXUP)),
                    Presentation(
                        (_LOADS, NineMosaic((1, 2, 3, 4, 5, 6, 7, 8)), *_AFTER),
                        times=8 * (1 - _FOUR) * (1 + _MIXUP),
                    ),
                ),
            ),
        ),
        on_input=True,
        sources=(
            "utils/datasets.py: __getitem__, load_mosaic, load_mosaic9, random_perspective, box_candidates",
            "data/hyp.scratch.p5.yaml",
        ),
        leaves_out="paste_in; the sizes of neighbours in a mosaic of nine",
    ),
)
