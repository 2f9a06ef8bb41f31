"""The steps of the frameworks' training geometry: literal cases; and the recipes as data."""

import numpy as np
import pytest

from anchoraudit.auditing.augmentation.frameworks.recipe import all_recipes
from anchoraudit.auditing.augmentation.frameworks.replay import draw_views
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre, AboutCorner
from anchoraudit.auditing.augmentation.frameworks.steps.centre_crop import CentreCropPad
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.steps.iou_crop import IouCrop
from anchoraudit.auditing.augmentation.frameworks.steps.keep import StretchedInFloat32, beyond_the_edge
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import Mosaic, NineMosaic
from anchoraudit.auditing.augmentation.frameworks.steps.random_crop import JitteredCrop
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Centred, LongSide
from anchoraudit.auditing.augmentation.frameworks.views import Views

# By torchvision's own `Resize` and `SanitizeBoundingBoxes`: the widths of 100 to 2000 px of which a box at
# the right edge is lost when they are stretched to 640.
LOST = [
    150,
    153,
    156,
    159,
    279,
    300,
    306,
    312,
    315,
    318,
    319,
    529,
    558,
    585,
    595,
    599,
    600,
    612,
    624,
    630,
    636,
    638,
    1058,
    1115,
    1116,
    1149,
    1167,
    1170,
    1190,
    1191,
    1198,
    1200,
    1205,
    1224,
    1248,
    1260,
    1261,
    1272,
    1275,
    1276,
]


def views_of(*boxes, width=640.0, height=480.0, side=640.0, views=1):
    """Return views that all have the same boxes and keys of their own."""
    boxes = np.array(boxes, dtype=np.float64)
    of = np.repeat(np.arange(views), len(boxes))
    keys = np.random.default_rng(0).integers(0, 2**63, views).astype(np.uint64)
    sides = (np.full(views, width), np.full(views, height))
    return Views.of_images(np.tile(boxes, (views, 1)), of, sides, keys, side)


class TestBeyondTheEdge:
    def test_forty_widths(self):
        extents = np.arange(100, 2001)
        assert extents[beyond_the_edge(extents)].tolist() == LOST
        assert len(LOST) == 40

    @pytest.mark.parametrize(
        ("width", "height", "kept"), [(600, 600, [0, 0, 1]), (640, 480, [1, 1, 1]), (1200, 800, [0, 1, 1])]
    )
    def test_boxes_at_the_right_at_the_bottom_and_inside(self, width, height, kept):
        boxes = [[width - 90, 10, width, 90], [10, height - 90, 90, height], [50, 50, 90, 90]]
        views = views_of(*boxes, width=width, height=height)
        StretchedInFloat32()(views)
        assert views.kept.tolist() == [bool(k) for k in kept]


