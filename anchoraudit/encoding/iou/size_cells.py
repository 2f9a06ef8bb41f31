"""Cells of box sizes. What is known of all sizes in a cell need not be computed for each box.

The cells of a side are bins of its octaves. Sides that are shorter or longer than all cells, and what is no
number, come into two cells more at the ends, of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int, for_each_block, octave_bins, octave_edges

_BITS = 5  # an octave has 32 cells, so that a size is known to 3 %
_LEAST, _OCTAVES = 0, 12  # from 1 px to 4,096 px
_WORTH_A_TABLE = 1 << 17  # boxes
SIDES = (_OCTAVES << _BITS) + 2  # cells of a side, with those at the ends
TABLES = 16  # that are kept of a kind, each of some 0.3 MB


class Bounds(NamedTuple):
    """The least and the largest width and height in each cell: float64 [SIDES, 1] and [1, SIDES].

    A size lies in the cell, or on its least sides.
    """

    narrowest: Float
    widest: Float
    lowest: Float
    highest: Float


def cells_of(width: Float, height: Float) -> Int:
    """Return the cell of each size, float64 [n] both: int64 [n], its place in a table [SIDES, SIDES]."""
    cells = _side_cells(width)
    cells *= SIDES
    cells += _side_cells(height)
    return cells


def _side_cells(sides: Float) -> Int:
    cells = octave_bins(sides, _BITS, _LEAST)
    cells += 1
    return np.clip(cells, 0, SIDES - 1, out=cells)


def are_worth_a_table(boxes: int, shapes: bytes, threshold: float) -> bool:
    """Tell whether it takes less time to make a table of all cells than it saves with so many boxes.

    Those of earlier calls with the same shapes and threshold count, too: a table is kept, and the parts of a
    data set may be small.
    """
    asked = _asked(shapes, threshold)
    asked.boxes += boxes
    return asked.boxes >= _WORTH_A_TABLE


@dataclass
class _Asked:
    boxes: int = 0


@lru_cache(maxsize=TABLES)
def _asked(shapes: bytes, threshold: float) -> _Asked:
    return _Asked()


def looked_up(table: npt.NDArray[Any], boxes: int, sides: Callable[[slice], Float]) -> npt.NDArray[Any]:
    """Return what a table [SIDES * SIDES] has for each of n boxes: [n].

    sides: returns the widths and heights of a block of them, float64 [2, m].
    """
    found = np.empty(boxes, dtype=table.dtype)

    def look_up(block: slice) -> None:
        found[block] = table.take(cells_of(*sides(block)))

    for_each_block(boxes, look_up)
    return found


@cache
def bounds() -> Bounds:
    """Return the bounds of all cells: of those at the ends, 0 and infinity."""
    edges = octave_edges(np.arange(SIDES - 1), _BITS, _LEAST)
    least, largest = np.append(0.0, edges), np.append(edges, np.inf)
    return Bounds(least[:, None], largest[:, None], least, largest)
