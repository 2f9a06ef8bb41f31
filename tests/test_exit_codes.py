"""Exit codes are the documented ones, and files are written, whatever becomes of stdout and stderr."""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path

import pytest

from anchoraudit.cli import cli
from tests.builders import annotation, document, image, make
from tests.test_forks import RUNS, files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux")

TWO = [image(), image(2)]
FINE, TINY = annotation(2, 2, [400, 340, 80, 170]), annotation(2, 2, [1, 1, 3, 3])
DATA = {
    "clean": {"a.json": document(TWO, [annotation(), FINE])},
    "flagged": {"a.json": document(TWO, [annotation(), TINY])},
    # Without the broken line, this file makes a warning count.
    "broken settings": {
        "a.json": document(TWO, [annotation(), FINE]),
        "pyproject.toml": '[tool.anchoraudit]\nfail-on = "warning"\n[tool.other\n',
    },
}
STATES = ("open", "closed", "full", "reader gone")
# Each state of one stream beside an open one, and both closed; by turns with each of the data. With
# EVERY_PAIR in the environment each beside each, with all of the data: five times as many runs.
EVERY = bool(os.environ.get("EVERY_PAIR"))
PAIRS = [
    (out, err)
    for out, err in product(STATES, STATES)
    if (out, err) != ("open", "open") and (EVERY or out == err == "closed" or "open" in (out, err))
]
WITHOUT_SETTINGS = ("detectors", "formats", "init", "rules")
ARGS = {**RUNS, "compare": ["a.json", "--detector", "reference", "--detector", "yolov5"]}
FULL = "Error: stdout: cannot be written: No space left on device\n"


def documented(command: str, data: str) -> int:
    """As docs/output.md has it."""
    if command == "verify":
        return 2  # there is no certificate
    if data == "broken settings":
        return 0 if command in WITHOUT_SETTINGS else 2
    if command == "export" and data == "clean":
        return 2  # no image to export
    return int(command == "scan" and data == "flagged")


class Stream:
    """The writing end of a stream in one of the states, and what was written."""

    def __init__(self, state: str, to: Path) -> None:
        self.state, self.to = state, to
        self.descriptor: int | None = None
        if state == "open":
            self.descriptor = os.open(to, os.O_WRONLY | os.O_CREAT)
        elif state == "full":
            self.descriptor = os.open("/dev/full", os.O_WRONLY)
        elif state == "reader gone":
            reader, self.descriptor = os.pipe()
            os.close(reader)

    def text(self) -> str:
        """Close it, and return what was written."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        text = self.to.read_text("utf-8") if self.state == "open" else ""
        return text.replace(str(self.to.parent), "")


def ran(forks, folder: Path, command: str, data: str, out: str, err: str):
    """The exit code, what was printed, and all files."""
    folder.mkdir()
    streams = [Stream(out, folder / "out"), Stream(err, folder / "err")]
    work = make(folder / "work", DATA[data])
    variables = {**os.environ, "COLUMNS": "100"}
    code = forks.exit_code([command, *ARGS[command]], work, variables, *(s.descriptor for s in streams))
    return code, *(stream.text() for stream in streams), files(work)


@pytest.mark.parametrize("command", cli.list_commands(None))
def test_whatever_becomes_of_the_streams(tmp_path, forks, command):
    whole = {data: ran(forks, tmp_path / data, command, data, "open", "open") for data in DATA}
    for data, (code, _, err, _) in whole.items():
        assert code == documented(command, data)
        assert ("Error: " in err) == (code == 2)
    for number, (out, err) in enumerate(PAIRS):
        for data in list(DATA) if EVERY else [list(DATA)[number % len(DATA)]]:
            code, printed, said, written = ran(forks, tmp_path / f"{number} {data}", command, data, out, err)
            expected, report, remarks, outputs = whole[data]
            lost = FULL if out == "full" and report else ""
            assert code == (2 if lost else expected), (data, out, err)
            assert written == outputs, (data, out, err)
            assert printed == (report if out == "open" else "")
            assert err != "open" or said.startswith(remarks + lost)
