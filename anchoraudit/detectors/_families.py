"""Detectors by the names that people use for them, and what covers each today.

A name such as `yolov8n.pt`, `rtdetr-l` or `retinanet` is no preset, but it is no misspelt preset either.
Case, suffix and punctuation do not count: `RF-DETR`, `rf_detr` and `rfdetr.pth` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from anchoraudit.detectors._presets import preset, preset_names

_SHORTEST = 3  # letters of a name that is looked for within the names of presets
_SUFFIX = re.compile(r"\.(?:pth?|ya?ml|py|cfg|weights|onnx|ckpt|safetensors|engine|toml)$")


@dataclass(frozen=True, slots=True)
class Family:
    """Detectors that one answer fits.

    pattern: fits the whole of a name, in lower case, letters and digits only. called: what they are called.
    presets: occurs in the names of the presets that cover them, punctuation aside; "" if none does.
    loaders: the loaders that read data for them. file: the user's own file says more than the preset.
    """

    pattern: str
    called: str
    presets: str = ""
    loaders: tuple[str, ...] = ()
    file: str = ""

    @property
    def has_preset(self) -> bool:
        """Tell whether a preset or a file of the user's covers these detectors."""
        return bool(self.presets or self.file)

    def remedy(self) -> str:
        """Say what covers the detector today."""
        if self.presets:
            return _named(
                [name for name in preset_names() if re.search(self.presets, _plain(name))], self.file
            )
        if self.file:
            return f"No preset covers {self.called}: give {self.file}."
        start = f"{self.called} has no anchors, and is not replayed yet"
        if not self.loaders:
            return f"{start}: `--detector none` checks the data without a detector."
        if len(self.loaders) == 1:
            way = f"`--detector none --loader {self.loaders[0]}`"
            return f"{start}: {way} checks the data as its loader reads them."
        return (
            f"{start}: `--detector none` with the loader that you train with (`--loader "
            f"{'`, `--loader '.join(self.loaders)}`) checks the data as it reads them."
        )


