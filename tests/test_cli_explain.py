"""`anchoraudit explain`: one image by any of its names, with the dense encoder's own numbers."""

import json

import numpy as np
import pytest
from PIL import Image

from anchoraudit import audit, encode, load_detector
from anchoraudit.detectors import override
from anchoraudit.encoding import canvas, definition
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE
from tests.rule_cases import OWN_DETECTOR
from tests.test_sample_data import SCENES

TINY = [1, 1, 3, 3]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(capsys, *args):
    capsys.readouterr()
    assert run("explain", *args, "--output-format", "json") == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


class TestNames:
    @pytest.fixture(autouse=True)
    def data(self, here):
        images = [
            image(7, file_name="b/first.jpg"),
            image("8", file_name="second.jpg"),
            image(9, file_name="same.jpg"),
            image(10, file_name="deep/same.png"),
            image(11, file_name="9"),
            image(12, file_name="a b ü.jpg"),
        ]
        make(here, {"a.json": document(images)})

    @pytest.mark.parametrize(
        ("name", "identity"),
        [
            ("7", 7),
            ("b/first.jpg", 7),
            ("first.jpg", 7),
            ("first", 7),
            ("8", "8"),
            ("second", "8"),
            ("9", 9),
            ("same.jpg", 9),
            ("same.png", 10),
            ("a b ü", 12),
        ],
    )
    def test_id_file_name_or_stem(self, capsys, name, identity):
        assert explained(capsys, name, "a.json")["image_id"] == identity

    def test_several_of_one_name(self, capsys):
        assert run("explain", "same", "a.json") == 2
        error = capsys.readouterr().err
        assert "2 images are called 'same'" in error
        assert "id 9" in error
        assert "id 10" in error

    def test_of_two_splits_the_split_decides(self, here, capsys):
        make(here, {f"ds/annotations/instances_{s}.json": document() for s in ("train", "val")})
        assert run("explain", "1", "ds") == 2
        assert "--split" in capsys.readouterr().err
        assert explained(capsys, "1", "ds", "--split", "val")["image_id"] == 1

    @pytest.mark.parametrize(
        ("name", "words"), [("secnd.jpg", "Did you mean second.jpg"), ("zzz", "among 6"), ("", "")]
    )
    def test_nobody(self, capsys, name, words):
        assert run("explain", name, "a.json") == 2
        error = capsys.readouterr().err
        assert error.startswith("Error: ")
        assert words in error


class TestNumbers:
    @pytest.mark.parametrize("scene", [s.stem for s in SCENES if not s.is_lost])
    @pytest.mark.parametrize("kind", ["voc", "coco"])
    def test_equal_the_dense_encoder(self, capsys, scene, kind):
        result = audit(SAMPLE / kind)
        i = result.dataset.find(scene)[0]
        width, height = result.dataset.images.width[i], result.dataset.images.height[i]
        rows = np.flatnonzero((result.dataset.boxes.image == i) & result.labels.usable)
        corners = np.clip(result.dataset.boxes.xyxy[rows], 0, [width, height] * 2)
        mask = encode(corners, width, height)[2]
        detector = load_detector()
        fitted = canvas.one_canvas(width, height, detector)
        placed = canvas.place(corners, fitted, np.zeros(len(corners), dtype=int), detector)
        labels = definition.replay(placed, 960, 720, detector)
        found = explained(capsys, scene, SAMPLE / kind)
        assert found["anchors"] == mask.size == 45 * 60 * 9
        assert [found[name] for name in ("positives", "negatives", "ignored")] == [
            int((mask == label).sum()) for label in (1, -1, 0)
        ]
        assert [box["best_iou"] for box in found["boxes"]] == labels.best_iou.tolist()
        assert [box["assigned"] for box in found["boxes"]] == labels.assigned.tolist()
        assert found["verdict"] == next(s.verdict for s in SCENES if s.stem == scene)
        # Without a positive anchor the box loss is 0/0, and the guards make it a number.
        assert (found["losses"]["plain"]["box"] == "nan") == (found["positives"] == 0)
        assert found["losses"]["truncated"]["box"] != "nan"
        assert found["losses"]["guarded"]["box"] != "nan"

    @pytest.mark.parametrize("bbox", [[0, 300, 20, 149], [940, 560, 20, 160], [420, 660, 149, 60]])
    def test_the_border_it_asks_for_is_enough_and_no_less_is(self, here, capsys, bbox):
        make(here, {"a.json": document(annotations=[annotation(bbox=bbox)])})
        box = explained(capsys, "1", "a.json")["boxes"][0]
        assert box["cause"] == "edge"
        needed = int(box["remedy"].split(" px")[0].rpartition(" ")[2])
        for border, matched in ((needed, True), (needed - 1, False)):
            detector = override(load_detector(), allowed_border=float(border))
            x, y, w, h = bbox
            assert (encode([[x, y, x + w, y + h]], 960, 720, detector)[2] == 1).any() == matched

    def test_options_are_those_of_scan(self, here, capsys):
        make(here, {"a.json": document(annotations=[annotation(bbox=[0, 300, 20, 149])])})
        assert explained(capsys, "1", "a.json")["verdict"] == "empty_foreground"
        assert explained(capsys, "1", "a.json", "--allowed-border", "off")["verdict"] == "ok"
        assert run("scan", "a.json", "--allowed-border", "off") == 0
        assert explained(capsys, "1")["verdict"] == "ok"


