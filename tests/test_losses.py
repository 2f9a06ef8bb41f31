"""The reference's losses and gradients: literal values, NaN where they divide by 0, finite where guarded.

What docs/losses.md tells of PyTorch and TensorFlow is run in them, where they are installed.
"""

import importlib.util
import math
import re
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.auditing.losses import Guard, gradients, losses, losses_of_zero_predictions
from tests.conftest import ROOT

LN2 = math.log(2)
GUARDS = get_args(Guard)
PAGE = ROOT / "docs" / "losses.md"


def batch(*images):
    return tuple(
        np.stack(arrays) for arrays in zip(*(anchoraudit.encode(b, 960, 720) for b in images), strict=True)
    )


def zeros(targets):
    return np.zeros_like(targets[0]), np.zeros_like(targets[1])


def drawn(masks, seed=3):
    """Targets with these masks [B, 1, 1, A], and predictions, with numbers from a generator."""
    masks = np.asarray(masks, dtype=np.float64)
    generator = np.random.default_rng(seed)
    scores = np.stack([masks == -1, masks == 1], axis=-1).astype(np.float64)
    boxes = generator.normal(0, 1.5, (*masks.shape, 4)) * (masks == 1)[..., None]
    return (scores, boxes, masks), tuple(generator.normal(0, 1.5, array.shape) for array in (scores, boxes))


GOOD, EMPTY = [[400, 300, 474, 449]], [[400, 300, 456, 356]]
FULL = [[[[1, -1, 0, 1, -1]]], [[[0, 1, -1, -1, -1]]], [[[1, 1, 0, 0, -1]]]]
MIXED = [[[[1, -1, 0, 1, -1]]], [[[0, -1, -1, -1, -1]]], [[[1, -1, 0, 0, -1]]]]
BARE = [[[[0, -1, -1]]], [[[-1, -1, -1]]]]
UNLABELLED = [[[[0, 0, 0]]], [[[0, 0, 0]]]]


def test_a_literal_batch():
    scores = np.zeros((1, 1, 1, 3, 2))
    scores[0, 0, 0, 0, 1] = scores[0, 0, 0, 1, 0] = 1
    boxes = np.zeros((1, 1, 1, 3, 4))
    boxes[0, 0, 0, 0] = [0.5, -2, 0, 1]
    masks = np.array([[[[1, -1, 0]]]])
    targets = scores, boxes, masks
    found = losses(targets, zeros(targets))
    assert found.score == pytest.approx(LN2)
    assert found.box == pytest.approx(0.125 + 1.5 + 0 + 0.5)
    assert found.total == pytest.approx(found.score + found.box)
    slopes = gradients(targets, zeros(targets))
    # Half of two labelled anchors times (0.5 - label); one positive anchor, its slope at most 1 long.
    assert slopes.scores.tolist() == [[[[[0.25, -0.25], [-0.25, 0.25], [0, 0]]]]]
    assert slopes.boxes.tolist() == [[[[[-0.5, 1, 0, -1], [0] * 4, [0] * 4]]]]


def test_predictions_that_are_right_cost_nothing():
    targets = batch(GOOD)
    found = losses(targets, (targets[0] * 100, targets[1]))
    assert found.score == pytest.approx(0, abs=1e-12)
    assert found.box == 0
    slopes = gradients(targets, (targets[0] * 100, targets[1]))
    assert not slopes.boxes.any()
    assert np.abs(slopes.scores).max() < 1e-12


@pytest.mark.parametrize(
    ("logits", "loss"), [([800, 0], 0), ([0, 800], 800), ([-800, -801], math.log1p(math.exp(-1)))]
)
def test_logits_whose_exponential_is_beyond_all_numbers(logits, loss):
    """The label is the first of two classes; exp(800) is infinite, and exp(-800) is 0."""
    targets = np.array([[[1.0, 0.0]]]), np.zeros((1, 1, 4)), np.array([[1.0]])
    predictions = np.array([[logits]], dtype=np.float64), np.zeros((1, 1, 4))
    found, slopes = losses(targets, predictions), gradients(targets, predictions)
    assert found.score == pytest.approx(loss, rel=1e-12, abs=0)
    chance = 1 / (1 + math.exp(logits[1] - logits[0])) if logits[1] - logits[0] < 700 else 0.0
    assert slopes.scores.ravel().tolist() == pytest.approx([chance - 1, 1 - chance], abs=1e-15)


