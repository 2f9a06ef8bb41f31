"""Names that a user may misspell: commands, options and choices; each error suggests the nearest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from anchoraudit.errors import printable
from anchoraudit.io.suggest import did_you_mean

if TYPE_CHECKING:
    _Names = click.Choice[str]
else:
    _Names = click.Choice  # takes no parameter before click 8.2


class Choice(_Names):
    """One of a few words. The error for any other suggests the nearest one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word; raise click.BadParameter for any other."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            hint = did_you_mean(str(value), map(str, self.choices))
            raise click.BadParameter(f"{error.message} {hint}".strip(), ctx, param) from None


def unknown_option(error: click.NoSuchOption) -> click.UsageError:
    """Return the error for an option that a command does not have, with those that are similar."""
    name, ctx = error.option_name, error.ctx
    options = [] if ctx is None else [opt for param in ctx.command.get_params(ctx) for opt in param.opts]
    plain = {option.lstrip("-"): option for option in options}
    hint = did_you_mean(name.lstrip("-"), plain)
    for word, option in plain.items():
        hint = hint.replace(f" {word}?", f" {option}?")
    of = "" if ctx is None else f" of {ctx.command_path.partition(' ')[2] or ctx.command_path}"
    where = "" if ctx is None else f"`{ctx.command_path} --help` lists them."
    return click.UsageError(f"unknown option {printable(name)}{of}. {hint}{where}".strip(), ctx)


class Group(click.Group):
    """A group of commands. The error for an unknown one suggests the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names. Raises click.UsageError if there is none."""
        if not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            raise _unknown_command(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


def _unknown_command(name: str, known: list[str], ctx: click.Context) -> click.UsageError:
    hint = did_you_mean(name, known)
    return click.UsageError(f"unknown command {printable(name)!r}. {hint}Commands: {', '.join(known)}.", ctx)
