"""`anchoraudit compare`: one data set under several detectors, through real processes."""

import csv
import io
import json
import shutil
import statistics

import pytest

from anchoraudit.detectors import own_names
from tests.builders import document, image, make
from tests.conftest import SAMPLE

VOC = SAMPLE / "voc"
VERDICTS = [
    *("ok", "forced_only", "empty_foreground", "blank", "no_usable_box", "encoder_error", "left_out"),
    "unknown",
]
STATUSES = ["matched", "possible", "forced", "borrowed", "shadowed", "unmatched"]
COLUMNS = [
    "detector",
    "images",
    *VERDICTS,
    "usable",
    *STATUSES,
    "median_best_iou",
    "measure",
    "cause",
    "on_empty",
]
PRESETS = ["reference", "torchvision-retinanet_resnet50_fpn", "mmdet-cascade_rcnn", "simple-faster-rcnn"]
POINTS = ["ultralytics-yolo11-8.3", "torchvision-fcos_resnet50_fpn", "mmdet-rtmdet", "mmdet-centernet512"]
OWN = """\
name = "mine"
[resize]
kind = "longest_side"
side = 640
[[anchors.levels]]
stride = 8
offset = 4
shapes = [[16, 16], [32, 32]]
[border]
margin = "off"
[match]
positive = 0.5
negative = 0.4
[loss]
normaliser = "batch_positives_or_one"
"""


def several(*names):
    return [word for name in names for word in ("--detector", name)]


def compared(anchoraudit, *args):
    """The rows of a comparison."""
    result = anchoraudit("compare", *args, "--output-format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["detectors"]


def scanned(anchoraudit, detector, *args):
    """A scan's JSON, in which every image and box is counted as in a row of a comparison."""
    result = anchoraudit("scan", *args, "--detector", detector, "--output-format", "json")
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)


def assert_row_is_that_of_the_scan(row, scan):
    summary = scan["summary"]
    assert row["detector"] == scan["detector"]["name"]
    assert {name: row[name] for name in VERDICTS} == summary["verdicts"]
    for name in ("images", "usable", *STATUSES):
        assert row[name] == summary[name], name
    causes = summary["causes"]
    assert row["cause"] == (max(causes, key=causes.get) if any(causes.values()) else "")