@pytest.mark.parametrize("guard", GUARDS)
def test_a_prediction_of_nan_leaves_the_gradients_of_the_other_anchors(guard):
    """But for truncation, which takes the box loss out: then theirs are 0. Scores have their own loss."""
    targets, predictions = drawn(FULL)
    before = gradients(targets, predictions, guard=guard)
    predictions[1][0, 0, 0, 3, 1] = np.nan  # of a positive anchor
    slopes = gradients(targets, predictions, guard=guard)
    expected = np.zeros_like(before.boxes) if guard == "truncated" else before.boxes.copy()
    expected[0, 0, 0, 3, 1] = np.nan
    assert np.array_equal(slopes.boxes, expected, equal_nan=True)
    assert np.array_equal(slopes.scores, before.scores)


@pytest.mark.parametrize("guard", GUARDS)
def test_a_logit_of_nan_leaves_the_gradients_of_the_other_anchors(guard):
    targets, predictions = drawn(FULL)
    before = gradients(targets, predictions, guard=guard)
    predictions[0][1, 0, 0, 1, 0] = np.nan
    slopes = gradients(targets, predictions, guard=guard)
    expected = np.zeros_like(before.scores) if guard == "truncated" else before.scores.copy()
    expected[1, 0, 0, 1] = np.nan
    assert np.array_equal(slopes.scores, expected, equal_nan=True)
    assert np.array_equal(slopes.boxes, before.boxes)


def test_an_empty_mask_is_nan_and_every_guard_is_not():
    plain = losses_of_zero_predictions(anchoraudit.encode(EMPTY, 960, 720))
    assert plain.score == pytest.approx(LN2)
    assert math.isnan(plain.box)
    assert math.isnan(plain.total)
    assert (plain.truncated().box, plain.truncated().total) == (0, plain.score)
    for guard in ("truncated", "truncated_before", "guarded"):
        found = losses_of_zero_predictions(anchoraudit.encode(EMPTY, 960, 720), guard=guard)
        assert (found.score, found.box, found.total) == (plain.score, 0, plain.score)
    skipped = losses_of_zero_predictions(anchoraudit.encode(EMPTY, 960, 720), guard="skipped")
    assert (skipped.score, skipped.box, skipped.total) == (0, 0, 0)


def test_one_empty_batch_destroys_the_weights_unless_it_is_guarded_before_dividing():
    targets = batch(EMPTY, EMPTY)
    found = {guard: gradients(targets, zeros(targets), guard=guard) for guard in GUARDS}
    for guard in ("plain", "truncated"):
        assert np.isnan(found[guard].boxes).all()
    for guard in ("truncated_before", "guarded", "skipped"):
        assert (found[guard].boxes == 0).all()
    for guard in ("plain", "truncated", "truncated_before", "guarded"):
        assert np.isfinite(found[guard].scores).all()
        assert np.array_equal(found[guard].scores, found["plain"].scores)
    assert found["plain"].scores.any()
    assert not found["skipped"].scores.any()


def test_a_nan_box_leaves_no_label_at_all():
    plain = losses_of_zero_predictions(anchoraudit.encode([[np.nan] * 4], 960, 720))
    assert math.isnan(plain.score)
    assert math.isnan(plain.box)
    targets = batch([[np.nan] * 4])
    assert np.isnan(gradients(targets, zeros(targets)).scores).all()
    assert (gradients(targets, zeros(targets), guard="guarded").scores == 0).all()


def test_a_target_of_nan_survives_every_guard_but_truncation_which_hides_it():
    targets, predictions = drawn(FULL)
    targets[1][0, 0, 0, 0, 2] = np.nan
    for guard in GUARDS:
        found, slopes = (of(targets, predictions, guard=guard) for of in (losses, gradients))
        assert math.isnan(found.box) == (guard != "truncated")
        assert np.isnan(slopes.boxes).sum() == 1
        assert np.isnan(slopes.boxes[0, 0, 0, 0, 2])


def test_the_normaliser_is_the_batch():
    good, empty = batch(GOOD), batch(EMPTY)
    alone = losses(good, zeros(good))
    mixed = batch(GOOD, EMPTY)
    together = losses(mixed, zeros(mixed))
    assert together.box == pytest.approx(alone.box / 2)  # its sum over the same count, then the mean of two
    assert math.isnan(losses(empty, zeros(empty)).box)
    assert losses(good, zeros(good), guard="guarded") == alone


def test_skipping_is_leaving_out():
    targets, predictions = drawn(MIXED)
    kept = [0, 2]
    others = tuple(array[kept] for array in targets), tuple(array[kept] for array in predictions)
    assert losses(targets, predictions, guard="skipped") == losses(*others)
    slopes, alone = gradients(targets, predictions, guard="skipped"), gradients(*others)
    for found, expected in ((slopes.scores, alone.scores), (slopes.boxes, alone.boxes)):
        assert np.array_equal(found[kept], expected)
        assert not found[1].any()


