"""mmdetection's YOLOv3 ms-608: zoom-out, crops, and a size between 320 and 608."""

from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe, one_phase
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.iou_crop import IouCrop
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Pad, WithinTwoLimits
from anchoraudit.auditing.augmentation.frameworks.steps.zoom_out import ZoomOut

RECIPES = (
    Recipe(
        name="mmdet-yolov3",
        framework="mmdetection 3.3.0 YOLOv3, ms-608",
        phases=one_phase(
            ZoomOut(2, whole_margin=False),
            IouCrop((1, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0), tries=50, judged="least", places="past_one"),
            WithinTwoLimits(320, 608),
            Flip(),
            Pad(multiple=32),
        ),
        on_input=True,
        sources=(
            "configs/yolo/yolov3_d53_8xb8-ms-608-273e_coco.py",
            "datasets/transforms/transforms.py: Expand, MinIoURandomCrop; mmcv processing.py: RandomResize",
        ),
    ),
)
