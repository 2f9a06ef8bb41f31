"""`python -m anchoraudit`, and the command `anchoraudit`."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line and exit.

    The user never sees a traceback, not even if Ctrl-C comes during start-up.
    """
    try:
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), _leave)
        from anchoraudit.cli import run

        code = run()
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python 3.11 makes a RuntimeError of a Ctrl-C that comes while a class is being made.
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise
        print("interrupted; no file was left half written", file=sys.stderr)
        code = 130
    sys.exit(code)


def _leave(number: int, _frame: object) -> None:
    """Exit by an exception, so that half-written files are removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
