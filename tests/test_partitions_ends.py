"""Names of images that are not read: of a sorted table, the first and the last one of each file will do."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import audit_partitions, merge
from anchoraudit.dataset.pieces import Index, Piece
from anchoraudit.formats import ReadOptions, parts_of
from anchoraudit.partitions.spread import Names
from tests.test_partitions import drawn, table_of, write
from tests.test_partitions_cache import Counting

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def named(*images):
    """Rows of a box in each of these images."""
    return [(image, 640, 480, "cat", 10, 10, 90, 60) for image in images]


def put(folder, *files, **how):
    """Write a file of each list of images, and return the folder."""
    folder.mkdir()
    for number, images in enumerate(files):
        parquet.write_table(table_of(named(*images)), folder / f"{number}.parquet", **how)
    return folder


def looked(folder, cache=None):
    """Audit in parts. Returns the audit, and the numbers of the pieces of which all names were read."""
    counting = Counting()
    found = merge(audit_partitions(folder, engine=counting, cache=cache))
    return found, [task for name, task in counting.done if name == "_index_of"]


def ends_in(folder):
    """Return what is known of the pieces of a folder without reading names."""
    parts = parts_of(folder, 1000, ReadOptions())
    indices = [parts.index(piece, ends=True) for piece in parts.pieces]
    return [None if index.is_whole else index.ends for index in indices]


def may_share_more(one, other):
    """Tell whether two ranges may share another name than one at which both end."""
    (first, last), (low, high) = one, other
    shared = max(first, low), min(last, high)
    return shared[0] <= shared[1] and not (shared[0] == shared[1] and shared[0] in one and shared[0] in other)


class TestWhichAreUnclear:
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 1),
                st.lists(st.integers(0, 12), min_size=1, max_size=3),
                st.sampled_from(["ends", "ends", "ends", "both", "names"]),
            ),
            max_size=7,
        )
    )
    def test_those_that_may_share_more_than_an_end(self, tmp_path_factory, drawn_pieces):
        names, pieces = Names(tmp_path_factory.mktemp("names")), []
        for number, (group, values, known) in enumerate(drawn_pieces):
            ends = None if known == "names" else (f"{min(values):02d}", f"{max(values):02d}")
            pieces.append((Piece(number, "", group, "", None), known, ends))
            names.put(number, Index(np.zeros(1, np.uint64), None, ends=ends, is_whole=known != "ends"))
        expected = [
            own.number
            for own, known, ends in pieces
            if known == "ends"
            and any(
                other_ends is None or may_share_more(ends, other_ends)
                for other, _, other_ends in pieces
                if other.number != own.number and other.group == own.group
            )
        ]
        assert names.unclear([piece for piece, _, _ in pieces]) == expected

    def test_a_piece_without_images_makes_nothing_unclear(self, tmp_path):
        names = Names(tmp_path)
        names.put(0, Index(np.zeros(0, np.uint64), None))
        names.put(1, Index(np.zeros(2, np.uint64), None, ends=("a", "b"), is_whole=False))
        assert names.unclear([Piece(number, "", 0, "", None) for number in (0, 1)]) == []


class TestSortedTables:
    def test_no_name_is_read(self, tmp_path, monkeypatch):
        folder = put(tmp_path / "in", ["a", "a", "b"], ["b", "c"], ["c"], ["d", "é"])
        assert ends_in(folder) == [("a", "b"), ("b", "c"), ("c", "c"), ("d", "é")]
        found, read = looked(folder)
        assert read == []
        assert found.summary()["images"] == 5

    @pytest.mark.parametrize("shuffled", [False, True])
    def test_the_answer_is_that_with_all_names(self, tmp_path, monkeypatch, shuffled):
        rows = drawn(120)
        if shuffled:
            order = [*range(0, len(rows), 2), *range(1, len(rows), 2)]
            rows = [rows[i] for i in order]
        folder = write(tmp_path / "in", rows, 5)
        found, read = looked(folder)
        assert bool(read) == shuffled
        monkeypatch.setattr("anchoraudit.formats.table.pieces.TableParts._ends", lambda *_: None)
        assert found.to_json() == looked(folder)[0].to_json()

    def test_an_image_at_the_ends_of_two_files_is_one(self, tmp_path):
        found, read = looked(put(tmp_path / "in", ["a", "b"], ["b", "c"]))
        assert (found.summary()["images"], found.summary()["boxes"], read) == (3, 4, [])

    def test_files_in_another_order_than_their_images(self, tmp_path):
        found, read = looked(put(tmp_path / "in", ["c", "d"], ["a", "b"]))
        assert (found.summary()["images"], read) == (4, [])

    def test_only_files_that_run_into_each_other_are_read(self, tmp_path):
        folder = put(tmp_path / "in", ["a", "c"], ["b", "d"], ["e", "f"], ["f", "g"])
        found, read = looked(folder)
        assert (found.summary()["images"], read) == (7, [0, 1])

    def test_one_image_alone_within_another_file(self, tmp_path):
        found, read = looked(put(tmp_path / "in", ["a", "b", "c"], ["b", "b"]))
        assert (found.summary()["images"], found.summary()["boxes"], read) == (3, 5, [0, 1])


class TestWhereTheFileDoesNotTell:
    @pytest.mark.parametrize(
        ("images", "how"),
        [
            (["a", None, "b"], {}),  # an image without a name
            (["", "b"], {}),
            ([3, 4], {}),  # numbers are in another order than texts
            (["a", "b"], {"write_statistics": False}),
            ([], {}),
        ],
    )
    def test_all_names_are_read(self, tmp_path, images, how):
        folder = put(tmp_path / "in", images, **how)
        assert ends_in(folder) == [None]

    @pytest.mark.parametrize(("other", "expected"), [("b", []), ("a", [0])])
    def test_one_such_file_among_others(self, tmp_path, other, expected):
        folder = put(tmp_path / "in", ["a", "b"], ["c", None, other], ["d"])
        found, read = looked(folder)
        assert read == expected
        assert (found.summary()["images"], found.findings.counts["PAR003"]) == (4, 1)

    def test_names_of_splits_and_folders(self, tmp_path):
        for split in ("train", "val"):
            place = tmp_path / "in" / f"split={split}"
            place.mkdir(parents=True)
            parquet.write_table(table_of(named("a", "b")), place / "0.parquet")
        assert ends_in(tmp_path / "in") == [None, None]
        assert looked(tmp_path / "in")[0].findings.counts["SET004"] == 2

    def test_rows_of_a_class_that_says_that_there_is_nothing(self, tmp_path):
        (tmp_path / "in").mkdir()
        row = ("a", 640, 480, "No finding", None, None, None, None)
        parquet.write_table(table_of([row, *named("b")]), tmp_path / "in" / "0.parquet")
        assert ends_in(tmp_path / "in") == [None]
        assert looked(tmp_path / "in")[0].summary()["verdicts"]["blank"] == 1


def test_a_growing_set_with_a_cache(tmp_path):
    """What was kept of a file is enough until another one comes that runs into it."""
    folder = put(tmp_path / "in", ["a", "c"], ["d", "e"])
    cache = tmp_path / "kept"
    assert looked(folder, cache)[1] == []
    parquet.write_table(table_of(named("b", "c")), folder / "2.parquet")
    found, read = looked(folder, cache)
    assert (found.summary()["images"], found.summary()["boxes"], sorted(read)) == (5, 6, [0, 2])
    again, read = looked(folder, cache)
    assert (again.to_json(), read) == (found.to_json(), [])


def test_row_groups_count_together(tmp_path):
    names = [f"{number:03d}" for number in range(50)]
    random.Random(0).shuffle(names)
    folder = put(tmp_path / "in", names, row_group_size=7)
    assert ends_in(folder) == [("000", "049")]


def test_a_column_of_codes_into_texts(tmp_path):
    (tmp_path / "in").mkdir()
    table = table_of(named("b", "a", "b"))
    table = table.set_column(0, "image_id", table.column("image_id").dictionary_encode())
    parquet.write_table(table, tmp_path / "in" / "0.parquet")
    assert ends_in(tmp_path / "in") == [("a", "b")]
