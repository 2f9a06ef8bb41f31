"""Whose verdict it is where nobody named a detector, and which one the files beside the data point to."""

import json
import os
import sys

import pytest

from anchoraudit import read
from anchoraudit.advice.suggested import suggest
from anchoraudit.advice.well_known import WELL_KNOWN, dropped_by_others
from anchoraudit.detectors import preset_names
from anchoraudit.manifest.keeping import DEFAULT_DROP
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE

FIRST = "No --detector given: judged by reference, a stride-16 RPN (YunYang1994's)."
HOW = "Name yours: --detector NAME (`anchoraudit detectors`, `anchoraudit compare`)."
DATA_YAML = "path: .\ntrain: images/train\nval: images/train\nnames: [cat]\n"
YOLO = {
    "d/data.yaml": DATA_YAML,
    "d/images/train/1.png": (64, 64),
    "d/labels/train/1.txt": "0 .5 .5 .5 .5\n",
}
CFG = "[net]\nwidth=416\nheight=416\n[convolutional]\nfilters=6\nsize=1\nstride=32\n[yolo]\nmask=0\nnum=1\n"
CFG += "anchors=10,14\nclasses=1\n"
FILES = {
    "net.cfg": CFG,
    "rpn.yaml": "MODEL:\n  META_ARCHITECTURE: GeneralizedRCNN\n",
    "opt.yaml": "weights: yolov5s.pt\ncfg: ''\nhyp: data/hyps/hyp.yaml\n",
    "opt7.yaml": "weights: ''\ncfg: cfg/training/yolov7.yaml\nhyp: data/hyp.scratch.p5.yaml\n",
    "hyp.yaml": "lr0: 0.01\nfl_gamma: 0.0\nanchor_t: 4.0\n",
    "hyp7.yaml": "fl_gamma: 0.0\nanchor_t: 4.0\nloss_ota: 1\n",
    "args.yaml": "task: detect\nmode: train\nmodel: yolov8n.pt\ndata: data.yaml\n",
}
OPTION = {
    "net.cfg": "--detector {file}",
    "rpn.yaml": "--detector {file}",
    "opt.yaml": "of a training: --detector yolov5",
    "opt7.yaml": "of a training: --detector yolov7",
    "hyp.yaml": "of a training: --detector yolov5",
    "hyp7.yaml": "of a training: --detector yolov7",
    "args.yaml": "of Ultralytics: --detector ultralytics-yolo11",
}


def said(path):
    return str(suggest(read(path)) or "")


