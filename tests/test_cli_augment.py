"""`scan --augment`: what chance does to each image, in the summary, the exports and the machine formats."""

import csv
import json

import numpy as np
import pytest

import anchoraudit as library
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
    text = run("scan", "a.json", "--augment", "scale=0.1..1.9", "--draws", "64").stdout
    assert "With foreground as they are, but not in this share of the draws (1 of 1)" in text
    (line,) = [line for line in text.splitlines() if line.startswith("under scale=0.1..1.9")]
    p_empty = sensitivity_of("scale=0.1..1.9", 64)
    assert f"{p_empty.sum():.1f} of 3 images" in line
    assert f"1.jpg  {100 * p_empty[0]:>5.0f} %" in text


def sensitivity_of(text, draws):
    audit = library.audit("a.json")
    found = sensitivity(audit.dataset, audit.labels, audit.detector, Augmentation.parse(text), draws=draws)
    assert np.count_nonzero(found.p_empty) == 3
    return found.p_empty


def test_quiet_has_a_line_of_it(run):
    lines = run("scan", "a.json", "--augment", "flip", "-q").stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("under flip, 2.0 of 3 images")


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
