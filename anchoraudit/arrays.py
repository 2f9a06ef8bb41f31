"""Arrays: what their types are called, and work on long columns block by block.

A block stays in a core's cache, and two cores take part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Int8 = npt.NDArray[np.int8]  # codes: an index into a short list of names
Int16 = npt.NDArray[np.int16]  # codes: an index into a short list of names
Bool = npt.NDArray[np.bool_]
Floating = npt.NDArray[Any]  # float32 or float64, in the precision of a detector's anchors

Number = TypeVar("Number", Int, npt.NDArray[np.uint64], Float)

# Rows per block: a dozen working arrays stay in a core's cache, and NumPy's calls, between each two of which
# two threads hand over the interpreter, are few.
BLOCK = 32768
_MANTISSA, _BIAS = 52, 1023  # of a float64
# From here on a second thread pays for its start; NumPy lets go of the interpreter lock while it works.
_WORTH_A_THREAD = 8 * BLOCK


def stable_argsort(values: Int) -> Int:
    """Return np.argsort(values, kind="stable") of whole numbers [n], ten times as fast for most: int64 [n].

    >>> stable_argsort(np.array([7, 3, 7, 3])).tolist()
    [1, 3, 0, 2]
    """
    return stable_sort(values)[1]


def stable_sort(values: Int) -> tuple[Int, Int]:
    """Return whole numbers [n] in order, equal ones as they come, and which of them each is: two int64 [n].

    Numbers that are in order are returned as they are, not copied. NumPy sorts plain int64 numbers with
    vector instructions, but not their positions. So the position is put into the last bits of each number, if
    the range of the numbers leaves room for it.
    """
    count = len(values)
    if count < 2 or bool(np.all(values[1:] >= values[:-1])):
        return values, np.arange(count)
    low, high, bits = int(values.min()), int(values.max()), (count - 1).bit_length()
    if (high - low).bit_length() + bits > 63:
        order = np.argsort(values, kind="stable")
        return values.take(order), order
    keys: Int = values - low
    keys <<= bits
    keys |= np.arange(count)
    keys.sort()
    ordered: Int = keys >> bits
    ordered += low
    keys &= (1 << bits) - 1
    return ordered, keys


def distinct(values: Number) -> Number:
    """Return the different numbers among some, of which none is NaN, ascending: [n], of the same type.

    `np.unique` is the same. It imports `numpy.ma`, which takes longer than all that is asked of it here.
    """
    found = np.sort(values, axis=None)
    is_first = np.ones(len(found), dtype=bool)
    is_first[1:] = found[1:] != found[:-1]
    return found[is_first]


def at_most(column: Floating, limit: Floating | float) -> Floating:
    """Return np.minimum(column, limit), several times as fast where each row of a table has one limit.

    NumPy compares with one number a quarter as fast as with a column, but clips to one with vector
    instructions.

    >>> at_most(np.array([1.0, 2.0, 3.0]), 2.0).tolist()
    [1.0, 2.0, 2.0]
    """
    if np.shape(limit)[-1:] in ((), (1,)):
        return np.clip(column, -np.inf, limit)
    return np.minimum(column, limit)


def octave_bins(numbers: Float, bits: int, least: int) -> Int:
    """Return the bin of each number, of which every octave has 2^bits, all as wide: int64 [n].

    Bin 0 begins at 2^least. What is smaller, or below 0, has a bin below 0; infinity and NaN have one above.
    A float64 begins with its octave, and then with its place in that: so a bin costs a shift.

    >>> octave_bins(np.array([1.0, 1.5, 2.0, 0.99, -3.0]), bits=1, least=0).clip(-1).tolist()
    [0, 1, 2, -1, -1]
    """
    bins: Int = np.ascontiguousarray(numbers).view(np.int64) >> (_MANTISSA - bits)
    bins -= (_BIAS + least) << bits
    return bins


def octave_edges(bins: Int, bits: int, least: int) -> Float:
    """Return where bins of `octave_bins` begin: float64 [n].

    >>> octave_edges(np.array([0, 1, 2, 3]), bits=1, least=0).tolist()
    [1.0, 1.5, 2.0, 3.0]
    """
    edges: Float = ((bins + ((_BIAS + least) << bits)) << (_MANTISSA - bits)).view(np.float64)
    return edges


def rows_of(table: Any, rows: Int | slice) -> Any:
    """Return rows of a table [n, ...]: a view for a slice. For positions, `take` is several times as fast.

    >>> table = np.array([[1, 2], [3, 4]])
    >>> rows_of(table, slice(1, None)).tolist() == rows_of(table, np.array([1])).tolist() == [[3, 4]]
    True
    """
    return table[rows] if isinstance(rows, slice) else table.take(rows, axis=0)


def in_all(table: Bool) -> Bool:
    """Return `table.all(axis=1)` of a long table with few columns [n, c], several times as fast: bool [n].

    >>> in_all(np.array([[True, True], [True, False]])).tolist()
    [True, False]
    """
    found: Bool = table[:, 0].copy()
    for column in range(1, table.shape[1]):
        found &= table[:, column]
    return found


def in_any(table: Bool) -> Bool:
    """Return `table.any(axis=1)` in the same way: bool [n].

    >>> in_any(np.array([[False, False], [True, False]])).tolist()
    [False, True]
    """
    found: Bool = table[:, 0].copy()
    for column in range(1, table.shape[1]):
        found |= table[:, column]
    return found


def are_any(codes: npt.NDArray[Any], wanted: Iterable[int]) -> Bool:
    """Return `np.isin(codes, wanted)` for few wanted numbers, several times as fast: bool, of codes' shape.

    >>> are_any(np.array([0, 1, 2, 1]), (1, 2)).tolist()
    [False, True, True, True]
    """
    found = np.zeros(codes.shape, dtype=np.bool_)
    for one in wanted:
        found |= codes == one
    return found


_ALONE = ContextVar("alone", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Work in this thread alone: where processes share the cores already."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def is_alone() -> bool:
    """Tell whether this thread shall work alone: see `one_thread`, which no thread of a pool knows of."""
    return _ALONE.get()


def for_each_block(rows: int, work: Callable[[slice], None]) -> None:
    """Call `work` with slices that cover `rows` rows once, in any order, on two threads if there are many."""
    for_each([slice(start, min(start + BLOCK, rows)) for start in range(0, rows, BLOCK)], work)


def for_each(parts: Sequence[slice], work: Callable[[slice], None]) -> None:
    """Call `work` with each of the slices of a long column, in any order, on two threads if they are long."""
    if sum(part.stop - part.start for part in parts) < _WORTH_A_THREAD or _ALONE.get():
        for part in parts:
            work(part)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to import

    errors = np.geterr()  # which a thread does not inherit

    def work_as_here(part: slice) -> None:
        with np.errstate(**errors):
            work(part)

    with ThreadPoolExecutor(max_workers=2) as pool:
        for _ in pool.map(work_as_here, parts):
            pass
