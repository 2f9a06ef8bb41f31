"""Public bug reports, rebuilt as small data sets, and what the program says of each to whoever runs it.

Each folder of `tests/cases` is a case and is found by itself. It holds `case.toml` and the input: the files
as the reporter had them, mostly in `dataset/`. The folder is copied to an empty working directory, its images
are drawn, and its commands run there, one after the other, in this process.

Keys of `case.toml`:

- `source`: the reports, as `owner/repository#number`; `owner/repository` for what its own code does, found
  beside a report; or `real data sets`, for what was seen on several of them.
- `about`: what is wrong with the data and what the framework does with them, in a sentence or two.
- `[images]`: images to draw, by their path: `[width, height]` in stored pixels, or `{ size = [...] }` with
  `orientation = 6` for that EXIF orientation, or `cut_off = 200` for a file without its last 200 bytes. Drawn
  images are noise: no two are alike.
- `[[run]]`, once for each command:
    - `command`: what is typed after `anchoraudit`.
    - `exit`: the exit code, or a list of those that will do.
    - `says`: texts that the answer (stdout or stderr) must have. A list in place of a text: one of them.
    - `never`: texts that it must not have.
    - `findings`: codes, or beginnings of codes, that a scan must find. A table `{ code, severity, says }`
      also asks for a severity, and for texts in that finding. A list in place of a code or a severity: one of
      them.
    - `lacks`: codes, or beginnings of codes, that it must not find.
    - `at_most`: how many rows the table of findings may have, by severity, and how many `notes` there may be:
      `{ warning = 0, info = 3, notes = 3 }`.

What is expected comes from what the framework does with such data, not from what the program answers. In
texts, white space and letter case do not count, since reports are wrapped. The last three keys run the
command again as JSON, which must end with one of the same exit codes.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import tomllib
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.builders import run
from tests.rule_cases import picture

FOLDER = Path(__file__).parent / "cases"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/case.toml"))
SOURCE = re.compile(r"[\w.-]+/[\w.-]+(#\d+)?|real data sets")
KEYS = {"source", "about", "images", "run"}
OF_FINDINGS = {"findings", "lacks", "at_most"}
OF_A_RUN = {"command", "exit", "says", "never"} | OF_FINDINGS
SEVERITIES = {"error", "warning", "info"}
PARTS = ("path", "place", "message", "why", "evidence", "suggestion")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def case(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name / "case.toml").read_text("utf-8"))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def unsaid(texts: list[str | list[str]], answer: str) -> list[str | list[str]]:
    """Those texts that the answer does not have; of a list, one will do."""
    said = plain(answer)
    return [needed for needed in texts if not any(plain(one) in said for one in listed(needed))]


def lay_out(name: str, into: Path) -> None:
    """Copy the input of a case and draw its images."""
    shutil.copytree(FOLDER / name, into, ignore=shutil.ignore_patterns("case.toml"), dirs_exist_ok=True)
    for path, drawn in case(name).get("images", {}).items():
        more = {"size": drawn} if isinstance(drawn, list) else dict(drawn)
        size, lost = tuple(more.pop("size")), more.pop("cut_off", 0)
        picture(size, seed=zlib.crc32(path.encode()), **more).save(into / path)
        if lost:
            (into / path).write_bytes((into / path).read_bytes()[:-lost])


def answered(*words: str) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(*words)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lay_out(name, here)
    failed = []
    for step in case(name)["run"]:
        done = answered(*shlex.split(step["command"]))
        answer = done.out + done.err
        wrong = not_as_expected(step, done.code, answer)
        if OF_FINDINGS & set(step):
            wrong += findings_not_as_expected(step)
        if wrong:
            failed.append("\n".join([f"anchoraudit {step['command']}", *wrong, "", answer]))
    if failed:
        pytest.fail("\n".join(failed), pytrace=False)


def not_as_expected(step: dict[str, Any], code: int, answer: str) -> list[str]:
    """What is wrong with the exit code and the text of an answer."""
    wrong = [] if code in listed(step["exit"]) else [f"- exit code {code}, not {step['exit']}"]
    wrong += [f"- does not say {needed!r}" for needed in unsaid(step.get("says", []), answer)]
    wrong += [f"- says {text!r}" for text in step.get("never", []) if not unsaid([text], answer)]
    crashed = "Traceback (most" in answer or "internal error" in answer
    return [*wrong, "- ends with a traceback"] if crashed else wrong


def findings_not_as_expected(step: dict[str, Any]) -> list[str]:
    """What is wrong with the findings of the command, run again as JSON."""
    done = answered(*shlex.split(step["command"]), "--output-format", "json")
    if done.code not in listed(step["exit"]):
        return [f"- exit code {done.code} as JSON, not {step['exit']}"]
    if done.code == 2:
        return ["- no findings, since the command failed"]
    report = json.loads(done.out)
    found = report["findings"]
    rows = sorted({(one["code"], one["severity"]) for one in found})
    wrong = [f"- finds no {needed}" for needed in step.get("findings", []) if not is_found(needed, found)]
    wrong += [f"- finds {code}" for code, _ in rows if code.startswith(tuple(step.get("lacks", [])))]
    counts = Counter(severity for _, severity in rows) + Counter(notes=len(report["notes"]))
    for kind, most in step.get("at_most", {}).items():
        if counts[kind] > most:
            wrong.append(f"- {counts[kind]} of {kind}, not at most {most}")
    return [*wrong, f"  found: {rows}", f"  notes: {report['notes']}"] if wrong else []


def is_found(needed: str | dict[str, Any], found: list[dict[str, Any]]) -> bool:
    """Whether a finding is as needed: its code, its severity and what it says."""
    wanted = needed if isinstance(needed, dict) else {"code": needed}
    return any(
        one["code"].startswith(tuple(listed(wanted["code"])))
        and one["severity"] in listed(wanted.get("severity", [*SEVERITIES]))
        and not unsaid(wanted.get("says", []), " ".join(str(one[part]) for part in PARTS))
        for one in found
    )


@pytest.mark.parametrize("name", NAMES)
def test_case_is_well_formed(name: str) -> None:
    """A misspelt key would expect nothing."""
    given = case(name)
    assert set(given) <= KEYS
    assert given["about"]
    assert given["run"]
    assert listed(given["source"])
    assert all(SOURCE.fullmatch(source) for source in listed(given["source"]))
    for step in given["run"]:
        assert {"command", "exit"} <= set(step) <= OF_A_RUN
        assert set(listed(step["exit"])) <= {0, 1, 2}
        assert set(step.get("at_most", {})) <= SEVERITIES | {"notes"}
        for needed in step.get("findings", []):
            if isinstance(needed, dict):
                assert {"code"} <= set(needed) <= {"code", "severity", "says"}
                assert set(listed(needed.get("severity", []))) <= SEVERITIES
    assert not [path for path in given.get("images", {}) if (FOLDER / name / path).exists()]


def test_there_are_cases() -> None:
    assert len(NAMES) >= 60
