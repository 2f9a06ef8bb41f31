"""docs/: every command, option, column, key, verdict and finding is documented, and nothing else is."""

import csv
import json
import re
from pathlib import Path

import click
import pytest

import anchoraudit
from anchoraudit import cli as main
from anchoraudit.auditing import STATUSES, VERDICTS
from anchoraudit.causes import CAUSES
from anchoraudit.cli._settings import Settings
from anchoraudit.detectors import preset_names
from anchoraudit.detectors.spec import Border, Detector, Level, Loss, Match, Resize
from anchoraudit.findings import CATALOGUE
from anchoraudit.labels import REASONS
from tests.test_readme import (
    README,
    ROOT,
    assert_consoles_hold,
    assert_doctests_hold,
    blocks,
    sections,
    slug,
)

DOCS = ROOT / "docs"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
NAMES = {path: str(path.relative_to(ROOT)) for path in PAGES}
GROUP, CONTEXT = main.cli, click.Context(main.cli)
COMMANDS = {name: GROUP.get_command(CONTEXT, name) for name in GROUP.list_commands(CONTEXT)}
SHARED = ("Detector options", "Reading options")
FAMILIES = ("PAR", "BOX", "IMG", "SET")


def first_cells(text):
    """What stands in backticks in the first column of the tables of a text."""
    rows = re.findall(r"^\|((?:\\\||[^|\n])*)\|", text, re.M)
    return [name.replace("\\|", "|") for cell in rows for name in re.findall(r"`([^`]*)`", cell)]


def documented_options(text):
    """`--output`, `-o`, ... of the option tables of a text."""
    return {cell.split(" ")[0] for cell in first_cells(text) if cell.startswith("-")}


def options_of(command):
    return {opt for param in command.params if isinstance(param, click.Option) for opt in param.opts}


def shared_sections(text):
    """The sections of shared options that a command's section says it takes."""
    (takes,) = re.findall(r"^It takes .*?:$", text, re.M | re.S)
    found = sections(DOCS / "commands.md")
    return [found[name] for name in SHARED if f"(#{slug(name)})" in takes]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    found = sections(DOCS / "commands.md")
    assert f"anchoraudit {name}" in found[name]
    assert f"anchoraudit {name}" in README.read_text()


def test_no_other_command_is_documented():
    table = sections(DOCS / "commands.md")["Commands"]
    assert first_cells(table) == ["scan", "explain", "cluster", "filter"]
    assert set(first_cells(table)) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name):
    section = sections(DOCS / "commands.md")[name]
    parts = [section, *shared_sections(section)]
    assert set().union(*map(documented_options, parts)) == options_of(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name):
    command = COMMANDS[name]
    assert command.help and command.get_short_help_str()
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_options_that_a_page_mentions_exist():
    known = set().union(*map(options_of, COMMANDS.values())) | {"--help", "--version"}
    for page in PAGES:
        text = re.sub(r"^(pip|python|ruff|bash) .*$", "", page.read_text(), flags=re.M)
        text = re.sub(r"`python -m [^`]*`", "", text)
        used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
        assert used <= known, NAMES[page]


def test_every_setting_is_one_that_the_page_lists():
    names = {name.replace("_", "-") for name in Settings.__struct_fields__}
    found = sections(DOCS / "commands.md")
    shared = set().union(*(documented_options(found[name]) for name in SHARED))
    assert names == {"dataset", "fail-on", "allow-blank"} | {option.removeprefix("--") for option in shared}


@pytest.mark.parametrize("page", PAGES[2:], ids=NAMES.get)
def test_every_session_shows_what_the_program_says(page, tmp_path):
    assert_consoles_hold(page, tmp_path)
    assert_doctests_hold(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=NAMES.get)
def test_links_lead_somewhere(page):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = page if not name else (page.parent / name).resolve()
        assert file.exists(), target
        if anchor:
            assert anchor in {slug(heading) for heading in sections(file)}, target


@pytest.mark.parametrize("page", PAGES, ids=NAMES.get)
def test_files_that_a_page_names_exist(page):
    for name in re.findall(r"`((?:anchoraudit|tests|sample_data|docs)/[\w./-]*)`", page.read_text()):
        assert (ROOT / name).exists(), name


def test_every_page_is_linked_from_the_readme():
    text = README.read_text()
    assert [page.name for page in sorted(DOCS.glob("*.md")) if f"(docs/{page.name})" not in text] == []


def test_findings_are_those_of_the_catalogue():
    found = {h: text for h, text in sections(DOCS / "findings.md").items() if re.match(r"[A-Z]{3}\d", h)}
    assert list(found) == [
        f"{code}: {CATALOGUE[code].title}"
        for code in sorted(CATALOGUE, key=lambda code: (FAMILIES.index(code[:3]), code))
    ]
    for heading, text in found.items():
        kind = CATALOGUE[heading[:6]]
        paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
        parts = dict(re.findall(r"^\*\*(.*?)\*\*: (.*)$", part)[0] for part in paragraphs if "**: " in part)
        assert parts["Severity"] == kind.severity
        assert parts["Why it matters"] == f"{kind.why}."
        assert parts["What to do"] == f"{kind.suggestion}."
        assert len(parts["When"]) > 20