@pytest.mark.parametrize("guard", [guard for guard in GUARDS if guard != "skipped"])
def test_a_guard_changes_nothing_where_an_anchor_is_positive(guard):
    for masks in (FULL, MIXED):
        targets, predictions = drawn(masks)
        assert losses(targets, predictions, guard=guard) == losses(targets, predictions)
        slopes, plain = (gradients(targets, predictions, guard=g) for g in (guard, "plain"))
        assert np.array_equal(slopes.scores, plain.scores)
        assert np.array_equal(slopes.boxes, plain.boxes)


def test_a_batch_without_images_costs_nothing():
    targets, predictions = (tuple(array[:0] for array in arrays) for arrays in drawn(FULL))
    for guard in GUARDS:
        assert losses(targets, predictions, guard=guard).total == 0
        assert gradients(targets, predictions, guard=guard).boxes.shape == (0, 1, 1, 5, 4)


MASKS = st.integers(1, 3).flatmap(
    lambda images: st.lists(
        st.lists(st.sampled_from([-1, 0, 1]), min_size=4, max_size=4), min_size=images, max_size=images
    )
)


@settings(deadline=None, max_examples=20)
@given(MASKS, st.sampled_from(GUARDS), st.integers(0, 99))
def test_gradients_are_those_of_finite_differences(masks, guard, seed):
    targets, predictions = drawn([[[row]] for row in masks], seed)
    # What divides by 0 has no differences to compare with.
    assume(guard not in ("plain", "truncated") or np.isfinite(losses(targets, predictions).total))
    slopes, step = gradients(targets, predictions, guard=guard), 1e-6
    for array, found in zip(predictions, (slopes.scores, slopes.boxes), strict=True):
        for place in np.ndindex(array.shape):
            middle = array[place]
            sides = []
            for side in (middle + step, middle - step):
                array[place] = side
                sides.append(losses(targets, predictions, guard=guard).total)
            array[place] = middle
            assert found[place] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=1e-8)


# The frameworks: what they say, and what the page says of them.


@pytest.fixture(scope="module")
def torch():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PYTORCH'S GRADIENTS AND SNIPPET NOT TESTED: torch is not installed")
    return importlib.import_module("torch")


@pytest.fixture(scope="module")
def tf():
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TENSORFLOW'S GRADIENTS AND SNIPPET NOT TESTED: tensorflow is not installed")
    return importlib.import_module("tensorflow")


