"""Mutants of real files, and documents out of nothing: each run ends in an answer, or an error that helps."""

from __future__ import annotations

import ast
import codecs
import contextlib
import json
import math
import os
import pickle
import random
import shutil
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchoraudit import detectors, formats
from anchoraudit.classes import readers as class_readers
from anchoraudit.detectors import preset_names
from anchoraudit.detectors import readers as detector_readers
from anchoraudit.formats.coco import chunks
from tests import agreement, campaign, fuzzing, in_parts, mutants, mutations, originals, structure, watch
from tests.builders import GOOD, annotation, document, image, make
from tests.conftest import ROOT
from tests.mutants import output_formats

MUTANTS = 140
SHOWN = 10
# Others every day, so that each run of CI tries new ones, and the same for whoever repeats a run on that day.
SEED = int(os.environ.get("FUZZ_SEED") or mutants.of_today())


@pytest.fixture(scope="module")
def outcomes():
    """What came of all mutants. A second worker would take as long to prepare itself as all of them take."""
    names = mutants.names(MUTANTS, SEED)
    return list(campaign.campaign(names, prepare=fuzzing.preload, attempt=fuzzing.try_out, workers=1))


def test_mutants_of_real_files(outcomes):
    """Exit code 0, 1 or 2; 2 names a file; no traceback; little time and memory: tests/fuzzing.py."""
    assert sorted(outcome.name for outcome in outcomes) == sorted(mutants.names(MUTANTS, SEED))
    failed = [outcome for outcome in outcomes if outcome.failures]
    told = [f"{fuzzing.reproduction(o.name)}\n  {'; '.join(o.failures):.2000}" for o in failed[:SHOWN]]
    whole = f"all of them: FUZZ_SEED={SEED} python -m pytest tests/test_fuzz.py -k mutants_of_real_files"
    assert not failed, "\n".join([f"{len(failed)} of {MUTANTS} mutants:", *told, whole])


def test_mutants_are_of_every_kind_and_end_in_every_way(outcomes):
    """Fuzzing whose every file is refused at its first byte would find nothing."""
    kinds = Counter(outcome.name.partition(":")[0] for outcome in outcomes)
    assert set(kinds) == set(mutants.kinds())
    codes = Counter(code for outcome in outcomes for code in outcome.codes)
    assert min(codes[0], codes[1], codes[2]) > MUTANTS / 10


def test_a_mutant_is_the_same_every_time():
    for name in mutants.names(40, SEED):
        assert mutants.make(name) == mutants.make(name)
    assert mutants.make("coco:1") != mutants.make("coco:2")


def test_another_seed_gives_others():
    assert not {*mutants.names(500, 1)} & {*mutants.names(500, 2)}


class TestOriginals:
    """Mutants are made of files of every kind; a new reader or format fails here until it has one."""

    def test_every_reader_of_detectors(self, here):
        read = set()
        for file, group in originals.detector_files().items():
            originals.lay(group, here / "d")
            read.add(detector_readers.reader_of(here / "d" / file, group[file].decode()))
            detectors.load_detector(here / "d" / file)  # raises an error if it is not a good one
            shutil.rmtree(here / "d")
        assert {reader.__name__ for reader in read} == {r.__name__ for r in detector_readers.readers()}

    def test_every_reader_of_classes(self, here):
        read = set()
        for file, group in originals.class_files().items():
            originals.lay(group, here / "c")
            path, text = here / "c" / file, group[file].decode()
            takers = [
                r for r in class_readers.readers() if path.suffix in r.SUFFIXES and r.detect(path, text)
            ]
            read.add(takers[0].__name__)
            class_readers.read_classes(path)
            shutil.rmtree(here / "c")
        assert read == {reader.__name__ for reader in class_readers.readers()}

    def test_every_format(self, here, monkeypatch):
        monkeypatch.setattr(mutants, "mutate", lambda name, data, dice: data)
        read = set()
        for kind in mutants.kinds():
            mutant = mutants.make(f"{kind}:1")
            if mutant.commands[0][:1] == ["scan"] and mutant.commands[0][1].startswith("ds"):
                originals.lay(mutant.files, here / kind)
                monkeypatch.chdir(here / kind)
                read.add(formats.detect(Path(mutant.commands[0][1])).format)
        for name, own in originals.examples().items():
            originals.lay(own, here / "examples" / name)
            read.add(formats.detect(here / "examples" / name).format)
        missing = {*formats.format_names()} - read
        assert missing == ({"labelformat"} if "labelformat" not in mutants.kinds() else set())


# ---- the mutators ----------------------------------------------------------------------------------------


def test_structure_is_changed_and_most_of_it_still_parses():
    """A mutator that gives up, or whose every mutant is no document, would find little."""
    changed: Counter[str] = Counter()
    parsed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for name, data in originals.all_files().items():
        suffix = Path(name).suffix
        for number in range(4):
            mutant = structure.mutate(name, data, random.Random(number))
            tried[suffix] += 1
            changed[suffix] += mutant != data
            parsed[suffix] += parses(PARSERS[suffix], mutant) if suffix in PARSERS else 0
    assert all(changed[suffix] > 0.5 * tried[suffix] for suffix in tried), changed
    assert all(parsed[suffix] > 0.6 * tried[suffix] for suffix in PARSERS), parsed


PARSERS = {
    ".json": json.loads,
    ".toml": lambda data: tomllib.loads(data.decode()),
    ".xml": ET.fromstring,
    ".yaml": yaml.compose,
    ".yml": yaml.compose,
    ".py": ast.parse,
}


