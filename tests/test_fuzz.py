"""Mutants of real files, and documents out of nothing: each run ends in an answer, or an error that helps."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchoraudit.detectors import preset_names
from tests import fuzzing, mutants
from tests.builders import GOOD, annotation, document, image, make
from tests.conftest import ROOT
from tests.mutants import output_formats

MUTANTS = 2_000
SHOWN = 10


@pytest.fixture(scope="module")
def outcomes():
    """What came of all mutants."""
    return list(fuzzing.campaign(mutants.names(MUTANTS)))


def test_mutants_of_real_files(outcomes):
    """Exit code 0, 1 or 2; 2 names a file; no traceback; little time and memory: tests/fuzzing.py."""
    wanted = mutants.names(MUTANTS)
    assert sorted(outcome.name for outcome in outcomes) == sorted(wanted)
    failed = [outcome for outcome in outcomes if outcome.failures]
    told = [f"{fuzzing.reproduction(o.name)}\n  {'; '.join(o.failures):.2000}" for o in failed[:SHOWN]]
    assert not failed, f"{len(failed)} of {MUTANTS} mutants:\n" + "\n".join(told)


def test_mutants_are_of_every_kind_and_end_in_every_way(outcomes):
    """Fuzzing whose every file is refused at its first byte would find nothing."""
    names = mutants.names(300)
    kinds = Counter(name.partition(":")[0] for name in names)
    assert set(kinds) == set(mutants.kinds())
    first = set(names[:150])
    codes = Counter(code for outcome in outcomes if outcome.name in first for code in outcome.codes)
    assert min(codes[0], codes[1], codes[2]) > 20


def test_a_mutant_is_the_same_every_time():
    for name in mutants.names(60):
        assert mutants.make(name) == mutants.make(name)
    assert mutants.make("coco:1") != mutants.make("coco:2")


def nothing():
    """In place of what a worker prepares."""


def die_or_wait(name, _):
    """In place of trying a mutant."""
    if name == "coco:1":
        os._exit(3)
    time.sleep(60)


class TestTheFuzzingItself:
    """That it sees what it is to see."""

    def test_a_crash(self, monkeypatch):
        monkeypatch.setattr("anchoraudit.cli.scan.rules_of", lambda _: 1 / 0)
        (failure,) = fuzzing.problems(["scan", str(ROOT / "sample_data/coco")], "coco")
        assert "ZeroDivisionError" in failure

    def test_an_error_without_a_file(self, here):
        make(here, {"a.json": "["})
        assert fuzzing.problems(["scan", "a.json"], "a.json") == []
        assert "names no file" in fuzzing.problems(["scan", "a.json"], "b.json")[0]

    def test_a_process_that_dies_or_waits(self, monkeypatch):
        monkeypatch.setattr(fuzzing, "WAIT", 8.0)  # a process needs some of it to start
        names = ["coco:1", "coco:2"]
        outcomes = {
            o.name: o.failures[0] for o in fuzzing.campaign(names, prepare=nothing, attempt=die_or_wait)
        }
        assert "died: exit code 3" in outcomes["coco:1"]
        assert "hung" in outcomes["coco:2"]

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("json", "NaN"),
            ("csv", "a,b\n1\n"),
            ("junit", "<a>"),
            ("github", "x"),
            ("jsonl", "1\n{"),
            ("text", ""),
        ],
    )
    def test_output_that_is_none(self, form, text):
        with pytest.raises((ValueError, ET.ParseError)):
            fuzzing.well_formed(form, text)


# ---- out of nothing --------------------------------------------------------------------------------------

scratch = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
numbers = st.one_of(
    st.integers(-5, 1000), st.floats(), st.integers(), st.sampled_from([0, 1, 2**63, -(2**63) - 1, 10**400])
)
texts = st.text(max_size=8) | st.sampled_from(
    ["cat", "1.jpg", "\x1b[31m", "\ud800", "../x", "/dev/zero", "7", ""]
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=5) | st.dictionaries(texts, v, max_size=3), max_leaves=8
)
coordinate = st.floats(-50, 1500) | numbers
ids = st.integers(1, 3) | st.sampled_from(["1", "a", 0, -1, 1.0, 2**64, None, True])
boxes = st.just(GOOD) | st.lists(coordinate, min_size=4, max_size=4) | values


def entries(**keys):
    """Objects with some of these keys, each with a value as it should be or with any."""
    fields = {key: strategy | values for key, strategy in keys.items()}
    return st.fixed_dictionaries({}, optional=fields) | values


coco_files = st.fixed_dictionaries(
    {
        "images": st.lists(entries(id=ids, file_name=texts, width=numbers, height=numbers), max_size=4),
        "annotations": st.lists(
            entries(
                id=ids,
                image_id=ids,
                category_id=ids,
                bbox=boxes,
                area=numbers,
                iscrowd=ids,
                segmentation=values,
            ),
            max_size=5,
        ),
    },
    optional={"categories": st.lists(entries(id=ids, name=texts), max_size=3) | values, "info": values},
)


@contextlib.contextmanager
def laid(files):
    """Files in a new working directory."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        make(Path(folder), files)
        yield


