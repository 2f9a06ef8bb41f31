"""`anchoraudit scan`: verdicts, exit codes, JSON, options that must have an effect, and odd terminals."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import anchoraudit as library
from anchoraudit.anchors.file import format_anchors
from tests.builders import GOOD, annotation, document, image, make, run
from tests.conftest import ROOT, SAMPLE
from tests.forks import in_another_process
from tests.test_sample_data import SCENES

VERDICTS = {
    *("ok", "forced_only", "empty_foreground", "blank", "no_usable_box", "encoder_error", "left_out"),
    "unknown",
}
CAUSES = {"edge", "stride", "level", "unused", "small", "large", "elongated"}
TINY = [1, 1, 3, 3]
BAD = document([image(1), image(2)], [annotation(1), annotation(2, 2, TINY)])
OF_SAMPLES = Counter(scene.verdict for scene in SCENES)


def report(capsys, *args):
    """Exit code and JSON of a scan."""
    capsys.readouterr()
    code = run("scan", *args, "--output-format", "json")
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["voc", "coco"])
class TestSampleData:
    def test_every_image_gets_its_verdict_and_cause(self, anchoraudit, kind):
        result = anchoraudit("scan", SAMPLE / kind, "--output-format", "json")
        assert (result.returncode, result.stderr) == (1, "")
        found = json.loads(result.stdout)
        got = {Path(f["file_name"]).stem: (f["split"], f["verdict"], f["cause"]) for f in found["flagged"]}
        assert got == {s.stem: (s.split, s.verdict, s.cause) for s in SCENES if s.verdict != "ok"}
        assert found["summary"]["verdicts"] == {v: OF_SAMPLES[v] for v in VERDICTS}

    def test_the_text_names_every_flagged_image(self, anchoraudit, kind):
        result = anchoraudit("scan", SAMPLE / kind, "--limit", "30")
        assert (result.returncode, result.stderr) == (1, "")
        for scene in SCENES:
            assert (f"{scene.stem}.jpg" in result.stdout) == (scene.verdict != "ok")
        assert "19 of 26 images would train without foreground" in result.stdout


class TestJson:
    def test_keys_and_sums(self, anchoraudit):
        result = anchoraudit("scan", SAMPLE / "coco", "--output-format", "json")
        summary = json.loads(result.stdout)["summary"]
        statuses = ["matched", "possible", "forced", "borrowed", "shadowed", "unmatched"]
        numbers = ["images", "boxes", "usable", *statuses]
        splits = summary.pop("splits")
        by_class, by_level = summary.pop("by_class"), summary.pop("by_level")
        assert sum(part["unmatched"] for part in by_class) == summary["unmatched"]
        assert sum(part["boxes"] for part in by_level) >= summary["matched"]
        assert list(splits) == ["train", "val"]
        for part in (summary, *splits.values()):
            assert list(part) == [*numbers, "lost", "verdicts", "causes"]
            assert 0 <= part["lost"] <= part["usable"]
            assert set(part["verdicts"]) == VERDICTS
            assert set(part["causes"]) == CAUSES
            assert sum(part["verdicts"].values()) == part["images"]
            assert sum(part[name] for name in statuses) == part["usable"]
            assert sum(part["causes"].values()) == part["unmatched"]
        for name in numbers:
            assert sum(part[name] for part in splits.values()) == summary[name]
        for name in ("verdicts", "causes"):
            assert sum((Counter(part[name]) for part in splits.values()), Counter()) == +Counter(
                summary[name]
            )

    def test_limit(self, here, capsys):
        make(here, {"a.json": document([image(i) for i in range(30)], [annotation()])})
        assert len(report(capsys, "a.json")[1]["flagged"]) == 29
        assert len(report(capsys, "a.json", "--limit", 3)[1]["flagged"]) == 3
        options = ("--ignore", "SET007", "--verbose")
        run("scan", "a.json", *options)
        assert capsys.readouterr().out.count("no annotation") == 21  # 20 images, and what blank means
        run("scan", "a.json", *options, "--limit", 2)
        text = capsys.readouterr().out
        assert text.count("no annotation") == 3
        assert "27 more flagged images" in text
        run("scan", "a.json", "--ignore", "SET007")
        text = capsys.readouterr().out
        assert "worst images (5 of 29)" in text and text.count("no annotation") == 5
        assert "--limit 29: all flagged images." in text
        run("scan", "a.json", "--ignore", "SET007", "--limit", 2)
        assert capsys.readouterr().out.count("no annotation") == 2

    def test_a_finding_points_to_a_list_only_if_it_is_printed(self, here, capsys):
        make(here, {"a.json": document([image(1)], [annotation(bbox=[5, 5, 20, 20])])})
        detector = ("--detector", "torchvision-fasterrcnn_resnet50_fpn", "--allowed-border", "0")
        run("scan", "a.json", *detector, "--select", "ANC003", "--verbose")
        text = " ".join(capsys.readouterr().out.split())
        assert "only by forced matches: image 1" in text and "flagged" not in text
        make(here, {"a.json": BAD})
        run("scan", "a.json", "--select", "ANC001,ANC002,ANC008", "--verbose")
        assert "listed below" in capsys.readouterr().out
        run("scan", "a.json", "--select", "ANC001,ANC002,ANC008", "--verbose", "--limit", 0)
        assert "listed below" not in capsys.readouterr().out

    def test_into_a_file(self, here, capsys):
        make(here, {"a.json": BAD})
        assert run("scan", "a.json", "--output-format", "json", "-o", "report.json") == 1
        assert capsys.readouterr() == ("", "")
        assert json.loads((here / "report.json").read_text())["summary"]["images"] == 2

    def test_quiet_is_one_line(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": BAD})
        result = anchoraudit("scan", "a.json", "-q")
        assert result.returncode == 1
        line = "1 of 2 images would train without foreground (50.0 %) under reference"
        assert (result.stdout, result.stderr) == (f"{line} (no --detector given)\n", "")
        assert anchoraudit("scan", "a.json", "-q", "--detector", "reference").stdout == f"{line}\n"


class TestExitCodes:
    @pytest.mark.parametrize(
        ("content", "options", "code"),
        [
            (document(), [], 0),
            (BAD, [], 1),
            (BAD, ["--exit-zero"], 0),
            (BAD, ["--fail-on", "never"], 0),
            (document([image(), image(2)]), [], 1),
            (document([image(), image(2)]), ["--allow-blank"], 0),
            (BAD, ["--allow-blank"], 1),
            (document(annotations=[annotation(), annotation(2, bbox=[1, 1, 0, 0])]), [], 0),
            (
                document(annotations=[annotation(), annotation(2, bbox=[1, 1, 0, 0])]),
                ["--fail-on", "warning"],
                1,
            ),
            (document(annotations=[annotation(), annotation(2, bbox=[float("nan")] * 4)]), [], 1),
            (
                document(annotations=[annotation(), annotation(2, bbox=[float("nan")] * 4)]),
                ["--exit-zero"],
                0,
            ),
            (document([]), [], 1),
            ("no JSON", [], 2),
            ("no JSON", ["--exit-zero"], 2),
        ],
    )
    def test_say_what_was_found(self, here, content, options, code):
        make(here, {"a.json": content})
        assert run("scan", "a.json", *options) == code

    def test_as_a_guard(self, anchoraudit):
        make(anchoraudit.cwd, {"good.json": document(), "bad.json": BAD})
        assert [anchoraudit("scan", f"{name}.json", "-q").returncode for name in ("good", "bad")] == [0, 1]


class TestOptions:
    """Each changes what it says, and the dense encoder agrees."""

    @pytest.mark.parametrize(
        ("bbox", "options", "changes"),
        [
            ([400, 360, 74, 80], ["--positive-iou", "0.9"], {"positive_iou": 0.9}),
            ([0, 300, 20, 149], ["--allowed-border", "off"], {"allowed_border": "off"}),
            ([0, 300, 20, 149], ["--allowed-border", "30"], {"allowed_border": 30.0}),
            ([400, 360, 30, 60], ["--input-size", "1920"], {"input_size": "1920"}),
            ([400, 360, 30, 60], ["--input-size", "1920x1440"], {"input_size": "1920x1440"}),
            ([403, 354, 10, 12], ["--anchors", "anchors.toml"], {"shapes": [(10.0, 12.0), (16.0, 16.0)]}),
        ],
    )
    def test_the_verdict_turns(self, here, capsys, bbox, options, changes):
        make(here, {"a.json": document(annotations=[annotation(bbox=bbox)])})
        (here / "anchors.toml").write_text(format_anchors([(10, 12), (16, 16)], ".toml"))
        x, y, w, h = bbox
        seen = []
        for detector, words in (
            (library.load_detector(), []),
            (library.detectors.override(library.load_detector(), **changes), options),
        ):
            mask = library.encode([[x, y, x + w, y + h]], 960, 720, detector)[2]
            _, found = report(capsys, "a.json", *words)
            assert found["summary"]["verdicts"]["ok"] == int((mask == 1).any())
            seen.append(found["summary"]["verdicts"]["ok"])
        assert sorted(seen) == [0, 1]

    def test_negative_iou_moves_the_ignored(self, here, capsys):
        make(here, {"a.json": document()})
        for value in (None, 0.0, 0.3):
            options = [] if value is None else ["--negative-iou", value]
            detector = library.detectors.override(library.load_detector(), negative_iou=value)
            mask = library.encode([[400, 360, 474, 509]], 960, 720, detector)[2]
            run("scan", "a.json", "--counts", "--export-images", "i.csv", *options)
            header, row = (here / "i.csv").read_text().splitlines()
            cells = dict(zip(header.split(","), row.split(","), strict=True))
            counted = [int(cells[name]) for name in ("positives", "negatives", "ignored")]
            assert counted == [int((mask == label).sum()) for label in (1, -1, 0)]

    def test_drop_difficult(self, here, capsys):
        make(here, {"a.json": document(annotations=[annotation(difficult=1)])})
        assert report(capsys, "a.json")[1]["summary"]["usable"] == 1
        assert report(capsys, "a.json", "--drop-difficult")[1]["not_usable"] == {"difficult": 1}

    def test_splits(self, here, capsys):
        make(
            here,
            {
                f"ds/annotations/instances_{name}.json": document([image(i)], [annotation(i, i)])
                for i, name in enumerate(("train", "val", "test"))
            },
        )
        for words, expected in (
            (["--split", "val"], ["val"]),
            (["--split", "val", "--split", "train", "--split", "val"], ["train", "val"]),
            ([], ["test", "train", "val"]),
        ):
            assert sorted(report(capsys, "ds", *words)[1]["summary"]["splits"]) == expected
        assert run("scan", "ds", "--split", "vall") == 2
        assert "val" in capsys.readouterr().err

    def test_voc_offset_and_format(self, capsys, here):
        code, found = report(capsys, SAMPLE / "voc", "--voc-offset", "-1,-1,0,0", "--format", "voc")
        assert (code, found["format"]) == (1, "voc")
        assert run("scan", SAMPLE / "voc", "--format", "coco") == 2
        assert "no data set recognised" in capsys.readouterr().err


class TestCounts:
    @pytest.mark.parametrize("options", [[], ["--input-size", "640", "--allowed-border", "off"]])
    def test_equal_the_dense_encoder(self, here, options):
        run("scan", SAMPLE / "coco", "--counts", "--export-images", "i.csv", *options)
        pandas = pytest.importorskip("pandas")
        table = pandas.read_csv(here / "i.csv").set_index("image_id")
        changes = {"input_size": "640", "allowed_border": "off"} if options else {}
        detector = library.detectors.override(library.load_detector(), **changes)
        result = library.audit(SAMPLE / "coco", detector)
        images = result.dataset.images
        for i, identity in enumerate(images.ids):
            row = table.loc[identity]
            if np.isnan(images.width[i]):
                assert row[["positives", "negatives", "ignored"]].isna().all()
                continue
            own = (result.dataset.boxes.image == i) & result.labels.usable
            corners = np.clip(result.dataset.boxes.xyxy[own], 0, [*(images.width[i], images.height[i])] * 2)
            mask = library.encode(corners, images.width[i], images.height[i], detector)[2]
            assert row["positives"] == (mask == 1).sum()
            assert row["negatives"] == (mask == -1).sum()
            assert row["ignored"] == (mask == 0).sum()
            assert row["foreground"] == (mask == 1).any()


ESCAPE = "\x1b[31m"
HOSTILE = document(
    [image(f"{ESCAPE}id\n", file_name=f"{ESCAPE}name\x07\u202e.jpg"), image("plain")],
    [annotation(1, f"{ESCAPE}id\n", TINY), annotation(2, "plain", [3, 3, 0, 5])],
    categories=[{"id": 1, "name": f"{ESCAPE}cat"}],
)


class TestTerminals:
    @pytest.mark.parametrize(
        "args",
        [
            ["scan", "a.json"],
            ["scan", "a.json", "--output-format", "json"],
            ["filter", "a.json", "-o", "out.json", "--drop", "blank"],
            ["explain", f"{ESCAPE}id\n", "a.json"],
            ["explain", f"{ESCAPE}nobody", "a.json"],
            ["cluster", "a.json", "--k", "1"],
            ["cluster", f"{ESCAPE}.json", "--k", "1"],
            ["scan", f"{ESCAPE}.json"],
        ],
    )
    def test_control_characters_of_the_data_are_printed_escaped(self, here, capsys, args):
        make(here, {"a.json": HOSTILE, f"{ESCAPE}.json": HOSTILE})
        assert run(*args) in (0, 1, 2)
        out, err = capsys.readouterr()
        assert out + err
        for character in ("\x1b", "\x07") if "json" in args else ("\x1b", "\x07", "\u202e"):
            assert character not in out + err

    @pytest.mark.parametrize("columns", ["40", "20", "1", "wide", "500"])
    def test_any_width_keeps_names_and_numbers(self, here, capsys, columns, monkeypatch):
        monkeypatch.setenv("COLUMNS", columns)
        make(here, {"a.json": BAD})
        assert run("scan", "a.json") == 1
        out = capsys.readouterr().out
        assert "2.jpg" in out
        assert "…" not in out
        if columns.isdecimal() and int(columns) >= 40:
            assert max(map(len, out.splitlines())) <= int(columns)

    def test_a_narrow_table_loses_no_digit(self, here, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "40")
        assert run("scan", SAMPLE / "voc", "--verbose") == 1
        out = capsys.readouterr().out
        words = out[out.index("By split") : out.index("Unmatched boxes")].split()
        for word in ("train", "19", "27", "4", "10", "val", "7"):
            assert word in words

    @pytest.mark.parametrize(
        ("environment", "form"),
        [
            ({"LC_ALL": "C"}, "json"),
            ({"PYTHONIOENCODING": "ascii"}, "text"),
            ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "text"),
        ],
    )
    def test_without_utf_8(self, anchoraudit, environment, form):
        content = document([image(file_name="猫ü.jpg")], [annotation(bbox=TINY)])
        make(anchoraudit.cwd, {"a.json": content | {"categories": [{"id": 1, "name": "köter"}]}})
        result = anchoraudit("scan", "a.json", "--output-format", form, env=environment)
        assert (result.returncode, result.stderr) == (1, "")
        assert "empty_foreground" in result.stdout

    def test_no_colour_codes_in_a_pipe(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": BAD})
        plain = in_another_process(["scan", "a.json"], anchoraudit.cwd)
        assert "2.jpg" in plain.stdout and "\x1b" not in plain.stdout
        for variables in ({"NO_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
            done = in_another_process(["scan", "a.json"], anchoraudit.cwd, **variables)
            assert done.stdout == plain.stdout

    def test_colour_codes_where_they_are_forced(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": BAD})
        plain = anchoraudit("scan", "a.json").stdout
        coloured = in_another_process(
            ["scan", "a.json"], anchoraudit.cwd, COLUMNS="100", FORCE_COLOR="1"
        ).stdout
        assert "\x1b[1;31mempty_foreground\x1b[0m" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain

    @pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
    @pytest.mark.parametrize(
        "tail", ["| head -1", "| true", "<&-", ">&- 2>&-", "--output-format json | head -1"]
    )
    def test_streams_that_go_away(self, tmp_path, tail):
        rows = 1000 if "|" in tail else 3  # more than the 64 KiB that a pipe takes unread
        images = [image(i) for i in range(rows)]
        make(tmp_path, {"a.json": document(images, [annotation(i, i, TINY) for i in range(rows)])})
        program = f"{shlex.quote(sys.executable)} -m anchoraudit scan a.json --limit {rows}"
        done = subprocess.run(
            ["sh", "-c", f"{program} {tail}"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, 1, 2)
        assert "internal error" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        if "|" in tail:
            assert done.stderr == ""

    def test_no_home(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": BAD})
        done = subprocess.run(
            [sys.executable, "-m", "anchoraudit", "scan", "a.json", "-q"],
            cwd=anchoraudit.cwd,
            env={k: v for k, v in os.environ.items() if k != "HOME"} | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_says_so_and_leaves_nothing_half_written(tmp_path, number, code):
    images = [image(i, file_name=f"{'x' * 200}{i}.jpg") for i in range(600)]  # more than a pipe takes
    make(tmp_path, {"a.json": document(images)})
    os.mkfifo(tmp_path / "i.csv")
    with (
        subprocess.Popen(
            [
                *(sys.executable, "-m", "anchoraudit", "scan", "a.json", "-o", "report.txt"),
                *("--export-images", "i.csv", "--export-boxes", "b.csv"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        (tmp_path / "i.csv").open("rb") as stream,
    ):  # returns once the program opens it for writing
        assert stream.read(1) == b"i"
        process.send_signal(getattr(signal, number))
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert err == "interrupted; no file was left half written\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "i.csv"]


class TestNextSteps:
    """Commands that a report prints can be copied and work."""

    def printed(self, capsys):
        lines = capsys.readouterr().out.splitlines()
        return [
            shlex.split(line.partition("&&")[0])[1:] for line in lines if line.startswith("    anchoraudit ")
        ]

    def follow(self, here, capsys, *args):
        capsys.readouterr()
        run(*args)
        commands = self.printed(capsys)
        assert commands
        for command in commands:
            code = run(*command)
            assert code in (0, 1), (command, capsys.readouterr().err)
        return commands

    def test_they_read_no_file_again(self, here, capsys):
        """Where a key is there twice, filter refuses the file; the scan has read it, and has an answer."""
        marks = [annotation(1), annotation(2, 2, TINY), annotation(3, 2, [float("nan")] * 4)]
        text = json.dumps(document([image(1), image(2)], marks))
        make(here, {"a.json": text[:-1] + ', "categories": [{"id": 1, "name": "cat"}]}'})
        code, found = report(capsys, "a.json")
        assert (code, run("scan", "a.json")) == (1, 1)
        assert "BOX001" in {finding["code"] for finding in found["findings"]}
        assert "see what each remedy would do" in capsys.readouterr().out

    ALL_CAUSES = document(
        [image(1), image(2), image(3)],
        [
            *(annotation(1), annotation(2, 2, TINY), annotation(3, 3, [0, 300, 20, 149])),
            *(annotation(i, 1, [100 + i, 100, 30 + i, 40]) for i in range(4, 8)),
        ],
    )

    def test_after_a_plain_scan(self, here, capsys):
        make(here, {"a b.json": self.ALL_CAUSES})
        run("scan", "a b.json")
        short = self.printed(capsys)
        followed = self.follow(here, capsys, "scan", "a b.json", "--verbose")
        assert short and all(command in followed for command in short)

    def test_after_a_scan_with_options(self, here, capsys):
        make(here, {"a.json": self.ALL_CAUSES})
        options = [
            "--positive-iou",
            "0.6",
            "--allowed-border",
            "7.5",
            "--fail-on",
            "warning",
            "--allow-blank",
        ]
        self.follow(here, capsys, "scan", "a.json", "--verbose", *options)

    def test_after_a_clean_scan(self, here, capsys):
        make(here, {"a.json": document()})
        self.follow(here, capsys, "scan", "a.json", "--input-size", "960x720")

    def test_after_cluster_that_took_the_last_scan(self, here, capsys):
        make(here, {"a.json": self.ALL_CAUSES})
        run("scan", "a.json", "--positive-iou", "0.6", "--fail-on", "warning", "--allow-blank")
        self.follow(here, capsys, "cluster", "--k", "2")

    @pytest.mark.parametrize("identity", [-1, "-x", "a b'c", "--help"])
    def test_ids_that_look_like_something_else(self, here, capsys, identity):
        make(
            here,
            {
                "a.json": document(
                    [image(identity), image(2)], [annotation(1, identity, TINY), annotation(2, 2)]
                )
            },
        )
        run("scan", "a.json", "--verbose")
        explain = next(command for command in self.printed(capsys) if command[0] == "explain")
        assert run(*explain) == 0
        assert f"id {identity}" in capsys.readouterr().out

    def test_splits_that_number_their_images_alike(self, here, capsys):
        other = {**BAD, "annotations": [*BAD["annotations"], annotation(3, 1, [9, 9, 80, 150])]}
        for split, content in (("train", BAD), ("valid", other)):
            make(here, {f"ds/{split}/_annotations.coco.json": content})
        run("scan", "ds", "--verbose")
        commands = {command[0]: command for command in self.printed(capsys)}
        assert run(*commands["explain"]) == 0
        assert run(*commands["filter"]) == 0

    def test_a_manifest_scans_as_promised(self, here, capsys):
        # Sizes come from the images' headers here, and the manifest lies elsewhere.
        images = [{"id": i, "file_name": f"{i}.jpg"} for i in (1, 2)]
        make(here, {f"ds/images/{i}.jpg": (960, 720) for i in (1, 2)})
        make(here, {"ds/annotations/instances_x.json": {**BAD, "images": images}})
        run("filter", "ds", "-o", "clean.json")
        for command in self.printed(capsys):
            assert run(*command) == 0, command


def test_the_whole_image_is_judged_though_boxes_come_in_any_order(here, capsys):
    annotations = [
        annotation(1, 2, TINY),
        annotation(2, 1, GOOD),
        annotation(3, 2, GOOD),
        annotation(4, 1, TINY),
    ]
    make(here, {"a.json": document([image(1), image(2), image(3)], annotations)})
    _, found = report(capsys, "a.json")
    assert [(f["image_id"], f["verdict"]) for f in found["flagged"]] == [(3, "blank")]
    assert found["summary"]["matched"] == found["summary"]["unmatched"] == 2