class TestSteps:
    def test_a_letterbox_moves_by_whole_pixels(self):
        views = views_of([0, 0, 640, 427], height=427)
        LongSide("ceil")(views)
        Centred()(views)
        assert views.boxes.tolist() == [[0, 106, 640, 533]]

    @pytest.mark.parametrize(("tile", "corner"), [(0, (-1, -1)), (1, (0, -1)), (2, (-1, 0)), (3, (0, 0))])
    def test_tiles_meet_at_one_point(self, tile, corner):
        views = views_of([0, 0, 10, 10], [630, 470, 640, 480], views=200)
        before = views.boxes.copy()
        Mosaic((tile,))(views)
        own = views_of([0, 0, 10, 10], [630, 470, 640, 480], views=200)
        stream = own.stream()
        y, x = (np.floor(stream.uniform(0.5, 1.5) * 640) for _ in range(2))
        left, top = x + corner[0] * 640, y + corner[1] * 480
        moved = before + np.stack([left, top, left, top], axis=1)[views.of]
        assert np.array_equal(views.boxes, np.clip(moved, 0, 1280))
        assert (
            views.kept.tolist()
            == (np.clip(moved, 0, 1280)[:, 2:] > np.clip(moved, 0, 1280)[:, :2]).all(axis=1).tolist()
        )

    def test_the_middle_of_nine_fills_a_window_of_two_sides(self):
        views = views_of([0, 0, 640, 480], views=500)
        NineMosaic((0,))(views)
        assert views.box_width.max() == 640 and views.box_width.min() == 640
        assert 0 <= views.boxes[:, 0].min() <= 5 and 630 <= views.boxes[:, 0].max() <= 640

    @pytest.mark.parametrize(("aspect", "kept"), [(20, False), (100, True)])
    def test_the_aspect_limits_of_yolov7_and_yolov5(self, aspect, kept):
        views = views_of([200, 200, 440, 210], views=50)
        AboutCentre((1.0, 1.0), 0.0, aspect=aspect)(views)
        assert set(views.kept.tolist()) == {kept}

    def test_a_box_of_exactly_two_pixels_is_dropped(self):
        views = views_of([200, 200, 202, 210], [200, 200, 202.5, 210])
        AboutCentre((1.0, 1.0), 0.0, aspect=100)(views)
        assert views.kept.tolist() == [False, True]

    def test_a_turned_box_is_the_hull_of_its_corners(self):
        views = views_of([0, 300, 300, 306], views=4000)
        AboutCorner((1.0, 1.0), degrees=10, translate=0, shear=0)(views)
        assert views.box_height.max() == pytest.approx(
            6 * np.cos(np.pi / 18) + 300 * np.sin(np.pi / 18), abs=0.2
        )

    def test_either_takes_both_ways(self):
        views = views_of([0, 0, 10, 10], views=1000)
        Either(0.25, (Flip(1.0),))(views)
        mirrored = views.boxes[:, 0] == 630
        assert set(views.boxes[:, 0].tolist()) == {0.0, 630.0}
        assert 200 < np.count_nonzero(mirrored) < 300

    def test_efficientdet_clips_a_pixel_before_the_edge(self):
        views = views_of([0, 0, 640, 480], views=300)
        JitteredCrop(1.0, 1.0)(views)
        assert views.boxes[:, 2].max() == 639

    @pytest.mark.parametrize(
        ("extent", "border"),
        [(60, 16), (100, 32), (128, 32), (200, 64), (256, 64), (257, 128), (640, 128)],
    )
    def test_the_border_of_centernets_crop(self, extent, border):
        # `RandomCenterCropPad._get_border(128, extent)` of mmdetection 3.3.0.
        assert CentreCropPad((1.0,))._border(np.array([float(extent)])).tolist() == [border]

    def test_centernets_crop_is_a_square_around_a_centre(self):
        views = views_of([100, 100, 150, 140], [500, 300, 600, 460], views=2000, side=512)
        CentreCropPad((0.6, 1.3))(views)
        assert set(views.width.tolist()) == {307, 665}
        kept = views.kept.reshape(-1, 2)
        assert kept.any(axis=1).all() and not kept.all()
        assert (views.boxes[views.kept] >= 0).all()
        assert (views.boxes[views.kept, 2] <= views.width[views.of[views.kept]]).all()

    def test_with_one_tiny_box_half_of_mmdetections_crops_are_the_whole_picture(self):
        # The least IoU of 0.1 is beyond reach, so "as is" and "any" remain.
        views = views_of([100, 100, 104, 104], views=4000)
        IouCrop((1, 0.1, 0.3, 0.5, 0.7, 0.9, 0), tries=50, judged="least", places="past_one")(views)
        assert np.count_nonzero(views.width == 640) / 4000 == pytest.approx(0.5, abs=0.03)

    def test_a_crop_always_holds_a_centre(self):
        boxes = [[10, 10, 40, 40], [300, 200, 500, 400]]
        views = views_of(*boxes, views=2000)
        IouCrop((0, 0.1, 0.3, 0.5, 0.7, 0.9, 1), tries=40, judged="greatest", places="margin")(views)
        assert views.kept.reshape(-1, 2).any(axis=1).all()
        inside = (views.boxes >= 0).all(axis=1) & (views.boxes[:, 2] <= views.width[views.of])
        assert inside[views.kept].all()

    def test_impossible_crops_are_skipped_without_a_change(self, monkeypatch):
        def drawn():
            views = views_of([100, 100, 180, 160], [300, 200, 500, 400], views=300)
            IouCrop((1, 0.1, 0.3, 0.5, 0.7, 0.9, 0), tries=50, judged="least", places="past_one")(views)
            return views

        quick = drawn()
        monkeypatch.setattr(IouCrop, "_possible", lambda self, views, first: np.ones(len(views.width)))
        slow = drawn()
        assert np.array_equal(quick.boxes, slow.boxes) and np.array_equal(quick.kept, slow.kept)


class TestRecipes:
    @pytest.mark.parametrize("name", all_recipes())
    def test_every_recipe_draws_alike_whatever_is_drawn_with_it(self, name):
        recipe = all_recipes()[name]
        boxes = np.array([[5, 5, 60, 90], [100, 100, 110, 108], [0, 0, 300, 300], [250, 40, 300, 300.0]])
        of = np.array([0, 0, 1, 1])
        width, height, keys = (
            np.array([640.0, 300.0]),
            np.array([480.0, 300.0]),
            np.array([11, 12], dtype=np.uint64),
        )
        for phase in recipe.phases:
            for presentation in phase.presentations:

                def draw(rows, which, numbers, steps=presentation.steps):
                    return draw_views(
                        boxes[rows],
                        of[rows] - which.start,
                        (width[which], height[which]),
                        keys[which],
                        steps=steps,
                        side=640,
                        numbers=numbers,
                        salt=3,
                        seed=0,
                    )

                both = draw(slice(0, 4), slice(0, 2), range(6))
                one = draw(slice(2, 4), slice(1, 2), range(6))
                later = draw(slice(0, 4), slice(0, 2), range(4, 6))
                assert np.array_equal(both.boxes.reshape(6, 4, 4)[:, 2:], one.boxes.reshape(6, 2, 4))
                assert np.array_equal(both.kept.reshape(6, 4)[:, 2:], one.kept.reshape(6, 2))
                assert np.array_equal(both.boxes.reshape(6, 4, 4)[4:], later.boxes.reshape(2, 4, 4))
                assert np.isfinite(both.boxes).all()
                kept = both.kept
                assert (both.boxes[kept, 2:] >= both.boxes[kept, :2]).all()

    def test_shares_of_the_epochs(self):
        recipe = all_recipes()["ultralytics"]
        assert [(phase.name, recipe.share(phase)) for phase in recipe.phases] == [
            ("mosaic", 0.9),
            ("closing", 0.1),
        ]
        assert [p.times for p in recipe.phases[0].presentations] == [None, 3]

    def test_every_recipe_says_where_it_was_read(self):
        assert all(recipe.sources and recipe.framework for recipe in all_recipes().values())
        assert all(
            phase.presentations[0].times is None
            for recipe in all_recipes().values()
            for phase in recipe.phases
        )
