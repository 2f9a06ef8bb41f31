"""From an image to the canvas and its anchors: the sizes the frameworks arrive at, literal."""

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.dataset import labels
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.spec import Resize
from anchoraudit.encoding import canvas
from anchoraudit.encoding.grid import all_anchors, axes_of
from anchoraudit.encoding.window import counting_anchors, first_anchors
from tests.test_rules import datasets

TV = load_detector("torchvision-fasterrcnn_resnet50_fpn")


def fitted(width, height, resize):
    """Image and canvas of one image: ((w, h), (W, H))."""
    found = canvas.fit(np.array([float(width)]), np.array([float(height)]), resize).canvases
    image = float(found.image_width[0]), float(found.image_height[0])
    return image, (float(found.width[0]), float(found.height[0]))


def image_of(width, height, name):
    return fitted(width, height, load_detector(name).resize)[0]


def placed(box, size, resize, precision="float64"):
    detector = load_detector("reference")
    anchors = msgspec.structs.replace(detector.anchors, precision=precision)
    detector = msgspec.structs.replace(detector, resize=resize, anchors=anchors)
    fit = canvas.one_canvas(*size, detector)
    return canvas.place(np.array([box], dtype=np.float64), fit, np.zeros(1, dtype=int), detector)[0].tolist()


def pixels_of(resize):
    """The same for boxes in pixels."""
    return msgspec.structs.replace(resize, given="pixels")


