"""A large part in slices: what adds up is what the part gives, to the last byte."""

import gc
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import anchoraudit
from anchoraudit import Partial, load_detector, partition
from anchoraudit.formats.table.nested import boxes_in_groups
from anchoraudit.images.inspection import look
from anchoraudit.partitions import reading
from anchoraudit.partitions.advising import advised
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.clustering import network_sizes_of
from anchoraudit.partitions.comparing import compare_partitions
from anchoraudit.partitions.differing import differences
from anchoraudit.partitions.filtering import filter_partitions
from anchoraudit.partitions.listing import Listed
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.rescuing import rescued
from anchoraudit.partitions.settings import Settings
from anchoraudit.partitions.slices import sliced
from anchoraudit.report.text.differences import diff_lines
from tests.in_parts import InThisProcess
from tests.test_partitions import COLUMNS, drawn, table_of
from tests.test_partitions_filter import RETINANET
from tests.test_partitions_filter_lines import line
from tests.test_partitions_property import ROW, SCHEMA

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

DETECTORS = [
    *("reference", "yolov5", "torchvision-retinanet_resnet50_fpn", "ultralytics-yolo11-8.3", "mmdet-fcos"),
    *("mmdet-detr", "keras-retinanet", "detectron2-retinanet", None),
]
# Rows of which a reader says something, and images without boxes.
ODD = [
    ("00001.jpg", 640, 480, "cat", 1.0, 2.0, None, 30.0),
    ("00002.jpg", 640, 480, "dog", float("nan"), 2.0, 20.0, 30.0),
    ("00003.jpg", 640, 480, "", 1.0, 2.0, 20.0, 30.0),
    ("00090.jpg", 640, 480, None, None, None, None, None),
    ("00091.jpg", 640, 480, "cat", float("inf"), 2.0, 20.0, 30.0),
    ("blank.jpg", 640, 480, None, None, None, None, None),
    ("unsized.jpg", None, None, "cat", 1.0, 2.0, 20.0, 30.0),
    ("", 640, 480, "cat", 1.0, 2.0, 20.0, 30.0),
]


def unsorted_rows(count=20, seed=3):
    rows = [*drawn(count, seed), *ODD]
    return [rows[at] for at in np.random.default_rng(seed).permutation(len(rows)).tolist()]


def sorted_rows():
    return sorted(unsorted_rows(), key=lambda row: row[0])


def at_once(parts, most):
    """The same parts, judged in slices of at most so many images and boxes, or half as many."""
    return replace(parts, job=replace(parts.job, plan=replace(parts.job.plan, at_once=most)))


def slices_of(parts, part=0):
    plan = parts.job.plan
    return [*sliced(plan.read(part), plan)]


def assert_same_in_slices(folder, detector, sizes=(30,), **options):
    parts = partition(folder, detector, **options)
    for part in range(len(parts)):
        whole = parts.audit(part).to_json()
        for most in sizes:
            assert at_once(parts, most).audit(part).to_json() == whole