@scratch
@given(coco_files | values, st.sampled_from(output_formats()), st.sampled_from(["none", "header"]))
def test_any_json_is_answered(whole, form, images):
    with laid({"ds/a.json": json.dumps(whole)}):
        assert (
            fuzzing.problems(["scan", "ds/a.json", "--output-format", form, "--images", images], "a.json")
            == []
        )
        assert fuzzing.problems(["filter", "ds/a.json", "-o", "x.json"], "a.json") == []


TAGS = ["annotation", "object", "bndbox", "xmin", "ymin", "xmax", "ymax", "size", "width", "height", "name"]
TAGS += ["filename", "part", "difficult"]
trees = st.recursive(
    numbers.map(str) | texts,
    lambda tree: st.lists(st.tuples(st.sampled_from(TAGS), tree), max_size=6),
    max_leaves=30,
)


@scratch
@given(trees, st.sampled_from(output_formats()))
def test_any_annotation_is_answered(tree, form):
    with laid({"ds/a.xml": _xml("annotation", tree), "ds/b.xml": "<annotation/>", "ds/b.jpg": (9, 9)}):
        assert fuzzing.problems(["scan", "ds", "--output-format", form], "ds") == []
        assert fuzzing.problems(["filter", "ds", "-o", "x.json", "--keep-blank"], "ds") == []


def _xml(tag: str, content: Any) -> str:
    if isinstance(content, str):
        escaped = content.encode("utf-8", "replace").decode().replace("&", "&amp;").replace("<", "&lt;")
        return f"<{tag}>{escaped}</{tag}>"
    return f"<{tag}>{''.join(_xml(name, value) for name, value in content)}</{tag}>"


fields = st.sampled_from(
    ["0", "1", "0.5", "0.25", "1.5", "-0.1", "nan", "inf", "1e400", "x", "", "\ufeff0", "٣", "1_0"]
)
label_lines = st.lists(st.lists(fields | numbers.map(str), max_size=9).map(" ".join), max_size=6).map(
    "\n".join
)


@scratch
@given(label_lines, st.text(max_size=60) | st.just("train: images\nval: images\nnames: [cat, dog]\n"))
def test_any_labels_are_answered(labels, config):
    files = {"ds/data.yaml": config.encode("utf-8", "surrogatepass"), "ds/images/a.jpg": (960, 720)}
    with laid({**files, "ds/labels/a.txt": labels.encode("utf-8", "surrogatepass")}):
        assert fuzzing.problems(["scan", "ds", "--output-format", "json"], "ds") == []
        assert fuzzing.problems(["scan", "ds/data.yaml", "--format", "yolo"], "data.yaml", "ds") == []
        assert fuzzing.problems(["filter", "ds", "-o", "x.json", "--keep-blank"], "ds") == []


columns = st.sampled_from(
    [
        "image,x1,y1,x2,y2,label",
        "filename,width,height,class,xmin,ymin,xmax,ymax",
        "ImageID,LabelName,XMin,XMax,YMin,YMax",
        "",
    ]
)
cells = (
    st.sampled_from(["a.jpg", "cat", "10", "200", "0.5", "-3", "", '"', "nan", "1e999", "\0", "a;b"])
    | numbers.map(str)
    | texts
)


@scratch
@given(columns, st.lists(st.lists(cells, max_size=9).map(",".join), max_size=6))
def test_any_table_is_answered(header, rows):
    text = "\n".join([header, *rows]).encode("utf-8", "surrogatepass")
    with laid({"t.csv": text, "images/a.jpg": (960, 720)}):
        assert fuzzing.problems(["scan", "t.csv", "--output-format", "json"], "t.csv") == []
        assert fuzzing.problems(["filter", "t.csv", "-o", "x.json", "--keep-blank"], "t.csv") == []


@st.composite
def changed_presets(draw):
    """A preset with a few of its values replaced, as TOML."""
    name = draw(st.sampled_from(preset_names()))
    preset = tomllib.loads((ROOT / f"anchoraudit/detectors/presets/{name}.toml").read_text())
    places = [
        (c, k) for c, path in mutants.places(preset) if (k := path[-1]) and not isinstance(c[k], dict | str)
    ]
    for container, key in draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        container[key] = draw(
            st.sampled_from(
                [0, 1, -1, 1e-300, 1e300, 0.999, 32, math.inf, math.nan, True, "off", [], [[1, 2]]]
            )
            | st.floats(0.01, 3000)
            | st.integers(1, 5000)
        )
    return "".join(f"{key} = {_toml(value)}\n" for key, value in preset.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value)


@scratch
@given(
    changed_presets(),
    st.sampled_from([[], ["--counts"], ["--input-size", "64"], ["--allowed-border", "off"]]),
)
def test_any_numbers_of_a_detector_are_answered(text, options):
    whole = document(
        [image(), image(2, width=1, height=3000)], [annotation(), annotation(2, 2, [0, 9, 1, 99])]
    )
    with laid({"a.json": whole, "d.toml": text}):
        anchored = [["cluster", "a.json", "--k", "1"]] if "\nanchors = " in text else []
        for args in (["scan", "a.json", *options], *anchored, ["explain", "2", "a.json"]):
            assert fuzzing.problems([*args, "--detector", "d.toml"], "d.toml", "a.json") == []