class TestKinds:
    def test_none(self):
        assert fitted(37, 41, Resize(kind="none")) == ((37, 41), (37, 41))

    def test_none_rounds_sizes_that_are_no_whole_pixels(self):
        assert fitted(0.4, 2.5, Resize(kind="none"))[0] == (1, 3)

    def test_stretch(self):
        assert fitted(100, 50, Resize(kind="stretch", width=960, height=720)) == ((960, 720), (960, 720))

    @pytest.mark.parametrize(
        ("size", "side", "expected"),
        [
            ((640, 480), 640, (640, 480)),
            ((427, 640), 320, (214, 320)),
            ((1000, 1), 640, (640, 1)),
            ((3, 2), 6, (6, 4)),
        ],
    )
    def test_longest_side_keeps_the_aspect_and_rounds_half_up(self, size, side, expected):
        assert fitted(*size, Resize(kind="longest_side", side=side))[0] == expected

    @pytest.mark.parametrize(("rounding", "loose"), [("ceil", (641, 101)), ("floor", (639, 99))])
    def test_a_letterbox_fits_the_longer_side_exactly(self, rounding, loose):
        """147 * (640 / 147) is above 640 in float64, and 154 * (640 / 154) below."""
        size = (147, 23) if rounding == "ceil" else (154, 24)
        resize = Resize(kind="longest_side", side=640, rounding=rounding)
        assert fitted(*size, resize)[0] == loose
        letterbox = msgspec.structs.replace(resize, pad="square", centred=True)
        assert fitted(*size, letterbox)[1] == (640, 640)
        assert placed((0, 0, size[0], 0), size, letterbox)[0::2] == pytest.approx([0, 640], abs=1e-9)

    def test_a_letterbox_of_fixed_sides_rounds_nothing(self):
        resize = Resize(kind="letterbox", width=100, height=100)
        (w, h), canvas_size = fitted(300, 7, resize)
        assert (w, h) == pytest.approx((100, 7 / 3))
        assert canvas_size == (100, 100)
        assert placed((0, 0, 300, 7), (300, 7), resize) == pytest.approx([0, 50 - 7 / 6, 100, 50 + 7 / 6])
        assert fitted(7, 300, resize)[0] == pytest.approx((7 / 3, 100))

    @pytest.mark.parametrize(
        ("size", "box"),
        [
            ((200, 100), (0, 0, 100, 50)),
            ((100, 100), (0, -25, 100, 75)),  # wide enough: it takes the width, and is cut above and below
            ((50, 100), (37.5, 0, 62.5, 50)),
        ],
    )
    def test_a_letterbox_by_the_longer_side(self, size, box):
        resize = Resize(kind="letterbox", width=100, height=50)
        assert placed((0, 0, *size), size, resize) == list(box)
        cut = msgspec.structs.replace(resize, clip="canvas")
        assert placed((0, 0, *size), size, cut) == [max(box[0], 0), max(box[1], 0), box[2], min(box[3], 50)]

    @pytest.mark.parametrize(
        ("size", "box"),
        [
            ((200, 100), (0, 0, 100, 50)),
            ((100, 100), (25, 0, 75, 50)),  # 50 px of padding on both sides
            ((200, 97), (0, 50 / 99, 100, 50 * 98 / 99)),  # 1.5 px are wanted, 1 is added: 200x99, stretched
            ((97, 50), (100 / 99, 0, 100 * 98 / 99, 50)),
        ],
    )
    def test_a_letterbox_by_padding_in_whole_pixels_of_the_image(self, size, box):
        resize = Resize(kind="letterbox", width=100, height=50, fit="padding")
        assert placed((0, 0, *size), size, resize) == pytest.approx(list(box))

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"side": 5}, "takes width and height"),
            ({"width": 0}, "takes width and height"),
            ({"pad": "multiple", "multiple": 8}, "no pad"),
            ({"rounding": "floor"}, "no rounding"),
            ({"boxes": "scale"}, "no boxes"),
            ({"scale_precision": "float32"}, "no scale_precision"),
            ({"enlarge_only": True}, "no enlarge_only"),
            ({"kind": "stretch", "fit": "padding"}, "fit needs kind 'letterbox'"),
        ],
    )
    def test_keys_that_do_nothing_for_a_letterbox(self, keys, words):
        with pytest.raises(ValueError, match=words):
            Resize(**{"kind": "letterbox", "width": 9, "height": 9, **keys})

    def test_the_input_size_of_a_letterbox_is_its_longer_side(self):
        resize = Resize(kind="letterbox", width=608, height=352, fit="padding", clip="canvas")
        assert (resize.input_size_text, resize.side_name) == ("608", "longer side")
        assert resize.with_size(608) == resize
        assert resize.scaled_text(0.75, 32) == "448"
        assert str(resize.with_size(304)) == "letterboxed to 304x176"
        assert resize.with_size(304).fit == "padding"
        tall = msgspec.structs.replace(resize, width=352, height=608)
        assert str(tall.with_size(304)) == "letterboxed to 176x304"
        assert str(tall.with_size(640, 480)) == "640x480"
        assert str(Resize(kind="letterbox", width=1000, height=1).with_size(10)) == "letterboxed to 10x1"

    def test_short_side(self):
        assert fitted(300, 200, Resize(kind="short_side", side=400))[0] == (600, 400)
        assert fitted(200, 300, Resize(kind="short_side", side=400))[0] == (400, 600)
        assert fitted(300, 200, Resize(kind="short_side", side=400, cap=450))[0] == (450, 300)

    def test_enlarge_only(self):
        resize = Resize(kind="short_side", side=400, cap=1000, enlarge_only=True)
        assert fitted(300, 200, resize)[0] == (600, 400)
        assert fitted(900, 600, resize)[0] == (900, 600)
        assert fitted(2000, 1000, resize)[0] == (1000, 500)

    @pytest.mark.parametrize(
        ("rounding", "sides"),
        [("half_up", (5, 3)), ("half_even", (5, 2)), ("floor", (5, 2)), ("ceil", (5, 3))],
    )
    def test_rounding_of_a_half(self, rounding, sides):
        assert fitted(10, 5, Resize(kind="longest_side", side=5, rounding=rounding))[0] == sides

    @pytest.mark.parametrize(
        ("rounding", "sides"), [("half_up", 4), ("half_even", 4), ("floor", 3), ("ceil", 4)]
    )
    def test_rounding_of_three_and_a_half(self, rounding, sides):
        assert fitted(10, 7, Resize(kind="longest_side", side=5, rounding=rounding))[0] == (5, sides)

    @pytest.mark.parametrize(
        ("rounding", "side"), [("half_up", 2), ("half_even", 2), ("floor", 2), ("ceil", 3)]
    )
    def test_rounding_of_two_and_a_bit(self, rounding, side):
        assert fitted(100, 21, Resize(kind="longest_side", side=10, rounding=rounding))[0] == (10, side)

    def test_no_side_becomes_nothing(self):
        for rounding in ("half_up", "half_even", "floor", "ceil"):
            assert fitted(5000, 1, Resize(kind="longest_side", side=100, rounding=rounding))[0] == (100, 1)

    def test_unknown_sizes_stay_unknown(self):
        for name in preset_names():
            resize = load_detector(name).resize
            both = canvas.fit(np.array([np.nan, 640.0]), np.array([np.nan, 480.0]), resize).canvases
            assert (both.width[1], both.height[1]) == fitted(640, 480, resize)[1]
            assert np.isnan(both.width[0]) or resize.kind == "stretch" or resize.pad == "square"


