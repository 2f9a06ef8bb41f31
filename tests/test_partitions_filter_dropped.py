"""`filter --dropped` in parts: the table that `filter` of the whole writes, byte for byte."""

import json
import os
import signal
from unittest import mock

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, load_detector
from anchoraudit.io import in_order
from anchoraudit.io.addresses import path_of
from anchoraudit.io.in_order import InOrder
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.keeping import DEFAULT_DROP, kept_by
from anchoraudit.partitions import leaving
from anchoraudit.partitions.filtering import MANIFEST, filter_partitions
from anchoraudit.partitions.listing import Listed
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from anchoraudit.report import dropped
from anchoraudit.report.dropped import are_numbers, dropped_rows, write_dropped
from tests.conftest import SHARED
from tests.in_parts import InThisProcess
from tests.test_coco_pieces import pieces_of
from tests.test_coco_pieces import write as write_json
from tests.test_partitions import drawn, run, table_of, write
from tests.test_partitions_filter import RETINANET, TINY, box
from tests.test_partitions_filter_coco import mixed
from tests.test_partitions_filter_lines import HEADER, line, row

parquet = pytest.importorskip("pyarrow.parquet")

SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".parquet"])


def of_the_whole(source, output, detector="reference", csv_safe=False):
    """Write what `filter --dropped` writes of the data set in memory, for any output with its boxes."""

    def judge(dataset):
        return anchoraudit.audit(dataset, detector, loader="none", images="none")

    dataset = anchoraudit.read(source)
    nested = any(each.image_place for each in dataset.sources)
    audit, _, found = judged(dataset, judge, boxes_may_go=not nested)
    keep = ~found.images
    if detector is not None:
        keep &= kept_by(audit, DEFAULT_DROP)
    rows = dropped_rows(audit, keep, found.why)
    with output.open("wb") as stream:
        write_dropped(rows, stream, output.suffix, numbers=are_numbers(rows), csv_safe=csv_safe)
    return output.read_bytes()


def in_parts(source, output, table, detector="reference", csv_safe=False, **options):
    named = None if detector is None else load_detector(detector)
    own = {name: options.pop(name) for name in ("replace",) if name in options}
    chosen = Settings(named, loader="none")
    listed = Listed(path_of(table), csv_safe)
    filter_partitions(InParts(source, **options), output, chosen, listed=listed, **own)
    return table.read_bytes()


def require_same(tmp_path, source, output, suffix=".csv", rows=8, **options):
    with pieces_of(rows):
        found = in_parts(source, output, tmp_path / f"gone{suffix}", engine=InThisProcess(), **options)
    assert found == of_the_whole(source, tmp_path / f"whole{suffix}", **options)
    return found


