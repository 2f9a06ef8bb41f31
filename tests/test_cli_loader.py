"""`--loader` of the commands after a scan: they see what it leaves, and say so."""

import json

import pytest

from tests.builders import make

VOC = """<annotation><filename>{name}.jpg</filename><size><width>960</width><height>720</height></size>
{objects}</annotation>"""
BOX = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
FLAGS = "<truncated>0</truncated><difficult>0</difficult>"  # keras-retinanet asks for both
OBJECT = f"<object><name>cat</name>{FLAGS}<bndbox>{BOX}</bndbox></object>"
# MMDetection's loader subtracts 1, sets boxes with a side below 32 px aside, and drops blank images.
LARGE, SMALL = (401, 301, 475, 450), (101, 101, 120, 120)


@pytest.fixture
def run(anchoraudit, monkeypatch):
    monkeypatch.chdir(anchoraudit.cwd)
    scenes = {"both": (LARGE, SMALL), "large": (LARGE,), "blank": ()}
    for name, boxes in scenes.items():
        text = VOC.format(name=name, objects="".join(OBJECT.format(*box) for box in boxes))
        make(anchoraudit.cwd, {f"ds/Annotations/{name}.xml": text, f"ds/JPEGImages/{name}.jpg": (960, 720)})
    return anchoraudit


def answer(run, *args):
    done = run(*args, "--output-format", "json")
    return json.loads(done.stdout), done.stderr


def test_explain_shows_the_boxes_it_leaves_as_it_leaves_them(run):
    plain, said = answer(run, "explain", "both", "ds")
    assert (len(plain["boxes"]), said) == (2, "")
    loaded, said = answer(run, "explain", "both", "ds", "--loader", "mmdet-voc")
    assert [box["xyxy"] for box in loaded["boxes"]] == [[400.0, 300.0, 474.0, 449.0]]
    assert "note: loader mmdet-voc drops" in said


def test_explain_says_why_an_image_is_gone(run):
    done = run("explain", "blank", "ds", "--loader", "mmdet-voc")
    assert done.returncode == 0
    assert "loader mmdet-voc drops it: no annotation" in done.stdout


def test_cluster_measures_what_it_leaves(run):
    assert answer(run, "cluster", "ds", "--k", "1")[0]["boxes"] == 3
    loaded, said = answer(run, "cluster", "ds", "--k", "1", "--loader", "mmdet-voc")
    assert (loaded["boxes"], loaded["anchors"]) == (2, [[74.0, 149.0]])
    assert "note: loader mmdet-voc drops" in said


def test_advise_replays_on_what_it_leaves(run):
    plain, _ = answer(run, "advise", "ds")
    assert (plain["rows"][0]["images"], plain["rows"][0]["empty"]) == (3, 1)
    loaded, said = answer(run, "advise", "ds", "--loader", "mmdet-voc")
    assert not loaded["needed"]
    assert (loaded["rows"][0]["images"], loaded["rows"][0]["empty"]) == (2, 0)
    assert "note: loader mmdet-voc drops" in said


def test_commands_take_it_from_the_last_scan(run):
    run("scan", "ds", "--loader", "mmdet-voc", "--select", "BOX", "-q")
    assert answer(run, "cluster", "--k", "1")[0]["boxes"] == 2
    done = run("filter", "-o", "clean.json")
    assert done.returncode == 0
    assert "left_out" in done.stdout  # the blank image, which the loader drops


def test_printed_commands_take_what_they_are_given(run):
    """A scan with rules and a loader prints commands that have neither of what they do not know."""
    tiny = VOC.format(name="tiny", objects=OBJECT.format(*SMALL))
    make(run.cwd, {"ds/Annotations/tiny.xml": tiny, "ds/JPEGImages/tiny.jpg": (960, 720)})
    text = run(
        "scan", "ds", "--loader", "keras-retinanet", "--select", "BOX", "--images", "none", "-v"
    ).stdout
    printed = [line.split()[1:] for line in text.splitlines() if line.startswith("    anchoraudit ")]
    assert {words[0] for words in printed} >= {"explain", "advise", "cluster", "filter"}
    for words in printed:
        assert run(*words).returncode in (0, 1), words
