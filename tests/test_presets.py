"""The presets: each loads, cites its framework, and has that framework's shapes."""

import pytest

from anchoraudit.detectors import load_detector, preset_names

NAMES = preset_names()

# Whether an image with a usable box can end without a positive anchor: read framework by framework.
CAN_END_EMPTY = {
    "bubbliiiing-retinanet": True,
    "detectron2-retinanet": False,
    "detectron2-rpn_c4": False,
    "detectron2-rpn_c4-border0": True,
    "detectron2-rpn_fpn": False,
    "efficientdet-d0": False,
    "efficientdet-d1": False,
    "efficientdet-d2": False,
    "efficientdet-d3": False,
    "efficientdet-d4": False,
    "efficientdet-d5": False,
    "efficientdet-d6": False,
    "efficientdet-d7": False,
    "keras-io-retinanet": True,
    "keras-retinanet": True,
    "mask-rcnn-matterport": False,
    "mmdet-atss": True,
    "mmdet-cascade_rcnn": True,
    "mmdet-faster_rcnn_fpn": True,
    "mmdet-faster_rcnn_fpn-border0": True,
    "mmdet-retinanet_fpn": False,
    "mmdet-ssd300": False,
    "mmdet-yolov3": False,
    "py-faster-rcnn": False,
    "reference": True,
    "simple-faster-rcnn": False,
    "ssd-pytorch": False,
    "tf-od-faster_rcnn_resnet50": False,
    "tf-od-ssd_mobilenet_v2": False,
    "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn": False,
    "torchvision-fasterrcnn_mobilenet_v3_large_fpn": False,
    "torchvision-fasterrcnn_resnet50_fpn": False,
    "torchvision-retinanet_resnet50_fpn": False,
    "torchvision-ssd300_vgg16": False,
    "torchvision-ssdlite320": False,
    "yolov3-darknet": False,
    "yolov5": True,
    "yolov7": True,
}

# What a batch or an image without a positive anchor does to the box loss, where it is not simply 0.
OUTCOMES = {
    "keras-io-retinanet": "skipped",
    "mmdet-ssd300": "skipped",
    "reference": "nan",
    "ssd-pytorch": "nan",
    "torchvision-ssd300_vgg16": "skipped",
    "torchvision-ssdlite320": "skipped",
}

FPN = [3] * 5
RETINANET = [9] * 5
SSD = [4, 6, 6, 6, 4, 4]
YOLO = [3] * 3
COUNTS = {
    "bubbliiiing-retinanet": RETINANET,
    "detectron2-retinanet": RETINANET,
    "detectron2-rpn_c4": [15],
    "detectron2-rpn_c4-border0": [15],
    "detectron2-rpn_fpn": FPN,
    **{f"efficientdet-d{d}": RETINANET for d in range(8)},
    "keras-io-retinanet": RETINANET,
    "keras-retinanet": RETINANET,
    "mask-rcnn-matterport": FPN,
    "mmdet-atss": [1] * 5,
    "mmdet-cascade_rcnn": FPN,
    "mmdet-faster_rcnn_fpn": FPN,
    "mmdet-faster_rcnn_fpn-border0": FPN,
    "mmdet-retinanet_fpn": RETINANET,
    "mmdet-ssd300": SSD,
    "mmdet-yolov3": YOLO,
    "py-faster-rcnn": [9],
    "reference": [9],
    "simple-faster-rcnn": [9],
    "ssd-pytorch": SSD,
    "tf-od-faster_rcnn_resnet50": [12],
    "tf-od-ssd_mobilenet_v2": [3, 6, 6, 6, 6, 6],
    "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn": [15] * 3,
    "torchvision-fasterrcnn_mobilenet_v3_large_fpn": [15] * 3,
    "torchvision-fasterrcnn_resnet50_fpn": FPN,
    "torchvision-retinanet_resnet50_fpn": RETINANET,
    "torchvision-ssd300_vgg16": SSD,
    "torchvision-ssdlite320": [6] * 6,
    "yolov3-darknet": YOLO,
    "yolov5": YOLO,
    "yolov7": YOLO,
}

YOLOV3_SHAPES = [
    [(10, 13), (16, 30), (33, 23)],
    [(30, 61), (62, 45), (59, 119)],
    [(116, 90), (156, 198), (373, 326)],
]
AREA_1024 = [(45.25, 22.63), (32, 32), (22.63, 45.25)]

