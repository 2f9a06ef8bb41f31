"""The frameworks' training geometry, held to what their own code drew: 2,000 times, 96 boxes a set.

A set agrees if the differences, in standard errors, look like chance over its boxes: mean near 0, standard
deviation near 1. Boxes of one image share their draws, and the 96 are of 8 images: a mean has a standard
error of up to 1 / sqrt(8), and what is shared makes the spread of a set wider or narrower. Hence the limits.

`python -m tests.test_framework_augmentation_golden` prints the scores.
"""

import csv
import random
from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from anchoraudit.auditing.augmentation.draws import keys_of
from anchoraudit.auditing.augmentation.frameworks.recipe import all_recipes
from anchoraudit.auditing.augmentation.frameworks.replay import draw_views
from anchoraudit.auditing.augmentation.frameworks.steps.affine import AboutCentre
from anchoraudit.auditing.augmentation.frameworks.steps.keep import StretchedInFloat32
from anchoraudit.auditing.augmentation.frameworks.steps.mosaic import Mosaic
from anchoraudit.auditing.augmentation.frameworks.steps.resizing import Square
from anchoraudit.auditing.augmentation.frameworks.views import Views
from tests.conftest import SHARED

VECTORS = SHARED / "golden" / "augment" / "vectors.csv"
MOST_MEAN, LEAST_SPREAD, MOST_SPREAD, MOST = 0.8, 0.5, 1.65, 4.0
DRAWS = EPOCHS = 2000
STRIDES = (8, 16, 32)

# set: recipe, phase, input side, steps of the recipe's end that the vectors are without.
ALONE = {
    "ul 8.4.190 mosaic off": ("ultralytics", "closing", 640, 0),
    "ul 8.3.253 mosaic off": ("ultralytics-8.3", "closing", 640, 0),
    "ul 8.4.190 mosaic on, own tile": ("ultralytics", "mosaic", 640, 0),
    "ul 8.3.253 mosaic on, own tile": ("ultralytics-8.3", "mosaic", 640, 0),
    "tv_ssd": ("torchvision-ssd", "training", 300, 0),
    "tv_ssdlite": ("torchvision-ssdlite", "training", 320, 0),
    "rtdetr": ("rt-detr", "cropped", 640, 1),
    "mm_ssd300": ("mmdet-ssd", "training", 300, 0),
    "mm_rtmdet_l_stage2": ("mmdet-rtmdet", "closing", 640, 0),
    "mm_detr": ("mmdet-detr", "training", 0, 0),
}
WHOLE_EPOCHS = {
    "ul 8.4.190 mosaic on, own tile": ("ultralytics", "mosaic", 640, 0),
    "ul 8.3.253 mosaic on, own tile": ("ultralytics-8.3", "mosaic", 640, 0),
    "mm_rtmdet_l": ("mmdet-rtmdet", "mosaic", 640, 0),
    "mm_yolox_s": ("mmdet-yolox", "mosaic", 640, 1),
}


@cache
def read():
    found = defaultdict(list)
    with VECTORS.open(newline="") as stream:
        for row in csv.DictReader(stream):
            found[row["set"]].append(row)
    return {name: Set(rows) for name, rows in found.items()}


class Set:
    """The rows of one set, and its images."""

    def __init__(self, rows):
        self.rows = sorted(rows, key=lambda row: row["image"])
        self.names = sorted({row["image"] for row in rows})
        self.of = np.array([self.names.index(row["image"]) for row in self.rows])
        self.first = np.searchsorted(self.of, np.arange(len(self.names)))
        self.boxes = np.stack([self[side] for side in ("x1", "y1", "x2", "y2")], axis=1)
        self.width, self.height = self["img_w"][self.first], self["img_h"][self.first]

    def __getitem__(self, column):
        return np.array([float(row[column]) if row[column] else np.nan for row in self.rows])

    def __contains__(self, column):
        return bool(np.isfinite(self[column]).all())


@pytest.fixture
def vectors(shared):
    return read()


def test_every_set_is_compared(vectors):
    assert set(vectors) == {*ALONE, *WHOLE_EPOCHS}
    assert all(len(one.rows) == 96 for one in vectors.values())


@pytest.mark.parametrize("name", ALONE)
def test_single_draws(vectors, name):
    agrees(single_draws(vectors[name], *planned(ALONE[name])))