class TestSuggested:
    @pytest.mark.parametrize("where", ["d", ""])
    @pytest.mark.parametrize("name", FILES)
    def test_a_file_beside_the_data(self, here, name, where):
        """In the folder of the data set, and in the one above."""
        file = f"{where}/{name}" if where else name
        make(here, {"d/a.json": document(), file: FILES[name]})
        start = f"This data set has {name}" if where else f"Beside this data set is {name}"
        for path in ("d/a.json", "d"):
            assert said(path).startswith(start)
            assert said(path).endswith(OPTION[name].format(file=file))

    @pytest.mark.parametrize(
        ("model", "preset"),
        [
            ("yolov8x-seg.pt", "yolo11"),
            ("runs/train/best.pt", "yolo11"),
            ("yolo26n.pt", "yolo26"),
            ("yolo26-p2.yaml", "yolo26-p2"),
            ("yolo26x-p6.yaml", "yolo26-p6"),
            ("rtdetr-l.pt", "rtdetr"),
        ],
    )
    def test_what_ultralytics_trained(self, here, model, preset):
        record = f"task: detect\nmode: train\nmodel: {model}\n"
        make(here, {"d/a.json": document(), "d/args.yaml": record})
        assert said("d").endswith(f"args.yaml of Ultralytics: --detector ultralytics-{preset}")

    def test_a_data_yaml(self, here):
        make(here, YOLO)
        more = "; for YOLOv8 and later: --detector ultralytics-yolo11"
        assert said("d") == said("d/data.yaml") == f"This data set has a data.yaml: --detector yolov5{more}"
        assert said("d/images").startswith("Beside this data set is a data.yaml: --detector yolov5")

    def test_a_configuration_before_a_record_before_a_data_yaml(self, here):
        make(here, YOLO)
        make(here, {"opt.yaml": FILES["opt.yaml"]})
        assert "opt.yaml" in said("d")
        make(here, {"net.cfg": CFG})
        assert "net.cfg" in said("d")

    def test_of_several_configurations_none_is_taken(self, here):
        make(here, {"d/a.json": document(), "d/one.cfg": CFG, "d/two.cfg": CFG})
        assert said("d") == ""

    @pytest.mark.parametrize(
        "files",
        [
            {},
            {"d/notes.yaml": "train: soon\n", "d/other.toml": "a = 3\n", "d/anchoraudit.toml": ""},
            {"d/broken.cfg": "[net]\n[yolo]\n", "d/deep/net.cfg": CFG, "d/.hidden.cfg": CFG},
            {"d/binary.yaml": b"\0\xff" * 99, "d/empty.py": "", "d/args.yaml": "task: detect\n"},
            {"d/anchors.toml": "anchors = [[1, 2]]\n"},
        ],
    )
    def test_what_shows_nothing(self, here, files):
        make(here, {"d/a.json": document(), **files})
        assert said("d/a.json") == ""

    def test_nothing_is_executed(self, here):
        make(here, {"d/a.json": document(), "d/config.py": "model = dict(type='X')\nopen('ran', 'w')\n"})
        assert said("d") == ""
        assert not (here / "ran").exists()

    @pytest.mark.skipif(sys.platform == "win32", reason="no pipes among files")
    def test_a_pipe_is_not_waited_for(self, here):
        make(here, {"d/a.json": document()})
        os.mkfifo(here / "d" / "args.yaml")
        assert said("d/a.json") == ""

    def test_the_first_lines_have_it(self, anchoraudit):
        make(anchoraudit.cwd, YOLO)
        lines = anchoraudit("scan", "d").stdout.splitlines()
        assert "under reference (no --detector given)" in lines[0]
        assert lines[1].startswith("This data set has a data.yaml: --detector yolov5")
        lines = anchoraudit("explain", "1", "d").stdout.splitlines()
        assert lines[0] == FIRST
        assert lines[1].startswith("This data set has a data.yaml: --detector yolov5")
        found = json.loads(anchoraudit("scan", "d", "--output-format", "json").stdout)
        assert found["detector_suggested"] == suggestion_of(lines)


def suggestion_of(lines):
    """The suggestion, which is folded at the width of a pipe."""
    return " ".join(lines[1 : lines.index("")]).removesuffix(".")


class TestWhoJudged:
    WORDS = {
        "scan": ("scan", SAMPLE / "voc"),
        "explain": ("explain", "family", SAMPLE / "voc"),
        "advise": ("advise", "small.json", "--batch-size", "2"),
        "filter": ("filter", "good.json", "-o", "out.json"),
    }
    # One box fits, and one is too small for every anchor: there is something to advise.
    FILES = {
        "good.json": document(),
        "small.json": document(
            [image(1), image(2)], [annotation(1, 1), annotation(2, 2, [100, 100, 20, 20])]
        ),
    }

    @pytest.mark.parametrize("name", WORDS)
    def test_the_first_line_says_it(self, anchoraudit, name):
        make(anchoraudit.cwd, self.FILES)
        done = anchoraudit(*self.WORDS[name])
        lines = done.stdout.splitlines()
        if name == "scan":
            assert lines[0].endswith(" under reference (no --detector given); 1 not")
            assert lines[3:5] == [HOW, ""]
        else:
            assert lines[:3] == [FIRST, HOW, ""]

    @pytest.mark.parametrize("name", WORDS)
    def test_not_where_one_is_named(self, anchoraudit, name):
        make(anchoraudit.cwd, self.FILES)
        done = anchoraudit(*self.WORDS[name], "--detector", "reference")
        assert "no --detector given" not in (done.stdout + done.stderr).casefold()

    @pytest.mark.parametrize("name", ["scan", "explain", "advise"])
    @pytest.mark.parametrize("chosen", [True, False])
    def test_json(self, anchoraudit, name, chosen):
        make(anchoraudit.cwd, self.FILES)
        words = ("--detector", "reference") if chosen else ()
        found = json.loads(anchoraudit(*self.WORDS[name], "--output-format", "json", *words).stdout)
        assert (found["detector_chosen"], found["detector_suggested"]) == (chosen, None)

    def test_a_settings_file_and_the_last_scan_name_one(self, anchoraudit):
        make(anchoraudit.cwd, {"good.json": document(), "anchoraudit.toml": 'detector = "reference"\n'})
        assert "no --detector given" not in anchoraudit("scan", "good.json").stdout
        (anchoraudit.cwd / "anchoraudit.toml").unlink()
        assert FIRST not in anchoraudit("explain", "1").stdout
        assert "no --detector given" in anchoraudit("scan", "good.json").stdout
        assert FIRST in anchoraudit("explain", "1").stdout

    @pytest.mark.parametrize("form", ["concise", "github", "junit", "markdown"])
    def test_outputs_that_are_read_by_people_say_it(self, anchoraudit, form):
        """Markdown begins with it; the others have it in their line of summary."""
        words = ("scan", SAMPLE / "voc", "--output-format", form)
        said = FIRST if form == "markdown" else "under reference (no --detector given)"
        assert said in anchoraudit(*words).stdout
        assert said not in anchoraudit(*words, "--detector", "reference").stdout