def test_verdicts_causes_statuses_and_reasons_are_all_there():
    found = sections(DOCS / "output.md")
    assert first_cells(found["Verdicts"]) == list(VERDICTS)
    assert [name for name in first_cells(found["Causes"]) if name.isalpha()] == list(CAUSES)
    assert re.findall(r"`(\w+)`", found["Statuses"]) == list(STATUSES[1:])
    policy = re.findall(r"^\| .*? \| `(\w+)` \|", sections(DOCS / "formats.md")["Label policy"], re.M)
    assert policy == list(REASONS[1:])


def test_columns_are_those_that_are_written(tmp_path):
    result = anchoraudit.audit(ROOT / "sample_data" / "voc", counts=True)
    found = sections(DOCS / "output.md")
    assert first_cells(found["Images"]) == list(result.images_frame().columns)
    assert first_cells(found["Boxes"]) == list(result.boxes_frame().columns)
    words = [
        "filter",
        ROOT / "sample_data" / "voc",
        "-o",
        tmp_path / "clean.txt",
        "--dropped",
        tmp_path / "why.csv",
    ]
    assert main.run([*map(str, words)]) == 0
    with (tmp_path / "why.csv").open(newline="") as stream:
        assert first_cells(found["Dropped images"]) == next(csv.reader(stream))


@pytest.fixture
def answer(tmp_path, monkeypatch, capsys):
    """Run the program in an empty directory and return what it prints as JSON; no process, so it is fast."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        assert main.run([*map(str, words), "--output-format", "json"]) in (0, 1)
        return json.loads(capsys.readouterr().out)

    return run


def meanings(section):
    """First cells -> the text of the row, for tables of keys."""
    return {
        key: row for row in section.splitlines() if row.startswith("| `") for key in first_cells(f"{row}\n")
    }


def words_in(text):
    return set(re.findall(r"`(\w+)`", text))


def test_json_keys_are_those_that_are_written(answer):
    found = sections(DOCS / "output.md")
    sample = ROOT / "sample_data" / "coco"
    scan = answer("scan", sample)
    rows = meanings(found["Scan as JSON"])
    assert list(rows) == list(scan)
    assert set(scan["summary"]) <= words_in(rows["summary"])
    assert set(scan["findings"][0]) <= words_in(rows["findings"])
    assert set(scan["flagged"][0]) <= words_in(rows["flagged"])
    explain = answer("explain", "peek_from_below", sample)
    rows = meanings(found["Explain as JSON"])
    assert list(rows) == list(explain)
    assert set(explain["boxes"][0]) <= words_in(rows["boxes"])
    assert {*explain["losses"], *explain["losses"]["plain"]} <= words_in(rows["losses"])
    cluster = answer("cluster", sample, "--k", "3")
    assert list(meanings(found["Cluster as JSON"])) == list(cluster)
    several = answer("cluster", sample, "--k", "2..3")
    assert set(several) == {"curve", "input_size", "metric", "seed", "present"}
    assert set(several) <= words_in(found["Cluster as JSON"])


def test_keys_of_a_detector_file_are_all_there():
    found = sections(DOCS / "detectors.md")
    for heading, block in (
        ("resize", Resize),
        ("anchors", Level),
        ("border", Border),
        ("match", Match),
        ("loss", Loss),
    ):
        assert sorted(first_cells(found[heading])) == sorted(block.__struct_fields__)
    (example,) = blocks(DOCS / "detectors.md", "toml")
    assert all(re.search(rf"^\[*{name}\b", example.text, re.M) for name in Detector.__struct_fields__)


def test_the_reference_is_described_as_it_is():
    text = sections(DOCS / "detectors.md")["The reference"]
    detector = anchoraudit.load_detector()
    for width, height in detector.anchors.shapes:
        assert f"{width:g}x{height:g}" in text
    level = detector.anchors.levels[0]
    for phrase in (
        f"{detector.resize}",
        f"stride {level.stride:g}",
        f"centres at {level.offset:g} + {level.stride:g} i",
        f"x1 > -{detector.border.pixels:g}",
        f"IoU >= {detector.match.positive:g}",
        f"IoU <= {detector.match.negative:g}",
    ):
        assert phrase in text
    assert preset_names() == ["reference"], "document the new preset, and what the README says of presets"


def test_versions_agree():
    assert (
        re.findall(r"^## \[(.*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)[0] == anchoraudit.__version__
    )


def test_pages_speak_of_no_machine():
    for page in [*PAGES, ROOT / ".ci" / "run"]:
        assert not re.search(r"(?<![\w.])/(?:home|work|root|Users|tmp)/", page.read_text()), page


def test_architecture_names_every_room():
    package = Path(anchoraudit.__file__).parent
    modules = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    table = first_cells(sections(DOCS / "architecture.md")["Rooms and floors"])
    assert {name.rstrip("/") for name in table} == {path.stem for path in modules} - {"__init__", "__main__"}
