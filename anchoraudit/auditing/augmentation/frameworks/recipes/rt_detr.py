"""RT-DETR and D-FINE: zoom-out and crops until the last epochs, stretched to a square in float32."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe
from anchoraudit.auditing.augmentation.frameworks.steps import Step
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.steps.iou_crop import IouCrop
from anchoraudit.auditing.augmentation.frameworks.steps.keep import Sides, StretchedInFloat32
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import BatchSize
from anchoraudit.auditing.augmentation.frameworks.steps.zoom_out import ZoomOut

_CROP = IouCrop((0, 0.1, 0.3, 0.5, 0.7, 0.9, 1), tries=40, judged="greatest", places="margin")
_DRAWN = (ZoomOut(4, whole_margin=True), Either(0.8, (_CROP,)), Sides(1))
_END = (Flip(), StretchedInFloat32())


def _sizes(same: int) -> BatchSize:
    """Return 480, 512, ... 800, the middle one `same` times."""
    return BatchSize((*map(float, range(480, 801, 32)), *[640.0] * (same - 1)))


def _recipe(name: str, framework: str, epochs: tuple[int, int], *sizes: tuple[Step, ...]) -> Recipe:
    first, last = sizes
    return Recipe(
        name=name,
        framework=framework,
        phases=(
            Phase("cropped", epochs[0], (Presentation((*_DRAWN, *_END, *first)),)),
            Phase("closing", epochs[1], (Presentation((*_END, *last)),)),
        ),
        on_input=True,
        sources=(
            "the frameworks' configs: dataloader, RandomZoomOut, RandomIoUCrop (p 0.8)",
            "torchvision/transforms/v2: RandomZoomOut, RandomIoUCrop, Resize, SanitizeBoundingBoxes",
        ),
    )


RECIPES = (
    _recipe("rt-detr", "lyuwenyu/RT-DETR 068dfde6 v2", (71, 1), (_sizes(3),), ()),
    _recipe("d-fine", "Peterande/D-FINE 4a1f73a8 l, x", (72, 8), (_sizes(3),), ()),
)
