"""The dense encoder: literal answers of the reference's own code, and small grids worked out by hand."""

import msgspec
import numpy as np
import pytest

import anchoraudit
from anchoraudit.detectors import override
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Loss, Match, Resize
from anchoraudit.encoding import definition
from anchoraudit.encoding.grid import all_anchors

REFERENCE = anchoraudit.load_detector()


def counts(*rows):
    labels = definition.replay(np.array(rows, dtype=np.float64).reshape(-1, 4), 960, 720, REFERENCE)
    return labels.positives, labels.negatives, labels.ignored


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(400, 300, 456, 356)], (0, 17660, 6640)),
        ([(400, 300, 457, 357)], (2, 17590, 6708)),
        ([(400, 300, 650, 550)], (25, 16323, 7952)),
        ([(400, 300, 651, 551)], (0, 16314, 7986)),
        ([], (0, 18024, 6276)),
        ([(400, 300, 400, 356)], (0, 18024, 6276)),
        ([(500, 300, 400, 356)], (0, 18024, 6276)),
        ([(0, 0, 74, 149)], (13, 17805, 6482)),
        ([(np.nan,) * 4], (0, 0, 24300)),
    ],
    ids=["56px", "57px", "250px", "251px", "no box", "zero area", "inverted", "corner", "NaN"],
)
def test_counts_the_reference_code_answered(rows, expected):
    assert counts(*rows) == expected


def test_a_nan_box_beside_a_good_one_removes_all_negatives():
    labels = definition.replay(np.array([[400, 300, 474, 449], [np.nan] * 4]), 960, 720, REFERENCE)
    assert labels.negatives == 0
    assert labels.positives > 0
    assert set(labels.matched[labels.labels == 1].tolist()) == {1}


def tiny(margin="off", positive=0.5, negative=0.1):
    return Detector(
        name="tiny",
        resize=Resize(kind="none"),
        anchors=Anchors(levels=(Level(stride=10, offset=5, shapes=((10, 10), (20, 20))),)),
        border=Border(margin=margin),
        match=Match(positive=positive, negative=negative),
        loss=Loss(normaliser="batch_positives"),
    )


def test_anchors_in_order_row_column_shape():
    anchors, kept = all_anchors(20, 10, tiny())
    assert anchors.tolist() == [[0, 0, 10, 10], [-5, -5, 15, 15], [10, 0, 20, 10], [5, -5, 25, 15]]
    assert kept.all()


def test_border_is_strict():
    assert all_anchors(20, 10, tiny(margin=5))[1].tolist() == [True, False, True, False]
    assert all_anchors(20, 10, tiny(margin=5.01))[1].all()
    assert all_anchors(20, 10, tiny(margin=0))[1].tolist() == [False] * 4


def test_labels_of_a_tiny_grid():
    labels = definition.replay(np.array([[0.0, 0, 10, 10]]), 20, 10, tiny())
    # IoU 1; 100/400; 0; 50/450
    assert labels.labels.tolist() == [1, 0, -1, 0]
    assert labels.best_iou.tolist() == [1]
    assert labels.best_anchor.tolist() == [0]
    assert labels.assigned.tolist() == [1]


def test_an_anchor_that_the_border_drops_is_matched_to_no_box():
    """Anchors of 10x10 are inside, those of 20x20 are not; in matching before the border they take part."""
    box = np.array([[0.0, 0, 10, 10]])
    labels = definition.replay(box, 20, 10, tiny(margin=1))
    assert labels.counts.tolist() == [True, False, True, False]
    assert labels.matched.tolist() == [0, -1, 0, -1]
    assert labels.labels.tolist() == [1, 0, -1, 0]
    assert definition.replay(box[:0], 20, 10, tiny(margin=1)).matched.tolist() == [-1] * 4
    after = msgspec.structs.replace(tiny(), border=Border(margin=1, stage="after"))
    assert definition.replay(box, 20, 10, after).matched.tolist() == [0, 0, 0, 0]