# Before names of presets are looked through.
_FIRST = (
    Family(r"yolov?8.*", "Ultralytics YOLOv8", "^ultralyticsyolov8$|^ultralyticsyolo118"),
    Family(r"yolov?9.*", "YOLOv9", "^yolov9$|^ultralyticsyolo11"),
    Family(r"yolov?10.*", "YOLOv10", "^yolov10$|^ultralyticsyolo11"),
    Family(r"yolov?26.*p2.*", "Ultralytics YOLO26 with a P2 head", "^ultralyticsyolo26p2$"),
    Family(r"yolov?26.*p6.*", "Ultralytics YOLO26 with a P6 head", "^ultralyticsyolo26p6$"),
    Family(r"yolov?26.*", "Ultralytics YOLO26", "^ultralyticsyolo26$"),
    Family(r"yolov?(1\d|2\d).*", "Ultralytics YOLO (version 8 and later)", "^ultralyticsyolo11"),
    Family(r"yolov[35].*u|yoloworld.*|yoloe.*", "This YOLO of Ultralytics", "^ultralyticsyolo11"),
    Family(r"rtdetr.*", "RT-DETR", "^rtdetr$|^ultralyticsrtdetr$", file="its config"),
    Family(r"yolox.*", "YOLOX", "yolox", file="its exp file"),
    Family(r"fcos.*", "FCOS", "fcos", file="its config"),
    Family(r"rtmdet.*", "RTMDet", "rtmdet", file="its config"),
    Family(r"tood.*", "TOOD", "^mmdettood$", file="its config"),
    Family(r"(gfl|gfocal|generalizedfocal).*", "GFL", "^mmdetgfl$", file="its config"),
    Family(r"centernet.*", "CenterNet", "^mmdetcenternet", file="its config"),
    Family(
        r"(reppoints|cornernet|autoassign).*",
        "This detector",
        loaders=("mmdet-coco", "mmdet-voc"),
    ),
    Family(r"rfdetr.*", "RF-DETR", "^rfdetr$"),
    Family(r"dfine.*", "D-FINE", "^dfine$", file="its config"),
    Family(r"deim.*", "DEIM", file="its config"),
    Family(r"yolos.*", "YOLOS", file="its config.json of Hugging Face"),
    Family(r"detr(r(esnet)?\d+.*|dc5.*)?", "DETR", "^mmdetdetr$"),
    Family(r"dino\w*", "DINO", "^mmdetdino$"),
    Family(r".*detr.*", "this one", file="its config of MMDetection, or its config.json of Hugging Face"),
    Family(r"sparsercnn.*|diffusiondet.*", "The DETR family"),
    Family(r"ppyoloe.*", "PP-YOLOE", "^ppyoloe$"),
    Family(r"nanodet.*", "NanoDet", "^nanodetplus$"),
    Family(r"yolov6.*", "YOLOv6", "^yolov6$"),
    Family(r"(picodet|damoyolo|goldyolo|yolonas).*", "This detector"),
    Family(r"yolov?[12]", "YOLO before version 3", file="its .cfg of darknet"),
    Family(r"fasterrcnn|frcnn|rcnn", "Faster R-CNN", "fasterrcnn|rpn", file="its config"),
    # Their boxes come from the same RPN: a mask or a keypoint head changes no label of an anchor.
    Family(
        r"(mask|keypoint|panoptic)r?cnn.*",
        "Mask R-CNN",
        "maskrcnn|fasterrcnnresnet50fpn|detectron2rpn|mmdetfasterrcnnfpn",
        file="its config",
    ),
    # Version 2 of torchvision's models has other layers, and the same anchors and thresholds.
    Family(r"fasterrcnnresnet50fpnv2", "Faster R-CNN", "^torchvisionfasterrcnnresnet50fpn$"),
    Family(r"retinanetresnet50fpnv2", "RetinaNet", "^torchvisionretinanet"),
    Family(r"ssdlite320.*", "SSDlite", "^torchvisionssdlite320$"),
)
# After them: longer names of detectors that a preset covers.
_LAST = (
    Family(r"yolov5[nsmlx]6?(seg)?", "YOLOv5", "^yolov5", file="its model .yaml"),
    Family(r"yolov7(tiny|x|w6|e6e?|d6)(pose|seg)?", "YOLOv7", "^yolov7", file="its model .yaml"),
    Family(r"(scaled)?yolov4.*", "YOLOv4", "^yolov4", file="its .cfg"),
    Family(r"yolov3.*", "YOLOv3", "yolov3", file="its .cfg or config"),
    Family(r"fasterrcnn.*", "Faster R-CNN", "fasterrcnn|rpn", file="its config"),
    Family(r"cascade.*", "Cascade R-CNN", "cascade", file="its config"),
    Family(r"retinanet.*", "RetinaNet", "retinanet", file="its config"),
    Family(r"ssd\d*(vgg.*|mobilenet.*)?|ssdlite.*", "SSD", "ssd", file="its config"),
    Family(r"(tf)?efficientdet.*", "EfficientDet", "efficientdet"),
)


def covered_by(name: str) -> str:
    """Say what covers a detector of this name, as the remedy of an error; "" for a name that is not known.

    name: what the user gave: a name, or a file that need not exist.
    """
    plain = _plain(_SUFFIX.sub("", PurePath(name).name.lower()))
    if (family := _fitting(plain, _FIRST)) is not None:
        return family.remedy()
    containing = [preset for preset in preset_names() if plain in _plain(preset)]
    if len(plain) >= _SHORTEST and containing:
        return _named(containing)
    return "" if (family := _fitting(plain, _LAST)) is None else family.remedy()


def is_without_preset(name: str) -> bool:
    """Tell whether a name is that of a known detector that no preset covers."""
    family = _fitting(_plain(_SUFFIX.sub("", PurePath(name).name.lower())), _FIRST)
    return family is not None and not family.has_preset


def _fitting(plain: str, families: Sequence[Family]) -> Family | None:
    return next((family for family in families if re.fullmatch(family.pattern, plain)), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _named(presets: Sequence[str], file: str = "") -> str:
    own = f", or give {file}" if file else ""
    if len(presets) == 1:
        return f"The preset that covers it is {presets[0]}: name it{own}."
    frameworks = [preset(name).framework for name in presets]
    if len({framework.split()[0] for framework in frameworks}) == 1 < len(set(frameworks)):
        of_versions = (f"{name} ({of})" for name, of in zip(presets, frameworks, strict=True))
        return (
            f"Which preset covers it depends on the version that you train with: {', '.join(of_versions)}. "
            f"Name that one{own}."
        )
    return f"Several presets cover it: {', '.join(presets)}. Name the one that you train{own}."
