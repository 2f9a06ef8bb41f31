"""ATSS: the window around each box against the whole grid, and small grids worked out by hand."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from anchoraudit.detectors import load_detector
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Loss, Match, Resize
from anchoraudit.encoding.atss.candidates import positive_candidates
from anchoraudit.encoding.atss.definition import replay, threshold_of
from anchoraudit.encoding.atss.judging import count, judge, largest_threshold, surely_positive
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.iou.closed_form import best_ious, levels_of
from tests.test_engines import NOTHING, check, scenes

ATSS = load_detector("mmdet-atss")


def tiny(candidates=3, levels=None, precision="float64", **match):
    """Build a detector whose anchors on a 40x10 canvas are four squares of 10 px side by side."""
    return Detector(
        name="tiny",
        resize=Resize(kind="none"),
        anchors=Anchors(
            levels=levels or (Level(stride=10, offset=5, shapes=((10, 10),)),), precision=precision
        ),
        border=Border(margin="off"),
        match=Match(kind="atss", candidates=candidates, **match),
        loss=Loss(normaliser="none"),
    )


def labelled(detector, *boxes, size=(40, 10)):
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    width, height = size
    whole = Canvases(*(np.array([float(side)]) for side in (*size, *size)))
    of = np.zeros(len(boxes), dtype=np.int64)
    found = replay(boxes, width, height, detector)
    judged = judge(OnCanvas(boxes, of, whole), detector)
    counted = count(OnCanvas(boxes, of, whole), of, np.zeros(1, dtype=np.int64), detector)
    np.testing.assert_allclose(judged.best, found.best_iou, rtol=0, atol=1e-5)
    assert judged.matched.tolist() == found.above.tolist()
    assert not judged.forced.any()
    assert counted.counts.tolist() == [[found.positives, found.negatives, 0]]
    assert counted.assigned.tolist() == found.assigned.tolist()
    return found


class TestByHand:
    def test_a_box_on_an_anchor(self):
        """IoUs 1, 0, 0: mean 1/3, deviation 0.577."""
        found = labelled(tiny(), (0, 0, 10, 10))
        assert found.labels.tolist() == [1, -1, -1, -1]
        assert found.assigned.tolist() == [1]

    def test_a_box_between_two_anchors_has_none(self):
        """IoUs 1/3, 1/3, 0: mean 0.222, deviation 0.192, together above 1/3."""
        found = labelled(tiny(), (5, 0, 15, 10))
        assert found.labels.tolist() == [-1] * 4
        assert found.above.tolist() == [False]
        assert found.best_iou.tolist() == [1 / 3]

    def test_two_of_four_reach_it(self):
        """IoUs 0.5, 0.5, 0, 0: mean 0.25, deviation 0.289; of three candidates mean 1/3, also 0.289."""
        found = labelled(tiny(candidates=4), (0, 0, 20, 10))
        assert found.labels.tolist() == [-1] * 4  # 0.539
        # Four levels' worth of far anchors bring the mean down: IoUs 0.5, 0.5 and 0 six times.
        far = Level(stride=10, offset=5, shapes=((0.001, 0.001),))
        found = labelled(tiny(candidates=4, levels=(*tiny().anchors.levels, far)), (0, 0, 20, 10))
        assert found.labels[:4].tolist() == [1, 1, -1, -1]  # 0.125 + 0.231

    def test_the_centre_must_lie_inside_the_box_by_more_than_a_hundredth(self):
        """The anchor's centre is 5: a box that starts at 4.98 holds it, one at 4.995 does not."""
        level = Level(stride=10, offset=5, shapes=((10, 10),))
        held = labelled(tiny(levels=(level,)), (4.98, 0, 9, 10))
        assert held.labels.tolist() == [1, -1, -1, -1]
        not_held = labelled(tiny(levels=(level,)), (4.995, 0, 9, 10))
        assert not_held.labels.tolist() == [-1] * 4

    def test_one_candidate_has_no_deviation(self):
        assert labelled(tiny(candidates=1), (0, 0, 10, 10)).labels.tolist() == [-1] * 4

    def test_an_anchor_goes_to_the_box_it_overlaps_most_and_then_to_the_first(self):
        found = labelled(tiny(), (0, 0, 8, 10), (0, 0, 9, 10), (1, 0, 10, 10))
        assert found.labels.tolist() == [1, -1, -1, -1]
        assert found.assigned.tolist() == [0, 1, 0]
        assert found.above.tolist() == [True, True, True]

    def test_the_threshold_is_that_of_the_values_in_any_order(self):
        """Four equal IoUs and one a few units in the last place above: their sum rounds either way."""
        level = Level(stride=8, shapes=((4.468803576786307, 73),))
        found = labelled(tiny(5, (level,)), (0, 1, 53, 14), size=(61, 61))
        assert np.flatnonzero(found.labels == 1).tolist() == [12]

    @pytest.mark.parametrize("precision", ["float32", "float64"])
    def test_equal_overlaps_reach_their_own_mean(self, precision):
        """Two anchors hold the box whole: both IoUs are 6/400, which no float is."""
        level = Level(stride=10, offset=5, shapes=((40, 10),))
        found = labelled(tiny(2, (level,), precision), (14.5, 4, 17.5, 6), size=(30, 10))
        assert found.labels.tolist() == [-1, 1, -1]

    def test_equal_overlaps_do_not_exceed_their_own_mean(self):
        level = Level(stride=10, offset=5, shapes=((40, 10),))
        found = labelled(tiny(2, (level,), threshold_inclusive=False), (14.5, 4, 17.5, 6), size=(30, 10))
        assert found.labels.tolist() == [-1] * 3

    @pytest.mark.parametrize(("low", "positive"), [(4.995, True), (5 - 1e-8, True), (5, False)])
    def test_how_far_inside_its_box_the_centre_must_lie(self, low, positive):
        found = labelled(tiny(inside=1e-9), (low, 0, 9, 10))
        assert found.above.tolist() == [positive]

    def test_a_contested_anchor_may_go_to_a_box_that_has_no_positive_one(self):
        """Positive for both small boxes, it overlaps more of the wide one, which has none of its own."""
        small, smaller, wide = (4, 4, 6.5, 6.5), (4, 4, 6, 6), (5, 0, 15, 10)
        among_them = labelled(tiny(), smaller, small, wide)
        assert among_them.assigned.tolist() == [0, 1, 0]
        among_all = labelled(tiny(contested="all"), smaller, small, wide)
        assert among_all.assigned.tolist() == [0, 0, 1]
        assert among_all.above.tolist() == [True, True, False]
        assert among_all.labels.tolist() == among_them.labels.tolist() == [1, -1, -1, -1]
        alone = labelled(tiny(contested="all"), small, wide)  # positive for one box, it is not contested
        assert alone.assigned.tolist() == [1, 0]

    def test_of_equal_boxes_the_first_gets_a_contested_anchor(self):
        found = labelled(tiny(contested="all"), (0, 0, 10, 10), (0, 0, 10, 10))
        assert found.assigned.tolist() == [1, 0]

    def test_no_boxes(self):
        found = labelled(tiny())
        assert found.labels.tolist() == [-1] * 4

    def test_more_candidates_than_anchors(self):
        assert labelled(tiny(candidates=50), (0, 0, 10, 10)).labels.tolist() == [1, -1, -1, -1]

    @pytest.mark.parametrize("size", [(10, 10), (10, 400), (400, 10), (20, 30)])
    def test_grids_of_a_cell_or_a_row(self, size):
        labelled(tiny(candidates=9), (0, 0, 10, 10), (2, 3, 9, 8), (0, 0, *size), size=size)


