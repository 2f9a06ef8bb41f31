"""The risk of an epoch: formulas, every arrangement of small sets, counts of larger ones, simulation."""

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit.auditing.risk import Risk, nan_risk, risk_of, sentence
from anchoraudit.errors import AnchorauditError


def steps_of(images, batch_size, drop_last):
    """The places of each batch of an epoch."""
    batches = [range(at, min(at + batch_size, images)) for at in range(0, images, batch_size)]
    return [batch for batch in batches if len(batch) == batch_size or not drop_last]


def by_hand(images, empty, batch_size, drop_last, per_image):
    """Expected NaN losses and chance of none, over every way to place the empty images."""
    batches, losses, none, ways = steps_of(images, batch_size, drop_last), 0, 0, 0
    for places in itertools.combinations(range(images), empty):
        if per_image:
            found = sum(place in batch for batch in batches for place in places)
        else:
            found = sum(set(batch) <= set(places) for batch in batches)
        losses, none, ways = losses + found, none + (found == 0), ways + 1
    return Fraction(losses, ways), Fraction(none, ways)


def by_counting(images, empty, sizes):
    """Chance that none of the batches is all empty: ways to fill them one by one, in whole numbers."""
    ways = {0: 1}
    for size in sizes:
        grown = {}
        for (used, number), more in itertools.product(ways.items(), range(size)):
            grown[used + more] = grown.get(used + more, 0) + number * math.comb(size, more)
        ways = grown
    left = images - sum(sizes)
    fitting = sum(number * math.comb(left, empty - used) for used, number in ways.items() if used <= empty)
    return Fraction(fitting, math.comb(images, empty))


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("per_image", [True, False])
@pytest.mark.parametrize("images", range(9))
def test_every_arrangement_of_a_small_set(images, per_image, drop_last):
    for empty in range(images + 1):
        for batch_size in range(1, images + 2):
            risk = nan_risk(images, empty, batch_size, per_image=per_image, drop_last=drop_last)
            expected, survives = by_hand(images, empty, batch_size, drop_last, per_image)
            assert risk == Risk(
                batch_size=batch_size,
                steps=len(steps_of(images, batch_size, drop_last)),
                per_image=per_image,
                expected=pytest.approx(float(expected), rel=1e-14, abs=0),
                chance=pytest.approx(float(1 - survives), rel=1e-14, abs=1e-30),
                survives=pytest.approx(float(survives), rel=1e-14, abs=1e-30),
            )


@pytest.mark.parametrize(
    ("images", "empty", "batch_size"),
    [(200, 90, 2), (200, 150, 2), (201, 160, 4), (203, 120, 8), (203, 190, 16), (150, 30, 3), (130, 120, 64)],
)
def test_exact_counts_of_a_larger_set(images, empty, batch_size):
    for drop_last in (True, False):
        risk = nan_risk(images, empty, batch_size, drop_last=drop_last)
        sizes = [len(batch) for batch in steps_of(images, batch_size, drop_last)]
        survives = by_counting(images, empty, sizes)
        assert risk.survives == pytest.approx(float(survives), rel=1e-14, abs=1e-30)
        assert risk.chance == pytest.approx(float(1 - survives), rel=1e-14, abs=1e-30)


def test_a_small_chance_keeps_its_digits():
    risk = nan_risk(10_000, 10, 10)
    assert risk.chance == pytest.approx(1000 / math.comb(10_000, 10), rel=1e-14, abs=0)
    assert risk.chance == pytest.approx(risk.expected, rel=1e-14, abs=0)
    assert 0 < risk.chance < 1e-30
    assert risk.survives == 1


