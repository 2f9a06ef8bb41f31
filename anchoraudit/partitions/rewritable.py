"""Which data sets `filter` can write part by part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anchoraudit.dataset.pieces import RewritableParts
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import is_address
from anchoraudit.partitions.reading import InParts


def rewritable(parts: Any, root: Path, output: Path) -> RewritableParts:
    """Return the parts of a data set whose files can be written again. Raises AnchorauditError for others."""
    if not isinstance(parts, RewritableParts):
        why = f": it is {parts.note}" if getattr(parts, "note", "") else ""
        raise AnchorauditError(
            f"only tables and COCO can be filtered part by part{why}",
            path=root,
            remedy=f"{to_read_it_whole(root, output).capitalize()}.",
        )
    return parts


def require_no_columns_of_splits(reading: InParts, sources: Sequence[Any]) -> None:
    """Raise AnchorauditError if a part of the rows of a file were left out because of --split."""
    if reading.splits and any(not source.split for source in sources):
        raise AnchorauditError(
            "--split cannot go with parts where the rows of a file name their splits",
            remedy="Leave it out: all splits are filtered, and stay what they are.",
        )


def to_read_it_whole(source: Path, output: Path) -> str:
    """Return what makes the command read the whole data set at once."""
    if is_address(source):
        return "copy the data to this machine"
    if is_address(output):
        return "write to this machine"
    return "leave out --engine, --memory and --workers"