class TestCap:
    def test_rounded_lets_half_a_pixel_pass(self):
        """300x500 to 600 is 1000; 3000x5002 is 1000.4, which rounds to no more than the cap."""
        sizes = {
            rule: fitted(5002, 3000, Resize(kind="short_side", side=600, cap=1000, cap_rule=rule))[0]
            for rule in ("smaller_scale", "shrink", "rounded")
        }
        assert sizes == {"smaller_scale": (1000, 600), "shrink": (1000, 600), "rounded": (1000, 600)}
        scale = {
            rule: canvas.fit(
                np.array([5002.0]),
                np.array([3000.0]),
                Resize(kind="short_side", side=600, cap=1000, cap_rule=rule, boxes="scale"),
            ).scale_x[0]
            for rule in sizes
        }
        assert scale["rounded"] == 600 / 3000
        assert scale["smaller_scale"] == 1000 / 5002
        assert scale["shrink"] == pytest.approx(1000 / 5002, abs=1e-15)

    def test_rounded_shrinks_above_that(self):
        resize = Resize(kind="short_side", side=600, cap=1000, cap_rule="rounded", boxes="scale")
        assert canvas.fit(np.array([5003.0]), np.array([3000.0]), resize).scale_x[0] == 1000 / 5003

    def test_shrink_leaves_the_short_side_exact(self):
        """torchvision's 800 / 97 * 97 is a bit less than 800; detectron2 sets the side to 800 itself."""
        assert fitted(97, 97, Resize(kind="short_side", side=800, cap=1333, rounding="floor"))[0] == (
            799,
            799,
        )
        shrink = Resize(kind="short_side", side=800, cap=1333, rounding="floor", cap_rule="shrink")
        assert fitted(97, 97, shrink)[0] == (800, 800)


class TestPadding:
    def test_multiple(self):
        resize = Resize(kind="none", pad="multiple", multiple=32)
        assert fitted(97, 64, resize) == ((97, 64), (128, 64))

    def test_square_of_the_side_or_the_cap(self):
        assert fitted(200, 100, Resize(kind="longest_side", side=50, pad="square")) == ((50, 25), (50, 50))
        resize = Resize(kind="short_side", side=50, cap=80, pad="square")
        assert fitted(100, 100, resize) == ((50, 50), (80, 80))

    def test_top_left_by_default(self):
        resize = Resize(kind="longest_side", side=100, pad="square")
        assert placed((0, 0, 10, 10), (200, 101), resize) == pytest.approx([0, 0, 5, 10 * 51 / 101])

    def test_centred_by_half_pixels_or_whole_ones(self):
        centred = Resize(kind="longest_side", side=100, pad="square", centred=True)
        assert placed((0, 0, 100, 51), (100, 51), centred) == [0, 24.5, 100, 75.5]
        whole = msgspec.structs.replace(centred, whole_padding=True)
        assert placed((0, 0, 100, 51), (100, 51), whole) == [0, 24, 100, 75]


