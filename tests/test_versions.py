"""The framework's version is part of the rule: which one holds, who chose it, and what is said of it."""

import importlib.metadata
import itertools

import pytest

from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.at_version import _of_rule, installed, said, with_strides
from anchoraudit.detectors.spec import Versions
from anchoraudit.detectors.toml_text import from_toml, to_toml
from anchoraudit.detectors.versions import key_of
from anchoraudit.errors import AnchorauditError
from tests.builders import annotation, document, make, run

RULE = "ultralytics-yolo11"


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    install(monkeypatch, None)


def install(monkeypatch, version):
    """Let the package `ultralytics` be installed in this version; None: not at all."""

    def answer(package):
        if version is None or package != "ultralytics":
            raise importlib.metadata.PackageNotFoundError(package)
        return version

    monkeypatch.setattr(importlib.metadata, "version", answer)


def refused(name, version):
    with pytest.raises(AnchorauditError) as caught:
        load_detector(name, framework_version=version)
    assert caught.value.remedy
    return str(caught.value)


def floor(detector):
    return detector.match.narrow_below, detector.match.widened_to


class TestRules:
    @pytest.mark.parametrize(
        ("version", "name", "sides", "whole"),
        [
            ("8.0.100", "ultralytics-yolo11-8.3.36", (0, 0), False),
            ("8.3.36", "ultralytics-yolo11-8.3.36", (0, 0), False),
            ("8.3.37", "ultralytics-yolo11-8.3", (0, 0), True),
            ("8.3.120", "ultralytics-yolo11-8.3", (0, 0), True),
            ("8.3.253", "ultralytics-yolo11-8.3", (0, 0), True),
            ("8.4.0", "ultralytics-yolo11-8.4.0", (8, 16), True),
            ("8.4.51", "ultralytics-yolo11-8.4.0", (8, 16), True),
            ("8.4.52", "ultralytics-yolo11-8.4.52", (8, 16), False),
            ("8.4.127", "ultralytics-yolo11-8.4.52", (8, 16), False),
            ("8.4.128", "ultralytics-yolo11", (16, 16), False),
            ("8.4.190", "ultralytics-yolo11", (16, 16), False),
            ("8.5", "ultralytics-yolo11", (16, 16), False),
        ],
    )
    @pytest.mark.parametrize("preset", ["ultralytics-yolo11", "ultralytics-yolo11-8.3"])
    def test_of_each_version_of_ultralytics(self, preset, version, name, sides, whole):
        detector = load_detector(preset, framework_version=version)
        assert detector.name == name
        assert floor(detector) == sides
        assert detector.resize.whole_padding == whole
        assert (detector.versions.version, detector.versions.chosen) == (version, "given")
        own = load_detector(name)
        for block in ("resize", "points", "match", "loss", "labels", "loader", "framework"):
            assert getattr(detector, block) == getattr(own, block)

    def test_strides_stay_and_the_floor_follows_them(self):
        # In 8.4.0 a side below the first stride becomes the second; from 8.4.128 on, one below the second.
        for preset, first, second in [("ultralytics-yolo26-p2", 4, 8), ("ultralytics-yolo26-p6", 8, 16)]:
            old = load_detector(preset, framework_version="8.4.10")
            assert floor(old) == (first, second)
            assert old.points == load_detector(preset).points
            assert old.loader == load_detector("ultralytics-yolo11-8.4.0").loader
            assert floor(load_detector(preset, framework_version="8.4.190")) == (second, second)

    def test_a_head_of_one_level_has_its_stride_only(self):
        assert floor(with_strides(load_detector(RULE), (32.0,))) == (32, 32)

    def test_no_version_is_left_out(self):
        rules = [rule.versions for rule in _of_rule(RULE)]
        starts = sorted({key_of(rule.since) for rule in rules})
        for start, following in itertools.pairwise(starts):
            (until,) = {key_of(rule.until) for rule in rules if key_of(rule.since) == start}
            assert start <= until < following
        assert not next(rule for rule in reversed(rules)).until

    def test_presets_with_versions_name_a_preset_as_their_rule(self):
        for name in preset_names():
            versions = load_detector(name).versions
            assert not versions.rule or load_detector(versions.rule).versions.package == versions.package