@pytest.mark.parametrize("name", WHOLE_EPOCHS)
def test_whole_epochs(vectors, name):
    agrees(whole_epochs(vectors[name], name, *planned(WHOLE_EPOCHS[name])))


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ul 8.4.190 mosaic off", lambda step: isinstance(step, AboutCentre) and replace(step, least=2.2)),
        ("ul 8.4.190 mosaic off", lambda step: isinstance(step, AboutCentre) and replace(step, share=0.2)),
        ("rtdetr", lambda step: isinstance(step, StretchedInFloat32) and Square()),
    ],
)
def test_a_wrong_rule_does_not_pass(vectors, name, changed):
    phase, recipe, side, without = planned(ALONE[name])
    (presentation,) = phase.presentations
    steps = tuple(changed(step) or step for step in presentation.steps)
    wrong = replace(phase, presentations=(replace(presentation, steps=steps),))
    with pytest.raises(AssertionError):
        agrees(single_draws(vectors[name], wrong, recipe, side, without))


def planned(plan):
    recipe_name, phase_name, side, without = plan
    recipe = all_recipes()[recipe_name]
    (phase,) = [phase for phase in recipe.phases if phase.name == phase_name]
    return phase, recipe, side, without


def agrees(scores):
    for column, z in scores.items():
        mean, spread, most, count = summary(z)
        assert count >= 30, column
        assert abs(mean) < MOST_MEAN, (column, mean)
        assert LEAST_SPREAD < spread < MOST_SPREAD, (column, spread)
        assert most < MOST, (column, most)


def summary(z):
    z = z[np.isfinite(z)]
    return z.mean(), z.std(), np.abs(z).max(), len(z)


def single_draws(golden, phase, recipe, side, without):
    """Compare the draws of an image by itself, or of its own tile: z scores [96] of each column."""
    steps = phase.presentations[0].steps
    keys = keys_of(golden.names, golden.names)
    views = draw_views(
        golden.boxes,
        golden.of,
        (golden.width, golden.height),
        keys,
        steps=steps[: len(steps) - without],
        side=side,
        numbers=range(DRAWS),
        salt=1,
        seed=0,
    )
    if not recipe.on_input:
        Square()(views)
    kept, boxes = views.kept.reshape(DRAWS, -1), views.boxes.reshape(DRAWS, -1, 4)
    found = {"drop": share_z(1 - kept.mean(axis=0), DRAWS, golden["drop"], golden["n"])}
    for axis, side_name in enumerate("wh"):
        values = boxes[..., axis + 2] - boxes[..., axis]
        found[side_name] = mean_z(kept, values, golden[side_name], golden[f"se_{side_name}"])
    if "none_n83" in golden:
        none = (kept & ~has_point(boxes, 0.5)).mean(axis=0)
        found["none_n83"] = share_z(none, DRAWS, golden["none_n83"], golden["n"])
    return found


def whole_epochs(golden, name, phase, recipe, side, without):
    """Compare epochs of the 8 images, in which tiles of one mosaic share its draw: z scores [96]."""
    count, rng = len(golden.names), np.random.default_rng(1)
    own = np.concatenate([rng.permutation(count) for _ in range(EPOCHS)])
    others = {"ul": buffered, "mm_rtmdet_l": cached}.get(name.split()[0], drawn)(own, count)
    keys = rng.integers(0, 2**63, len(own)).astype(np.uint64)
    steps = phase.presentations[0].steps
    steps = steps[: len(steps) - without]
    copies = 0
    for tile, images in enumerate([own, *others.T]):
        placed = [replace(s, tiles=(tile,)) if isinstance(s, Mosaic) else s for s in steps]
        copies = copies + copies_of(golden, images, keys, placed, side)
    if len(phase.presentations) == 3:  # YOLOX's mixup: an image of its own
        steps = phase.presentations[2].steps
        steps = steps[: len(steps) - without]
        mixed = rng.integers(0, count, len(own))
        copies = copies + copies_of(golden, mixed, keys ^ np.uint64(1), steps, side)
    if name == "mm_rtmdet_l":  # its mixup: a finished crop of those shortly before
        copies = copies + copies[:, crops_before(copies[0].any(axis=1))]
    an_epoch = copies.reshape(3, EPOCHS, count, -1).sum(axis=2)
    found = {}
    for column, rule in (("ep_none_kept", 0), ("ep_none_83", 1), ("ep_none_half", 1), ("ep_none_zero", 2)):
        if column in golden:
            none = (an_epoch[rule] == 0).mean(axis=0)
            found[column] = share_z(none, EPOCHS, golden[column], golden["E"])
    error = np.sqrt(golden["se_inst"] ** 2 + an_epoch[0].var(axis=0) / EPOCHS)
    found["inst"] = (an_epoch[0].mean(axis=0) - golden["inst"]) / error
    return found