@pytest.mark.parametrize(
    ("images", "empty", "batch_size"), [(2000, 20, 20), (2000, 61, 60), (10_000, 80, 80)]
)
def test_a_chance_so_small_is_the_expected_number(images, empty, batch_size):
    """Two such batches in an epoch are rarer still; the last of these chances is one in 1e200."""
    risk = nan_risk(images, empty, batch_size)
    batches = images // batch_size * math.comb(empty, batch_size)
    assert risk.expected == pytest.approx(batches / math.comb(images, batch_size), rel=1e-12, abs=0)
    assert risk.chance == pytest.approx(batches / math.comb(images, batch_size), rel=1e-14, abs=0)
    assert risk.survives == 1


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize(("images", "empty", "batch_size"), [(50, 20, 2), (43, 30, 4), (30, 25, 8)])
def test_simulation_agrees(images, empty, batch_size, drop_last):
    risk = nan_risk(images, empty, batch_size, drop_last=drop_last)
    epochs, generator = 20_000, np.random.default_rng(7)
    shuffled = generator.permuted(np.tile(np.arange(images) < empty, (epochs, 1)), axis=1)
    nan = sum(shuffled[:, batch].all(axis=1).astype(int) for batch in steps_of(images, batch_size, drop_last))
    assert abs(nan.mean() - risk.expected) < 5 * nan.std() / math.sqrt(epochs)
    share = (nan > 0).mean()
    assert abs(share - risk.chance) < 5 * math.sqrt(risk.chance * risk.survives / epochs)


def test_the_closed_form_of_pairs():
    for images, empty in ((8000, 1), (8000, 90), (200, 196), (364, 6), (118_286, 1021)):
        risk = nan_risk(images, empty, 2)
        assert risk.expected == pytest.approx(empty * (empty - 1) / (2 * (images - 1)), rel=1e-13)
    assert nan_risk(8000, 1, 2).chance == 0
    assert nan_risk(8000, 90, 2).expected == pytest.approx(0.50069, abs=5e-6)
    assert nan_risk(8000, 90, 2).survives == pytest.approx(math.exp(-0.50069), rel=0.01)


def test_one_image_a_batch_and_one_image_a_normaliser():
    assert nan_risk(364, 6, 1) == Risk(1, 364, False, 6.0, 1.0, 0.0)
    assert nan_risk(364, 6, 4, per_image=True) == Risk(4, 91, True, 6.0, 1.0, 0.0)
    assert nan_risk(364, 0, 4, per_image=True) == Risk(4, 91, True, 0.0, 0.0, 1.0)
    dropped = nan_risk(10, 1, 4, per_image=True)  # the one empty image is among the two left over, or not
    assert (dropped.expected, dropped.chance, dropped.survives) == pytest.approx((0.8, 0.8, 0.2))
    assert nan_risk(10, 1, 4, per_image=True, drop_last=False).expected == 1


def test_the_last_smaller_batch():
    # Three images in batches of two: the third is alone, and NaN if it is the empty one.
    assert nan_risk(3, 1, 2) == Risk(2, 1, False, 0.0, 0.0, 1.0)
    assert nan_risk(3, 1, 2, drop_last=False).expected == pytest.approx(1 / 3)
    assert nan_risk(3, 1, 2, drop_last=False).steps == 2
    # No batch is full: no step, or one of all images.
    assert nan_risk(3, 3, 4) == Risk(4, 0, False, 0.0, 0.0, 1.0)
    assert nan_risk(3, 3, 4, drop_last=False) == Risk(4, 1, False, 1.0, 1.0, 0.0)
    assert nan_risk(3, 2, 4, drop_last=False).chance == 0
    assert nan_risk(0, 0, 4, drop_last=False) == Risk(4, 0, False, 0.0, 0.0, 1.0)


def test_every_batch_needs_an_image_that_is_not_empty():
    assert nan_risk(8, 5, 2).survives == 0
    assert nan_risk(8, 4, 2).survives == pytest.approx(2**4 / math.comb(8, 4))
    assert nan_risk(9, 5, 2).survives == pytest.approx(2**4 / math.comb(9, 4))  # the ninth place is free
    assert nan_risk(9, 5, 2, drop_last=False).survives == 0


def test_hopeless_is_certain():
    assert nan_risk(100_000, 60_000, 2).expected > 17_000
    assert (nan_risk(100_000, 60_000, 2).chance, nan_risk(100_000, 60_000, 2).survives) == (1, 0)
    below, above = nan_risk(118_287, 4_349, 2), nan_risk(118_287, 4_351, 2)
    assert below.expected < 80 < above.expected
    assert 0 <= below.survives <= math.exp(-79)
    assert above.survives == 0


