"""`anchoraudit cluster`: anchors from boxes, on stdout and in files that scan takes."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import audit, measure_fit, read
from anchoraudit.anchors.clustered import anchors_of, count_distinct, network_sizes
from anchoraudit.anchors.file import read_anchors
from anchoraudit.errors import AnchorauditError
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE

TINY = [1, 1, 3, 3]
AT_ONCE = ("--time-limit", "0.000001")  # ends a search before its first evaluation
SIZES = [(30, 60), (31, 62), (200, 90), (205, 95), (12, 12), (300, 400), (310, 390), (60, 30)]
SEVERAL = document(
    [image(i) for i in range(len(SIZES))],
    [annotation(i, i, [50, 60, w, h]) for i, (w, h) in enumerate(SIZES)],
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make(tmp_path, {"a.json": SEVERAL})


def found(capsys, *args):
    """The JSON of a run."""
    capsys.readouterr()
    assert run("cluster", *args, "--output-format", "json") == 0
    return json.loads(capsys.readouterr().out)


def test_json(capsys):
    result = found(capsys, "a.json", "--k", 3)
    assert {"anchors", "mean_iou", "recall", "bpr", "aat", "boxes"} <= set(result)
    assert set(result["recall"]) == {"0.5", "0.7"}
    assert result["boxes"] == len(SIZES)
    assert [len(anchor) for anchor in result["anchors"]] == [2, 2, 2]
    areas = [w * h for w, h in result["anchors"]]
    assert areas == sorted(areas)
    # The figures are those of the anchors shown, measured anew.
    fit = measure_fit(SIZES, result["anchors"])
    assert result["mean_iou"] == fit.mean_iou
    assert (result["recall"], result["bpr"], result["aat"]) == (fit.recall, fit.bpr, fit.aat)
    assert result["present"]["detector"] == "reference"


def test_the_same_seed_gives_the_same_answer(anchoraudit, capsys):
    args = ["cluster", SAMPLE / "coco", "--k", 6, "--seed", 7, "--output-format", "json"]
    result = anchoraudit(*args)
    assert (result.returncode, result.stderr) == (0, "")
    assert run(*args) == 0
    assert capsys.readouterr().out == result.stdout
    assert json.loads(result.stdout)["seed"] == 7


def test_without_k_there_are_as_many_as_the_detector_has(here, capsys):
    (here / "coco").symlink_to(SAMPLE / "coco")
    assert found(capsys, "coco")["k"] == 9
    assert found(capsys, "coco", "--detector", "yolov4-tiny")["k"] == 6
    run("cluster", "coco")
    assert "anchoraudit cluster coco --k 9 -o anchors.toml" in capsys.readouterr().out


def test_the_knee_of_the_curve_is_marked(here, capsys):
    # Three groups of equal boxes: with three anchors each fits, and more gain nothing to speak of.
    sizes = [(w + n % 2, h) for w, h in ((40, 40), (200, 60), (90, 300)) for n in range(6)]
    boxes = [annotation(n, bbox=[100 + n, 100, w, h]) for n, (w, h) in enumerate(sizes, 1)]
    make(here, {"k.json": document(annotations=boxes)})
    assert found(capsys, "k.json", "--k", "1..6")["knee"] == 3
    assert found(capsys, "k.json", "--k", "2..3")["knee"] is None
    run("cluster", "k.json", "--k", "1..6")
    lines = capsys.readouterr().out.splitlines()
    (marked,) = [line.split() for line in lines if " knee " in line]
    assert marked[:2] == ["3", "knee"]
    header = next(line for line in lines if line.lstrip().startswith("k "))
    names = [name.strip() for name in header.split("  ") if name.strip()]
    assert len(set(names)) == len(names), "each column has a name of its own"


def test_a_range_shows_the_curve(capsys):
    curve = found(capsys, "a.json", "--k", "2..5")["curve"]
    assert [point["k"] for point in curve] == [2, 3, 4, 5]
    assert [len(point["anchors"]) for point in curve] == [2, 3, 4, 5]
    fits = [point["mean_iou"] for point in curve]
    assert fits == sorted(fits)
    assert run("cluster", "a.json", "--k", "2..5") == 0
    text = capsys.readouterr().out
    assert all(f"{value:.4f}" in text for value in fits)


@pytest.mark.parametrize(
    "k", ["0", "-1", "x", "", "3..", "..3", "5..3", "1001", "1..1001", "1.5", "3...5", "9,", "1e1", "12345"]
)
def test_bad_k_says_what_to_give(capsys, k):
    assert run("cluster", "a.json", "--k", k) == 2
    error = capsys.readouterr().err
    assert f"--k {k!r}" in error
    assert "3..12" in error


@pytest.mark.parametrize("k", ["9", "7..12", "1000"])
def test_more_than_there_are_sizes_says_how_many_there_are(capsys, k):
    assert run("cluster", "a.json", "--k", k) == 2
    assert "8 distinct box sizes" in capsys.readouterr().err
    assert run("cluster", "a.json", "--k", "8") == 0


@pytest.mark.parametrize(
    "content",
    [
        document(annotations=[]),
        document(annotations=[annotation(iscrowd=1), annotation(2, bbox=[5, 5, 0, 0])]),
        document([{"id": 1, "file_name": "gone.jpg"}]),
        document([], []),
    ],
)
def test_no_usable_box(here, capsys, content):
    make(here, {"none.json": content})
    assert run("cluster", "none.json", "--k", "1") == 2
    assert "no usable box" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".toml", ".json", ".txt"])
def test_what_it_writes_is_what_scan_reads(here, capsys, suffix):
    name = f"anchors{suffix}"
    result = found(capsys, "a.json", "--k", 3, "-o", name)
    assert [list(anchor) for anchor in read_anchors(name).anchors] == result["anchors"]
    assert read_anchors(name).input_size == "960x720"
    before = audit("a.json").summary()["verdicts"]["ok"]
    assert run("scan", "a.json", "--anchors", name, "--output-format", "json") in (0, 1)
    scanned = json.loads(capsys.readouterr().out)
    assert scanned["detector"]["anchors"]["levels"][0]["shapes"] == result["anchors"]
    assert scanned["summary"]["verdicts"]["ok"] > before
    # Anchors of another input size are used, and that is said.
    assert run("scan", "a.json", "--anchors", name, "--input-size", "640", "-q") in (0, 1)
    assert run("scan", "a.json", "--anchors", name, "--input-size", "640") in (0, 1)
    assert "clustered at input size 960x720" in capsys.readouterr().err


def test_no_anchors_of_several_k(here, capsys):
    assert run("cluster", "a.json", "--k", "2..4", "-o", "x.txt") == 2
    assert run("cluster", "a.json", "--k", "2", "-o", "x.yaml") == 2
    assert run("cluster", "a.json", "--k", "2", "-o", "x") == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(here.glob("x*"))


def test_sizes_are_those_at_the_networks_input(here, capsys):
    make(here, {"one.json": document([image(width=480, height=720)], [annotation(bbox=[10, 10, 30, 40])])})
    assert found(capsys, "one.json", "--k", 1)["anchors"] == [[60, 40]]  # stretched to 960x720
    assert found(capsys, "one.json", "--k", 1, "--input-size", "1440")["anchors"] == [[60, 80]]
    assert found(capsys, "one.json", "--k", 1, "--input-size", "480x360")["anchors"] == [[30, 20]]


@pytest.mark.parametrize("metric", ["iou", "ratio", "euclidean"])
def test_every_metric(capsys, metric):
    result = found(capsys, "a.json", "--k", 4, "--metric", metric)
    assert (len(result["anchors"]), result["metric"]) == (4, metric)


def test_the_last_scan_gives_the_data_set_its_split_and_its_detector(here, capsys):
    make(
        here,
        {
            "ds/annotations/instances_a.json": SEVERAL,
            "ds/annotations/instances_b.json": document(annotations=[annotation(bbox=[10, 10, 48, 36])]),
        },
    )
    run("scan", "ds", "--split", "b", "--input-size", "480x360")
    result = found(capsys, "--k", 1)
    assert (result["boxes"], result["input_size"], result["anchors"]) == (1, "480x360", [[24, 18]])


def test_foreground_is_shown_beside_the_clustering_by_iou(capsys):
    result = found(capsys, "a.json", "--k", 2, "--objective", "foreground")
    search = result["foreground"]
    assert search["images"] == len(SIZES)
    figures = ("empty_images", "unmatched_boxes")
    assert [search[f] for f in figures] <= [search["by_iou"][f] for f in figures]
    assert search["mean_iou"] == result["mean_iou"]
    assert search["present"]["mean_iou"] == result["present"]["mean_iou"]
    assert search["searched_boxes"] == len(SIZES)
    assert (search["cut_short"], search["evaluations"] > 100) == (False, True)
    assert result["levels"] == [
        {"stride": 16, "anchors": result["anchors"], "below_stride": result["levels"][0]["below_stride"]}
    ]
    assert run("cluster", "a.json", "--k", 2, "--objective", "foreground", *AT_ONCE) == 0
    text = capsys.readouterr().out
    assert "How the encoder of reference judges them" in text
    assert "--k 2 --objective foreground -o anchors.toml" in text


def test_what_the_search_wrote_is_what_scan_counts(capsys):
    result = found(capsys, "a.json", "--k", 2, "--objective", "foreground", "-o", "anchors.toml")
    assert run("scan", "a.json", "--anchors", "anchors.toml", "--output-format", "json") in (0, 1)
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["verdicts"].get("empty_foreground", 0) == result["foreground"]["empty_images"]
    assert summary["unmatched"] == result["foreground"]["unmatched_boxes"]
    assert 'objective = "foreground"' in Path("anchors.toml").read_text()


def test_a_short_time_limit_is_said(capsys):
    assert run("cluster", "a.json", "--k", 2, "--objective", "foreground", *AT_ONCE) == 0
    assert "the time limit ended the search after 0 evaluations" in capsys.readouterr().err
    for limit in ("0", "-1", "nan", "x"):
        assert run("cluster", "a.json", "--k", 2, "--time-limit", limit) == 2


def test_forcing_is_said(capsys):
    words = ("--k", 5, "--objective", "foreground", "--detector", "detectron2-rpn_fpn")
    assert run("cluster", "a.json", *words, *AT_ONCE) == 0
    out, err = capsys.readouterr()
    assert "forces a box's best anchor" in err
    assert "unmatched images" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--k", "2..4", "--objective", "foreground"], "--k 2..4 cannot go with --objective foreground"),
        (["--k", "2..4", "--for", "yolov5"], "--k 2..4 cannot go with --for"),
        (["--k", "2", "--objective", "foreground", "--metric", "ratio"], "--metric ratio"),
        (["--k", "5", "--objective", "foreground", "--detector", "mmdet-atss"], "ATSS"),
        (["--k", "4", "--for", "yolov5"], "4 anchors do not divide among the 3 levels of yolov5"),
        (["--k", "2", "--for", "reference", "--detector", "yolov5"], "2 anchors for 3 levels"),
        (["--k", "2", "--objective", "foreground", "--detector", "yolov5"], "2 anchors for 3 levels"),
    ],
)
def test_what_does_not_go_together(here, capsys, words, message):
    assert run("cluster", "a.json", *words) == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True)
    assert "Traceback" not in err


def test_only_the_text_of_a_framework_goes_to_stdout(here, capsys):
    assert run("cluster", "a.json", "--k", 6, "--for", "yolov5") == 0
    out, err = capsys.readouterr()
    rows = yaml.safe_load(out)["anchors"]
    assert [len(row) for row in rows] == [4, 4, 4]
    assert "note: " in err
    assert run("cluster", "a.json", "--k", 6, "--for", "yolov5", "-o", "anchors.yaml") == 0
    report = capsys.readouterr().out
    assert "6 anchors, by area" in report
    assert "stride" in report
    assert Path("anchors.yaml").read_text() == out
    result = found(capsys, "a.json", "--k", 6, "--for", "yolov5")
    assert (result["for"], result["snippet"]) == ("yolov5", out)
    assert [level["stride"] for level in result["levels"]] == [8, 16, 32]
    assert result["present"]["detector"] == "yolov5"


def test_a_detector_for_scan(here, capsys):
    assert (
        run("cluster", "a.json", "--k", 6, "--detector", "yolov5", "--for", "reference", "-o", "m.toml") == 0
    )
    assert "anchoraudit scan a.json --detector m.toml" in capsys.readouterr().out
    assert run("scan", "a.json", "--detector", "m.toml", "--output-format", "json") in (0, 1)
    assert json.loads(capsys.readouterr().out)["detector"]["name"] == "yolov5-clustered"


def test_an_export_replaces_exports_only(here, capsys):
    make(here, {"model.yaml": "nc: 80\nanchors: 3\n"})
    assert run("cluster", "a.json", "--k", 3, "--for", "yolov5", "-o", "model.yaml") == 2
    assert "it is not replaced" in capsys.readouterr().err
    assert Path("model.yaml").read_text() == "nc: 80\nanchors: 3\n"
    for _ in range(2):
        assert run("cluster", "a.json", "--k", 3, "--for", "yolov5", "-o", "new.yaml") == 0


def test_anchors_below_the_stride_are_named(capsys):
    assert run("cluster", "a.json", "--k", 8) == 0
    assert "12x12 has a side below the stride of the level, 16 px" in capsys.readouterr().err
    result = found(capsys, "a.json", "--k", 8)
    assert result["levels"][0]["below_stride"] == [[12, 12]]
    assert result["remarks"] == ["12x12 has a side below the stride of the level, 16 px"]


def test_fewer_anchors_than_levels_are_clustered_all_the_same(capsys):
    result = found(capsys, "a.json", "--k", 2, "--detector", "yolov5")
    assert (result["k"], result["levels"]) == (2, [])
    assert run("cluster", "a.json", "--k", 2, "--detector", "yolov5") == 0
    assert "anchoraudit detectors show yolov5" in capsys.readouterr().out


def test_foreground_loss_of_an_export_is_said(capsys):
    words = ("--k", 5, "--objective", "foreground", "--for", "mmdet", "--detector", "mmdet-retinanet_fpn")
    assert run("cluster", "a.json", *words, *AT_ONCE) == 0
    out, err = capsys.readouterr()
    assert "type='AnchorGenerator'" in out
    assert "with the anchors as written" in err


def test_settings_files_are_not_overwritten(here, capsys):
    make(here, {"anchoraudit.toml": "positive-iou = 0.5\n", "pyproject.toml": "[tool.anchoraudit]\n"})
    for name in ("anchoraudit.toml", "pyproject.toml"):
        before = (here / name).read_text()
        assert run("cluster", "a.json", "--k", "1", "-o", name) == 2
        assert (here / name).read_text() == before


def test_boxes_are_those_that_scan_calls_usable():
    dataset = read(SAMPLE / "coco")
    result = audit(dataset)
    assert len(network_sizes(dataset, result.detector)) == result.summary()["usable"]


class TestSizesThatRoundingMakes:
    """Sizes that differ by rounding alone are one; no two anchors of an answer are alike."""

    @pytest.fixture
    def yolo(self, anchoraudit):
        files = {f"images/{n}.jpg": (1000, 1000) for n in range(1, 9)}
        files |= {f"labels/{n}.txt": f"0 .{n} .4 .094915 .094915\n" for n in range(1, 9)}
        make(anchoraudit.cwd, {f"ds/{name}": content for name, content in files.items()})

    @pytest.mark.parametrize("loader", [(), ("--loader", "yolov5")])
    @pytest.mark.parametrize("more", [("--k", "3"), ("--k", "2"), ("--k", "3", "--objective", "foreground")])
    def test_eight_boxes_of_one_size(self, anchoraudit, yolo, loader, more):
        result = anchoraudit("cluster", "ds", "--input-size", "1000", *more, *loader)
        assert (result.returncode, result.stdout) == (2, "")
        assert "from 1 distinct box size\n" in result.stderr
        assert "Ask for at most --k 1. Sizes within 0.01 px of each other are one." in result.stderr
        assert anchoraudit("cluster", "ds", "--input-size", "1000", "--k", "1", *loader).returncode == 0

    @pytest.mark.parametrize("metric", ["iou", "ratio", "euclidean"])
    def test_noise_takes_no_anchor_from_another_size(self, metric):
        rng = np.random.default_rng(7)
        plain = np.repeat([[94.915, 94.915], [30.005, 60.0], [200.0, 100.0]], [40, 3, 1], axis=0)
        noisy = plain + rng.uniform(-0.002, 0.002, plain.shape)
        assert [count_distinct(noisy, enough) for enough in (1, 3, 9)] == [1, 3, 3]
        found = anchors_of(noisy, 3, metric=metric)
        assert np.allclose(found, [[30.0, 60], [94.92, 94.92], [200, 100]], atol=0.011)
        with pytest.raises(AnchorauditError, match="4 anchors from 3 distinct box sizes"):
            anchors_of(noisy, 4, metric=metric)

    @given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 9))
    @settings(deadline=None, max_examples=20)
    def test_no_two_anchors_are_alike(self, boxes, k, seed):
        rng = np.random.default_rng(seed)
        sizes = rng.choice([10, 10.004, 10.011, 10.02, 10.5, 50], (boxes, 2)) + rng.normal(
            0, 1e-4, (boxes, 2)
        )
        if count_distinct(sizes, k) < k:
            with pytest.raises(AnchorauditError):
                anchors_of(sizes, k)
        else:
            assert len(set(anchors_of(sizes, k))) == k

    def test_of_many_sizes_the_first_are_enough(self):
        sizes = np.random.default_rng(0).uniform(5, 500, (1_000_000, 2))
        assert count_distinct(sizes, 1000) == 1000
        assert count_distinct(np.tile([[10.0, 20.0], [10.0, 20.004]], (500_000, 1)), 9) == 1