def copies_of(golden, images, keys, steps, side):
    """Count the copies of each box in each view: kept, with a point (i + .5) s inside, with a point i s."""
    size = np.diff(np.append(golden.first, len(golden.of)))
    of = np.repeat(np.arange(len(images)), size[images])
    start = np.cumsum(size[images]) - size[images]
    box = np.arange(len(of)) - start[of] + golden.first[images][of]
    views = Views.of_images(golden.boxes[box], of, (golden.width[images], golden.height[images]), keys, side)
    for step in steps:
        step(views)
    counted = np.zeros((3, len(images), len(golden.of)), dtype=np.int8)
    for rule, shown in enumerate([True, has_point(views.boxes, 0.5), has_point(views.boxes, 0.0)]):
        rows = views.kept & shown
        counted[rule, of[rows], box[rows]] = 1
    return counted


def drawn(own, count):
    return np.random.default_rng(2).integers(0, count, (len(own), 3))


def buffered(own, count):
    """Ultralytics: the images that were loaded last, one less than there are."""
    dice, buffer, found = random.Random(3), [], []
    for image in own:
        if image not in buffer:
            buffer.append(image)
            if 1 < len(buffer) >= count:
                buffer.pop(0)
        found.append(dice.choices(buffer, k=3))
    return np.array(found)


def cached(own, _, most=40):
    """CachedMosaic: `most` images that were loaded, thinned at random."""
    dice, cache, found = random.Random(4), [], []
    for image in own:
        cache.append(image)
        if len(cache) > most:
            cache.pop(dice.randrange(len(cache)))
        found.append(dice.choices(cache, k=3))
    return np.array(found)


def crops_before(usable, most=20):
    """CachedMixUp: for each crop the one that is laid over it. One without boxes is refused."""
    dice, cache, found = random.Random(5), [], np.arange(len(usable))
    for crop in np.flatnonzero(usable).tolist():
        cache.append(crop)
        if len(cache) > most:
            cache.pop(dice.randrange(len(cache)))
        found[crop] = dice.choice(cache)
    return found


def has_point(boxes, offset):
    """Tell which boxes have a point (i + offset) s strictly inside, s one of the strides: bool [...]."""
    found = np.zeros(boxes.shape[:-1], dtype=bool)
    for stride in STRIDES:
        low, high = (boxes[..., sides] / stride - offset for sides in (slice(2), slice(2, 4)))
        found |= (np.floor(low) + 1 < high).all(axis=-1)
    return found


def share_z(own, own_n, golden, n):
    """Return differences of shares in standard errors; NaN where both are 0 or 1."""
    p = (own * own_n + golden * n) / (own_n + n)
    error = np.sqrt(p * (1 - p) * (1 / own_n + 1 / n))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, (own - golden) / error, np.nan)


def mean_z(kept, values, golden, golden_error):
    """Return differences of means over the draws that keep a box; NaN where too few do."""
    n = np.maximum(kept.sum(axis=0), 2)
    mean = np.where(kept, values, 0).sum(axis=0) / n
    spread = np.where(kept, (values - mean) ** 2, 0).sum(axis=0) / (n - 1)
    with np.errstate(invalid="ignore"):
        return np.where(n > 50, (mean - golden) / np.sqrt(spread / n + golden_error**2), np.nan)


if __name__ == "__main__":
    golden_sets = read()
    for plans, compare in ((ALONE, single_draws), (WHOLE_EPOCHS, whole_epochs)):
        for name, plan in plans.items():
            named = (name,) if compare is whole_epochs else ()
            for column, z in compare(golden_sets[name], *named, *planned(plan)).items():
                mean, spread, most, count = summary(z)
                print(
                    f"{name:32} {column:13} mean {mean:5.2f}  sd {spread:4.2f}  most {most:4.1f}  of {count}"
                )
