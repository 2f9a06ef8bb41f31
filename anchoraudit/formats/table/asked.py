"""The columns that a user names with `--columns`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.names import Known, known_columns, place_of
from anchoraudit.io.suggest import did_you_mean

_TEXTS = ("image", "file_name", "label", "split", "bbox")


def known_as_asked(first: Sequence[str], asked: Columns) -> tuple[Known, bool]:
    """Return the columns that the user names in a first row, and whether that holds names.

    A number names the column at that place, from 1, unless a column has it for a name. If all are named so,
    and the first row has numbers where the box is, it holds no names.

    Raises AnchorauditError for a column that is not there, or if what is named makes no box.
    """
    by_name = {key: place_of(column, first) for key, column in asked}
    at = {key: by_name[key] if by_name[key] >= 0 else _numbered(column, first) for key, column in asked}
    for key, column in asked:
        if at[key] < 0:
            raise no_column(column, first)
    shared = {place for place in at.values() if [*at.values()].count(place) > 1}
    if shared:
        keys = ", ".join(key for key in at if at[key] in shared)
        raise AnchorauditError(
            f"--columns: {keys} are the same column", remedy="Name a column for each of them."
        )
    has_header = not _is_of_values(first, at) or any(place >= 0 for place in by_name.values())
    known = known_columns(first if has_header else [""] * len(first), at)
    if known.lacking:
        raise AnchorauditError(
            f"--columns: {' and '.join(known.lacking)} not named, and not known by the names of the columns",
            remedy=f"Name them, too. Columns: {shown_columns(first)}.",
        )
    return known, has_header


def no_column(column: str, there: Sequence[str]) -> AnchorauditError:
    """Return the error for a column that the user names and that is not there."""
    return AnchorauditError(
        f"--columns: the table has no column {printable(column)!r}",
        remedy=f"{did_you_mean(column, there)}Columns: {shown_columns(there)}.",
    )


def shown_columns(names: Sequence[str], most: int = 30) -> str:
    """Write names of columns in a row."""
    return ", ".join(map(printable, names[:most])) + ", ..." * (len(names) > most)


def _numbered(column: str, first: Sequence[str]) -> int:
    """Return the position of a column that is named by its number, -1 if there is none."""
    return (
        int(column) - 1 if column.isascii() and column.isdigit() and 0 < int(column[:9]) <= len(first) else -1
    )


def _is_of_values(first: Sequence[str], at: dict[str, int]) -> bool:
    """Tell whether a first row has numbers, or nothing at all, where the user says that the box is."""
    fields = [first[place].strip() for key, place in at.items() if key not in _TEXTS]
    if not fields:
        return any(
            sign in first[place] for key, place in at.items() if key == "bbox" for sign in "0123456789"
        )
    return all(map(_is_number, fields)) or not any(fields)


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False
