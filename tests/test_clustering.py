from __future__ import annotations

import json
import pickle
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data
from threadpoolctl import threadpool_limits

from anchoraudit.anchors.clustering import METRICS, AnchorKMeans, moves
from anchoraudit.anchors.clustering.centres import centres_of
from anchoraudit.anchors.clustering.points import make_points, merge_duplicates, summarise
from anchoraudit.anchors.fit import measure_fit
from anchoraudit.boxes import MEASURES, side_ratio, wh_iou

DATA = Path(__file__).parents[2] / "shared" / "data"


def lognormal(n, seed=0):
    return np.exp(np.random.default_rng(seed).normal(3.5, 0.9, (n, 2)))


def mean_iou(model, sizes):
    return measure_fit(sizes, model.cluster_centers_).mean_iou


def at_640(xyxy, width, height):
    """Usable boxes as sizes once the longer side of their image is 640."""
    clipped = np.clip(np.reshape(xyxy, (-1, 4)).astype(float), 0, [width, height, width, height])
    sizes = clipped[:, 2:] - clipped[:, :2]
    return sizes[(sizes > 0).all(axis=1)] * 640 / max(width, height)


def bccd():
    sizes = []
    for file in sorted((DATA / "bccd/BCCD/Annotations").glob("*.xml")):
        root = ET.parse(file).getroot()
        corners = [
            [float(b.findtext(c)) for c in ("xmin", "ymin", "xmax", "ymax")] for b in root.iter("bndbox")
        ]
        sizes.append(at_640(corners, float(root.findtext("size/width")), float(root.findtext("size/height"))))
    return np.concatenate(sizes)


def coco38():
    document = json.loads((DATA / "coco38/annotations/instances_train2017.json").read_text())
    images = {image["id"]: (image["width"], image["height"]) for image in document["images"]}
    return np.concatenate(
        [
            at_640([x, y, x + w, y + h], *images[a["image_id"]])
            for a in document["annotations"]
            if not a.get("iscrowd")
            for x, y, w, h in [a["bbox"]]
        ]
    )


# ---- quality


@pytest.mark.skipif(not DATA.is_dir(), reason=f"NO QUALITY CHECK: the shared data sets are not at {DATA}")
@pytest.mark.parametrize(("load", "bar"), [(bccd, 0.8838), (coco38, 0.657)])
def test_nine_anchors_fit_real_boxes(load, bar):
    sizes = load()
    found = [mean_iou(AnchorKMeans(9, random_state=seed).fit(sizes), sizes) for seed in range(2)]
    assert min(found) >= bar


@pytest.mark.parametrize("metric", ["iou", "ratio"])
def test_two_anchors_are_the_best_there_are(metric):
    """Every pair from a fine grid of anchors is tried."""
    sizes = np.round(lognormal(30, seed=3), 1)
    grid = np.exp(np.linspace(np.log(sizes.min()), np.log(sizes.max()), 40))
    anchors = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    table = (wh_iou if metric == "iou" else side_ratio)(sizes, anchors).T
    by_grid = max(np.maximum(table, row).mean(axis=1).max() for row in table)
    model = AnchorKMeans(2, metric=metric).fit(sizes)
    assert 1 - model.inertia_ / len(sizes) >= by_grid


@pytest.mark.parametrize("metric", ["iou", "ratio"])
def test_no_move_of_a_single_anchor_helps(metric):
    sizes = lognormal(300, seed=1)
    model = AnchorKMeans(5, metric=metric).fit(sizes)
    measure = wh_iou if metric == "iou" else side_ratio
    reached = measure(sizes, model.cluster_centers_).max(axis=1).mean()
    rng = np.random.default_rng(0)
    for anchor in range(5):
        for spread in (0.001, 0.01, 0.1):
            for change in np.exp(rng.normal(0, spread, (50, 2))):
                moved = model.cluster_centers_.copy()
                moved[anchor] *= change
                assert measure(sizes, moved).max(axis=1).mean() <= reached + 1e-6


def test_it_beats_k_means_in_pixels_by_far_where_sizes_differ():
    sizes = lognormal(300, seed=5)
    plain = KMeans(9, n_init=10, random_state=0).fit(sizes).cluster_centers_
    assert mean_iou(AnchorKMeans(9).fit(sizes), sizes) > measure_fit(sizes, plain).mean_iou + 0.05


