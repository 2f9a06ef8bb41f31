"""What command groups share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from anchoraudit.cli._choice import Choice

_DEFAULT = click.core.ParameterSource.DEFAULT


def refuse_options_of_the_group(ctx: click.Context) -> None:
    """Raise a usage error if an option is given before the subcommand."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is not _DEFAULT]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(f"{option} must come after {ctx.invoked_subcommand!r}", ctx)


def list_options(*forms: str, of: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that a group and its `list` share.

    forms: output formats. of: the word for it in the help.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        function = click.option(
            "-o", "--output", type=click.Path(), metavar="FILE", help=f"Write the {of} there, not to stdout."
        )(function)
        return click.option(
            "--output-format",
            type=Choice(forms),
            default=forms[0],
            show_default=True,
            help=f"Form of the {of}.",
        )(function)

    return decorate
