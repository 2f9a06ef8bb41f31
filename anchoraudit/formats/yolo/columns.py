"""Lines of label files as columns, gathered in any order of the files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from anchoraudit.dataset import Bool, Float, Int

NO_CLASS = int(np.iinfo(np.int64).min)
LARGEST_INDEX = 1 << 53  # of a class that a double can hold


@dataclass(slots=True)
class Columns:
    """Parts of columns over lines: number of the file, line from 0, class, centre and size, whether read."""

    file: list[Int] = field(default_factory=list)
    line: list[Int] = field(default_factory=list)
    index: list[Int] = field(default_factory=list)
    xywh: list[Float] = field(default_factory=list)
    read: list[Bool] = field(default_factory=list)

    def append(self, file: Int, line: Int, index: Int, xywh: Float, read: Bool) -> None:
        """Append lines; those of one file at once, and in their order."""
        self.file.append(file)
        self.line.append(line)
        self.index.append(index)
        self.xywh.append(xywh)
        self.read.append(read)

    def sorted(self) -> tuple[Int, Int, Int, Float, Bool]:
        """The columns in the order of the files."""
        none = np.empty(0, dtype=np.int64)
        file = np.concatenate([none, *self.file])
        order = np.argsort(file, kind="stable")
        return (
            file[order],
            np.concatenate([none, *self.line])[order],
            np.concatenate([none, *self.index])[order],
            np.concatenate([np.empty((0, 4)), *self.xywh])[order],
            np.concatenate([np.empty(0, dtype=np.bool_), *self.read])[order],
        )