class TestPlace:
    def test_each_axis_has_its_own_ratio(self):
        resize = Resize(kind="stretch", width=200, height=25)
        assert placed((10, 10, 20, 30), (100, 50), resize) == [20, 5, 40, 15]

    def test_by_the_ratio_of_sizes_or_by_the_scale(self):
        by_size = Resize(kind="longest_side", side=5)  # 10x5 becomes 5x3
        assert placed((0, 0, 10, 5), (10, 5), by_size) == [0, 0, 5, 3]
        by_scale = Resize(kind="longest_side", side=5, boxes="scale")
        assert placed((0, 0, 10, 5), (10, 5), by_scale) == [0, 0, 5, 2.5]

    def test_a_side_that_is_fitted_twice(self):
        """147 * (640 / 147) is a little above 640 and becomes 641; 100 becomes 436, and then 435."""
        resize = load_detector("yolov5").resize
        assert resize.refits_square
        assert fitted(147, 100, resize) == ((640, 435), (640, 640))
        # Boxes are fractions of the image, and are multiplied by the first sides and by the second ratio.
        fit = canvas.one_canvas(147, 100, load_detector("yolov5"))
        assert fit.scale_x[0] == pytest.approx(640, rel=1e-15)
        assert fit.scale_y[0] == pytest.approx(436 * 640 / 641, rel=1e-15)
        turned = canvas.one_canvas(100, 147, load_detector("yolov5"))
        assert (turned.scale_x[0], turned.scale_y[0]) == (fit.scale_y[0], fit.scale_x[0])
        pixels = canvas.one_canvas(
            147, 100, msgspec.structs.replace(load_detector("yolov5"), resize=pixels_of(resize))
        )
        assert pixels.scale_x[0] == pytest.approx(640 / 147, rel=1e-15)
        assert pixels.scale_y[0] == pytest.approx(4.36 * 640 / 641, rel=1e-15)

    def test_precision_of_the_product(self):
        """1/3 of 100 is rounded to float32 at once, or where the anchors are."""
        third = {"kind": "stretch", "width": 100, "height": 100}
        box = (1, 1, 2, 2)
        exact = placed(box, (300, 300), Resize(**third))
        single = placed(box, (300, 300), Resize(**third, precision="float32"))
        assert exact == [1 / 3, 1 / 3, 2 / 3, 2 / 3]
        assert single == [float(np.float32(1 / 3))] * 2 + [float(np.float32(2 / 3))] * 2
        assert placed(box, (300, 300), Resize(**third), "float32") == single

    def test_clipped_to_the_image_or_the_canvas(self):
        box = (-10, -10, 110, 60)  # of an image of 100x50
        resize = {"kind": "longest_side", "side": 100, "pad": "square"}
        assert placed(box, (100, 50), Resize(**resize)) == list(box)
        assert placed(box, (100, 50), Resize(**resize, clip="image")) == [0, 0, 100, 50]
        assert placed(box, (100, 50), Resize(**resize, clip="canvas")) == [0, 0, 100, 60]
        margin = Resize(**resize, clip="image", clip_margin=1)
        assert placed(box, (100, 50), margin) == [0, 0, 99, 49]

    def test_inclusive_pixels(self):
        resize = Resize(kind="stretch", width=200, height=200, pixels="inclusive")
        assert placed((10, 20, 30, 40), (100, 100), resize) == [20, 40, 61, 81]

    def test_boxes_of_several_images_in_one_call(self):
        detector = load_detector("detectron2-rpn_c4")
        width, height = np.array([100.0, 400.0]), np.array([200.0, 400.0])
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [10, 20, 30, 40]], dtype=np.float64)
        together = canvas.place(
            boxes, canvas.fit(width, height, detector.resize), np.array([1, 0, 1]), detector
        )
        # 100x200 becomes 667x1333; 400x400 becomes 800x800.
        assert np.allclose(together, [[0, 0, 20, 20], [0, 0, 66.7, 66.65], [20, 40, 60, 80]], atol=1e-5)

    def test_distinct_canvases(self):
        for sides in ([3.0, 2, 3, 3], [3.5, 2, 3.5, 3], [40_000.0, 2, 40_000, 3], [np.nan, 2, np.nan, 3]):
            side = np.array(sides)
            first, of = canvas.distinct(np.column_stack([side, side]))
            assert len(first) == len(set(of.tolist())) == len(set(map(str, side)))
            np.testing.assert_array_equal(side[first][of], side)
            assert of[0] == of[2]

    def test_distinct_sizes_of_two_sides(self):
        """Sizes that differ in one side only, also by a fraction, are others; an unknown one is its own."""
        pairs = [(10.5, 20.25), (10.5, 20.5), (10.25, 20.25), (10.5, 20.25), (10, 20), (np.nan, np.nan)]
        first, of = canvas.distinct(np.array(pairs))
        assert len(first) == 5
        assert [pairs[row] for row in first[of].tolist()] == pairs or np.isnan(pairs[-1][0])
        assert of[0] == of[3]
        assert len(set(of.tolist())) == 5
        first, of = canvas.distinct(np.array([(10.5, 20.25), (10.75, 20.25), (10.5, 20.5), (10.5, 20.25)]))
        assert (len(first), len(set(of.tolist())), of[0] == of[3]) == (3, 3, True)
        whole = [(1, 2), (2, 1), (1, 2), (0, 3), (32766, 1), (1, 32766), (np.nan, np.nan), (np.nan, 1)]
        first, of = canvas.distinct(np.array(whole, dtype=float))
        assert (len(first), len(set(of.tolist())), of[0] == of[2]) == (7, 7, True)