def test_a_histogram_of_many_sizes_loses_next_to_nothing():
    sizes = lognormal(16_000)
    model = AnchorKMeans(3).fit(sizes)
    points = make_points(sizes, np.ones(len(sizes)), MEASURES["iou"])
    polished, _ = moves.settle(points, model.cluster_centers_, 4, 0.005)
    assert points.value(polished) - mean_iou(model, sizes) < 1e-4
    assert model.inertia_ == pytest.approx(len(sizes) * (1 - mean_iou(model, sizes)))


# ---- answers known beforehand


@pytest.mark.parametrize("metric", METRICS)
def test_as_many_anchors_as_sizes(metric):
    sizes = lognormal(7)
    model = AnchorKMeans(7, metric=metric).fit(np.concatenate([sizes, sizes]))
    assert sorted(model.cluster_centers_.tolist()) == sorted(sizes.tolist())
    assert model.inertia_ == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_one_anchor_fewer_than_sizes(metric):
    sizes = np.array([[10.0, 10], [10, 11], [50, 20], [100, 200], [300, 10]])
    model = AnchorKMeans(4, metric=metric).fit(sizes)
    assert model.labels_[0] == model.labels_[1]
    assert len(set(model.labels_.tolist())) == 4


@pytest.mark.parametrize("metric", METRICS)
def test_equal_boxes_make_one_anchor(metric):
    model = AnchorKMeans(1, metric=metric).fit([[20, 30]] * 50)
    assert model.cluster_centers_.tolist() == [[20, 30]]
    assert model.inertia_ == 0
    assert model.labels_.tolist() == [0] * 50


def test_a_single_anchor_sits_where_most_boxes_are():
    model = AnchorKMeans(1).fit([[10, 10]] * 9 + [[11, 12]])
    assert model.cluster_centers_ == pytest.approx(np.array([[10.0, 10.0]]), rel=1e-3)


@pytest.mark.parametrize("metric", METRICS)
def test_weights_count_as_copies_and_zero_as_absent(metric):
    sizes, copies = lognormal(40), np.arange(40) % 4
    weighted = AnchorKMeans(4, metric=metric).fit(sizes, sample_weight=copies)
    copied = AnchorKMeans(4, metric=metric).fit(np.repeat(sizes, copies, axis=0))
    assert weighted.cluster_centers_.tolist() == copied.cluster_centers_.tolist()
    assert weighted.inertia_ == pytest.approx(copied.inertia_)
    assert len(weighted.labels_) == 40


@pytest.mark.parametrize("metric", METRICS)
def test_sizes_from_a_hundredth_of_a_pixel_to_ten_thousand(metric):
    sizes = np.exp(np.random.default_rng(0).uniform(np.log(0.01), np.log(10_000), (200, 2)))
    model = AnchorKMeans(6, metric=metric).fit(sizes)
    assert np.isfinite(model.cluster_centers_).all()
    assert (model.cluster_centers_ >= sizes.min(axis=0) - 1e-9).all()
    assert (model.cluster_centers_ <= sizes.max(axis=0) + 1e-9).all()


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.lists(st.tuples(*[st.integers(1, 6).map(float)] * 2), min_size=1, max_size=12),
    k=st.integers(1, 6),
    metric=st.sampled_from(METRICS),
)
def test_few_sizes_and_many_duplicates(sizes, k, metric):
    model = AnchorKMeans(k, metric=metric, n_init=3)
    if len(set(sizes)) < k:
        with pytest.raises(ValueError, match="different box sizes"):
            model.fit(sizes)
        return
    model.fit(sizes)
    distance = model.transform(sizes)
    assert distance.shape == (len(sizes), k)
    assert model.labels_.tolist() == distance.argmin(axis=1).tolist()
    power = 2 if metric == "euclidean" else 1
    assert model.inertia_ == pytest.approx((distance.min(axis=1) ** power).sum())


# ---- determinism


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_seed_gives_the_same_bits(metric):
    sizes = lognormal(150)
    first, second = (AnchorKMeans(5, metric=metric, random_state=3).fit(sizes) for _ in range(2))
    assert first.cluster_centers_.tobytes() == second.cluster_centers_.tobytes()


def test_the_number_of_threads_changes_no_bit():
    sizes = lognormal(1100)
    answers = set()
    for threads in (1, 2):
        with threadpool_limits(threads):
            models = [AnchorKMeans(3, metric=metric, n_init=2).fit(sizes) for metric in METRICS]
        answers.add(b"".join(model.cluster_centers_.tobytes() for model in models))
    assert len(answers) == 1


def test_the_order_of_the_boxes_does_not_matter():
    sizes = lognormal(100)
    forward, backward = AnchorKMeans(4).fit(sizes), AnchorKMeans(4).fit(sizes[::-1])
    assert forward.cluster_centers_.tolist() == backward.cluster_centers_.tolist()


