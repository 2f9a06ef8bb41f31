"""Where settings come from: command line over file over last scan over default."""

import json
import os

import pytest

from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT

# Its IoU with the best reference anchor is 0.71: matched by default, not at 0.75.
BETWEEN = document(annotations=[annotation(bbox=[400, 360, 74, 80])])


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return make(work, {"a.json": BETWEEN, "b.json": document([image(), image(2)], [annotation()])})


@pytest.fixture
def forbid(monkeypatch):
    """Let a call of the system say of one path that there is no permission, which it never says to root."""

    def forbidden(module, name, path):
        real = getattr(module, name)

        def refusing(asked, *more, **named):
            if str(asked) == str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return real(asked, *more, **named)

        monkeypatch.setattr(module, name, refusing)

    return forbidden


class TestLayers:
    def test_default(self):
        assert run("scan", "a.json") == 0

    def test_last_scan_where_no_data_set_is_named(self, capsys):
        assert run("scan", "a.json", "--positive-iou", "0.9") == 1
        assert run("scan") == 1
        assert "using a.json --positive-iou 0.9, as in the last scan" in capsys.readouterr().err
        assert run("scan", "a.json") == 0

    @pytest.mark.parametrize(
        ("name", "table"), [("anchoraudit.toml", ""), ("pyproject.toml", "[tool.anchoraudit]\n")]
    )
    @pytest.mark.parametrize("key", ["positive-iou", "positive_iou"])
    def test_file_over_last_scan_and_command_line_over_file(self, here, name, table, key):
        assert run("scan", "a.json", "--positive-iou", "0.4") == 0
        make(here, {name: f"{table}{key} = 0.9\n"})
        assert run("scan") == 1
        assert run("scan", "--positive-iou", "0.5") == 0

    def test_file_in_a_folder_above(self, here, monkeypatch):
        make(here.parent, {"anchoraudit.toml": "positive-iou = 0.9\n"})
        assert run("scan", "a.json") == 1

    def test_own_file_before_pyproject(self, here):
        make(here, {"anchoraudit.toml": "", "pyproject.toml": "[tool.anchoraudit]\npositive-iou = 0.9\n"})
        assert run("scan", "a.json") == 0

    def test_pyproject_of_others_is_passed_over(self, here):
        for text in ("[tool.ruff]\n", "broken [", "tool = 3\n", b"\xff", "[tool]\n", 'name = "my-anchors"\n'):
            make(here, {"pyproject.toml": text})
            assert run("scan", "a.json") == 0

    @pytest.mark.parametrize("name", ["anchoraudit.toml", "pyproject.toml"])
    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda text: text + "broken [\n", "not valid TOML"),
            (lambda text: text + "fail-on = 'never'\n", "not valid TOML"),
            (lambda text: text + "fail_on = 'never'\n", "fail-on is there twice"),
            (lambda text: text + "a = '\xff'\n", "not UTF-8 text"),
            (lambda text: text.encode("utf-16"), "UTF-16"),
            (lambda text: text + "\0", "binary"),
            (lambda text: text + "#" * 5_000_001, "too many"),
            (lambda text: text + "[rules.BOX012]\niou = nan\n", "nan"),
            (lambda text: text.replace("fail-on", "fail-at"), "Did you mean fail-on?"),
            (lambda text: text.replace("warning", "warnings"), "fail-on = 'warnings' is not allowed"),
            (lambda text: text.replace('"warning"', "true"), "fail-on = true is not allowed"),
        ],
    )
    def test_one_that_cannot_be_read_is_never_as_if_it_were_absent(self, here, capsys, name, spoil, words):
        """The data have a warning: exit code 1 with the setting, 0 without it."""
        text = 'fail-on = "warning"\n'
        if name == "pyproject.toml":
            text = f"[tool.anchoraudit]\n{text}"
        make(here, {"a.json": document(annotations=[annotation(), annotation(2)]), name: text})
        assert run("scan", "a.json") == 1
        spoilt = spoil(text)
        if isinstance(spoilt, str):
            spoilt = spoilt.replace("[rules", "[tool.anchoraudit.rules" if "tool" in text else "[rules")
            spoilt = spoilt.encode("latin-1")
        make(here, {name: spoilt})
        capsys.readouterr()
        assert run("scan", "a.json") == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{name}" in err
        assert words in err

    @pytest.mark.parametrize("name", ["anchoraudit.toml", "pyproject.toml"])
    @pytest.mark.parametrize(
        "put",
        [
            lambda path: path.mkdir(),
            os.mkfifo,
            lambda path: path.symlink_to("nowhere"),
            lambda path: path.symlink_to(path),
            lambda path: path.symlink_to("a.json/x"),
        ],
        ids=["folder", "pipe", "link to nothing", "link to itself", "link through a file"],
    )
    def test_what_is_there_and_no_file_is_an_error(self, here, capsys, name, put):
        (here.parent / name).write_text('fail-on = "warning"\n')
        put(here / name)
        assert run("scan", "a.json") == 2
        assert f"{name}: cannot be read: " in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["anchoraudit.toml", "pyproject.toml"])
    @pytest.mark.parametrize("what", ["file", "folder"])
    def test_one_without_permission_is_an_error(self, here, capsys, name, what, forbid):
        if what == "file":
            make(here, {name: ""})
        forbid(os, "open" if what == "file" else "stat", here / name)
        assert run("scan", "a.json") == 2
        assert f"{name}: cannot be read: Permission denied" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("text", "table"),
        [
            ("[tool]\nanchoraudit = 3\n", "[tool.anchoraudit]"),
            ("[[tool.anchoraudit]]\nfail-on = 'warning'\n", "[[tool.anchoraudit]]"),
            ("[[tool]]\n[tool.anchoraudit]\nfail-on = 'warning'\n", "[[tool]]"),
            ("[tool.anchor-audit]\nfail-on = 'warning'\n", "[tool.anchor-audit]"),
            ("[tool.AnchorAudit]\nfail-on = 'warning'\n", "[tool.AnchorAudit]"),
            ("[anchoraudit]\nfail-on = 'warning'\n", "[anchoraudit]"),
        ],
    )
    def test_a_table_of_nearly_the_name_is_an_error(self, here, capsys, text, table):
        make(here, {"pyproject.toml": text})
        assert run("scan", "a.json") == 2
        assert f"pyproject.toml: {table} is not the table of settings" in capsys.readouterr().err

    def test_a_last_scan_that_may_not_be_looked_at_is_an_error(self, here, capsys, forbid):
        run("scan", "a.json", "--positive-iou", "0.9")
        make(here, {"anchoraudit.toml": 'dataset = "a.json"\n'})
        forbid(os, "stat", ".anchoraudit/last-scan.json")
        assert run("filter", "-o", "clean.json") == 2
        assert ".anchoraudit/last-scan.json: cannot be read: Permission denied" in capsys.readouterr().err

    def test_every_setting_has_a_place_in_the_file(self, here):
        make(here, {"sub/anchors.toml": "anchors = [[74, 80]]"})
        make(
            here,
            {
                "anchoraudit.toml": 'dataset = "a.json"\nformat = "coco"\nsplit = "a"\nunlisted = true\n'
                'voc-offset = -1\ndrop-difficult = false\ndetector = "reference"\npositive-iou = 0.9\n'
                'negative-iou = 0.2\nallowed-border = 3\ninput-size = "960x720"\nfail-on = "error"\n'
                'anchors = "sub/anchors.toml"\nallow-blank = true\n'
            },
        )
        assert run("scan") == 1
        assert run("scan", "--positive-iou", "0.5") == 0

    @pytest.mark.parametrize("value", ["640", '"640"'])
    def test_numbers_and_words_alike(self, here, value, capsys):
        make(here, {"anchoraudit.toml": f"input-size = {value}\n"})
        run("scan", "a.json", "--verbose")
        assert "longer side 640" in capsys.readouterr().out

    def test_paths_are_relative_to_the_file(self, here, monkeypatch):
        make(here, {"conf/anchors.txt": "74,80\n"})
        make(
            here,
            {"anchoraudit.toml": 'dataset = "a.json"\nanchors = "conf/anchors.txt"\npositive-iou = 0.75\n'},
        )
        monkeypatch.chdir(here / "conf")
        make(here, {"other/x": ""})
        assert run("scan") == 0
        monkeypatch.chdir(here / "other")  # where no scan was made, so that none has an influence
        make(here, {"anchoraudit.toml": 'dataset = "a.json"\npositive-iou = 0.75\n'})
        assert run("scan") == 1

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [  # what is broken is found, and refused for what it is: not looked for in the wrong folder
            ("own.cfg", "[net]\nwidth=608\n", "../own.cfg"),
            ("conf/own.toml", None, "detector  reference:"),
            ("own", None, "../own: unknown kind of detector file"),
            ("yolov5", None, "detector  yolov5:"),
        ],
    )
    def test_a_detector_of_any_kind_is_relative_to_the_file(
        self, here, monkeypatch, capsys, name, text, said
    ):
        preset = (ROOT / "anchoraudit/detectors/presets/reference.toml").read_text()
        if name != "yolov5":
            make(here, {name: preset if text is None else text})
        make(here, {"anchoraudit.toml": f'dataset = "a.json"\ndetector = "{name}"\n', "below/x": ""})
        monkeypatch.chdir(here / "below")
        run("scan", "--verbose")
        shown = capsys.readouterr()
        assert said in shown.out + shown.err

    @pytest.mark.parametrize("value", ["5", '["cat", "dog"]', "{}"])
    @pytest.mark.parametrize("key", ["classes", "class-rules", "box-convention"])
    def test_a_text_of_another_type(self, here, capsys, key, value):
        make(here, {"anchoraudit.toml": f"{key} = {value}\n"})
        assert run("scan", "a.json") == 2
        error = capsys.readouterr().err
        assert f"anchoraudit.toml: {key} = {value} is not allowed".replace('"', "'") in error
        assert ("Allowed: the path of a file that lists the classes" in error) == (key == "classes")

    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ('allow-blank = "yes"', "allow-blank = 'yes' is not allowed\n  Allowed: true or false."),
            (
                'fail-on = "eror"',
                'fail-on = \'eror\' is not allowed\n  Allowed: "error", "warning", "never".',
            ),
            ('positive-iou = "a"', "positive-iou = 'a' is not allowed\n  Allowed: a number."),
            ('format = "coc"', "format = 'coc' is not allowed\n  Did you mean coco? Allowed: auto, "),
            (
                'loader = "mdet-coco"',
                "loader = 'mdet-coco' is not allowed\n  Did you mean mmdet-coco? Allowed: ",
            ),
            (
                'class-rules = "yolo5"',
                "class-rules = 'yolo5' is not allowed\n  Did you mean yolov5? Allowed: ",
            ),
            ("split = [1]", "split = [1] is not allowed\n  Allowed: a list of texts in quotes."),
            ("input-size = true", "input-size = true is not allowed\n  Allowed: pixels, such as 640, or"),
            (
                'detektor = "yolov5"',
                "unknown setting 'detektor'\n  Did you mean detector? Allowed: dataset, ",
            ),
        ],
    )
    @pytest.mark.parametrize("file", ["anchoraudit.toml", "pyproject.toml"])
    def test_errors_say_key_value_and_what_is_allowed(self, here, capsys, file, setting, said):
        head = "[tool.anchoraudit]\n" if file == "pyproject.toml" else ""
        make(here, {file: f"{head}{setting}\n"})
        assert run("scan", "a.json") == 2
        assert f"{file}: {said}" in capsys.readouterr().err

    def test_only_what_a_command_takes_is_said_to_be_used(self, here, capsys):
        make(here, {"anchoraudit.toml": "[rules]\n"})
        run("scan", "a.json", "-q", "--limit", "0")
        run("scan", "a.json")
        assert "using" not in capsys.readouterr().err
        make(here, {"names.txt": "cat\n"})
        make(
            here, {"anchoraudit.toml": 'classes = "names.txt"\nunlisted = false\n[rules.BOX012]\niou = 0.9\n'}
        )
        run("scan", "a.json")
        assert (
            capsys.readouterr().err
        ) == "using --classes names.txt, unlisted = false, [rules], as in anchoraudit.toml\n"
        run("compare", "a.json", "--detector", "yolov5")
        assert capsys.readouterr().err == "using unlisted = false, as in anchoraudit.toml\n"

    def test_a_data_set_in_the_file_keeps_the_options_of_the_scan(self, here):
        make(here, {"anchoraudit.toml": 'dataset = "a.json"\n'})
        assert run("scan", "--positive-iou", "0.9") == 1
        assert run("filter", "-o", "clean.json") == 2  # what that scan said of the image still holds


