"""Boxes that loaders give as float32 fractions, and the last bit of what is compared, step by step."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.detectors import load_detector, override, preset_names
from anchoraudit.detectors.spec import Anchors, Level, Match, Resize
from anchoraudit.encoding import canvas, definition
from anchoraudit.encoding.grid import all_anchors, compared_anchors
from anchoraudit.errors import AnchorauditError

F = np.float32
GIVEN = ("pixels", "corner_fractions", "centre_fractions")


def placed(box, size, detector):
    """Put one box of an image on its canvas."""
    fitted = canvas.one_canvas(*size, detector)
    return canvas.place(np.array([box], dtype=np.float64), fitted, np.zeros(1, dtype=int), detector)[0]


def resized(box, size, **resize):
    detector = load_detector("yolov5")  # its boxes stay as the resize leaves them
    return placed(box, size, msgspec.structs.replace(detector, resize=Resize(**resize))).tolist()


class TestGiven:
    @pytest.mark.parametrize(
        ("how", "edge"),
        [
            ("pixels", 27.0),  # 9 * float32(300 / 100)
            ("corner_fractions", 27.000001907348633),  # float32(0.09) * 300
        ],
    )
    def test_in_float32(self, how, edge):
        to_300 = {"kind": "stretch", "width": 300, "height": 300, "precision": "float32"}
        assert resized((9, 9, 91, 91), (100, 100), **to_300, given=how)[:2] == [edge, edge]

    @pytest.mark.parametrize("how", GIVEN)
    def test_in_float64_they_differ_by_less(self, how):
        to_300 = {"kind": "stretch", "width": 300, "height": 600}
        expected = pytest.approx([27, 54, 273, 546], abs=1e-12)
        assert resized((9, 9, 91, 91), (100, 100), **to_300, given=how) == expected

    def test_centre_and_size_are_rounded_first(self):
        """Columns 1 to 7 of 10: centre 0.4, size 0.6; 0.4 - 0.3 is a bit less than 0.1 in float32."""
        to_640 = {"kind": "stretch", "width": 640, "height": 640, "precision": "float32"}
        left, _, right, _ = resized((1, 0, 7, 10), (10, 10), **to_640, given="centre_fractions")
        assert (left, right) == (63.999996185302734, 448.0000305175781)
        assert resized((1, 0, 7, 10), (10, 10), **to_640, given="corner_fractions")[0] == 64

    def test_each_axis_has_its_own_side(self):
        box = resized((10, 10, 20, 30), (100, 50), kind="stretch", width=200, height=25, given=GIVEN[1])
        assert box == pytest.approx([20, 5, 40, 15])

    @pytest.mark.parametrize("how", GIVEN)
    def test_times_the_actual_sides_or_those_before_rounding(self, how):
        """10x5 becomes 5x2.5, which is rounded to 5x3."""
        to_5 = {"kind": "longest_side", "side": 5, "given": how}
        assert resized((0, 0, 10, 5), (10, 5), **to_5) == [0, 0, 5, 3]
        assert resized((0, 0, 10, 5), (10, 5), **to_5, boxes="scale") == [0, 0, 5, 2.5]

    @pytest.mark.parametrize("how", GIVEN)
    def test_padding_and_clipping_follow(self, how):
        box = resized(
            (-10, -20, 100, 50),
            (100, 50),
            kind="longest_side",
            side=100,
            pad="square",
            centred=True,
            clip="canvas",
            given=how,
        )
        assert box == pytest.approx([0, 5, 100, 75], abs=1e-12)

    @pytest.mark.parametrize("how", GIVEN)
    @pytest.mark.parametrize("boxes", ["size_ratio", "scale"])
    def test_images_that_are_not_resized_keep_their_boxes(self, how, boxes):
        box = resized((10.25, 10.5, 20, 30), (64, 32), kind="none", given=how, boxes=boxes)
        assert box == [10.25, 10.5, 20, 30]

    def test_boxes_of_several_images_in_one_call(self):
        detector = load_detector("tf-od-faster_rcnn_resnet50")
        fitted = canvas.fit(np.array([100.0, 400.0]), np.array([200.0, 400.0]), detector.resize)
        boxes = np.array([[0, 0, 10, 10], [10, 20, 30, 40]], dtype=np.float64)
        together = canvas.place(boxes, fitted, np.array([1, 0]), detector)
        # 400x400 becomes 600x600; 100x200 becomes 512x1024.
        assert together.tolist() == pytest.approx(
            np.array([[0, 0, 15, 15], [51.2, 102.4, 153.6, 204.8]]), abs=1e-4
        )

    def test_a_size_that_is_not_known(self):
        detector = load_detector("yolov5")
        assert np.isnan(placed((1, 1, 2, 2), (np.nan, np.nan), detector)).all()

    @pytest.mark.parametrize("size", ["512", "512x384"])
    @pytest.mark.parametrize("name", ["yolov5", "efficientdet-d0", "keras-io-retinanet"])
    def test_another_input_size_leaves_the_loader_as_it_is(self, name, size):
        old = load_detector(name).resize
        new = override(load_detector(name), input_size=size).resize
        assert (new.given, new.precision) == (old.given, old.precision)
        assert new.given != "pixels"


def test_presets_whose_loaders_give_fractions():
    presets = {name: load_detector(name) for name in preset_names()}
    given_as = {how: {name for name, one in presets.items() if one.resize.given == how} for how in GIVEN[1:]}
    assert {"yolov5", "yolov7"} <= given_as["centre_fractions"]
    assert given_as["corner_fractions"] == {
        *(f"efficientdet-d{d}" for d in range(8)),
        "keras-io-retinanet",
        "ssd-pytorch",
        "tf-od-faster_rcnn_resnet50",
        "tf-od-ssd_mobilenet_v2",
    }
    for one in presets.values():
        assert one.resize.given == "pixels" or one.resize.precision == "float32"


class TestRefused:
    """What does nothing, or cannot be, is an error."""

    LEVEL = Level(stride=8, shapes=((0.5, 0.5),))

    @pytest.mark.parametrize(
        "keys",
        [
            {"compared_as": "fractions"},
            {"centres": "steps"},
            {"units": "fractions", "rounded": "edges"},
            {"units": "fractions", "compared_as": "centre_size"},
            {"units": "fractions", "compared_as": "fractions", "precision": "float64"},
        ],
    )
    def test_by_the_anchors(self, keys):
        with pytest.raises(ValueError, match="need"):
            Anchors(**{"levels": (self.LEVEL,), "precision": "float32", **keys})

    def test_by_the_match(self):
        detector = load_detector("mmdet-atss")
        anchors = msgspec.structs.replace(detector.anchors, compared_as="centre_size")
        with pytest.raises(ValueError, match="kind 'iou'"):
            msgspec.structs.replace(detector, anchors=anchors)

    def test_shapes_in_pixels_are_compared_in_pixels(self):
        detector = load_detector("ssd-pytorch")
        level = detector.anchors.levels[0]
        own = detector.anchors.with_pixel_shapes((level,))
        assert (own.units, own.compared_as, own.kept_precision) == ("pixels", "corners", "float32")
        keras = load_detector("keras-io-retinanet").anchors
        assert keras.with_pixel_shapes((level,)).compared_as == "centre_size"
        with pytest.raises(AnchorauditError, match="fractions of the canvas"):
            override(load_detector("tf-od-ssd_mobilenet_v2"), input_size="300")


# --- what the loaders of YOLO do, one number after another --------------------------------------------------


def letterboxed(box, size, *, up):
    """Corners on a 640x640 canvas of a label's row, in the precision of the loader; up: sides round up."""
    ratio = 640 / max(size)
    round_to = math.ceil if up else math.floor
    resized_to = [round_to(side * ratio) for side in size]
    again = min(640 / side for side in resized_to)
    corners = []
    for low, high, side, new in zip(box[:2], box[2:], size, resized_to, strict=True):
        centre, extent = F((low + high) / 2 / side), F((high - low) / side)
        pad = (640 - round(new * again)) / 2
        half = extent / F(2)
        corners.append([F(again * new) * edge + F(pad) for edge in (centre - half, centre + half)])
    (x1, x2), (y1, y2) = corners
    return [min(max(edge, F(0)), F(640 - 1e-3)) if up else edge for edge in (x1, y1, x2, y2)]


