"""DETR, Deformable DETR, DAB-DETR and DINO of mmdetection: sizes, and for every other image a crop."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.steps.random_crop import RangeCrop
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import ShortSide

_SIZES = ShortSide(tuple(map(float, range(480, 801, 32))), cap=1333)


def _recipe(name: str, cap: float) -> Recipe:
    cropped = (ShortSide((400.0, 500.0, 600.0), cap=cap), RangeCrop(384, 600), _SIZES)
    return Recipe(
        name=name,
        framework="mmdetection 3.3.0",
        phases=one_phase(Flip(), Either(0.5, (_SIZES,), cropped)),
        on_input=True,
        sources=(
            "configs/detr/detr_r50_8xb2-150e_coco.py, dino/dino-4scale_r50_8xb2-12e_coco.py",
            "datasets/transforms/transforms.py: RandomCrop; mmcv processing.py: RandomChoiceResize",
        ),
        leaves_out="padding to the largest image of a batch",
    )


RECIPES = (_recipe("mmdet-detr", 1333), _recipe("mmdet-dino", 4200))