# ---- scikit-learn's conventions


class OfAnyNumbers(AnchorKMeans):
    """The estimator behind an adapter, since scikit-learn's checks feed many columns, zeros and negatives."""

    def _check_sizes(self, X, *, reset=False):
        numbers = validate_data(self, X, reset=reset, dtype=np.float64)
        return np.exp(np.clip(numbers / 50, -60, 60))[:, [0, -1]]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = False
        return tags


@parametrize_with_checks([OfAnyNumbers(n_clusters=2, n_init=2)])
def test_common_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_estimators_unfitted,
        estimator_checks.check_transformers_unfitted,
        estimator_checks.check_estimators_empty_data_messages,
        estimator_checks.check_estimator_sparse_array,
        estimator_checks.check_complex_data,
        estimator_checks.check_fit1d,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_sample_weights_shape,
        estimator_checks.check_clusterer_compute_labels_predict,
    ],
)
def test_common_check_without_adapter(check):
    check("AnchorKMeans", AnchorKMeans(n_clusters=2, n_init=2))


def test_the_interface_of_an_estimator():
    sizes = lognormal(100)
    model = AnchorKMeans(4, random_state=1)
    assert model.fit(sizes, "ignored") is model
    assert model.n_features_in_ == 2
    assert model.n_iter_ >= 1
    assert model.cluster_centers_.shape == (4, 2)
    areas = model.cluster_centers_.prod(axis=1)
    assert all(small <= large for small, large in pairwise(areas))
    assert model.predict(sizes).tolist() == model.labels_.tolist()
    assert clone(model).fit_predict(sizes).tolist() == model.labels_.tolist()
    assert model.transform(sizes) == pytest.approx(1 - wh_iou(sizes, model.cluster_centers_))
    assert model.score(sizes) == -model.inertia_
    assert model.get_feature_names_out().tolist() == [f"anchorkmeans{i}" for i in range(4)]
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(sizes).tolist() == model.labels_.tolist()
    assert AnchorKMeans(**model.get_params()).get_params() == model.get_params()
    assert model.set_params(metric="ratio").metric == "ratio"


def test_a_dataframe_keeps_its_column_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(lognormal(50), columns=["width", "height"])
    model = AnchorKMeans(3).set_output(transform="pandas").fit(frame)
    assert model.feature_names_in_.tolist() == ["width", "height"]
    assert list(model.transform(frame).columns) == ["anchorkmeans0", "anchorkmeans1", "anchorkmeans2"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["height", "width"]])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([[1, 1], [2, -3]], r"row 1 of X is \[2\.0, -3\.0\]"),
        ([[1, 1], [0, 3]], "row 1 of X"),
        ([[np.nan, 1], [2, 3]], "row 0 of X.*NaN"),
        ([[1, 1], [2, np.inf]], "row 1 of X.*infinity"),
        ([[1, 1e-200], [2, 2]], "row 0 of X"),
        ([[1, 2, 3]], "2 columns, width and height, and has 3 feature"),
        ([1, 2], "1D array"),
        (np.empty((0, 2)), "0 sample"),
        ([[1, 1], [1, 1]], "there is 1 in n_samples=2"),
    ],
)
def test_sizes_that_cannot_be_clustered_are_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        AnchorKMeans(2).fit(sizes)


def test_sizes_to_predict_are_checked_too():
    model = AnchorKMeans(2).fit(lognormal(10))
    for method in (model.predict, model.transform, model.score):
        with pytest.raises(ValueError, match="row 0 of X"):
            method([[0, 1]])
        with pytest.raises(ValueError, match="expecting 2 features"):
            method([[1, 1, 1]])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 1], r"expected \(3,\)"),
        ([1, -1, 1], r"sample_weight\[1\] is -1"),
        ([1, 1, np.nan], r"sample_weight\[2\] is nan"),
        ([0, 0, 0], "zero for every row"),
        ([1, 0, 0], "there is 1"),
    ],
)
def test_weights_that_cannot_be_used_are_named(weight, message):
    with pytest.raises(ValueError, match=message):
        AnchorKMeans(2).fit([[1, 1], [2, 2], [3, 3]], sample_weight=weight)


@pytest.mark.parametrize(
    "parameters",
    [{"metric": "manhattan"}, {"n_clusters": 0}, {"n_clusters": 2.5}, {"n_init": 0}, {"max_iter": True}],
)
def test_parameters_out_of_range_are_refused_by_fit(parameters):
    model = AnchorKMeans(**parameters)
    with pytest.raises(ValueError, match=next(iter(parameters))):
        model.fit(lognormal(20))


