"""Boxes outside their images, as training loops may hand them over: fast engines equal the definition."""

import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from msgspec.structs import asdict

from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import clip_all, on_canvas, place_all
from anchoraudit.training.as_fed import as_fed
from anchoraudit.training.fed import Fed
from anchoraudit.training.recorder import Recorder
from tests.test_engines import held_to
from tests.test_points import held_to_the_definition_on

SIDES = st.one_of(st.integers(33, 200), st.sampled_from([64, 96, 128]))


@st.composite
def intervals(draw, extent):
    """An interval of an axis: inside its image, across an edge, around all of it, or wholly outside."""
    low = draw(st.one_of(st.integers(-60, extent + 60), st.floats(-60.0, extent + 60.0)))
    length = draw(st.one_of(st.floats(0.3, 8.0), st.integers(1, 2 * extent), st.floats(8.0, 2.0 * extent)))
    return float(low), float(low + length)


@st.composite
def batches(draw):
    """Two batches of one to three images of different sizes, with up to four boxes each."""
    recorder = Recorder()
    for number in range(2):
        sizes, boxes, image = [], [], []
        for i in range(draw(st.integers(1, 3))):
            width, height = draw(SIDES), draw(SIDES)
            sizes.append((width, height))
            for _ in range(draw(st.integers(0, 4))):
                (x1, x2), (y1, y2) = draw(intervals(width)), draw(intervals(height))
                boxes.append((x1, y1, x2, y2))
                image.append(i)
        fed = Fed(
            sizes=np.array(sizes, np.float64),
            boxes=np.array(boxes, np.float64).reshape(-1, 4),
            image=np.array(image, np.int64),
            labels=np.zeros(len(boxes), np.int64),
            names=[None] * len(sizes),
        )
        recorder.add(fed, number)
    return recorder.dataset("")


def held(dataset, detector):
    rows = np.flatnonzero((dataset.boxes.xyxy[:, 2:] > dataset.boxes.xyxy[:, :2]).all(axis=1))
    placed = place_all(clip_all(dataset, rows), detector)
    rows = rows[(placed.boxes.boxes[:, 2:] > placed.boxes.boxes[:, :2]).all(axis=1)]  # after rounding
    placed = place_all(clip_all(dataset, rows), detector)
    assert (on_canvas(dataset, rows, detector).boxes == placed.boxes.boxes).all()
    image, of_image, count = dataset.boxes.image[rows], placed.of_image, len(dataset.images)
    if detector.points.strides:
        held_to_the_definition_on(placed.boxes, image, of_image, count, detector)
        return
    canvases = placed.boxes.canvases
    definitions = [
        engines.replay(placed.boxes.boxes[image == i], canvases.take(of_image[[i]]), detector)
        for i in range(count)
    ]
    held_to(placed.boxes, definitions, image, detector, of_image)


SIZES = {"width", "height", "side", "cap", "levels", "strides"}


def rules_of(name):
    """What presets that differ in sizes alone have in common."""
    detector = load_detector(name)
    blocks = detector.resize, detector.anchors, detector.points, detector.border, detector.match
    return repr([{k: v for k, v in asdict(block).items() if k not in SIZES} for block in blocks])


NAMES = [name for name in preset_names() if load_detector(name).match.unit != "query"]
# One of each family, for example of the eight sizes of EfficientDet: the least.
NAMES = list({rules_of(name): name for name in reversed(NAMES)}.values())


@pytest.mark.parametrize("name", NAMES)
def test_boxes_outside_their_images_are_judged_by_the_definition(name):
    detector = load_detector(name)
    fed_to = as_fed(detector, resized=detector.class_rules != "torchvision")

    @seeded(zlib.crc32(name.encode()))
    @settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(batches())
    def run(dataset):
        held(dataset, fed_to)

    run()