class TestBroken:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("positive_io = 0.3\n", "Did you mean positive-iou?"),
            ("bogus = 1\n", "unknown setting 'bogus'"),
            ("broken [", "line 1"),
            ("positive-iou = 'x'\n", "positive-iou"),
            ("positive-iou = 7.0\n", "positive threshold is 7"),
            ("dataset = 3\n", "dataset"),
            ("format = 'bogus'\n", "bogus"),
            ("fail-on = 'bogus'\n", "bogus"),
            ("split = 3\n", "split"),
            ("input-size = 1000000\n", "1000000"),
            ("a = " + "[" * 5000, "anchoraudit.toml"),
            (b"a = '\xff'\n", "anchoraudit.toml"),
        ],
    )
    def test_settings_file(self, here, capsys, text, words):
        make(here, {"anchoraudit.toml": text})
        assert run("scan", "a.json") == 2
        error = capsys.readouterr().err
        assert words in error
        assert "internal error" not in error

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'{"dataset": 3}',
            b'{"dataset": "a.json", "x": 1}',
            b'{"dataset": "\xff"}',
            b"[" * 100_000,
            b'{"dataset": "a.json", "x": ' + b"[" * 100_000,
        ],
    )
    def test_last_scan(self, here, capsys, text):
        make(here, {".anchoraudit/last-scan.json": text})
        for command in (["scan"], ["cluster", "--k", "1"], ["filter", "-o", "x.json"], ["explain", "1"]):
            assert run(*command) == 2
            error = capsys.readouterr().err
            assert "last-scan.json" in error
            assert "internal error" not in error
        assert run("scan", "a.json") == 0  # a named data set needs no record, and mends it
        assert run("scan") == 0

    def test_no_last_scan(self, capsys):
        for command in (["scan"], ["cluster", "--k", "1"], ["filter", "-o", "x.json"], ["explain", "1"]):
            assert run(*command) == 2
            assert "no data set named" in capsys.readouterr().err

    def test_an_empty_name_is_not_the_working_directory(self, capsys):
        assert run("scan", "") == 2
        assert run("cluster", "", "--k", "1") == 2