@pytest.mark.parametrize(("side", "lost"), [(4, 0.72), (6, 0.47), (7, 0.26), (8, 0.005), (9, 0.0)])
def test_how_often_a_small_square_has_no_anchor(side, lost):
    rng = np.random.default_rng(side)
    n = 6000
    corner = rng.uniform(100, 600, (n, 2))
    whole = Canvases(*(np.array([length]) for length in (1088.0, 800.0, 1088.0, 800.0)))
    boxes = np.concatenate([corner, corner + side], axis=1).astype(np.float32).astype(np.float64)
    judged = judge(OnCanvas(boxes, np.zeros(n, dtype=np.int64), whole), ATSS)
    assert np.mean(~judged.matched) == pytest.approx(lost, abs=0.05)
    # Positive is a centre on the grid of 8 px that lies inside, 0.01 px from the edges, where there is one.
    exact = 1 - min((side - 0.02) / 8, 1.0) ** 2
    assert np.mean(~judged.matched) == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("number", [np.float32, np.float64])
def test_threshold_of_a_row(number):
    rng = np.random.default_rng(3)
    ious = (rng.uniform(0, 1, (200, 23)) ** rng.integers(1, 9, (200, 1))).astype(number)
    ious[:100, 1:] = ious[:100, :1]
    found = threshold_of(ious)
    assert found.dtype == number
    exact = ious.astype(np.float64)
    np.testing.assert_allclose(found, exact.mean(axis=1) + exact.std(axis=1, ddof=1), rtol=1e-6)
    assert found[:100].tolist() == ious[:100, 0].tolist()
    shuffled = rng.permuted(np.hstack([ious, np.full((200, 9), np.nan, dtype=number)]), axis=1)
    assert threshold_of(shuffled).tolist() == found.tolist()
    assert [threshold_of(row[None])[0] for row in ious] == found.tolist()


