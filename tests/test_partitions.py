"""The audit in parts: the same answer as that of the whole, in any order, whatever cannot be read."""

import json
import os
import pickle
import random
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, Chosen, Partial, audit_partitions, merge
from anchoraudit.cli import run as run_here
from anchoraudit.dataset.labels import REASON_MEANING
from anchoraudit.errors import TooLargeError
from anchoraudit.partitions.memory import rows_of_part
from anchoraudit.partitions.sizes import SizeHistogram
from tests.builders import assert_counts_of_the_whole
from tests.conftest import ROOT
from tests.forks import in_another_process
from tests.in_parts import InThisProcess

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = ("image_id", "width", "height", "label", "x1", "y1", "x2", "y2")


def table_of(rows):
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})


def drawn(count, seed=0):
    """Rows of boxes, of every kind that the rules know, sorted by image."""
    rng = random.Random(seed)
    rows = []
    for image in range(count):
        width, height = rng.choice([(640, 480), (500, 375), (32, 900)])
        for _ in range(rng.choice([1, 2, 6])):
            x, y = rng.uniform(-20, width), rng.uniform(-20, height)
            w, h = rng.choice([0, 3, 40, 300]), rng.choice([2, 30, 500])
            label = rng.choice(["cat", "dog", "Cat", "bird", ""])
            rows.append((f"{image:05d}.jpg", width, height, label, x, y, x + w, y + h))
    return rows


def write(folder, rows, parts):
    """Write rows into so many files, wherever that cuts images."""
    folder.mkdir()
    step = len(rows) // parts + 1
    for part in range(parts):
        parquet.write_table(
            table_of(rows[part * step : (part + 1) * step]), folder / f"part-{part}.parquet", row_group_size=7
        )
    return folder


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(80), 4)


@pytest.fixture(scope="module")
def audits(tmp_path_factory):
    """The audits of the parts of such shards."""
    shards = write(tmp_path_factory.mktemp("data") / "shards", drawn(80), 4)
    return list(audit_partitions(shards, "yolov5"))


def merged_here(source, detector="reference", **options):
    """The audit in parts without processes of their own, which is what most tests need not start."""
    return merge(audit_partitions(source, detector, engine=InThisProcess(), **options))


def run(*words, cwd):
    return in_another_process(words, cwd)


