"""Baselines: what a finding is known by, the file, and what is new."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.auditing import baseline
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules import Findings, Hits, all_rules
from tests.builders import annotation, document, image, make
from tests.test_readme import ROOT


def found(*findings):
    codes = dict.fromkeys(finding.code for finding in findings)
    return Findings({c: [[f for f in findings if f.code == c]] for c in codes}, all_rules())


def box(thing, place="annotations[1]", path="data/ann.json"):
    return Finding("BOX002", "no area", path, place, "w 0", thing)


def new(before, now, tmp_path, root=Path("data")):
    """Findings that are new after a baseline of others."""
    baseline.write(tmp_path / "b.json", found(*before), root)
    return baseline.new_findings(found(*now), baseline.read(tmp_path / "b.json"), root)


# What a finding is known by


def test_a_key_has_no_position(here):
    (here / "data").mkdir()
    root = Path("data")
    assert baseline.key(box("annotation 7"), root) == '["BOX002", "ann.json", "annotation 7"]'
    assert baseline.key(box("annotation 7", "annotations[9]"), root) == baseline.key(
        box("annotation 7"), root
    )
    nameless = Finding("PAR001", "cut off", "data/x/a.xml", "line 4", "<a")
    assert baseline.key(nameless, root) == '["PAR001", "x/a.xml", "cut off: <a"]'
    assert baseline.key(Finding("SET006", "no image", "data"), root) == '["SET006", ".", "no image"]'


@pytest.mark.parametrize("root", ["data", "./data", "{here}/data", "."])
@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("{root}/ann.json", "ann.json"),
        ("{root}/Annotations/a.xml", "Annotations/a.xml"),
        ("{root}/../images/1.jpg", "../images/1.jpg"),
        ("{root}", "."),
        ("reference", "reference"),
        ("", ""),
    ],
)
def test_files_are_seen_from_the_data_set(here, root, path, file):
    (here / "data").mkdir()
    if root == ".":
        os.chdir(here / "data")
    folder = Path(root.format(here=here))
    named = path.format(root=folder).removeprefix("./")
    assert json.loads(baseline.key(Finding("PAR001", "m", named), folder))[1] == file


def test_the_data_set_may_be_a_file(here):
    make(here, {"data/ann/train.json": "{}"})
    for root in (Path("data/ann/train.json"), here / "data/ann/train.json"):
        folder = root.parent.parent
        assert '"train.json"' in baseline.key(Finding("PAR001", "m", str(root)), root)
        assert '"../images/1.jpg"' in baseline.key(Finding("IMG005", "m", str(folder / "images/1.jpg")), root)


@pytest.mark.parametrize("name", ["voc", "coco"])
def test_a_baseline_is_the_same_wherever_the_data_set_is(here, name):
    shutil.copytree(ROOT / "sample_data" / name, here / "some" / "where" / "data")
    written = set()
    for number, (folder, root) in enumerate(
        [
            ("some/where", "data"),
            ("some/where/data", "."),
            (".", "some/where/data"),
            ("some", here / "some/where/data"),
        ]
    ):
        os.chdir(here / folder)
        result = anchoraudit.audit(root)
        assert len(result.findings) > 10
        file = here / f"{number}.json"
        baseline.write(file, result.findings, result.dataset.root)
        written.add(file.read_bytes())
        left = baseline.new_findings(result.findings, baseline.read(file), result.dataset.root)
        assert list(left) == [] and not left.counts
    assert len(written) == 1
    assert str(here) not in written.pop().decode()


# The file


def test_the_file(here):
    (here / "data").mkdir()
    findings = [
        box("annotation 8"),
        Finding("PAR001", "cut off", "data/é.xml"),
        box("annotation 10", path="data/b.json"),
        box("annotation 10"),
        box("annotation 10", "annotations[5]"),
    ]
    for order in (findings, findings[::-1]):
        baseline.write(here / "b.json", found(*order), Path("data"))
        assert (here / "b.json").read_text("ascii") == (
            '{\n "anchoraudit-baseline": 1,\n "keys": {\n'
            '  "BOX002": {\n'
            '   "ann.json": {\n'
            '    "annotation 10": 2,\n'
            '    "annotation 8": 1\n'
            "   },\n"
            '   "b.json": {\n'
            '    "annotation 10": 1\n'
            "   }\n"
            "  },\n"
            '  "PAR001": {\n'
            '   "\\u00e9.xml": {\n'
            '    "cut off": 1\n'
            "   }\n"
            "  }\n"
            " }\n}\n"
        )
    assert sorted(path.name for path in here.iterdir()) == ["b.json", "data"]


def test_a_baseline_of_nothing(tmp_path):
    baseline.write(tmp_path / "b.json", found(), tmp_path)
    assert baseline.read(tmp_path / "b.json") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a baseline"),
        (b"{", "not a baseline"),
        (b"\xff\xfe\xfa", "not a baseline"),
        (b"[" * 100_000, "not a baseline"),
        (b"[]", "it has no 'anchoraudit-baseline'"),
        (b'{"keys": {}}', "it has no 'anchoraudit-baseline'"),
        (b'{"anchoraudit-baseline": true, "keys": {}}', "it has no"),
        (b'{"anchoraudit-baseline": "1", "keys": {}}', "it has no"),
        (b'{"anchoraudit-baseline": 2, "keys": {}}', "version 2, and this anchoraudit reads version 1"),
        (b'{"anchoraudit-baseline": 1}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": []}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": {"BOX002": []}}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": {"BOX002": {"a": ["x"]}}}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": {"BOX002": {"a": {"x": 0}}}}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": {"BOX002": {"a": {"x": true}}}}', "'keys' does not hold"),
        (b'{"anchoraudit-baseline": 1, "keys": {"BOX002": {"a": {"x": NaN}}}}', "'keys' does not hold"),
    ],
)
def test_what_is_no_baseline(tmp_path, content, message):
    file = tmp_path / "b.json"
    file.write_bytes(content)
    with pytest.raises(AnchorauditError, match=message) as caught:
        baseline.read(file)
    assert caught.value.path == str(file) and caught.value.remedy


def test_a_baseline_that_cannot_be_opened(tmp_path):
    with pytest.raises(AnchorauditError, match="no such file"):
        baseline.read(tmp_path / "none.json")
    with pytest.raises(AnchorauditError, match="folder"):
        baseline.read(tmp_path)


# What is new


def test_known_findings_are_not_new(tmp_path):
    before = [box("annotation 1"), Finding("PAR001", "cut off", "data/a.xml")]
    assert list(new(before, before, tmp_path)) == []
    moved = [box("annotation 1", "annotations[99]")]
    assert list(new(before, moved, tmp_path)) == []
    others = [
        box("annotation 2"),
        box("annotation 1", path="data/other.json"),
        Finding("PAR001", "cut off", "a"),
    ]
    assert list(new(before, others, tmp_path)) == others
    assert list(new([], before, tmp_path)) == before


def test_what_has_one_key_is_counted(tmp_path):
    here = [box("annotation 1", f"annotations[{i}]") for i in range(3)]
    assert list(new(here[:2], here, tmp_path)) == [here[2]]
    assert list(new(here, here[:2], tmp_path)) == []


def test_what_is_left_is_like_all_findings(tmp_path):
    rows = np.array([2, 5, 7])
    lost = Hits(
        "box", rows, lambda row: Finding("BOX003", "outside", "data/a.json", thing=f"annotation {row}")
    )
    one = Finding("PAR001", "cut off", "data/a.xml")
    rules = all_rules()
    other = Finding("BOX003", "outside", "data/a.json", thing="annotation 9")
    findings = Findings({"BOX003": [lost, [other]], "PAR001": [[one]]}, rules)
    baseline.write(tmp_path / "b.json", [lost[1], one], Path("data"))
    left = baseline.new_findings(findings, baseline.read(tmp_path / "b.json"), Path("data"))
    assert left.counts == {"BOX003": 3}
    assert [finding.thing for finding in left.of("BOX003", 2)] == ["annotation 2", "annotation 7"]
    assert left.severities() == {rules["BOX003"].severity} and left.rule("BOX003") is rules["BOX003"]
    assert np.flatnonzero(left.has_error("box", 9)).tolist() == [2, 7]
    assert len(left) == 3 and left[-1].thing == "annotation 9"
    assert len(findings) == 5


def test_repairing_and_adding_entries(here):
    bad = [10, 10, 0, 5]
    entries = [annotation(1), annotation(2, bbox=bad), annotation(3, bbox=bad)]
    make(here, {"ann.json": document([image()], entries)})
    before = anchoraudit.audit("ann.json", images="none")
    baseline.write(here / "b.json", before.findings, before.dataset.root)
    inserted = [annotation(8), *entries[:2], annotation(9, bbox=bad)]
    make(here, {"ann.json": document([image()], inserted)})
    after = anchoraudit.audit("ann.json", images="none")
    left = baseline.new_findings(after.findings, baseline.read(here / "b.json"), after.dataset.root)
    assert [(f.code, f.thing) for f in left if f.code == "BOX002"] == [("BOX002", "annotation 9")]


def test_nothing_is_new_in_another_order(here):
    same, near, pixels = [400, 360, 74, 149], [400, 360, 74, 150], (90, 50)
    entries = [
        *(annotation(number, bbox=same) for number in (1, 2, 3)),
        *(annotation(number, 2, bbox) for number, bbox in ((4, same), (5, near), (6, [400, 360, 75, 150]))),
    ]
    shown = [image(number, width=90, height=50) for number in (1, 2)]
    pictures = {"images/1.jpg": pixels, "images/2.jpg": pixels}
    make(here, {"a.json": document(shown, entries), **pictures})
    before = anchoraudit.audit("a.json")
    counts = {"BOX011": 2, "BOX012": 2, "IMG010": 1}
    assert {code: before.findings.counts.get(code) for code in counts} == counts
    baseline.write(here / "b.json", before.findings, before.dataset.root)
    make(here, {"a.json": document(shown[::-1], entries[::-1])})
    after = anchoraudit.audit("a.json")
    assert after.dataset.images.ids == [2, 1]
    left = baseline.new_findings(after.findings, baseline.read(here / "b.json"), after.dataset.root)
    assert [(f.code, f.thing) for f in left] == []
    assert {code: after.findings.counts.get(code) for code in counts} == counts


TEXT = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["/", "..", "data", "data/x"]
)
FINDINGS = st.lists(
    st.builds(Finding, st.sampled_from(["PAR001", "BOX002", "CLS007"]), TEXT, TEXT, TEXT, TEXT, TEXT),
    max_size=6,
)


@settings(max_examples=20, deadline=None)
@given(FINDINGS, FINDINGS)
def test_any_text_comes_back(tmp_path_factory, before, more):
    tmp_path = tmp_path_factory.mktemp("any")
    assert list(new(before, before, tmp_path)) == []
    left = new(before, before + more, tmp_path)
    assert len(left) == len(more)
    keys = sorted(baseline.key(finding, Path("data")) for finding in left)
    assert keys == sorted(baseline.key(finding, Path("data")) for finding in more)
