"""Numbers as text that read on the same side of a limit as they are."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anchoraudit.io.digits import told_apart
from anchoraudit.report import words


@pytest.mark.parametrize(
    ("value", "limit", "form", "text"),
    [
        (60.04, 1, "3g", "60"),
        (1.0011, 1, "3g", "1.001"),
        (0.99951, 1, "3g", "0.9995"),
        (1, 1, "3g", "1"),
        (0.497, 0.5, "2f", "0.497"),
        (0.4996, 0.5, "2f", "0.4996"),
        (0.5, 0.5, "2f", "0.50"),
        (0.5004, 0.5, "2f", "0.5004"),
        (10.04, 10, "1f", "10.04"),
        (math.nextafter(1, 2), 1, "3g", "1.0000000000000002"),
    ],
)
def test_as_many_digits_as_it_takes(value, limit, form, text):
    assert told_apart(value, limit, form) == text


numbers = st.floats(-1e9, 1e9)


@given(numbers, numbers | st.just(1.0), st.sampled_from(["3g", "2f", "0f"]))
def test_it_is_on_its_side(value, limit, form):
    shown = float(told_apart(value, limit, form))
    assert (shown < limit, shown > limit) == (value < limit, value > limit)


@given(numbers, st.integers(1, 9))
def test_digits_that_are_enough_are_all(value, limit):
    assume(abs(value - limit) > 0.01 * abs(value))
    assert told_apart(value, limit) == f"{value:.3g}"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        *((0, 0, "-"), (0, 9, "0.0 %"), (9, 9, "100.0 %"), (1, 9999, "< 0.1 %"), (9998, 9999, "> 99.9 %")),
        *((1, 3, "33.3 %"), (9989, 9999, "99.9 %")),
    ],
)
def test_a_share_that_is_not_all_does_not_read_so(part, whole, text):
    assert words.share(part, whole) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0.4997, 3, "0.4997"), (0.497, 3, "0.497"), (0.49, 2, "0.49"), (0.5, 3, "0.500")],
)
def test_an_iou_below_the_threshold_reads_so(value, decimals, text):
    assert words.iou(value, 0.5, decimals) == text
