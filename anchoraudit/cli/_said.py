"""What the program says on stderr beside its results: remarks and errors."""

from __future__ import annotations

import io

import click

from anchoraudit.errors import inert, printable, shortened, without_credentials
from anchoraudit.io.steps import hush


def say(text: str) -> None:
    """Print a line to stderr, without credentials.

    Control characters are escaped, and what a CI log would read as a command.
    """
    hush()
    click.echo(inert(shortened(printable(without_credentials(text)))), err=True)


def fail(message: str) -> None:
    """Print an error to stderr. message: printable, in lines."""
    click.echo(inert(f"Error: {without_credentials(message)}"), err=True)


def fail_usage(error: click.ClickException) -> None:
    """Print what click says of an error, which may quote any word of the command line."""
    said = io.StringIO()
    error.show(file=said)
    lines = [shortened(printable(without_credentials(line))) for line in said.getvalue().split("\n")]
    click.echo(inert("\n".join(lines)), err=True, nl=False)
