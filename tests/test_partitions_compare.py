"""Several detectors part by part: the numbers of the whole, with each part read once."""

import csv
import io
import json

import pytest

import anchoraudit
from anchoraudit import AnchorauditError, compare, compare_partitions
from anchoraudit.formats.table.pieces import TableParts
from anchoraudit.partitions.reading import InParts
from tests.test_partitions import drawn, run, write

pytest.importorskip("pyarrow")

DETECTORS = [
    *("reference", "yolov5", "torchvision-fcos_resnet50_fpn", "torchvision-retinanet_resnet50_fpn"),
    *("mmdet-atss", "ultralytics-yolov8"),
]


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(120), 5)


def without_median(found):
    return [
        {name: value for name, value in one.as_row().items() if name != "median_best_iou"} for one in found
    ]


class InThisProcess:
    """An engine that does the work in this process."""

    def each(self, work, common, tasks):
        for index, task in enumerate(tasks):
            yield index, work(common, task)


class TestAgainstTheWhole:
    def test_every_number_but_the_median_is_that_of_the_whole(self, shards):
        whole, parts = compare(str(shards), DETECTORS), compare_partitions(shards, DETECTORS)
        assert without_median(parts) == without_median(whole)
        assert parts.contents == whole.contents
        for one, other in zip(parts, whole, strict=True):
            assert one.median_best == pytest.approx(other.median_best, abs=1e-4)

    def test_no_loader(self, shards):
        whole = compare(str(shards), ["yolov5"], loader="none")
        assert without_median(compare_partitions(shards, "yolov5", loader="none")) == without_median(whole)

    def test_each_part_is_read_once(self, shards, monkeypatch):
        read = []
        own = TableParts.read

        def counted(self, piece, *rest):
            read.append(piece.number)
            return own(self, piece, *rest)

        monkeypatch.setattr(TableParts, "read", counted)
        compare_partitions(InParts(shards, engine=InThisProcess()), DETECTORS)
        assert read == [0, 1, 2, 3, 4]

    def test_a_part_that_cannot_be_read_hides_nothing_of_the_others(self, shards):
        (shards / "part-1.parquet").write_bytes(b"PAR1 cut off")
        found = compare_partitions(shards, "yolov5")
        assert found[0].images > 80
        assert len(found.notes) == 1
        assert "part-1.parquet" in found.notes[0]

    def test_none_that_can_be_read(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"no")
        with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
            compare_partitions(tmp_path, "yolov5")

    def test_a_format_that_is_read_whole(self):
        assert without_median(compare_partitions("sample_data/coco", "yolov5")) == without_median(
            anchoraudit.compare("sample_data/coco", "yolov5")
        )


class TestCommandLine:
    def test_all_forms_say_what_the_whole_says(self, shards, tmp_path):
        words = ["compare", shards, "--detector", "reference", "--detector", "yolov5"]
        for form in ("text", "json", "csv"):
            own = run(*words, "--output-format", form, "--engine", "local", cwd=tmp_path).stdout
            whole = run(*words, "--output-format", form, cwd=tmp_path).stdout
            if form == "json":
                one, other = json.loads(own), json.loads(whole)
                rows = one["detectors"], other["detectors"]
            elif form == "csv":
                rows = tuple(list(csv.DictReader(io.StringIO(text))) for text in (own, whole))
            else:
                assert own.replace(" --engine local", "") == whole
                continue
            for row in (*rows[0], *rows[1]):
                row["median_best_iou"] = round(float(row["median_best_iou"]), 3)
            assert rows[0] == rows[1]

    @pytest.mark.parametrize(
        ("words", "said"),
        [(["--report", "r.html"], "a report needs the whole"), (["--loaders"], "--loaders needs the whole")],
    )
    def test_what_needs_the_whole(self, shards, tmp_path, words, said):
        done = run("compare", shards, "--engine", "local", *words, cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
