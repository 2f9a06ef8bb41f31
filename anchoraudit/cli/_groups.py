"""What groups of commands share."""

from __future__ import annotations

import click

_DEFAULT = click.core.ParameterSource.DEFAULT


def refuse_options_of_the_group(ctx: click.Context) -> None:
    """Raise a usage error for an option that stands before the command it is meant for."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is not _DEFAULT]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(f"{option} goes behind {ctx.invoked_subcommand!r}", ctx)
