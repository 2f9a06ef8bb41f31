"""The reference's losses: literal values, NaN where it divides by nothing, finite where guarded."""

import math

import numpy as np
import pytest

import anchoraudit
from anchoraudit.losses import losses, losses_of_zero_predictions

LN2 = math.log(2)


def batch(*images):
    return tuple(
        np.stack(arrays) for arrays in zip(*(anchoraudit.encode(b, 960, 720) for b in images), strict=True)
    )


def zeros(targets):
    return np.zeros_like(targets[0]), np.zeros_like(targets[1])


GOOD, EMPTY = [[400, 300, 474, 449]], [[400, 300, 456, 356]]


def test_a_literal_batch():
    scores = np.zeros((1, 1, 1, 3, 2))
    scores[0, 0, 0, 0, 1] = scores[0, 0, 0, 1, 0] = 1
    boxes = np.zeros((1, 1, 1, 3, 4))
    boxes[0, 0, 0, 0] = [0.5, -2, 0, 1]
    masks = np.array([[[[1, -1, 0]]]])
    found = losses((scores, boxes, masks), zeros((scores, boxes)))
    assert found.score == pytest.approx(LN2)
    assert found.box == pytest.approx(0.125 + 1.5 + 0 + 0.5)
    assert found.total == pytest.approx(found.score + found.box)


def test_predictions_that_are_right_cost_nothing():
    targets = batch(GOOD)
    found = losses(targets, (targets[0] * 100, targets[1]))
    assert found.score == pytest.approx(0, abs=1e-12)
    assert found.box == 0


def test_an_empty_mask_is_nan_and_every_guard_is_not():
    plain = losses_of_zero_predictions(anchoraudit.encode(EMPTY, 960, 720))
    assert plain.score == pytest.approx(LN2)
    assert math.isnan(plain.box)
    assert math.isnan(plain.total)
    assert (plain.truncated().box, plain.truncated().total) == (0, plain.score)
    guarded = losses_of_zero_predictions(anchoraudit.encode(EMPTY, 960, 720), guarded=True)
    assert (guarded.box, guarded.total) == (0, guarded.score)


def test_a_nan_box_leaves_no_label_at_all():
    plain = losses_of_zero_predictions(anchoraudit.encode([[np.nan] * 4], 960, 720))
    assert math.isnan(plain.score)
    assert math.isnan(plain.box)


def test_the_normaliser_is_the_batch():
    good, empty = batch(GOOD), batch(EMPTY)
    alone = losses(good, zeros(good))
    mixed = batch(GOOD, EMPTY)
    together = losses(mixed, zeros(mixed))
    assert together.box == pytest.approx(alone.box / 2)  # its sum over the same count, then the mean of two
    assert math.isnan(losses(empty, zeros(empty)).box)
    assert losses(good, zeros(good), guarded=True) == alone
