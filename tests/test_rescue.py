"""Advice on detectors without anchors: every row is what a scan with that change says."""

import json

import numpy as np
import pytest

import anchoraudit
from anchoraudit.advice.rescue import rescue, siblings, with_finer_level
from anchoraudit.advice.tiles import cut, starts
from anchoraudit.detectors import load_detector, override
from anchoraudit.encoding.canvas import clip_all, fit
from anchoraudit.rules import Chosen
from tests.builders import annotation, document, image, make, run
from tests.rule_cases.anc017 import QUERIES

YOLO11 = "ultralytics-yolo11-8.3"
# In an image of 1280x1280, input 640: of 3x3 px between the points at 100 and 108; of 6; and a large one.
BOXES = [(204, 204, 6, 6), (202, 250, 12, 12), (400, 400, 300, 300)]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed = [annotation(n, 1, list(box)) for n, box in enumerate(BOXES, 1)]
    return make(tmp_path, {"a.json": document([image(1, width=1280, height=1280)], listed)}) / "a.json"


def found(data, detector=YOLO11, **more):
    return rescue(anchoraudit.read(data), load_detector(detector), loader="none", **more)


def never_of(data, detector):
    result = anchoraudit.audit(data, detector, loader="none", images="none", rules=Chosen(ignore=("ALL",)))
    return int(result.image_results.of("unmatched", "shadowed").sum())


def test_rows_are_what_scans_say(data):
    rows = {row.remedy: row for row in found(data).rows}
    detector = load_detector(YOLO11)
    assert rows["as it is"].never == never_of(data, detector) == 1
    for size in ("480", "800", "960", "1280"):
        changed = override(detector, input_size=size)
        assert rows[f"--input-size {size}"].never == never_of(data, changed)
    (newer,) = (row for text, row in rows.items() if text.startswith("ultralytics-yolo11 "))
    assert (newer.never, newer.rescued, newer.pixels) == (0, 1, 1.0)
    assert rows["--input-size 1280"].pixels == 4


def test_pixels_are_those_of_all_images():
    """Two images have one size, and one has another, for which the input size makes another difference."""
    sizes = [(1333, 800), (1333, 800), (800, 800)]
    listed = [{"width": w, "height": h, "boxes": [[9, 9, 12, 12]], "labels": ["a"]} for w, h in sizes]
    detector = load_detector("torchvision-fcos_resnet50_fpn")
    rows = rescue(anchoraudit.read(listed), detector, loader="none").rows
    (row,) = (row for row in rows if row.remedy == "--input-size 1024")

    def pixels(of):
        canvases = fit(*np.array(sizes, dtype=np.float64).T, of.resize).canvases
        return canvases.width * canvases.height

    now, then = pixels(detector), pixels(override(detector, input_size="1024"))
    assert row.pixels == then.sum() / now.sum()
    assert len(set((then / now).tolist())) == 2


def test_the_one_that_asks_least_is_advised(data):
    assert found(data).best.group == "version"
    assert siblings("yolox") == ["yolox-0.3.0"]
    assert siblings("own") == []


def test_a_finer_level():
    assert with_finer_level(load_detector("ultralytics-yolo11")).match.narrow_below == 8
    assert with_finer_level(load_detector("torchvision-fcos_resnet50_fpn")) is None
    assert with_finer_level(load_detector("mmdet-centernet512")) is None


def test_where_tiles_begin():
    """As SAHI's `get_slice_bboxes` has them."""
    assert starts(640, 640, 0.2) == [0]
    assert starts(641, 640, 0.2) == [0, 1]
    assert starts(1280, 640, 0.2) == [0, 512, 640]
    assert starts(100, 640, 0.2) == [0]


def test_tiles_are_scans_of_the_tiles(data):
    """A tile of 640 px at an input of 640 px: the box of 6 px is there whole, and has a point if one is."""
    dataset = anchoraudit.read(data)
    clipped = clip_all(dataset, np.arange(3))
    tiled = cut(clipped, dataset.boxes.image, 640, 0.2)
    assert tiled.number == 9
    # In the first tile only: tiles begin at 0, 512 and 640 in x and in y.
    assert tiled.parts.boxes[tiled.box == 0].tolist() == [[204, 204, 210, 210]]
    # 300x300 at 400: in x and y it is cut by the tile at 0 (240 px), at 512 (188 px) and at 640 (60 px).
    shares = sorted((part[2] - part[0]) * (part[3] - part[1]) for part in tiled.parts.boxes[tiled.box == 2])
    assert shares == sorted(a * b for a in (240, 188, 60) for b in (240, 188, 60) if a * b >= 9000)
    assert not tiled.whole[tiled.box == 2].any()
    row = found(data).rows[-1]
    assert (row.group, row.tiles, row.cut, row.never) == (
        "tiles",
        9,
        1,
        0,
    )  # the point of stride 32 at 208, 208


