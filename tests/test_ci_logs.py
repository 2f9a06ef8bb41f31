"""No name in the data gives a command to the CI service whose log shows an output."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from anchoraudit.cli import cli
from anchoraudit.report.outputs import names as output_formats
from tests.builders import annotation, document, image, make, run
from tests.test_hostile import REFERENCE, well_formed

# What each service documents. Words follow each other so that some begin a line, wherever text is wrapped.
COMMANDS = (
    "::error file=a,line=1::b",
    "::set-output name=a::b",
    "::stop-commands::c",
    "::add-mask::d",
    "##[error]e",
    "##vso[task.setvariable variable=f]g",
    "##teamcity[buildStatus text='h']",
    "section_start:1560896352:i[collapsed=true]\r\x1b[0K",
    "\x1b]0;j\x07\x1b[31m",
    "\n::warning::k",
)
NAMES = [*COMMANDS, " ".join(f"w{'x' * n} {command}" for n, command in enumerate(COMMANDS * 4))]


def commands_in(text: str) -> list[str]:
    """The lines that a service acts on, read as its agent does."""
    found = []
    for line in re.split("[\r\n]", text):
        if line.lstrip().startswith("::"):  # GitHub: runner, src/Runner.Common/ActionCommand.cs
            found.append(line)
        if re.search(r"##(\[|vso\[|teamcity\[)", line, re.I):  # Azure: agent, Command.TryParse
            found.append(line)
        if re.search(r"section_(start|end):\d+:", line):  # GitLab: lib/gitlab/ci/ansi2json
            found.append(line)
        if "\x1b" in line or "\x9b" in line:
            found.append(line)
    return found


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A data set in which everything that is named has such names, and nearly every rule finds something."""
    monkeypatch.chdir(tmp_path)
    tiny = [1, 1, 3, 3]
    images = [image(name, file_name=f"{name}.jpg") for name in NAMES]
    images += [image(f"{name} ", file_name=f"{name}.png", width=None) for name in NAMES]
    boxes = [annotation(name, name, category_id=NAMES[i - 1]) for i, name in enumerate(NAMES)]
    boxes += [annotation(f"{name}+", name, tiny, category_id=name) for name in NAMES]
    boxes += [annotation(name, f"{name}!", ["x", name, 1, name], category_id=f"{name}?") for name in NAMES]
    categories = [{"id": name, "name": name} for name in [*NAMES, *(name.upper() for name in NAMES)]]
    make(
        tmp_path,
        {
            "a.json": document(images, boxes, categories=categories),
            "::error::": document([image(file_name="##[error]a.jpg")]),
            "::error::.toml": REFERENCE.replace('"reference"', json.dumps(COMMANDS[4] + COMMANDS[0]), 1),
            "##[error].toml": REFERENCE.replace("stride = 16", "::error::", 1),
            "::warning::": "::error::",
            "##vso[x]names.txt": "\n".join(name.replace("\n", "") for name in NAMES),
        },
    )
    return tmp_path


BLAME = ["--dataset", "a.json", "--sampler", "sequential", "--batch-size", "50", "--step", "0"]
RUNS = {
    "scan": [
        ["a.json"],
        ["a.json", "--verbose", "--counts", "--limit", "50", "--detector", "::error::.toml"],
        ["a.json", "-q", "--detector", "::error::.toml"],
        ["a.json", "--classes", "##vso[x]names.txt", "--detector", "mmdet-retinanet_fpn"],
        ["::error::"],
        ["::warning::"],
        ["::nothing::"],
        ["a.json", "::error::\n::error::x"],
        ["a.json", "--\n::error::x"],
        ["a.json", "--fail-on", "\n::error::x"],
        ["a.json", "--limit", "\n::error::x"],
        ["a.json", "--split", "##[error]x"],
        ["a.json", "--detector", "##[error].toml"],
        ["a.json", "-o", "::no folder::/\n::error::/x"],
        *(["a.json", "--output-format", name] for name in output_formats()),
    ],
    "advise": [["a.json", "--detector", "::error::.toml"], ["a.json", "--output-format", "json"]],
    "blame": [
        [*BLAME, "--detector", "::error::.toml"],
        [*BLAME, "--output-format", "json"],
        [*BLAME, "--loader", "detectron2", "--classes", "##vso[x]names.txt"],
        [*BLAME, "--set", "\n::error::x"],
        [*BLAME, "--sampler", "\n::error::x"],
    ],
    "cluster": [["a.json", "--k", "1"], ["a.json", "--k", "1", "--output-format", "json"]],
    "compare": [
        ["a.json", "--detector", "::error::.toml", "--detector", "reference"],
        ["a.json", "--detector", "::error::.toml", "--output-format", "csv"],
        ["a.json", "--detector", "::error::.toml", "--output-format", "json"],
        ["a.json", "--loader", "none", "--loader", "detectron2"],
        ["a.json", "--loader", "none", "--loader", "detectron2", "--output-format", "csv"],
        ["a.json", "--detector", "::error::.toml", "--output-format", "html"],
    ],
    "detectors": [["show", "::error::.toml"], ["show", "::error::.toml", "--output-format", "json"]],
    "explain": [
        *([name, "a.json", "--detector", "::error::.toml"] for name in NAMES),
        [NAMES[0], "a.json", "--output-format", "json"],
        ["\n::error::x", "a.json"],
    ],
    "export": [["a.json", "--to", "coco", "-o", "##[error]out"], ["a.json", "--to", "##[error]x"]],
    "filter": [
        ["a.json", "--fix", "--diff"],
        ["a.json", "-o", "##[error]clean.json", "--unsafe-fixes", "--detector", "::error::.toml"],
    ],
    "init": [["::error::"], ["::nothing::"]],
    "formats": [["show", "\n::error::x"]],
    "rules": [["show", "\n::error::x"]],
    "verify": [["a.json", "::warning::"], ["##[error]nothing"]],
}


@pytest.mark.parametrize(
    "args",
    [[command, *args] for command, all_args in RUNS.items() for args in all_args] + [["\n::error::x"]],
    ids=lambda args: " ".join(args)[:60].encode("unicode_escape").decode(),
)
def test_no_output_gives_a_command(here, capsys, args):
    run(*args)
    out, err = capsys.readouterr()
    assert out or err
    if "github" in args:
        given = [re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line) for line in out.splitlines()]
        assert all(given)
        properties = [p for line in given for p in line[2].split(",")]
        assert all(re.fullmatch(r"(file|line|title)=[^:,]*", p) for p in properties)
        out = ""
    assert commands_in(out) == []
    assert commands_in(err) == []
    if "-o" in args:
        for path in here.glob("*clean*"):
            json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("form", output_formats())
def test_what_is_escaped_is_read_back(here, capsys, form):
    run("scan", "a.json", "--output-format", form)
    out = capsys.readouterr().out
    well_formed(form, out)
    if form == "json":
        assert {f"{name}.png" for name in NAMES} <= {i["file_name"] for i in json.loads(out)["flagged"]}


def test_a_detector_is_read_back(here, capsys):
    run("detectors", "show", "::error::.toml")
    assert tomllib.loads(capsys.readouterr().out)["name"] == COMMANDS[4] + COMMANDS[0]


@pytest.mark.parametrize("escape", ["FORCE_COLOR", "COLUMNS"])
def test_neither_colour_nor_width_lets_one_through(here, capsys, monkeypatch, escape):
    monkeypatch.setenv(escape, "31")
    run("scan", "a.json", "--verbose")
    out = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "teamcity" in out
    assert commands_in(out) == []


def test_every_command_is_run():
    assert set(RUNS) == set(cli.list_commands(None))
