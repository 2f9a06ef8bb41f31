"""action.yml: its steps are run as the runner of GitHub runs them, with the program of this checkout."""

import os
import shlex
import subprocess
import sys
from xml.sax.saxutils import unescape

import pytest
import yaml

from tests.conftest import ROOT, SAMPLE

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


@pytest.fixture
def run(tmp_path):
    """Run the action's scan; return what it exits with, prints, and leaves for the runner."""
    program = tmp_path / "anchoraudit" / "bin" / "anchoraudit"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m anchoraudit "$@"\n')
    program.chmod(0o755)
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "Scan"]

    def answer(dataset, args="", sarif=""):
        given = {"dataset": str(dataset), "args": args, "sarif": sarif}
        files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        inputs = {
            name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
            for name, value in step["env"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "RUNNER_TEMP": str(tmp_path),
                **{name: str(path) for name, path in files.items()},
                **inputs,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        left = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
        return done, left["GITHUB_OUTPUT"], left["GITHUB_STEP_SUMMARY"]

    return answer


def test_every_input_is_used_and_every_file_is_there():
    steps = {step["name"]: step for step in ACTION["runs"]["steps"]}
    used = {value.removeprefix("${{ inputs.").removesuffix(" }}") for value in steps["Scan"]["env"].values()}
    assert used == set(ACTION["inputs"])
    assert '"$GITHUB_ACTION_PATH"' in steps["Install anchoraudit"]["run"], "it installs this checkout"
    assert (ROOT / "pyproject.toml").exists()


def test_it_annotates_summarises_and_fails_as_the_scan_does(run, tmp_path):
    done, output, summary = run(SAMPLE / "voc", "--select 'BOX003' --limit 1", "found.sarif")
    assert done.returncode == 1 and output == "exit-code=1\n", done.stderr
    assert "::error" in done.stdout and "BOX003" in done.stdout and "BOX002" not in done.stdout
    assert "BOX003" in unescape(summary)
    assert '"2.1.0"' in (tmp_path / "found.sarif").read_text()


def test_arguments_are_words_and_no_commands(run, tmp_path):
    done, output, summary = run(SAMPLE / "voc", "--select '$(touch made)' ; touch made")
    assert done.returncode == 2 and output == "exit-code=2\n" and not summary
    assert not (tmp_path / "made").exists()
