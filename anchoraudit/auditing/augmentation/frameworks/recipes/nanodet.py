"""NanoDet: scaled, stretched and moved about its centre, then stretched to the input."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.affine import Stretched
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Square

RECIPES = (
    Recipe(
        name="nanodet",
        framework="RangiLyu/nanodet be9b4a90",
        phases=one_phase(Stretched(scale=(0.6, 1.4), stretch=(0.8, 1.2), translate=0.2), Flip(), Square()),
        on_input=True,
        sources=(
            "nanodet/data/transform/warp.py: ShapeTransform, warp_boxes",
            "config/nanodet-plus-m_416.yml",
        ),
    ),
)