class TestAudit:
    @pytest.mark.parametrize(
        ("detector", "order"), [*zip(DETECTORS, cycle([unsorted_rows, sorted_rows]), strict=False)]
    )
    def test_a_part_is_the_sum_of_its_slices(self, tmp_path, detector, order):
        parquet.write_table(table_of(order()), tmp_path / "a.parquet")
        assert len(slices_of(at_once(partition(tmp_path, detector), 30))) > 2
        assert_same_in_slices(tmp_path, detector)

    def test_slices_of_any_size(self, tmp_path):
        parquet.write_table(table_of(unsorted_rows()), tmp_path / "a.parquet")
        assert_same_in_slices(tmp_path, "yolov5", sizes=(12, 50))

    def test_an_image_in_each_slice(self, tmp_path):
        parquet.write_table(table_of(unsorted_rows(8)), tmp_path / "a.parquet")
        assert len(slices_of(at_once(partition(tmp_path, "reference"), 1))) > 10
        assert_same_in_slices(tmp_path, "reference", (1,))

    @pytest.mark.parametrize("detector", ["yolov5", "mmdet-fcos", None])
    def test_of_splits_with_images_of_one_name(self, tmp_path, detector):
        """An image whose file has the name of one in another split is judged together with that one."""
        for split, seed in (("train", 1), ("val", 1), ("test", 2)):
            folder = tmp_path / f"split={split}"
            folder.mkdir()
            parquet.write_table(table_of(drawn(10, seed)), folder / "a.parquet")
        parts = partition(tmp_path, detector)
        gathered = parts.audit(len(parts) - 1)
        assert any(group.code == "SET004" for group in gathered.found)
        assert_same_in_slices(tmp_path, detector)

    def test_of_a_column_of_splits(self, tmp_path):
        rows = unsorted_rows()
        own = [
            {**dict(zip(COLUMNS, row, strict=True)), "split": ["train", "val"][at % 2]}
            for at, row in enumerate(rows)
        ]
        parquet.write_table(pa.Table.from_pylist(own, SCHEMA), tmp_path / "a.parquet")
        assert_same_in_slices(tmp_path, "yolov5")

    @pytest.mark.parametrize(
        ("images", "detector"), [("header", "torchvision-retinanet_resnet50_fpn"), ("decode", "yolov5")]
    )
    def test_with_image_files(self, tmp_path, images, detector):
        """Of which some are copies, some are broken, some are absent, and one has another size."""
        (tmp_path / "images").mkdir()
        rows = [row for row in unsorted_rows() if row[0]]
        for number, name in enumerate(sorted({row[0] for row in rows})):
            declared = next(((row[1], row[2]) for row in rows if row[0] == name and row[1]), (60, 60))
            size = declared if number % 7 else (50, 70)
            if number % 5 == 4:
                (tmp_path / "images" / name).write_bytes(b"nothing")
            elif number % 3:
                Image.new("RGB", size, (number % 2, 0, 0)).save(tmp_path / "images" / name)
        parquet.write_table(table_of(rows), tmp_path / "a.parquet")
        options = {"images": images, "image_folder": tmp_path / "images"}
        found = partition(tmp_path / "a.parquet", detector, **options).audit(0)
        assert found.counts["summary"]["images"] > 20
        assert_same_in_slices(tmp_path / "a.parquet", detector, **options)

    def test_rows_that_are_images(self, tmp_path):
        rng = np.random.default_rng(1)
        rows = [
            {
                "image_id": f"{number}.jpg",
                "width": 640,
                "height": 480,
                "objects": {
                    "bbox": rng.uniform(1, 200, (count, 4)).round(2).tolist(),
                    "category": rng.choice(["cat", "dog"], count).tolist(),
                },
            }
            for number, count in enumerate(rng.integers(0, 9, 20).tolist())
        ]
        parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
        assert_same_in_slices(tmp_path, "yolov5")

    def test_row_groups_are_put_together_by_their_boxes(self, tmp_path, monkeypatch):
        """Three row groups of 2 images: with 20 and 30 boxes, 1 and none, 40 and 10."""
        monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
        one = [10.0, 10.0, 50.0, 50.0]
        for name, objects in (
            ("lists", lambda count: {"bbox": [one] * count, "category": ["cat"] * count}),
            ("structs", lambda count: [{"bbox": one, "category": "cat"}] * count),
            (
                "corners",
                lambda count: {key: [9.0] * count for key in ("x1", "y1", "x2", "y2")},
            ),
        ):
            rows = [
                {"image_id": f"{at}.jpg", "width": 99, "height": 99, "objects": objects(count)}
                for at, count in enumerate([20, 30, 1, 0, 40, 10])
            ]
            file = tmp_path / f"{name}.parquet"
            parquet.write_table(pa.Table.from_pylist(rows), file, row_group_size=2)
            assert boxes_in_groups(file) == [50, 2, 50]
            with judged_in_slices(55):
                assert [piece.where.stretch for piece in partition(file).job.plan.parts.pieces] == [
                    (0, 1),
                    (2,),
                ]

    def test_of_lines(self, tmp_path):
        lines = [
            ",".join(COLUMNS),
            *(",".join("" if v is None else str(v) for v in row) for row in unsorted_rows()),
        ]
        (tmp_path / "a.csv").write_text("\n".join([*lines, "00001.jpg,1,2", ""]))
        assert_same_in_slices(tmp_path / "a.csv", "reference")

    def test_one_image_with_all_boxes(self, tmp_path):
        rows = [("a.jpg", 640, 480, "cat", x, 5, x + 20, 30) for x in range(60)]
        parquet.write_table(table_of(rows), tmp_path / "a.parquet")
        assert [one.rows for one in slices_of(at_once(partition(tmp_path), 10))] == [None]
        more = [("0.jpg", 640, 480, "cat", 1, 5, 20, 30), *rows, ("b.jpg", 640, 480, "cat", 1, 5, 20, 30)]
        parquet.write_table(table_of(more), tmp_path / "a.parquet")
        assert_same_in_slices(tmp_path, "yolov5", sizes=(20,))

    def test_coco_is_not_divided(self, tmp_path):
        parts = at_once(partition("sample_data/coco"), 5)
        assert [one.rows for one in slices_of(parts)] == [None]

    @settings(max_examples=12)
    @given(
        layout=st.sampled_from(["one folder", "split column", "split folders"]),
        files=st.lists(st.lists(ROW, min_size=1, max_size=20), min_size=1, max_size=2),
        detector=st.sampled_from(DETECTORS),
        most=st.integers(1, 20),
    )
    def test_any_rows(self, files, layout, detector, most):
        folder = Path(tempfile.mkdtemp())
        try:
            for number, rows in enumerate(files):
                place = (
                    folder / f"split={['train', 'val'][number % 2]}" if layout == "split folders" else folder
                )
                place.mkdir(exist_ok=True)
                of_image = {"a.jpg": "val", "b.jpg": ""}
                own = [{**row, "split": of_image.get(row["image_id"], "train")} for row in rows]
                table = pa.Table.from_pylist(own, SCHEMA)
                table = table if layout == "split column" else table.drop_columns(["split"])
                parquet.write_table(table, place / f"part-{number}.parquet")
            assert_same_in_slices(folder, detector, sizes=(most,))
        finally:
            shutil.rmtree(folder)


