"""The bar on stderr: when it is shown, what it says, and that nothing of it stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anchoraudit.cli import _bar
from anchoraudit.io import steps
from tests.conftest import SAMPLE

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo terminals here")

# The program, with a bar that shows every step.
EAGER = "from anchoraudit.cli import _bar, run; _bar._PATIENCE = _bar._BETWEEN = 0.0; run({})"


@pytest.fixture
def terminal():
    """Both ends of a terminal: where a person sees it, and where a program writes to it."""
    leader, follower = os.openpty()
    yield leader, follower
    os.close(leader)
    os.close(follower)


def seen_on(leader, until):
    text = ""
    while until not in text:
        text += os.read(leader, 9999).decode()
    return text


def on_screen(text):
    """What a line shows after the text: a carriage return goes back to its start."""
    line = []
    for part in text.split("\r"):
        line[: len(part)] = part
    return "".join(line).rstrip()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (("reading", 0, 0), "reading ... 2 s"),
        (("clustering", 0, 1), "clustering ... 2 s"),
        (("reading labels", 0, 8), f"reading labels  [{' ' * 24}]  0 of 8"),
        (("reading labels", 5_000, 10_000), f"reading labels  [{'#' * 12}{' ' * 12}]  5,000 of 10,000"),
        (("counting", 9, 8), f"counting  [{'#' * 24}]  9 of 8"),
    ],
)
def test_what_it_says(said, line):
    assert _bar._line(*said, 2.2) == line


def test_a_step_that_says_nothing_more_is_shown_after_a_moment(terminal, monkeypatch):
    monkeypatch.setattr(_bar, "_PATIENCE", 0.15)
    leader, follower = terminal
    with _bar.Bar(follower).running():
        steps.step("judging boxes")
        assert on_screen(seen_on(leader, "0 s")) == "judging boxes ... 0 s"
        steps.hush()
        os.write(follower, b"a remark\n")
        assert on_screen(seen_on(leader, "\n").splitlines()[-1]) == "a remark"
        steps.step("writing", holds=True)
        text = seen_on(leader, "writing ... 0 s")
    os.write(follower, b"end")
    assert on_screen(text + seen_on(leader, "end")) == "end"
    assert not steps.is_heard()


def test_what_is_quick_shows_nothing(terminal):
    leader, follower = terminal
    with _bar.Bar(follower).running():
        for done in range(100):
            steps.step("reading", done, 100)
    os.write(follower, b"end")
    assert seen_on(leader, "end") == "end"


@pytest.mark.parametrize(
    ("quiet", "variables", "stdout", "heard"),
    [
        (False, {}, True, True),
        (True, {}, True, False),
        (False, {"CI": "true"}, True, False),
        (False, {"TERM": "dumb"}, True, False),
        (False, {}, False, False),
    ],
    ids=["terminal", "quiet", "ci", "dumb", "piped"],
)
def test_only_where_somebody_looks(terminal, monkeypatch, quiet, variables, stdout, heard):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with open(terminal[1], "w", closefd=False) as screen, Path(os.devnull).open("w") as elsewhere:
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(sys, "stdout", screen if stdout else elsewhere)
        with _bar.shown(quiet=quiet):
            assert steps.is_heard() == heard


def test_a_scan_shows_its_steps_and_leaves_only_the_report(terminal, tmp_path):
    leader, follower = terminal
    line = ["scan", str(SAMPLE / "voc"), "--exit-zero"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", EAGER.format(line)],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(SAMPLE.parent)},
        stdout=follower,
        stderr=follower,
    )
    text = seen_on(leader, "Next")
    process.wait()
    assert "reading annotations" in text and "looking at pictures" in text and "judging boxes" in text
    shown = [on_screen(row) for row in text.replace("\r\n", "\n").split("\n")]
    assert not any("judging" in row or "[###" in row for row in shown)
