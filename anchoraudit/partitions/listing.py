"""The table of the images that `filter` in parts leaves out, in the order of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anchoraudit.io import stores
from anchoraudit.io.in_order import InOrder
from anchoraudit.report.dropped import Row, are_numbers, write_dropped


@dataclass(frozen=True, slots=True)
class Listed:
    """What is to be listed. path: the table, `.csv` or `.parquet`. csv_safe: as in `write_dropped`."""

    path: Path
    csv_safe: bool = False


class Listing:
    """Keeps rows of images with their places, until they can be written in order."""

    def __init__(self, listed: Listed | None, folder: Path) -> None:
        """Keep rows in files of a folder. listed: None if none are to be written."""
        self._listed, self._rows, self._numbers = listed, InOrder(folder, "dropped"), True

    def put(self, rows: Iterable[tuple[tuple[int, ...], Row]]) -> None:
        """Add the images of a part."""
        some = list(rows)
        self._numbers = self._numbers and are_numbers(row for _, row in some)
        self._rows.put(some)

    @contextmanager
    def written(self) -> Iterator[None]:
        """Write the table, which gets its name at the end of the block, and none if the block raises.

        Raises AnchorauditError if it cannot be written.
        """
        if self._listed is None:
            yield
            return
        path = self._listed.path
        with stores.written(path, own=False) as stream:
            rows = (row for _, row in self._rows)
            suffix, safe = path.suffix.lower(), self._listed.csv_safe
            write_dropped(rows, stream, suffix, numbers=self._numbers, csv_safe=safe)
            yield
