"""`filter --diff` in parts: the list that `filter --diff` of the whole prints."""

import os
import shutil
import signal
from unittest import mock

import pytest

from anchoraudit import load_detector
from anchoraudit.io import in_order
from anchoraudit.partitions import differing
from anchoraudit.partitions.differing import differences
from anchoraudit.partitions.fixing import Fixing
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from anchoraudit.report.text.differences import Counted, diff_lines
from tests.conftest import SAMPLE, SHARED
from tests.in_parts import InThisProcess
from tests.test_coco_pieces import box, coco, image, pieces_of, write
from tests.test_partitions import run
from tests.test_partitions_filter import RETINANET
from tests.test_partitions_filter_coco import mixed
from tests.test_partitions_filter_fix import GOOD, shapes, swapped
from tests.test_partitions_filter_lines import HEADER, line, row


def same(folder, source, *words, detector=RETINANET, rows=16, at_once=700):
    """Hold what is printed in parts, small ones, against what is of the whole. Return it."""
    named = ("--detector", detector, "--loader", "none")
    whole = run("filter", source, "--diff", "--images", "none", *named, *words, cwd=folder)
    assert whole.returncode == 0, whole.stderr
    fixing = Fixing("--unsafe-fixes" in words) if any("fix" in word for word in words) else None
    before = os.getcwd()  # noqa: PTH109
    os.chdir(folder)  # what is listed are paths as the user gave them
    try:
        with pieces_of(rows), mock.patch("anchoraudit.formats.coco.pieces._RANGE", at_once):
            chosen = Settings(load_detector(detector), loader="none")
            with differences(InParts(source, engine=InThisProcess()), None, chosen, fixing=fixing) as found:
                changes = Counted(found.changes)
                text = "".join(diff_lines(changes, found.audit.replayed))
                said = [*(f"note: {remark}" for remark in found.remarks), changes.summary(found.images)]
    finally:
        os.chdir(before)
    assert text.splitlines() == whole.stdout.splitlines()
    assert said == [each for each in whole.stderr.splitlines() if each.startswith(("note", "nothing"))]
    return text


class TestTheListOfTheWhole:
    @pytest.mark.parametrize(
        ("fixes", "at_once"), [((), 5000), (("--fix",), 400), (("--unsafe-fixes",), 400)]
    )
    def test_coco(self, tmp_path, fixes, at_once):
        write(tmp_path / "in.json", shapes(), indent=1)
        text = same(tmp_path, "in.json", *fixes, at_once=at_once)
        assert "dropped, blank: " in text
        assert ("clipped to its image" in text) == bool(fixes)
        assert ("new id, also in its annotations" in text) == ("--unsafe-fixes" in fixes)

    @pytest.mark.parametrize("fixes", [(), ("--unsafe-fixes",)])
    def test_coco_whose_annotations_come_first(self, tmp_path, fixes):
        plain = shapes()
        write(tmp_path / "in.json", {name: plain[name] for name in ("annotations", "categories", "images")})
        same(tmp_path, "in.json", *fixes, detector="reference")

    def test_under_another_detector(self, tmp_path):
        write(tmp_path / "in.json", mixed())
        same(tmp_path, "in.json", detector="yolov5")

    @pytest.mark.parametrize("fixes", [(), ("--unsafe-fixes",)])
    def test_coco_of_two_splits(self, tmp_path, fixes):
        for split in ("train", "valid"):
            plain = shapes()
            for each in plain["images"]:
                each["file_name"] = f"{split}-{each['file_name']}"
            write(tmp_path / "in" / split / "_annotations.coco.json", plain)
        text = same(tmp_path, "in", *fixes, detector="reference", rows=30)
        assert text.count("--- in/") == 2

    def test_sizes_that_are_swapped(self, tmp_path):
        swapped(tmp_path)
        assert same(tmp_path, "in.json", "--unsafe-fixes", rows=2).count("width and height swapped") == 4

    @pytest.mark.parametrize(
        ("name", "fixes"),
        [
            ("sample", ("--fix",)),
            ("coco38", ("--unsafe-fixes",)),
            ("nasty", ()),
            ("nasty", ("--unsafe-fixes",)),
        ],
    )
    def test_real_data(self, tmp_path, name, fixes):
        path = {
            "sample": SAMPLE / "coco/annotations/instances_val.json",
            "coco38": SHARED / "data/coco38/annotations/instances_val2017.json",
            "nasty": SHARED / "data/nasty/coco/annotations/instances_train.json",
        }[name]
        if not path.exists():
            pytest.skip("without the shared data")
        shutil.copy(path, tmp_path / "in.json")
        same(tmp_path, "in.json", *fixes, rows=150 if name == "nasty" else 40, at_once=2000)

    def test_nothing_would_change(self, tmp_path):
        write(tmp_path / "in.json", coco([image(n) for n in range(9)], [box(n, n, GOOD) for n in range(9)]))
        assert same(tmp_path, "in.json", "--fix") == ""

    def test_more_than_is_in_memory(self, tmp_path, monkeypatch):
        for name, value in (("_HELD", 3), ("_FILES", 2), ("_BLOCK", 2)):
            monkeypatch.setattr(in_order, name, value)
        write(tmp_path / "in.json", shapes())
        same(tmp_path, "in.json", "--unsafe-fixes")


