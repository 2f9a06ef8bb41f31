"""Boxes that stand in the data twice, held to the definition: every pair, compared one by one."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.boxes import iou_with_each
from anchoraudit.dataset import duplicates
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.dataset.duplicates import exact_duplicates, least_of_groups, near_duplicates

NAN, INF = math.nan, math.inf
A, B = (10, 10, 110, 110), (10, 10, 110, 111)  # their IoU is 0.990


def dataset(*rows):
    """Boxes of (image, category, crowd, corners)."""
    images = 4
    zeros = np.zeros(images, dtype=np.int64)
    sides = np.full(images, 1000.0)
    return Dataset(
        root=Path("x"),
        format="coco",
        recognised="",
        sources=(Source(Path("x"), ""),),
        splits=("",),
        images=Images(list(range(images)), ["x"] * images, sides, sides, zeros, zeros),
        boxes=Boxes(
            image=np.array([row[0] for row in rows], dtype=np.int64),
            annotation_ids=None,
            category=np.array([row[1] for row in rows], dtype=np.int64),
            xyxy=np.array([row[3] for row in rows], dtype=np.float64).reshape(-1, 4),
            crowd=np.array([row[2] for row in rows], dtype=np.bool_),
            difficult=np.zeros(len(rows), dtype=np.bool_),
        ),
        categories=tuple(Category(number, str(number)) for number in range(3)),
    )


def plain(*corners):
    return dataset(*((0, 0, False, box) for box in corners))


class TestExact:
    def test_the_first_stands_for_all(self):
        assert exact_duplicates(plain(A, B, A, B, A)).tolist() == [-1, -1, 0, 1, 0]

    def test_within_image_category_and_crowd(self):
        rows = [(0, 0, False, A), (1, 0, False, A), (0, 1, False, A), (0, 0, True, A), (0, -1, False, A)]
        assert exact_duplicates(dataset(*rows)).tolist() == [-1] * 5
        assert exact_duplicates(dataset(*rows, *rows)).tolist() == [-1] * 5 + [0, 1, 2, 3, 4]

    def test_minus_zero_is_zero(self):
        assert exact_duplicates(plain((0.0, -0.0, 5, 5), (-0.0, 0.0, 5, 5))).tolist() == [-1, 0]

    def test_what_is_not_finite_equals_nothing(self):
        nan, infinite = (NAN, 1, 2, 3), (0, 0, INF, 5)
        assert (
            exact_duplicates(plain(nan, nan, (NAN,) * 4, (NAN,) * 4, infinite, infinite)).tolist() == [-1] * 6
        )

    def test_without_area_is_equal_all_the_same(self):
        assert exact_duplicates(plain((5, 5, 5, 9), (5, 5, 5, 9))).tolist() == [-1, 0]

    @pytest.mark.parametrize("find", [exact_duplicates, near_duplicates])
    def test_no_box(self, find):
        assert find(dataset()).tolist() == []


class TestNear:
    def test_the_first_earlier_one(self):
        assert near_duplicates(plain(A, (500, 10, 600, 110), B, (10, 10, 110, 112))).tolist() == [
            -1,
            -1,
            0,
            0,
        ]
        assert near_duplicates(plain(B, A)).tolist() == [-1, 0]

    def test_the_least_of_a_group_is_the_same_in_any_order(self):
        rows = [(0, 0, False, box) for box in (B, (10, 10, 111, 111), A, (500, 500, 600, 600))]
        for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
            data = dataset(*(rows[i] for i in order))
            least = least_of_groups(data, near_duplicates(data))
            assert [order[i] for i in least.tolist()] == [3 if i == 3 else 2 for i in order]
        nothing = dataset()
        assert least_of_groups(nothing, near_duplicates(nothing)).tolist() == []

    def test_equal_ones_are_another_matter(self):
        assert near_duplicates(plain(A, A, B, A, B)).tolist() == [-1, -1, 0, -1, -1]

    def test_a_chain_leads_from_one_to_the_next(self):
        chain = [(0, 0, 100, 100), (0, 0, 100, 104), (0, 0, 100, 108)]  # 0.962, 0.963, and 0.926
        assert near_duplicates(plain(*chain)).tolist() == [-1, 0, 1]

    def test_the_threshold_is_reached_by_equality(self):
        half = [(0, 0, 10, 10), (0, 0, 10, 5)]
        assert near_duplicates(plain(*half), iou=0.5).tolist() == [-1, 0]
        assert near_duplicates(plain(*half), iou=0.5000001).tolist() == [-1, -1]

    def test_within_image_category_and_crowd(self):
        rows = [(0, 0, False, A), (1, 0, False, B), (0, 1, False, B), (0, 0, True, B), (0, -1, False, B)]
        assert near_duplicates(dataset(*rows)).tolist() == [-1] * 5

    def test_what_has_no_extent_is_near_nothing(self):
        odd = [(NAN, 0, 1, 1), (0, 0, INF, 5), (5, 5, 5, 9), (9, 9, 5, 5), (1e308, 0, 1.1e308, 1e308)]
        assert (
            near_duplicates(plain(*odd, *[(x1, y1, x2, y2 + 1e-9) for x1, y1, x2, y2 in odd])).tolist()
            == [-1] * 10
        )

    @pytest.mark.parametrize("iou", [0, -0.5, 1.5, NAN])
    def test_a_threshold_that_is_none(self, iou):
        with pytest.raises(ValueError, match="above 0"):
            near_duplicates(plain(A), iou=iou)

    @pytest.mark.parametrize("spread", [0.5, 40.0, 4000.0])
    def test_twenty_thousand_in_one_image(self, spread):
        random = np.random.default_rng(0)
        low = 1000 + random.random((20_000, 2)) * spread
        boxes = np.concatenate([low, low + 60 + random.random((20_000, 2)) * 4], axis=1)
        data = plain(*boxes)
        found = near_duplicates(data)
        for row in random.integers(0, 20_000, 50).tolist():
            near = np.flatnonzero(iou_with_each(boxes[row], boxes[:row]) >= 0.95)
            assert found[row] == (near[0] if len(near) else -1)


def by_definition(data, iou):
    boxes = data.boxes
    key = list(zip(boxes.image.tolist(), boxes.category.tolist(), boxes.crowd.tolist(), strict=True))
    xyxy = [tuple(box) for box in boxes.xyxy.tolist()]
    exact, near = [-1] * len(key), [-1] * len(key)
    for row in range(len(key)):
        earlier = [other for other in range(row) if key[other] == key[row]]
        if all(map(math.isfinite, xyxy[row])):
            exact[row] = next((other for other in earlier if xyxy[other] == xyxy[row]), -1)
        x1, y1, x2, y2 = xyxy[row]
        if exact[row] >= 0 or not (x2 > x1 and y2 > y1):
            continue
        for other in earlier:
            a, b, c, d = xyxy[other]
            if c > a and d > b and iou_with_each(boxes.xyxy[row], boxes.xyxy[[other]])[0] >= iou:
                near[row] = other
                break
    return exact, near


# Coordinates from few values, so that boxes are equal, nearly equal, and in line.
side = st.sampled_from([10.0, 10.25, 10.4, 11.0, 20.0, 40.0])
start = st.sampled_from([0.0, 0.1, 0.3, 5.0, 30.0, -0.0, 700.5])
corners = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), start, start, side, side)
odd = st.sampled_from([(NAN, 0, 1, 1), (NAN,) * 4, (0, 0, INF, 1), (5, 5, 5, 9), (9, 9, 2, 2)])
box = st.tuples(
    st.integers(0, 1), st.integers(-1, 1), st.booleans(), st.one_of(corners, corners, corners, odd)
)


class TestAnyBoxes:
    @settings(deadline=None)
    @given(
        rows=st.lists(box, max_size=40),
        iou=st.sampled_from([0.3, 0.9, 0.95, 0.99, 1.0]),
        few=st.integers(1, 3),
    )
    def test_as_defined(self, rows, iou, few):
        data = dataset(*rows)
        exact, near = by_definition(data, iou)
        assert exact_duplicates(data).tolist() == exact
        assert near_duplicates(data, iou).tolist() == near
        with pytest.MonkeyPatch.context() as patch:  # a few boxes at once
            patch.setattr(duplicates, "_BOXES", few + 1)
            patch.setattr(duplicates, "_PAIRS", few)
            assert near_duplicates(data, iou).tolist() == near
