from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit.anchors.fit import MEANING, AnchorFit, measure_fit
from anchoraudit.boxes import side_ratio, wh_iou

SIDES = st.floats(0.01, 10_000)
SIZES = st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=20).map(np.array)


def test_iou_of_literal_sizes():
    sizes = np.array([[10.0, 10.0], [20.0, 5.0]])
    anchors = np.array([[10.0, 10.0], [5.0, 10.0], [40.0, 40.0]])
    assert wh_iou(sizes, anchors) == pytest.approx(
        np.array([[1, 50 / 100, 100 / 1600], [50 / 150, 25 / 125, 100 / 1600]])
    )


def test_side_ratio_of_literal_sizes():
    sizes = np.array([[10.0, 10.0], [20.0, 5.0]])
    anchors = np.array([[10.0, 10.0], [5.0, 10.0], [40.0, 40.0]])
    assert side_ratio(sizes, anchors) == pytest.approx(np.array([[1, 0.5, 0.25], [0.5, 0.25, 0.125]]))


@given(SIZES, SIZES)
def test_side_ratio_is_symmetric_and_at_most_one(sizes, anchors):
    table = side_ratio(sizes, anchors)
    assert table.shape == (len(sizes), len(anchors))
    assert table == pytest.approx(side_ratio(anchors, sizes).T)
    assert (table > 0).all()
    assert (table <= 1).all()


def test_fit_of_literal_sizes():
    # IoU with the anchors: (1, 0.01), (0.5, 0.02), (0.01, 1), (1/64, 1/1.5625)
    sizes = [[10, 10], [10, 20], [100, 100], [80, 80]]
    fit = measure_fit(sizes, [[10, 10], [100, 100]])
    assert fit == AnchorFit(
        boxes=4,
        mean_iou=pytest.approx((1 + 0.5 + 1 + 0.64) / 4),
        recall={"0.5": 1.0, "0.7": 0.5},
        bpr=1.0,
        aat=1.0,
        share=(0.5, 0.5),
    )


def test_a_side_exactly_four_times_longer_is_out_of_reach():
    assert measure_fit([[40, 10]], [[10, 10]]).bpr == 0
    assert measure_fit([[39.999, 10]], [[10, 10]]).bpr == 1
    assert measure_fit([[2.5, 10]], [[10, 10]]).bpr == 0
    assert measure_fit([[2.501, 10]], [[10, 10]]).bpr == 1


def test_recall_counts_the_threshold_itself():
    assert measure_fit([[10, 10]], [[10, 20]]).recall == {"0.5": 1.0, "0.7": 0.0}


def test_many_boxes_are_measured_as_in_one_piece():
    rng = np.random.default_rng(0)
    sizes, anchors = np.exp(rng.normal(4, 1, (40_000, 2))), np.exp(rng.normal(4, 1, (9, 2)))
    fit = measure_fit(sizes, anchors)
    iou, ratio = wh_iou(sizes, anchors), side_ratio(sizes, anchors)
    assert fit.boxes == 40_000
    assert fit.mean_iou == pytest.approx(iou.max(axis=1).mean())
    assert fit.recall == {"0.5": (iou.max(axis=1) >= 0.5).mean(), "0.7": (iou.max(axis=1) >= 0.7).mean()}
    assert fit.bpr == (ratio.max(axis=1) > 1 / 4).mean()
    assert fit.aat == pytest.approx((ratio > 1 / 4).sum(axis=1).mean())
    assert fit.share == pytest.approx(np.bincount(iou.argmax(axis=1), minlength=9) / 40_000)


@pytest.mark.parametrize(
    ("sizes", "anchors", "message"),
    [
        ([], [[1, 1]], "sizes is empty"),
        (np.empty((0, 2)), [[1, 1]], "sizes is empty"),
        ([[1, 1]], [], "anchors is empty"),
        ([[1, 1, 1]], [[1, 1]], r"sizes: .* shape \(1, 3\)"),
        ([[1, 1], [1, 0]], [[1, 1]], "sizes, row 1"),
        ([[1, 1]], [[np.nan, 1]], "anchors, row 0"),
    ],
)
def test_what_cannot_be_measured_is_refused(sizes, anchors, message):
    with pytest.raises(ValueError, match=message):
        measure_fit(sizes, anchors)


def test_every_figure_has_a_meaning():
    assert list(MEANING) == [field.name for field in dataclasses.fields(AnchorFit)]