class TestAgainstTheWhole:
    @pytest.mark.parametrize(
        "detector",
        ["reference", "torchvision-retinanet_resnet50_fpn", "yolov5", "torchvision-fcos_resnet50_fpn", None],
    )
    def test_counts_and_findings_are_those_of_the_whole(self, shards, detector):
        whole = anchoraudit.audit(str(shards), detector, images="none")
        parts = merge(audit_partitions(shards, detector))
        assert_counts_of_the_whole(parts, whole)
        for code in parts.findings.counts:
            of_parts = {(f.message, f.path, f.place, f.evidence) for f in parts.findings.of(code)}
            of_whole = {(f.message, f.path, f.place, f.evidence) for f in whole.findings.of(code)}
            assert of_parts <= of_whole

    def test_images_that_are_cut_by_the_ends_of_files_are_judged_whole(self, tmp_path):
        rows = [("a", 640, 480, "cat", 0, 0, 2, 2), ("a", 640, 480, "cat", 100, 100, 240, 200)]
        folder = write(tmp_path / "cut", rows, 2)
        found = merged_here(folder, "torchvision-retinanet_resnet50_fpn")
        assert found.summary()["images"] == 1
        assert found.summary()["boxes"] == 2
        assert found.summary()["verdicts"]["ok"] == 1

    def test_an_image_of_two_splits_is_found_across_parts(self, tmp_path):
        folder = tmp_path / "splits"
        for split, image in (("train", "a"), ("train", "b"), ("val", "b"), ("val", "c")):
            place = folder / f"split={split}"
            place.mkdir(parents=True, exist_ok=True)
            row = (f"{image}.jpg", 640, 480, "cat", 10, 10, 90, 60)
            parquet.write_table(table_of([row]), place / f"{image}.parquet")
        whole = anchoraudit.audit(str(folder), images="none")
        parts = merged_here(folder)
        assert whole.findings.counts["SET004"] == parts.findings.counts["SET004"] == 1
        assert parts.findings.of("SET004")[0].message == whole.findings.of("SET004")[0].message

    def test_names_that_too_many_images_share_are_not_compared(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.partitions.spread.MOST_APART", 3)
        for split in ("train", "val"):
            (tmp_path / f"split={split}").mkdir()
            rows = [(f"{i}.jpg", 640, 480, "cat", 10, 10, 90, 60) for i in range(5)]
            parquet.write_table(table_of(rows), tmp_path / f"split={split}" / "0.parquet")
        findings = merged_here(tmp_path).findings
        assert "SET004" not in findings.counts
        assert "SET004" in [rule.code for rule in findings.not_checked]

    def test_row_groups_of_one_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
        monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 50)
        file = tmp_path / "boxes.parquet"
        parquet.write_table(table_of(drawn(60)), file, row_group_size=20)
        parts = list(audit_partitions(file, "yolov5", engine=InThisProcess()))
        whole = anchoraudit.audit(str(file), "yolov5", images="none")
        assert len(parts) > 3
        assert merge(parts).summary() == whole.summary()
        places = {finding.place for finding in whole.findings.of("BOX002")}
        assert {finding.place for finding in merge(parts).findings.of("BOX002")} <= places

    @pytest.mark.parametrize("splits", [(), ("train",), ("val",)])
    def test_splits_that_rows_name(self, tmp_path, splits):
        folder = tmp_path / "in"
        folder.mkdir()
        for number, split in enumerate(("train", "val")):
            table = table_of([(f"{number}", 640, 480, "cat", 100, 100, 240, 200)])
            parquet.write_table(
                table.append_column("split", pa.array([split])), folder / f"a{number}.parquet"
            )
        whole = anchoraudit.audit(anchoraudit.read(folder, splits=splits), images="none")
        assert merged_here(folder, splits=splits).summary() == whole.summary()

    @pytest.mark.parametrize(("lacking", "columns"), [(0, ["iscrowd"]), (2, ["width", "height"])])
    def test_columns_that_one_file_lacks_are_empty_there(self, tmp_path, lacking, columns):
        folder = write(tmp_path / "in", [(*row[:4], 20, 20, 200, 150) for row in drawn(40)], 4)
        for number, file in enumerate(sorted(folder.iterdir())):
            table = parquet.read_table(file)
            table = table.append_column("iscrowd", pa.array([i % 2 for i in range(len(table))]))
            parquet.write_table(table.drop(columns) if number == lacking else table, file)
        own = set(parquet.read_table(folder / f"part-{lacking}.parquet")["image_id"].to_pylist())
        whole = anchoraudit.audit(str(folder), images="none")
        parts = merged_here(folder)
        assert whole.summary() == parts.summary()
        assert "PAR001" not in whole.findings.counts
        unknown = whole.images_frame().query("verdict == 'unknown'")["image_id"]
        assert set(unknown) <= own
        if "width" in columns:
            assert len(unknown) >= len(own) - 2  # the first and the last may be in the files beside it, too
            assert whole.findings.counts["IMG002"] == parts.findings.counts["IMG002"] == len(unknown)
        else:
            assert 0 < whole.labels.reasons()["crowd"] < len(whole.dataset.boxes) // 2

    def test_a_format_that_is_only_read_whole_is_one_part(self):
        parts = list(audit_partitions("sample_data/voc"))
        assert len(parts) == 1
        assert parts[0].summary() == anchoraudit.audit("sample_data/voc").summary()

    def test_what_a_reader_finds_about_a_whole_file(self, tmp_path):
        (tmp_path / "annotations").mkdir()
        image, box = (
            {"id": 1, "file_name": "a.jpg", "width": 9, "height": 9},
            {"image_id": 1, "bbox": [1, 2, 3, 4]},
        )
        plain = {"images": [image], "annotations": [{**box, "category_id": 7, "id": i} for i in (5, 5, 6)]}
        for name in ("val", "val_small"):
            (tmp_path / "annotations" / f"instances_{name}.json").write_text(json.dumps(plain))
        found = merged_here(tmp_path).findings
        whole = anchoraudit.audit(str(tmp_path), images="none").findings
        for code in ("CLS001", "SET002", "SET015"):
            assert found.counts[code] == whole.counts[code] == 1
            assert found.of(code) == list(whole.of(code))

    def test_thresholds_of_the_user_count(self, shards):
        chosen = Chosen(select=("BOX010", "BOX013"), thresholds={"BOX010": {"share": 0.3}})
        whole = anchoraudit.audit(str(shards), "yolov5", rules=chosen, images="none")
        parts = merged_here(shards, "yolov5", rules=chosen)
        assert dict(parts.findings.counts) == whole.findings.counts


