"""CSV in pieces: cut at line ends, the same rows with the same lines, and whole where a row may go on."""

import tempfile
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import audit_partitions, merge
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table import csv_file, lines
from anchoraudit.formats.table.csv_file import cut_csv, read_csv
from tests.builders import assert_counts_of_the_whole
from tests.test_partitions import COLUMNS, drawn

HEADER = "image_id,label,x1,y1,x2,y2\n"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(lines, "_BYTES_OF_ROW", 1)


def pieces_of(path, rows):
    return [read_csv(path, each) for each in cut_csv(path, rows)]


def same(parts, whole):
    for name, column in whole.texts.items():
        assert [part.texts[name][row] for part in parts for row in range(len(part))] == [
            column[row] for row in range(len(whole))
        ]
    for name, column in whole.numbers.items():
        values = np.concatenate([part.numbers[name].values for part in parts])
        assert values.tolist() == pytest.approx(column.values.tolist(), nan_ok=True)
    assert np.concatenate([part.at for part in parts]).tolist() == whole.at.tolist()
    assert [finding for part in parts for finding in part.findings] == whole.findings
    assert sum(len(part.broken) for part in parts) == len(whole.broken)


ROWS = st.lists(
    st.sampled_from(
        [
            "a.jpg,cat,1,2,3,4",
            "b.jpg,dog,1.5,x,3,4",
            "c.jpg,,,,,",
            "c.jpg,cat,1",
            "",
            '"d.jpg","a, b",1,2,3,4',
            '"e.jpg", "say ""so""",1,2,3,4',
            " f.jpg ,ü,1,2,3,4",
        ]
    ),
    min_size=1,
    max_size=30,
)


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.integers(1, 200), st.booleans())
def test_the_pieces_are_the_whole(tmp_path_factory, rows, end, size, closed):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(f"{HEADER.strip()}{end}{end.join(rows)}{end * closed}", "utf-8", newline="")
    cut = cut_csv(path, size)
    if cut:
        assert (cut[0].start, cut[-1].end) == (0, path.stat().st_size)
        same(pieces_of(path, size), read_csv(path))


@pytest.mark.parametrize(
    ("row", "is_cut"),
    [
        ("a.jpg,cat,1,2,3,4", True),
        ('"a.jpg","cat, dog",1,2,3,4', True),
        ('a.jpg, "cat",1,2,3,4', False),  # plain enough, but not seen so
        ('x;"a,",1,2,3,4\n', False),
        ('"""a.jpg""","",1,2,3,4', True),
        ('a.jpg,"cat\ndog",1,2,3,4', False),
        ('a.jpg,5" disk,1,2,3,4', False),
        ('a.jpg,5" disk,"1\n",2,3,4', False),
        ('a.jpg,"say ""so""",1,2,3,4', True),
        ('a.jpg,"say ""so,1,2,3,4', False),
        ("a.jpg,cat,1,2,3,4\rb.jpg,cat,1,2,3,4", False),
    ],
)
def test_it_is_cut_only_where_no_row_goes_on(tmp_path, row, is_cut):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}b.jpg,dog,1,2,3,4\n" + f"{row}\n" * 20, newline="")
    cut = cut_csv(path, 60)
    assert bool(cut) == is_cut
    if cut:
        same(pieces_of(path, 60), read_csv(path))


def test_a_piece_is_read_by_arrow_as_line_by_line(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "".join(f"{i // 3}.jpg,cat,1,2,{i},4\n" for i in range(500)))
    line_by_line = pieces_of(path, 2_000)
    monkeypatch.setattr(csv_file, "_WORTH_ARROW", 0)
    by_arrow = pieces_of(path, 2_000)
    assert len(by_arrow) > 3
    same(by_arrow, read_csv(path))
    same(line_by_line, read_csv(path))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60), st.integers(20, 400))
