"""Outputs of a scan: each literally, and each read back by what reads it, whatever the files are called."""

import csv
import io
import itertools
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import click
import jsonschema
import numpy as np
import pytest
import yaml
from click.core import ParameterSource
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import anchoraudit
from anchoraudit import cli
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.images.found import SUFFIXES
from anchoraudit.report import outputs
from anchoraudit.report.as_json import to_json
from anchoraudit.report.outputs._where import Where, line
from anchoraudit.report.outputs.github import _shares
from anchoraudit.report.outputs.markdown import code, prose
from anchoraudit.rules import SEVERITIES, Findings, Hits, all_rules
from tests.builders import annotation, document, image, make
from tests.test_readme import ROOT, blocks

NAMES = outputs.names()
SCHEMA = json.loads((ROOT / "tests" / "fixtures" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
VALID = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
HEADLINE = "2 of 3 images would train without foreground (66.7 %)"


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    """Three images: one is fine, one without foreground, one blank."""
    root = tmp_path_factory.mktemp("data")
    make(
        root,
        {
            "ann.json": document(
                [image(1), image(2), image(3)], [annotation(), annotation(2, 2, [1, 1, 5, 5])]
            )
        },
    )
    return anchoraudit.audit(root / "ann.json", images="none")


def found(*findings):
    """These findings, as an audit has them: errors first."""
    rules = all_rules()
    codes = sorted({f.code for f in findings}, key=lambda c: (SEVERITIES.index(rules[c].severity), c))
    return Findings({c: [[f for f in findings if f.code == c]] for c in codes}, rules)


def rendered(name, audit, *findings, limit=None):
    return "".join(outputs.render(name, audit, found(*findings), limit))


def many(code, count):
    return [
        Finding(code, f"number {i}", "a.json", f"annotations[{i}]", thing=f"annotation {i}")
        for i in range(count)
    ]


PLAIN = Finding("BOX002", "no area", "data/a.xml", "object 2, line 7", "w 0", "image a: cat 1 2 1 2")
LISTED = Finding("PAR003", "no bbox", "ann.json", "annotations[17].bbox")


# The package


def test_outputs_are_found_by_themselves():
    modules = [path.stem for path in Path(outputs.__file__).parent.glob("[a-z]*.py")]
    assert outputs.names() == sorted(modules)
    for name in NAMES:
        assert name == import_module(f"anchoraudit.report.outputs.{name}").NAME


def test_a_new_output_is_one_file(audit, tmp_path, monkeypatch):
    (tmp_path / "count.py").write_text(
        "NAME = 'count'\ndef render(audit, shown, limit):\n    yield f'{len(shown)} {limit}'\n"
    )
    monkeypatch.setattr(outputs, "__path__", [*outputs.__path__, str(tmp_path)])
    assert outputs.names() == sorted([*NAMES, "count"])
    assert rendered("count", audit, PLAIN, limit=4) == "1 4"


def test_an_unknown_output_is_refused(audit):
    with pytest.raises(
        AnchorauditError, match="unknown output format 'yaml'\n  Choose one of: concise, csv,"
    ):
        outputs.render("yaml", audit)


def test_all_findings_of_the_audit_are_reported_unless_others_are_given(audit):
    lines = "".join(outputs.render("jsonl", audit, limit=0)).splitlines()
    assert [json.loads(text)["code"] for text in lines] == [f.code for f in audit.findings]
    assert rendered("jsonl", audit, limit=0) == ""


@pytest.mark.parametrize(
    ("name", "most"), {"concise": 1, "jsonl": 1, "csv": 1, "github": 10, "junit": 100, "markdown": 3}.items()
)
def test_findings_are_made_as_they_are_asked_for(audit, name, most):
    made = []

    def make_one(row):
        made.append(row)
        return Finding("BOX002", "no area", "a.json", f"annotations[{row}]")

    shown = Findings({"BOX002": [Hits("box", np.arange(1_000_000), make_one)]}, all_rules())
    pieces = outputs.render(name, audit, shown, 0)
    assert next(pieces)
    if name in ("github", "junit", "markdown"):
        assert "999," in "".join(pieces)  # and so many more
    assert len(made) == most


# Places


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("line 4", 4),
        ("line 4, column 2", 4),
        ("object 2, line 7", 7),
        ("", None),
        ("object 2", None),
        ("line 0", None),
        ("annotations[17].bbox", None),
        ("byte 120", None),
        ("underline 3", None),
    ],
)
def test_lines(place, number):
    assert line(Finding("PAR001", "", "a", place)) == number