class TestUnknownSize:
    @pytest.mark.parametrize("kind", ["voc", "coco"])
    def test_is_said(self, anchoraudit, kind):
        result = anchoraudit("explain", "lost_photo", SAMPLE / kind)
        assert (result.returncode, result.stdout) == (2, "")
        assert "size of image" in result.stderr
        assert "declare its width and height" in result.stderr

    def test_leaves_no_picture(self, here):
        assert run("explain", "lost_photo", SAMPLE / "coco", "-o", "x.png") == 2
        assert not (here / "x.png").exists()


class TestPicture:
    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".webp"])
    @pytest.mark.parametrize("scene", ["two_friends", "empty_basket"])
    def test_is_drawn(self, here, suffix, scene):
        assert run("explain", scene, SAMPLE / "coco", "-o", f"x{suffix}") == 0
        with Image.open(here / f"x{suffix}") as picture:
            picture.load()
            assert min(picture.size) >= 480

    @pytest.mark.parametrize(
        "name", ["x", "x.txt", "x.json", "x.blp", "x.xbm", "x.h5", "missing/x.png", ".png"]
    )
    def test_is_refused_with_a_way_out(self, here, capsys, name):
        make(here, {"a.json": document()})
        assert run("explain", "1", "a.json", "-o", name) == 2
        error = capsys.readouterr().err
        assert error.startswith("Error: ")
        assert "internal error" not in error
        assert sorted(path.name for path in here.iterdir()) == ["a.json"]

    def test_does_not_overwrite_an_image_of_the_data_set(self, here, capsys):
        make(here, {"ds/images/1.jpg": (960, 720), "ds/annotations/instances_x.json": document()})
        (here / "link.jpg").symlink_to("ds/images/1.jpg")
        before = (here / "ds/images/1.jpg").read_bytes()
        for name in ("ds/images/1.jpg", "./ds/images/../images/1.jpg", "link.jpg"):
            assert run("explain", "1", "ds", "-o", name) == 2
            assert "never changed" in capsys.readouterr().err
            assert (here / "ds/images/1.jpg").read_bytes() == before

    @pytest.mark.parametrize("content", [b"", b"no image", None])
    def test_of_an_image_that_cannot_be_decoded(self, here, content):
        make(here, {"images/1.jpg": (960, 720), "annotations/instances_x.json": document()})
        whole = (here / "images/1.jpg").read_bytes()
        make(here, {"images/1.jpg": whole[: len(whole) // 2] if content is None else content})
        assert run("explain", "1", ".", "-o", "x.png") == 0

    @pytest.mark.parametrize("size", [(1, 1), (100_000, 1), (3, 90_000), (1.5, 1.5)])
    def test_of_any_shape(self, here, size):
        entry = image(width=size[0], height=size[1])
        make(here, {"a.json": document([entry], [annotation(bbox=[0, 0, *size]), annotation(2, bbox=TINY)])})
        assert run("explain", "1", "a.json", "-o", "x.png") == 0


class TestSentencesThatAreTrue:
    """No number is rounded to what it is not."""

    def text(self, here, capsys, box, shape):
        make(here, {"a.json": document([image(1, width=640, height=480)], [annotation(bbox=box)])})
        (here / "own.toml").write_text(OWN_DETECTOR.format(stride=16, shapes=[list(shape)]))
        assert run("explain", "1", "a.json", "--detector", "own.toml") == 0
        return " ".join(capsys.readouterr().out.split())

    def test_a_box_that_nearly_matches_is_not_scaled_by_one(self, here, capsys):
        text = self.text(here, capsys, [177.45, 177.45, 45.1, 45.1], (64, 64))
        assert "raise --input-size by 1.01x" in text
        assert "0.497" in text and "1.00x" not in text
        text = self.text(here, capsys, [154.7, 154.7, 90.6, 90.6], (64, 64))
        assert "lower --input-size by 1.01x" in text and "1.00x" not in text

    def test_an_iou_below_the_threshold_reads_so(self, here, capsys):
        text = self.text(here, capsys, [177.38, 177.38, 45.24, 45.24], (64, 64))
        assert "0.4997" in text and "0.500" not in text

    def test_an_anchor_of_its_own_shape_has_its_sides(self, here, capsys):
        text = self.text(here, capsys, [200, 200, 0.5, 3.4], (64, 64))
        assert "an anchor of its own shape, 0.5x3.4" in text