def test_in_words(data, capsys):
    assert run("advise", data, "--detector", YOLO11, "--loader", "none", "--tile", "320") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Recommended: ultralytics-yolo11" in said and "trains every box" in said
    assert "above 8 px on the input: 16 px in most images" in said
    assert "tiles of 320 px, overlap 0.2" in said
    assert "anchor" not in said.replace("anchoraudit", "")


def test_as_json_and_a_detector_file(data, capsys):
    options = ("--loader", "none", "--output-format", "json", "--write-detector", "own.toml")
    assert run("advise", data, "--detector", "mmdet-rtmdet", *options) == 0
    advice = json.loads(capsys.readouterr().out)
    assert advice["needed"] == bool(advice["rows"][0]["never_trained"] or advice["rows"][0]["borrowed"])
    if advice["best"] and advice["best"]["group"] != "tiles":
        assert load_detector("own.toml")


def test_nothing_to_advise_on(data, capsys):
    assert run("advise", data, "--detector", "yolox", "--loader", "none") == 0
    assert "every usable box can be trained at its own place" in capsys.readouterr().out


def test_queries(data, tmp_path):
    (tmp_path / "own.toml").write_text(QUERIES.replace("queries = 3", "queries = 2"))
    rows = {row.group: row for row in found(data, tmp_path / "own.toml").rows}
    assert (rows["present"].never, rows["queries"].never, rows["queries"].rescued) == (1, 0, 1)


def test_options_of_points_are_an_error_under_anchors(data, capsys):
    assert run("advise", data, "--detector", "reference", "--tile", "320") == 2
    assert "--tile is for detectors without anchors" in capsys.readouterr().err


def test_cluster_has_nothing_to_do(data, capsys):
    assert run("cluster", data, "--k", "3", "--detector", YOLO11) == 2
    assert f"{YOLO11} has no anchors: it learns boxes at points" in capsys.readouterr().err


def test_anchors_cannot_be_given(data, tmp_path, capsys):
    (tmp_path / "anchors.txt").write_text("10,10\n")
    assert run("scan", data, "--detector", YOLO11, "--anchors", tmp_path / "anchors.txt") == 2
    assert "has no anchors" in capsys.readouterr().err


def test_boxes_that_have_too_few_points_together(tmp_path, monkeypatch):
    """Three boxes of 640 px around the point 100, 100 of stride 8; an input of 1280 px gives each its own."""
    monkeypatch.chdir(tmp_path)
    around = [(98, 98, 5, 6), (98.5, 98.5, 4, 6), (99, 99, 3, 6)]
    listed = [annotation(n, 1, list(box)) for n, box in enumerate(around, 1)]
    file = make(tmp_path, {"a.json": document([image(1, width=640, height=640)], listed)}) / "a.json"
    rows = {row.remedy: row for row in found(file).rows}
    assert (rows["as it is"].never, rows["as it is"].rescued) == (2, 0)
    large = anchoraudit.audit(file, override(load_detector(YOLO11), input_size="1280"), loader="none")
    left = int(large.image_results.lost.sum())
    assert (rows["--input-size 1280"].never, rows["--input-size 1280"].rescued) == (left, 2 - left)
    halves = found(file, tile=320).rows[-1]
    assert (halves.group, halves.never) == ("tiles", left)


def test_a_model_of_ones_own_is_offered_other_versions_too(shared, capsys):
    own = ("--detector", "yolo11n.yaml", "--framework-version", "8.3.120")
    assert run("advise", shared / "data" / "coco38", *own) == 0
    text = capsys.readouterr().out
    assert (
        "Recommended: --framework-version 8.4.128 (ultralytics 8.4.128 and later), trains every box" in text
    )
    commands = [line for line in text.splitlines() if line.strip().startswith("anchoraudit")]
    assert commands[0].endswith("coco38 --detector yolo11n.yaml --framework-version 8.4.128")
    assert not any("8.3.120" in line for line in commands)
