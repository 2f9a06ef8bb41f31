"""The annotation formats as a table, one by one, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from anchoraudit.formats import Format
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text import terminal
from anchoraudit.report.text.table import Column

_PAGE = "docs/formats.md"


def title_and_text(module: Format) -> tuple[str, str]:
    """Return the title of a format and what it is: the first sentence of its module's docstring."""
    paragraph = " ".join((module.__doc__ or module.NAME).partition("\n\n")[0].split())
    title, _, text = paragraph.partition(": ")
    return title, text


def formats_parts(modules: Sequence[Format]) -> list[object]:
    """Return the parts of the list: one table."""
    columns = (Column("name", whole=True), Column("format", spare=1), Column("recognised by", least=24))
    rows = [(module.NAME, title_and_text(module)[0], module.LOOKS_FOR) for module in modules]
    end = "anchoraudit formats show NAME has an example of each, and what is not read of it."
    return [
        terminal.table(f"Formats ({len(rows)})", columns, rows, elsewhere="--output-format json"),
        "",
        end,
    ]


def format_parts(module: Format) -> list[object]:
    """Return the parts of one format: facts about it, and the files of its example."""
    title, text = title_and_text(module)
    facts = [
        ("recognised by", module.LOOKS_FOR),
        ("not read", module.NOT_READ or "nothing: all of it is read"),
        ("chosen with", f"--format {module.NAME}"),
        ("page", f"{_PAGE}#{_anchor(title)}"),
    ]
    head = Text.assemble((title, "bold"), f": {text}" if text else "")
    return [head, "", terminal.facts(facts), "", *_example(module)]


def _example(module: Format) -> Iterator[object]:
    """Yield the files of the example: the texts as they are, of images the size."""
    files = {module.EXAMPLE_PATH: module.EXAMPLE, **module.EXAMPLE_BESIDE}
    for path, content in files.items():
        if isinstance(content, str):
            yield Text(path, style="bold")
            yield from (Text(f"    {line}", style="cyan") for line in content.splitlines())
        else:
            yield Text.assemble((path, "bold"), "  an image of {}x{}".format(*content))


def formats_json(modules: Iterable[Format]) -> str:
    """Return the formats as JSON, a list of objects."""
    return to_json([_described(module) for module in modules])


def format_json(module: Format) -> str:
    """Return one format as a JSON object."""
    return to_json(_described(module))


def _described(module: Format) -> dict[str, Any]:
    title, text = title_and_text(module)
    return {
        "name": module.NAME,
        "title": title,
        "what": text,
        "recognised_by": module.LOOKS_FOR,
        "not_read": module.NOT_READ,
        "example": {module.EXAMPLE_PATH: module.EXAMPLE, **module.EXAMPLE_BESIDE},
        "page": f"{_PAGE}#{_anchor(title)}",
    }


def _anchor(title: str) -> str:
    """Return the anchor of a heading as GitHub makes it: letters, digits, hyphens; a space is a hyphen."""
    kept = (letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")