def test_no_threshold_of_fewer_than_two():
    assert np.isnan(threshold_of(np.array([[0.5, np.nan], [np.nan, np.nan]]))).all()
    assert np.isnan(threshold_of(np.zeros((3, 0)))).all()


def laid(candidates, *, shapes=((10, 10),), stride=10, offset=0, cells=None, **anchors):
    """Build a detector with one level, laid over the canvas as told."""
    level = Level(stride=stride, offset=offset, shapes=shapes, cells=cells)
    return structs.replace(tiny(candidates), anchors=Anchors(levels=(level,), **anchors))


SIDES = st.one_of(
    st.sampled_from([1.0, 8.0, 10.0, 64.0, 1000.0, 1e5]), st.floats(0.5, 90.0), st.floats(1, 1e5)
)
STRIDES = st.one_of(st.sampled_from([4.0, 8.0, 13.0, 16.0, 32.0, 64.0, 128.0]), st.floats(3.0, 150.0))


@st.composite
def grids(draw):
    """Any anchors: as wide as thousands of boxes, from outside of the canvas on, cells longer than wide."""
    spacing = draw(st.sampled_from(["declared", "declared", "floor", "exact"]))
    levels = []
    for _ in range(draw(st.integers(1, 3))):
        stride = draw(STRIDES)
        offset = draw(st.one_of(st.sampled_from([0.0, stride / 2]), st.floats(-300, 300)))
        shapes = draw(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=2))
        # With more cells than pixels, their "floor" would be 0 px.
        fixed = st.none() if spacing == "floor" else st.tuples(st.integers(1, 40), st.integers(1, 40))
        cells = draw(st.one_of(st.none(), fixed))
        levels.append(Level(stride=stride, offset=offset, shapes=tuple(shapes), cells=cells))
    anchors = Anchors(
        levels=tuple(levels),
        precision=draw(st.sampled_from(["float32", "float64"])),
        spacing=spacing,
        grid=draw(st.sampled_from(["ceil", "floor"])),
        centre_in="shape" if spacing == "declared" and draw(st.booleans()) else "cell",
    )
    candidates = draw(st.one_of(st.sampled_from([1, 2, 3, 5, 9, 12, 20]), st.integers(1, 100)))
    match = Match(
        kind="atss",
        candidates=candidates,
        threshold_inclusive=draw(st.booleans()),
        inside=draw(st.sampled_from([0.01, 1e-9, 0.0, 0.7])),
        contested=draw(st.sampled_from(["positive", "all"])),
    )
    return structs.replace(tiny(), anchors=anchors, match=match)


