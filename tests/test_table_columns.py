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


class TestColumnsOfArrow:
    """Against what pyarrow itself makes of them."""

    @staticmethod
    def arrow():
        return pytest.importorskip("pyarrow"), pytest.importorskip("anchoraudit.formats.table.arrow")

    @given(
        st.lists(st.lists(st.none() | st.integers(-9, 9), max_size=9), max_size=3),
        st.sampled_from(["int8", "uint16", "int64", "float32", "float64", "bool_"]),
        st.integers(0, 3),
    )
    def test_numbers(self, chunks, kind, begin):
        pa, arrow = self.arrow()
        kind = getattr(pa, kind)()
        if kind in (pa.uint16(), pa.bool_()):
            chunks = [[None if value is None else abs(value) for value in chunk] for chunk in chunks]
        if kind == pa.bool_():
            chunks = [[None if value is None else value > 4 for value in chunk] for chunk in chunks]
        column = pa.chunked_array([pa.array(chunk, kind)[begin:] for chunk in chunks], kind)
        missing = True if kind == pa.bool_() else 7
        found = arrow.values_of(column, missing)
        assert found.tolist() == [missing if value is None else value for value in column.to_pylist()]
        assert found.dtype == np.dtype(kind.to_pandas_dtype())

    @pytest.mark.parametrize("distinct", [1, 127, 128])
    @pytest.mark.parametrize("null", [False, True])
    def test_texts_in_the_smallest_codes(self, distinct, null):
        pa, arrow = self.arrow()
        values = [f"{i}" for i in range(distinct)] + [None] * null + ["0"]
        codes = pa.array([*range(distinct)] + [None] * null + [0], pa.int8())
        column = pa.chunked_array([pa.DictionaryArray.from_arrays(codes, [f"{i}" for i in range(distinct)])])
        texts = arrow.texts_of(column)
        assert [texts[row] for row in range(len(texts))] == [value or "" for value in values]

    def test_a_dictionary_may_name_a_text_twice_and_one_that_no_row_has(self):
        pa, arrow = self.arrow()
        array = pa.DictionaryArray.from_arrays(pa.array([2, 0, 1]), ["a", "c", "a", "b"])
        texts = arrow.texts_of(pa.chunked_array([array]))
        assert (texts.names, texts.codes.tolist(), texts.first.tolist()) == (["a", "c"], [0, 0, 1], [0, 2])