@pytest.mark.parametrize(
    ("path", "shown", "target"),
    [
        ("data/a.xml", "data/a.xml", ("data/a.xml", True)),
        ("./data//a.xml", "data/a.xml", ("data/a.xml", True)),
        ("data/../b/a.xml", "b/a.xml", ("b/a.xml", True)),
        ("{here}/data/a.xml", "data/a.xml", ("data/a.xml", True)),
        ("{here}", ".", (".", True)),
        ("../a.xml", "../a.xml", ("{up}/a.xml", False)),
        ("{here}-other/a.xml", "{here}-other/a.xml", ("{here}-other/a.xml", False)),
        ("reference", "reference", ("{root}", False)),  # the detector's name: no file of the data set
        ("", "{root}", ("{root}", False)),
    ],
)
def test_files_are_seen_from_the_working_directory(audit, here, path, shown, target):
    known = {"here": here, "up": here.parent, "root": audit.dataset.root}
    finding = Finding("PAR001", "cannot be read", path.format(**known))
    where = Where(audit)
    assert where.file(finding) == shown.format(**known)
    assert where.target(finding) == (target[0].format(**known), target[1])


# Each, literally


def test_concise(audit, here):
    lines = rendered(
        "concise",
        audit,
        PLAIN,
        LISTED,
        Finding("PAR001", "cut\noff", str(here / "b.xml"), "line 4, column 2"),
    )
    assert lines.splitlines() == [
        "b.xml:4: PAR001 error cut\\noff",
        "data/a.xml:7: BOX002 warning no area",
        "ann.json: annotations[17].bbox: PAR003 warning no bbox",
        f"{HEADLINE} under reference",
    ]


def test_json_is_what_the_encoder_of_json_writes(audit):
    text = rendered("json", audit, PLAIN, LISTED)
    assert to_json(json.loads(text)) == text
    answer = json.loads(text)
    assert list(answer) == [
        "anchoraudit", "dataset", "format", "recognised", "detector", "detector_chosen",
        "detector_suggested", "on_empty", "loader", "classes", "summary", "risks", "augmented",
        "not_usable", "clipped", "notes", "findings", "flagged",
    ]  # fmt: skip
    rule = all_rules()["BOX002"]
    assert answer["findings"][0] == {
        "code": "BOX002", "severity": "warning", "message": "no area", "why": rule.why, "path": "data/a.xml",
        "place": "object 2, line 7", "evidence": "w 0", "suggestion": rule.remedy,
        "thing": "image a: cat 1 2 1 2",
    }  # fmt: skip
    assert [entry["image_id"] for entry in answer["flagged"]] == [2, 3]
    assert answer["flagged"][1]["best_iou"] is None
    assert answer["summary"].items() >= audit.summary().items()


def test_json_without_anything(audit):
    text = rendered("json", audit, limit=0)
    assert to_json(json.loads(text)) == text
    assert json.loads(text)["findings"] == json.loads(text)["flagged"] == []


def test_jsonl(audit):
    entries = [json.loads(text) for text in rendered("jsonl", audit, PLAIN, limit=1).splitlines()]
    assert [entry["kind"] for entry in entries] == ["finding", "image"]
    whole = json.loads(rendered("json", audit, PLAIN))
    assert entries == [{"kind": "finding", **whole["findings"][0]}, {"kind": "image", **whole["flagged"][0]}]


