"""Annotations that are put behind each other chunk by chunk are those that are joined at once."""

from dataclasses import fields
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import arrays
from anchoraudit.formats.coco import gathering
from anchoraudit.formats.coco.annotations import AnnotationColumns, annotation_columns, joined
from anchoraudit.formats.coco.entries import AnnotationEntry
from anchoraudit.formats.coco.gathering import Gathered, Place


def columns(count, first=0, *, text=False):
    """Different annotations, of which no two chunks have the same."""
    return annotation_columns(
        [
            AnnotationEntry(
                image_id=f"i{number}" if text else number,
                bbox=(number, 0.5, 10, 20),
                id=number + 1,
                category_id=number % 7,
                iscrowd=number % 2,
                area=number / 3,
                difficult=number % 3 == 0,
            )
            for number in range(first, first + count)
        ]
    )


def assert_same(ours, theirs):
    for column in fields(AnnotationColumns):
        one, other = getattr(ours, column.name), getattr(theirs, column.name)
        assert one.dtype == other.dtype, column.name
        assert one.tolist() == other.tolist(), column.name


chunk = st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([False] * 5 + [True]))


@given(st.lists(chunk, min_size=1, max_size=12), st.sampled_from([0, 3, 1_000_000]), st.booleans())
def test_any_chunks_of_which_some_are_put(chunks, left, in_threads):
    """left: bytes that more room is made for, or too little, or none."""
    gathered, parts, every, first = Gathered(), [], [], 0
    for count, is_put, text in chunks:
        own = columns(count, first, text=text)
        first += count
        every.append(own)
        parts.append(gathered.put(own, 10, left) if is_put else own)
        assert isinstance(parts[-1], Place) == (is_put and (not text or not count))
    with mock.patch.object(arrays, "_WORTH_A_THREAD", 0 if in_threads else 1_000):
        assert_same(gathered.joined(parts), joined(every))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=8), st.data())
def test_a_chunk_that_was_decoded_once_more(counts, data):
    """What was put of it is left out."""
    gathered, every, first = Gathered(), [], 0
    for count in counts:
        every.append(columns(count, first))
        first += count
    parts = [gathered.put(own, 10, 50) for own in every]
    at = data.draw(st.integers(0, len(counts) - 2))
    parts[at : at + 2] = [joined(every[at : at + 2])]
    assert_same(gathered.joined(parts), joined(every))


def test_nothing_was_put():
    assert_same(Gathered().joined([columns(3), columns(2, 3)]), columns(5))


def test_there_is_no_room(monkeypatch):
    gathered = Gathered()
    parts = [gathered.put(columns(3), 10, 0)]

    def refused(rows):
        raise MemoryError

    monkeypatch.setattr(gathering, "_empty", refused)
    parts += [gathered.put(columns(2_000, 3), 10, 0), columns(1, 2_003)]
    assert isinstance(parts[0], Place)
    assert isinstance(parts[1], AnnotationColumns)
    assert_same(gathered.joined(parts), columns(2_004))


@pytest.mark.parametrize("left", [0, 100])
def test_columns_are_where_they_were_put(left):
    """They are not copied when all are joined, whether or not room for more was made at first."""
    gathered = Gathered()
    parts = [gathered.put(columns(10, 10 * number), 10, left - 10 * number) for number in range(10)]
    found = gathered.joined(parts)
    assert np.shares_memory(found.xyxy, gathered.joined(parts).xyxy)
    assert_same(found, columns(100))
