"""docs/: every command, option, column, key, verdict and finding is documented, and nothing else is.

`python -m tests.test_docs` writes anew what docs/detectors.md and docs/which_detector.md say of presets,
docs/rules.md of rules, docs/augment.md of recipes, and docs/training.md of forms of batches.
"""

import csv
import itertools
import json
import re
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import click
import msgspec
import pytest

import anchoraudit
from anchoraudit import cli as main
from anchoraudit.auditing.augmentation.frameworks.recipe import all_recipes
from anchoraudit.auditing.augmentation.frameworks.training import under_training
from anchoraudit.cli._settings import Settings
from anchoraudit.dataset.labels import REASONS
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.readers import suffixes
from anchoraudit.detectors.spec import (
    Anchors,
    Border,
    Classes,
    Detector,
    Labels,
    Level,
    Loss,
    Match,
    Points,
    Resize,
    Versions,
)
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.images.found import IMAGE_FOLDERS, usual_folders
from anchoraudit.io.plugins import module_names
from anchoraudit.report import outputs
from anchoraudit.rules import FAMILIES, all_rules
from anchoraudit.training import callbacks
from anchoraudit.training.targets import named, target_names
from tests.builders import annotation, document, image, make
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
PAGES = [README, *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"))]
PAGES += sorted(DOCS.glob("*.md"))
NAMES = {path: str(path.relative_to(ROOT)) for path in PAGES}
GROUP, CONTEXT = main.cli, click.Context(main.cli)
COMMANDS = {name: GROUP.get_command(CONTEXT, name) for name in GROUP.list_commands(CONTEXT)}
SHARED = ("Detector options", "Reading options", "Rule options")


def first_cells(text):
    """What stands in backticks in the first column of the tables of a text."""
    rows = re.findall(r"^\|((?:\\\||[^|\n])*)\|", text, re.M)
    return [name.replace("\\|", "|") for cell in rows for name in re.findall(r"`([^`]*)`", cell)]


def documented_options(text):
    """`--output`, `-o`, ... of the option tables of a text."""
    return {cell.split(" ")[0] for cell in first_cells(text) if cell.startswith("-")}


def own_and_below(command):
    """A command, and those it groups."""
    return [command, *(command.commands.values() if isinstance(command, click.Group) else ())]


def options_of(command):
    params = [param for each in own_and_below(command) for param in each.params]
    return {opt for param in params if isinstance(param, click.Option) for opt in param.opts}


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
    assert sorted(first_cells(table)) == sorted(COMMANDS)
    order = [name for name in sections(DOCS / "commands.md") if name in COMMANDS]
    assert first_cells(table) == order, "the table has the order of the page"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name):
    section = sections(DOCS / "commands.md")[name]
    parts = [section, *shared_sections(section)]
    assert set().union(*map(documented_options, parts)) == options_of(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name):
    for command in own_and_below(COMMANDS[name]):
        assert command.help and command.get_short_help_str()
        assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_every_output_of_a_scan_is_named():
    assert set(outputs.names()) <= words_in(sections(DOCS / "commands.md")["scan"])


OTHER_PROGRAMS = r"(?:pip|pipx|uv|python3?|ruff|bash|mkdocs|dask|[\w/]*train\w*\.py)"


def test_options_that_a_page_mentions_exist():
    known = set().union(*map(options_of, COMMANDS.values())) | {"--help", "--version"}
    for page in PAGES:
        text = re.sub(rf"^{OTHER_PROGRAMS} .*$", "", page.read_text(), flags=re.M)
        text = re.sub(rf"`{OTHER_PROGRAMS} [^`]*`", "", text)
        used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
        assert used <= known, NAMES[page]


def test_every_setting_is_one_that_the_page_lists():
    names = {name.replace("_", "-") for name in Settings.__struct_fields__}
    found = sections(DOCS / "commands.md")
    shared = set().union(*(documented_options(found[name]) for name in SHARED))
    others = {"dataset", "fail-on", "allow-blank", "rules"}
    assert names == others | {option.removeprefix("--") for option in shared}
    text = found["Settings"]
    assert all(f"`{name}`" in text for name in ("dataset", "fail-on", "allow-blank")) and "`[rules." in text


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=NAMES.get)
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


