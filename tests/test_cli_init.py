"""`anchoraudit init`: a settings file that the next scan takes as it is."""

import json
import tomllib

import pytest

from tests.builders import document, make
from tests.conftest import SAMPLE
from tests.test_suggested import CFG, FILES, YOLO


def settings(folder, name="anchoraudit.toml"):
    return tomllib.loads((folder / name).read_text())


def scanned(anchoraudit, **more):
    done = anchoraudit("scan", "--output-format", "json", **more)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


class TestRoundTrip:
    def test_a_data_yaml(self, anchoraudit):
        make(anchoraudit.cwd, YOLO)
        done = anchoraudit("init", "d")
        assert (done.returncode, done.stderr) == (0, "")
        assert settings(anchoraudit.cwd) == {"dataset": "d", "detector": "yolov5"}
        text = (anchoraudit.cwd / "anchoraudit.toml").read_text()
        assert "# This data set has a data.yaml: --detector yolov5" in text
        found = scanned(anchoraudit)
        assert (found["dataset"], found["detector"]["name"], found["detector_chosen"]) == (
            "d",
            "yolov5",
            True,
        )

    def test_a_detector_file_beside_the_data(self, anchoraudit):
        make(anchoraudit.cwd, {"data/a.json": document(), "data/my net.cfg": CFG})
        assert anchoraudit("init", "data").returncode == 0
        assert settings(anchoraudit.cwd) == {"dataset": "data", "detector": "data/my net.cfg"}
        assert scanned(anchoraudit)["detector"]["name"] == "my net"

    @pytest.mark.parametrize("kind", ["voc", "coco"])
    def test_nothing_that_shows_a_detector(self, anchoraudit, kind):
        done = anchoraudit("init", SAMPLE / kind)
        assert "or `reference` judges" in " ".join(done.stdout.split())
        assert set(settings(anchoraudit.cwd)) == {"dataset"}
        text = (anchoraudit.cwd / "anchoraudit.toml").read_text().replace("\n# ", " ")
        assert ' detector = "' in text and ' loader = "' in text and "26 images" in text
        found = scanned(anchoraudit)
        assert (found["summary"]["images"], found["detector_chosen"]) == (26, False)

    def test_what_is_commented_out_can_be_taken(self, anchoraudit):
        anchoraudit("init", SAMPLE / "voc")
        file = anchoraudit.cwd / "anchoraudit.toml"
        file.write_text(
            file.read_text().replace("# detector =", "detector =").replace("# loader =", "loader =")
        )
        assert scanned(anchoraudit)["detector"]["name"] == "torchvision-fasterrcnn_resnet50_fpn"

    def test_a_detector_without_anchors(self, anchoraudit):
        make(anchoraudit.cwd, {"d/a.json": document(), "d/args.yaml": FILES["args.yaml"]})
        anchoraudit("init", "d")
        assert settings(anchoraudit.cwd)["detector"] == "ultralytics-yolo11"

    def test_the_working_directory(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": document()})
        assert anchoraudit("init").returncode == 0
        assert settings(anchoraudit.cwd) == {"dataset": "."}
        assert scanned(anchoraudit)["summary"]["images"] == 1
        assert anchoraudit("init", "--force").returncode == 0

    def test_a_file_elsewhere_has_paths_of_its_own(self, anchoraudit):
        make(anchoraudit.cwd, {"data/a.json": document(), "data/net.cfg": CFG, "run/x.txt": ""})
        assert anchoraudit("init", "data/a.json", "-o", "run/anchoraudit.toml").returncode == 0
        assert settings(anchoraudit.cwd / "run") == {
            "dataset": "../data/a.json",
            "detector": "../data/net.cfg",
        }
        assert scanned(anchoraudit, cwd=anchoraudit.cwd / "run")["detector"]["name"] == "net"

    def test_another_name_is_written_and_said(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": document()})
        done = anchoraudit("init", "a.json", "-o", "mine.toml")
        assert "rename it to anchoraudit.toml" in done.stdout
        assert settings(anchoraudit.cwd, "mine.toml") == {"dataset": "a.json"}

    def test_odd_names(self, anchoraudit):
        name = "\"sets\" \\ of 'cats' Ü"
        make(anchoraudit.cwd, {f"{name}/a.json": document()})
        assert anchoraudit("init", name).returncode == 0
        assert scanned(anchoraudit)["dataset"] == name

    def test_splits_are_named_in_a_comment(self, anchoraudit):
        anchoraudit("init", SAMPLE / "coco")
        assert (
            'Splits: train, val. To read one only: split = ["train"]'
            in (anchoraudit.cwd / "anchoraudit.toml").read_text()
        )


class TestRefused:
    def refused(self, anchoraudit, *words):
        done = anchoraudit("init", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        return done.stderr

    def test_a_file_that_exists(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": document(), "anchoraudit.toml": "# mine\n"})
        text = self.refused(anchoraudit, "a.json")
        assert "anchoraudit.toml: this file exists already" in text and "--force" in text
        assert (anchoraudit.cwd / "anchoraudit.toml").read_text() == "# mine\n"
        assert anchoraudit("init", "a.json", "--force").returncode == 0
        assert settings(anchoraudit.cwd) == {"dataset": "a.json"}

    @pytest.mark.parametrize("name", ["pyproject.toml", "settings.json", "settings"])
    def test_a_file_of_another_kind(self, anchoraudit, name):
        make(anchoraudit.cwd, {"a.json": document()})
        assert "a .toml file of their own" in self.refused(anchoraudit, "a.json", "-o", name, "--force")
        assert not (anchoraudit.cwd / name).exists()

    def test_the_detector_that_it_would_name(self, anchoraudit):
        shown = anchoraudit("detectors", "show", "reference").stdout
        make(anchoraudit.cwd, {"a.json": document(), "net.toml": shown})
        assert "inputs are never changed" in self.refused(anchoraudit, "a.json", "-o", "net.toml", "--force")
        assert (anchoraudit.cwd / "net.toml").read_text() == shown

    def test_no_data_set(self, anchoraudit):
        assert "no data set recognised" in self.refused(anchoraudit)
        assert "no such file or folder" in self.refused(anchoraudit, "nowhere")
        assert not (anchoraudit.cwd / "anchoraudit.toml").exists()