def parses(parse, data):
    """Whether a parser takes some bytes."""
    try:
        parse(data)
    except Exception:
        return False
    return True


def test_a_key_may_be_there_twice_and_a_number_be_odd():
    data = json.dumps(document()).encode()
    made = b"".join(structure.mutate("a.json", data, random.Random(number)) for number in range(1_200))
    for odd in (
        b"-0.0",
        b"1e308",
        b"NaN",
        b"-Infinity",
        b"1" + b"0" * 400,
        b"null",
        b"true",
        b'""',
        b"[[[[[[",
    ):
        assert odd in made, odd
    twice = [m for m in made.split(b"}") if m.count(b'"bbox"') > 1]
    assert twice


def test_what_is_around_a_document_is_changed():
    data = "ab\nä x".encode()
    made = {structure.enclose("a.yaml", data, random.Random(number)) for number in range(300)}
    assert {data + b"\n---\n" + data, codecs.BOM_UTF8 + data, data.decode().encode("utf-32-be")} <= made
    assert any(mutant.startswith(b"\x1f\x8b") for mutant in made) and b"" in made


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

    def test_what_is_done_outside_of_the_folder(self, here):
        (here / "in").mkdir()
        with watch.watching(here / "in") as done:
            (here / "in/a").write_text("x")
            (here / "in/a").rename(here / "in/b")
            Path("in/b").read_text()
        assert done == []
        with watch.watching(here / "in") as done:
            (here / "out").write_text("x")
            Path("in/b").rename("b")
            os.system("true")
            pickle.loads(pickle.dumps(Path))
            with watch.looking_away():
                Path("b").unlink()
        assert [line.partition(" ")[0].partition("(")[0] for line in done] == [
            *("open", "os.rename", "os.system", "pickle.find_class"),
        ]

    def test_a_link_into_the_folder_leads_out_of_it(self, here):
        (here / "in").mkdir()
        (here / "out").mkdir()
        (here / "in/link").symlink_to(here / "out")
        with watch.watching(here / "in") as done:
            (here / "in/link/a").write_text("x")
        assert len(done) == 1 and str(here / "out/a") in done[0]

    def test_a_file_that_nobody_asked_for_and_one_that_changed(self, here):
        mutant = mutants.Mutant("", {"a.json": b"1"}, [["scan", "a.json", "-o", "r.txt"]])
        make(here, {"a.json": "2", "r.txt": "", "CANARY": "", ".anchoraudit/x": ""})
        assert sorted(fuzzing._changed(mutant, here)) == [
            *("the file CANARY was made", "the input a.json was changed"),
        ]

    def test_numbers_of_filter_that_differ(self, here):
        said = "dropped   19 images of 26 (73 %)\nwritten   clean.json: 7\n  images"
        assert list(fuzzing._counted(said, 7, here / "gone.csv")) == []
        make(here, {"gone.csv": "image_id\n1\n"})
        assert len(list(fuzzing._counted(said, 7, here / "gone.csv"))) == 1
        assert len(list(fuzzing._counted(said, 8, here / "none.csv"))) == 1
        assert len(list(fuzzing._counted("nothing", 7, here / "none.csv"))) == 1

    def test_scans_that_differ(self, here):
        make(here, {"a.json": document()})
        good = json.dumps(
            {
                "summary": {
                    **dict.fromkeys(agreement._STATUSES, 0),
                    **{"images": 2, "boxes": 3, "usable": 2, "matched": 2, "verdicts": {"ok": 2}},
                },
                "not_usable": {"crowd": 1},
            }
        )

        def found(whole, parts=None, text="data ds: COCO, 2 images, 3 boxes", codes=(0, 0, 0)):
            answers = iter(zip(codes, (whole, whole if parts is None else parts, text), strict=True))
            return agreement.differences(
                ["scan", "a.json", "--output-format", "csv"], lambda _: next(answers)
            )

        assert found(good) == []
        assert len(found(good, parts="{}")) == 1
        assert len(found(good, text="data ds: COCO, 2 images, 4 boxes")) == 1
        assert len(found(good, text="")) == 1
        assert len(found(good, codes=(0, 0, 1))) == 1
        for key in ("images", "boxes", "usable", "matched"):
            assert found(good.replace(f'"{key}": 2', f'"{key}": 5').replace(f'"{key}": 3', f'"{key}": 5'))

    def test_small_data_are_read_in_parts(self, here, monkeypatch):
        """Otherwise that comparison would compare nothing."""
        entries = [annotation(number) for number in range(9)]
        make(here, {"a.json": json.dumps(document(annotations=entries))})
        joined = mock.Mock(side_effect=chunks._in_order)
        monkeypatch.setattr(chunks, "_in_order", joined)
        with in_parts.reading_in_parts():
            assert fuzzing.problems(["scan", "a.json"], "a.json") == []
        assert joined.call_count == 1

    def test_an_error_without_a_file(self, here):
        make(here, {"a.json": "["})
        assert fuzzing.problems(["scan", "a.json"], "a.json") == []
        assert "names no file" in fuzzing.problems(["scan", "a.json"], "b.json")[0]

    def test_a_process_that_dies_or_waits(self, monkeypatch):
        monkeypatch.setattr(campaign, "WAIT", 1.0)
        names = ["coco:1", "coco:2"]
        outcomes = {
            o.name: o.failures[0] for o in campaign.campaign(names, prepare=nothing, attempt=die_or_wait)
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
    max_examples=10,
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
        (c, k) for c, path in mutations.places(preset) if (k := path[-1]) and not isinstance(c[k], dict | str)
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
