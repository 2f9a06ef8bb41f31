"""`python -m anchoraudit`."""

from anchoraudit.cli import main

main()
