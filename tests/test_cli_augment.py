"""`scan --augment`: what chance does to each image, in the summary, the exports and the machine formats."""

import csv
import json

import numpy as np
import pytest

import anchoraudit as library
from anchoraudit.auditing.augmentation.frameworks.training import under_training
from anchoraudit.auditing.augmentation.sensitivity import sensitivity
from anchoraudit.auditing.augmentation.spec import Augmentation
from tests.builders import annotation, document, image, make

# On 960x720 under `reference`: an image that is fine, one too far from every anchor, and a blank one.
FITTING, TINY = [400, 300, 74, 149], [400, 300, 20, 20]


@pytest.fixture
def run(anchoraudit, monkeypatch):
    """The program in a folder that has the data."""
    monkeypatch.chdir(anchoraudit.cwd)
    images = [image(i, width=960, height=720) for i in (1, 2, 3)]
    files = {"a.json": document(images, [annotation(1, 1, FITTING), annotation(2, 2, TINY)])}
    make(anchoraudit.cwd, files)
    return anchoraudit


def report(run, *options):
    done = run("scan", "a.json", "--output-format", "json", *options)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_change_that_changes_nothing_gives_the_verdicts_of_the_scan(run):
    found = report(run, "--augment", "scale=1..1", "--draws", "3", "--export-images", "i.csv")
    assert found["augmented"] == {
        "augmentation": "scale=1..1",
        "draws": 3,
        "seed": 0,
        "expected_empty": 2.0,
        "error": 0.0,
        "untrained": {"share": 0.5, "seldom": 1, "never": 1},
        "phases": [],
    }
    assert [image["p_empty"] for image in found["flagged"]] == [1.0, 1.0]
    rows = list(csv.DictReader((run.cwd / "i.csv").read_text().splitlines()))
    assert [float(row["p_empty"]) for row in rows] == [0.0, 1.0, 1.0]


def test_zooming_far_out_leaves_no_image_its_foreground(run):
    found = report(run, "--augment", "scale=0.1..0.1", "--draws", "2")
    assert found["augmented"]["expected_empty"] == 3.0


def test_numbers_are_those_of_the_library(run):
    text = "flip,scale=0.2..1.8,translate=0.1,crop=0.3..1"
    found = report(run, "--augment", text, "--draws", "40", "--seed", "7")["augmented"]
    audit = library.audit("a.json")
    own = sensitivity(audit.dataset, audit.labels, audit.detector, Augmentation.parse(text), draws=40, seed=7)
    assert (found["expected_empty"], found["error"]) == (own.expected_empty, own.error)
    assert 2 < own.expected_empty < 3
    other = report(run, "--augment", text, "--draws", "40", "--seed", "8")["augmented"]
    assert other["expected_empty"] != found["expected_empty"]


def test_without_it_nothing_is_said_of_it(run):
    found = report(run, "--export-images", "i.csv")
    assert found["augmented"] is None
    assert "p_empty" not in found["flagged"][0]
    assert "p_empty" not in (run.cwd / "i.csv").read_text()


def test_text_names_what_is_fine_only_as_it_is(run):
    text = run("scan", "a.json", "--augment", "scale=0.1..1.9", "--draws", "64", "--verbose").stdout
    assert "Images with foreground as they are, but often without when augmented (1 of 1)" in text
    (line,) = [line for line in text.splitlines() if line.startswith("With scale=0.1..1.9")]
    p_empty = sensitivity_of("scale=0.1..1.9", 64)
    assert f"{p_empty.sum():.1f} of 3 images" in line
    assert f"1.jpg  {100 * p_empty[0]:>6.0f} %" in text


def sensitivity_of(text, draws):
    audit = library.audit("a.json")
    found = sensitivity(audit.dataset, audit.labels, audit.detector, Augmentation.parse(text), draws=draws)
    assert np.count_nonzero(found.p_empty) == 3
    return found.p_empty


def test_quiet_has_a_line_of_it(run):
    lines = run("scan", "a.json", "--augment", "flip", "-q").stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("With flip, 2.0 of 3 images have no foreground")