def test_csv(audit):
    text = rendered("csv", audit, PLAIN, Finding("PAR003", 'a "b",\nc', "x.json"))
    assert text.count("\n") == 3
    header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert header == [
        "code",
        "severity",
        "path",
        "place",
        "message",
        "evidence",
        "thing",
        "why",
        "suggestion",
    ]
    rule = all_rules()["BOX002"]
    assert first == [
        "BOX002", "warning", "data/a.xml", "object 2, line 7", "no area", "w 0", "image a: cat 1 2 1 2",
        rule.why, rule.remedy,
    ]  # fmt: skip
    assert second[:7] == ["PAR003", "warning", "x.json", "", 'a "b",\\nc', "", ""]
    assert rendered("csv", audit) == ",".join(header) + "\n"


def test_github(audit):
    odd = Finding("PAR001", "100 % cut\r\noff", "a,b:c.xml", "line 4, column 2")
    unused = Finding("ANC005", "never used", "reference", "", "64x64")
    rules = all_rules()
    title = {name: rule.title.replace(":", "%3A").replace(",", "%2C") for name, rule in rules.items()}
    then = {name: f"%0A{rule.sentence}" for name, rule in rules.items()}
    assert rendered("github", audit, odd, LISTED, unused).splitlines() == [
        f"::error file=a%2Cb%3Ac.xml,line=4,title=PAR001 {title['PAR001']}"
        f"::100 %25 cut\\r\\noff{then['PAR001']}",
        f"::warning file=ann.json,title=PAR003 {title['PAR003']}"
        f"::annotations[17].bbox: no bbox{then['PAR003']}",
        f"::notice title=ANC005 {title['ANC005']}::never used{then['ANC005']}",
        f"::notice title=anchoraudit::{HEADLINE.replace('%', '%25')} under reference; 3 findings of 3 rules",
    ]
    assert rendered("github", audit).endswith("; 0 findings\n")


def test_github_shows_ten_of_a_severity_and_says_how_many_more(audit):
    lines = rendered(
        "github", audit, *many("BOX003", 40), *many("PAR001", 2), *many("BOX002", 7)
    ).splitlines()
    assert [text.split(" ")[0] for text in lines] == ["::error"] * 10 + ["::warning"] * 7 + ["::notice"]
    assert sum("title=PAR001" in text for text in lines) == 2
    more = [text for text in lines if "more of" in text]
    assert len(more) == 1 and more[0].endswith("%0A... and 32 more of BOX003")


def test_rules_take_turns():
    assert _shares({"A": 1, "B": 100, "C": 2}, 10) == {"A": 1, "B": 7, "C": 2}
    assert _shares({"A": 5, "B": 5, "C": 5}, 2) == {"A": 1, "B": 1}
    assert _shares({}, 10) == {}


def test_junit(audit):
    hundreds = many("BOX003", 250)
    root = ET.fromstring(rendered("junit", audit, *hundreds, PLAIN, Finding("CLS007", "few", "a.json")))
    (suite,) = root
    assert root.attrib == suite.attrib
    assert (suite.get("tests"), suite.get("failures")) == (str(len(all_rules())), "2")
    values = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert (values["images"], values["blank"], values["findings"]) == ("3", "1", "252")
    cases = {case.get("name")[:6]: case for case in suite.iter("testcase")}
    assert list(cases) == list(all_rules())
    (failure,) = cases["BOX003"]
    assert failure.get("type") == "error" and failure.get("message").startswith("250 findings: ")
    lines = failure.text.split("\n")
    assert len(lines) == 101 and lines[-1] == "... and 150 more"
    assert lines[0] == "a.json: annotations[0]: BOX003 error number 0"
    assert [child.tag for child in cases["BOX002"]] == ["failure"]
    assert [child.tag for child in cases["CLS007"]] == ["system-out"]
    assert len(cases["PAR001"]) == 0
    assert suite.find("system-out").text == f"{HEADLINE} under reference"