CANVASES = st.one_of(
    st.tuples(st.integers(61, 220), st.integers(61, 220)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 10), st.integers(100, 400)),
    st.tuples(st.integers(100, 400), st.integers(1, 10)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(grids(), scenes(CANVASES, most_images=3, most=4))
@example(tiny(9), [(97, 61, np.array([[0.0, 0, 97, 61], [96, 60, 97, 61], [0, 0, 0.3, 61]]))])
@example(laid(5, shapes=((4.468803576786307, 73),), stride=8), [(61, 61, np.array([[0.0, 1, 53, 14]]))])
@example(laid(9, shapes=((1, 1),), stride=4, cells=(9, 5)), [(5, 224, np.array([[3.0, 0, 5, 224]]))])
@example(laid(1, stride=4, grid="floor"), [(1, 1, np.array([[0.0, 0, 1, 1]]))])
@example(laid(2, stride=4, grid="floor"), [(61, 61, NOTHING), (1, 100, np.array([[0.0, 0, 1, 1]]))])
@example(
    laid(9, shapes=((50, 100),), cells=(40, 40), spacing="exact"),
    [(61, 400, np.array([[23.0, 109, 33, 237]]))],
)
@example(laid(9, shapes=((380, 80),), cells=(6, 40)), [(400, 400, np.array([[4.0, 42, 353, 351]]))])
def test_the_window_holds_the_candidates_of_the_whole_grid(detector, scene):
    check(scene, detector)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes(most=5))
def test_the_preset(scene):
    check(scene, ATSS)


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=5),
    st.lists(st.floats(0, 1), min_size=5, max_size=5),
)
def test_no_threshold_is_larger_than_its_bound(groups, bounds):
    """IoUs drawn below their shape's bound, and every vertex of one group full or empty."""
    highest = np.sort(np.array(bounds[: len(groups)]))[::-1]
    values = (np.array(groups) * highest[:, None]).reshape(-1)
    (limit,) = largest_threshold(highest[:, None], 4)
    for some in (values, np.where(values > 0, np.repeat(highest, 4), 0.0)):
        assert some.mean() + some.std(ddof=1) <= limit + 1e-12


def test_bound_is_reached_by_one_full_group():
    values = np.repeat([0.8, 0.0], 9)
    assert largest_threshold(np.array([[0.8], [0.0]]), 9)[0] == pytest.approx(
        values.mean() + values.std(ddof=1), abs=1e-12
    )
    assert largest_threshold(np.array([[0.6]]), 1)[0] == 0.6


def test_boxes_told_in_short_are_those_told_in_full():
    """Most boxes are decided by the bound, and none of them otherwise than by its candidates."""
    rng = np.random.default_rng(11)
    sizes = np.exp(rng.uniform(np.log(4), np.log(600), (4000, 2)))
    low = rng.uniform(-20, 800, (4000, 2))
    boxes = np.concatenate([low, low + sizes], axis=1)
    canvases = Canvases(*(np.array([1344.0, 832.0, 64.0]) for _ in range(4)))
    some = OnCanvas(boxes, rng.integers(0, 3, 4000), canvases)
    best, sure = surely_positive(some, levels_of(canvases, ATSS), ATSS)
    assert 0.3 < sure.mean() < 1
    assert positive_candidates(some, ATSS)[2].any(axis=1)[sure].all()
    np.testing.assert_allclose(best, best_ious(some, ATSS), atol=1e-5)


def test_crowds_contend_for_the_same_anchors():
    """Boxes of all sizes about a few places, on three canvases of one detector."""
    rng = np.random.default_rng(7)
    levels = (
        Level(stride=8, offset=4, shapes=((40, 40), (24, 70))),
        Level(stride=16, offset=8, shapes=((80, 80),)),
    )
    detector = tiny(4, levels, "float32", contested="all", inside=1e-9)
    scene = []
    for width, height in ((160, 96), (64, 200), (160, 160)):
        centre = rng.choice([20.0, 36.0, 48.0], (60, 2)) + rng.uniform(-3, 3, (60, 2))
        half = np.exp(rng.uniform(1, 3, (60, 2)))
        crowd = np.hstack([centre - half, centre + half])
        scene.append((width, height, np.clip(crowd, 0, [width, height, width, height])))
    check(scene, detector)
    found = [replay(boxes, width, height, detector) for width, height, boxes in scene]
    assert any((labels.assigned[~labels.above] > 0).any() for labels in found)
    assert any((labels.assigned[labels.above] == 0).any() for labels in found)