class TestForms:
    def test_text_has_a_row_a_detector_in_the_order_given(self, anchoraudit):
        result = anchoraudit("compare", VOC, *several("yolov5", "reference"))
        assert (result.returncode, result.stderr) == (0, "")
        lines = result.stdout.splitlines()
        rows = [line.split() for line in lines if line.startswith(("yolov5 ", "reference "))]
        assert [row[0] for row in rows] == ["yolov5", "reference"]
        assert "33 usable boxes in 26 images" in result.stdout
        assert "empty mask" in result.stdout
        (of_reference,) = compared(anchoraudit, VOC, *several("reference"))
        assert rows[1][1] == str(of_reference["empty_foreground"])
        assert rows[1][-1] == of_reference["on_empty"] == "nan"
        assert rows[1][-2] == of_reference["cause"]

    def test_text_suggests_a_scan_that_works(self, anchoraudit):
        text = anchoraudit("compare", VOC, *several("mmdet-atss", "reference")).stdout
        (line,) = [line.strip() for line in text.splitlines() if line.strip().startswith("anchoraudit scan")]
        assert line.endswith("--detector reference")
        assert anchoraudit(*line.split()[1:]).returncode == 1

    def test_json(self, anchoraudit):
        result = anchoraudit("compare", VOC, *several(*PRESETS), "--output-format", "json")
        assert (result.returncode, result.stderr) == (0, "")
        found = json.loads(result.stdout)
        assert list(found) == ["dataset", "detectors"]
        assert found["dataset"] == str(VOC)
        assert [row["detector"] for row in found["detectors"]] == PRESETS
        for row in found["detectors"]:
            assert list(row) == COLUMNS
            assert sum(row[name] for name in VERDICTS) == row["images"] == 26
            assert sum(row[name] for name in STATUSES) == row["usable"]

    def test_csv_is_the_same_table(self, anchoraudit):
        words = [VOC, *several(*PRESETS, "yolov5")]
        result = anchoraudit("compare", *words, "--output-format", "csv")
        assert (result.returncode, result.stderr) == (0, "")
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        assert list(rows[0]) == COLUMNS
        assert rows == [
            {name: str(value) for name, value in row.items()} for row in compared(anchoraudit, *words)
        ]

    @pytest.mark.parametrize("form", ["text", "json", "csv"])
    def test_output_file_holds_what_stdout_would(self, anchoraudit, form):
        words = ["compare", VOC, *several("reference", "yolov5"), "--output-format", form]
        printed = anchoraudit(*words)
        written = anchoraudit(*words, "-o", "table.out")
        assert (written.returncode, written.stdout) == (0, "")
        assert (anchoraudit.cwd / "table.out").read_text() == printed.stdout

    @pytest.mark.parametrize("width", [80, 100])
    def test_all_presets_fit_into_a_terminal(self, anchoraudit, width):
        """Names are folded behind a dash or an underscore, and some columns left out; numbers never."""
        text = anchoraudit("compare", VOC, env={"COLUMNS": str(width)}).stdout
        table = text.partition("Detectors\n")[2].partition("empty: ")[0]
        assert max(map(len, table.splitlines())) <= width
        names = "".join(line.split()[0] for line in table.splitlines()[2:])
        for name in own_names():
            assert name in names

    def test_points_beside_anchors(self, anchoraudit):
        rows = {row["detector"]: row for row in compared(anchoraudit, VOC, *several(*POINTS, "reference"))}
        assert rows["reference"]["measure"] == "IoU"
        for name in POINTS:
            assert (rows[name]["measure"], rows[name]["median_best_iou"]) == ("", None)
        text = anchoraudit("compare", VOC, *several(*POINTS)).stdout
        assert "median" not in text
        assert "possible: boxes for which the predictions decide" in text

    def test_quiet_says_nothing_on_stderr(self, anchoraudit):
        anchoraudit("scan", VOC)
        assert "last scan" in anchoraudit("compare", *several("yolov5")).stderr
        quiet = anchoraudit("compare", *several("yolov5"), "-q")
        assert (quiet.returncode, quiet.stderr) == (0, "")
        assert "yolov5" in quiet.stdout


class TestDetectors:
    def test_all_presets_by_default(self, anchoraudit):
        rows = compared(anchoraudit, VOC)
        assert [row["detector"] for row in rows] == list(own_names())

    def test_a_file_among_presets(self, anchoraudit):
        make(anchoraudit.cwd, {"own.toml": OWN})
        rows = compared(anchoraudit, VOC, *several("yolov5", "own.toml", "reference"))
        assert [row["detector"] for row in rows] == ["yolov5", "mine", "reference"]
        assert_row_is_that_of_the_scan(rows[1], scanned(anchoraudit, "own.toml", VOC))

    def test_a_preset_written_out_is_the_same_detector(self, anchoraudit):
        anchoraudit("detectors", "show", "mmdet-atss", "-o", "copy.toml")
        first, second = compared(anchoraudit, VOC, *several("mmdet-atss", "copy.toml"))
        assert first == second

    def test_unknown_name(self, anchoraudit):
        result = anchoraudit("compare", VOC, *several("reference", "mmdet-atts"))
        assert (result.returncode, result.stdout) == (2, "")
        assert "no detector 'mmdet-atts'" in result.stderr
        assert "Did you mean mmdet-atss?" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("detector", [*PRESETS, *POINTS])
    def test_numbers_are_those_of_the_scan(self, anchoraudit, detector):
        rows = compared(anchoraudit, VOC, *several(*PRESETS, *POINTS))
        (row,) = [row for row in rows if row["detector"] == detector]
        assert_row_is_that_of_the_scan(row, scanned(anchoraudit, detector, VOC))

    @pytest.mark.parametrize("detector", PRESETS)
    def test_median_is_that_of_the_exported_boxes(self, anchoraudit, detector):
        (row,) = compared(anchoraudit, VOC, *several(detector))
        anchoraudit("scan", VOC, "--detector", detector, "--export-boxes", "boxes.csv", "-q")
        with (anchoraudit.cwd / "boxes.csv").open(newline="") as stream:
            best = sorted(float(box["best_iou"]) for box in csv.DictReader(stream) if box["best_iou"])
        assert len(best) == row["usable"] > 10
        assert row["median_best_iou"] == pytest.approx(statistics.median(best))