def test_markdown(audit):
    text = rendered("markdown", audit, *many("BOX003", 5), PLAIN, limit=1)
    says = {name: prose(f"{rule.title}: {rule.remedy}") for name, rule in all_rules().items()}
    assert text.splitlines() == [
        f"## anchoraudit: {HEADLINE}",
        "",
        f"`{audit.dataset.root}`, detector `reference`",
        "",
        "| verdict | images | share | meaning |",
        "|---|---:|---:|---|",
        "| `ok` | 1 | 33.3 % | at least one anchor is positive |",
        "| `empty_foreground` | 1 | 33.3 % | boxes, but no positive anchor |",
        "| `blank` | 1 | 33.3 % | no annotation |",
        "",
        "### 6 findings of 2 rules",
        "",
        "| code | severity | count | what, and where |",
        "|---|---|---:|---|",
        f"| BOX003 | error | 5 | {says['BOX003']}"
        "<br>`a.json: annotations[0]: number 0`<br>`a.json: annotations[1]: number 1`"
        "<br>`a.json: annotations[2]: number 2`<br>... and 2 more |",
        f"| BOX002 | warning | 1 | {says['BOX002']}<br>`data/a.xml:7: no area` |",
        "",
        "### Flagged images, worst first (1 of 2)",
        "",
        "| image | verdict | why |",
        "|---|---|---|",
        "| `2.jpg` | `empty_foreground` | 1 box, best IoU 0.00: small; the nearest anchor is 34x149 |",
    ]


# SARIF


def sarif(audit, *findings, rules=True):
    log = json.loads(rendered("sarif", audit, *findings))
    if not rules:  # they are the same each time, and take long
        log["runs"][0]["tool"]["driver"]["rules"] = []
    VALID.validate(log)
    return log["runs"][0]