class TestRefused:
    def test_a_version_before_the_detector_was_there(self):
        error = refused("ultralytics-yolo26", "8.3.253")
        assert "ultralytics 8.3.253 has no ultralytics-yolo26: it came with 8.4.0" in error

    def test_a_version_with_rules_of_its_own(self):
        error = refused(RULE, "8.0.0")
        assert "ultralytics 8.0.0 has other rules, which are not replayed" in error
        assert "contest" in error
        assert (
            "ultralytics 8.0.100 to 8.3.36, ultralytics 8.3.37 to 8.3.253, ultralytics 8.4.0 to 8.4.51"
            in error
        )

    @pytest.mark.parametrize("version", ["", "new", "8.x", "8.3.1.2.3", "-1", "8.3.120\n8", "9" * 40])
    def test_what_is_no_version(self, version):
        assert "is not a version of ultralytics" in refused(RULE, version)

    @pytest.mark.parametrize("name", ["reference", "torchvision-fcos_resnet50_fpn"])
    def test_a_detector_without_versions(self, name):
        error = refused(name, "8.3.120")
        assert f"{name} does not depend on a framework's version" in error
        assert "Omit --framework-version, or name a detector of ultralytics" in error


class TestNewer:
    def test_than_what_was_read(self):
        assert (
            "ultralytics 8.5 is newer than 8.4.190" in load_detector(RULE, framework_version="8.5").notes[-1]
        )
        assert not any(
            "newer than" in note for note in load_detector(RULE, framework_version="8.4.190").notes
        )

    def test_a_detector_of_ones_own(self, tmp_path):
        text = to_toml(load_detector(RULE))
        path = tmp_path / "mine.toml"
        path.write_text(text.replace('since = "8.4.128"', 'since = "8.4.150"'))
        assert load_detector(path, framework_version="8.4.160").match == load_detector(RULE).match
        with pytest.raises(AnchorauditError, match="no rules of ultralytics begin with version 8\\.4\\.150"):
            load_detector(path, framework_version="8.3.120")
        path.write_text(text.replace('rule = "ultralytics-yolo11"', 'rule = "mine"'))
        with pytest.raises(AnchorauditError, match="has other rules, which are not replayed"):
            load_detector(path, framework_version="8.3.120")


class TestDefault:
    def test_the_newest_where_none_is_installed(self):
        detector = load_detector("yolo11n.pt")
        assert detector.versions.chosen == "newest"
        assert floor(detector) == (16, 16)
        assert said(detector) == (
            "ultralytics 8.4.128 and later judged: it is not installed here; --framework-version chooses."
        )

    @pytest.mark.parametrize(
        "version", ["8.3.120", "8.3.120.dev1", "v8.3.120", "8.3.120+cu126", "8.3.120rc1"]
    )
    def test_the_installed_one(self, monkeypatch, version):
        install(monkeypatch, version)
        detector = load_detector("yolo11n.pt")
        assert (detector.name, floor(detector), detector.loader) == ("yolo11n", (0, 0), "ultralytics-8.3")
        assert said(detector) == (
            f"ultralytics {version} judged, as installed here; --framework-version chooses another."
        )

    def test_the_given_one_over_the_installed(self, monkeypatch):
        install(monkeypatch, "8.0.0")  # with rules of its own
        detector = load_detector("yolo11n.pt", framework_version="8.4.10")
        assert floor(detector) == (8, 16)
        assert said(detector) == ""
        with pytest.raises(AnchorauditError, match="has other rules, which are not replayed"):
            load_detector("yolo11n.pt")

    def test_presets_mean_what_their_names_say(self, monkeypatch):
        for version in (None, "8.3.120", "8.4.190", "nonsense"):
            install(monkeypatch, version)
            assert floor(load_detector(RULE)) == (16, 16)
        assert said(load_detector(RULE)) == ""
        install(monkeypatch, "8.3.120")
        assert said(load_detector("ultralytics-yolo11-8.3")) == ""
        assert said(load_detector(RULE)) == (
            "ultralytics 8.4.128 and later judged, as ultralytics-yolo11 means; installed here is 8.3.120: "
            "--framework-version 8.3.120 chooses it."
        )

    def test_a_broken_installation_counts_as_none(self, monkeypatch):
        install(monkeypatch, "nonsense")
        assert installed("ultralytics") == ""
        assert load_detector("yolo11n.pt").versions.chosen == "newest"

    def test_nothing_is_said_where_no_rule_changed(self):
        assert said(load_detector("rtdetr-l.pt")) == ""
        assert said(load_detector("reference")) == ""


