"""Reports never speak of anchors where the detector has none, and say what statuses and causes mean."""

import json

import pytest

from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.loss import Loss
from anchoraudit.encoding.statuses import meaning_of
from tests.builders import annotation, document, image, make, run

WITHOUT = [name for name in preset_names() if not load_detector(name).anchors.levels]
# Between points, a usual one and a small one; in the second image all twice, with two classes.
BOXES = [(1, [93, 93, 3, 4]), (2, [93, 93, 3, 4]), (2, [200, 200, 80, 60]), (2, [300, 300, 9, 9])]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed = [annotation(n, of, box) for n, (of, box) in enumerate(BOXES, 1)]
    listed += [annotation(n + 10, of, box, category_id=2) for n, (of, box) in enumerate(BOXES[1:], 1)]
    classes = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    shown = [image(n, width=640, height=640) for n in (1, 2, 3)]
    return make(tmp_path, {"a.json": {**document(shown, listed), "categories": classes}}) / "a.json"


@pytest.mark.parametrize("detector", WITHOUT)
@pytest.mark.parametrize("command", ["scan", "explain 1", "explain 2", "advise"])
def test_words(data, capsys, monkeypatch, command, detector):
    monkeypatch.setenv("COLUMNS", "400")
    forms = ([], ["--verbose"]) if command == "scan" else ([],)
    for form in forms:
        assert run(*command.split(), data, "--detector", detector, "--loader", "none", *form) in (0, 1)
    said = capsys.readouterr().out
    for note in load_detector(detector).notes:  # which may speak of a first stage with anchors
        said = said.replace(note, "")
    assert "anchor" not in said.replace("anchoraudit", "")
    assert "nan" not in said.lower().split()


@pytest.mark.parametrize(
    ("detector", "status", "words"),
    [
        ("reference", "matched", "surely positive"),
        ("reference", "shadowed", "another box of its image has the same place, and takes all its anchors"),
        (
            "mmdet-rtmdet",
            "shadowed",
            "other boxes of its image take all its candidates, whatever is predicted",
        ),
        ("mmdet-rtmdet", "possible", "has candidates; predictions decide"),
        ("mmdet-rtmdet", "matched", "surely positive"),
        ("rt-detr", "possible", "more boxes than queries in its image; predictions decide which are lost"),
        ("rt-detr", "matched", "surely positive"),
        ("mmdet-centernet512", "unmatched", "can never be positive"),
        (
            "mmdet-centernet512",
            "shadowed",
            "another box of its cell gives size and offset; only the heat map of its class learns it",
        ),
    ],
)
def test_statuses_in_words_are_those_of_the_detector(detector, status, words):
    assert meaning_of(status, load_detector(detector).match) == words


def test_statuses_and_causes_are_explained(data, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run("scan", data, "--detector", "ultralytics-yolo11-8.3", "--loader", "none", "--verbose")
    said = capsys.readouterr().out
    assert "has candidates; predictions decide" in said
    assert "other boxes of its image take all its candidates, whatever is predicted" in said
    assert "no point lies inside it" in said
    assert "1 box, 3.0x4.0 px on the input: stride; no point lies inside it" in said
    assert "see one image point by point:" in said


def test_boxes_that_are_lost_are_told_where_all_images_train(data, capsys):
    (data.parent / "b.json").write_text(
        json.dumps({**json.loads(data.read_text()), "images": [image(2, width=640, height=640)]})
    )
    run("scan", "b.json", "--detector", "ultralytics-yolo11-8.3", "--loader", "none", "--select", "ANC")
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "3 usable boxes are never trained, or at the wrong place; see what helps anchoraudit advise" in said
    )
    assert "ANC015" in said


def test_the_export_has_candidates(data, capsys):
    run("scan", data, "--detector", "yolox", "--loader", "none", "--export-boxes", "boxes.csv")
    header, first, *_ = (data.parent / "boxes.csv").read_text().splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert (row["best_iou"], row["cause"]) == ("", "")
    assert int(row["candidates"]) >= 12


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("anchor", "a batch without a positive anchor gives a box loss of 0: it teaches nothing about boxes"),
        (
            "point",
            "a batch without a positive point gives a box loss of 0: it teaches nothing about boxes, only "
            "that all of it is background",
        ),
        (
            "query",
            "a batch without boxes gives a box loss of 0: it teaches nothing about boxes, only that it "
            "shows no object",
        ),
    ],
)
def test_what_an_empty_batch_does(unit, said):
    assert Loss(normaliser="batch_positives_or_one").on_empty(unit) == said


def test_boxes_that_get_no_point_at_any_step_are_counted(data, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    around = [annotation(n, 1, [98 + n / 10, 98, 5, 6]) for n in range(3)]
    (data.parent / "c.json").write_text(json.dumps(document([image(1, width=640, height=640)], around)))
    run("scan", "c.json", "--detector", "ultralytics-yolo11-8.3", "--loader", "none", "--verbose")
    said = capsys.readouterr().out
    assert "At every step at least 2 of these boxes get no point: there are too few points for them" in said
    assert "2 usable boxes are never trained, or at the wrong place; see what helps:" in said