@given(st.integers(1, 120), st.data())
def test_bounds_and_order(images, data):
    empty = data.draw(st.integers(0, images - 1))
    batch_size = data.draw(st.integers(1, images))
    risk, more = (nan_risk(images, k, batch_size) for k in (empty, empty + 1))
    assert 0 <= risk.chance <= 1
    assert risk.chance + risk.survives == pytest.approx(1, abs=1e-15)
    assert risk.chance <= risk.expected * (1 + 1e-12)
    assert risk.survives <= math.exp(-risk.expected) * (1 + 1e-12)
    assert more.expected >= risk.expected
    assert more.survives <= risk.survives
    kept = nan_risk(images, empty, batch_size, drop_last=False)
    assert kept.expected >= risk.expected
    assert kept.chance >= risk.chance


def test_coco_takes_no_time():
    for batch_size, empty in ((2, 4_349), (16, 89_137), (1024, 118_165), (50_000, 118_281)):
        start = time.process_time()
        nan_risk(118_287, empty, batch_size, drop_last=False)
        assert time.process_time() - start < 1  # of CPU; some 20 ms


@pytest.mark.parametrize(("images", "empty", "batch_size"), [(4, 5, 2), (4, -1, 2), (4, 2, 0)])
def test_numbers_that_make_no_sense(images, empty, batch_size):
    with pytest.raises(
        AnchorauditError, match=f"{empty} empty of {images} images in batches of {batch_size}"
    ):
        nan_risk(images, empty, batch_size)


def test_unguarded_by_image_each_empty_image_is_one():
    """Whatever the batch size: also where it does not divide the number of images."""
    for batch_size in (1, 2, 5, 16, 400):
        risk = risk_of("image_positives", "nan", 364, 6, batch_size)
        assert (risk.expected, risk.chance) == (6, 1)


def test_only_the_outcome_nan_is_at_risk():
    assert risk_of("batch_positives", "nan", 8000, 90, 2) == nan_risk(8000, 90, 2)
    assert risk_of("image_positives", "nan", 8000, 90, 2) == nan_risk(8000, 90, 2, per_image=True)
    assert risk_of("batch_positives", "nan", 9, 5, 2, drop_last=False) == nan_risk(9, 5, 2, drop_last=False)
    for normaliser, outcome in (
        ("batch_positives_or_one", "zero"),
        ("image_positives_or_skip", "skipped"),
        ("batch_positives", "raises"),
    ):
        risk = risk_of(normaliser, outcome, 8000, 8000, 2)
        assert (risk.steps, risk.expected, risk.chance, risk.survives) == (4000, 0, 0, 1)


@pytest.mark.parametrize(
    ("risk", "text"),
    [
        (
            nan_risk(8000, 90, 2),
            "expect 0.501 NaN steps per epoch; 60 % chance that the first epoch survives",
        ),
        (nan_risk(200, 196, 2), "expect 96 NaN steps per epoch; 0 % chance that the first epoch survives"),
        (nan_risk(8, 5, 1), "expect 5 NaN steps per epoch; 0 % chance that the first epoch survives"),
        (nan_risk(2, 2, 2), "expect 1 NaN step per epoch; 0 % chance that the first epoch survives"),
        (
            nan_risk(10_000, 9_000, 4),
            "expect 1,640 NaN steps per epoch; 0 % chance that the first epoch survives",
        ),
        (
            nan_risk(10_000, 500, 8),
            "expect fewer than 0.001 NaN steps per epoch; > 99.9 % chance that the first epoch survives",
        ),
        (
            nan_risk(1000, 4, 2),
            "expect 0.00601 NaN steps per epoch; 99.4 % chance that the first epoch survives",
        ),
        (nan_risk(500, 70, 2), "expect 4.84 NaN steps per epoch; 0.4 % chance that the first epoch survives"),
        (
            nan_risk(1000, 130, 2),
            "expect 8.39 NaN steps per epoch; < 0.1 % chance that the first epoch survives",
        ),
        (
            nan_risk(8, 1, 2, per_image=True),
            "expect 1 image with a NaN loss per epoch; 0 % chance that the first epoch survives",
        ),
        (
            nan_risk(8, 3, 2, per_image=True),
            "expect 3 images with a NaN loss per epoch; 0 % chance that the first epoch survives",
        ),
        (nan_risk(8000, 1, 2), "expect no NaN step"),
        (nan_risk(3, 3, 4), "no batch is full, so an epoch has no step"),
    ],
)
def test_the_sentence(risk, text):
    assert sentence(risk) == f"at batch size {risk.batch_size} {text}"
