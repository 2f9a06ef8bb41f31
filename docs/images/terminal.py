"""The picture of the terminal in README.md: `python docs/images/terminal.py` draws it.

The scan is a real one, in a pseudo-terminal of 80 columns. Equal answers make equal files.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).resolve().parent / "scan.svg"
COMMAND = "anchoraudit scan sample_data/voc"
COLUMNS = 80
# Of the reader's own settings, nothing may show in the picture.
_OWN = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CI", "ANCHORAUDIT_TRACEBACK")


def answer() -> Text:
    """Return what the command prints on a terminal, with its colours."""
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    environment |= {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    ours, its = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sample_data", Path(folder, "sample_data"))
        with subprocess.Popen(
            [sys.executable, "-m", *COMMAND.split()],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=its,
            stderr=subprocess.DEVNULL,  # a progress bar is no part of the answer
        ):
            os.close(its)
            chunks = []
            try:
                while chunk := os.read(ours, 1 << 16):
                    chunks.append(chunk)
            except OSError:  # how Linux says that the program has closed its end
                pass
            os.close(ours)
    return Text.from_ansi(b"".join(chunks).decode().replace("\r\n", "\n").rstrip("\n"))


def picture() -> str:
    """Return the SVG file: a terminal with the command and its answer."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), (COMMAND, "bold")))
    console.print(answer(), soft_wrap=True)
    svg = console.export_svg(title="anchoraudit", unique_id="scan")
    # No server is asked for a font: the reader's own monospace does.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)
    return re.sub(r"\s*<!--.*?-->", "", svg)


def words(svg: str) -> list[str]:
    """Return the words in a picture, without what differs between versions of rich."""
    texts = re.findall(r"<text[^>]*clip-path[^>]*>([^<]*)</text>", svg)
    return " ".join(texts).replace("&#160;", " ").split()


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