class TestRecord:
    def test_holds_settings_and_no_data(self, here):
        run("scan", "a.json", "--positive-iou", "0.9", "--split", "a")
        recorded = json.loads((here / ".anchoraudit/last-scan.json").read_text())
        assert recorded == {"dataset": "a.json", "positive-iou": 0.9, "split": ["a"]}
        assert (here / ".anchoraudit/.gitignore").read_text() == "*\n"

    def test_a_scan_that_fails_leaves_the_record_alone(self, here):
        run("scan", "a.json")
        assert run("scan", "nothing.json") == 2
        assert run("scan", "b.json", "--positive-iou", "7") == 2
        assert json.loads((here / ".anchoraudit/last-scan.json").read_text()) == {"dataset": "a.json"}

    @pytest.mark.parametrize("obstacle", [".anchoraudit", ".anchoraudit/last-scan.json/x"])
    def test_a_scan_that_cannot_be_recorded_is_no_failure(self, here, capsys, obstacle):
        make(here, {obstacle: "in the way"})
        assert run("scan", "a.json") == 0
        assert "could not be recorded" in capsys.readouterr().err
        assert run("scan", "a.json", "-q") == 0

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_in_a_working_directory_that_cannot_be_written(self, here, capsys, monkeypatch):
        locked = here / "locked"
        locked.mkdir(mode=0o500)
        monkeypatch.chdir(locked)
        assert run("scan", here / "a.json") == 0
        assert "could not be recorded" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "record",
        ["", "[]", "{", '{"dataset": 1}', '{"fail-on": "\\ud800"}', '{"loaded": 1}', "[" * 100_000, b"\xff"],
    )
    def test_what_is_no_record_is_named(self, here, capsys, record):
        make(here, {".anchoraudit/last-scan.json": record})
        assert run("cluster", "--k", "1") == 2
        assert ".anchoraudit/last-scan.json: not a record of a scan (" in capsys.readouterr().err

    def test_a_folder_whose_name_is_not_utf_8(self, here, capsys):
        make(here, {"ds/annotations/instances_a.json": BETWEEN})
        (here / "ds").rename(here / "d\udcff")
        assert run("scan", "d\udcff") == 0
        assert run("filter", "-o", "clean.json") == 0
