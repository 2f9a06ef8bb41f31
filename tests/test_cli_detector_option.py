"""`--detector` in every command that takes it: presets of each kind of matching, and files that are none."""

import json

import pytest

from tests.builders import annotation, document, image, make
from tests.conftest import SAMPLE
from tests.test_cli_compare import OWN

VOC = SAMPLE / "voc"
PRESETS = [
    "torchvision-retinanet_resnet50_fpn",
    "yolov5",
    "mmdet-atss",
    "torchvision-ssd300_vgg16",
    "simple-faster-rcnn",
]


def in_one_line(text):
    return " ".join(text.split())


def assert_fine(result, *codes):
    assert result.returncode in (codes or (0,)), result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert result.stdout


@pytest.mark.parametrize("detector", PRESETS)
@pytest.mark.parametrize("kind", ["voc", "coco"])
class TestCommands:
    def test_scan(self, anchoraudit, detector, kind):
        result = anchoraudit("scan", SAMPLE / kind, "--detector", detector, "--verbose")
        assert_fine(result, 1)  # there are blank images
        assert result.stderr == ""
        assert f"{detector}: input" in result.stdout
        assert "would train without foreground" in result.stdout
        assert "no --detector given" not in result.stdout

    def test_scan_counts(self, anchoraudit, detector, kind):
        words = ["scan", SAMPLE / kind, "--detector", detector, "--output-format", "json"]
        plain, counted = anchoraudit(*words), anchoraudit(*words, "--counts")
        assert_fine(counted, 1)
        assert counted.stdout == plain.stdout
        found = json.loads(plain.stdout)
        assert found["detector"]["name"] == detector
        assert found["summary"]["images"] == 26

    def test_explain(self, anchoraudit, detector, kind):
        result = anchoraudit("explain", "family", SAMPLE / kind, "--detector", detector)
        assert_fine(result)
        assert f"{detector}: input" in result.stdout
        assert "Usable boxes" in result.stdout

    def test_cluster(self, anchoraudit, detector, kind):
        result = anchoraudit("cluster", SAMPLE / kind, "--k", 3, "--detector", detector)
        assert_fine(result)
        assert f"beside the present anchors of {detector}" in in_one_line(result.stdout)

    def test_filter(self, anchoraudit, detector, kind):
        result = anchoraudit("filter", SAMPLE / kind, "-o", "clean.json", "--detector", detector)
        assert_fine(result)
        assert json.loads((anchoraudit.cwd / "clean.json").read_text())["images"]


@pytest.mark.parametrize("detector", PRESETS)
def test_what_filter_leaves_passes_a_scan(anchoraudit, detector):
    anchoraudit("filter", VOC, "-o", "clean.json", "--detector", detector)
    assert anchoraudit("scan", "clean.json", "--detector", detector).returncode == 0


@pytest.mark.parametrize("detector", PRESETS)
def test_the_last_scan_names_the_detector(anchoraudit, detector):
    anchoraudit("scan", VOC, "--detector", detector, "-q")
    result = anchoraudit("explain", "family")
    assert_fine(result)
    assert f"--detector {detector}, as in the last scan" in in_one_line(result.stderr)
    assert f"{detector}: input" in result.stdout


class TestTheDefaultIsNamed:
    def test_a_scan_without_detector_says_so(self, anchoraudit):
        text = in_one_line(anchoraudit("scan", VOC, "--verbose").stdout)
        assert "detector reference: input 960x720" in text
        assert text.startswith(
            "19 of 26 images would train without foreground (73.1 %) under reference (no --detector given)"
        )
        assert "anchoraudit compare" in text

    def test_one_that_was_named_is_no_default(self, anchoraudit):
        text = in_one_line(anchoraudit("scan", VOC, "--detector", "reference").stdout)
        assert "no --detector given" not in text and "anchoraudit compare" not in text


class TestExplained:
    def explain(self, anchoraudit, image_id, detector):
        result = anchoraudit("explain", image_id, VOC, "--detector", detector, "--loader", "none")
        assert_fine(result)
        return in_one_line(result.stdout)

    def test_a_forced_box(self, anchoraudit):
        text = self.explain(anchoraudit, "door_ajar", "torchvision-ssd300_vgg16")
        assert "verdict forced_only: only forced matches" in text
        assert "mask 1 positive" in text
        assert text.count(" forced ") >= 1 and "Unmatched boxes" not in text

    def test_forced_beside_matched(self, anchoraudit):
        text = self.explain(anchoraudit, "passport_photo", "simple-faster-rcnn")
        assert "verdict ok" in text
        assert "matched" in text and "forced" in text

    @pytest.mark.parametrize("image_id", ["empty_basket", "heap_of_kittens"])
    def test_an_image_on_which_the_framework_raises(self, anchoraudit, image_id):
        text = self.explain(anchoraudit, image_id, "simple-faster-rcnn")
        assert "verdict encoder_error: no box, on which the framework raises" in text

    def test_a_box_below_the_floor_of_forcing(self, anchoraudit):
        text = self.explain(anchoraudit, "door_ajar", "mmdet-faster_rcnn_fpn")
        assert "mask 0 positive" in text
        assert "verdict empty_foreground: 1 box, best IoU 0.25: elongated" in text
        assert "Unmatched boxes" in text
        assert "With this detector, an image without a positive anchor gives a box loss of 0" in text

    def test_a_ratio_is_called_a_ratio(self, anchoraudit):
        text = self.explain(anchoraudit, "door_ajar", "yolov5")
        assert "best side ratio" in text and "best IoU" not in text