SIZES = st.tuples(st.integers(30, 2000), st.integers(30, 2000))


@st.composite
def boxes_of_images(draw, sizes=SIZES):
    """One box of whole pixels, and the size of its image."""
    size = draw(sizes)
    edges = [sorted(draw(st.tuples(st.integers(0, side), st.integers(0, side)))) for side in size]
    (x1, x2), (y1, y2) = ((low, high + (low == high)) for low, high in edges)
    return (x1, y1, min(x2, size[0]), min(y2, size[1])), size


@settings(max_examples=60, deadline=None)
@given(boxes_of_images(), st.sampled_from([("yolov5", True), ("yolov7", False)]))
def test_rows_of_yolo(image, framework):
    name, up = framework
    assert placed(*image, load_detector(name)).tolist() == [float(v) for v in letterboxed(*image, up=up)]


# --- anchors and IoU, in the frameworks' order of operations ------------------------------------------------


def ssd_pytorch():
    """PriorBox in float64, then float32, but for its clamped centres; point_form."""
    centres, sizes = [], []
    for level in load_detector("ssd-pytorch").anchors.levels:
        count, per_image = level.cells[0], 300 / level.stride
        for row in range(count):
            for column in range(count):
                for shape in level.shapes:
                    centres.append(((column + 0.5) / per_image, (row + 0.5) / per_image))
                    sizes.append(shape)
    centre, size = np.array(centres, dtype=F), np.array(sizes, dtype=F)
    return np.concatenate([centre - size / F(2), centre + size / F(2)], axis=1)


