"""`anchoraudit detectors`: the presets, and how a detector file was understood."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from anchoraudit.cli._choice import Choice, Group
from anchoraudit.cli._groups import list_options, refuse_options_of_the_group
from anchoraudit.cli._options import DetectorName, assume_option, csv_safe_option, version_option
from anchoraudit.detectors import _presets, load_detector

_KINDS = (
    ".toml",
    ".json",
)  # the formats that `show` writes; a file of any other kind may be the user's source


def _list_options(function: Callable[..., Any]) -> Callable[..., Any]:
    return list_options("text", "json", "csv", of="table")(csv_safe_option(function))


@click.group("detectors", cls=Group, invoke_without_command=True)
@_list_options
@click.pass_context
def command(ctx: click.Context, output_format: str, output: str | None, csv_safe: bool) -> None:
    """List the detectors that come with the program, or show one.

    Without a command, it is `detectors list`.
    """
    if ctx.invoked_subcommand is None:
        _list(output_format, output, csv_safe)
        return
    refuse_options_of_the_group(ctx)


@command.command("list")
@_list_options
def list_command(output_format: str, output: str | None, csv_safe: bool) -> None:
    """Table of the presets: what an empty mask does, and whether an image with boxes can end empty."""
    _list(output_format, output, csv_safe)


def _list(output_format: str, output: str | None, csv_safe: bool) -> None:
    from anchoraudit.cli import _output
    from anchoraudit.report.text import detectors as report

    _check(output)
    named = [(name, load_detector(name)) for name in _presets.preset_names()]
    if output_format == "text":
        _output.show(report.list_parts(named), output)
    elif output_format == "json":
        _output.put(report.list_json(named), output)
    else:
        _output.put_csv(report.list_csv(named), output, csv_safe=csv_safe)


@command.command("show")
@click.argument("detector", type=DetectorName())
@click.option(
    "--output-format",
    type=Choice(["toml", "json"]),
    default="toml",
    show_default=True,
    help="Form of the detector.",
)
@assume_option
@version_option
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write it there, not to stdout.")
def show_command(
    detector: str,
    output_format: str,
    assume_standard: bool | None,
    framework_version: str | None,
    output: str | None,
) -> None:
    """Show a preset, or a detector file as it was understood.

    DETECTOR is a preset or a file that --detector takes. A preset is shown verbatim, with its sources. A
    file is shown as a detector file that means the same: a start for one of your own.
    """
    from anchoraudit.cli import _output
    from anchoraudit.report.text import detectors as report

    found = load_detector(
        detector, assume_standard=bool(assume_standard), framework_version=framework_version
    )
    named = detector if framework_version is None else found.name  # the version may have a preset of its own
    preset = _preset(named) if {detector, named} <= set(_presets.preset_names()) else None
    _check(output, Path(detector) if preset is None else preset)
    if output_format == "json":
        _output.put(report.show_json(found), output)
    elif preset is not None:
        _output.put(preset.read_text("utf-8"), output)
    else:
        _output.put(report.show_toml(found), output)


def _preset(name: str) -> Path:
    return _presets.FOLDER / f"{name}.toml"


def _check(output: str | None, source: Path | None = None) -> None:
    """Refuse an output that is the shown file, a preset, settings, or a configuration of the same kind."""
    if output is None:
        return
    from anchoraudit.cli._settings_file import FILES
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.io.files import require_not_input

    path = Path(output)
    presets = map(_preset, _presets.preset_names())
    require_not_input(path, presets if source is None else [source, *presets])
    shown = source is not None and source.suffix.lower() not in _KINDS
    if path.is_file() and (
        path.name in FILES or (shown and source is not None and path.suffix.lower() == source.suffix.lower())
    ):
        raise AnchorauditError(
            "this file exists and was not written by anchoraudit; inputs are never changed",
            path=output,
            remedy="Choose another name for the output.",
        )
