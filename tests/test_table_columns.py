"""Columns of tables: texts as codes, in the order of their first rows, however they were coded before."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anchoraudit.formats.table.columns import Texts

NAMES = st.sampled_from(["", "a", "b", "c", "d", "e", "0", "1"])


@st.composite
def coded(draw):
    """Names, which may be equal or occur nowhere, and codes into them."""
    names = draw(st.lists(NAMES, max_size=12))
    codes = draw(st.lists(st.integers(0, len(names) - 1), max_size=40)) if names else []
    return codes, names


def plainly(values):
    """The distinct values by their first rows, these rows, and the codes of all."""
    names = list(dict.fromkeys(values))
    return names, [values.index(name) for name in names], [names.index(value) for value in values]


class TestTexts:
    @given(coded())
    @example(([0, 1, 2], ["a", "b", "c"]))
    @example(([2, 1, 0], ["a", "b", "c"]))
    @example(([0, 0, 2], ["a", "b", "c"]))  # one that occurs nowhere, between others
    @example(([0, 0, 1], ["a", "b", "c"]))  # and last
    @example(([1, 0, 2], ["a", "a", "b"]))
    @example(([], ["a"]))
    def test_of_codes(self, given):
        codes, names = given
        texts = Texts.of_codes(np.array(codes, dtype=np.int64), names)
        expected = plainly([names[code] for code in codes])
        assert (texts.names, texts.first.tolist(), texts.codes.tolist()) == expected

    @pytest.mark.parametrize("last", [0, 1, 2])
    def test_a_text_that_is_first_met_late(self, last):
        """Behind so many rows of few texts that the first ones do not tell."""
        codes = np.array([0, 1] * 500 + [last] * 3)
        texts = Texts.of_codes(codes, ["a", "b", "c"])
        expected = plainly([*map("abc".__getitem__, codes.tolist())])
        assert (texts.names, texts.first.tolist(), texts.codes.tolist()) == expected

    def test_where_a_text_is(self):
        texts = Texts.of(["b", "", "b", "a"])
        assert (texts.code_of("a"), texts.code_of("c")) == (2, -1)
        assert texts.are("b").tolist() == [True, False, True, False]
        assert texts.are("c").tolist() == [False] * 4
