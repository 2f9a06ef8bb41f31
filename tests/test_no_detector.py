"""`--detector none`: the rules on the data alone. No encoder, no verdict, and nothing said about training."""

import csv
import json

import pytest

from anchoraudit import audit
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules import Chosen, all_rules
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE

OUTSIDE = [2000, 10, 50, 50]
EMPTY = document([image(1), image(2)], [annotation(1, 1, [5, 5, 3, 3])])  # one empty mask, one blank image
BAD = document(
    [image(1), image(2), image(3), image(4)],
    [annotation(1, 1), annotation(2, 1, OUTSIDE), annotation(3, 2, OUTSIDE), annotation(4, 4, [5, 5, 3, 3])],
)
OF_DETECTOR = {code for code, rule in all_rules().items() if rule.needs_detector}


def report(capsys, *words, code):
    assert run("scan", *words, "--detector", "none", "--output-format", "json") == code
    return json.loads(capsys.readouterr().out)


class TestScan:
    def test_data_without_errors_is_fine_whatever_an_encoder_makes_of_it(self, here, capsys):
        make(here, {"a.json": EMPTY})
        assert run("scan", "a.json") == 1
        capsys.readouterr()
        found = report(capsys, "a.json", code=0)
        assert (found["detector"], found["on_empty"]) == (None, None)
        assert (found["risks"], found["flagged"]) == ([], [])
        summary = found["summary"]
        assert (summary["images"], summary["boxes"], summary["usable"]) == (2, 1, 1)
        assert [summary[name] for name in ("matched", "forced", "unmatched")] == [None] * 3
        assert (summary["verdicts"], summary["causes"]) == ({}, {})

    def test_errors_of_the_data_set_the_exit_code(self, here, capsys):
        make(here, {"a.json": BAD})
        assert {f["code"] for f in report(capsys, "a.json", code=1)["findings"]} == {"BOX003", "SET007"}
        assert run("scan", "a.json", "--detector", "none", "--ignore", "BOX003") == 0

    def test_rules_about_a_detector_do_not_run(self, capsys):
        assert {"ANC002", "ANC004", "ANC008", "BOX008"} <= OF_DETECTOR
        assert {code for code in all_rules() if code.startswith("ANC")} <= OF_DETECTOR
        for kind in ("coco", "voc"):
            with_one = audit(SAMPLE / kind).findings.counts
            without = report(capsys, SAMPLE / kind, code=1)
            counts = dict.fromkeys(finding["code"] for finding in without["findings"])
            assert set(counts) == set(with_one) - OF_DETECTOR

    def test_the_report_has_no_part_about_anchors(self, anchoraudit):
        for content, code in ((EMPTY, 0), (BAD, 1), (document(), 0)):
            make(anchoraudit.cwd, {"a.json": content})
            for form in ([], ["--verbose"]):
                done = anchoraudit("scan", "a.json", "--detector", "none", *form)
                assert (done.returncode, done.stderr) == (code, "")
                assert "checked without a detector" in done.stdout
                for word in ("verdict", "foreground", "train.py", "NaN", "Flagged", "worst", "cause "):
                    assert word not in done.stdout, word
            assert "none: only the rules on the data ran" in done.stdout

    def test_quiet_is_one_line(self, anchoraudit):
        make(anchoraudit.cwd, {"a.json": BAD})
        done = anchoraudit("scan", "a.json", "--detector", "none", "-q")
        assert done.stdout == "4 images checked without a detector: 2 errors\n"
        done = anchoraudit("scan", "a.json", "--detector", "none", "--ignore", "BOX", "-q")
        assert done.stdout == "4 images checked without a detector: no error\n"

    def test_splits_are_counted(self, anchoraudit):
        text = anchoraudit("scan", SAMPLE / "coco", "--detector", "none", "--verbose").stdout
        assert "By split\nsplit  images  boxes\ntrain      19     27\n" in text

    @pytest.mark.parametrize("form", ["concise", "csv", "github", "jsonl", "junit", "markdown", "sarif"])
    def test_every_output(self, anchoraudit, form):
        done = anchoraudit("scan", SAMPLE / "voc", "--detector", "none", "--output-format", form)
        assert (done.returncode, done.stderr) == (1, "")
        assert "BOX003" in done.stdout and "would train" not in done.stdout

    def test_exports_have_empty_columns(self, here, capsys):
        words = ("--export-images", "i.csv", "--export-boxes", "b.csv")
        assert run("scan", SAMPLE / "coco", *words, "--exit-zero") == 0
        before = [(here / name).read_text().splitlines()[0] for name in ("i.csv", "b.csv")]
        assert run("scan", SAMPLE / "coco", "--detector", "none", *words, "--exit-zero") == 0
        assert [(here / name).read_text().splitlines()[0] for name in ("i.csv", "b.csv")] == before
        images, boxes = (list(csv.DictReader((here / name).open())) for name in ("i.csv", "b.csv"))
        assert (len(images), len(boxes)) == (26, 37)
        for name in ("matched", "forced", "foreground", "best_iou", "verdict", "cause"):
            assert {row[name] for row in images} == {""}, name
        for name in ("best_iou", "status", "cause"):
            assert {row[name] for row in boxes} == {""}, name
        assert sum(row["usable"] == "True" for row in boxes) == 33

    def test_parquet(self, here):
        pytest.importorskip("pyarrow")
        assert (
            run("scan", SAMPLE / "voc", "--detector", "none", "--export-images", "i.parquet", "--exit-zero")
            == 0
        )
        assert (here / "i.parquet").stat().st_size

    def test_a_loader_goes_with_it(self, here, capsys):
        found = report(capsys, SAMPLE / "voc", "--loader", "mmdet-voc", code=1)
        assert found["loader"]["name"] == "mmdet-voc"
        assert found["summary"]["verdicts"] == {}

    def test_a_baseline_goes_with_it(self, here):
        make(here, {"a.json": BAD})
        words = ("scan", "a.json", "--detector", "none", "--baseline", "known.json")
        assert run(*words, "--write-baseline") == 0
        assert run(*words) == 0

    def test_no_known_size_is_still_an_error(self, here, capsys):
        sizeless = {"id": 1, "file_name": "1.jpg"}
        make(here, {"a.json": document([sizeless])})
        assert "IMG003" in {f["code"] for f in report(capsys, "a.json", code=1)["findings"]}

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--counts",), "--counts needs a detector"),
            (("--augment", "flip"), "--augment needs a detector"),
            (
                ("--input-size", "640"),
                "these options need a detector, but --detector none was given: --input-size 640",
            ),
            (
                ("--positive-iou", "0.5"),
                "these options need a detector, but --detector none was given: --positive-iou 0.5",
            ),
            (
                ("--anchors", "a.toml"),
                "these options need a detector, but --detector none was given: --anchors a.toml",
            ),
            (
                ("--assume-standard",),
                "these options need a detector, but --detector none was given: --assume-standard",
            ),
        ],
    )
    def test_what_needs_a_detector_is_refused(self, here, capsys, words, said):
        make(here, {"a.json": document()})
        assert run("scan", "a.json", "--detector", "none", *words) == 2
        out, err = capsys.readouterr()
        assert out == "" and said in err and "\n  " in err

    def test_a_settings_file_may_say_it(self, anchoraudit):
        """A file called `none` is not meant; `./none` would be."""
        make(anchoraudit.cwd, {"a.json": BAD, "none": "", "sub/anchoraudit.toml": 'detector = "none"\n'})
        done = anchoraudit("scan", "../a.json", "-q", cwd=anchoraudit.cwd / "sub")
        assert done.stdout == "4 images checked without a detector: 2 errors\n"


