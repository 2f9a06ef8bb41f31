"""`filter` in parts: a file in, a file out, the same images as the whole, and nothing else changed."""

import json
import os
import shutil
from hashlib import sha256

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, load_detector
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.keeping import DEFAULT_DROP, kept_by
from anchoraudit.partitions.filtering import MANIFEST, filter_partitions
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.test_partitions import drawn, run, table_of, write

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

RETINANET = "torchvision-retinanet_resnet50_fpn"
GOOD, TINY = (100, 100, 240, 200), (1, 1, 3, 3)


def box(image, corners=GOOD, label="cat"):
    return (image, 640, 480, label, *map(float, corners))


def filtered(source, output, detector="reference", **options):
    own = {name: options.pop(name) for name in ("drop", "keep_blank", "replace") if name in options}
    named = None if detector is None else load_detector(detector)
    return filter_partitions(InParts(source, **options), output, Settings(named, loader="none"), **own)


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def rows_of(folder):
    return [row for name in sorted(files_in(folder)) for row in parquet.read_table(folder / name).to_pylist()]


def kept_of_the_whole(source, detector):
    """The names of the images that `filter` of the whole keeps."""

    def judge(dataset):
        return anchoraudit.audit(dataset, detector, loader="none", images="none")

    audit, _, found = judged(anchoraudit.read(source), judge, boxes_may_go=True)
    keep = ~found.images & kept_by(audit, DEFAULT_DROP)
    return {audit.original.images.ids[row] for row in np.flatnonzero(keep)}