class TestEncoderErrors:
    def test_blank_images(self, anchoraudit):
        make(anchoraudit.cwd, {"blank.json": document([image(1), image(2)], [])})
        words = ["scan", "blank.json", "--detector", "simple-faster-rcnn"]
        result = anchoraudit(*words, "--output-format", "json")
        assert result.returncode == 1
        found = json.loads(result.stdout)
        assert found["summary"]["verdicts"]["encoder_error"] == 2
        assert {image["why"] for image in found["flagged"]} == {
            "no box, on which the framework raises: ValueError: need at least one array to stack"
        }
        assert found["on_empty"].endswith("; on an image without boxes the framework raises")
        assert anchoraudit(*words, "--allow-blank").returncode == 1

    @pytest.mark.parametrize(
        ("detector", "says"),
        [
            ("simple-faster-rcnn", "ValueError: attempt to get argmax of an empty sequence"),
            ("mmdet-cascade_rcnn", "ValueError: There is no valid anchor inside the image boundary"),
        ],
    )
    def test_an_image_that_holds_no_anchor(self, anchoraudit, detector, says):
        """Resized it is 1000 or 1333 px long and a few px high: every anchor crosses its edge."""
        long = {"id": 1, "file_name": "1.jpg", "width": 2000, "height": 10}
        make(anchoraudit.cwd, {"long.json": document([long], [annotation(1, 1, [0, 0, 20, 10])])})
        words = ("--detector", detector, "--loader", "none", "--output-format", "json")
        result = anchoraudit("scan", "long.json", *words)
        found = json.loads(result.stdout)
        assert [image["why"] for image in found["flagged"]] == [
            f"no anchor lies inside the image, and the framework raises: {says}"
        ]
        (finding,) = [one for one in found["findings"] if one["code"] == "ANC006"]
        assert finding["evidence"].endswith(says)


class TestBoxesThatOverlapNoAnchor:
    """In the corner no anchor lies inside the image, so forcing takes all whose best IoU is 0."""

    CORNER = document([image(1)], [annotation(1, bbox=[0, 0, 4, 4])])
    WORDS = ["scan", "corner.json", "--detector", "simple-faster-rcnn"]

    def codes(self, anchoraudit, *words):
        result = anchoraudit(*words, "--output-format", "json")
        assert result.returncode in (0, 1), result.stderr
        return [finding["code"] for finding in json.loads(result.stdout)["findings"]]

    def test_are_a_finding(self, anchoraudit):
        make(anchoraudit.cwd, {"corner.json": self.CORNER})
        assert self.codes(anchoraudit, *self.WORDS) == ["ANC001", "ANC003"]
        text = in_one_line(anchoraudit(*self.WORDS).stdout)
        assert "ANC001 warning 1x a box that makes every anchor positive" in text
        assert "under simple-faster-rcnn" in text
        assert anchoraudit(*self.WORDS, "--fail-on", "warning").returncode == 1

    def test_its_remedy_helps(self, anchoraudit):
        make(anchoraudit.cwd, {"corner.json": self.CORNER})
        assert self.codes(anchoraudit, *self.WORDS, "--allowed-border", "off") == ["ANC003"]

    @pytest.mark.parametrize(
        ("detector", "code"),
        [
            *(("reference", "ANC002"), ("mmdet-faster_rcnn_fpn", "ANC002")),
            ("torchvision-ssd300_vgg16", "ANC003"),
        ],
    )
    def test_are_none_where_forcing_is_otherwise(self, anchoraudit, detector, code):
        make(anchoraudit.cwd, {"corner.json": self.CORNER})
        words = ("scan", "corner.json", "--detector", detector, "--loader", "none")
        assert self.codes(anchoraudit, *words) == [code]

    def test_explained(self, anchoraudit):
        make(anchoraudit.cwd, {"corner.json": self.CORNER})
        result = anchoraudit("explain", "1", "corner.json", "--detector", "simple-faster-rcnn")
        assert_fine(result)
        text = in_one_line(result.stdout)
        assert "verdict forced_only" in text and "none overlaps" in text
        assert ", 0 negative, " in text


