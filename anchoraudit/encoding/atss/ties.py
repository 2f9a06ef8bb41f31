"""Which anchors ATSS takes where several are as far from the box as the last candidate.

mmdetection calls `torch.topk`, which promises nothing about equal values. On a CPU, its choice is still the
same each time: it runs the C++ library's selection on pairs of distance and index, compared by distance only.
So the choice depends on the order of all values and on every swap, and this module repeats those. It matters:
of the anchors around an elongated box, those above it and those beside it have the same distance and
different IoUs.

Sources: PyTorch, `aten/src/ATen/native/TopKImpl.h: topk_impl_loop`: `std::partial_sort` for 64 k values or
more, else `std::nth_element`; GNU libstdc++, `bits/stl_heap.h` and `bits/stl_algo.h`. A GPU may choose
others.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Floating, Int

_CHUNK = 512  # values compared at a time; nearly all are larger than those in the heap


def smallest(values: Floating, k: int) -> Int:
    """Indices of the k smallest of `values` [n], as PyTorch chooses among equal ones: int64 [k], ascending.

    k: 1 to n. The values are finite.
    """
    last = np.partition(values, k - 1)[k - 1]
    near = np.flatnonzero(values <= last)
    if len(near) == k:  # nothing to choose
        return near
    chosen = _by_heap(values, k) if k * 64 <= len(values) else _by_partition(values.tolist(), k)
    return np.sort(np.array(chosen, dtype=np.int64))


def _by_heap(values: Floating, k: int) -> list[int]:
    """Choose like `std::partial_sort`: each smaller value replaces the largest one in a heap of k."""
    heap = list(zip(values[:k].tolist(), range(k), strict=True))
    for start in range((k - 2) // 2, -1, -1):
        _sift(heap, start, heap[start])
    for begin in range(k, len(values), _CHUNK):
        part = values[begin : begin + _CHUNK]
        for i in np.flatnonzero(part < heap[0][0]).tolist():
            value = part[i].item()
            if value < heap[0][0]:
                _sift(heap, 0, (value, begin + i))
    return [index for _, index in heap]


def _sift(heap: list[tuple[float, int]], start: int, item: tuple[float, int]) -> None:
    """Put an item into a heap whose place `start` is free.

    The free place sinks to the bottom, then the item rises from there: libstdc++ `__adjust_heap`,
    `__push_heap`.
    """
    hole, size = start, len(heap)
    child = hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if heap[child][0] < heap[child - 1][0]:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * (child + 1)
        heap[hole] = heap[child - 1]
        hole = child - 1
    parent = (hole - 1) // 2
    while hole > start and heap[parent][0] < item[0]:
        heap[hole] = heap[parent]
        hole, parent = parent, (parent - 1) // 2
    heap[hole] = item


def _by_partition(values: list[float], k: int) -> list[int]:
    """Choose like `std::nth_element`, which partitions around medians of three.

    Source: libstdc++ `__introselect`, `__unguarded_partition_pivot`, `__insertion_sort`.
    """
    items = list(zip(values, range(len(values)), strict=True))
    first, last, nth = 0, len(items), k - 1
    depth = 2 * (last.bit_length() - 1)
    while last - first > 3:
        if depth == 0:
            part = np.array([value for value, _ in items[first:last]])
            front = _by_heap(part, nth + 1 - first)
            return [index for _, index in items[:first]] + [items[first + i][1] for i in front]
        depth -= 1
        _median_to(items, first, last)
        cut = _partition(items, first + 1, last, items[first][0])
        first, last = (cut, last) if cut <= nth else (first, cut)
    items[first:last] = sorted(items[first:last], key=lambda item: item[0])
    return [index for _, index in items[:k]]


def _median_to(items: list[tuple[float, int]], first: int, last: int) -> None:
    """Swap the median of the second, the middle and the last value to the first place."""
    a, b, c = first + 1, first + (last - first) // 2, last - 1
    x, y, z = items[a][0], items[b][0], items[c][0]
    low, high, lower, higher = (a, b, x, y) if x < y else (b, a, y, x)
    median = high if higher < z else c if lower < z else low
    items[first], items[median] = items[median], items[first]


def _partition(items: list[tuple[float, int]], low: int, high: int, pivot: float) -> int:
    """Bring values below the pivot to the front, and return where the others begin."""
    while True:
        while items[low][0] < pivot:
            low += 1
        high -= 1
        while pivot < items[high][0]:
            high -= 1
        if not low < high:
            return low
        items[low], items[high] = items[high], items[low]
        low += 1