class TestTheSameTable:
    @pytest.mark.parametrize(
        ("detector", "suffix"),
        [("reference", ".parquet"), (RETINANET, ".csv"), ("yolov5", ".parquet"), (None, ".csv")],
    )
    def test_parquet_in_shards_that_cut_images(self, tmp_path, suffix, detector):
        source = write(tmp_path / "in", drawn(40), 3)
        found = require_same(tmp_path, source, tmp_path / "out", suffix, detector=detector)
        assert len(found) > 300

    @SUFFIXES
    def test_coco_in_any_order(self, tmp_path, suffix):
        source = write_json(tmp_path / "in.json", mixed())
        require_same(tmp_path, source, tmp_path / "out.json", suffix, detector=RETINANET)
        if suffix == ".csv":
            lines = (tmp_path / "gone.csv").read_text().splitlines()
            assert lines[:3] == [
                "image_id,file_name,split,verdict,cause,boxes,why",
                "2,2.jpg,in,blank,,0,no annotation",
                "8,8.jpg,in,blank,,0,no annotation",
            ]

    @pytest.mark.parametrize(("ids", "suffix"), [("all", ".csv"), ("some", ".parquet")])
    def test_coco_whose_ids_are_texts(self, tmp_path, suffix, ids):
        plain = mixed()
        for number, image in enumerate(plain["images"]):
            if ids == "all" or number % 2:
                image["id"] = f"i{image['id']}"
        for annotation in plain["annotations"]:
            if ids == "all" or annotation["image_id"] % 2:
                annotation["image_id"] = f"i{annotation['image_id']}"
        source = write_json(tmp_path / "in.json", plain)
        require_same(tmp_path, source, tmp_path / "out.json", suffix)

    def test_coco_of_two_splits(self, tmp_path):
        for split in ("train", "valid"):
            write_json(tmp_path / "in" / split / "_annotations.coco.json", mixed())
        require_same(tmp_path, tmp_path / "in", tmp_path / "out", ".parquet")

    @pytest.mark.skipif(not (SHARED / "data/coco38").is_dir(), reason="without the shared data")
    def test_real_coco(self, tmp_path):
        source = SHARED / "data/coco38/annotations/instances_train2017.json"
        require_same(tmp_path, source, tmp_path / "out.json", ".csv", 60, detector="yolov5")

    def test_lists_in_json_lines(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.lines._BYTES_OF_ROW", 1)
        good, tiny, outside = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0], [900.0, 900.0, 9.0, 9.0]
        texts = [line(f"{n}", *([good], [tiny], [good, outside], [])[n % 4]) for n in range(16)]
        (tmp_path / "in.jsonl").write_text("\n".join(texts))
        require_same(tmp_path, tmp_path / "in.jsonl", tmp_path / "out.jsonl", ".parquet", 100)

    def test_csv_of_which_images_lie_in_several_pieces(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.lines._BYTES_OF_ROW", 1)
        rows = [row(f"{n % 30}", "1,1,3,3" if n % 4 else "100,100,240,200") for n in range(60)]
        rows[7:7] = ["blank,640,480,,,,,,", "a b,640,480,cat,700,500,800,600,"]
        (tmp_path / "in.csv").write_text("".join(f"{text}\n" for text in (HEADER, *rows, rows[7])))
        require_same(tmp_path, tmp_path / "in.csv", tmp_path / "out.csv", ".csv", 100)

    def test_splits_of_rows(self, tmp_path):
        (tmp_path / "in").mkdir()
        for number, split in enumerate(("train", "val")):
            table = table_of([box(f"{number}"), box(f"{number}-tiny", TINY)])
            named = table.append_column("split", [[split] * 2])
            parquet.write_table(named, tmp_path / "in" / f"{number}.parquet")
        found = require_same(tmp_path, tmp_path / "in", tmp_path / "out").decode().splitlines()
        assert [text.split(",")[:4] for text in found[1:]] == [
            ["0-tiny", "0-tiny", "train", "empty_foreground"],
            ["1-tiny", "1-tiny", "val", "empty_foreground"],
        ]

    @SUFFIXES
    def test_nothing_goes(self, tmp_path, suffix):
        source = write(tmp_path / "in", [box("a"), box("b")], 1)
        require_same(tmp_path, source, tmp_path / "out", suffix)

    def test_what_a_spreadsheet_would_run(self, tmp_path):
        source = write(tmp_path / "in", [box("a"), box("=1+1", TINY)], 1)
        found = require_same(tmp_path, source, tmp_path / "out", csv_safe=True)
        assert b"\n'=1+1,'=1+1," in found

    @SUFFIXES
    def test_more_than_is_in_memory(self, tmp_path, suffix, monkeypatch):
        for module, name, value in ((in_order, "_HELD", 5), (in_order, "_FILES", 2), (in_order, "_BLOCK", 2)):
            monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(dropped, "AT_ONCE", 7)
        require_same(tmp_path, write(tmp_path / "in", drawn(16), 2), tmp_path / "out", suffix)


def test_rows_in_order_whatever_is_in_files(tmp_path):
    rng = np.random.default_rng(0)
    places = rng.permutation(500).tolist()
    with mock.patch.multiple(in_order, _HELD=9, _FILES=3, _BLOCK=2):
        rows = InOrder(tmp_path, "rows")
        for start in range(0, 500, 4):
            rows.put([((place // 9, place % 9), place) for place in places[start : start + 4]])
        assert [value for _, value in rows] == list(range(500))
        assert [value for _, value in rows] == list(range(500))
        assert len(list(tmp_path.iterdir())) <= 3


class TestCommand:
    @pytest.mark.parametrize("engine", ["local", "dask"])
    def test_the_bytes_of_the_whole(self, tmp_path, engine):
        if engine == "dask":
            pytest.importorskip("distributed")
        write_json(tmp_path / "in.json", mixed())
        whole = run(
            "filter", "in.json", "-o", "w.json", "--dropped", "w.csv", "--images", "none", cwd=tmp_path
        )
        assert whole.returncode == 0, whole.stderr
        words = ("filter", "in.json", "--engine", engine, "-o", "p.json", "--dropped", "p.csv")
        done = run(*words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "w.csv").read_bytes()
        assert (tmp_path / "p.json").read_bytes() == (tmp_path / "w.json").read_bytes()

    def test_places(self, tmp_path):
        write(tmp_path / "in", [box("a"), box("b", TINY)], 1)
        (tmp_path / "mine.csv").write_text("mine")
        for table, said in (
            ("mine.csv", "the output exists already"),
            ("in/gone.csv", "this is in in, and a scan of that would read it, too"),
            ("out/gone.parquet", "this is in out, and a scan of that would read it, too"),
            ("gone.txt", "cannot export to .txt"),
            ("no/gone.csv", "cannot be written"),
        ):
            done = run("filter", "in", "--memory", "1G", "-o", "out", "--dropped", table, cwd=tmp_path)
            assert done.returncode == 2
            assert said in " ".join(done.stderr.split())
            assert not (tmp_path / "out").exists()
        assert (tmp_path / "mine.csv").read_text() == "mine"
        words = ("filter", "in", "--memory", "1G", "-o", "out", "--dropped", "mine.csv", "--force")
        assert run(*words, cwd=tmp_path).returncode == 0
        assert (tmp_path / "mine.csv").read_text().splitlines()[1].startswith("b,b,,empty_foreground,")

    def test_the_file_of_the_output(self, tmp_path):
        (tmp_path / "in.csv").write_text(f"{HEADER}\n{row('a')}\n")
        words = ("filter", "in.csv", "--memory", "1G", "-o", "out.csv", "--dropped", "out.csv")
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert "two outputs would go to this file" in done.stderr


class TestWhatGoesWrong:
    def test_a_part_that_cannot_be_read(self, tmp_path):
        source = write(tmp_path / "in", [box("a"), box("b", TINY)], 1)
        (source / "part-1.parquet").write_bytes(b"PAR1 cut off")
        with pytest.raises(AnchorauditError, match="PAR001"):
            in_parts(source, tmp_path / "out", tmp_path / "gone.csv")
        assert not (tmp_path / "gone.csv").exists()

    def test_a_file_that_cannot_be_written_leaves_the_table_as_it_was(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in", drawn(30), 3)
        (tmp_path / "gone.csv").write_text("old")

        def failing(self, file, left_out, output, edit=None):
            output.write(b"half")
            raise AnchorauditError("no more room")

        with monkeypatch.context() as patch:
            patch.setattr("anchoraudit.formats.table.pieces.TableParts.rewrite", failing)
            with pytest.raises(AnchorauditError, match="no more room"):
                in_parts(source, tmp_path / "out", tmp_path / "gone.csv", RETINANET, replace=True)
        assert (tmp_path / "gone.csv").read_text() == "old"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["gone.csv", "in"]
        found = in_parts(source, tmp_path / "out", tmp_path / "gone.csv", RETINANET, replace=True)
        assert found == of_the_whole(source, tmp_path / "whole.csv", RETINANET)

    def test_a_table_that_cannot_be_written_in_full(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in", drawn(30), 3)

        def failing(rows, stream, *_, **__):
            stream.write(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("anchoraudit.partitions.listing.write_dropped", failing)
        with pytest.raises(AnchorauditError, match=r"cannot be written: .*o space left"):
            in_parts(source, tmp_path / "out", tmp_path / "gone.csv", RETINANET)
        assert [path.name for path in tmp_path.iterdir()] == ["in"]

    def test_a_worker_that_dies_is_begun_again(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in", drawn(30), 3)
        own, marks = leaving.dropped_rows, tmp_path / "deaths"
        marks.mkdir()

        def dying(*arguments):
            if len(list(marks.iterdir())) < 2:
                (marks / str(os.getpid())).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return own(*arguments)

        monkeypatch.setattr(leaving, "dropped_rows", dying)
        found = in_parts(source, tmp_path / "out", tmp_path / "gone.csv", RETINANET, workers=2)
        assert len(list(marks.iterdir())) == 2
        assert found == of_the_whole(source, tmp_path / "whole.csv", RETINANET)
        assert len(json.loads((tmp_path / "out" / MANIFEST).read_text())["parts"]) == 3