RULES = DOCS / "rules.md"
AUGMENT = DOCS / "augment.md"
TRAINING = DOCS / "training.md"


def test_rules_are_described_as_they_are():
    start, generated, end = generated_part(RULES.read_text(), "rules")
    assert generated == describe_rules(), "`python -m tests.test_docs` writes it anew"
    assert start and end


def test_every_rule_has_a_row_and_a_page():
    text = RULES.read_text()
    listed = {f"{rule.code}: {rule.title}": rule for rule in all_rules().values()}
    found = {heading: part for heading, part in sections(RULES).items() if re.match(r"[A-Z]{3}\d", heading)}
    assert list(found) == list(listed)
    for heading, part in found.items():
        rule = listed[heading]
        assert f"| [{rule.code}](#{slug(heading)}) | {rule.severity} |" in text
        assert re.findall(r"^\*\*(.*)\*\*$", part, re.M)[:3] == ["What it does", "Why it is bad", "Example"]


def describe_rules():
    """What docs/rules.md says of the rules: a table of all, and the page of each."""
    lines = ["", "## All rules", "", "| rule | severity | what |", "|---|---|---|"]
    lines += [
        f"| [{code}](#{slug(f'{code}: {rule.title}')}) | {rule.severity} | {rule.title} |"
        for code, rule in all_rules().items()
    ]
    lines.append("")
    for family, about in FAMILIES.items():
        lines += [f"## {family}: {about}", ""]
        lines += [page_of(rule) for code, rule in all_rules().items() if code.startswith(family)]
    return "\n".join(lines)


def describe_recipes():
    """What docs/augment.md says of the recipes: a table of all."""
    lines = [
        "",
        "| recipe | framework | phases, and their share of the epochs | not replayed |",
        "|---|---|---|---|",
    ]
    for name, recipe in all_recipes().items():
        shares = [(phase.name, 100 * recipe.share(phase)) for phase in recipe.phases]
        phases = ", ".join(name if share == 100 else f"{name} {share:.0f} %" for name, share in shares)
        lines.append(
            f"| `{name}` | {in_markdown(recipe.framework)} | {phases} | {in_markdown(recipe.leaves_out)} |"
        )
    return "\n".join([*lines, "", ""])


def test_recipes_are_described_as_they_are():
    _, generated, _ = generated_part(AUGMENT.read_text(), "recipes")
    assert generated == describe_recipes(), "`python -m tests.test_docs` writes it anew"


def describe_forms():
    """What docs/training.md says of the forms of batches: a table of all."""
    lines = ["", "| `targets` | a batch | who has resized it |", "|---|---|---|"]
    for form in map(named, target_names()):
        resized = "the loader" if form.RESIZED else "nobody yet: what the model resizes follows"
        lines.append(f"| `{form.NAME}` | `{form.TITLE}` | {resized} |")
    return "\n".join([*lines, "", ""])


def test_forms_of_batches_are_described_as_they_are():
    _, generated, _ = generated_part(TRAINING.read_text(), "forms")
    assert generated == describe_forms(), "`python -m tests.test_docs` writes it anew"


def test_every_callback_has_a_snippet_that_fits_it():
    """The module and the class exist, and the class takes what it is given."""
    found = sections(TRAINING)
    text = "".join(one.text for one in blocks(TRAINING, "python"))
    used = re.findall(r"anchoraudit\.training\.callbacks\.(\w+)(?: import |\.)(\w+)", text)
    assert sorted(name for name, _ in used) == sorted(module_names(callbacks.__name__))
    calls = re.findall(r"Anchoraudit(?:Callback|Hook)(?:\(|\", )([^)]*)\)", text)
    assert len(calls) == len(used) and "Callbacks" in found
    for (name, word), given in zip(used, calls, strict=True):
        module = import_module(f"{callbacks.__name__}.{name}")
        takes = getattr(module, "Hooks", None) or getattr(module, word)
        keys = {key for cls in takes.__mro__[:-1] for key in signature(cls.__init__).parameters}
        assert set(re.findall(r"(\w+)=", given)) <= keys, name
        source = Path(module.__file__).read_text()
        made = (f'name != "{word}"', f'__name__, "{word}", Hooks,')
        assert any(text in source for text in made) or hasattr(module, word)


