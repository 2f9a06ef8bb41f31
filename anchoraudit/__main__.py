"""`python -m anchoraudit`, and the command `anchoraudit`."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line and exit; the user never sees a traceback, not even of Ctrl-C while it starts."""
    try:
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), _leave)
        from anchoraudit.cli import run

        code = run()
    except KeyboardInterrupt:
        print("interrupted; no file was left half written", file=sys.stderr)
        code = 130
    sys.exit(code)


def _leave(number: int, _frame: object) -> None:
    """Leave as an exception does, so that what is half written is removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
