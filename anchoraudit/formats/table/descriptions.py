"""Open Images' names of classes: a file with `/m/01g317,Person` in each line beside the boxes.

Source: the download page of Open Images V7: `oidv7-class-descriptions.csv` and
`class-descriptions-boxable.csv`, "MID,display name"; the newer ones have a header `LabelName,DisplayName`.
FiftyOne's copy keeps it as `metadata/classes.csv`.
"""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import Address
from anchoraudit.io.files import decode_names, read_head, read_input
from anchoraudit.io.folders import names_in

_HEAD = 1 << 12  # bytes by which the file is recognised
_LARGEST = 8 << 20  # bytes; the 20,000 classes of V7 take 700,000
_CODES = ("/m/", "/g/", "/j/")


class Descriptions(NamedTuple):
    """Which file describes classes, and the name of each code."""

    path: Path
    names: dict[str, str]


def descriptions_beside(table: Path) -> Descriptions | None:
    """Return what describes the classes of a table, in its folder or around the one above; None without."""
    if isinstance(table, Address):
        return None
    above = table.parent.parent
    for folder in (table.parent, table.parent / "metadata", above, above / "metadata"):
        found = [
            name for name in names_in(folder) if name.lower().endswith(".csv") and "class" in name.lower()
        ]
        found.sort(key=lambda name: ("boxable" not in name, name))
        for name in found:
            path = folder / name
            try:
                if path != table and _describes(read_head(path, _HEAD)):
                    rows = csv.reader(io.StringIO(decode_names(read_input(path, _LARGEST)), newline=""))
                    return Descriptions(path, {row[0]: row[1].strip() for row in rows if len(row) == 2})
            except (AnchorauditError, csv.Error):  # not a regular file, too large, or no text
                continue
    return None


def _describes(head: bytes) -> bool:
    """Tell whether the first lines are codes with names."""
    lines = decode_names(head).splitlines()[:3]
    return bool(lines) and all(
        line.startswith(_CODES) or line.lower().startswith("labelname,") for line in islice(lines, 2)
    )