class TestFramework:
    def test_the_report_speaks_of_boxes_and_of_phases(self, run):
        found = report(run, "--detector", "yolov5", "--augment", "framework", "--draws", "20")["augmented"]
        audit = library.audit("a.json", "yolov5")
        own = under_training(audit.dataset, audit.labels, audit.detector, draws=20)
        assert found["augmentation"] == "framework (yolov5)"
        assert found["expected_empty"] is None  # under mosaic images come together
        assert found["untrained"]["share"] == pytest.approx(float(np.nanmean(own.p_untrained)))
        assert [(phase["name"], phase["share"]) for phase in found["phases"]] == [("mosaic", 1.0)]
        line = run("scan", "a.json", "--detector", "yolov5", "--augment", "framework", "-q").stdout
        assert (
            "With the training augmentation of ultralytics/yolov5 5081342f, a box goes untrained in" in line
        )
        assert "in an average epoch" not in line

    def test_a_table_where_training_has_phases(self, run):
        text = run("detectors", "show", "yolov5").stdout
        own = text.replace('augmentation = "yolov5"', 'augmentation = "ultralytics"')
        (run.cwd / "own.toml").write_text(own)
        done = run("scan", "a.json", "--detector", "own.toml", "--augment", "framework", "--verbose")
        assert "Boxes with the training augmentation, by phase" in done.stdout
        assert [
            line.split()[0:3] for line in done.stdout.splitlines() if line.startswith(("mosaic", "closing"))
        ] == [
            ["mosaic", "90", "%"],
            ["closing", "10", "%"],
        ]
        assert "in an average epoch without mosaic, " in " ".join(done.stdout.split())

    def test_columns_of_boxes(self, run):
        options = (
            "--detector",
            "torchvision-ssd300_vgg16",
            "--augment",
            "framework",
            "--export-boxes",
            "b.csv",
        )
        report(run, *options, "--export-images", "i.csv")
        rows = list(csv.DictReader((run.cwd / "b.csv").read_text().splitlines()))
        # A crop always holds a centre, and every box that stays is trained: here each is alone in its image.
        assert [float(row["p_untrained"]) for row in rows] == [0.0, 0.0]
        images = list(csv.DictReader((run.cwd / "i.csv").read_text().splitlines()))
        assert [float(row["p_empty"]) for row in images] == [0.0, 0.0, 1.0]

    def test_a_detector_without_a_recipe_is_told_what_to_do(self, run):
        done = run("scan", "a.json", "--detector", "yolov4", "--augment", "framework")
        assert done.returncode == 2
        assert "no training augmentation is known for the detector 'yolov4'" in done.stderr
        assert "--augment flip,scale=0.5..1.5" in done.stderr

    def test_an_unknown_recipe_is_told_its_likely_name(self, run):
        text = run("detectors", "show", "yolov5").stdout
        own = text.replace('augmentation = "yolov5"', 'augmentation = "yolov55"')
        (run.cwd / "own.toml").write_text(own)
        done = run("scan", "a.json", "--detector", "own.toml", "--augment", "framework", "--verbose")
        assert done.returncode == 2
        assert "unknown augmentation 'yolov55'" in done.stderr and "Did you mean yolov5?" in done.stderr

    def test_sizes_around_another_side_are_refused(self, run):
        done = run(
            "scan",
            "a.json",
            "--detector",
            "detectron2-retinanet",
            "--input-size",
            "600",
            "--augment",
            "framework",
        )
        assert done.returncode == 2
        assert "a shorter side of 800 px" in done.stderr


@pytest.mark.parametrize("option", [["--draws", "3"], ["--seed", "0"]])
def test_options_that_would_do_nothing_are_refused(run, option):
    done = run("scan", "a.json", *option)
    assert done.returncode == 2
    assert f"{' '.join(option)} without --augment" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crops=0.3..1", "Did you mean crop?"),
        ("scale=2..1", "scale=A..B"),
        ("crop=0.5", "crop=A..B"),
        ("flip,flip", "is given twice"),
        ("keep=0.5", "does nothing"),
        ("", "does nothing"),
    ],
)
def test_what_is_no_augmentation(run, text, said):
    done = run("scan", "a.json", "--augment", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