def test_the_schema_is_strict():
    with pytest.raises(jsonschema.ValidationError):
        VALID.validate({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": [{}]}}}]})


def test_sarif_of_the_sample_data_is_valid():
    result = anchoraudit.audit(ROOT / "sample_data" / "voc")
    log = json.loads("".join(outputs.render("sarif", result)))
    VALID.validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == len(result.findings) > 20
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(all_rules())
    for entry, finding in zip(run["results"], result.findings, strict=True):
        assert (entry["ruleId"], entry["message"]["text"]) == (finding.code, finding.message)
        assert rules[entry["ruleIndex"]]["id"] == finding.code
        assert entry["level"] == rules[entry["ruleIndex"]]["defaultConfiguration"]["level"]


def test_rules_say_what_code_scanning_shows(audit):
    for described, rule in zip(sarif(audit)["tool"]["driver"]["rules"], all_rules().values(), strict=True):
        assert re.fullmatch(r"[A-Z]\w{3,254}", described["name"])
        assert described["help"] == {"text": rule.page(), "markdown": rule.page()}
        assert described["defaultConfiguration"]["level"] == {"info": "note"}.get(
            rule.severity, rule.severity
        )
        assert len(described["fullDescription"]["text"]) <= 1024  # code scanning shows no more


def test_sarif_places(audit, here):
    below, outside, lost = (
        Finding("PAR001", "cut off", str(here / "a b" / "ü#1.xml"), "object 2, line 7"),
        Finding("PAR003", "no bbox", "/elsewhere/ann.json", "annotations[17].bbox"),
        Finding("ANC005", "never used", "reference", "levels[0]"),
    )
    first, second, third = (entry["locations"][0] for entry in sarif(audit, below, outside, lost)["results"])
    assert first == {
        "physicalLocation": {
            "artifactLocation": {"uri": "a%20b/%C3%BC%231.xml", "uriBaseId": "SRCROOT"},
            "region": {"startLine": 7},
        },
        "logicalLocations": [{"fullyQualifiedName": "object 2, line 7"}],
    }
    assert second == {
        "physicalLocation": {"artifactLocation": {"uri": "file:///elsewhere/ann.json"}},
        "logicalLocations": [{"fullyQualifiedName": "annotations[17].bbox"}],
    }
    assert third["logicalLocations"] == [{"fullyQualifiedName": "reference levels[0]"}]
    assert unquote_to_bytes(urlsplit(third["physicalLocation"]["artifactLocation"]["uri"]).path) == bytes(
        audit.dataset.root
    )
    root = sarif(audit)["originalUriBaseIds"]["SRCROOT"]["uri"]
    assert unquote_to_bytes(urlsplit(root).path) == bytes(here) + b"/"


def test_fingerprints_outlive_positions(audit):
    first, second, again = (
        entry["partialFingerprints"]
        for entry in sarif(
            audit,
            Finding("BOX002", "no area", "a.json", "annotations[1]", "w 0", "annotation 7"),
            Finding("BOX002", "no area", "a.json", "annotations[2]", "w 0", "annotation 8"),
            Finding("BOX002", "no area", "a.json", "annotations[3]", "w 0", "annotation 7"),
        )["results"]
    )
    assert first["anchoraudit/v1"] == first["primaryLocationLineHash"] != second["anchoraudit/v1"]
    assert [first["anchoraudit/v1"][-2:], again["anchoraudit/v1"][-2:]] == [":1", ":2"]
    assert first["anchoraudit/v1"][:-2] == again["anchoraudit/v1"][:-2]
    (moved,) = sarif(audit, Finding("BOX002", "now", "a.json", "annotations[9]", "w 0", "annotation 7"))[
        "results"
    ]
    assert moved["partialFingerprints"] == first
    (lined,) = sarif(audit, PLAIN)["results"]
    assert list(lined["partialFingerprints"]) == ["anchoraudit/v1"]


def test_a_message_holds_no_link(audit):
    (entry,) = sarif(audit, Finding("PAR001", "see [here](https://example.com)", "a"))["results"]
    assert entry["message"]["text"] == "see [here] (https://example.com)"


# Whatever the data say

HOSTILE = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    [
        "]]>", "</failure>", "a|b", "`", "``", "\\", "\\|", "a\r\nb", "\x00", "\x1b[31m", "\u202egnp.exe",
        "\ud800", "\udcff", "::error::x", "%0A::error::x", "<script>", "[x](http://y)", "@team", "=1+1", '"',
        "'", ",", "&amp;", "\ufffe", "a`|", "www.example.com", " ", "_a_", "**b**", "~~c~~", "#1", "{0}",
        "..", "/", "//", "\u2028", "\x85",
    ]
)  # fmt: skip
FINDINGS = st.lists(
    st.builds(
        Finding, st.sampled_from(["PAR001", "BOX002", "CLS007", "ANC005"]), HOSTILE, HOSTILE,
        st.sampled_from(["", "line 3", "annotations[1]", "object 2, line 1"]) | HOSTILE, HOSTILE, HOSTILE,
    ),
    min_size=1, max_size=4,
)  # fmt: skip
EACH = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fields(finding):
    return [finding.code, finding.path, finding.place, finding.message, finding.evidence, finding.thing]


@EACH
@given(FINDINGS)
def test_text_is_one_line_a_finding_and_drives_no_terminal(audit, findings):
    shown = found(*findings)
    for name in ("concise", "github", "csv"):
        text = "".join(outputs.render(name, audit, shown))
        lines = text.removesuffix("\n").split("\n")
        assert len(lines) == len(findings) + 1
        assert all(each.isprintable() for each in lines)
    assert all(
        each.startswith(("::error ", "::warning ", "::notice "))
        for each in rendered("github", audit, *findings).splitlines()
    )


@EACH
@given(FINDINGS)
def test_json_reads_back(audit, findings):
    expected = [fields(finding) for finding in found(*findings)]
    text = rendered("json", audit, *findings)
    lines = rendered("jsonl", audit, *findings, limit=0)
    assert text.isascii() and lines.isascii()
    for read in (json.loads(text)["findings"], [json.loads(each) for each in lines.splitlines()]):
        keys = ("code", "path", "place", "message", "evidence", "thing")
        assert [[entry[key] for key in keys] for entry in read] == expected


@EACH
@given(FINDINGS)
def test_csv_reads_back(audit, findings):
    rows = list(csv.reader(io.StringIO(rendered("csv", audit, *findings), newline=""), strict=True))[1:]
    columns = [[row[i] for i in (0, 2, 3, 4, 5, 6)] for row in rows]
    assert columns == [[*map(printable, fields(finding))] for finding in found(*findings)]


@EACH
@given(FINDINGS)
def test_junit_reads_back(audit, findings):
    hostile = replace(audit, dataset=replace(audit.dataset, root=Path(findings[0].path.replace("\0", ""))))
    root = ET.fromstring(rendered("junit", hostile, *findings).encode())
    counts = found(*findings).counts
    said = {case.get("name")[:6]: case[0].text for case in root.iter("testcase") if len(case)}
    assert {name: text.count("\n") + 1 for name, text in said.items()} == counts
    for finding in findings:
        assert printable(finding.message) in said[finding.code]


@settings(EACH, max_examples=20)
@given(FINDINGS)
def test_sarif_is_valid(audit, findings):
    results = sarif(audit, *findings, rules=False)["results"]
    assert len(results) == len(findings)
    for entry in results:
        assert entry["message"]["text"]
        assert re.fullmatch(
            r"(file:///)?[A-Za-z0-9_.~/%-]*",
            entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        )


def cells(markdown):
    """Rows of the tables of a text, each a list of cells, as text: what is markup in them is an error."""
    rows, within, allowed = [], "", {"text", "code_inline", "html_inline"}
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and within in ("th_open", "td_open"):
            assert {child.type for child in token.children} <= allowed
            tags = {child.content for child in token.children if child.type == "html_inline"}
            assert tags <= {"<code>", "</code>", "<br>"}
            parts = (c.content for c in token.children if c.type != "html_inline" or c.content == "<br>")
            rows[-1].append("".join(parts))
        within = token.type
    return rows


@EACH
@given(HOSTILE)
def test_code_and_prose_are_no_markup(text):
    for escaped in (code(text), prose(text)):
        (_, row) = cells(f"| a | b |\n|---|---|\n| x{escaped}x | end |\n")
        assert row == [f"x{printable(text)}x", "end"]
    element = code(f"{text}|")
    assert unescape(element) == f"<code>{printable(text)}|</code>"
    assert not re.search(r"[^\w &#;]", element.removeprefix("<code>").removesuffix("</code>"))


@EACH
@given(FINDINGS, HOSTILE)
def test_markdown_reads_back(audit, findings, name):
    images = replace(audit.dataset.images, file_names=[name] * 3)
    hostile = replace(audit, dataset=replace(audit.dataset, images=images))
    rows = cells(rendered("markdown", hostile, *findings))
    tables = [list(group) for _, group in itertools.groupby(rows, len) if _]
    assert [len(group[0]) for group in tables] == [4, 3]
    assert len(tables[0]) == 1 + 3 + 1 + len(found(*findings).counts)
    assert [row[0] for row in tables[1][1:]] == [printable(name) or "2", printable(name) or "3"]


# Where it is used


def test_the_hook_runs_a_command_that_is_there():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= set(hook)
    program, name = hook["entry"].split()
    assert program == "anchoraudit" and name in cli.cli.list_commands(None)
    assert hook["pass_filenames"] is False
    looked_at = [
        f"data/a{suffix}"
        for suffix in [*SUFFIXES, ".json", ".xml", ".txt", ".csv", ".parquet", ".yaml", ".JPG"]
    ]
    assert [path for path in [*looked_at, "anchoraudit.toml"] if not re.search(hook["files"], path)] == []
    assert not re.search(hook["files"], "train.py") and not re.search(hook["files"], "README.md")


def test_snippets_of_the_page_hold():
    page = ROOT / "docs" / "ci.md"
    settings_of = [yaml.safe_load(block.text) for block in blocks(page, "yaml")]
    assert len(settings_of) == 5
    text = page.read_text()
    commands = re.findall(r"anchoraudit (scan data\b(?:(?!&&|>>|`|\n).)*)", text)
    formats = []
    parent = click.Context(cli.cli, **cli.cli.context_settings)  # a command keeps the names of -h from it
    for words in (command.split() for command in commands):
        command = cli.cli.get_command(parent, words[0])
        context = command.make_context(words[0], words[1:], parent=parent)
        assert context.params["dataset"] == "data"
        if context.get_parameter_source("output_format") is not ParameterSource.DEFAULT:
            formats.append(context.params["output_format"])
    assert set(formats) == {"github", "markdown", "sarif", "junit", "concise"}
    assert len(commands) >= 8
    named = set(re.findall(r"`(\w+)`", text)) | set(formats)
    assert {"concise", "csv", "github", "json", "jsonl", "junit", "markdown", "sarif"} <= named