class TestFrameworks:
    @pytest.mark.parametrize(
        ("size", "image", "padded"),
        [
            ((500, 375), (1066, 800), (1088, 800)),
            ((375, 500), (800, 1066), (800, 1088)),
            ((1920, 1080), (1333, 749), (1344, 768)),
            ((1200, 300), (1333, 333), (1344, 352)),
            ((640, 427), (1199, 800), (1216, 800)),
        ],
    )
    def test_torchvision(self, size, image, padded):
        assert fitted(*size, TV.resize) == (image, padded)

    def test_torchvision_heights_that_become_799(self):
        heights = np.arange(50.0, 2001.0)
        found = canvas.fit(heights, heights, TV.resize).canvases.image_height
        short = heights[found == 799].tolist()
        assert short[:10] == [97, 161, 167, 193, 194, 195, 199, 289, 305, 322]
        assert len(short) == 85
        assert set(found.tolist()) == {799, 800}
        wide = canvas.fit(np.floor(heights * 1.3), heights, TV.resize).canvases.image_height
        assert (wide == found).all()

    def test_torchvision_lengths_that_become_1332(self):
        lengths = np.arange(100.0, 4001.0)
        found = canvas.fit(lengths, np.ceil(lengths / 2), TV.resize).canvases.image_width
        assert np.count_nonzero(found == 1332) == 91
        assert set(found.tolist()) == {1332, 1333}

    def test_torchvision_sizes_of_the_small_and_the_fixed(self):
        small = "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn"
        assert image_of(500, 375, small) == (426, 320)
        assert image_of(1200, 300, small) == (640, 160)
        assert image_of(500, 375, "torchvision-ssd300_vgg16") == (300, 300)
        assert image_of(500, 375, "torchvision-ssdlite320") == (320, 320)

    def test_detectron2_and_mmdetection_round_half_up(self):
        for name in ("detectron2-rpn_fpn", "mmdet-faster_rcnn_fpn"):
            assert image_of(500, 375, name) == (1067, 800)
            assert image_of(1920, 1080, name) == (1333, 750)
        assert fitted(500, 375, load_detector("detectron2-rpn_fpn").resize)[1] == (1088, 800)
        assert fitted(500, 375, load_detector("detectron2-rpn_c4").resize)[1] == (1067, 800)

    def test_yolov5_rounds_up_and_centres(self):
        detector = load_detector("yolov5")
        assert fitted(1000, 333, detector.resize) == ((640, 214), (640, 640))
        fit = canvas.one_canvas(1000, 333, detector)
        assert (fit.left[0], fit.top[0]) == (0, 213)
        fit = canvas.one_canvas(500, 375, detector)
        assert (fit.left[0], fit.top[0]) == (0, 80)
        box = np.array([[0.0, 0, 500, 375]])
        on = canvas.place(box, fit, np.zeros(1, dtype=int), detector)[0]
        assert on.tolist() == pytest.approx([0, 80, 640 - 0.001, 560], abs=1e-4)
        assert on[2] < 640
        odd = canvas.one_canvas(1000, 331, detector)  # 211.84 becomes 212; 640 - 213 would be odd
        assert (odd.top[0], canvas.one_canvas(1000, 332, detector).top[0]) == (214, 213.5)

    def test_matterport(self):
        """Never made smaller by the short side; the long side to 1024; padded by whole pixels."""
        name = "mask-rcnn-matterport"
        resize = load_detector(name).resize
        assert fitted(640, 480, resize) == ((1024, 768), (1024, 1024))
        assert fitted(900, 900, resize) == ((900, 900), (1024, 1024))
        assert fitted(400, 400, resize) == ((800, 800), (1024, 1024))
        assert fitted(2048, 1000, resize) == ((1024, 500), (1024, 1024))
        fit = canvas.one_canvas(901, 900, load_detector(name))
        assert (fit.left[0], fit.top[0]) == (61, 62)
        assert (fit.scale_x[0], fit.scale_y[0]) == (1, 1)

    def test_efficientdet(self):
        """Sides cut off, the image at the top left, boxes clipped one pixel before the canvas' edge.

        Its clip_boxes takes the output's size, so a box at the bottom of a wide image stays as it is.
        """
        assert fitted(640, 427, load_detector("efficientdet-d0").resize) == ((512, 341), (512, 512))
        sides = [fitted(640, 427, load_detector(f"efficientdet-d{d}").resize)[1][0] for d in range(8)]
        assert sides == [512, 640, 768, 896, 1024, 1280, 1280, 1536]
        detector = load_detector("efficientdet-d0")
        fit = canvas.one_canvas(640, 427, detector)
        on = canvas.place(np.array([[0.0, 0, 640, 427]]), fit, np.zeros(1, dtype=int), detector)
        assert on.tolist() == [[0, 0, 511, 341]]

    @pytest.mark.parametrize(("size", "single", "double"), [(41, 511, 512), (49, 512, 511), (98, 512, 511)])
    def test_a_scale_in_float32(self, size, single, double):
        """TensorFlow's: 512 / 41 * 41 is a bit less than 512 in one precision, 512 / 49 * 49 in the other."""
        resize = load_detector("efficientdet-d0").resize
        assert fitted(size, size, resize)[0] == (single, single)
        resize = msgspec.structs.replace(resize, scale_precision="float64")
        assert fitted(size, size, resize)[0] == (double, double)
        names = {name for name in preset_names() if load_detector(name).resize.scale_precision == "float32"}
        of_tensorflow = {"keras-io-retinanet", "tf-od-faster_rcnn_resnet50"}
        assert names == of_tensorflow | {f"efficientdet-d{d}" for d in range(8)}

    def test_py_faster_rcnn(self):
        """Half to even, boxes by the scale before rounding, and one pixel more at the right and bottom."""
        detector = load_detector("py-faster-rcnn")
        assert image_of(500, 375, "py-faster-rcnn") == (800, 600)
        assert image_of(1920, 1080, "py-faster-rcnn") == (1000, 562)  # 562.5
        fit = canvas.one_canvas(1920, 1080, detector)
        scale = float(np.float32(1000 / 1920))
        on = canvas.place(np.array([[10.0, 20, 30, 40]]), fit, np.zeros(1, dtype=int), detector)[0]
        assert on.tolist() == pytest.approx(
            [10 * scale, 20 * scale, 30 * scale + 1, 40 * scale + 1], abs=1e-5
        )
        assert canvas.one_canvas(500, 300, detector).canvases.image_width[0] == 1000
        assert image_of(501, 300, "py-faster-rcnn") == (1000, 599)


