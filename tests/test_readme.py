"""README.md and docs/: what they show is what the program answers, run as a reader would run it.

`python -m tests.test_readme` writes the answers anew into the pages, after a change of the reports, and what
is made of README.md.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
INSTALL = ROOT / "docs" / "install.md"
DESCRIPTION = ROOT / "docs" / "package" / "description.md"
BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
# Nothing of the reader's own may show through: a width, a colour, settings.
OWN = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "ANCHORAUDIT_TRACEBACK")
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if k not in OWN}, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: the comment right before it, its language, its text, where that stands."""

    mark: str
    kind: str
    text: str
    start: int


def blocks(page, kind=""):
    found = (
        Block(m["mark"] or "", m["kind"], m["text"], m.start("text"))
        for m in BLOCK.finditer(page.read_text())
    )
    return [block for block in found if not kind or block.kind == kind]


def sections(page):
    """Text below each heading, by heading, up to the next heading of any level; fences are no headings."""
    text = BLOCK.sub(lambda m: "\n" * m[0].count("\n"), page.read_text())
    parts = re.split(r"^#{1,4} (.*)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def slug(heading):
    """The anchor that a renderer gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def answer(command, folder, last):
    """What a command of a console block prints, to both streams, and its exit code."""
    words = shlex.split(command)
    if words == ["echo", "$?"]:
        return f"{last}\n", 0
    if words[0] == "cat":
        return "".join((folder / name).read_text() for name in words[1:]), 0
    assert words[0] == "anchoraudit", f"not a command that a page may show: {command}"
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout, done.returncode


def replayed(page, folder):
    """Yield every console block of a page with what it should say; earlier blocks stay in effect.

    Blocks marked `<!-- file: NAME -->` are written to that file first.
    """
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    last = 0
    for block in blocks(page):
        if block.mark.startswith("file: "):
            (folder / block.mark.removeprefix("file: ")).write_text(block.text)
        elif block.kind == "console":
            said = []
            for command in re.findall(r"^\$ (.*)$", block.text, re.M):
                output, last = answer(command, folder, last)
                said.append(f"$ {command}\n{output}")
            yield block, "\n".join(said)


def described():
    """README.md for a package index, where relative links lead nowhere: pages by name, no pictures."""
    text = re.sub(r"^!\[.*\n\n", "", README.read_text(), flags=re.M)
    text = re.sub(r"^<!-- .* -->\n", "", text, flags=re.M)
    text = re.sub(r"\[([^\]]*)\]\(((?!https://)[^)#]+)(?:#[^)]*)?\)", r"\1 (`\2`)", text)
    return (
        f"{text.rstrip()}\n\nFiles named here, such as `docs/tutorial.md`, are in the source distribution.\n"
    )


def pictures():
    """The program that draws the pictures."""
    source = ROOT / "docs" / "images" / "terminal.py"
    spec = importlib.util.spec_from_file_location("terminal", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_consoles_hold(page, folder):
    for block, said in replayed(page, folder):
        assert block.text == said


def assert_doctests_hold(page, folder):
    """Run the `>>>` examples of a page in one session, in a process of its own."""
    examples = "\n".join(block.text for block in blocks(page, "python") if block.text.startswith(">>> "))
    if not examples:
        return
    (folder / "examples.txt").write_text(examples)
    done = subprocess.run(
        [sys.executable, "-m", "doctest", "examples.txt"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_fits_a_few_screens():
    assert len(README.read_text().splitlines()) <= 150


def test_library_examples_answer_as_shown(tmp_path):
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    assert_doctests_hold(README, tmp_path)


def test_the_tutorial_has_the_session_whole():
    commands = re.findall(r"^\$ (anchoraudit .*)$", TUTORIAL.read_text(), re.M)
    names = [command.split()[1] for command in commands]
    assert names == ["scan", "explain", "compare", "advise", "cluster", "filter", "scan"]
    assert all(line != "..." for block in blocks(TUTORIAL, "console") for line in block.text.splitlines())


def test_a_package_index_gets_no_link_that_leads_nowhere():
    assert DESCRIPTION.read_text() == described(), "`python -m tests.test_readme` writes it anew"
    assert not re.search(r"\]\((?!https://)", described())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["readme"] == str(DESCRIPTION.relative_to(ROOT))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_the_picture_shows_what_the_program_says():
    make = pictures()
    shown = make.PICTURE.read_text("utf-8")
    assert make.words(shown) == make.words(make.picture()), "`python -m tests.test_readme` draws it anew"
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", ""), "it asks no server"


def marked(mark):
    (block,) = [block for block in blocks(README) if block.mark == mark]
    return block.text.splitlines()


def test_first_command_installs_and_runs_the_main_job():
    (line,) = marked("first command")
    install, scan = line.split(" && ")[2:]
    assert line.startswith("python3 -m venv .venv && . .venv/bin/activate && ")
    assert install == "pip install '.[report]'"
    assert scan == "anchoraudit scan sample_data/voc --report report.html --exit-zero"
    assert "`--exit-zero`" in README.read_text()


def test_second_command_installs_and_tests():
    (line,) = marked("test command")
    assert line.startswith("python3 -m venv .venv && . .venv/bin/activate && ")
    assert line.endswith(" && pip install -e '.[test]' && python -m pytest")


def test_ci_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    assert 'readme_block "test command"' in script
    assert 'readme_block "first command"' in script
    assert re.findall(r"-m pytest\b.*", script) == ["-m pytest @tests/quick.txt"], (
        "all tests run as the README says"
    )


def test_ci_finds_the_blocks():
    program = re.search(r"^readme_block\(\) \{\n.*?^\}$", (ROOT / ".ci" / "run").read_text(), re.M | re.S)
    for mark in ("test command", "first command"):
        script = f'root={shlex.quote(str(ROOT))}\n{program[0]}\nreadme_block "{mark}"'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == marked(mark)


def completions(shell, line):
    """What the program offers at the end of a command line, as the shell's script asks for it."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "anchoraudit"],
        env={
            **ENVIRONMENT,
            "_ANCHORAUDIT_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_as_the_page_sets_it_up(shell):
    assert f"_ANCHORAUDIT_COMPLETE={shell}_source anchoraudit" in INSTALL.read_text()
    script = subprocess.run(
        [sys.executable, "-m", "anchoraudit"],
        env={**ENVIRONMENT, "_ANCHORAUDIT_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert f"_ANCHORAUDIT_COMPLETE={shell}_complete" in script
    assert "scan" in completions(shell, "anchoraudit sc")
    assert "--exit-zero" in completions(shell, "anchoraudit scan --ex")
    assert "reference" in completions(shell, "anchoraudit scan --detector ref")


def rewrite(page):
    """Write what the program answers now into the console blocks of a page."""
    with tempfile.TemporaryDirectory() as folder:
        said = list(replayed(page, Path(folder)))
    text = page.read_text()
    for block, now in reversed(said):
        text = text[: block.start] + now + text[block.start + len(block.text) :]
    page.write_text(text)


if __name__ == "__main__":
    for each in (README, *sorted((ROOT / "docs").glob("*.md"))):
        rewrite(each)
    DESCRIPTION.write_text(described())
    drawn = pictures()
    drawn.PICTURE.write_text(drawn.picture(), "utf-8")
