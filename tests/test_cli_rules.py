"""`anchoraudit rules`, and the options and settings that choose rules."""

import json
import re

import pytest

from anchoraudit.rules import FAMILIES, all_rules
from tests.builders import annotation, document, image, make, run


@pytest.fixture(autouse=True)
def _here(here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def output(capsys, *words, code=0):
    """What a run prints to stdout; `code`: how it ends."""
    capsys.readouterr()
    assert run(*words) == code, capsys.readouterr().err
    return capsys.readouterr().out


def error(capsys, *words):
    """What a run that fails prints to stderr."""
    capsys.readouterr()
    assert run(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


class TestList:
    def test_every_rule_is_a_row(self, capsys):
        text = output(capsys, "rules")
        rows = re.findall(r"^([A-Z]{3}\d{3})  (error|warning|info) +(\S.*)$", text, re.M)
        assert rows == [(code, rule.severity, rule.title) for code, rule in all_rules().items()]
        assert f"{len(rows)} rules." in text
        assert re.findall(r"^([A-Z]{3}): ", text, re.M) == list(FAMILIES)

    def test_it_is_what_rules_alone_says(self, capsys):
        assert output(capsys, "rules", "list") == output(capsys, "rules")

    def test_json(self, capsys):
        listed = json.loads(output(capsys, "rules", "--output-format", "json"))
        assert [rule["code"] for rule in listed] == list(all_rules())
        (one,) = [rule for rule in listed if rule["code"] == "BOX004"]
        assert set(one) == {"code", "severity", "title", "what", "why", "example", "remedy", "parameters"}
        assert one["severity"] == "info"
        assert one["parameters"] == {"above": 0.001, "up_to": 0.5}
        assert one["remedy"] == "Clip the boxes to the image: filter --fix does."

    def test_markdown_is_every_page(self, capsys):
        text = output(capsys, "rules", "list", "--output-format", "markdown")
        assert re.findall(r"^# (.{6}):", text, re.M) == list(all_rules())
        assert text.count("\n## Why it is bad\n") == len(all_rules())

    def test_into_a_file(self, capsys, here):
        assert output(capsys, "rules", "-o", "rules.txt") == ""
        assert "BOX001" in (here / "rules.txt").read_text()

    def test_options_of_the_list_go_behind_it(self, capsys):
        assert "--output-format must come after 'show'" in error(
            capsys, "rules", "--output-format", "json", "show", "BOX001"
        )


class TestShow:
    def test_one(self, capsys):
        text = output(capsys, "rules", "show", "box001")
        lines = text.splitlines()
        assert lines[0] == "BOX001: coordinates are not finite"
        assert [line for line in lines if line in ("What it does", "Why it is bad", "Example")] == [
            *("What it does", "Why it is bad", "Example")
        ]
        assert '    {"id": 1, "image_id": 7, "bbox": [10, 20, NaN, 40]}' in lines
        assert text.endswith("What to do instead\nRemove the box or draw it again.\n")
        assert "#" not in text and "```" not in text

    def test_thresholds_are_shown(self, capsys):
        text = output(capsys, "rules", "show", "BOX012")
        assert text.endswith("Under `[rules.BOX012]` of the settings file:\n\n- `iou` = 0.95\n")

    def test_several_and_families_in_the_order_of_the_list(self, capsys):
        listed = json.loads(output(capsys, "rules", "show", "SET", "BOX00", "--output-format", "json"))
        codes = [rule["code"] for rule in listed]
        assert codes == [code for code in all_rules() if code.startswith(("BOX00", "SET"))]
        assert len(codes) > 10

    def test_markdown(self, capsys):
        text = output(capsys, "rules", "show", "BOX011", "--output-format", "markdown")
        assert text.startswith("# BOX011: the same box twice\n\nSeverity: warning.\n\n## What it does\n")

    def test_one_that_does_not_exist(self, capsys):
        text = error(capsys, "rules", "show", "BOX00X")
        assert "unknown rule 'BOX00X'" in text and "Did you mean BOX0" in text

    def test_none(self, capsys):
        assert "Missing argument 'CODE...'" in error(capsys, "rules", "show")


ONE = [image(1, width=640, height=480)]
BOXES = ([267, 240, 50, 100], [100, 20, 50, 0], [700, 1, 9, 9])
DATA = document(ONE, [annotation(number, 1, bbox) for number, bbox in enumerate(BOXES, 1)])


class TestScan:
    """BOX002 (a warning), BOX003 (an error), and boxes that match."""

    def codes(self, capsys, *words, code=1):
        make_it = ["scan", "a.json", "--output-format", "json", *words]
        return sorted({f["code"] for f in json.loads(output(capsys, *make_it, code=code))["findings"]})

    @pytest.fixture(autouse=True)
    def _data(self, here):
        make(here, {"a.json": DATA})

    def test_select_and_ignore(self, capsys):
        assert self.codes(capsys) == ["BOX002", "BOX003"]
        assert self.codes(capsys, "--select", "BOX003") == ["BOX003"]
        assert self.codes(capsys, "--select", "BOX002", code=0) == ["BOX002"]
        assert self.codes(capsys, "--select", "BOX002, BOX003") == ["BOX002", "BOX003"]
        assert self.codes(capsys, "--select", "BOX002", "--select", "BOX003") == ["BOX002", "BOX003"]
        assert self.codes(capsys, "--ignore", "BOX003", code=0) == ["BOX002"]
        assert self.codes(capsys, "--ignore", "BOX", code=0) == []
        assert self.codes(capsys, "--select", "BOX", "--ignore", "BOX00", "--select", "BOX002", code=0) == [
            "BOX002"
        ]

    def test_what_is_not_selected_makes_no_exit_code(self, capsys):
        assert self.codes(capsys, "--select", "BOX002", "--fail-on", "warning") == ["BOX002"]
        assert self.codes(capsys, "--ignore", "BOX", "--fail-on", "warning", code=0) == []

    def test_an_image_without_foreground_counts_as_its_rule_does(self, capsys, here):
        """Blank is ANC008: selected it sets exit code 1, as any error does."""
        make(here, {"a.json": document(annotations=[])})
        assert self.codes(capsys, "--select", "ANC") == ["ANC008"]
        assert self.codes(capsys, "--select", "ANC", "--allow-blank", code=0) == ["ANC008"]
        assert self.codes(capsys, "--select", "BOX", code=0) == []
        assert self.codes(capsys, "--select", "BOX", "--fail-on", "warning", code=0) == []
        assert self.codes(capsys, "--ignore", "ANC008", "--select", "ANC", code=0) == []

    @pytest.mark.parametrize(
        ("severity", "fail_on", "code"), [("info", "warning", 0), ("warning", "warning", 1)]
    )
    def test_it_counts_with_the_severity_of_its_rule(self, capsys, here, severity, fail_on, code):
        settings = f'select = ["ANC"]\n[rules.ANC008]\nseverity = "{severity}"\n'
        make(here, {"a.json": document(annotations=[]), "anchoraudit.toml": settings})
        assert self.codes(capsys, code=0) == ["ANC008"]
        assert self.codes(capsys, "--fail-on", fail_on, code=code) == ["ANC008"]

    @pytest.mark.parametrize(
        ("code", "verdict"), [("ANC002", "empty_foreground"), ("ANC007", "no_usable_box")]
    )
    def test_each_verdict_without_foreground_has_its_rule(self, capsys, here, code, verdict):
        bbox = [0, 0, 3, 3] if verdict == "empty_foreground" else [5, 5, 0, 0]
        make(here, {"a.json": document(ONE, [annotation(1, 1, bbox)])})
        assert self.codes(capsys, "--select", code) == [code]
        assert self.codes(capsys, "--select", "ANC", "--ignore", f"{code},ANC005", code=0) == []

    def test_unknown(self, capsys):
        text = error(capsys, "scan", "a.json", "--select", "BOX0003")
        assert "unknown rule 'BOX0003'" in text and "Did you mean BOX003?" in text
        assert "unknown rule 'FOO'" in error(capsys, "scan", "a.json", "--ignore", "BOX, FOO")

    def test_settings(self, capsys, here):
        make(here, {"anchoraudit.toml": 'select = ["BOX"]\nignore = "BOX003"\n'})
        assert self.codes(capsys, code=0) == ["BOX002"]
        assert self.codes(capsys, "--ignore", "BOX002") == ["BOX003"]

    def test_thresholds(self, capsys, here):
        make(here, {"a.json": document(ONE, [annotation(1, bbox=[267, 381.5, 50, 100])])})
        words = ("--select", "BOX005,BOX006")
        assert self.codes(capsys, *words, code=0) == ["BOX006"]
        make(here, {"anchoraudit.toml": "[rules.BOX006]\nabove = 2\n[rules.BOX005]\nup_to = 2.5\n"})
        assert self.codes(capsys, *words, code=0) == ["BOX005"]

    def test_severities(self, capsys, here):
        make(here, {"a.json": document(ONE, [annotation(1, bbox=[267, 381.5, 50, 100])])})
        assert self.codes(capsys, "--select", "BOX006", code=0) == ["BOX006"]
        make(here, {"anchoraudit.toml": '[rules.BOX006]\nseverity = "error"\n'})
        assert self.codes(capsys, "--select", "BOX006") == ["BOX006"]
        text = output(capsys, "scan", "a.json", "--output-format", "concise", "--select", "BOX006", code=1)
        assert "BOX006 error box past the edge by 1.5 px" in text
        make(here, {"anchoraudit.toml": '[rules.BOX006]\nseverity = "info"\nabove = 1.2\n'})
        assert self.codes(capsys, "--fail-on", "warning", "--select", "BOX006", code=0) == ["BOX006"]

    def test_a_severity_of_forced_foreground(self, capsys, here):
        small = document(ONE, [annotation(1, bbox=[300, 200, 3, 3])])
        make(here, {"a.json": small})
        words = ("--detector", "torchvision-fasterrcnn_resnet50_fpn", "--select", "ANC003")
        assert self.codes(capsys, *words, code=0) == ["ANC003"]
        make(here, {"anchoraudit.toml": '[rules.ANC003]\nseverity = "error"\n'})
        assert self.codes(capsys, *words) == ["ANC003"]

    def test_codes_in_lower_case(self, capsys):
        assert self.codes(capsys, "--select", "box002", code=0) == ["BOX002"]
        assert self.codes(capsys, "--ignore", "box003,anc", code=0) == ["BOX002"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[rules.BOX099]\nabove = 2\n", "unknown rule 'BOX099'"),
            ("[rules.BOX006]\nabovee = 2\n", "Did you mean above?"),
            ('[rules.BOX006]\nabove = "2"\n', "rules.BOX006.above = '2' is not allowed"),
            ("[rules.BOX006]\nabove = nan\n", "above = nan of BOX006"),
            ("[rules.BOX012]\niou = 95\n", "iou = 95 of BOX012"),
            ('[rules.BOX006]\nabove = "error"\n', "above = 'error' of BOX006"),
            ('[rules.BOX006]\nseverity = "fatal"\n', "rules.BOX006.severity = 'fatal' is not allowed"),
            ("[rules.BOX006]\nseverity = 3\n", "severity = 3.0 of BOX006"),
            ('[rules.BOX099]\nseverity = "info"\n', "unknown rule 'BOX099'"),
            ("rules = 3\n", "rules = 3 is not allowed"),
            ('select = ["FOO"]\n', "unknown rule 'FOO'"),
            ("select = 3\n", "select = 3 is not allowed"),
        ],
    )
    def test_settings_that_are_none(self, capsys, here, text, message):
        make(here, {"anchoraudit.toml": text})
        assert message in error(capsys, "scan", "a.json")

    def test_the_report_says_what_to_do_and_how_to_learn_more(self, capsys):
        text = " ".join(output(capsys, "scan", "a.json", "--verbose", code=1).split())
        assert "Findings (anchoraudit rules show CODE explains one)" in text
        assert "BOX003 error 1 box outside its image: check the image size" in text
        value = "x1 700, y1 1, x2 709, y2 10 in an image of 640x480"
        assert f"annotations[2]: box outside its image: image 1 ({value})" in text

    def test_a_long_value_is_cut_and_one_that_is_said_is_not_repeated(self, capsys, here):
        make(here, {"a.json": document(ONE, [annotation(1, bbox="x" * 99), annotation(2, category_id=7)])})
        text = "".join(output(capsys, "scan", "a.json", "--select", "PAR,CLS001", "-v").split())
        assert f"annotations[0].bbox:bboxisnotalistoffournumbers('{'x' * 70}" in text and "xx...)" in text
        assert "categoryid7of1annotationsisnotin`categories`" in text and "`categories`(" not in text
