"""What a loader does at the input size that a detector's configuration states, in place of its usual one."""

import msgspec
import pytest

from anchoraudit import load_detector
from anchoraudit.loaders import load_as, settings_of
from tests.loader_cases import Box, Picture, data


def resized(detector, **sizes):
    return msgspec.structs.replace(detector, resize=msgspec.structs.replace(detector.resize, **sizes))


@pytest.mark.parametrize(
    ("loader", "preset", "size", "usual", "own"),
    [
        ("yolox-coco", "yolox", {"side": 416}, (640,), (416,)),
        ("yolox-voc", "yolox", {"side": 416}, (640,), (416,)),
        ("detectron2", "detectron2-rpn_fpn", {"side": 400, "cap": 700}, (800, 1333), (400, 700)),
        ("rt-detr", "rt-detr", {"width": 320, "height": 416}, (640, 640, 1), (320, 416, 1)),
    ],
)
def test_the_size_is_that_of_the_detector(loader, preset, size, usual, own):
    detector = load_detector(preset)
    assert settings_of(loader, detector) == usual
    assert settings_of(loader, resized(detector, **size)) == own
    assert settings_of(loader, load_detector("mmdet-ssd300")) in (usual, (300, 300, 1))


def test_yolox_drops_what_is_thin_at_its_own_input_size():
    boxes = Box(0, 0, 100, 100), Box(0, 0, 1.2, 50)
    dataset = data(*boxes, images=(Picture(640, 480),))
    assert load_as(dataset, "yolox-coco").dropped_boxes == {}
    small = resized(load_detector("yolox"), side=416)
    found = load_as(dataset, "yolox-coco", detector=small)
    assert found.dropped_boxes == {"a side of 1 pixel or less at 416x416": 1}
    large = resized(load_detector("yolox"), side=1280)
    assert load_as(dataset, "yolox-coco", detector=large).dropped_boxes == {}


def test_detectron2_drops_what_is_flat_at_its_own_input_size():
    """Corners are float32 there: a side of 2e-5 px, doubled, is still told apart; halved, it is not."""
    dataset = data(Box(0, 0, 1.5e-5, 50), Box(0, 0, 100, 100), images=(Picture(800, 800),))
    assert load_as(dataset, "detectron2").dropped_boxes == {}
    half = resized(load_detector("detectron2-rpn_fpn"), side=400, cap=700)
    assert sum(load_as(dataset, "detectron2", detector=half).dropped_boxes.values()) == 1