@pytest.mark.parametrize(
    "words",
    [("explain", "1"), ("advise",), ("cluster", "--k", 1), ("compare",), ("detectors", "show")],
    ids=lambda words: words[0],
)
def test_commands_that_replay_a_detector_say_so(anchoraudit, words):
    make(anchoraudit.cwd, {"a.json": document()})
    named = ("none",) if words[0] == "detectors" else ("a.json", "--detector", "none")
    done = anchoraudit(*words, *named)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "this command needs a detector" in done.stderr and "Only scan and filter accept `none`" in done.stderr
    )


class TestFilter:
    def test_only_errors_of_the_data_go(self, here, capsys):
        """Image 2 loses its only box; image 3 is blank; image 4 has an empty mask under most detectors."""
        make(here, {"a.json": BAD})
        assert run("filter", "a.json", "--detector", "none", "-o", "b.json", "--dropped", "gone.csv") == 0
        assert "none: only errors of the data" in capsys.readouterr().out
        kept = json.loads((here / "b.json").read_text())
        assert [one["id"] for one in kept["images"]] == [1, 3, 4]
        assert [one["id"] for one in kept["annotations"]] == [1, 4]
        (gone,) = csv.DictReader((here / "gone.csv").open())
        assert (gone["image_id"], gone["verdict"]) == ("2", "")
        assert gone["why"].startswith("BOX003: box outside its image")
        assert run("scan", "b.json", "--detector", "none") == 0

    def test_a_broken_image_file_goes_by_the_severity_that_the_settings_give(self, here):
        whole = (SAMPLE / "voc" / "JPEGImages" / "family.jpg").read_bytes()
        sized = [{**image(n), "width": 640, "height": 480} for n in (1, 2)]
        make(here, {"a.json": document(sized, [annotation(n, n, [10, 10, 90, 90]) for n in (1, 2)])})
        make(here, {"1.jpg": whole, "2.jpg": whole[: len(whole) // 2]})
        severity = '[rules.IMG005]\nseverity = "error"\n'
        make(here, {"anchoraudit.toml": severity + '[rules.IMG006]\nseverity = "info"\n'})
        assert run("filter", "a.json", "--detector", "none", "-o", "b.json") == 0
        assert [one["id"] for one in json.loads((here / "b.json").read_text())["images"]] == [1]

    def test_what_would_change_is_listed(self, here, capsys):
        make(here, {"a.json": BAD})
        assert run("filter", "a.json", "--detector", "none", "--diff") == 0
        out = capsys.readouterr().out
        assert "images[1] (image 2): dropped, with an error: BOX003" in out

    @pytest.mark.parametrize("words", [("--drop", "blank"), ("--keep-blank",)])
    def test_options_about_verdicts_are_refused(self, here, capsys, words):
        make(here, {"a.json": document()})
        assert run("filter", "a.json", "--detector", "none", "-o", "b.json", *words) == 2
        assert "needs a detector: without one there are no verdicts" in capsys.readouterr().err
        assert not (here / "b.json").exists()


class TestLibrary:
    def test_none_is_no_detector(self):
        result = audit(SAMPLE / "coco", None)
        assert result.replayed is None
        assert result.images_with("ok", "blank", "unknown", "empty_foreground") == []
        with pytest.raises(AnchorauditError, match="no detector"):
            _ = result.detector

    def test_counts_need_one(self):
        with pytest.raises(AnchorauditError, match="no anchors to count"):
            audit(SAMPLE / "coco", None, counts=True)

    @pytest.mark.parametrize("code", sorted(set(all_rules()) - OF_DETECTOR))
    def test_each_rule_on_the_data_runs_without_one(self, code):
        for kind in ("coco", "voc"):
            chosen = Chosen(select=(code,))
            found = audit(SAMPLE / kind, None, rules=chosen).findings
            assert list(found) == list(audit(SAMPLE / kind, rules=chosen).findings)
