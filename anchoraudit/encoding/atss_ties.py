"""Which anchors ATSS takes where several are as far from the box as the last one it needs.

mmdetection asks `torch.topk`, which promises nothing about ties. What it does is defined all the same: on a
CPU it runs the C++ library's selection over pairs of distance and index, compared by distance alone, so the
order of the anchors and every swap decide. On a box centred between anchors the choice is not between equals
(those above it and those beside it overlap an elongated box differently), and counts depend on it.

Sources: PyTorch, `aten/src/ATen/native/TopKImpl.h: topk_impl_loop`: `std::partial_sort` where there are 64 k
values or more, else `std::nth_element`; GNU libstdc++, `bits/stl_heap.h` and `bits/stl_algo.h`, for what they
do. On a GPU the choice may be another.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Floating, Int

_CHUNK = 512  # values looked at together: most are farther than all that was found before


def smallest(values: Floating, k: int) -> Int:
    """Indices of the k smallest of `values` [n], in ascending order of index; ties as PyTorch breaks them.

    k: 1 to n. Values are finite.
    """
    last = np.partition(values, k - 1)[k - 1]
    near = np.flatnonzero(values <= last)
    if len(near) == k:  # no tie at the end, so no choice
        return near
    chosen = _by_heap(values, k) if k * 64 <= len(values) else _by_partition(values.tolist(), k)
    return np.sort(np.array(chosen, dtype=np.int64))


def _by_heap(values: Floating, k: int) -> list[int]:
    """What `std::partial_sort` leaves in front: a heap of k, out of which smaller values push the largest."""
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
    """Put an item where place `start` is free: the hole sinks to the bottom, then the item rises from there.

    Source: libstdc++ `__adjust_heap`, `__push_heap`.
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
    """What `std::nth_element` leaves at the front: partitions around medians of three.

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
