"""The command line: one module for each command, found by itself and imported when it runs."""

from __future__ import annotations

import os
import sys

import click

from anchoraudit import __version__
from anchoraudit.cli._bar import with_bar
from anchoraudit.cli._choice import Group, unknown_option
from anchoraudit.cli._said import fail, fail_usage
from anchoraudit.errors import AnchorauditError, printable, shortened
from anchoraudit.io import signals, streams
from anchoraudit.io.files import reason_of
from anchoraudit.io.memory import prepare, shortage
from anchoraudit.io.plugins import load_module, module_names

_INTERRUPTED = 130  # the exit code of shells for Ctrl-C: 128 + SIGINT


class _Commands(Group):
    """Each module of this package without an underscore is a command of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return module_names(__name__)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = load_module(__name__, cmd_name).command
        assert isinstance(command, click.Command)
        if command.callback is not None and not isinstance(command, click.Group):
            command.callback = with_bar(command.callback)
        return command


_HELP = """Pre-flight check for object-detection data.

Which images leave your anchor encoder without foreground, why, and what to do about it, before you train:

\b
  anchoraudit scan dataset/
  anchoraudit cluster --k 9
  anchoraudit filter -o clean.json

cluster, filter and explain take the data set of the last scan unless you name one.
"""
_EXIT_CODES = (
    "Exit codes: 0 clean, 1 an image would train without foreground or an error was found, "
    "2 usage or unreadable input."
)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_HELP,
    epilog=_EXIT_CODES,
)
@click.version_option(__version__, "--version", message="anchoraudit %(version)s")
def cli() -> None:
    """The group of all commands."""


def run(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    streams.prepare()
    code = _answered(args)
    if (lost := streams.lost_of_stdout()) is not None:
        return _fail(f"stdout: cannot be written: {lost.strerror or lost}\n  Send it to another place.")
    return code


def _answered(args: list[str] | None) -> int:
    """Run a command and return its exit code. Whatever goes wrong is said in a sentence."""
    try:
        prepare()
        if any(
            "\0" in word for word in args or ()
        ):  # only callers of this function can pass one; shells cannot
            raise click.UsageError("an argument contains a zero byte")
        result = cli.main(args=args, prog_name="anchoraudit", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.NoSuchOption as error:
        fail_usage(unknown_option(error))
        return 2
    except click.ClickException as error:
        fail_usage(error)
        return 2
    except AnchorauditError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return _interrupted()
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Python 3.11 wraps one that hits a class's making
            return _interrupted()
        if said := shortage(error):
            return _fail(said)
        if isinstance(error, OSError):
            return _fail(_of_the_system(error))
        if os.environ.get("ANCHORAUDIT_TRACEBACK"):
            raise
        return _fail(
            f"internal error, {type(error).__name__}: {shortened(printable(error))}\n"
            "  This is a defect of anchoraudit: run again with ANCHORAUDIT_TRACEBACK=1 to see where, "
            "and report it."
        )


def _of_the_system(error: OSError) -> str:
    """Return what to say of an error of the system that no command has said more of."""
    where = f"{shortened(printable(error.filename))}: " if error.filename else ""
    return f"{where}{reason_of(error)}"


def _interrupted() -> int:
    print(signals.INTERRUPTED, file=sys.stderr)
    return _INTERRUPTED


def _fail(message: str) -> int:
    fail(message)
    return 2