BAD = {
    "unknown key": ("offset = 4", "ofset = 4", 7, "ofset", "Did you mean offset?"),
    "thresholds out of order": ("negative = 0.4", "negative = 0.6", 11, "negative threshold is 0.6", ""),
    "a level without shapes": ("shapes = [[16, 16], [32, 32]]\n", "", 5, "needs at least one shape", ""),
    "an empty list of shapes": ("[[16, 16], [32, 32]]", "[]", 5, "needs at least one shape", ""),
    "no stride": ("stride = 8", "stride = 0", 5, "stride is 0", ""),
    "a word that is none": (
        '"longest_side"',
        '"long_side"',
        3,
        "kind is 'long_side'",
        "mean longest_side? Allowed",
    ),
    "a margin that is none": ("margin = ", 'margin = "of" # ', 10, "margin is 'of'", "are: a number, off"),
    "no TOML": ("margin =", "margin", 10, "not valid TOML", ""),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize(
    "words",
    [
        ["scan"],
        ["explain", "family"],
        ["cluster", "--k", "3"],
        ["filter", "-o", "clean.json"],
        ["compare"],
    ],
    ids=lambda words: words[0],
)
def test_a_bad_detector_file(anchoraudit, case, words):
    old, new, line, said, hint = BAD[case]
    assert old in OWN
    make(anchoraudit.cwd, {"bad.toml": OWN.replace(old, new)})
    result = anchoraudit(*words, VOC, "--detector", "bad.toml")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: bad.toml")
    assert f"line {line}" in result.stderr
    assert said in result.stderr and hint in result.stderr
    assert "Traceback" not in result.stderr
    assert not (anchoraudit.cwd / "clean.json").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.txt", "anchors are nice\n"),
        ("notes.cfg", "anchors are nice\n"),
        ("notes.yaml", "anchors: nice\n"),
        ("notes.py", "print('anchors are nice')\n"),
    ],
)
def test_a_text_file_that_is_no_detector(anchoraudit, name, text):
    make(anchoraudit.cwd, {name: text})
    result = anchoraudit("scan", VOC, "--detector", name)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {name}: unknown kind of detector file")
    assert "Give one of: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_name_that_is_nothing(anchoraudit):
    result = anchoraudit("scan", VOC, "--detector", "yolov55")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no detector 'yolov55'" in result.stderr and "Did you mean yolov5?" in result.stderr


@pytest.mark.parametrize(
    ("detector", "option"),
    [("yolov5", ["--positive-iou", "0.4"]), ("mmdet-atss", ["--allowed-border", "0"])],
)
def test_a_value_that_the_detector_has_no_use_for(anchoraudit, detector, option):
    result = anchoraudit("scan", VOC, "--detector", detector, *option)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ") and "Traceback" not in result.stderr


class TestAssumeStandard:
    """A class of the user's own in a framework's file: refused, or replayed at the user's word."""

    @pytest.fixture
    def mine(self, anchoraudit):
        (anchoraudit.cwd / "mine.yaml").write_text(
            "MODEL:\n  META_ARCHITECTURE: MyRCNN\n  RPN: {POST_NMS_TOPK_TRAIN: 1000}\n"
        )
        return "mine.yaml"

    @pytest.mark.parametrize(
        "words",
        [
            ["scan", VOC],
            ["explain", "family", VOC],
            ["compare", VOC],
            ["advise", VOC],
            ["filter", VOC, "-o", "out.json"],
            ["cluster", VOC, "--k", 3],
        ],
    )
    def test_every_command_refuses_and_takes_it(self, anchoraudit, mine, words):
        refused = anchoraudit(*words, "--detector", mine)
        assert refused.returncode == 2
        assert "mine.yaml, line 2: MODEL.META_ARCHITECTURE 'MyRCNN'" in refused.stderr
        assert "--assume-standard" in refused.stderr
        taken = anchoraudit(*words, "--detector", mine, "--assume-standard")
        assert taken.returncode in (0, 1), taken.stderr
        assert "mine (assumed standard)" in in_one_line(taken.stdout) or words[0] == "filter"

    def test_what_is_shown_says_it_and_reads_back(self, anchoraudit, mine):
        assert anchoraudit("detectors", "show", mine).returncode == 2
        shown = anchoraudit("detectors", "show", mine, "--assume-standard", "-o", "read.toml")
        assert (shown.returncode, shown.stderr) == (0, "")
        text = (anchoraudit.cwd / "read.toml").read_text()
        assert text.startswith('name = "mine (assumed standard)"\n')
        assert "Assumed, not read: MODEL.META_ARCHITECTURE 'MyRCNN'" in text
        assert (
            "mine (assumed standard): input"
            in anchoraudit("scan", VOC, "--detector", "read.toml", "-v").stdout
        )

    def test_the_last_scan_keeps_it(self, anchoraudit, mine):
        first = anchoraudit("scan", VOC, "--detector", mine, "--assume-standard", "-v")
        assert "Assumed, not read:" in in_one_line(first.stdout)
        again = anchoraudit("explain", "family")
        assert again.returncode == 0, again.stderr
        assert "--assume-standard" in again.stderr
        assert "mine (assumed standard): input" in again.stdout

    def test_so_does_a_settings_file(self, anchoraudit, mine):
        (anchoraudit.cwd / "anchoraudit.toml").write_text(f'detector = "{mine}"\nassume-standard = true\n')
        assert "mine (assumed standard): input" in anchoraudit("scan", VOC, "-v").stdout
