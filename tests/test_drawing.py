"""Boxes drawn by what they are: the same in any order, and of any parts put together."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import read
from anchoraudit.anchors.drawing import Drawn, Keys, least, numbered
from anchoraudit.anchors.foreground.searched import drawn_boxes
from anchoraudit.encoding.canvas import clip_all

SIDE = st.sampled_from([1.0, 2.5, 10.0, 33.3])
BOX = st.tuples(st.sampled_from([0.0, 3.0, 40.25]), st.sampled_from([0.0, 7.0]), SIDE, SIDE)
IMAGE = st.tuples(st.sampled_from([(100, 80), (64, 64)]), st.lists(BOX, max_size=4))


def placed(images):
    """The boxes of some images, clipped, and the image of each."""
    data = read(
        [
            {
                "width": width,
                "height": height,
                "boxes": [[x, y, min(x + w, width), min(y + h, height)] for x, y, w, h in boxes],
                "labels": ["thing"] * len(boxes),
            }
            for (width, height), boxes in images
        ]
        or [{"width": 9, "height": 9, "boxes": [], "labels": []}]
    )
    return clip_all(data, np.arange(len(data.boxes))), data.boxes.image


def drawn(images, most, seed=None):
    clipped, image = placed(images)
    keys = Keys.of(clipped, image)
    return Drawn.of(clipped, keys.even if seed is None else keys.of_images(seed), keys.box, most)


def same(one, other):
    names = ("boxes", "sizes", "major", "minor")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@given(
    images=st.lists(IMAGE, max_size=8),
    most=st.integers(1, 12),
    seed=st.sampled_from([None, 0, 5]),
    order=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(0, 8), max_size=3),
)
def test_of_any_parts_in_any_order(images, most, seed, order, cuts):
    whole = drawn(images, most, seed)
    assert len(whole.boxes) == min(most, sum(len(boxes) for _, boxes in images))
    order.shuffle(images)
    ends = [0, *sorted(cuts), len(images)]
    parts = [drawn(images[a:b], most, seed) for a, b in pairwise(ends)]
    order.shuffle(parts)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert same(total, whole)
    assert same(whole.first(2), drawn(images, min(most, 2), seed))


def test_images_are_drawn_with_all_their_boxes_but_the_last():
    rng = np.random.default_rng(0)
    images = [
        ((500, 400), [tuple(rng.uniform(1, 90, 4).tolist()) for _ in range(count)])
        for count in rng.integers(1, 9, 60).tolist()
    ]
    clipped, image = placed(images)
    keys = Keys.of(clipped, image)
    rows, number = drawn_boxes(keys, 0, 50)
    assert len(rows) == 50
    assert number.tolist() == numbered(keys.of_images(0)[rows]).tolist()
    of_each = np.bincount(image)
    chosen = list(dict.fromkeys(image[rows].tolist()))
    assert all(np.count_nonzero(image[rows] == one) == of_each[one] for one in chosen[:-1])
    other, _ = drawn_boxes(keys, 1, 50)
    assert set(image[other]) != set(chosen)
    every, _ = drawn_boxes(keys, 0, len(image))
    assert sorted(every.tolist()) == list(range(len(image)))


def test_keys_spread_evenly():
    """Of boxes on a grid of whole pixels, whose numbers have few bits, half are below the middle."""
    boxes = [(float(x), float(y), 8.0, 8.0) for x in range(0, 480, 8) for y in range(0, 400, 8)]
    clipped, image = placed([((500, 420), [box]) for box in boxes])
    keys = Keys.of(clipped, image)
    for column in (keys.box, keys.even, keys.of_images(0)):
        assert len(np.unique(column)) == len(boxes)
        for bit in range(64):
            share = np.count_nonzero(column >> np.uint64(bit) & np.uint64(1)) / len(boxes)
            assert abs(share - 0.5) < 0.05
    first = clipped.boxes[least(keys.even, keys.box, 1_000)]
    assert abs(first[:, 0].mean() - clipped.boxes[:, 0].mean()) < 15