def test_thresholds_are_inclusive():
    at = definition.replay(np.array([[0.0, 0, 10, 10]]), 20, 10, tiny(positive=0.25, negative=50 / 450))
    assert at.labels.tolist() == [1, 1, -1, -1]


def test_ties_go_to_the_first_box():
    labels = definition.replay(np.array([[0.0, 0, 10, 10], [0, 0, 10, 10]]), 20, 10, tiny())
    assert labels.assigned.tolist() == [1, 0]


def test_no_anchor_counts_when_all_cross_the_border():
    labels = definition.replay(np.array([[0.0, 0, 10, 10]]), 20, 10, tiny(margin=0))
    assert (labels.positives, labels.negatives, labels.ignored) == (0, 0, 4)
    assert labels.best_iou.tolist() == [0]
    assert labels.best_anchor.tolist() == [-1]


def test_encode_shapes_and_values():
    scores, deltas, masks = anchoraudit.encode([[100, 100, 174, 249]], 960, 720)
    assert scores.shape == (45, 60, 9, 2)
    assert deltas.shape == (45, 60, 9, 4)
    assert masks.shape == (45, 60, 9)
    assert set(np.unique(masks)) == {-1, 0, 1}
    row, column, k = 10, 8, 0  # centre 136, 168; shape 74x149 -> 99, 93.5, 173, 242.5
    assert masks[row, column, k] == 1
    assert scores[row, column, k].tolist() == [0, 1]
    assert deltas[row, column, k].tolist() == [1 / 74, 6.5 / 149, 0, 0]
    assert (scores[masks == -1] == [1, 0]).all()
    assert (scores[masks == 0] == 0).all()
    assert (deltas[masks != 1] == 0).all()


def test_encode_without_boxes_is_all_negative_where_anchors_count():
    _, deltas, masks = anchoraudit.encode([], 640, 480)
    assert (masks == -1).sum() == 18024
    assert not deltas.any()


def test_encode_decodes_back_to_the_box():
    box = np.array([300.0, 200, 420, 350])
    _, deltas, masks = anchoraudit.encode(box[None], 960, 720)
    anchors = all_anchors(960, 720, REFERENCE)[0].reshape(45, 60, 9, 4)[masks == 1]
    sizes = anchors[:, 2:] - anchors[:, :2]
    corner = anchors[:, :2] + deltas[masks == 1][:, :2] * sizes
    size = sizes * np.exp(deltas[masks == 1][:, 2:])
    assert np.allclose(np.concatenate([corner, corner + size], axis=1), box)


def test_encode_scales_boxes_to_the_input():
    small = anchoraudit.encode([[50, 50, 87, 124.5]], 480, 360)[2]
    large = anchoraudit.encode([[100, 100, 174, 249]], 960, 720)[2]
    assert (small == large).all()


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2, 3]], np.zeros((2, 2, 4))])
def test_encode_refuses_other_shapes(given):
    with pytest.raises(anchoraudit.AnchorauditError, match="boxes have shape"):
        anchoraudit.encode(given, 960, 720)


@pytest.mark.parametrize("side", [0, -5, np.inf, np.nan])
def test_encode_refuses_impossible_sizes(side):
    for size in ((side, 720), (960, side)):
        with pytest.raises(anchoraudit.AnchorauditError, match="image size"):
            anchoraudit.encode([], *size)


def test_nobody_can_change_anchors_that_are_kept_for_the_next_image():
    labels = definition.replay(np.array([[0.0, 0, 10, 10]]), 20, 10, tiny())
    for kept in (labels.anchors, labels.counts):
        with pytest.raises(ValueError, match="read-only"):
            kept[0] = 0


def test_grid_of_another_input_rounds_up():
    detector = override(REFERENCE, input_size="650x490")
    assert anchoraudit.encode([], 100, 100, detector)[2].shape == (31, 41, 9)