class TestWhatGoes:
    @pytest.mark.parametrize("detector", ["reference", RETINANET, "yolov5"])
    def test_the_images_of_the_whole(self, tmp_path, detector):
        source = write(tmp_path / "in", drawn(60), 3)
        found = filtered(source, tmp_path / "out", detector)
        kept = {row["image_id"] for row in rows_of(tmp_path / "out")}
        assert kept == kept_of_the_whole(source, detector)
        assert 0 < len(kept) < 60
        assert found.images == 60
        assert found.audit.summary()["images"] == len(kept)

    def test_a_scan_finds_no_error_in_what_stays(self, tmp_path):
        good = [box(f"good {n}", (n, 2 * n, n + 90, 2 * n + 120)) for n in range(100)]
        source = write(tmp_path / "in", good + drawn(15), 2)
        done = run("filter", source, "--engine", "local", "-o", "out", "--detector", RETINANET, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        told = " ".join(done.stdout.replace("\\\n", " ").split())
        command = told[told.index("anchoraudit scan") :]
        assert command == f"anchoraudit scan out --detector {RETINANET} --engine local"
        assert run(*command.split()[1:], "-q", cwd=tmp_path).returncode == 0
        assert run("scan", "in", *command.split()[3:], "-q", cwd=tmp_path).returncode == 1
        assert run("scan", "out", "--detector", RETINANET, "-q", cwd=tmp_path).returncode == 0

    def test_an_image_in_two_files_goes_from_both(self, tmp_path):
        rows = [box("a"), box("cut", TINY), box("cut", TINY), box("b")]
        source = write(tmp_path / "in", rows, 2)
        assert [len(parquet.read_table(source / name)) for name in sorted(files_in(source))] == [3, 1]
        source = tmp_path / "two"
        source.mkdir()
        parquet.write_table(table_of(rows[:2]), source / "0.parquet")
        parquet.write_table(table_of(rows[2:]), source / "1.parquet")
        found = filtered(source, tmp_path / "out", RETINANET)
        assert [row["image_id"] for row in rows_of(tmp_path / "out")] == ["a", "cut", "cut", "b"]
        found = filtered(source, tmp_path / "strict", "reference")
        assert [row["image_id"] for row in rows_of(tmp_path / "strict")] == ["a", "b"]
        assert found.dropped.images == {"empty_foreground": (1, 2)}

    def test_an_image_in_two_files_stays_where_one_box_of_it_trains(self, tmp_path):
        source = tmp_path / "in"
        source.mkdir()
        parquet.write_table(table_of([box("cut", TINY)]), source / "0.parquet")
        parquet.write_table(table_of([box("cut")]), source / "1.parquet")
        filtered(source, tmp_path / "out")
        assert len(rows_of(tmp_path / "out")) == 2

    def test_a_box_with_an_error_goes_without_its_image(self, tmp_path):
        rows = [box("a"), box("a", (700, 500, 800, 600)), box("a", (float("inf"), 1, 2, 3)), box("b")]
        found = filtered(write(tmp_path / "in", rows, 1), tmp_path / "out", RETINANET)
        assert [(row["image_id"], row["x1"]) for row in rows_of(tmp_path / "out")] == [("a", 100), ("b", 100)]
        assert found.dropped.boxes == {"not_finite": 1, "outside": 1}

    def test_blank_images_stay_if_asked_for(self, tmp_path):
        blank = ("b", 640, 480, "", None, None, None, None)
        source = write(tmp_path / "in", [box("a"), blank], 1)
        filtered(source, tmp_path / "out")
        assert [row["image_id"] for row in rows_of(tmp_path / "out")] == ["a"]
        filtered(source, tmp_path / "kept", keep_blank=True)
        assert [row["image_id"] for row in rows_of(tmp_path / "kept")] == ["a", "b"]

    def test_splits_that_rows_name_stay_what_they_are(self, tmp_path):
        (tmp_path / "in").mkdir()
        for number, split in enumerate(("train", "val")):
            table = table_of([box(f"{number}"), box(f"{number}-tiny", TINY)])
            named = table.append_column("split", pa.array([split] * 2))
            parquet.write_table(named, tmp_path / "in" / f"{number}.parquet")
        filtered(tmp_path / "in", tmp_path / "out")
        assert [(row["image_id"], row["split"]) for row in rows_of(tmp_path / "out")] == [
            ("0", "train"),
            ("1", "val"),
        ]

    def test_without_a_detector_only_what_has_an_error_goes(self, tmp_path):
        rows = [box("a", TINY), box("b", (700, 500, 800, 600))]
        filtered(write(tmp_path / "in", rows, 1), tmp_path / "out", None)
        assert [row["image_id"] for row in rows_of(tmp_path / "out")] == ["a"]


@pytest.mark.parametrize("output", ["in/out", "in/data/out", "in/data", "in", "in/../in/out", "link/out"])
def test_an_output_in_the_named_folder_is_refused(tmp_path, monkeypatch, output):
    """The files are in a folder below it: a scan of the named one would find two data sets."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "data", [box("a.jpg"), box("b.jpg", TINY)], 1)
    (tmp_path / "link").symlink_to("in")
    before = files_in(tmp_path / "in")
    with pytest.raises(AnchorauditError, match=r"in the folder of the data set|in each other") as error:
        filtered("in", output, RETINANET)
    assert "Name a" in error.value.remedy
    assert files_in(tmp_path / "in") == before


def test_an_output_beside_the_named_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "data", [box("a.jpg"), box("b.jpg", TINY)], 1)
    (tmp_path / "link").symlink_to("in")
    filtered("link", "out", RETINANET)
    assert rows_of(tmp_path / "out")[0]["image_id"] == "a.jpg"


def nested(images, names=None):
    """Rows of images with lists of their objects, and columns that nobody asks for."""
    rows = [
        {
            "image_id": name,
            "width": 640,
            "height": 480,
            "objects": {"bbox": boxes, "category": [0] * len(boxes)},
            "picture": {"bytes": name.encode() * 9, "path": None},
            "notes": [{"by": "x", "n": n}],
        }
        for n, (name, boxes) in enumerate(images)
    ]
    return pa.Table.from_pylist(rows).replace_schema_metadata({"mine": "kept"})


class TestFiles:
    @pytest.mark.skipif(
        not hasattr(parquet.ParquetWriter, "add_key_value_metadata"), reason="an old pyarrow cannot write it"
    )
    def test_what_other_programs_note_in_a_file_stays(self, tmp_path):
        """As Spark and fastparquet write it: keys and values, without the schema of Arrow."""
        table = pa.table(
            {"image_id": ["a", "b"], "width": [640] * 2, "height": [480] * 2, "label": ["cat"] * 2}
            | {"x1": [100.0, 1.0], "y1": [100.0, 1.0], "x2": [240.0, 3.0], "y2": [240.0, 3.0]}
        )
        (tmp_path / "in").mkdir()
        path = tmp_path / "in" / "a.parquet"
        with parquet.ParquetWriter(path, table.schema, store_schema=False) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({"org.apache.spark.version": "3.5"})
        filtered(tmp_path / "in", tmp_path / "out")
        written = parquet.ParquetFile(tmp_path / "out" / "a.parquet").metadata
        assert written.num_rows == 1
        assert written.metadata == {b"org.apache.spark.version": b"3.5"}

    def test_what_stays_is_as_it_was(self, tmp_path):
        good, tiny = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0]
        table = nested([(f"{n}", [tiny] if n % 3 == 0 else [good, tiny]) for n in range(40)])
        source = tmp_path / "in"
        (source / "split=train").mkdir(parents=True)
        path = source / "split=train" / "a.parquet"
        parquet.write_table(table, path, row_group_size=10, compression="zstd")
        found = filtered(source, tmp_path / "out")
        written = tmp_path / "out" / "split=train" / "a.parquet"
        staying = table.filter(pa.array([n % 3 != 0 for n in range(40)]))
        before, after = (parquet.read_table(each, partitioning=None) for each in (path, written))
        assert after.schema.equals(before.schema, check_metadata=True)
        assert after.schema.metadata == {b"mine": b"kept"}
        assert after.equals(staying.cast(before.schema))
        columns = [parquet.ParquetFile(each).schema for each in (path, written)]
        assert columns[0] == columns[1]
        about = parquet.ParquetFile(written).metadata
        assert [about.row_group(i).num_rows for i in range(about.num_row_groups)] == [6, 7, 7, 6]
        assert about.row_group(0).column(0).compression == "ZSTD"
        (part,) = found.parts
        assert (part.rows.rows_in, part.rows.rows_out) == (40, 26)
        assert (part.rows.images_in, part.rows.images_out) == (40, 26)

    def test_an_image_of_a_list_goes_with_a_box_that_has_an_error(self, tmp_path):
        source = tmp_path / "in"
        source.mkdir()
        good, bad = [100.0, 100.0, 140.0, 100.0], [900.0, 900.0, 9.0, 9.0]
        parquet.write_table(nested([("a", [good, bad]), ("b", [good])]), source / "a.parquet")
        found = filtered(source, tmp_path / "out")
        assert [row["image_id"] for row in rows_of(tmp_path / "out")] == ["b"]
        assert found.dropped.images == {"BOX003": (1, 2)}

    def test_a_file_without_a_change_keeps_its_bytes(self, tmp_path):
        source = tmp_path / "in"
        source.mkdir()
        parquet.write_table(table_of([box("a"), box("b")]), source / "0.parquet")
        parquet.write_table(table_of([box("c", TINY)]), source / "1.parquet")
        before = files_in(source)
        filtered(source, tmp_path / "out")
        after = files_in(tmp_path / "out")
        assert after["0.parquet"] == before["0.parquet"]
        assert len(parquet.read_table(tmp_path / "out" / "1.parquet")) == 0
        assert files_in(source) == before

    def test_row_groups_that_do_not_fit_into_memory_become_several(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.rewriting._AT_ONCE", 400)
        rows = [box(f"{n}", TINY if n == 5 else GOOD) for n in range(50)]
        source = write(tmp_path / "in", rows, 1)
        filtered(source, tmp_path / "out")
        expected = table_of([row for row in rows if row[0] != "5"])
        assert parquet.read_table(tmp_path / "out" / "part-0.parquet").equals(expected)

    def test_types_that_writers_like_to_change(self, tmp_path):
        rows = [box(f"{n}", TINY if n == 1 else GOOD) for n in range(3)]
        table = table_of(rows)
        for name, column in (
            ("when", pa.array([1, 2, 3], pa.timestamp("ns"))),
            ("day", pa.array([1, 2, 3], pa.date32())),
            ("coded", pa.array(["x", "y", "x"]).dictionary_encode()),
            ("large", pa.array(["x", None, "z"], pa.large_string())),
            ("list", pa.array([[1], [], None], pa.large_list(pa.int8()))),
            ("exact", pa.array([1, 2, None], pa.decimal128(9, 2))),
            ("half", pa.array(np.array([1, 2, 3], dtype=np.float16))),
            ("map", pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int32()))),
        ):
            table = table.append_column(name, column)
        (tmp_path / "in").mkdir()
        parquet.write_table(table, tmp_path / "in" / "a.parquet")
        filtered(tmp_path / "in", tmp_path / "out")
        after = parquet.read_table(tmp_path / "out" / "a.parquet")
        before = parquet.read_table(tmp_path / "in" / "a.parquet")
        assert after.schema.equals(before.schema, check_metadata=True)
        assert after.to_pylist() == [table.to_pylist()[0], table.to_pylist()[2]]

    @pytest.mark.skipif(not hasattr(pa, "string_view"), reason="an old pyarrow has no views")
    def test_views_of_texts(self, tmp_path):
        table = table_of([box("a"), box("b", TINY)])
        views = {"image_id": pa.string_view(), "label": pa.binary_view()}
        schema = pa.schema([each.with_type(views.get(each.name, each.type)) for each in table.schema])
        (tmp_path / "in").mkdir()
        parquet.write_table(table.cast(schema), tmp_path / "in" / "a.parquet")
        filtered(tmp_path / "in", tmp_path / "out")
        left = parquet.read_table(tmp_path / "out" / "a.parquet")
        assert left.schema == parquet.read_schema(tmp_path / "in" / "a.parquet")
        assert left["image_id"].to_pylist() == ["a"]

    def test_row_groups_of_one_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
        monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 50)
        rows = drawn(60)
        parquet.write_table(table_of(rows), tmp_path / "in.parquet", row_group_size=20)
        found = filtered(tmp_path / "in.parquet", tmp_path / "out.parquet", RETINANET)
        kept = kept_of_the_whole(tmp_path / "in.parquet", RETINANET)
        after = parquet.read_table(tmp_path / "out.parquet")
        assert set(after["image_id"].to_pylist()) == kept
        assert set(map(tuple, map(dict.values, after.to_pylist()))) <= set(rows)
        assert found.manifest == tmp_path / "out.parquet.manifest.json"
        assert len(found.parts) == 1

    def test_a_file_that_changes_meanwhile(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in", [box("a"), box("b", TINY)], 1)

        def judged_and_changed(*_):
            os.utime(source / "part-0.parquet", (1, 1))

        monkeypatch.setattr(
            "anchoraudit.partitions.judging.Judging.require_clean", judged_and_changed, raising=True
        )
        with pytest.raises(AnchorauditError, match="changed since it was audited"):
            filtered(source, tmp_path / "out")
        assert not (tmp_path / "out").exists()


class TestManifest:
    def test_it_says_what_became_of_each_file(self, tmp_path):
        rows = [box("a"), box("b", TINY), box("c"), box("c", (700, 500, 800, 600))]
        filtered(write(tmp_path / "in", rows, 1), tmp_path / "out")
        plain = json.loads((tmp_path / "out" / MANIFEST).read_text("utf-8"))
        assert plain["version"] == anchoraudit.__version__
        assert plain["detector"]["name"] == "reference"
        assert plain["settings"]["loader"] == "none"
        assert [plain[f"{what}_{way}"] for what in ("images", "boxes") for way in ("in", "out")] == [
            3,
            2,
            4,
            2,
        ]
        assert plain["dropped"] == {
            "by_reason": [{"reason": "empty_foreground", "image_count": 1, "box_count": 1}],
            "boxes_of_kept_images": {"outside": 1},
        }
        (part,) = plain["parts"]
        data = (tmp_path / "out" / "part-0.parquet").read_bytes()
        assert part == {
            "file": "part-0.parquet",
            "rows_in": 4,
            "rows_out": 2,
            "images_in": 3,
            "images_out": 2,
            "sha256": sha256(data).hexdigest(),
            "bytes": len(data),
        }

    def test_an_interrupted_run_has_none_and_a_retry_writes_the_same(self, tmp_path):
        source = write(tmp_path / "in", drawn(40), 3)
        filtered(source, tmp_path / "expected", RETINANET)

        class Dying:
            """Does the work, and dies in the middle of writing."""

            def each(self, work, common, tasks):
                for index in range(len(tasks)):
                    if work.__name__ == "_write" and index == 2:
                        raise MemoryError
                    yield index, work(common, tasks[index])

        shutil.copytree(tmp_path / "expected", tmp_path / "out")
        with pytest.raises(MemoryError):
            filtered(source, tmp_path / "out", RETINANET, engine=Dying(), replace=True)
        assert not (tmp_path / "out" / MANIFEST).exists()
        assert not list((tmp_path / "out").glob(".anchoraudit-*"))
        filtered(source, tmp_path / "out", RETINANET, replace=True)
        assert files_in(tmp_path / "out") == files_in(tmp_path / "expected")
        written, expected = ((tmp_path / name / MANIFEST).read_bytes() for name in ("out", "expected"))
        assert written == expected


class TestRefusals:
    def test_what_is_about_the_whole_writes_nothing(self, tmp_path):
        source = write(tmp_path / "in", [box("a"), box("b")], 1)
        (source / "part-1.parquet").write_bytes(b"PAR1 cut off")
        with pytest.raises(AnchorauditError, match="filter cannot fix this error: PAR001"):
            filtered(source, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_nothing_would_be_left(self, tmp_path):
        source = write(tmp_path / "in", [box("a", TINY)], 1)
        with pytest.raises(AnchorauditError, match="none of 1 images that could be judged would be left"):
            filtered(source, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        ("output", "said"),
        [
            ("in", "in each other"),
            ("in/out", "in each other"),
            (".", "in each other"),
            ("linked/out", "in each other"),
            ("there", "exists already"),
            ("mixed", "other files are there, such as strange.parquet"),
            ("out.json", "the output is a folder"),
            ("file", "this is no folder"),
        ],
    )
    def test_places(self, tmp_path, monkeypatch, output, said):
        monkeypatch.chdir(tmp_path)
        source = write(tmp_path / "in", [box("a")], 1)
        before = files_in(source)
        (tmp_path / "linked").symlink_to(source, target_is_directory=True)
        (tmp_path / "file").write_text("mine")
        for name in ("there/part-0.parquet", "mixed/strange.parquet"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_bytes(b"mine")
        with pytest.raises(AnchorauditError, match=said):
            filtered("in", output)
        assert files_in(source) == before
        assert (tmp_path / "there" / "part-0.parquet").read_bytes() == b"mine"

    def test_a_file_needs_a_file(self, tmp_path):
        parquet.write_table(table_of([box("a")]), tmp_path / "in.parquet")
        with pytest.raises(AnchorauditError, match=r"a \.parquet file becomes one"):
            filtered(tmp_path / "in.parquet", tmp_path / "out")

    def test_a_column_of_splits_with_some_of_them(self, tmp_path):
        (tmp_path / "in").mkdir()
        table = table_of([box("a"), box("b")]).append_column("split", pa.array(["train", "val"]))
        parquet.write_table(table, tmp_path / "in" / "a.parquet")
        with pytest.raises(AnchorauditError, match="--split cannot go with parts"):
            filtered(tmp_path / "in", tmp_path / "out", splits=("train",))

    def test_a_format_that_is_read_whole(self, tmp_path):
        with pytest.raises(AnchorauditError, match="only tables and COCO can be filtered part by part"):
            filtered("sample_data/voc", tmp_path / "out")
