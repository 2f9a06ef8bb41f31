"""`python -m anchoraudit`, and the command `anchoraudit`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and exit.

    The user never sees a traceback, not even if Ctrl-C comes during start-up.
    """
    # Modules are tens of thousands of objects that stay. By default, Python looks at them after every 700.
    gc.set_threshold(100_000)
    try:
        from anchoraudit.io import signals, streams

        streams.open_all()
        streams.prepare()
        signals.install()
        from anchoraudit.cli import run
    except (MemoryError, ImportError):  # so little that not even the modules can be imported
        print("Error: not enough memory, or a broken installation", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python 3.11 makes a RuntimeError of a Ctrl-C that comes while a class is being made.
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise
        print("interrupted; no file was left half written", file=sys.stderr)
        sys.exit(130)
    code = run()
    gc.freeze()  # so that at its end, Python does not look at every object for cycles
    sys.exit(code)


if __name__ == "__main__":
    main()