def tf_od_ssd():
    """create_ssd_anchors and tile_anchors: everything in float32."""
    scales = [*(0.2 + (0.95 - 0.2) * i / 5 for i in range(6)), 1.0]
    found = []
    for number, cells in enumerate((19, 10, 5, 3, 2, 1)):
        scale = scales[number]
        specs = [(scale, ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.3333)]
        specs.append((math.sqrt(scale * scales[number + 1]), 1.0))
        scale_of, ratio = np.array([(0.1, 1.0), *specs[1:3]] if number == 0 else specs, dtype=F).T
        width, height = scale_of * np.sqrt(ratio), scale_of / np.sqrt(ratio)
        step = F(1) / F(cells)
        centre = np.arange(cells).astype(F) * step + F(0.5) * step
        level = np.empty((cells, cells, len(ratio), 4), dtype=F)
        for a, (size, shape) in enumerate(((width, (1, -1, 1)), (height, (-1, 1, 1)))):
            level[..., a] = centre.reshape(shape) - F(0.5) * size
            level[..., a + 2] = centre.reshape(shape) + F(0.5) * size
        found.append(level.reshape(-1, 4))
    return np.concatenate(found)


def in_float64(side, shapes_of):
    """Centres and halves of sides are added in float64 and rounded at the end."""
    found = []
    for stride in (8, 16, 32, 64, 128):
        centre = np.arange(math.ceil(side / stride)) * stride + stride / 2
        x, y = (v.reshape(-1, 1) for v in np.meshgrid(centre, centre))
        half = np.array(shapes_of(stride)) / 2.0
        edges = [x - half[:, 0], y - half[:, 1], x + half[:, 0], y + half[:, 1]]
        found.append(np.stack(edges, axis=-1).reshape(-1, 4))
    return np.concatenate(found).astype(F)


def efficientdet():
    return in_float64(
        512,
        lambda stride: [
            (4 * stride * 2 ** (octave / 3.0) * math.sqrt(r), 4 * stride * 2 ** (octave / 3.0) / math.sqrt(r))
            for octave in range(3)
            for r in (1.0, 2.0, 0.5)
        ],
    )


def bubbliiiing():
    return in_float64(
        600,
        lambda stride: [
            (4.0 * stride * scale * w, 4.0 * stride * scale * h)
            for scale in (1, 2 ** (1 / 3), 2 ** (2 / 3))
            for w, h in ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))
        ],
    )