def test_a_piece_ends_between_images(tmp_path_factory, boxes, size):
    """So that no image of a sorted table is read once more from two pieces."""
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    rows = [f'"{i}, {i}.jpg",cat,1,2,3,4\n' for i, count in enumerate(boxes) for _ in range(count)]
    path.write_text(HEADER + "".join(rows))
    parts = pieces_of(path, size)
    if parts:
        same(parts, read_csv(path))
    torn = [{*one.texts["image"].names} & {*other.texts["image"].names} for one, other in pairwise(parts)]
    # One is torn only if it fills all that is looked at for the end of another one.
    longest = max(map(len, rows)) * max(boxes)
    assert size < 2 * longest or not any(torn)


@pytest.mark.parametrize("label", ["cat", "no_box"])
@given(rows=ROWS)
def test_the_texts_are_those_of_all_columns(label, rows):
    pytest.importorskip("pyarrow")
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(csv_file, "_WORTH_ARROW", 0):
        path = Path(folder, "a.csv")
        path.write_text(HEADER + "\n".join(rows).replace("cat", label), "utf-8")
        texts, whole = read_csv(path, only_texts=True), read_csv(path)
        for name in ("image", "label"):
            assert texts.texts[name].names == whole.texts[name].names
            assert texts.texts[name].codes.tolist() == whole.texts[name].codes.tolist()
        assert (texts.in_file, texts.at.tolist()) == (whole.in_file, whole.at.tolist())


def test_only_texts_are_read_where_they_are_enough(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(csv_file, "_WORTH_ARROW", 0)
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "a.jpg,cat,1,2,3,4\n")
    assert not read_csv(path, only_texts=True).numbers
    path.write_text(HEADER + "a.jpg,no_box,,,,\n")  # whose class depends on whether there is a box
    assert read_csv(path, only_texts=True).texts["label"].names == read_csv(path).texts["label"].names


@pytest.mark.parametrize("text", ["\ufeff", "".encode("utf-16").decode("utf-16")])
def test_other_encodings_are_read_whole_or_alike(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text + HEADER + "a.jpg,cat,1,2,3,4\n" * 20, "utf-8")
    same(pieces_of(path, 60), read_csv(path))
    path.write_text(HEADER + "a.jpg,cat,1,2,3,4\n" * 20, "utf-16")
    assert cut_csv(path, 60) == []


def test_without_a_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a.jpg,1,2,3,4,cat\n" * 50)
    same(pieces_of(path, 100), read_csv(path))
    (tmp_path / "classes.csv").write_text("cat,0\n")
    assert cut_csv(path, 100) == []  # all rows are compared with the classes


def test_an_audit_in_pieces_is_that_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 3_000)
    path = tmp_path / "boxes.csv"
    rows = [",".join(map(str, row)) for row in drawn(150)]
    rows[7:7] = ["a.jpg,1,2"]
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    parts, whole = list(audit_partitions(path, "yolov5")), anchoraudit.audit(path, "yolov5", images="none")
    together = merge(parts)
    assert len(parts) > 4
    assert_counts_of_the_whole(together, whole)
    for code in together.findings.counts:
        told = {(f.message, f.path, f.place) for f in whole.findings.of(code)}
        assert {(f.message, f.path, f.place) for f in together.findings.of(code)} <= told
    assert ("PAR003", "line 9") in {(f.code, f.place) for f in together.findings}


def test_several_csv_files(tmp_path, monkeypatch):
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 1_500)
    rows = [",".join(map(str, row)) for row in drawn(90)]
    for number in range(3):
        part = [",".join(COLUMNS), *rows[number::3]]
        (tmp_path / f"{number}.csv").write_text("\n".join(part) + "\n")
    pattern = tmp_path / "*.csv"
    together, whole = merge(audit_partitions(pattern)), anchoraudit.audit(pattern, images="none")
    assert together.summary() == whole.summary()
    places = {f.place for f in whole.findings.of("BOX002")}
    assert {f.place for f in together.findings.of("BOX002")} <= places
    assert next(iter(sorted(places))).startswith("0.csv line ")


def test_a_file_that_is_no_table_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("no,table\n" * 100)
    with pytest.raises(AnchorauditError, match="columns not understood"):
        list(audit_partitions(tmp_path / "a.csv"))
