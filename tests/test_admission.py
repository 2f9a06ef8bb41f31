"""What a model does with each box that is handed to it, on literal boxes."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anchoraudit.detectors import load_detector
from anchoraudit.detectors.labels import OUTCOMES, RULES, Labels
from anchoraudit.detectors.resize import Resize
from anchoraudit.encoding.admission import _sides_inside, admit, words

NAN, INF = float("nan"), float("inf")
GOOD, ZERO, INVERTED = (10, 10, 50, 40), (10, 10, 10, 40), (50, 10, 10, 40)
OUTSIDE = (110, 10, 140, 40)  # images are 100x80


def detector(resize=None, **keys):
    changes = {"labels": Labels(**keys)} | ({"resize": resize} if resize else {})
    return msgspec.structs.replace(load_detector("yolov4"), **changes)


def of(boxes, which, image=None, size=(100.0, 80.0), images=1, **options):
    """(rule, outcome) of each box."""
    image = np.zeros(len(boxes), dtype=np.int64) if image is None else np.array(image, dtype=np.int64)
    width, height = np.full(images, size[0]), np.full(images, size[1])
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    found = admit(boxes, image, width, height, which, **options)
    assert found.rule.dtype == found.outcome.dtype == np.int8
    return [
        ("" if rule == 0 else RULES[rule - 1], OUTCOMES[outcome])
        for rule, outcome in zip(found.rule.tolist(), found.outcome.tolist(), strict=True)
    ]


TAKEN = ("", "trains")


class TestGeometry:
    def test_good_boxes_are_taken(self):
        which = detector(zero_side="raises", inverted="raises", not_finite="crashes", outside="dropped")
        assert of([GOOD, (0, 0, 100, 80), (-5, -5, 200, 200)], which) == [TAKEN] * 3

    def test_no_box_at_all(self):
        assert of([], detector(zero_side="raises")) == []

    @pytest.mark.parametrize(
        ("box", "rule"),
        [
            (ZERO, "zero_side"),
            ((10, 40, 50, 40), "zero_side"),
            (INVERTED, "inverted"),
            ((10, 40, 50, 10), "inverted"),
            ((10, 40, 10, 10), "inverted"),
            ((NAN, 10, 50, 40), "not_finite"),
            ((10, 10, INF, 40), "not_finite"),
            ((-INF, -INF, INF, INF), "not_finite"),
            (OUTSIDE, "outside"),
            ((10, -40, 50, -1), "outside"),
            ((100, 10, 140, 40), "outside"),
            ((-30, 10, 0, 40), "outside"),
        ],
    )
    @pytest.mark.parametrize("outcome", ["no_effect", "dropped", "raises", "nan"])
    def test_each_rule_alone(self, box, rule, outcome):
        which = detector(**dict.fromkeys(RULES[:4], "trains") | {rule: outcome})
        assert of([GOOD, box], which) == [TAKEN, (rule, outcome)]

    @pytest.mark.parametrize("box", [(99, 10, 140, 40), (-30, 10, 1, 40), (100, 10, 100, 40)])
    def test_a_box_that_touches_its_image_is_not_outside(self, box):
        assert of([box], detector(outside="raises", zero_side="trains")) == [TAKEN]

    def test_a_box_that_is_trained_as_it_stands_has_no_rule(self):
        assert of([ZERO, OUTSIDE], detector(zero_side="trains", outside="trains")) == [TAKEN] * 2

    def test_the_default_is_silent(self):
        rules = of([ZERO, INVERTED, (NAN, 0, 1, 1), OUTSIDE], detector())
        assert [outcome for _, outcome in rules] == ["no_effect"] * 4

    def test_an_image_of_unknown_size(self):
        which = detector(outside="raises", zero_side="nan", least_side=5)
        assert of([OUTSIDE, ZERO, (-9, 1, -3, 5)], which, size=(NAN, NAN)) == [
            TAKEN,
            ("zero_side", "nan"),
            ("outside", "raises"),
        ]

    def test_huge_numbers_give_no_warning(self):
        which = detector(inverted="raises", greatest_aspect=20, least_side=1)
        big = 1.7e308
        with np.errstate(all="raise"):
            assert of([(-big, -big, big, big), (big, 0, -big, 5)], which) == [TAKEN, ("inverted", "raises")]


class TestLimits:
    """yolov4 stretches every image to 608x608: 100x80 by 6.08 and 7.6."""

    def test_pixels_of_the_input(self):
        which = detector(least_side=10)
        narrow, flat, fits = (10, 10, 11.6, 40), (10, 10, 50, 11.3), (10, 10, 11.7, 11.4)
        assert of([narrow, flat, fits], which) == [("least_side", "dropped")] * 2 + [TAKEN]

    def test_pixels_of_the_image(self):
        which = detector(least_side=2, least_side_of="image")
        assert of([(10, 10, 11.9, 40), (10, 10, 12, 12)], which) == [("least_side", "dropped"), TAKEN]

    def test_fractions_of_the_input(self):
        which = detector(least_side=0.1, least_side_of="fraction")
        assert of([(10, 10, 19, 40), (10, 10, 50, 17), (10, 10, 21, 19)], which) == [
            ("least_side", "dropped"),
            ("least_side", "dropped"),
            TAKEN,
        ]

    def test_of_a_letterbox(self):
        """darknet letterboxes 100x50 to 608x304: 0.1 of the input is 60.8 px there, 10 px of the image."""
        which = load_detector("yolov3-darknet")
        labels = Labels(least_side=0.1, least_side_of="fraction")
        which = msgspec.structs.replace(which, labels=labels)
        boxes = [(10, 10, 19.9, 40), (10, 10, 40, 19.9), (10, 10, 20.1, 20.1)]
        dropped = ("least_side", "dropped")
        assert of(boxes, which, size=(100.0, 50.0)) == [dropped, dropped, TAKEN]

    def test_what_is_beyond_the_edge_does_not_count(self):
        assert of([(98, 10, 150, 40)], detector(least_side=3, least_side_of="image")) == [
            ("least_side", "dropped")
        ]

    def test_sides_after_the_cut_at_each_edge(self):
        """Of an image of 100x80, and of one of which the size is unknown: cut at the left and the top."""
        box, beyond = (0, 0, 3, 2), (-4, -5, 0.5, 0.25)
        far, outside = (97, 76, 150, 150), (100.5, 90, 120, 95)
        given = np.array([box, beyond, far, outside], dtype=float)
        known = _sides_inside(given, np.full(4, 100.0), np.full(4, 80.0))
        assert known.tolist() == [[3, 2], [0.5, 0.25], [3, 4], [-0.5, -10]]
        unknown = _sides_inside(given, np.full(4, np.nan), np.full(4, np.nan))
        assert unknown.tolist() == [[3, 2], [0.5, 0.25], [53, 74], [19.5, 5]]

    def test_each_image_has_its_own_scale(self):
        boxes = np.array([(10, 10, 12, 30)] * 2, dtype=np.float64)
        found = admit(
            boxes, np.array([0, 1]), np.array([100.0, 1000.0]), np.array([100.0, 1000.0]),
            detector(least_side=5),
        )  # fmt: skip
        assert [OUTCOMES[code] for code in found.outcome] == ["trains", "dropped"]

    def test_sides_of_exactly_the_least_one(self):
        narrow = [(10, 10, 12, 40)]
        assert of(narrow, detector(least_side=2, least_side_of="image")) == [TAKEN]
        strict = detector(least_side=2, least_side_of="image", least_side_inclusive=False)
        assert of(narrow, strict) == [("least_side", "dropped")]

    def test_aspect_of_exactly_the_greatest_one(self):
        strict = detector(greatest_aspect=4, greatest_aspect_inclusive=False)
        assert of([(0, 0, 40, 10), (0, 0, 39.9, 10)], strict) == [("greatest_aspect", "dropped"), TAKEN]

    def test_a_loader_has_sides_and_their_ratio_on_the_input(self):
        """64x40 becomes 4 by 5 px of an input of 640x480."""
        boxes = [(10, 10, 74, 50), (10, 10, 75, 12), (-40, 10, 24, 50)]
        size = (10240.0, 3840.0)
        resize = Resize(kind="stretch", width=640, height=480)
        for keys, dropped in (
            ({"least_side": 4}, [1, 2]),
            ({"least_side": 4, "least_side_inclusive": False}, [0, 1, 2]),
            ({"greatest_aspect": 10}, [1]),
            ({"greatest_aspect": 3.3}, [1, 2]),
        ):
            which = msgspec.structs.replace(detector(**keys, limits_by="loader"), resize=resize)
            found = of(boxes, which, size=size)
            assert [at for at, (_, outcome) in enumerate(found) if outcome == "dropped"] == dropped, keys

    def test_a_loader_has_no_limits_in_an_image_of_unknown_size(self):
        which = detector(least_side=4, greatest_aspect=3, limits_by="loader")
        assert of([(10, 10, 11, 90)], which, size=(NAN, NAN)) == [TAKEN]

    def test_aspect(self):
        which = detector(greatest_aspect=4)
        assert of([(0, 0, 40, 10), (0, 0, 41, 10), (0, 0, 10, 41)], which) == [
            TAKEN,
            ("greatest_aspect", "dropped"),
            ("greatest_aspect", "dropped"),
        ]


class TestTooMany:
    MANY = ("most_labels", "dropped")

    def test_those_after_the_first(self):
        which = detector(most_labels=2)
        image = [1, 0, 1, 1, 0, 1]
        wanted = [TAKEN, TAKEN, TAKEN, self.MANY, TAKEN, self.MANY]
        assert of([GOOD] * 6, which, image=image, images=3) == wanted

    @pytest.mark.parametrize("beyond", ["drawn", "raises"])
    def test_all_of_the_image(self, beyond):
        which = detector(most_labels=2, beyond=beyond)
        rules = of([GOOD] * 5, which, image=[0, 1, 1, 1, 0], images=2)
        assert rules == [TAKEN, *[("most_labels", beyond)] * 3, TAKEN]

    def test_dropped_boxes_are_not_counted(self):
        which = detector(most_labels=2, beyond="raises", zero_side="dropped")
        assert of([GOOD, ZERO, GOOD], which) == [TAKEN, ("zero_side", "dropped"), TAKEN]


class TestClasses:
    def test_class_0(self):
        which = detector(id_zero="background", count_includes_background=True)
        assert of([GOOD] * 2, which, ids=np.array([0, 1])) == [("id_zero", "background"), TAKEN]
        reserved = detector(id_zero="reserved")
        assert of([GOOD], reserved, ids=np.array([0])) == [("id_zero", "raises")]
        assert of([GOOD], detector(), ids=np.array([0])) == [TAKEN]

    @pytest.mark.parametrize(
        ("keys", "end"),
        [({}, 3), ({"id_zero": "background"}, 4), ({"count_includes_background": True}, 2)],
    )
    def test_beyond_the_classes(self, keys, end):
        which = detector(at_count="background", above_count="raises", **keys)
        ids = np.array([end - 1, end, end + 1, 99])
        raises = ("above_count", "raises")
        assert of([GOOD] * 4, which, ids=ids, count=3) == [TAKEN, ("at_count", "background"), raises, raises]

    def test_without_a_count_no_id_is_beyond(self):
        assert of([GOOD], detector(at_count="raises", above_count="raises"), ids=np.array([99])) == [TAKEN]

    def test_ids_of_any_kind(self):
        ids = np.array(["0", 0, None, 1 << 80, -5, "cat", 2.0], dtype=object)
        which = detector(id_zero="background", above_count="raises")
        rules = of([GOOD] * 7, which, ids=ids, count=3)
        assert [outcome for _, outcome in rules] == [
            "trains", "background", "trains", "raises", "trains", "trains", "trains",
        ]  # fmt: skip

    def test_unknown(self):
        assert of([GOOD], detector(), ids=np.array([9]), count=3) == [TAKEN]

    def test_an_image_that_is_dropped_for_one_box(self):
        which = detector(at_count="drops_image", zero_side="dropped", inverted="raises")
        boxes = [GOOD, GOOD, ZERO, INVERTED, GOOD]
        rules = of(boxes, which, image=[0, 0, 0, 0, 1], images=2, ids=np.array([1, 3, 1, 1, 1]), count=3)
        gone = ("at_count", "drops_image")
        assert rules == [gone, gone, ("zero_side", "dropped"), ("inverted", "raises"), TAKEN]


class TestSeveralRules:
    def test_the_worst_counts(self):
        which = detector(zero_side="nan", outside="raises", above_count="no_effect")
        outside = (110, 10, 110, 40)
        assert of([outside, ZERO], which, ids=np.array([9, 9]), count=3) == [
            ("outside", "raises"),
            ("zero_side", "nan"),
        ]

    def test_what_is_dropped_cannot_fail(self):
        which = detector(zero_side="raises", outside="dropped", above_count="raises")
        assert of([(110, 10, 110, 40)], which, ids=np.array([9]), count=3) == [("outside", "dropped")]

    def test_one_that_is_not_finite_has_no_other_geometry(self):
        which = detector(not_finite="trains", inverted="raises", outside="raises", zero_side="raises")
        assert of([(INF, 0, -INF, 9), (NAN, 9, 5, 1), (INF, 0, INF, 9)], which) == [TAKEN] * 3


class TestAnswer:
    def test_masks_and_counts(self):
        which = detector(zero_side="dropped", inverted="nan", most_labels=9)
        boxes = np.array([GOOD, ZERO, INVERTED, ZERO], dtype=np.float64)
        found = admit(boxes, np.zeros(4, dtype=np.int64), np.array([100.0]), np.array([80.0]), which)
        assert found.fatal.tolist() == [False, False, True, False]
        assert found.reaches.tolist() == [True, False, False, False]
        assert found.is_("dropped").tolist() == [False, True, False, True]
        assert found.counts() == {("inverted", "nan"): 1, ("zero_side", "dropped"): 2}

    def test_nothing_to_count(self):
        found = admit(np.empty((0, 4)), np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), detector())
        assert found.counts() == {} and len(found.rule) == 0

    def test_words(self):
        labels = load_detector("torchvision-fasterrcnn_resnet50_fpn").labels
        assert words(0, labels) == ""
        assert words(1 + RULES.index("zero_side"), labels) == (
            "a box without width or height makes the framework raise an error: AssertionError: All bounding "
            "boxes should have positive height and width"
        )
        assert words(1 + RULES.index("not_finite"), labels) == (
            "a box with a coordinate that is NaN or infinite ends the process: Segmentation fault"
        )


class TestPresets:
    @pytest.mark.parametrize(
        ("name", "outcomes"),
        [
            ("torchvision-fasterrcnn_resnet50_fpn", ["raises", "raises", "crashes", "trains"]),
            ("torchvision-ssd300_vgg16", ["raises", "raises", "nan", "trains"]),
            ("detectron2-retinanet", ["nan", "nan", "nan", "trains"]),
            ("mmdet-yolov3", ["no_effect", "trains", "raises", "raises"]),
            ("yolov4", ["dropped", "dropped", "trains", "dropped"]),
            ("efficientdet-d0", ["dropped", "trains", "nan", "dropped"]),
        ],
    )
    def test_four_odd_boxes(self, name, outcomes):
        boxes = [ZERO, INVERTED, (0, 0, INF, 9), OUTSIDE]
        assert [outcome for _, outcome in of(boxes, load_detector(name))] == outcomes

    def test_efficientdet_asserts_at_100_boxes(self):
        which = load_detector("efficientdet-d0")
        assert set(of([GOOD] * 99, which)) == {TAKEN}
        assert set(of([GOOD] * 100, which)) == {("most_labels", "raises")}


@given(
    arrays(np.float64, (12, 4), elements=st.floats(width=64)),
    arrays(np.int64, 12, elements=st.integers(0, 2)),
    arrays(np.float64, 3, elements=st.sampled_from([1.0, 80.0, 1e5, NAN])),
)
def test_any_numbers_and_any_order(boxes, image, sides):
    which = detector(
        zero_side="nan", inverted="raises", not_finite="crashes", outside="dropped", least_side=1,
        greatest_aspect=9, most_labels=2, beyond="raises",
    )  # fmt: skip
    with np.errstate(all="raise"):
        found = admit(boxes, image, sides, sides, which)
        turned = admit(boxes[::-1].copy(), image[::-1].copy(), sides, sides, which)
    assert found.rule.tolist() == turned.rule[::-1].tolist()
    assert found.outcome.tolist() == turned.outcome[::-1].tolist()
    assert ((found.rule == 0) == (found.outcome == 0)).all()
    assert (found.is_("crashes") == ~np.isfinite(boxes).all(axis=1)).all()
