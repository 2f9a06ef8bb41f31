"""`anchoraudit init`: a settings file from what the data set itself shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anchoraudit.cli._settings_file import FILES
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.advice.suggested import Suggestion
    from anchoraudit.dataset.columns import Dataset

_OWN = FILES[0]


@click.command("init")
@click.argument("dataset", required=False, type=click.Path(), default=".")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    default=_OWN,
    show_default=True,
    help="The settings file to write (.toml).",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
def command(dataset: str, output: str, force: bool) -> int:
    """Write a settings file for DATASET: the data, the detector and the loader that were found, and why.

    DATASET is a folder or a file, as for scan; without it, the working directory. Nothing is asked. Where the
    files do not tell the detector, it is left open, with what to write.
    """
    from anchoraudit.cli import _output

    target = Path(output)
    _require_free(target, force=force)
    from anchoraudit.advice.suggested import suggest
    from anchoraudit.formats import read
    from anchoraudit.io.files import require_not_input
    from anchoraudit.io.outputs import write_text

    found = read(dataset)
    suggestion = suggest(found)
    inputs = [source.path for source in found.sources if source.path.is_file()]
    require_not_input(target, [*inputs, *([suggestion.file] if suggestion is not None else [])])
    write_text(target, _text(found, suggestion, target.parent))
    from anchoraudit.report.text.commands import command as written
    from anchoraudit.report.text.terminal import facts, steps

    lines = [("wrote", output), ("data", f"{found.root}: {found.recognised}")]
    lines.append(("detector", str(suggestion) if suggestion is not None else _OPEN))
    after = [("look at it, and scan:", written("scan", [], []))]
    if target.name != _OWN:
        after = [(f"rename it to {_OWN}: commands in its folder then use it", "")]
    _output.show([facts(lines), "", *steps("What to do next", after)], None)
    return 0


_OPEN = "not named by any file beside the data; set it in the file, or `reference` judges"


def _require_free(target: Path, *, force: bool) -> None:
    """Raise AnchorauditError for a file that must not be written."""
    if target.suffix.lower() != ".toml" or target.name in FILES[1:]:
        raise AnchorauditError(
            "the settings go into a .toml file of their own",
            path=target,
            remedy=f"Name one such as {_OWN}; in pyproject.toml, copy them to [tool.anchoraudit] yourself.",
        )
    if os.path.lexists(target) and not force:
        raise AnchorauditError(
            "this file exists already",
            path=target,
            remedy="Use --force to replace it, or name another with -o.",
        )


def _text(dataset: Dataset, suggestion: Suggestion | None, folder: Path) -> str:
    """Return the text of the settings file. folder: where it will lie, which its paths are relative to."""
    from anchoraudit.report import words

    counts = [words.count(len(dataset.images), "image"), words.count(len(dataset.boxes), "box")]
    splits = [name for name in dataset.splits if name]
    parts = [
        "# Settings of anchoraudit. Commands in this folder and below it use them; the command line wins.",
        "",
        _comment(f"{dataset.recognised}; {', '.join(counts)}."),
        *(
            [_comment(f'Splits: {", ".join(splits)}. To read one only: split = ["{splits[0]}"]')]
            if splits
            else []
        ),
        f"dataset = {_path(dataset.root, folder)}",
        "",
        *_detector(suggestion, folder),
        "",
        *_loader(),
    ]
    return "\n".join(parts) + "\n"


def _detector(suggestion: Suggestion | None, folder: Path) -> list[str]:
    """Return the lines about the detector: the one that the files point to, or which there are."""
    if suggestion is None:
        return [
            _comment(
                "No file beside the data shows which detector is trained. Until one is named, `reference` "
                "judges, a stride-16 RPN. `anchoraudit detectors` lists the names; a file of your framework "
                "is taken, too."
            ),
            '# detector = "torchvision-fasterrcnn_resnet50_fpn"',
        ]
    from anchoraudit.detectors import means_file
    from anchoraudit.detectors.toml_text import quoted

    name = suggestion.detector
    value = _path(Path(name), folder) if means_file(name) else quoted(name)
    return [_comment(f"{suggestion}."), f"detector = {value}"]


def _loader() -> list[str]:
    """Return the lines about the loader, which is left to the detector."""
    from anchoraudit.loaders import loader_names

    names = loader_names()
    return [
        _comment(
            "What the framework's loader does to the data is left to the detector, which may have one of its "
            f"own. To name another: {', '.join(names)}."
        ),
        f'# loader = "{names[0]}"',
    ]


def _path(path: Path, folder: Path) -> str:
    """Return a path as a TOML string, relative to the settings file's folder, with slashes."""
    from anchoraudit.detectors.toml_text import quoted

    relative = str(path) if is_address(path) else os.path.relpath(path, folder)
    if not relative.isprintable():
        raise AnchorauditError(
            f"{relative!r} has letters that a settings file cannot hold",
            path=path,
            remedy="Rename it, or name it on the command line.",
        )
    return quoted(relative.replace(os.sep, "/"))


def _comment(text: str) -> str:
    """Return a text as lines of a comment, at most 100 letters wide where words allow it."""
    import textwrap

    lines = textwrap.wrap(printable(text), 98, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"# {line}" for line in lines)