class TestDataSets:
    @pytest.mark.parametrize("kind", ["voc", "coco"])
    def test_a_split(self, anchoraudit, kind):
        words = [SAMPLE / kind, "--split", "val"]
        rows = compared(anchoraudit, *words, *several(*PRESETS[:2]))
        for row, detector in zip(rows, PRESETS, strict=False):
            assert row["images"] == 7
            assert_row_is_that_of_the_scan(row, scanned(anchoraudit, detector, *words))

    def test_label_options_count(self, anchoraudit):
        (row,) = compared(anchoraudit, VOC, "--drop-difficult", *several("reference"))
        assert row["usable"] == 32

    def test_blank_images_only(self, anchoraudit):
        make(anchoraudit.cwd, {"blank.json": document([image(1), image(2)], [])})
        plain, raising = compared(anchoraudit, "blank.json", *several("reference", "simple-faster-rcnn"))
        assert (plain["blank"], plain["encoder_error"]) == (2, 0)
        assert (raising["blank"], raising["encoder_error"]) == (0, 2)
        for row in (plain, raising):
            assert (row["usable"], row["median_best_iou"], row["cause"]) == (0, None, "")
        text = anchoraudit("compare", "blank.json")
        assert (text.returncode, text.stderr) == (0, "")
        assert "0 usable boxes in 2 images, 2 blank" in text.stdout
        table = anchoraudit("compare", "blank.json", *several("yolov5"), "--output-format", "csv")
        assert next(csv.DictReader(io.StringIO(table.stdout)))["median_best_iou"] == ""

    def test_the_last_scan_names_the_data_set_and_how_it_is_read(self, anchoraudit):
        anchoraudit("scan", VOC, "--split", "val", "--detector", "yolov5", "-q")
        result = anchoraudit("compare", *several("reference", "mmdet-atss"), "--output-format", "json")
        assert result.returncode == 0
        assert "as in the last scan" in result.stderr
        found = json.loads(result.stdout)
        assert found["dataset"] == str(VOC)
        assert [row["detector"] for row in found["detectors"]] == ["reference", "mmdet-atss"]
        assert {row["images"] for row in found["detectors"]} == {7}

    def test_values_of_the_last_scan_change_no_detector(self, anchoraudit):
        wanted = compared(anchoraudit, VOC, *several("reference"))
        anchoraudit("scan", VOC, "--positive-iou", "0.2", "-q")
        assert compared(anchoraudit, *several("reference")) == wanted
        text = anchoraudit("compare", *several("reference")).stdout
        assert "--positive-iou" not in text  # nor the scan that is suggested

    def test_without_a_data_set(self, anchoraudit):
        result = anchoraudit("compare", *several("reference"))
        assert (result.returncode, result.stdout) == (2, "")
        assert "no data set named" in result.stderr

    def test_it_is_no_scan(self, anchoraudit):
        assert anchoraudit("compare", VOC, *several("reference")).returncode == 0
        assert not (anchoraudit.cwd / ".anchoraudit").exists()


class TestOutputsAreNoInputs:
    def test_the_data_set(self, anchoraudit):
        shutil.copytree(SAMPLE / "coco", anchoraudit.cwd / "coco")
        source = anchoraudit.cwd / "coco" / "annotations" / "instances_val.json"
        before = source.read_bytes()
        result = anchoraudit("compare", "coco", *several("reference"), "-o", source)
        assert (result.returncode, result.stdout) == (2, "")
        assert "inputs are never changed" in result.stderr
        assert source.read_bytes() == before

    def test_the_detector(self, anchoraudit):
        make(anchoraudit.cwd, {"own.toml": OWN})
        result = anchoraudit("compare", VOC, *several("reference", "own.toml"), "-o", "own.toml")
        assert (result.returncode, result.stdout) == (2, "")
        assert "inputs are never changed" in result.stderr
        assert (anchoraudit.cwd / "own.toml").read_text() == OWN
