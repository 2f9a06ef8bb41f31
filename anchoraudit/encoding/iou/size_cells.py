"""Cells of box sizes. What is known of all sizes in a cell need not be computed for each box.

A side's cell is what a float64 begins with: its exponent and the first bits of its mantissa. So each octave
has so many cells of equal width, and the cell of a side costs a shift. Sides that are shorter or longer than
all cells, and what is no number, come into two cells more at the ends, of which nothing is known.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Float, Int

_BITS = 5  # of the mantissa: an octave has 32 cells, so that a size is known to 3 %
_MANTISSA, _BIAS = 52, 1023  # of a float64
_LEAST, _OCTAVES = 0, 12  # from 1 px to 4,096 px
_FIRST = (_BIAS + _LEAST) << _BITS
SIDES = (_OCTAVES << _BITS) + 2  # cells of a side, with those at the ends


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
    cells: Int = np.ascontiguousarray(sides).view(np.int64) >> (_MANTISSA - _BITS)
    cells -= _FIRST - 1
    return np.clip(cells, 0, SIDES - 1, out=cells)


@cache
def bounds() -> Bounds:
    """Return the bounds of all cells: of those at the ends, 0 and infinity."""
    edges = ((_FIRST + np.arange(SIDES - 1)) << (_MANTISSA - _BITS)).view(np.float64)
    least, largest = np.append(0.0, edges), np.append(edges, np.inf)
    return Bounds(least[:, None], largest[:, None], least, largest)
