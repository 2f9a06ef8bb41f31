"""`anchoraudit rules`: what can be wrong with a data set, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anchoraudit.cli._choice import Choice, Group
from anchoraudit.cli._groups import list_options, refuse_options_of_the_group

if TYPE_CHECKING:
    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # takes no parameter before click 8.4


class _Code(_Text):
    """A rule's code. Completes the codes."""

    name = "CODE"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the codes that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        from anchoraudit.rules import all_rules

        codes = [code for code in all_rules() if code.startswith(incomplete.upper())]
        return [CompletionItem(code, help=all_rules()[code].title) for code in codes]


_list_options = list_options("text", "json", "markdown", of="list")


@click.group("rules", cls=Group, invoke_without_command=True)
@_list_options
@click.pass_context
def command(ctx: click.Context, output_format: str, output: str | None) -> None:
    """List the rules that scan checks, or show one.

    Without a command, it is `rules list`.
    """
    if ctx.invoked_subcommand is None:
        _list(output_format, output)
    else:
        refuse_options_of_the_group(ctx)


@command.command("list")
@_list_options
def list_command(output_format: str, output: str | None) -> None:
    """Table of the rules: code, severity and title; as Markdown, the page of each."""
    _list(output_format, output)


def _list(output_format: str, output: str | None) -> None:
    from anchoraudit.cli import _output
    from anchoraudit.report.text import rules as report
    from anchoraudit.rules import all_rules

    listed = list(all_rules().values())
    if output_format == "json":
        _output.put(report.rules_json(listed), output)
    elif output_format == "markdown":
        _output.put(report.rules_markdown(listed), output)
    else:
        _output.show(report.rules_parts(listed), output)


@command.command("show")
@click.argument("codes", nargs=-1, required=True, type=_Code(), metavar="CODE...")
@click.option(
    "--output-format",
    type=Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Form of the page.",
)
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write it there, not to stdout.")
def show_command(codes: tuple[str, ...], output_format: str, output: str | None) -> None:
    """Explain a rule, or all rules whose codes begin so: what it does, why it is bad, what to do instead."""
    from anchoraudit.cli import _output
    from anchoraudit.report.text import rules as report
    from anchoraudit.rules import Chosen, all_rules

    wanted = Chosen(select=tuple(code.upper() for code in codes)).require_known(all_rules())
    listed = [rule for code, rule in all_rules().items() if code in wanted]
    if output_format == "json":
        _output.put(report.rules_json(listed), output)
    elif output_format == "markdown":
        _output.put(report.rules_markdown(listed), output)
    else:
        _output.show(report.page_parts(listed), output)
