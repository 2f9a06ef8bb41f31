"""Whether lines that are read as polygons may be boxes with keypoints after them. Nothing in a line says so.

Source: ultralytics data/utils.py (verify_image_label): keypoints are read only if `data.yaml` has
`kpt_shape: [count, 2 or 3]`; without it, a line of more than six columns is a polygon.
"""

from __future__ import annotations

from collections.abc import Sequence

LOOKED_AT = 200  # lines
MOST_COLUMNS = 405  # of a line that is looked at: 133 keypoints of three numbers, as in COCO-WholeBody
# So many lines must look like keypoints without a third number: a single polygon may look so by chance.
_ENOUGH = 20
_TOLERANCE = 0.01  # by which a box or a keypoint may be outside, as a share of the image
_VISIBLE = (0.0, 1.0, 2.0)  # what the third number of a keypoint may be


def shape_of(rows: Sequence[Sequence[float]]) -> tuple[int, int] | None:
    """Return `kpt_shape`, with which all rows would be boxes that have their keypoints inside; None if none.

    rows: the numbers after the class, as shares of the image.
    """
    counts = {len(row) for row in rows}
    if len(counts) != 1:
        return None
    count = counts.pop() - 4
    for size, enough in ((3, 1), (2, _ENOUGH)):
        if count > 0 and count % size == 0 and len(rows) >= enough and all(_fits(row, size) for row in rows):
            return count // size, size
    return None


def _fits(row: Sequence[float], size: int) -> bool:
    x, y, w, h = row[:4]
    left, right, top, bottom = x - w / 2, x + w / 2, y - h / 2, y + h / 2
    if not (w > 0 and h > 0 and min(left, top) >= -_TOLERANCE and max(right, bottom) <= 1 + _TOLERANCE):
        return False
    xs, ys = row[4::size], row[5::size]
    if size == 3 and not all(value in _VISIBLE for value in row[6::size]):
        return False
    # Keypoints that are not labelled are 0, 0.
    seen = [(u, v) for u, v in zip(xs, ys, strict=True) if (u, v) != (0, 0)]
    return bool(seen) and all(
        left - _TOLERANCE <= u <= right + _TOLERANCE and top - _TOLERANCE <= v <= bottom + _TOLERANCE
        for u, v in seen
    )