# ---- the parts of the search


@pytest.mark.parametrize("metric", ["iou", "ratio"])
def test_slopes_are_the_derivatives_of_the_similarity(metric):
    rng = np.random.default_rng(0)
    aw, ah, w, h = np.exp(rng.normal(3, 1, (4, 200)))
    measure = MEASURES[metric]
    step = 1e-6
    by_width, by_height = measure.slopes(aw, ah, w, h)
    up, down = np.exp(step), np.exp(-step)
    numeric_width = (
        (measure.similarity(aw * up, ah, w, h) - measure.similarity(aw * down, ah, w, h)) / step / 2
    )
    numeric_height = (
        (measure.similarity(aw, ah * up, w, h) - measure.similarity(aw, ah * down, w, h)) / step / 2
    )
    assert by_width == pytest.approx(numeric_width, abs=1e-6)
    assert by_height == pytest.approx(numeric_height, abs=1e-6)


sides = st.floats(1e-3, 1e4)
several = st.lists(st.tuples(sides, sides), min_size=1, max_size=6).map(np.array)


@pytest.mark.parametrize("metric", ["iou", "ratio"])
@given(several, several, st.floats(0.3, 3), st.floats(0.3, 3))
def test_no_similarity_grows_by_more_than_a_side_does(metric, anchors, sizes, wider, higher):
    points = make_points(sizes, np.ones(len(sizes)), MEASURES[metric])
    most = max(wider, 1 / wider) * max(higher, 1 / higher)
    assert (points.table(anchors * [wider, higher]) <= most * points.table(anchors) * (1 + 1e-9)).all()


@pytest.mark.parametrize("metric", ["iou", "ratio"])
@given(several, several, several, st.data())
def test_gains_are_what_the_objective_rises_by(metric, anchors, sizes, factors, data):
    points = make_points(sizes, np.arange(1.0, 1 + len(sizes)), MEASURES[metric])
    place = data.draw(st.integers(0, len(anchors) - 1))
    factors = np.clip(factors, 0.5, 2.0)
    table = points.table(anchors)
    gains = moves._gains(points, anchors, table, place, anchors[place] * factors)
    assert np.array_equal(table, points.table(anchors))
    for factor, gain in zip(factors, gains, strict=True):
        moved = anchors.copy()
        moved[place] *= factor
        assert gain == pytest.approx(points.value(moved) - points.value(anchors), abs=1e-12)


@pytest.mark.parametrize("metric", ["iou", "ratio"])
def test_owners_are_the_first_of_the_best_anchors(metric):
    rng = np.random.default_rng(0)
    points = make_points(np.exp(rng.normal(3, 1, (50, 2))), np.ones(50), MEASURES[metric])
    anchors = np.exp(rng.normal(3, 1, (4, 6, 2)))
    anchors[:, 4] = anchors[:, 2]
    owner, best = moves._owners(points, anchors)
    table = points.table(anchors)
    assert np.array_equal(owner, table.argmax(axis=1))
    assert np.array_equal(best, table.max(axis=1))


def test_runs_climb_alone():
    points = make_points(lognormal(60), np.ones(60), MEASURES["iou"])
    anchors = np.stack([lognormal(3, seed=seed) for seed in range(5)])
    together = moves.climb(points, anchors, 8, 0.1)
    for run in range(5):
        for one, other in zip(together, moves.climb(points, anchors[run : run + 1], 8, 0.1), strict=True):
            assert np.array_equal(one[run : run + 1], other)


@pytest.mark.parametrize(("most", "kind"), [(5e4, np.float32), (1e9, np.float64)])
def test_sides_that_differ_too_much_keep_all_digits(most, kind):
    sizes = np.array([[1.0, 2.0], [30.0, most]])
    points = make_points(sizes, np.ones(2), MEASURES["iou"])
    assert points.single.w.dtype == points.single.h.dtype == kind
    top, value = moves.climb(points, sizes[None] * 1.2, 25, 0.1)
    assert top[0] == pytest.approx(sizes, rel=1e-2)
    assert value[0] == pytest.approx(points.value(top[0]), abs=1e-6)


def test_swap_values_are_the_objective_of_the_swapped_anchors():
    rng = np.random.default_rng(0)
    points = make_points(lognormal(60), rng.random(60), MEASURES["iou"])
    anchors, candidates = lognormal(4, seed=1), lognormal(6, seed=2)
    values = moves.swap_values(points, anchors, candidates)
    for leaving in range(4):
        for joining in range(6):
            swapped = anchors.copy()
            swapped[leaving] = candidates[joining]
            assert values[leaving, joining] == pytest.approx(points.value(swapped))