def keras_io(width=1152, height=896):
    """Centre and size, of which compute_iou makes corners; areas are products of the sizes."""
    centres, sizes = [], []
    for stride in (8, 16, 32, 64, 128):
        area = float((4 * stride) ** 2)
        dims = []
        for ratio in (0.5, 1.0, 2.0):
            own = np.sqrt(F(area / ratio))
            scales = [F(scale) for scale in (1, 2 ** (1 / 3), 2 ** (2 / 3))]
            dims += [(scale * (F(area) / own), scale * own) for scale in scales]
        x, y = (
            (np.arange(math.ceil(side / stride)).astype(F) + F(0.5)) * F(stride) for side in (width, height)
        )
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 1, 2)
        centres.append(np.repeat(grid, 9, axis=1).reshape(-1, 2))
        sizes.append(np.tile(np.array(dims, dtype=F), (len(grid), 1)))
    centre, size = np.concatenate(centres), np.concatenate(sizes)
    return np.concatenate([centre - size / F(2), centre + size / F(2)], axis=1), size[:, 0] * size[:, 1]


def ours(name, width, height):
    anchors = load_detector(name).anchors
    return compared_anchors(all_anchors(width, height, load_detector(name))[0], width, height, anchors)


@pytest.mark.parametrize(
    ("name", "side", "by_hand"),
    [
        ("ssd-pytorch", 300, ssd_pytorch),
        ("tf-od-ssd_mobilenet_v2", 300, tf_od_ssd),
        ("efficientdet-d0", 512, efficientdet),
        ("bubbliiiing-retinanet", 600, bubbliiiing),
    ],
)
def test_anchors_to_the_last_bit(name, side, by_hand):
    found = ours(name, side, side)
    assert found.corners.dtype == F
    np.testing.assert_array_equal(found.corners, by_hand())


def test_anchors_of_keras_io_to_the_last_bit():
    found, (corners, areas) = ours("keras-io-retinanet", 1152, 896), keras_io()
    np.testing.assert_array_equal(found.corners, corners)
    np.testing.assert_array_equal(found.areas, areas)


def ious(box, area, anchors, areas):
    overlap = np.maximum(np.minimum(box[2:], anchors[:, 2:]) - np.maximum(box[:2], anchors[:, :2]), F(0))
    shared = overlap[:, 0] * overlap[:, 1]
    return shared / (areas + area - shared)


def area_of(corners):
    return (corners[..., 2] - corners[..., 0]) * (corners[..., 3] - corners[..., 1])


def best_of(name, box, size):
    """Best IoU and anchor as the definition finds them: of each box, alone."""
    detector = load_detector(name)
    fitted = canvas.one_canvas(*size, detector).canvases
    found = definition.replay(
        placed(box, size, detector)[None],
        float(fitted.width[0]),
        float(fitted.height[0]),
        msgspec.structs.replace(detector, match=Match(positive=0.5, negative=0.4)),
    )
    return found.best_iou[0], found.best_anchor[0]


FRACTIONS = {"ssd-pytorch": ssd_pytorch(), "tf-od-ssd_mobilenet_v2": tf_od_ssd()}
KERAS = keras_io()


@settings(max_examples=40, deadline=None)
@given(boxes_of_images(), st.sampled_from(sorted(FRACTIONS)))
def test_fractions_are_compared_as_fractions(image, name):
    box, size = image
    anchors = FRACTIONS[name]
    own = (np.array(box) / np.array([*size, *size])).astype(F)
    expected = ious(own, area_of(own), anchors, area_of(anchors))
    assert best_of(name, box, size) == (expected.max(), expected.argmax())


@settings(max_examples=20, deadline=None)
@given(boxes_of_images(st.integers(30, 1000).map(lambda height: (round(height * 1.4), height))))
def test_centre_and_size_are_compared(image):
    """Images of 7 to 5: 800 px high, they are 1120 px wide, on a canvas of 1152x896."""
    box, size = image
    ratio = F(800) / F(size[1])
    sides = [ratio * F(side) for side in size]
    edges = [F(v / size[i % 2]) * sides[i % 2] for i, v in enumerate(box)]
    low, high = np.array(edges[:2]), np.array(edges[2:])
    centre, extent = (low + high) / F(2), high - low
    corners = np.concatenate([centre - extent / F(2), centre + extent / F(2)])
    expected = ious(corners, extent[0] * extent[1], *KERAS)
    assert best_of("keras-io-retinanet", box, size) == (expected.max(), expected.argmax())