class TestMerging:
    def test_any_order_and_grouping_gives_the_same_bytes(self, audits):
        expected = merge(audits).to_json()
        rng = random.Random(1)
        for _ in range(10):
            pool = audits[:]
            while len(pool) > 1:
                rng.shuffle(pool)
                pool.append(merge([pool.pop(), pool.pop()]))
            assert pool[0].to_json() == expected

    def test_text_and_back(self, audits):
        whole = merge(audits)
        again = Partial.from_json(whole.to_json())
        assert again.to_json() == whole.to_json()
        assert again.findings.counts == whole.findings.counts
        assert again.flagged == whole.flagged

    def test_what_is_no_partial_audit(self):
        for text in ("", "{}", "[]", '{"anchoraudit_partial": 99}'):
            with pytest.raises(AnchorauditError, match="not the text of a partial audit"):
                Partial.from_json(text)

    def test_a_part_counts_once(self, audits):
        with pytest.raises(AnchorauditError, match="there twice"):
            merge([*audits, audits[0]])

    def test_parts_of_other_audits_do_not_merge(self, audits, shards):
        with pytest.raises(AnchorauditError, match="two different audits"):
            merge([*audits, merged_here(shards, "reference")])

    def test_there_must_be_one(self):
        with pytest.raises(AnchorauditError, match="no part to merge"):
            merge([])


class TestBrokenParts:
    def test_one_hides_nothing_of_the_others(self, shards):
        (shards / "part-1.parquet").write_bytes(b"PAR1 cut off")
        (shards / "part-3.parquet").unlink()
        parquet.write_table(pa.table({"other": [1]}), shards / "part-3.parquet")
        found = merged_here(shards, "yolov5")
        assert set(found.failed) == {1, 3}
        assert found.findings.counts["PAR001"] == 2
        named = [f"{finding.path} {finding.message}" for finding in found.findings.of("PAR001")]
        assert "part-1.parquet" in named[0]
        assert "part-3.parquet" in named[1]
        assert found.summary()["images"] > 30

    @pytest.mark.parametrize("broken", ["cut off", "other columns", "lacks a column", "pointer of Git LFS"])
    def test_a_file_that_cannot_be_read_is_the_same_finding_as_of_the_whole(self, shards, broken):
        file = shards / "part-2.parquet"
        if broken == "cut off":
            file.write_bytes(file.read_bytes()[:900])
        elif broken == "other columns":
            parquet.write_table(pa.table({"other": [1]}), file)
        elif broken == "lacks a column":
            parquet.write_table(parquet.read_table(file).drop(["label"]), file)
        else:
            file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
        whole = anchoraudit.audit(str(shards), images="none").findings
        code = "PAR010" if "LFS" in broken else "PAR001"
        (told,) = whole.of(code)
        assert merged_here(shards).findings.of(code) == [told]
        assert told.path == str(file)
        assert told.place == ""
        assert told.thing == "file part-2.parquet"

    def test_none_that_can_be_read(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"no")
        with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
            list(audit_partitions(tmp_path))

    def test_too_many_torn_images_are_refused_with_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.partitions.spread.MOST_APART", 3)
        rows = drawn(40)
        random.Random(0).shuffle(rows)
        with pytest.raises(AnchorauditError, match="lie in several parts") as error:
            list(audit_partitions(write(tmp_path / "unsorted", rows, 4)))
        assert "Sort the table by image" in str(error.value)


class TestSizes:
    def test_the_same_in_another_process(self):
        rng = np.random.default_rng(0)
        every = SizeHistogram.of(np.exp(rng.normal(3, 2, (5000, 2))))
        for one in (every, every + every, SizeHistogram.none(), SizeHistogram.of(np.full((3, 2), 1e9))):
            again = pickle.loads(pickle.dumps(one))
            assert again.to_builtins() == one.to_builtins()
            assert again.codes.dtype == again.count.dtype == again.sides.dtype == np.int64
        assert len(pickle.dumps(every)) < 24 * len(every.codes)  # of 32 in memory

    def test_sums_are_those_of_all_boxes(self):
        sizes = np.exp(np.random.default_rng(0).normal(3, 1, (5_000, 2)))
        parts = [SizeHistogram.of(some) for some in np.split(sizes, [10, 2_000])]
        whole = SizeHistogram.of(sizes)
        assert (parts[2] + parts[0] + parts[1]).to_builtins() == whole.to_builtins()
        assert whole.count.sum() == 5_000
        assert np.average(whole.mean, axis=0, weights=whole.count) == pytest.approx(
            sizes.mean(axis=0), abs=1e-3
        )