class TestFilter:
    def data(self, here, empty, of=20):
        """`empty` of the images have a box that only `reference` leaves empty."""
        boxes = [[100, 100, 240, 40] if n <= empty else [400, 360, 74, 149] for n in range(1, of + 1)]
        images = [image(n) for n in range(1, of + 1)]
        make(here, {"a.json": document(images, [annotation(n, n, box) for n, box in enumerate(boxes, 1)])})

    def test_where_many_go_it_says_so_first_with_what_others_would_drop(self, anchoraudit):
        self.data(anchoraudit.cwd, 3)
        done = anchoraudit("filter", "a.json", "-o", "b.json")
        assert (done.returncode, done.stderr) == (0, "")
        text = " ".join(done.stdout.split())
        assert text.startswith(
            "No --detector given: 3 of 20 images (15.0 %) are dropped because of reference, a stride-16 RPN"
        )
        others = text.partition("Other detectors would drop: ")[2].partition(". ")[0]
        assert others.split(", ")[0] == "torchvision-fasterrcnn_resnet50_fpn 0"
        assert "yolov5 0" in others
        assert [part.split()[0] for part in others.split(", ")] == list(WELL_KNOWN)
        assert len(json.loads((anchoraudit.cwd / "b.json").read_text())["images"]) == 17

    def test_the_listing_says_it_on_stderr(self, anchoraudit):
        self.data(anchoraudit.cwd, 3)
        done = anchoraudit("filter", "a.json", "--diff")
        assert done.stderr.startswith("No --detector given: 3 of 20 images (15.0 %) are dropped because of")
        assert "--detector" not in done.stdout

    def test_a_tenth_is_not_many(self, anchoraudit):
        self.data(anchoraudit.cwd, 2)
        text = anchoraudit("filter", "a.json", "-o", "b.json").stdout
        assert text.startswith(FIRST) and "would drop" not in text

    def test_a_detector_that_was_named_has_no_others(self, anchoraudit):
        self.data(anchoraudit.cwd, 3)
        text = anchoraudit("filter", "a.json", "-o", "b.json", "--detector", "reference").stdout
        assert "No detector" not in text and "Others" not in text

    def test_others_drop_what_they_would_if_they_were_named(self, here):
        found = dropped_by_others(read(SAMPLE / "voc"), DEFAULT_DROP)
        assert set(found) == set(WELL_KNOWN) <= set(preset_names())
        for name, number in found.items():
            words = ("-o", f"{name}.json", "--detector", name, "--images", "none")
            # Images of unknown size without a box to write go as well.
            assert run("filter", SAMPLE / "voc", *words) == 0
            kept = len(json.loads((here / f"{name}.json").read_text())["images"])
            # Images that lose all their boxes, or would fail once they are COCO, go as well.
            assert 26 - number - 2 <= kept <= 26 - number