def page_of(rule):
    """A rule's page as a part of another: one heading, two levels down, and its own headings in bold."""
    title, _, rest = rule.page().partition("\n")
    fenced = re.split(r"(^```\n.*?^```$)", rest, flags=re.M | re.S)
    fenced[::2] = [re.sub(r"^## (.*)$", r"**\1**", text, flags=re.M) for text in fenced[::2]]
    return f"##{title}\n{''.join(fenced)}"


def test_verdicts_causes_statuses_and_reasons_are_all_there():
    found = sections(DOCS / "output.md")
    assert first_cells(found["Verdicts"]) == list(VERDICTS)
    assert [name for name in first_cells(found["Causes"]) if name.isalpha()] == list(CAUSES)
    assert re.findall(r"`(\w+)`", found["Statuses"]) == list(STATUSES[1:])
    policy = re.findall(r"^\| .*? \| `(\w+)` \|", sections(DOCS / "formats.md")["Label policy"], re.M)
    assert policy == list(REASONS[1:])


def test_formats_list_the_usual_image_folders():
    page = sections(DOCS / "formats.md")
    main_name, *others = IMAGE_FOLDERS
    where = " ".join(page["Where images are found"].split())
    names = re.search(r"`(\w+)` may also be ([^.]*)\.", where)
    assert [names[1], *re.findall(r"`(\w+)`", names[2])] == [main_name, *others]
    voc = " ".join(page["Pascal VOC"].split())
    assert re.findall(r"`(\w+)`", re.search(r"that of images ([^.]*)\.", voc)[1]) == list(IMAGE_FOLDERS)
    shown = re.findall(r"`([^`]*)/`", re.search(r"1\. (.*?) 2\.", where)[1])
    tried = [
        str(folder.relative_to("a/b"))
        for folder in usual_folders(Path("a/b/c.json"), "SPLIT")[1:]
        if folder.is_relative_to("a/b") and not {*folder.parts} & {*others}
    ]
    assert shown == tried


def test_columns_are_those_that_are_written(tmp_path):
    result = anchoraudit.audit(ROOT / "sample_data" / "voc", "yolov5", counts=True)
    result.sensitivity = under_training(result.dataset, result.labels, result.detector, draws=1)
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


def test_json_keys_are_those_that_are_written(answer, tmp_path):
    found = sections(DOCS / "output.md")
    sample = ROOT / "sample_data" / "coco"
    # What tries many remedies, or draws many times, is as well asked of few boxes.
    boxes = [annotation(), annotation(2, 2, [100, 100, 9, 40]), annotation(3, 2, [400, 200, 20, 20])]
    few = make(tmp_path, {"few/a.json": document([image(), image(2)], boxes)}) / "few"
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
    drawn = answer("scan", few, "--detector", "yolov5", "--augment", "framework")["augmented"]
    keys = {*drawn, *drawn["untrained"], *drawn["phases"][0]}
    assert keys <= words_in(meanings(found["Scan as JSON"])["augmented"])
    advice = answer("advise", few)
    rows = meanings(found["Advice as JSON"])
    assert list(rows) == list(advice)
    assert {*advice["rows"][0], *advice["rows"][0]["risks"][0]} <= words_in(rows["rows"])
    cluster = answer("cluster", sample, "--k", "3")
    assert list(meanings(found["Cluster as JSON"])) == list(cluster)
    several = answer("cluster", sample, "--k", "2..3")
    assert set(several) == {"curve", "knee", "input_size", "metric", "seed", "present"}
    assert set(several) <= words_in(found["Cluster as JSON"])


