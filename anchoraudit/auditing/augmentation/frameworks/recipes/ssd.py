"""SSD's zoom-out and crops, as torchvision's references, mmdetection and ssd.pytorch have them."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.iou_crop import IouCrop
from anchoraudit.auditing.augmentation.frameworks.steps.keep import Sides
from anchoraudit.auditing.augmentation.frameworks.steps.zoom_out import ZoomOut

_TORCHVISION = (
    IouCrop((0, 0.1, 0.3, 0.5, 0.7, 0.9, 1), tries=40, judged="greatest", places="margin"),
    Flip(),
    Sides(1),
)
_SOURCES = (
    "references/detection/presets.py: DetectionPresetTrain",
    "torchvision/transforms/v2: RandomZoomOut, RandomIoUCrop, SanitizeBoundingBoxes",
)
RECIPES = (
    Recipe(
        name="torchvision-ssd",
        framework="torchvision 0.29.1, ssd preset",
        phases=one_phase(ZoomOut(4, whole_margin=True), *_TORCHVISION),
        on_input=False,
        sources=_SOURCES,
    ),
    Recipe(
        name="torchvision-ssdlite",
        framework="torchvision 0.29.1, ssdlite preset",
        phases=one_phase(*_TORCHVISION),
        on_input=False,
        sources=_SOURCES,
    ),
    Recipe(
        name="mmdet-ssd",
        framework="mmdetection 3.3.0 SSD",
        phases=one_phase(
            ZoomOut(4, whole_margin=False),
            IouCrop((1, 0.1, 0.3, 0.5, 0.7, 0.9, 0), tries=50, judged="least", places="past_one"),
            Flip(),
        ),
        on_input=False,
        sources=(
            "configs/ssd/ssd300_coco.py",
            "datasets/transforms/transforms.py: Expand, MinIoURandomCrop",
        ),
    ),
    Recipe(
        name="ssd-pytorch",
        framework="amdegroot/ssd.pytorch 5b0b77fa",
        # The condition about IoUs, min < least and most < max with most infinite, never rejects a crop.
        phases=one_phase(
            ZoomOut(4, whole_margin=False),
            IouCrop((1, 0, 0, 0, 0, 0), tries=50, judged="none", places="past_one"),
            Flip(),
        ),
        on_input=False,
        sources=("utils/augmentations.py: SSDAugmentation, Expand, RandomSampleCrop, RandomMirror",),
    ),
)
