"""Samples of boxes that do not depend on the parts in which a data set is audited."""

import numpy as np
import pytest

from anchoraudit.dataset.columns import Boxes
from anchoraudit.dataset.sampling import RANKS, from_rank, least_rank, rank_in_parts


def boxes(xyxy, entry=None):
    count = len(xyxy)
    flags = np.zeros(count, dtype=np.bool_)
    return Boxes(
        np.zeros(count, dtype=np.int64), None, np.zeros(count, dtype=np.int64), xyxy, flags, flags, entry
    )


def ranks(boxes, rows):
    places, found = from_rank(boxes, rows, 0)
    assert places.tolist() == list(range(len(rows)))
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_each_rank_has_half_of_what_is_left(whole):
    xyxy = np.random.default_rng(1).uniform(0, 600, (100_000, 4))
    every = boxes(np.round(xyxy) if whole else xyxy)
    counted = np.bincount(ranks(every, np.arange(100_000)), minlength=RANKS)
    for rank in range(6):
        assert counted[rank] == pytest.approx(100_000 / 2 ** (rank + 1), rel=0.05)


def test_equal_boxes_are_told_apart_by_their_entries():
    xyxy = np.tile([10.0, 20.0, 30.0, 40.0], (10_000, 1))
    assert len(set(ranks(boxes(xyxy), np.arange(10_000)).tolist())) == 1
    counted = np.bincount(ranks(boxes(xyxy, np.arange(10_000)), np.arange(10_000)), minlength=RANKS)
    assert counted[:3] == pytest.approx([5_000, 2_500, 1_250], rel=0.1)


def test_a_box_has_one_rank_in_every_part():
    xyxy = np.random.default_rng(2).uniform(-5, 600, (1_000, 4))
    whole = ranks(boxes(xyxy), np.arange(1_000))
    some = np.arange(3, 1_000, 7)
    assert ranks(boxes(xyxy), some).tolist() == whole[some].tolist()
    assert ranks(boxes(xyxy[some]), np.arange(len(some))).tolist() == whole[some].tolist()
    assert ranks(boxes(xyxy[:0]), np.arange(0)).tolist() == []


@pytest.mark.parametrize(
    ("count", "rank"),
    [(0, 0), (1, 0), (100, 0), (101, 1), (200, 1), (201, 2), (400, 2), (401, 3), (10**40, 39)],
)
def test_from_which_rank_on_a_sample_is_small_enough(count, rank):
    assert least_rank(count, 100) == rank


def test_a_sample_is_all_from_its_rank_on():
    xyxy = np.random.default_rng(3).uniform(-5, 600, (1_000, 4))
    every, rows = boxes(xyxy, np.arange(1_000)), np.arange(1_000)
    whole = ranks(every, rows)
    places, own = from_rank(every, rows, least_rank(len(rows), 300))
    assert places.tolist() == np.flatnonzero(whole >= 2).tolist() and 200 <= len(places) <= 300
    assert own.tolist() == whole[places].tolist()


@pytest.mark.parametrize(("count", "rank"), [(0, 0), (401, 0), (402, 2), (1_601, 2), (1_602, 4)])
def test_a_part_is_sampled_from_no_higher_rank_than_the_whole(count, rank):
    assert rank_in_parts(count, 100) == rank
    assert all(rank <= least_rank(whole, 100) for whole in (count, count // 2))