class TestTables:
    """Their diff is that of a table, for which `filter` of the whole has to be told its output."""

    def same(self, folder, source, output, *words):
        texts = []
        for how in (("--images", "none"), ("--engine", "local")):
            done = run("filter", source, *how, "--diff", "-o", output, *words, cwd=folder)
            assert done.returncode == 0, done.stderr
            texts.append(done.stdout)
            assert not (folder / output).exists()
            assert "nothing was written: " in done.stderr
        assert texts[0] == texts[1]
        without = run("filter", source, "--engine", "local", "--diff", *words, cwd=folder)
        assert without.stdout == texts[1]
        return texts[1]

    def test_boxes(self, tmp_path):
        boxes = ("1,1,3,3", "100,100,240,200", "700,500,800,600", "nan,1,2,3")
        rows = [row(f"{n % 11}", boxes[n // 3 % 4]) for n in range(60)] + ["blank,640,480,,,,,,"]
        (tmp_path / "in.csv").write_text("".join(f"{text}\n" for text in (HEADER, *rows)))
        text = self.same(tmp_path, "in.csv", "out.csv")
        assert "dropped, empty_foreground" in text or "dropped, blank" in text
        assert "dropped: outside its image" in text

    def test_lists(self, tmp_path):
        good, tiny, outside = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0], [900.0, 900.0, 9.0, 9.0]
        texts = [line(f"{n}", *([good], [tiny], [good, outside], [])[n % 4]) for n in range(20)]
        (tmp_path / "in.jsonl").write_text("\n".join(texts))
        assert "dropped, with an error: BOX003" in self.same(tmp_path, "in.jsonl", "out.jsonl")

    def test_fixes_are_refused_in_the_same_words(self, tmp_path):
        (tmp_path / "in.csv").write_text(f"{HEADER}\n{row('a')}\n")
        said = []
        for how in (("--images", "none"), ("--engine", "local")):
            done = run("filter", "in.csv", *how, "--diff", "--fix", "-o", "out.csv", cwd=tmp_path)
            assert done.returncode == 2
            said.append(done.stderr)
        assert said[0] == said[1]


class TestCommand:
    @pytest.mark.parametrize("engine", ["local", "dask"])
    def test_it_prints_and_writes_nothing(self, tmp_path, engine):
        if engine == "dask":
            pytest.importorskip("distributed")
        write(tmp_path / "in.json", shapes())
        words = ("filter", "in.json", "--unsafe-fixes", "--diff", "--detector", RETINANET)
        whole = run(*words, "--images", "none", cwd=tmp_path)
        done = run(*words, "--engine", engine, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, whole.stdout, whole.stderr)
        assert [path.name for path in tmp_path.iterdir()] == ["in.json"]

    def test_a_part_that_cannot_be_read(self, tmp_path):
        for number in range(2):
            (tmp_path / f"{number}.csv").write_text(f"{HEADER}\n{row(f'{number}')}\n")
        (tmp_path / "1.csv").write_bytes(b"")
        done = run("filter", "*.csv", "--engine", "local", "--diff", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "PAR001" in done.stderr

    def test_nobody_named_a_detector(self, tmp_path):
        write(tmp_path / "in.json", mixed())
        done = run("filter", "in.json", "--memory", "1G", "--diff", cwd=tmp_path)
        assert "No --detector given: " in done.stderr.replace("\n", " ")
        assert done.stderr.splitlines()[-1].startswith("nothing was written: ")

    def test_a_worker_that_dies_is_begun_again(self, tmp_path, monkeypatch):
        write(tmp_path / "in.json", shapes())
        marks = tmp_path / "deaths"
        marks.mkdir()
        expected = same(tmp_path, "in.json", "--unsafe-fixes", rows=30)

        class Dying(differing.FileDiffer):
            def __call__(self, *arguments):
                found = super().__call__(*arguments)
                self.rows.spill()
                if len(list(marks.iterdir())) < 2:
                    (marks / str(os.getpid())).touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                return found

        monkeypatch.setattr(differing, "FileDiffer", Dying)
        monkeypatch.chdir(tmp_path)
        with pieces_of(30):
            chosen = Settings(load_detector(RETINANET), loader="none")
            with differences(InParts("in.json"), None, chosen, fixing=Fixing(True)) as found:
                text = "".join(diff_lines(found.changes, found.audit.replayed))
        assert len(list(marks.iterdir())) == 2
        assert text == expected