def test_an_anchor_without_boxes_moves_to_the_worst_served_box():
    sizes = np.array([[10.0, 10], [11, 11], [12, 12], [200, 300]])
    points = make_points(sizes, np.ones(4), MEASURES["iou"])
    start = np.array([[[11.0, 11.0], [1e-3, 1e-3]]])
    moved = moves.move_to_medians(points, start, 5)
    assert moved[0].tolist() == [[11, 11], [200, 300]]


@pytest.mark.parametrize("metric", ["iou", "ratio"])
def test_the_search_ends_where_no_move_of_an_anchor_helps(metric):
    """Its first step is 0.02, and eight halvings bring that below the last, 1e-4."""
    sizes = np.array([[10.0, 20], [200, 80]])
    points = make_points(sizes, np.ones(2), MEASURES[metric])
    assert moves.settle(points, sizes, 100, 0.02)[1] == 8
    assert moves.settle(points, sizes, 100, 0.02)[0].tolist() == sizes.tolist()
    for start in (sizes * 1.3, sizes * [0.8, 1.2], sizes * [[0.5, 1], [1, 2]]):
        given = start.copy()
        anchors, sweeps = moves.settle(points, given, 100, 0.02)
        assert anchors == pytest.approx(sizes, rel=2e-4)
        assert 8 <= sweeps < 60
        assert given.tolist() == start.tolist()
        # As many sweeps as are allowed: each helps, and the next begins where it stopped.
        few, ended = moves.settle(points, start, 3, 0.02)
        assert ended == 3
        assert points.value(start) < points.value(few) <= points.value(anchors)


def test_an_anchor_goes_on_while_another_has_settled():
    """The first is where it should be at once; the second has a long way to go, past many sizes."""
    many = [200.0, 80.0] * lognormal(60) / 33
    points = make_points(np.concatenate([[[2.0, 1.0]], many]), np.ones(61), MEASURES["iou"])
    anchors, sweeps = moves.settle(points, np.array([[2.0, 1.0], [3000.0, 20.0]]), 200, 0.02)
    assert anchors[0].tolist() == [2, 1]
    assert 8 < sweeps < 200
    for start in (anchors, anchors * [[1, 1], [1.01, 0.99]], anchors * [[1, 1], [0.99, 1.01]]):
        assert points.value(moves.settle(points, start, 200, 0.02)[0]) <= points.value(anchors) + 1e-6


def test_duplicates_become_weights():
    sizes = np.array([[2.0, 1], [1, 2], [2, 1], [9, 9]])
    distinct, weight = merge_duplicates(sizes, np.array([1.0, 2, 3, 0]))
    assert distinct.tolist() == [[1, 2], [2, 1]]
    assert weight.tolist() == [2, 4]


def test_a_summary_keeps_total_weight_mean_and_limit():
    sizes, weight = lognormal(5000), np.random.default_rng(1).random(5000) + 0.1
    few, total = summarise(sizes, weight, 300)
    assert 100 < len(few) <= 300
    assert total.sum() == pytest.approx(weight.sum())
    assert total @ few == pytest.approx(weight @ sizes)
    assert summarise(sizes, weight, 5000)[0] is sizes


@pytest.mark.parametrize("metric", ["iou", "ratio"])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_centres_without_the_estimator_are_its_own(metric, k):
    rng = np.random.default_rng(8)
    sizes = np.round(np.exp(rng.normal(3.5, 1.0, (40 if k == 40 else 200, 2))), 1)
    weight = rng.integers(1, 4, len(sizes)).astype(float)
    fitted = AnchorKMeans(k, metric=metric, random_state=7).fit(sizes, sample_weight=weight)
    assert np.array_equal(centres_of(sizes, weight, k, metric=metric, seed=7), fitted.cluster_centers_)


def test_centres_of_too_few_or_odd_sizes_are_refused_as_by_the_estimator():
    for sizes in (np.ones((3, 2)), np.array([[1.0, 2.0], [np.inf, 3.0]])):
        told = []
        for fit in (
            lambda given: AnchorKMeans(2).fit(given),
            lambda given: centres_of(given, np.ones(len(given)), 2, metric="iou", seed=0),
        ):
            with pytest.raises(ValueError) as raised:
                fit(sizes)
            told.append(str(raised.value))
        assert told[0] == told[1]


def test_anchors_by_iou_need_no_scikit_learn():
    code = (
        "import sys, numpy as np; from anchoraudit.anchors.clustered import anchors_of;"
        "anchors_of(np.random.default_rng(0).uniform(5, 50, (99, 2)), 3); assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
