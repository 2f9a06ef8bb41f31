"""`anchoraudit formats`: the formats that are read, and what a data set of each looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anchoraudit.cli._choice import Choice, Group
from anchoraudit.cli._groups import list_options, refuse_options_of_the_group

if TYPE_CHECKING:
    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # takes no parameter before click 8.4


class _Name(_Text):
    """A format's name, in any case. Completes the names."""

    name = "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. Raises AnchorauditError if there is no such format."""
        from anchoraudit.formats import require_format

        return require_format(value.lower())

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        from anchoraudit.formats import format_names

        return [CompletionItem(name) for name in format_names() if name.startswith(incomplete.lower())]


_list_options = list_options("text", "json", of="list")


@click.group("formats", cls=Group, invoke_without_command=True)
@_list_options
@click.pass_context
def command(ctx: click.Context, output_format: str, output: str | None) -> None:
    """List the annotation formats that are read, or show one.

    Without a command, it is `formats list`.
    """
    if ctx.invoked_subcommand is None:
        _list(output_format, output)
    else:
        refuse_options_of_the_group(ctx)


@command.command("list")
@_list_options
def list_command(output_format: str, output: str | None) -> None:
    """Table of the formats, and what each is recognised by."""
    _list(output_format, output)


def _list(output_format: str, output: str | None) -> None:
    from anchoraudit.cli import _output
    from anchoraudit.formats import formats
    from anchoraudit.report.text import formats as report

    listed = list(formats().values())
    if output_format == "json":
        _output.put(report.formats_json(listed), output)
    else:
        _output.show(report.formats_parts(listed), output)


@command.command("show")
@click.argument("name", type=_Name(), metavar="NAME")
@click.option(
    "--output-format",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of what is shown.",
)
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write it there, not to stdout.")
def show_command(name: str, output_format: str, output: str | None) -> None:
    """Show a format: what it is recognised by, the files of an example, and what is not read of it."""
    from anchoraudit.cli import _output
    from anchoraudit.formats import formats
    from anchoraudit.report.text import formats as report

    chosen = formats()[name]
    if output_format == "json":
        _output.put(report.format_json(chosen), output)
    else:
        _output.show(report.format_parts(chosen), output)