def test_keys_and_columns_of_a_comparison_are_those_that_are_written(answer, capsys):
    section = sections(DOCS / "output.md")["Comparison"]
    words = ["compare", ROOT / "sample_data" / "coco", "--detector", "reference"]
    compared = answer(*words)
    assert set(compared) == {"dataset", "detectors"} <= words_in(section)
    assert first_cells(section) == list(compared["detectors"][0])
    assert main.run([*map(str, words), "--output-format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split(",") == first_cells(section)


DETECTORS = DOCS / "detectors.md"
KEYS = {
    "Every key": Detector,
    "resize": Resize,
    "anchors": Anchors,
    "levels": Level,
    "points": Points,
    "border": Border,
    "match": Match,
    "loss": Loss,
    "labels": Labels,
    "classes": Classes,
    "versions": Versions,
}
BLOCKS = ("resize", "anchors", "points", "border", "match", "loss", "labels", "classes", "versions")


@pytest.mark.parametrize("heading", KEYS)
def test_keys_of_a_detector_file_are_all_there(heading):
    section = sections(DETECTORS)[heading]
    wanted = [name for name in KEYS[heading].__struct_fields__ if name not in (*BLOCKS, "levels")]
    assert sorted(set(first_cells(section)) - {"levels"}) == sorted(wanted)
    rows = meanings(section)
    for name, kind in get_type_hints(KEYS[heading]).items():
        options = [kind, *get_args(kind)]
        values = {v for option in options if get_origin(option) is Literal for v in get_args(option)}
        text = section if name == "normaliser" else rows.get(name, "")
        said = words_in(text) | set(re.findall(r'`"(\w+)"`', text)) | set(re.findall(r"`([^`]+)`", text))
        assert {value or '""' for value in values} <= said, name


def test_the_example_has_every_block():
    text = "\n".join(example.text for example in blocks(DETECTORS, "toml"))
    assert all(re.search(rf"^\[*{name}\b", text, re.M) for name in Detector.__struct_fields__)


def test_presets_are_described_as_they_are():
    start, generated, end = generated_part(DETECTORS.read_text(), "presets")
    assert generated == describe_presets(), "`python -m tests.test_docs` writes it anew"
    assert start and end
    assert set(preset_names()) <= set(sections(DETECTORS))


def generated_part(text, name):
    """What stands before, between and behind the marks of what is written by this module."""
    return re.fullmatch(
        rf"(.*<!-- {name}: [^\n]* -->\n)(.*)(<!-- end of {name} -->\n.*)", text, re.S
    ).groups()


def in_markdown(text):
    """Text of a preset, letter by letter: nothing of it is emphasis, a tag, a link or the end of a cell."""
    return re.sub(r"([*|\\]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9])|<(?=[a-zA-Z/!?])|\](?=\())", r"\\\1", text)


def levels_in_words(anchors):
    """`5 levels, stride 4/8/16/32/64, 3 shapes a cell`."""
    strides = "/".join(f"{level.stride:g}" for level in anchors.levels)
    counts = [level.count for level in anchors.levels]
    each = f"{counts[0]}" if len(set(counts)) == 1 else "/".join(map(str, counts))
    levels = "1 level" if len(counts) == 1 else f"{len(counts)} levels"
    return f"{levels}, stride {strides}, {each} {'shape' if each == '1' else 'shapes'} a cell"


def shapes_in_words(anchors):
    """`stride 8: 10x13, 16x30; stride 16: ...`, or `stride 8: sizes 32, 40.32 and ratios 0.5, 1, 2; ...`."""
    parts = []
    for level in anchors.levels:
        if not level.sizes:
            sides, unit = (1, "") if anchors.units == "pixels" else (100, " %")
            text = ", ".join(f"{w * sides:.4g}x{h * sides:.4g}{unit}" for w, h in anchors.shapes_of(level))
        else:
            sizes = ", ".join(f"{size * scale:.4g}" for size in level.sizes for scale in level.scales)
            text = f"sizes {sizes} and ratios {', '.join(f'{ratio:.4g}' for ratio in level.ratios)}"
        if level.also_above < 1:
            text += f", all of them above shape IoU {level.also_above:g}"
        parts.append(f"stride {level.stride:g}: {text}")
    return "; ".join(parts)


def offsets_in_words(anchors):
    """`first centre at 0` or, where levels differ, `first centre at 4/8/16`."""
    offsets = [f"{level.offset:g}" for level in anchors.levels]
    return f"first centre at {'/'.join(offsets) if len(set(offsets)) > 1 else offsets[0]}"


def loss_in_words(loss):
    text = f"divided by `{loss.normaliser}`"
    if loss.negatives_per_positive:
        text += f", {loss.negatives_per_positive:g} negatives per positive"
    return text


def loader_in_words(loader):
    """`yolov5`, or `mmdet-voc` for voc, `mmdet-coco` for other formats."""
    if isinstance(loader, str):
        return f"`{loader}`" if loader else "none of the framework's own"
    formats = {"*": "other formats"}
    return ", ".join(f"`{name}` for {formats.get(key, key)}" for key, name in loader.items())


def others_in_words(block, said):
    """Keys that are not at their default and that the sentence does not say, `key = value`."""
    return [
        f"`{field.name} = {json.dumps(value)}`"
        for field in msgspec.structs.fields(type(block))
        if field.name not in said and (value := getattr(block, field.name)) != field.default
    ]


def places_of(detector):
    """The rows of what lies on the input: anchors and their border, points, or nothing."""
    if detector.points.strides:
        offset = f"point i at {detector.points.offset:g} + i strides" if detector.points.offset else "from 0"
        return [("points", f"{detector.points}, {offset}", others_in_words(detector.points, SAID["points"]))]
    if not detector.anchors.levels:
        return []
    shapes = f"{shapes_in_words(detector.anchors)}; {offsets_in_words(detector.anchors)}"
    return [
        ("anchors", shapes, others_in_words(detector.anchors, SAID["anchors"])),
        ("border", str(detector.border), others_in_words(detector.border, SAID["border"])),
    ]


def describe_preset(name, detector):
    """The blocks of a preset, when a mask ends empty and what that does, its sources and notes."""
    rows = [
        ("resize", str(detector.resize), others_in_words(detector.resize, SAID["resize"])),
        *places_of(detector),
        ("match", in_markdown(str(detector.match)), others_in_words(detector.match, SAID["match"])),
        ("loss", loss_in_words(detector.loss), []),
        ("labels", "; ".join(others_in_words(detector.labels, ())) or str(detector.labels), []),
    ]
    empty = f"ends empty when {detector.empty_when}" if detector.can_end_empty else "never ends empty"
    yield f"### {name}"
    yield ""
    yield f"{in_markdown(detector.framework)}: [{name}.toml](../anchoraudit/detectors/presets/{name}.toml)"
    yield ""
    yield "| block | rule |"
    yield "|---|---|"
    for block, text, others in rows:
        yield f"| {block} | {'; '.join([text, *others])} |"
    yield ""
    asked = ", ".join(others_in_words(detector.loading, ()))
    yield f"- Loader: {loader_in_words(detector.loader)}{asked and f'; {asked}'}."
    yield f"- An image with usable boxes {empty}."
    yield f"- An empty mask (`{detector.loss.outcome}`): {detector.on_empty}."
    for title, texts in (("Sources", detector.sources), ("Notes", detector.notes)):
        if texts:
            yield f"- {title}:"
            yield from (f"  - {in_markdown(text)}" for text in texts)
    yield ""


SAID = {
    "resize": ("kind", "width", "height", "side", "cap", "pad", "multiple"),
    "anchors": ("levels",),
    "points": ("strides", "offset"),
    "border": ("margin", "of", "stage"),
    "match": (
        "kind",
        "positive",
        "negative",
        "positive_inclusive",
        "negative_inclusive",
        "force",
        "force_floor",
        "cells",
        "ratio",
        "candidates",
        "inset",
        "narrow_below",
        "widened_to",
        "top",
        "radius",
        "or_in_box",
        "queries",
    ),
}


def describe_presets():
    """What docs/detectors.md says of the presets: a table of all, and a part for each."""
    presets = [(name, load_detector(name)) for name in preset_names()]
    lines = [
        "",
        "| preset | input | anchors or points | border | match | loss | can end empty | an empty mask |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, detector in presets:
        places = str(detector.points) if detector.points.strides else ""
        cells = (
            f"[{name}](#{slug(name)})",
            str(detector.resize),
            levels_in_words(detector.anchors) if detector.anchors.levels else places,
            str(detector.border) if detector.anchors.levels else "",
            in_markdown(str(detector.match)),
            loss_in_words(detector.loss),
            "yes" if detector.can_end_empty else "no",
            f"`{detector.loss.outcome}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    described = itertools.chain.from_iterable(itertools.starmap(describe_preset, presets))
    return "\n".join([*lines, "", *described]) + "\n"


WHICH = DOCS / "which_detector.md"


def framework_of(detector):
    """What a framework is called, without the version or commit that its rules were read in."""
    return re.split(r",| (?=\(?\d|[0-9a-f]{8}\b|\()", detector.framework)[0]


def describe_frameworks():
    """What docs/which_detector.md says of presets: those of each framework, and what they were read in."""
    rows = {}
    for name in preset_names():
        detector = load_detector(name)
        rows.setdefault(framework_of(detector), []).append((name, detector))
    lines = ["", "## Every preset", "", "| framework | presets | read in |", "|---|---|---|"]
    for framework, found in sorted(rows.items(), key=lambda row: row[0].lower()):
        read_in = {name: detector.framework.removeprefix(framework).strip(" ,") for name, detector in found}
        several = "; ".join(f"{name}: {version}" for name, version in read_in.items())
        cells = (
            in_markdown(framework),
            ", ".join(f"[{name}](detectors.md#{slug(name)})" for name in read_in),
            in_markdown(several if len({*read_in.values()}) > 1 else read_in.popitem()[1]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", ""])


def test_every_preset_is_listed_by_its_framework():
    _, generated, _ = generated_part(WHICH.read_text(), "frameworks")
    assert generated == describe_frameworks(), "`python -m tests.test_docs` writes it anew"
    assert [name for name in preset_names() if f"[{name}](" not in generated] == []


def test_the_decision_page_and_the_readme_name_detectors_that_there_are():
    rows = re.findall(r"^\| .* \| (.*) \|$", sections(WHICH)["By what you train with"], re.M)[1:]
    named = {name for row in rows for name in re.findall(r"`([^`]*)`", row)}
    named |= set(re.findall(r"^anchoraudit .*--detector (\S+)", README.read_text() + WHICH.read_text(), re.M))
    files = {name for name in named if "/" in name or name.endswith(".toml")}
    assert len(files) > 5 and len(named - files) > 10
    assert {Path(name).suffix for name in files} == suffixes(), "each kind of file has an example"
    assert [name for name in named - files if name != "none" and not load_detector(name).name] == []


def test_the_reference_is_described_as_it_is():
    text = sections(DETECTORS)["The reference"]
    detector = load_detector()
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


if __name__ == "__main__":
    for page, part, describe in (
        (DETECTORS, "presets", describe_presets),
        (RULES, "rules", describe_rules),
        (AUGMENT, "recipes", describe_recipes),
        (WHICH, "frameworks", describe_frameworks),
        (TRAINING, "forms", describe_forms),
    ):
        before, _, after = generated_part(page.read_text(), part)
        page.write_text(before + describe() + after)