class TestCommandLine:
    def test_text_and_json_say_the_same(self, shards, tmp_path):
        shown = run("scan", shards, "--engine", "local", "--detector", "yolov5", cwd=tmp_path)
        told = run(
            *("scan", shards, "--engine", "local", "--detector", "yolov5", "--output-format", "json"),
            cwd=tmp_path,
        )
        plain = json.loads(told.stdout)
        whole = anchoraudit.audit(str(shards), "yolov5", images="none")
        assert shown.returncode == told.returncode == 1
        assert plain["summary"]["verdicts"] == whole.summary()["verdicts"]
        assert f"{plain['summary']['images']:,} images" in shown.stdout
        assert plain["parts"]["merged"] == plain["parts"]["of"] == 5
        assert "Classes (" not in shown.stdout
        assert plain["findings_by_rule"]["BOX002"] == whole.findings.counts["BOX002"]

    def test_what_does_not_fit_into_memory_is_scanned_in_parts(self, shards, tmp_path, monkeypatch, capfd):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("anchoraudit.formats._ALWAYS_TRIED", 0)
        monkeypatch.setattr("anchoraudit.formats.table._SMALL", 0)
        monkeypatch.setattr("anchoraudit.formats.available", lambda: 1_000)
        with pytest.raises(TooLargeError, match=r"and 0\.0 GB are free"):
            anchoraudit.read(str(shards))
        code = run_here(["scan", str(shards), "--detector", "yolov5"])
        said = capfd.readouterr()
        assert code == 1
        assert "scanned part by part, as by --engine local" in said.err
        assert "in 5 parts" in said.out

    @pytest.mark.parametrize(("parts", "way"), [(1, []), (4, ["--engine", "local"])])
    def test_the_order_of_reasons_does_not_depend_on_the_cut(self, tmp_path, parts, way):
        """That of the alphabet is another. Only one of several parts has images of unknown size."""
        shards = write(tmp_path / "in", drawn(60), parts)
        table = parquet.read_table(shards / "part-0.parquet")
        unknown = pa.array([0] * 10 + table["width"].to_pylist()[10:])
        parquet.write_table(table.set_column(1, "width", unknown), shards / "part-0.parquet")
        options = [*way, "--detector", "none"]
        done = run("scan", shards, *options, "--output-format", "json", cwd=tmp_path)
        found = json.loads(done.stdout)["not_usable"]
        assert list(found) == ["no_area", "image_size_unknown", "outside"]
        text = " ".join(run("scan", shards, *options, cwd=tmp_path).stdout.split())
        assert ", ".join(f"{n} {REASON_MEANING[name]}" for name, n in found.items()) in text
        assert "Classes (" not in text

    @pytest.mark.parametrize(
        ("data", "judging", "rules"),
        [
            ("shards", ["--detector", "yolov5"], []),
            ("shards", ["--detector", "none"], ["--class-rules", "detectron2"]),
            ("coco", ["--detector", "none"], []),
            ("coco", [], ["--class-rules", "detectron2"]),
        ],
    )
    def test_the_class_table_is_that_of_the_whole(self, shards, tmp_path, data, judging, rules):
        if data == "coco":
            shards = tmp_path / "coco"
            shutil.copytree(ROOT / "sample_data" / "coco", shards)
        (tmp_path / "names.txt").write_text("dog\ncat\nlynx\n")
        words = ("scan", shards, *judging, "--classes", "names.txt", *rules, "--images", "none")
        ways = ([], ["--engine", "local"])
        whole, parts = (run(*words, *way, cwd=tmp_path) for way in ways)
        tables = [re.search(r"Classes \(\d+\).*?\n\n", done.stdout, re.S) for done in (whole, parts)]
        assert tables[0][0] == tables[1][0]
        assert whole.returncode == parts.returncode
        told = [
            json.loads(run(*words, *way, "--output-format", "json", cwd=tmp_path).stdout)["classes"]
            for way in ways
        ]
        assert told[0] == told[1]
        assert len(told[0]["table"]) >= 2

    @pytest.mark.parametrize("limit", [None, 3, 50])
    def test_how_many_images_are_flagged(self, shards, tmp_path, limit):
        options = [] if limit is None else ["--limit", limit]
        whole = run("scan", shards, "--detector", "yolov5", *options, cwd=tmp_path)
        found = re.findall(r"worst images \((\d+) of (\d+)\)", whole.stdout)
        ((shown, every),) = found
        assert int(every) > 20
        way = ("--detector", "yolov5", "--engine", "local", *options)
        parts = run("scan", shards, *way, cwd=tmp_path)
        told = run("scan", shards, *way, "--output-format", "json", cwd=tmp_path)
        plain = json.loads(told.stdout)
        assert plain["parts"]["flagged"] == int(every)
        assert len(plain["flagged"]) == min(20, limit or 20)
        said = f"parts keep 20 of the {every} flagged images, so --limit 50 lists 20"
        if limit == 50:
            assert f"worst images (20 of {every})" in parts.stdout
            assert said in parts.stderr and said in told.stderr
        else:
            assert f"worst images ({shown} of {every})" in parts.stdout
            assert "--limit 20: the 20 worst images" in parts.stdout
            assert "parts keep" not in parts.stderr + told.stderr

    @pytest.mark.parametrize("judging", [["--detector", "yolov5"], ["--detector", "none"]])
    def test_one_line_says_what_was_not_read(self, tmp_path, judging):
        """All images are fine, so that nothing else sets the exit code."""
        rows = [(f"{i:02d}.jpg", 640, 480, "cat", 100, 100, 240, 200 + i) for i in range(20)]
        shards = write(tmp_path / "fine", rows, 4)
        options = (*judging, "--quiet")
        ways = [("files", ()), ("parts", ("--engine", "local"))]
        for _, way in ways:
            done = run("scan", shards, *options, *way, cwd=tmp_path)
            assert done.returncode == 0
            assert "not read" not in done.stdout
        (shards / "part-2.parquet").write_bytes(b"PAR1 cut off")
        for unit, way in ways:
            done = run("scan", shards, *options, *way, cwd=tmp_path)
            assert done.returncode == 1
            assert f"; 1 of 4 {unit} not read" in done.stdout

    @pytest.mark.parametrize("way", [[], ["--engine", "local"]])
    def test_one_line_says_how_many_annotation_files_were_not_read(self, tmp_path, way):
        shutil.copytree(ROOT / "sample_data" / "voc", tmp_path / "voc")
        first, second, *_ = sorted((tmp_path / "voc").rglob("*.xml"))
        for file in (first, second):
            file.write_bytes(file.read_bytes()[:100])
        done = run("scan", "voc", "--quiet", *way, cwd=tmp_path)
        assert done.returncode == 1
        assert "; 2 files not read" in done.stdout

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--engine", "moon"], "unknown engine 'moon'"),
            (["--memory", "lots"], "is not a size"),
            (["--memory", "1M", "--workers", "1"], "--memory of 1 MiB is too little for 2 processes"),
            (["--memory", "1K", "--workers", "3"], "--memory of 1,024 bytes is too little for 4 processes"),
            (["--memory", "1K", "--workers", "3"], "or --workers 1, for which"),
            (["--engine", "local", "--counts"], "--counts needs the whole data set"),
            (["--scheduler", "tcp://x:1"], "--scheduler tcp://x:1 with the engine local"),
            (["--engine", "local", "--output-format", "sarif"], "needs the whole data set"),
        ],
    )
    def test_what_it_refuses(self, shards, tmp_path, words, said):
        done = run("scan", shards, *words, cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_least_memory_that_is_named_is_enough(workers):
    with pytest.raises(AnchorauditError) as raised:
        rows_of_part(1 << 20, workers)
    named, *others = map(int, re.findall(r"(\d+)(?:M| MiB) (?:or more|are enough)", raised.value.remedy))
    assert len(others) == (workers > 1)
    for least, of in zip([named, *others], [workers, 1], strict=False):
        assert rows_of_part(least << 20, of) >= 10_000
        with pytest.raises(AnchorauditError):
            rows_of_part((least - 1) << 20, of)


@pytest.mark.parametrize("is_nested", [False, True])
def test_no_process_imports_pandas(shards, tmp_path, is_nested):
    """That takes as long as most parts. pyarrow does it wherever it makes an array of NumPy."""
    if is_nested:
        shards = tmp_path / "nested"
        shards.mkdir()
        objects = pa.array([{"bbox": [[1.0, 2.0, 30.0, 40.0]], "category": ["cat"]}] * 20)
        names = [f"{i}.jpg" for i in range(20)]
        table = pa.table({"image": names, "width": [90] * 20, "height": [80] * 20, "objects": objects})
        parquet.write_table(table, shards / "a.parquet")
    program = (
        "from anchoraudit import audit_partitions, merge; "
        f"print(merge(audit_partitions({str(shards)!r}, workers=1)).summary()['images'])"
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert int(done.stdout) == (20 if is_nested else 80)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pyarrow" in imported and "pandas" not in imported
