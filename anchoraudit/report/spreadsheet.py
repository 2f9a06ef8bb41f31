"""CSV that a spreadsheet shows and does not run (`--csv-safe`).

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`: `=HYPERLINK(...)` as the name of a class
sends the neighbouring cells to a stranger. An apostrophe before it makes the cell a text. Numbers stay
numbers.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# The signs that OWASP lists under "CSV injection", also in full width, which Japanese versions accept. Where
# a spreadsheet splits at semicolons or tabs as well, a cell may also begin behind one of those. Apostrophes
# that are there count, so that taking one away gives the text as it was.
_RUN = "(?='*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"
_BEGINS = re.compile(rf"(?:^|(?<=[;\t\r\n])){_RUN}")
_LONGEST = 2**31 - 1  # letters of a cell: as many as the csv module can be told
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def safe_cell(value: Any) -> Any:
    """Return a cell with an apostrophe before what a spreadsheet would run. Numbers stay as they are.

    Examples
    --------
    >>> [safe_cell(value) for value in ("=1+1", "-0.5", -0.5, "cat")]
    ["'=1+1", '-0.5', -0.5, 'cat']
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return _BEGINS.sub("'", value)


def safe_csv(text: str) -> str:
    """Return CSV with every cell as `safe_cell` has it. text: a row in each line."""
    made = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(text, newline=""))
    before = csv.field_size_limit(_LONGEST)
    try:
        csv.writer(made, lineterminator="\n").writerows([safe_cell(cell) for cell in row] for row in rows)
    finally:
        csv.field_size_limit(before)
    return made.getvalue()


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every text as `safe_cell` has it."""
    texts = table.select_dtypes(exclude=["number", "bool"])
    safe = {str(name): column.map(safe_cell) for name, column in texts.items()}
    return table.assign(**safe)
