"""The classes of MS COCO and Pascal VOC, which frameworks take where a configuration names none.

Sources: mmdetection 3.3.0 datasets/coco.py and voc.py (METAINFO); RT-DETR rtdetrv2_pytorch
src/data/dataset/coco_dataset.py (mscoco_category2name).
"""

from __future__ import annotations

COCO: tuple[str, ...] = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
_LEFT_OUT = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}  # ids of MS COCO that have no class
# The id of each name in MS COCO's own files: 1 to 90.
COCO_IDS: tuple[int, ...] = tuple(number for number in range(1, 91) if number not in _LEFT_OUT)
VOC: tuple[str, ...] = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
