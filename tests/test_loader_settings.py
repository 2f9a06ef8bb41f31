"""What a loader does as a detector's configuration asks: at its input size, with its filter of images."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from anchoraudit import audit, load_detector, read
from anchoraudit.detectors.spec import Loading
from anchoraudit.loaders import load_as, settings_of
from tests.loader_cases import Box, Picture, data


def resized(detector, **sizes):
    return msgspec.structs.replace(detector, resize=msgspec.structs.replace(detector.resize, **sizes))


@pytest.mark.parametrize(
    ("loader", "preset", "size", "usual", "own"),
    [
        ("yolox-coco", "yolox", {"side": 416}, (640,), (416,)),
        ("yolox-voc", "yolox", {"side": 416}, (640,), (416,)),
        (
            "detectron2",
            "detectron2-rpn_fpn",
            {"side": 400, "cap": 700},
            (800, 1333, False),
            (400, 700, False),
        ),
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


FILTERED = json.loads((Path(__file__).parent / "data" / "mmdet_filter_cfg.json").read_text())
SAMPLE = Path(__file__).parent.parent / "sample_data"


def with_loading(preset, **values):
    return msgspec.structs.replace(load_detector(preset), loading=Loading(**values))


def asked_by(filter_cfg):
    """What the reader of mmdetection's configs makes of a `filter_cfg`."""
    stated = filter_cfg or {}
    return {
        "blank": "dropped" if stated.get("filter_empty_gt") else "kept",
        "least_image_side": stated.get("min_size", 0),
        "least_box_side": stated.get("bbox_min_size", 0),
    }


@pytest.mark.parametrize(
    ("format", "number"),
    [(format, number) for format in ("coco", "voc") for number in range(len(FILTERED[format]["answers"]))],
)
def test_mmdetection_keeps_the_same_images_and_boxes(format, number):
    """With every `filter_cfg`, against the answers of mmdetection's own data sets on the sample data."""
    answer = FILTERED[format]["answers"][number]
    detector = with_loading("mmdet-retinanet_fpn", **asked_by(answer["filter_cfg"]))
    found = load_as(read(SAMPLE / format), f"mmdet-{format}", detector=detector)
    names = [Path(name).stem for name in found.dataset.images.file_names]
    boxes = np.bincount(found.dataset.boxes.image[found.boxes], minlength=len(names))
    kept = {names[image]: int(boxes[image]) for image in found.images}
    assert {name: kept[name] for name in kept if name in FILTERED[format]["asked"]} == answer["kept"]


@pytest.mark.parametrize(
    ("loader", "preset", "usual", "values", "own"),
    [
        ("mmdet-coco", "mmdet-atss", (False, 32), {"blank": "kept", "least_image_side": 4}, (True, 4)),
        ("mmdet-coco", "mmdet-yolox", (True, 32), {}, (False, 32)),
        ("mmdet-coco", "ppyoloe", (False, 0), {"blank": "dropped"}, (False, 32)),
        ("mmdet-voc", "mmdet-ssd300", (False, 32, 32), {"least_box_side": 0}, (False, 32, 0)),
        ("detectron2", "detectron2-retinanet", (800, 1333, False), {"blank": "kept"}, (800, 1333, True)),
        # A configuration of another framework asks nothing of a loader.
        ("mmdet-coco", "detectron2-retinanet", (False, 32), {"blank": "kept"}, (False, 32)),
        ("detectron2", "mmdet-dino", (800, 1333, False), {"blank": "kept"}, (800, 1333, False)),
    ],
)
def test_what_is_left_out_is_what_the_detector_asks(loader, preset, usual, values, own):
    assert settings_of(loader, load_detector(preset)) == usual
    assert settings_of(loader, with_loading(preset, **values)) == own


def test_a_blank_image_is_audited_where_it_trains():
    dataset = data(Box(100, 100, 200, 200), images=(Picture(), Picture()))
    assert [*audit(dataset, "mmdet-atss").images_frame().verdict] == ["ok", "left_out"]
    assert [*audit(dataset, "mmdet-yolox").images_frame().verdict] == ["ok", "blank"]
    assert [*audit(dataset, "mmdet-dino").images_frame().verdict] == ["ok", "blank"]


def test_loading_needs_a_loader():
    with pytest.raises(ValueError, match="loading needs a loader"):
        msgspec.structs.replace(load_detector("reference"), loading=Loading(blank="kept"))


@pytest.mark.parametrize("side", [-1, 1e6, float("nan")])
def test_a_side_is_a_number_of_pixels(side):
    with pytest.raises(ValueError, match=r"least_image_side is .*; it must be 0 to 100000"):
        Loading(least_image_side=side)


def test_the_limits_of_a_configuration_are_in_the_reasons():
    sizes = (Picture(31, 480), Picture(640, 3), Picture(4, 4))
    inside = data(*(Box(1, 1, 3, 3, image=image) for image in range(3)), images=sizes)
    four = with_loading("mmdet-atss", least_image_side=4)
    found = load_as(inside, "mmdet-coco", detector=four)
    assert found.dropped_images == {"a side below 4 pixels": 1}
    assert found.reason_of_image(1) == "a side below 4 pixels (min_size=4)"
    # An inverted box is below every limit.
    boxes = data(Box(5, 5, 6, 50), Box(5, 5, 5.5, 50), Box(50, 5, 5, 50), images=(Picture(), Picture(0.5, 9)))
    one = with_loading("mmdet-atss", blank="kept", least_image_side=1, least_box_side=1)
    found = load_as(boxes, "mmdet-voc", detector=one)
    assert found.dropped_images == {"a side below 1 pixel": 1}
    assert found.dropped_boxes == {"ignored: a side below 1 pixel": 2}
