"""Several data sets in a folder that a pattern would read as one."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.io import stores
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.formats import Detection


def as_one(
    folder: Path, files: Collection[Path], detect_several: Callable[[Sequence[Path]], Detection | None]
) -> str:
    """Return the sentence that names the pattern that reads all data sets of a folder as one; "" without one.

    files: those of all of them. detect_several: that of their format.
    """
    suffixes = sorted({file.suffix for file in files})
    for end in ("*", f"*/*{suffixes[0]}") if len(suffixes) == 1 else ():
        pattern = stores.below(folder if is_address(folder) else Path(escape(str(folder))), end)
        paths = stores.matching(pattern)
        found = detect_several(paths) if paths else None
        if found is not None and {*files} <= {*found.files}:
            return f"If all are one, name them by a pattern: {shlex.quote(str(pattern))}."
    return ""