def snippet(heading):
    """Run the first code block below a heading of the page; what it defines."""
    text = re.search(rf"^### {heading}\n.*?^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)[1]
    defined = {}
    exec(compile(text, f"{PAGE.name}: {heading}", "exec"), defined)
    return defined


def by_torch(torch, compute_loss, targets, predictions, dtype):
    """The two losses and the two gradients of their sum, by autograd."""
    given = [torch.tensor(array, dtype=dtype) for array in targets]
    leaves = [torch.tensor(array, dtype=dtype, requires_grad=True) for array in predictions]
    score, box = compute_loss(*given, *leaves)
    (score + box).backward()
    return score.item(), box.item(), *(leaf.grad.numpy() for leaf in leaves)


def by_tensorflow(tf, compute_loss, targets, predictions):
    """The same in TensorFlow, with NumPy targets, as the reference hands them over."""
    leaves = [tf.Variable(array, dtype=tf.float32) for array in predictions]
    with tf.GradientTape() as tape:
        score, box = compute_loss(*(array.astype(np.float32) for array in targets), *leaves)
        total = score + box
    slopes = tape.gradient(total, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return score.numpy(), box.numpy(), *(slope.numpy() for slope in slopes)


def by_numpy(targets, predictions, guard):
    found, slopes = (of(targets, predictions, guard=guard) for of in (losses, gradients))
    return found.score, found.box, slopes.scores, slopes.boxes


def assert_alike(found, expected, within):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=within, atol=within, equal_nan=True)


def torch_guards(torch):
    """What to do about a count of 0, in PyTorch's own words: loss of a sum and a count, by guard."""
    zero, one = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
    return {
        "plain": [lambda total, count: total / count],
        "truncated": [
            lambda total, count: torch.where(torch.isnan(total / count), 0.0, total / count),
            lambda total, count: torch.nan_to_num(total / count),
            lambda total, count: (total / count).masked_fill(torch.isnan(total / count), 0),
        ],
        "truncated_before": [
            lambda total, count: torch.where(count > 0, total / torch.where(count > 0, count, one), zero),
            # Not `where` but `if`: the division is left out of what is differentiated.
            lambda total, count: 0 * total if torch.isnan(total / count) else total / count,
        ],
        "guarded": [lambda total, count: total / count.clamp(min=1)],
    }


def torch_loss(torch, divide):
    def compute_loss(target_scores, target_boxes, target_masks, scores, boxes):
        labelled, positive = (target_masks.abs() == 1).double(), (target_masks > 0).double()
        entropy = -(target_scores * torch.log_softmax(scores, -1)).sum(-1)
        distance = torch.nn.functional.smooth_l1_loss(boxes, target_boxes, reduction="none").sum(-1)
        return tuple(
            divide((values * mask).sum(dim=(1, 2, 3)).mean(), mask.sum())
            for values, mask in ((entropy, labelled), (distance, positive))
        )

    return compute_loss


@pytest.mark.parametrize(
    "masks", [FULL, MIXED, BARE, UNLABELLED], ids=["full", "mixed", "bare", "unlabelled"]
)
def test_autograd_agrees(torch, masks):
    targets, predictions = drawn(masks)
    for guard, ways in torch_guards(torch).items():
        for divide in ways:
            found = by_torch(torch, torch_loss(torch, divide), targets, predictions, torch.float64)
            assert_alike(found, by_numpy(targets, predictions, guard), 1e-12)


@pytest.mark.parametrize(
    "masks", [FULL, MIXED, BARE, UNLABELLED], ids=["full", "mixed", "bare", "unlabelled"]
)
def test_the_guard_of_the_page_in_pytorch(torch, masks):
    compute_loss = snippet("In PyTorch")["compute_loss"]
    targets, predictions = drawn(masks)
    found = by_torch(torch, compute_loss, targets, predictions, torch.float32)
    assert all(np.isfinite(part).all() for part in found)
    assert_alike(found, by_numpy(targets, predictions, "guarded"), 1e-6)


def test_one_step_of_adam_after_an_empty_batch(torch):
    targets, _ = drawn(BARE)
    ways = {guard: torch_loss(torch, ways[0]) for guard, ways in torch_guards(torch).items()}
    survived = {}
    for guard, compute_loss in ways.items():
        shared = torch.nn.Parameter(torch.ones((), dtype=torch.float64))  # a weight that both answers need
        optimizer = torch.optim.Adam([shared])
        given = [torch.tensor(array) for array in targets]
        score, box = compute_loss(
            *given, shared * torch.ones_like(given[0]), shared * torch.ones_like(given[1])
        )
        (score + box).backward()
        optimizer.step()
        survived[guard] = bool(torch.isfinite(shared))
    assert survived == {"plain": False, "truncated": False, "truncated_before": True, "guarded": True}


def test_the_mean_of_no_row_is_nan_with_a_gradient_of_zero_in_pytorch(torch):
    boxes = torch.ones(3, 4, requires_grad=True)
    loss = boxes[torch.zeros(3, dtype=torch.bool)].mean()
    loss.backward()
    assert torch.isnan(loss)
    assert (boxes.grad == 0).all()


@pytest.mark.parametrize(
    "masks", [FULL, MIXED, BARE, UNLABELLED], ids=["full", "mixed", "bare", "unlabelled"]
)
def test_the_guard_of_the_page_in_tensorflow(tf, masks):
    compute_loss = snippet("In TensorFlow")["compute_loss"]
    targets, predictions = drawn(masks)
    for compute in (compute_loss, tf.function(compute_loss)):
        found = by_tensorflow(tf, compute, targets, predictions)
        assert all(np.isfinite(part).all() for part in found)
        assert_alike(found, by_numpy(targets, predictions, "guarded"), 1e-6)


def test_what_the_page_says_of_tensorflow(tf):
    targets, predictions = drawn(BARE)

    def box_loss(divide):
        def compute_loss(target_scores, target_boxes, target_masks, scores, boxes):
            positive = tf.cast(target_masks > 0, tf.float32)
            distance = tf.reduce_sum(tf.abs(target_boxes - boxes), -1)
            total = tf.reduce_sum(positive * distance)
            return tf.reduce_sum(0 * scores), divide(total, tf.reduce_sum(positive))

        return compute_loss

    def chosen(total, count):
        loss = total / count
        if tf.math.is_nan(loss):
            loss = tf.constant(0.0)
        return loss

    def is_nan(compute_loss):
        _, box, _, slope = by_tensorflow(tf, compute_loss, targets, predictions)
        return bool(np.isnan(box)), bool(np.isnan(slope).all())

    where = box_loss(lambda total, count: tf.where(tf.math.is_nan(total / count), 0.0, total / count))
    assert is_nan(box_loss(lambda total, count: total / count)) == (True, True)
    assert is_nan(where) == (False, True)
    assert is_nan(box_loss(tf.math.divide_no_nan)) == (False, False)
    assert is_nan(box_loss(chosen)) == (False, False)
    assert is_nan(tf.function(box_loss(chosen))) == (False, True)