def grids_of(name, width, height):
    """(rows, columns) and strides (along y, along x) of every level."""
    return [
        (
            (int(y.cells(height)), int(x.cells(width))),
            (float(y.stride(height)), float(x.stride(width))),
        )
        for x, y in axes_of(load_detector(name).anchors)
    ]


class TestGrids:
    def test_torchvision_fpn(self):
        assert grids_of(TV.name, 1088, 800) == [
            ((200, 272), (4, 4)),
            ((100, 136), (8, 8)),
            ((50, 68), (16, 16)),
            ((25, 34), (32, 32)),
            ((13, 17), (61, 64)),
        ]
        assert len(all_anchors(1088, 800, TV)[0]) == 217_413

    def test_torchvision_retinanet(self):
        name = "torchvision-retinanet_resnet50_fpn"
        assert grids_of(name, 1088, 800) == [
            ((100, 136), (8, 8)),
            ((50, 68), (16, 16)),
            ((25, 34), (32, 32)),
            ((13, 17), (61, 64)),
            ((7, 9), (114, 120)),
        ]
        assert len(all_anchors(1088, 800, load_detector(name))[0]) == 163_206

    @pytest.mark.parametrize(
        ("height", "stride"), [(800, 61), (1056, 62), (672, 61), (736, 61), (768, 64), (832, 64), (1088, 64)]
    )
    def test_the_last_stride_of_torchvision_depends_on_the_canvas(self, height, stride):
        assert grids_of(TV.name, 1088, height)[-1][1][0] == stride

    @pytest.mark.parametrize(
        ("name", "size", "anchors"),
        [
            ("reference", (960, 720), 24_300),
            ("torchvision-ssd300_vgg16", (300, 300), 8732),
            ("torchvision-ssdlite320", (320, 320), 3234),
            ("ssd-pytorch", (300, 300), 8732),
            ("mmdet-ssd300", (300, 300), 8732),
            ("keras-retinanet", (1066, 800), 160_956),
            ("mmdet-faster_rcnn_fpn", (1088, 800), 217_413),
            ("mmdet-retinanet_fpn", (1088, 800), 163_206),
            ("py-faster-rcnn", (800, 600), 17_100),
            ("simple-faster-rcnn", (800, 600), 16_650),
            ("efficientdet-d0", (512, 512), 49_104),
            ("yolov5", (640, 640), 25_200),
        ],
    )
    def test_numbers_of_anchors(self, name, size, anchors):
        detector = load_detector(name)
        assert len(all_anchors(*size, detector)[0]) == anchors
        sides = [np.array([float(side)]) for side in (*size, *size)]
        assert first_anchors(canvas.Canvases(*sides), detector)[0][-1].tolist() == [anchors]

    @pytest.mark.parametrize(
        ("name", "size", "inside"), [("py-faster-rcnn", (800, 600), 5944), ("reference", (960, 720), 18_024)]
    )
    def test_anchors_inside(self, name, size, inside):
        detector = load_detector(name)
        assert all_anchors(*size, detector)[1].sum() == inside
        whole = canvas.Canvases(*(np.array([float(side)]) for side in (*size, *size)))
        assert counting_anchors(whole, detector).tolist() == [inside]

    def test_first_anchors_of_py_faster_rcnn(self):
        """The pixels of the framework end where the next begins: one more at the right and bottom."""
        anchors = all_anchors(800, 600, load_detector("py-faster-rcnn"))[0][:9]
        expected = [
            (-84, -40, 99, 55),
            (-176, -88, 191, 103),
            (-360, -184, 375, 199),
            (-56, -56, 71, 71),
            (-120, -120, 135, 135),
            (-248, -248, 263, 263),
            (-36, -80, 51, 95),
            (-80, -168, 95, 183),
            (-168, -344, 183, 359),
        ]
        assert (anchors - [0, 0, 1, 1]).tolist() == [list(map(float, row)) for row in expected]

    def test_first_anchors_of_torchvision(self):
        anchors = all_anchors(1088, 800, TV)[0][:3]
        assert anchors.tolist() == [[-23, -11, 23, 11], [-16, -16, 16, 16], [-11, -23, 11, 23]]


