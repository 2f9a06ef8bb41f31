"""Variants judged together, against each of them judged alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import compare, load_detector, read
from anchoraudit.advice.trials import Trials
from anchoraudit.detectors import override

SIDES = st.floats(2, 300)
BOXES = st.lists(st.tuples(st.floats(0, 600), st.floats(0, 440), SIDES, SIDES), max_size=6)
BORDERS = (0.0, 5.0, 16.0, 32.0, "off")
NAMES = ("reference", "torchvision-fasterrcnn_resnet50_fpn", "detectron2-rpn_c4-border0", "mmdet-ssd300")


def of(images):
    return read(
        [
            {
                "width": 640,
                "height": 480,
                "boxes": [[x, y, min(x + w, 640.0), min(y + h, 480.0)] for x, y, w, h in boxes],
                "labels": ["thing"] * len(boxes),
            }
            for boxes in images
        ]
    )


@pytest.mark.parametrize("name", NAMES)
@given(images=st.lists(BOXES, min_size=1, max_size=4), twice=st.booleans())
def test_borders_judged_together_count_as_each_alone(name, images, twice):
    data = of([boxes * (1 + twice) for boxes in images])
    detector = load_detector(name)
    detectors = [override(detector, allowed_border=border) for border in BORDERS]
    trials = Trials.on(data, detectors, drop_difficult=False)
    (piece,) = trials.pieces()
    alone = compare(data, detectors, loader="none")
    outcomes = dict(zip(piece, trials.judge(piece), strict=True))
    for number, one in enumerate(alone):
        assert outcomes[number].verdicts == one.verdicts
        assert outcomes[number].unmatched == one.statuses["unmatched"]


def test_detectors_whose_anchors_are_judged_together_share_nothing_between_borders():
    data = of([[(10.0, 10.0, 80.0, 60.0), (400.0, 300.0, 200.0, 150.0)]])
    atss = load_detector("mmdet-atss")
    detectors = [atss, override(atss, input_size="512"), atss]
    trials = Trials.on(data, detectors, drop_difficult=False)
    assert sorted(map(len, trials.pieces())) == [1, 2]
    for piece in trials.pieces():
        for number, outcome in zip(piece, trials.judge(piece), strict=True):
            assert outcome.verdicts == compare(data, detectors[number], loader="none")[0].verdicts


def test_another_detector_is_judged_as_those_of_the_trials():
    data = of([[(10.0, 10.0, 80.0, 60.0)], []])
    trials = Trials.on(data, [], drop_difficult=False)
    (alone,) = compare(data, "reference", loader="none")
    assert trials.pieces() == []
    assert trials.of(load_detector("reference")).verdicts == alone.verdicts
    assert np.sum(list(alone.verdicts.values())) == 2