# (preset, level, the shapes of it in the order within a cell): at least its first ones.
SHAPES = [
    ("torchvision-fasterrcnn_resnet50_fpn", 0, [(46, 22), (32, 32), (22, 46)]),
    ("torchvision-fasterrcnn_resnet50_fpn", 4, [(724, 362), (512, 512), (362, 724)]),
    (
        "torchvision-fasterrcnn_mobilenet_v3_large_fpn",
        1,
        [(46, 22), (90, 46), (182, 90), (362, 182), (724, 362)],
    ),
    ("torchvision-retinanet_resnet50_fpn", 0, [(46, 22), (56, 28), (70, 36), (32, 32), (40, 40), (50, 50)]),
    ("torchvision-ssd300_vgg16", 0, [(0.07, 0.07), (0.10247, 0.10247), (0.09899, 0.0495), (0.0495, 0.09899)]),
    ("torchvision-ssd300_vgg16", 5, [(0.87, 0.87), (0.95577, 0.95577), (1, 0.61518), (0.61518, 1)]),
    ("torchvision-ssdlite320", 0, [(0.2, 0.2), (0.26458, 0.26458), (0.28284, 0.14142), (0.14142, 0.28284)]),
    (
        "torchvision-ssdlite320",
        5,
        [(0.95, 0.95), (0.97468, 0.97468), (1, 0.67175), (0.67175, 1), (1, 0.54848)],
    ),
    ("detectron2-rpn_fpn", 0, AREA_1024),
    ("detectron2-rpn_c4", 0, [*AREA_1024, (90.51, 45.25)]),
    ("detectron2-retinanet", 0, [*AREA_1024, (57.02, 28.51), (40.32, 40.32)]),
    ("mmdet-faster_rcnn_fpn", 0, AREA_1024),
    ("mmdet-cascade_rcnn", 0, AREA_1024),
    ("mmdet-retinanet_fpn", 0, [(45.25, 22.63), (57.02, 28.51), (71.84, 35.92), (32, 32)]),
    ("mmdet-atss", 0, [(64, 64)]),
    ("mmdet-atss", 4, [(1024, 1024)]),
    ("mmdet-ssd300", 0, [(21, 21), (30.74, 30.74), (29.7, 14.85), (14.85, 29.7)]),
    ("mmdet-ssd300", 5, [(261, 261), (286.73, 286.73), (369.11, 184.55), (184.55, 369.11)]),
    ("mmdet-yolov3", 0, YOLOV3_SHAPES[2]),
    ("mmdet-yolov3", 2, YOLOV3_SHAPES[0]),
    (
        "py-faster-rcnn",
        0,
        [
            (184, 96),
            (368, 192),
            (736, 384),
            (128, 128),
            (256, 256),
            (512, 512),
            (88, 176),
            (176, 352),
            (352, 704),
        ],
    ),
    ("simple-faster-rcnn", 0, [(181.02, 90.51), (362.04, 181.02), (724.08, 362.04), (128, 128)]),
    ("mask-rcnn-matterport", 0, AREA_1024[::-1]),
    ("keras-retinanet", 0, [(45.25, 22.63), (57.02, 28.51), (71.84, 35.92), (32, 32), (40.32, 40.32)]),
    ("keras-io-retinanet", 0, [(22.63, 45.25), (28.51, 57.02), (35.92, 71.84), (32, 32), (40.32, 40.32)]),
    ("bubbliiiing-retinanet", 0, [(32, 32), (44.8, 22.4), (22.4, 44.8), (40.32, 40.32)]),
    ("tf-od-ssd_mobilenet_v2", 0, [(0.1, 0.1), (0.28284, 0.14142), (0.14142, 0.28284)]),
    ("tf-od-ssd_mobilenet_v2", 1, [(0.35, 0.35), (0.49497, 0.24749), (0.24749, 0.49497), (0.60622, 0.20207)]),
    ("tf-od-faster_rcnn_resnet50", 0, [(45.25, 90.51), (90.51, 181.02), (181.02, 362.04), (362.04, 724.08)]),
    ("efficientdet-d0", 0, [(32, 32), *AREA_1024[::2], (40.32, 40.32), (57.02, 28.51), (28.51, 57.02)]),
    ("efficientdet-d6", 0, [(32, 32)]),
    ("efficientdet-d7", 0, [(40, 40)]),
    ("ssd-pytorch", 0, [(0.1, 0.1), (0.14142, 0.14142), (0.14142, 0.07071), (0.07071, 0.14142)]),
    ("ssd-pytorch", 5, [(0.88, 0.88), (0.96125, 0.96125), (1, 0.62225), (0.62225, 1)]),
    *[
        (name, level, shapes)
        for name in ("yolov3-darknet", "yolov5")
        for level, shapes in enumerate(YOLOV3_SHAPES)
    ],
    ("yolov7", 0, [(12, 16), (19, 36), (40, 28)]),
    ("yolov7", 1, [(36, 75), (76, 55), (72, 146)]),
    ("yolov7", 2, [(142, 110), (192, 243), (459, 401)]),
]


@pytest.mark.parametrize("name", NAMES)
class TestEveryPreset:
    def test_named_as_its_file(self, name):
        assert load_detector(name).name == name

    def test_says_where_its_rules_were_read(self, name):
        detector = load_detector(name)
        assert detector.framework
        assert detector.sources

    def test_can_end_empty_as_the_framework_can(self, name):
        assert load_detector(name).can_end_empty == CAN_END_EMPTY[name]

    def test_empty_mask_does_what_it_does_there(self, name):
        assert load_detector(name).loss.outcome == OUTCOMES.get(name, "zero")

    def test_shapes_per_cell(self, name):
        assert [level.count for level in load_detector(name).anchors.levels] == COUNTS[name]


def test_no_preset_is_missing():
    assert sorted(CAN_END_EMPTY) == NAMES


@pytest.mark.parametrize(("name", "level", "shapes"), SHAPES)
def test_shapes(name, level, shapes):
    anchors = load_detector(name).anchors
    made = anchors.shapes_of(anchors.levels[level])[: len(shapes)]
    tolerance = 6e-6 if anchors.units == "fractions" else 6e-3
    assert made.tolist() == [pytest.approx(shape, abs=tolerance) for shape in shapes]


def test_cells_of_fixed_grids():
    for name in ("torchvision-ssd300_vgg16", "mmdet-ssd300", "ssd-pytorch"):
        levels = load_detector(name).anchors.levels
        assert [level.cells for level in levels] == [(n, n) for n in (38, 19, 10, 5, 3, 1)]
        assert sum(level.count * level.cells[0] ** 2 for level in levels) == 8732


def test_offset_is_0_or_half_a_stride():
    at_0 = {"detectron2", "mask", "mmdet", "tf", "torchvision"}
    for name in NAMES:
        for level in load_detector(name).anchors.levels:
            allowed = {level.stride / 2} | ({0.0} if name.split("-")[0] in at_0 else set())
            assert level.offset in allowed