class TestHanded:
    """How boxes reach the loss decides their last bit; `tests/test_points_geometry.py` has real answers."""

    def test_fractions_are_rounded_and_multiplied_again(self):
        kept = {"kind": "longest_side", "side": 640, "pad": "square", "precision": "float32"}
        boxes = np.random.default_rng(3).uniform(0, 600, (500, 2))
        boxes = np.concatenate([boxes, boxes + 33.3], axis=1)
        detector = load_detector("ultralytics-yolo11")
        laid = {}
        for how in ("pixels", "centre_fractions", "centre_reciprocals"):
            changed = msgspec.structs.replace(detector, resize=Resize(**kept, handed=how))
            found = canvas.fit(np.array([640.0]), np.array([640.0]), changed.resize)
            laid[how] = canvas.place(boxes, found, np.zeros(500, dtype=np.int64), changed)
            assert np.abs(laid[how] - boxes).max() < 1e-3
        for one, other in itertools.combinations(laid.values(), 2):
            assert 0 < (one != other).any(axis=1).mean() < 1

    def test_boxes_that_a_loader_has_in_float32(self):
        detector = load_detector("nanodet-plus")
        exact = msgspec.structs.replace(
            detector, resize=msgspec.structs.replace(detector.resize, given_as="float64")
        )
        box = np.array([[0.1, 0.1, 99.9, 99.9]])
        found = canvas.fit(np.array([100.0]), np.array([100.0]), detector.resize)
        of = np.zeros(1, dtype=np.int64)
        wanted = (box.astype(np.float32).astype(np.float64) * (416 / 100)).astype(np.float32)
        assert canvas.place(box, found, of, detector).tolist() == wanted.tolist()
        assert canvas.place(box, found, of, exact).tolist() == (box * 4.16).astype(np.float32).tolist()

    def test_fractions_have_the_precision_of_the_resize(self):
        with pytest.raises(ValueError, match="given_as needs boxes given in pixels"):
            Resize(kind="none", given="centre_fractions", given_as="float32")


@settings(deadline=None, max_examples=60)
@given(datasets(), st.sampled_from(preset_names()))
def test_usable_boxes_are_placed_in_one_pass_as_in_two(dataset, name):
    detector, policy = load_detector(name), labels.prepare(dataset)
    one = canvas.place_usable(dataset, policy, detector)
    two = canvas.place_all(canvas.clip_all(dataset, np.flatnonzero(policy.usable)), detector)
    assert one.rows.tolist() == two.rows.tolist()
    assert one.boxes.boxes.tolist() == two.boxes.boxes.tolist()
    for of, other in ((one.boxes.of, two.boxes.of), (one.of_image, two.of_image)):
        for side in ("width", "height", "image_width", "image_height"):
            sides = (getattr(found.boxes.canvases, side)[of] for found, of in ((one, of), (two, other)))
            np.testing.assert_array_equal(*sides)
