"""What `compare` tallies for itself, against what `audit` keeps for every box and image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import audit, compare, load_detector, read
from anchoraudit.advice.compare import _median
from anchoraudit.detectors import preset_names
from tests.builders import annotation, document, image, make


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 90))
def test_median_is_numpys(values, times):
    assert _median(np.array(values * times)) == pytest.approx(np.median(values * times), abs=1e-15)


@pytest.mark.parametrize("order", ["sorted", "shuffled", "front"])
def test_median_of_many_values_in_any_order(order):
    values = np.random.default_rng(3).random(100_001) ** 3
    if order == "sorted":
        values = np.sort(values)
    if order == "front":  # every value the sample meets is an outlier
        values[:: len(values) // 1024] = 0.999
    assert _median(values) == np.median(values)


def test_no_median_of_nothing():
    assert _median(np.zeros(0)) is None


def crowded():
    """COCO data with heaps of boxes that differ by little or nothing, in an order of their own."""
    rng = np.random.default_rng(11)
    sizes = [(640, 480), (4000, 90), (97, 61), (1333, 800)]
    images = [image(i, width=width, height=height) for i, (width, height) in enumerate(sizes, start=1)]
    boxes = []
    for i, (width, height) in enumerate(sizes, start=1):
        for _ in range(6):
            x, y = rng.uniform(0, width * 0.8), rng.uniform(0, height * 0.8)
            w, h = rng.uniform(2, width * 0.2), rng.uniform(2, height * 0.2)
            # The right edge may be that of the image, to which loaders cut.
            boxes += [
                (i, [x + moved, y, w if rng.random() < 0.5 else width - x, h])
                for moved in (0, 0, 1e-5, 0.01, 0.4, width / 300)
            ]
    rng.shuffle(boxes)
    return document(images, [annotation(k, i, box) for k, (i, box) in enumerate(boxes, start=1)])


@pytest.fixture(scope="module")
def crowded_set(tmp_path_factory):
    return read(make(tmp_path_factory.mktemp("crowded"), {"a.json": crowded()}))


@pytest.mark.parametrize("loader", [None, "none"])
def test_every_preset_counts_as_its_audit_does(crowded_set, loader):
    detectors = [load_detector(name) for name in preset_names()]
    shadowed = 0
    for one, detector in zip(compare(crowded_set, detectors, loader=loader), detectors, strict=True):
        summary = audit(crowded_set, detector, loader=loader).summary()
        assert {name: summary[name] for name in one.statuses} == one.statuses, detector.name
        assert summary["verdicts"] == one.verdicts, detector.name
        shadowed += one.statuses["shadowed"]
    assert shadowed > 300
