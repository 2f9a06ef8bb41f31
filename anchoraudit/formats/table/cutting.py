"""Writes a table file again without the rows of some images: all other bytes stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.pieces import LeftOut, Output, Rewritten
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.lines import Lines
from anchoraudit.formats.table.rewriting_lines import rewrite_lines
from anchoraudit.formats.table.rows import Rows
from anchoraudit.formats.table.table_file import Stretch, is_parquet, read_rows


def cut_table(path: Path, stays: Set[str], boxes: Int, output: Output, asked: Columns = ()) -> None:
    """Write the rows of a file that name an image of `stays`, or no image.

    boxes: int64, the entries of rows that go, too, where a row is a box. asked: the columns that the user
    names. Raises AnchorauditError if the file cannot be read.
    """
    whole = read_rows(path, only_texts=True, asked=asked)
    names = {*whole.texts["image"].names} - {""}

    def read(stretch: Stretch | None) -> Rows:
        return whole if stretch is None else read_rows(path, stretch, only_texts=True, asked=asked)

    rewrite(path, [None], read, LeftOut(frozenset(names - stays), np.sort(boxes)), output)


def rewrite(
    path: Path,
    stretches: Sequence[Stretch | None],
    read: Callable[[Stretch | None], Rows],
    left_out: LeftOut,
    output: Output,
) -> Rewritten:
    """Write the rows of a file that stay, as its kind of file allows: lines as they are, or row groups.

    stretches: those in which the file was read, in order. read: reads the names of images of a stretch.
    Raises AnchorauditError if the file cannot be read.
    """
    if is_parquet(path):
        from anchoraudit.formats.table.rewriting import rewrite as rewrite_groups

        return rewrite_groups(path, lambda group: read((group,)), left_out, output)
    lines = [None if stretch is None else Lines(*stretch) for stretch in stretches]
    return rewrite_lines(path, lines, read, left_out, output)