class TestSlices:
    def test_each_has_whole_images_and_about_as_many_boxes(self, tmp_path):
        parquet.write_table(table_of(drawn(400)), tmp_path / "a.parquet")
        parts = partition(tmp_path)
        dataset = parts.job.plan.read(0)
        found = slices_of(at_once(parts, 200))
        images = np.concatenate([one.rows.images for one in found])
        boxes = np.concatenate([one.rows.boxes for one in found])
        assert sorted(images.tolist()) == list(range(len(dataset.images)))
        assert sorted(boxes.tolist()) == list(range(len(dataset.boxes)))
        for one in found:
            assert len(one.dataset.images) + len(one.dataset.boxes) < 110
            assert one.dataset.images.ids == [dataset.images.ids[row] for row in one.rows.images.tolist()]
            assert (one.dataset.boxes.xyxy == dataset.boxes.xyxy[one.rows.boxes]).all()
            assert (one.rows.images[one.dataset.boxes.image] == dataset.boxes.image[one.rows.boxes]).all()

    def test_a_part_that_is_not_large_is_not_divided(self, tmp_path):
        parquet.write_table(table_of(drawn(40)), tmp_path / "a.parquet")
        (one,) = slices_of(partition(tmp_path))
        assert one.rows is None and one.reads

    def test_copies_among_some_images(self, tmp_path):
        """Rows 1 and 3 are copies of row 0, and row 4 is one of row 2."""
        for number, colour in enumerate([9, 9, 200, 9, 200]):
            Image.new("RGB", (30, 20), (colour, 0, 0)).save(tmp_path / f"{number}.png")
        rows = [(f"{number}.png", 30, 20, "cat", 1, 2, 9, 9) for number in range(5)]
        parquet.write_table(table_of(rows), tmp_path / "a.parquet")
        files = look(anchoraudit.read(tmp_path / "a.parquet"), "header")
        assert files.copy_of.tolist() == [-1, 0, -1, 0, 2]
        assert files.of_rows(np.array([1, 3, 4])).copy_of.tolist() == [-1, 0, -1]
        assert files.of_rows(np.array([0, 2, 4])).copy_of.tolist() == [-1, -1, 1]


def test_truth_values_stay_what_they_are_as_text(tmp_path):
    """Which shapes any box uses: parts say it for themselves, and together it is no number of parts."""
    parquet.write_table(table_of(drawn(200)), tmp_path / "a.parquet")
    found = partition(tmp_path, "yolov5").audit(0)
    used = found.totals.of_rule("ANC005").flags("used", 9)
    assert used.dtype == np.bool_ and used.any()
    again = Partial.from_json(found.to_json())
    both = found.totals + again.totals
    assert both.of_rule("ANC005").flags("used", 9).tolist() == used.tolist()
    assert again.to_json() == found.to_json()


@contextmanager
def judged_in_slices(most=30):
    """Within the block, parts with more images or boxes are judged in slices."""
    with mock.patch.object(reading, "rows_of_part", lambda memory, workers: most):
        yield