class TestBlock:
    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"since": "8"}, "without a package"),
            ({"package": "a"}, "need since and rule"),
            ({"package": "a", "since": "x", "rule": "r"}, "since is 'x', which is not a version"),
            ({"package": "a", "since": "8", "until": "7", "rule": "r"}, "until is 7, before since, 8"),
        ],
    )
    def test_what_is_wrong(self, keys, message):
        with pytest.raises(ValueError, match=message):
            Versions(**keys)

    def test_order(self):
        assert key_of("8.4.128") > key_of("8.4.52") > key_of("8.4") == key_of("8.4.0")

    @pytest.mark.parametrize("name", ["yolo11n.pt", "ultralytics-yolo26-p2"])
    def test_toml_there_and_back(self, tmp_path, name):
        detector = load_detector(name, framework_version="8.4.10")
        path = tmp_path / "mine.toml"
        path.write_text(to_toml(detector))
        assert from_toml(path.read_text(), path) == detector == load_detector(path)
        assert floor(load_detector(path, framework_version="8.4.130")) != floor(detector)


class TestCommandLine:
    @pytest.fixture
    def data(self, tmp_path, monkeypatch):
        work = tmp_path / "work"
        work.mkdir()
        monkeypatch.chdir(work)
        image = {"id": 1, "file_name": "a.jpg", "width": 640, "height": 640}
        return make(work, {"a.json": document([image], [annotation(bbox=[37, 29, 5, 5])])})

    def test_scan_chooses_and_records_it(self, data, capsys):
        assert run("scan", "a.json", "--detector", "yolo11n.yaml") == 0
        out = capsys.readouterr().out
        assert "ultralytics 8.4.128 and later judged: it is not installed here;" in " ".join(out.split())
        assert run("scan", "a.json", "--detector", "yolo11n.yaml", "--framework-version", "8.3.120") == 1
        assert "not installed here" not in capsys.readouterr().out
        assert run("scan") == 1
        assert "--framework-version 8.3.120" in capsys.readouterr().err
        assert run("scan", "a.json", "--detector", RULE, "--framework-version", "8.3.120", "-v") == 1
        assert "detector  ultralytics-yolo11-8.3:" in capsys.readouterr().out

    def test_the_line_is_in_every_form_for_people(self, data, capsys):
        for option in (["-q"], ["--output-format", "markdown"], []):
            run("scan", "a.json", "--detector", "yolo11n.yaml", *option)
            assert "ultralytics 8.4.128 and later judged" in capsys.readouterr().out

    def test_another_detector_leaves_the_version_of_the_last_scan(self, data, capsys):
        assert run("scan", "a.json", "--detector", "yolo11n.pt", "--framework-version", "8.3.120") == 1
        assert run("scan", "--detector", "yolov5") == 0
        assert run("scan") == 0
        assert "--framework-version" not in capsys.readouterr().err.splitlines()[-1]

    @pytest.mark.parametrize("value", ['"8.3.120"', "8.3"])
    def test_settings_file(self, data, value):
        make(data, {"anchoraudit.toml": f'detector = "yolo11n.yaml"\nframework-version = {value}\n'})
        assert run("scan", "a.json") == 1
        assert run("scan", "a.json", "--framework-version", "8.4.190") == 0

    def test_a_settings_file_elsewhere_keeps_the_name(self, data, monkeypatch):
        make(data, {"anchoraudit.toml": 'detector = "yolo11n.yaml"\n'})
        (data / "deeper").mkdir()
        monkeypatch.chdir(data / "deeper")
        assert run("scan", "../a.json") == 0

    def test_filter_and_show(self, data, capsys):
        assert run("filter", "a.json", "-o", "b.json", "--detector", "yolo11n.pt") == 0
        assert run("detectors", "show", "yolo11n.pt", "--framework-version", "8.4.60") == 0
        assert 'version = "8.4.60"' in capsys.readouterr().out
        assert run("detectors", "show", RULE, "--framework-version", "8.3.90") == 0
        assert 'name = "ultralytics-yolo11-8.3"' in capsys.readouterr().out

    def test_compare(self, data, capsys):
        names = ["--detector", "yolo11n.pt", "--detector", "yolov5"]
        assert run("compare", "a.json", *names) == 0
        assert "note: yolo11n.pt: ultralytics 8.4.128 and later judged" in capsys.readouterr().err
        assert run("compare", "a.json", *names, "--framework-version", "8.3.120") == 0
        assert "note: yolo11n.pt" not in capsys.readouterr().err
        assert run("compare", "a.json", "--framework-version", "8.3.120") == 2
        assert "names" in capsys.readouterr().err
        assert run("compare", "a.json", "--detector", "yolov5", "--framework-version", "8.3.120") == 2
        assert "yolov5 does not depend on a framework's version" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["reference", "none"])
    def test_a_detector_without_versions(self, data, capsys, name):
        assert run("scan", "a.json", "--detector", name, "--framework-version", "8.3.120") == 2
        assert "--framework-version" in capsys.readouterr().err
