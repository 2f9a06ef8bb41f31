"""`filter --certify` and `verify`: whether the data of a training are those that were judged."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import AnchorauditError, NotVerifiedError, load_detector, verify
from anchoraudit.certificates import verifying
from anchoraudit.certificates.definition import definition_sha256
from anchoraudit.certificates.document import path_for
from anchoraudit.cli import filter as command
from anchoraudit.detectors import override
from anchoraudit.formats.table import csv_file
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT, SAMPLE
from tests.test_unchanged import OTHERS, after, halves  # noqa: F401  a fixture

TINY = [1, 1, 3, 3]
# One that trains, one that does not, one that is blank.
MIXED = document([image(1), image(2), image(3)], [annotation(1), annotation(2, 2, TINY)])
TRAINING = document([image(1), image(2)], [annotation(1), annotation(2, 2)])
YOLO11 = "ultralytics-yolo11"
# A certificate of each format: what is filtered, the files, and one that its images come from.
FORMATS = {"coco": ("in.json", {"in.json": MIXED}, "in.json"), **OTHERS}
OFF = ("--allowed-border", "off")


def certified(here, content=MIXED, *options, output="clean.json"):
    make(here, {"ds/in.json": content})
    assert run("filter", "ds/in.json", "-o", output, "--certify", *options) == 0
    return json.loads((here / f"{output}.certificate.json").read_text())


def told(capsys, *args):
    capsys.readouterr()  # what was said before
    code = run("verify", *args)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def replace(path, content):
    """Write other bytes into a file; None removes it."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def rewrite(path, change):
    """Replace the certificate at `path` by what `change` makes of its content."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


class TestTheCertificate:
    def test_what_is_in_it(self, here):
        found = certified(here)
        clean = (here / "clean.json").read_bytes()
        assert found["manifest"] == {"sha256": sha256(here / "clean.json"), "bytes": len(clean)}
        assert found["counts"] == {"image_count": 1, "box_count": 1, "class_count": 1, "empty_masks": 0}
        assert found["anchoraudit"] == anchoraudit.__version__
        assert (found["dataset"], found["labels"]) == ("ds", {})
        assert found["sources"] == {"in.json": sha256(here / "ds/in.json")}
        judge = found["detector"]
        assert (judge["name"], judge["chosen"], judge["as_named"]) == ("reference", False, True)
        assert judge["sha256"] == definition_sha256(load_detector("reference"))

    @pytest.mark.parametrize("name", FORMATS)
    @pytest.mark.parametrize("output", ["clean.json", "clean.txt"])
    def test_of_every_format(self, here, capsys, name, output):
        """The counts are those of a scan, and each file of the data set is in it, with its digest."""
        root, content, _ = FORMATS[name]
        make(here, content)
        assert run("filter", root, "-o", output, "--certify", *OFF) == 0
        found = json.loads((here / f"{output}.certificate.json").read_text())
        counts = found["counts"]
        if output == "clean.json":
            scanned = anchoraudit.read("clean.json")
            assert counts["image_count"] == len(scanned.images) > 0
            assert counts["box_count"] == len(scanned.boxes)
            assert counts["class_count"] == len(scanned.categories)
        else:
            assert counts["image_count"] == len((here / output).read_text().splitlines())
        files = {**found["sources"], **found["labels"]}
        folder = here / found["dataset"]
        assert {str((folder / file).relative_to(here)) for file in files} == {
            name for name in content if not name.endswith(".png")
        }
        assert all(sha256(folder / file) == digest for file, digest in files.items())
        capsys.readouterr()
        assert told(capsys, output, "--sources", "--detector", "reference")[0] == 1  # its border is another
        assert told(capsys, output, "--sources")[0] == 0

    def test_a_table_of_several_files(self, here, capsys):
        if "parquet" not in OTHERS:
            pytest.skip("pyarrow is not installed")
        one = OTHERS["parquet"][1]["ds.parquet"]
        make(here, {"ds/train-00000-of-00002.parquet": one, "ds/train-00001-of-00002.parquet": one})
        assert run("filter", "ds", "-o", "clean.json", "--certify", *OFF) == 0
        assert len(verify("clean.json", sources=True).certificate.sources) == 2
        (here / "ds/train-00001-of-00002.parquet").write_bytes(one + b"x")
        assert "train-00001-of-00002.parquet changed" in told(capsys, "clean.json", "--sources")[2]

    @pytest.mark.usefixtures("halves")
    def test_a_source_read_on_two_cores(self, here, capsys):
        found = certified(here, {**MIXED, "more": "x" * 100_000})
        assert found["sources"] == {"in.json": sha256(here / "ds/in.json")}
        assert told(capsys, "clean.json", "--sources")[0] == 0

    def test_equal_data_give_equal_bytes(self, here):
        first = certified(here)
        text = (here / "clean.json.certificate.json").read_bytes()
        assert certified(here, MIXED, "--force") == first
        assert (here / "clean.json.certificate.json").read_bytes() == text
        assert str(here).encode() not in text

    def test_a_file_a_split(self, here, capsys):
        make(here, {f"ds/annotations/instances_{name}.json": MIXED for name in ("train", "val")})
        assert run("filter", "ds", "-o", "clean-{split}.json", "--certify") == 0
        assert told(capsys, "clean-train.json", "clean-val.json", "--sources")[0] == 0
        (here / "clean-val.json").write_text("{}")
        code, out, err = told(capsys, "clean-train.json", "clean-val.json")
        assert code == 1
        assert "clean-train.json: as certified" in out
        assert "clean-val.json: not what was certified: the manifest changed (2 bytes instead of" in err

    def test_a_name_that_is_not_unicode(self, here, capsys):
        name = os.fsdecode(b"in\xff.json")
        make(here, {name: MIXED})
        assert run("filter", name, "-o", "clean.json", "--certify") == 0
        assert told(capsys, "clean.json", "--sources")[0] == 0

    def test_through_a_link(self, here, capsys):
        """A way up is that of the folder behind a link."""
        (here / "far" / "away").mkdir(parents=True)
        (here / "link").symlink_to(here / "far" / "away")
        make(here, {"ds/in.json": MIXED})
        assert run("filter", "ds/in.json", "-o", "link/clean.json", "--certify") == 0
        assert told(capsys, "link/clean.json", "far/away/clean.json", "--sources")[0] == 0


class TestWhatIsNotCertified:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--keep-blank"], "would stay (1 blank)"),
            (["--drop", "blank"], "would stay (1 empty_foreground)"),
            (["--drop", ""], "(1 empty_foreground, 1 blank)"),
            (["--drop", "", "--detector", YOLO11], "would stay (1 blank, 1 "),  # of points
        ],
    )
    def test_images_without_foreground(self, here, capsys, options, words):
        make(here, {"in.json": MIXED})
        assert run("filter", "in.json", "-o", "clean.json", "--certify", *options) == 2
        error = capsys.readouterr().err
        assert "not certified, and nothing was written" in error
        assert words in error
        assert sorted(path.name for path in here.iterdir()) == ["in.json"]

    def test_images_of_unknown_size(self, here, capsys):
        bare = {"id": 2, "file_name": "2.jpg"}
        make(here, {"in.json": document([image(1), bare], [annotation(1), annotation(2, 2)])})
        options = ("--ignore", "IMG002")
        assert run("filter", "in.json", "-o", "clean.json", *options) == 0
        assert run("filter", "in.json", "-o", "clean.json", "--force", "--certify", *options) == 2
        assert "(1 unknown)" in capsys.readouterr().err

    def test_without_a_detector_masks_are_no_part_of_it(self, here, capsys):
        found = certified(here, MIXED, "--detector", "none")
        assert (found["detector"], found["counts"]["empty_masks"], found["counts"]["image_count"]) == (
            None,
            None,
            3,
        )
        code, out, _ = told(capsys, "clean.json")
        assert (code, "no detector judged it" in out) == (0, True)
        assert told(capsys, "clean.json", "--detector", "yolov5")[0] == 1

    def test_outputs_that_exist(self, here, capsys):
        make(here, {"in.json": MIXED, "clean.json.certificate.json": "mine"})
        assert run("filter", "in.json", "-o", "clean.json", "--certify") == 2
        assert "clean.json.certificate.json: the output exists already" in capsys.readouterr().err
        assert not (here / "clean.json").exists()
        assert run("filter", "in.json", "-o", "/dev/stdout", "--certify") == 2
        assert run("filter", "in.json", "--diff", "--certify") == 2

    @pytest.mark.parametrize("name", FORMATS)
    @pytest.mark.parametrize("output", ["clean.json", "clean.txt"])
    def test_files_that_change_after_they_were_audited(self, here, capsys, monkeypatch, name, output):
        root, content, source = FORMATS[name]
        make(here, content)
        before = (here / source).read_bytes()
        for other in (before + b"\n", before[:-1], b"", None):
            change = partial(replace, here / source, other)
            after(monkeypatch, command, "_judged", change)
            assert run("filter", root, "-o", output, "--certify", *OFF) == 2, other
            assert "changed while it was read" in capsys.readouterr().err
            assert not (here / output).exists()
            assert not (here / f"{output}.certificate.json").exists()
            monkeypatch.undo()
            monkeypatch.chdir(here)
            make(here, content)

    def test_a_format_whose_reader_records_nothing(self, here, capsys, monkeypatch):
        make(here, OTHERS["table"][1])
        monkeypatch.setattr(csv_file, "note", lambda *_: None)
        assert run("filter", "ds.csv", "-o", "clean.json", "--certify", *OFF) == 2
        assert "ds.csv: cannot be certified" in capsys.readouterr().err
        assert not (here / "clean.json").exists()

    def test_a_label_file_that_appears(self, here, capsys, monkeypatch):
        _, content, _ = OTHERS["yolo"]
        make(here, {**content, "ds/images/3.png": (960, 720)})
        after(monkeypatch, command, "_judged", lambda: make(here, {"ds/labels/3.txt": "0 0.5 0.5 0.1 0.1\n"}))
        options = ("--detector", "none", "--certify")
        assert run("filter", "ds", "-o", "clean.txt", *options) == 2
        assert "3.txt: changed while it was read: it is new" in capsys.readouterr().err


class TestVerify:
    def test_the_manifest(self, here, capsys):
        certified(here)
        assert told(capsys, "clean.json") == (
            0,
            "clean.json: as certified (manifest): 1 image, 1 box; "
            "no empty mask under reference, the default (input 960x720)\n",
            "",
        )
        assert told(capsys, "clean.json", "-q") == (0, "", "")
        (here / "ds/in.json").write_text("{}")
        assert told(capsys, "clean.json")[0] == 0  # training does not read it
        code, _, err = told(capsys, "clean.json", "--sources")
        assert (code, "1 of 1 source file: in.json changed" in err) == (1, True)
        (here / "ds/in.json").unlink()
        assert "1 of 1 source file: in.json is gone" in told(capsys, "clean.json", "--sources")[2]

    @pytest.mark.parametrize("change", [b"x", b""])
    def test_every_byte_counts(self, here, capsys, change):
        certified(here)
        text = (here / "clean.json").read_bytes()
        for at in (0, len(text) // 2, len(text) - 1):
            (here / "clean.json").write_bytes(text[:at] + change + text[at + 1 :])
            code, out, err = told(capsys, "clean.json")
            assert (code, out) == (1, "")
            assert "not what was certified: the manifest changed" in err

    @pytest.mark.parametrize("name", FORMATS)
    def test_boxes_that_a_list_of_images_does_not_hold(self, here, capsys, name):
        root, content, source = FORMATS[name]
        make(here, content)
        assert run("filter", root, "-o", "clean.txt", "--certify", *OFF) == 0
        assert told(capsys, "clean.txt")[0] == 0
        (here / source).write_bytes((here / source).read_bytes() + b"\n")
        code, _, err = told(capsys, "clean.txt")
        assert (code, f"{Path(source).name} changed" in err) == (1, True)
        (here / source).unlink()
        code, _, err = told(capsys, "clean.txt")
        assert (code, f"{Path(source).name} is gone" in err) == (1, True)

    def test_a_label_file_that_was_not_there(self, here, capsys):
        _, content, _ = OTHERS["yolo"]
        make(here, {**content, "ds/images/3.png": (960, 720)})
        assert run("filter", "ds", "-o", "clean.txt", "--detector", "none", "--certify") == 0
        assert told(capsys, "clean.txt")[0] == 0
        make(here, {"ds/labels/3.txt": "0 0.5 0.5 0.1 0.1\n"})
        assert "1 of 3 label files: labels/3.txt is new" in told(capsys, "clean.txt")[2]

    def test_moved_with_its_certificate(self, here, capsys):
        root, content, _ = OTHERS["voc"]
        make(here, content)
        for output in ("clean.json", "clean.txt"):
            assert run("filter", root, "-o", output, "--certify", *OFF) == 0
        (here / "moved").mkdir()
        for path in here.glob("clean*"):
            path.rename(here / "moved" / path.name)
        assert told(capsys, "moved/clean.json")[0] == 0
        code, _, err = told(capsys, "moved/clean.txt")
        assert (code, "the data set is not where it was" in err, "--data DIR" in err) == (2, True, True)
        assert told(capsys, "moved/clean.txt", "--data", "ds")[0] == 0
        (here / "ds").rename(here / "moved" / "ds")  # all of it, together
        assert told(capsys, "moved/clean.txt", "moved/clean.json", "--sources")[0] == 0

    def test_the_detector(self, here, capsys):
        certified(here, TRAINING, "--detector", "yolov5")
        assert told(capsys, "clean.json", "--detector", "yolov5")[0] == 0
        code, _, err = told(capsys, "clean.json", "--detector", "yolov7")
        assert (code, "yolov5 judged it, and not yolov7" in err) == (1, True)
        assert told(capsys, "clean.json", "--detector", "yolov55")[0] == 2
        certified(here, TRAINING, "--detector", "yolov5", "--input-size", "320", "--force")
        assert "yolov5 with other settings judged it" in told(capsys, "clean.json", "--detector", "yolov5")[2]

    def test_a_detector_of_a_file(self, here, capsys):
        assert run("detectors", "show", "yolov5", "-o", "mine.toml") == 0
        certified(here, TRAINING, "--detector", "mine.toml")
        assert told(capsys, "clean.json", "--detector", "mine.toml")[0] == 0
        assert told(capsys, "clean.json", "--detector", "yolov5")[0] == 0  # the same by another name
        path = here / "mine.toml"
        path.write_text(path.read_text().replace("side = 640", "side = 960"))
        code, _, err = told(capsys, "clean.json", "--detector", "mine.toml")
        assert (code, "judged it, and not mine.toml" in err) == (1, True)

    def test_a_preset_of_another_version_of_this_program(self, here, capsys, monkeypatch):
        """Its definition may be another one, so it is compared."""
        certified(here, TRAINING, "--detector", "yolov5")
        monkeypatch.setattr(verifying, "__version__", "9.9.9")
        assert told(capsys, "clean.json", "--detector", "yolov5")[0] == 0
        rewrite(here / "clean.json.certificate.json", lambda c: c["detector"].update(sha256="0" * 64))
        assert told(capsys, "clean.json", "--detector", "yolov5")[0] == 1

    def test_the_loader(self, here, capsys):
        certified(here, TRAINING, "--detector", "yolov5")
        assert told(capsys, "clean.json", "--loader", "yolov5")[0] == 0
        code, _, err = told(capsys, "clean.json", "--loader", "none")
        assert (code, "the loader was yolov5, and not none" in err) == (1, True)
        certified(here, TRAINING, "--detector", "yolov5", "--loader", "none", "--force")
        assert told(capsys, "clean.json", "--loader", "none")[0] == 0

    def test_a_manifest_of_another_format_is_trained_with_the_loader_of_that(self, here):
        make(here, OTHERS["voc"][1])
        options = ("--detector", "mmdet-retinanet_fpn", "--certify")
        for output, loader in (("clean.json", "mmdet-coco"), ("clean.txt", "mmdet-voc")):
            assert run("filter", "ds", "-o", output, *options) == 0
            assert verify(output).certificate.loader == loader

    @pytest.mark.parametrize(
        ("installed", "code"), [("", 0), ("8.4.128", 0), ("8.4.150", 0), ("8.4.100", 1), ("8.3.0", 1)]
    )
    def test_the_framework_that_is_installed(self, here, capsys, monkeypatch, installed, code):
        certified(here, TRAINING, "--detector", YOLO11)
        monkeypatch.setattr(
            verifying, "_installed", lambda package: installed if package == "ultralytics" else ""
        )
        found, _, err = told(capsys, "clean.json")
        assert found == code
        if code:
            assert (
                f"ultralytics {installed} is installed, and the rules were those of ultralytics 8.4.128"
                in err
            )

    def test_the_version_that_will_train(self, here, capsys):
        certified(here, TRAINING, "--detector", YOLO11, "--framework-version", "8.3.200")
        assert told(capsys, "clean.json", "--framework-version", "8.3.200")[0] == 0
        code, _, err = told(capsys, "clean.json", "--framework-version", "8.4.128")
        assert (code, "ultralytics 8.4.128 will train" in err) == (1, True)
        assert told(capsys, "clean.json", "--framework-version", "newest")[0] == 2
        certified(here, TRAINING, "--detector", "yolov5", "--force")
        assert told(capsys, "clean.json", "--framework-version", "7.0")[0] == 2

    def test_installed_packages_are_found(self):
        assert verifying._installed("numpy")
        assert verifying._installed("no-such-package") == ""

    def test_all_that_differs_is_told(self, here, capsys):
        certified(here)
        (here / "clean.json").write_text("{}")
        (here / "ds/in.json").write_text("{}")
        _, _, err = told(capsys, "clean.json", "--sources", "--detector", "yolov5", "--loader", "yolov5")
        for words in ("the manifest changed", "in.json changed", "and not yolov5", "the loader was none"):
            assert words in err


class TestTheLibrary:
    def test_what_it_returns(self, here):
        certified(here, TRAINING, "--detector", "yolov5")
        found = verify("clean.json", detector="yolov5", sources=True)
        assert (found.certificate.images, found.certificate.empty_masks) == (2, 0)
        assert found.checked == ("manifest", "1 source file", "detector")
        assert repr(found) == (
            "<Verified clean.json: 2 images, 2 boxes, 1 class; no empty mask under yolov5 (input longer side "
            "640, padded to a square; loader yolov5); compared: manifest, 1 source file, detector>"
        )

    def test_what_it_raises(self, here):
        certified(here)
        (here / "clean.json").write_text("{}")
        with pytest.raises(NotVerifiedError) as caught:
            verify(here / "clean.json", detector="yolov5")
        assert len(caught.value.differences) == 2
        assert isinstance(caught.value, AnchorauditError)
        (here / "clean.json").unlink()
        with pytest.raises(AnchorauditError, match="cannot be read") as caught:
            verify("clean.json")
        assert not isinstance(caught.value, NotVerifiedError)

    def test_it_imports_nothing_heavy(self, here):
        certified(here, TRAINING, "--detector", YOLO11)
        heavy = {"numpy", "pandas", "msgspec", "click", "yaml", "PIL", "rich", "sklearn"}
        code = (
            "import sys, anchoraudit\n"
            f"anchoraudit.verify('clean.json', detector='{YOLO11}', loader='ultralytics', sources=True)\n"
            f"assert not {heavy} & {{name.split('.')[0] for name in sys.modules}}"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")

    def test_definitions_that_replay_alike_are_one(self):
        own = load_detector("yolov5")
        assert definition_sha256(override(own)) == definition_sha256(own)
        for other in (override(own, input_size="320"), load_detector("yolov7")):
            assert definition_sha256(other) != definition_sha256(own)


HOSTILE = {
    "cut off": lambda text: text[: len(text) // 2],
    "empty": lambda text: b"",
    "not JSON": lambda text: b"certified",
    "not UTF-8": lambda text: text.replace(b"reference", b"\xff\xfe"),
    "a list": lambda text: b"[]",
    "null": lambda text: b"null",
    "deep": lambda text: b"[" * 100_000,
    "a long number": lambda text: text.replace(b'"bytes": ', b'"bytes": ' + b"9" * 5000),
    "not finite": lambda text: text.replace(b'"bytes": ', b'"bytes": NaN, "b": '),
    "a version to come": lambda text: text.replace(b'certificate": 1', b'certificate": 2'),
    "true for a number": lambda text: text.replace(b'"image_count": 1', b'"image_count": true'),
    "below 0": lambda text: text.replace(b'"image_count": 1', b'"image_count": -1'),
    "a digest of other letters": lambda text: text.replace(b'"sha256": "', b'"sha256": "zz'),
    "a text for a list": lambda text: text.replace(b'"labels": {}', b'"labels": "all"'),
    "a manifest": lambda text: json.dumps(MIXED).encode(),
}


class TestHostileCertificates:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_what_is_no_certificate(self, here, capsys, name):
        certified(here)
        path = here / "clean.json.certificate.json"
        broken = HOSTILE[name](path.read_bytes())
        assert broken != path.read_bytes()
        path.write_bytes(broken)
        code, out, err = told(capsys, "clean.json")
        assert (code, out) == (2, "")
        assert err.startswith("Error: clean.json.certificate.json")
        assert len(err) < 1500

    @pytest.mark.parametrize("key", ["sources", "labels"])
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("/dev/zero", 2),
            ("/dev/stdin", 2),
            ("pipe", 2),
            (".", 2),
            ("a\0b", 2),
            ("\ud800", 2),
            ("x" * 5000, 2),
            ("loop", 2),
            ("../../../../../../../../../../etc/hostname-that-is-not-there", 1),
            ("../other.json", 1),  # a file elsewhere: it is compared, and nothing of it is shown
        ],
    )
    def test_files_that_it_names(self, here, capsys, key, name, code):
        certified(here)
        make(here, {"other.json": "secret"})
        os.mkfifo(here / "ds/pipe")
        (here / "ds/loop").symlink_to("loop")
        rewrite(here / "clean.json.certificate.json", lambda c: c[key].update({name: "0" * 64}))
        found, out, err = told(capsys, "clean.json", "--sources")
        assert (found, out) == (code, "")
        assert "secret" not in err
        assert "Traceback" not in err

    @pytest.mark.parametrize("folder", ["/dev/zero", "a\0b", "\ud800", "nowhere", "x" * 5000])
    def test_the_folder_that_it_names(self, here, capsys, folder):
        certified(here)
        rewrite(here / "clean.json.certificate.json", lambda c: c.update(dataset=folder))
        assert told(capsys, "clean.json")[0] == 0
        assert told(capsys, "clean.json", "--sources")[0] == 2

    @pytest.mark.parametrize("package", ["\ud800", "../evil", "a\x1b[31m", "x" * 101])
    def test_packages_that_are_none(self, here, capsys, package):
        certified(here, TRAINING, "--detector", YOLO11)
        rewrite(here / "clean.json.certificate.json", lambda c: c["detector"].update(package=package))
        code, out, err = told(capsys, "clean.json")
        assert (code, out, "is no package" in err) == (2, "", True)

    @pytest.mark.parametrize("version", ["", "x", "8.4.0; rm"])
    def test_versions_that_are_none(self, here, capsys, version):
        certified(here, TRAINING, "--detector", YOLO11)
        rewrite(here / "clean.json.certificate.json", lambda c: c["detector"].update(since=version))
        assert told(capsys, "clean.json", "--framework-version", "8.4.130")[0] == 2

    def test_names_that_would_control_a_terminal(self, here, capsys):
        certified(here, TRAINING, "--detector", "yolov5")
        rewrite(
            here / "clean.json.certificate.json",
            lambda c: c["detector"].update(name="\x1b[31mred\n::error::"),
        )
        _, out, err = told(capsys, "clean.json")
        assert "\x1b" not in out + err
        assert out.count("\n") == 1

    @pytest.mark.parametrize("name", [".", "/", "ds", "nothing.json", "a\0b", "x" * 300])
    def test_names_of_no_manifest(self, here, capsys, name):
        make(here, {"ds/in.json": MIXED})
        code, out, _ = told(capsys, name)
        assert (code, out) == (2, "")

    def test_a_folder_with_certificates_is_read(self, here):
        """A certificate is not taken for annotations."""
        make(here, {"ds/in.json": MIXED, "out/x": ""})
        assert run("filter", "ds", "-o", "out/clean.json", "--certify") == 0
        assert run("scan", "out") == 0
        assert run("verify", "out/clean.json") == 0


def test_the_sample_data(here):
    assert run("filter", SAMPLE / "coco", "--split", "val", "-o", "clean.json", "--certify") == 0
    assert path_for(here / "clean.json").is_file()
    assert verify("clean.json", sources=True).certificate.empty_masks == 0


def sha256(path):
    done = subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True)
    return done.stdout.split()[0]