class TestOtherCommands:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "data"
        folder.mkdir()
        parquet.write_table(table_of(unsorted_rows()), folder / "a.parquet")
        return folder

    def of(self, folder, work):
        whole = work(InParts(folder, engine=InThisProcess()))
        with judged_in_slices():
            return whole, work(InParts(folder, engine=InThisProcess()))

    def test_advise(self, folder):
        own = Settings.of("yolov5")
        whole, in_slices = self.of(folder, lambda of: advised(of, own))
        assert in_slices.advice.rows == whole.advice.rows
        assert in_slices.tally == whole.tally

    def test_rescue(self, folder):
        own = Settings.of("ultralytics-yolo11-8.3")
        whole, in_slices = self.of(folder, lambda of: rescued(of, own))
        assert in_slices.found.rows == whole.found.rows

    def test_compare(self, folder):
        every = ["yolov5", "reference", "mmdet-fcos", "keras-retinanet"]
        whole, in_slices = self.of(folder, lambda of: compare_partitions(of, every))
        assert in_slices == whole and in_slices.contents == whole.contents

    @pytest.mark.parametrize("detector", ["yolov5", "reference"])
    def test_cluster(self, folder, detector):
        own = anchoraudit.load_detector(detector)
        whole, in_slices = self.of(folder, lambda of: network_sizes_of(of, own))
        assert in_slices.sizes.to_builtins() == whole.sizes.to_builtins()

    @pytest.mark.parametrize(
        ("detector", "rows"),
        [
            *(("reference", unsorted_rows()), ("keras-retinanet", unsorted_rows())),
            *(("mmdet-fcos", drawn(24)), (None, drawn(24))),
        ],
    )
    def test_filter(self, tmp_path, rows, detector):
        folder = tmp_path / "data"
        folder.mkdir()
        rows = [row for row in rows if row[0]]
        parquet.write_table(table_of(rows), folder / "a.parquet")
        outputs = iter("ab")

        def work(of):
            return filter_partitions(of, tmp_path / next(outputs), Settings.of(detector))

        whole, in_slices = self.of(folder, work)
        assert in_slices.audit.to_json() == whole.audit.to_json()
        assert in_slices.dropped == whole.dropped and in_slices.parts == whole.parts
        for name in ("a.parquet", "anchoraudit-manifest.json"):
            assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()


class TestWhatFilterTells:
    """Of which images and entries, in the order of the whole: the bytes of a part that is not sliced."""

    def of(self, source, folder, detector):
        """Return what `--dropped` and `--diff` tell, and all that is written, by the names of the files."""
        folder.mkdir()
        chosen = Settings(None if detector is None else load_detector(detector), loader="none")
        listed = Listed(folder / "dropped.csv")
        reading = InParts(source, engine=InThisProcess())
        filter_partitions(reading, folder / f"out{source.suffix}", chosen, listed=listed)
        with differences(reading, None, chosen) as found:
            (folder / "diff.txt").write_text("".join(diff_lines(found.changes, found.audit.replayed)))
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    @contextmanager
    def in_slices(self, most=30):
        """Within the block, parts are as large as ever, and judged in slices. Gives how many of each part."""
        numbers = []

        def slices(job, dataset):
            found = [*sliced(dataset, replace(job.plan, at_once=most), job.settings.look)]
            numbers.append(len(found))
            return iter(found)

        with mock.patch.object(Job, "slices", slices):
            yield numbers

    def same(self, source, folder, detector):
        whole = self.of(source, folder / "whole", detector)
        with self.in_slices() as numbers:
            assert self.of(source, folder / "sliced", detector) == whole
        assert len(numbers) == 2 and min(numbers) > 2
        assert whole["dropped.csv"].count(b"\n") > 3
        assert whole["diff.txt"].count(b": dropped") > 3

    @pytest.mark.parametrize(
        ("detector", "split"),
        [("reference", ""), (RETINANET, "of each row"), ("yolov5", "of each row"), (None, "")],
    )
    def test_a_row_for_each_box(self, tmp_path, detector, split):
        folder = tmp_path / "data"
        folder.mkdir()
        table = table_of([row for row in unsorted_rows() if row[0]])
        if split:
            names = [
                ("train", "val")[int(name[-5]) % 2 if name[-5].isdigit() else 0]
                for name in table["image_id"].to_pylist()
            ]
            table = table.append_column("split", pa.array(names))
        parquet.write_table(table, folder / "a.parquet")
        self.same(folder, tmp_path, detector)

    @pytest.mark.parametrize("detector", ["reference", None])
    def test_a_row_for_each_image(self, tmp_path, detector):
        good, tiny, outside = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0], [900.0, 900.0, 9.0, 9.0]
        every = [good], [tiny], [good, outside], [good, good], []
        texts = [line(f"{n}", *every[n % 5]) for n in range(40)]
        (tmp_path / "in.jsonl").write_text("\n".join(texts))
        self.same(tmp_path / "in.jsonl", tmp_path, detector)


@pytest.mark.parametrize("most", [20, 10_000])
def test_filter_holds_one_audit_at_a_time(tmp_path, monkeypatch, most):
    """Otherwise the last one of a part is in memory beside the next, until much else has been made."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [row for row in drawn(24) if row[3] is not None]
    parquet.write_table(table_of([*rows, ODD[5]]), folder / "a.parquet")
    made, beside, audited = [], [], Job.audited

    def looked(job, own):
        beside.append(sum(context() is not None for context in made))
        audit, context = audited(job, own)
        if len(own.dataset.images):
            made.append(weakref.ref(context))  # it has the audit
        return audit, context

    monkeypatch.setattr(Job, "audited", looked)
    gc.disable()
    try:
        with judged_in_slices(most):
            filter_partitions(
                InParts(folder, engine=InThisProcess()), tmp_path / "out", Settings.of("reference")
            )
    finally:
        gc.enable()
    assert len(made) > 1
    assert max(beside) == 0
