"""RF-DETR: for every other image a square crop; stretched to the input's square, flips."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.steps.random_crop import SquareRangeCrop
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import ShortSide, Square

_CROPPED = (ShortSide((400.0, 500.0, 600.0), cap=float("inf")), SquareRangeCrop(384, 600), Square())

RECIPES = (
    Recipe(
        name="rf-detr",
        framework="rfdetr 1.11.2",
        phases=one_phase(Either(0.5, (Square(),), _CROPPED), Flip()),
        on_input=True,
        sources=("rfdetr/datasets/coco.py: make_coco_transforms_square_div_64; datasets/transforms.py",),
        leaves_out="the size of each batch",
    ),
)
