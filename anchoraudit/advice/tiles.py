"""Images cut into tiles, as SAHI cuts them, and what a detector then trains of their boxes.

Source: obss/sahi 0.12.8 `slicing.py: get_slice_bboxes` (tiles at the right and the bottom edge are moved
inwards so that all have the same size) and `process_coco_annotations` (the part of a box in a tile is kept if
it has at least a tenth of the box's area).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, distinct, place_all
from anchoraudit.encoding.statuses import FOREGROUND, has

_LEAST_SHARE = 0.1  # of a box's area: a smaller part of it is left out of a tile
_WHOLE = 1.0 - 1e-9  # a share from which a box counts as uncut: sums of coordinates are rounded


def starts(extent: int, size: int, overlap: float) -> list[int]:
    """Return where tiles begin along an image's side, in pixels.

    Examples
    --------
    >>> starts(1000, 640, 0.2)
    [0, 360]
    """
    shared, found, start, end = int(overlap * size), [], 0, 0
    while end < extent:
        end = start + size
        if end > extent:
            start, end = max(0, extent - size), extent
        found.append(start)
        start = end - shared
    return found


@dataclass(frozen=True, slots=True)
class Tiled:
    """Boxes in tiles: C parts of n boxes in T tiles.

    parts: the parts, clipped to their tiles. box: int64 [C], the box of each part. tile: int64 [C], a number
    below `tiles` for each tile that has a box. whole: bool [C], the tile holds the whole box. number: how
    many tiles there are, those without a box included.
    """

    parts: Clipped
    box: Int
    tile: Int
    whole: Bool
    number: int


def cut(clipped: Clipped, image: Int, size: int, overlap: float) -> Tiled:
    """Cut all images into tiles of `size` px. image: int64 [n], the image of each box."""
    boxes, tiles, number, sides = [], [], 0, []
    images = np.bincount(clipped.of_image, minlength=len(clipped.width))
    by_size = np.argsort(clipped.of, kind="stable")
    ends = np.searchsorted(clipped.of[by_size], np.arange(len(clipped.width) + 1))
    for which, (w, h) in enumerate(zip(clipped.width.tolist(), clipped.height.tolist(), strict=True)):
        if not w > 0:
            continue
        along = [np.array(starts(round(side), size, overlap)) for side in (w, h)]
        number += len(along[0]) * len(along[1]) * int(images[which])
        rows = by_size[ends[which] : ends[which + 1]]
        if not len(rows):
            continue
        box, x, y = _met(clipped.boxes[rows], along, size)
        boxes.append(rows[box])
        tiles.append(np.stack([along[0][x], along[1][y]], axis=1))
        sides.append(np.broadcast_to([min(w, size), min(h, size)], (len(box), 2)))
    box = np.concatenate([np.zeros(0, dtype=np.int64), *boxes])
    corner = np.concatenate([np.zeros((0, 2), dtype=np.int64), *tiles])
    side = np.concatenate([np.zeros((0, 2)), *sides])
    order = np.lexsort([clipped.rows[box], corner[:, 1], corner[:, 0], image[box]])  # boxes in file order
    return _parts(clipped, image, (box[order], corner[order], side[order]), number)


def _met(boxes: Float, along: list[Int], size: int) -> tuple[Int, Int, Int]:
    """Return each pair of a box [n, 4] and a tile that share an area: box, column and row of the tile."""
    first = [np.searchsorted(begin + size, boxes[:, axis], side="right") for axis, begin in enumerate(along)]
    last = [np.searchsorted(begin, boxes[:, axis + 2], side="left") for axis, begin in enumerate(along)]
    wide, high = (np.maximum(end - begin, 0) for begin, end in zip(first, last, strict=True))
    number = wide * high
    box = np.repeat(np.arange(len(boxes)), number)
    within = np.arange(len(box)) - np.repeat(np.cumsum(number) - number, number)
    return box, first[0][box] + within % wide[box], first[1][box] + within // wide[box]


def _parts(clipped: Clipped, image: Int, met: tuple[Int, Int, Float], number: int) -> Tiled:
    """Cut each box at its tile. met: of each pair the box, where its tile begins, and its sides."""
    box, corner, side = met
    moved = clipped.boxes[box] - np.tile(corner, 2)
    inside = np.clip(moved, 0.0, np.tile(side, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = box_sizes(inside).prod(axis=1) / box_sizes(moved).prod(axis=1)
    kept = np.flatnonzero(share >= _LEAST_SHARE)
    first, of = distinct(side[kept])
    box, corner = box[kept], corner[kept]
    sizes = side[kept][first]
    _, tile = np.unique(np.column_stack([image[box], corner]), axis=0, return_inverse=True)
    every = np.arange(len(first))
    parts = Clipped(clipped.rows[box], inside[kept], of, sizes[:, 0], sizes[:, 1], every)
    return Tiled(parts, box, tile.reshape(-1).astype(np.int64), share[kept] >= _WHOLE, number)


@dataclass(frozen=True, slots=True)
class InTiles:
    """What becomes of n boxes in tiles: bool [n] each.

    trained: some tile trains it, or may. borrowed: only at points outside it. whole: some tile holds all of
    it. tiles: how many there are. lost: how many of the boxes get no point, or query, at any step, at least:
    their tiles have too few.
    """

    trained: Bool
    borrowed: Bool
    whole: Bool
    tiles: int
    lost: int


def judge_tiles(tiled: Tiled, boxes: int, category: Int, detector: Detector) -> InTiles:
    """Judge the parts of boxes in tiles. category: int64 [n], the class of each of n boxes."""
    placed = place_all(tiled.parts, detector).boxes
    alone = engines.judge(placed, detector)
    judged = engines.compete(placed, tiled.tile, alone, detector, category[tiled.box])
    status, short = judged.status, engines.shortages(placed, tiled.tile, judged, detector)

    def any_of(parts: Bool) -> Bool:
        found = np.zeros(boxes, dtype=np.bool_)
        found[tiled.box[parts]] = True
        return found

    trained = any_of(has(status, "matched", "possible", "forced"))
    borrowed = any_of(has(status, "borrowed")) & ~trained
    # A box that has a part in another tile may be trained there.
    able = np.bincount(tiled.box[has(status, *FOREGROUND)], minlength=boxes)
    elsewhere = able > np.bincount(tiled.box[short.box], minlength=boxes)
    spared = np.bincount(short.group[elsewhere[tiled.box[short.box]]], minlength=len(short.points))
    lost = int(np.maximum(short.lost - spared, 0).sum())
    return InTiles(trained, borrowed, any_of(tiled.whole), tiled.number, lost)
