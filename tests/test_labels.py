"""The label policy: which boxes reach the encoder, and why the others do not."""

from anchoraudit import Chosen, audit
from anchoraudit.dataset import labels
from tests.test_causes import dataset_of

NAN = float("nan")


def reasons(dataset, **policy):
    prepared = labels.prepare(dataset, **policy)
    return [labels.REASONS[code] for code in prepared.reason.tolist()]


def test_each_reason():
    dataset = dataset_of(
        (10, 10, 20, 20),
        (10, 10, 20, 20),
        (NAN, NAN, NAN, NAN),
        (NAN, 0, 5, 5),
        (float("inf"), 0, float("inf"), 5),
        (10, 10, 10, 20),
        (20, 10, 10, 20),
        (960, 0, 970, 10),
        (-10, -10, 0, 0),
        (955, 700, 990, 800),
    )
    dataset.boxes.crowd[1] = True
    assert reasons(dataset) == [
        *("usable", "crowd", "no_box", "not_finite", "not_finite", "no_area", "no_area"),
        *("outside", "outside", "usable"),
    ]
    prepared = labels.prepare(dataset)
    assert labels.clipped_boxes(dataset, slice(9, 10)).tolist() == [[955, 700, 960, 720]]
    assert prepared.clipped.tolist() == [False] * 9 + [True]
    assert prepared.reasons() == {"crowd": 1, "no_box": 1, "not_finite": 2, "no_area": 2, "outside": 2}
    counts = audit(dataset, rules=Chosen(select=("BOX002", "BOX003"))).findings.counts
    assert counts == {"BOX003": 2, "BOX002": 2}


def test_difficult_objects_are_kept_unless_asked_otherwise():
    dataset = dataset_of((10, 10, 20, 20))
    dataset.boxes.difficult[0] = True
    assert reasons(dataset) == ["usable"]
    assert reasons(dataset, drop_difficult=True) == ["difficult"]


def test_unknown_size_is_never_guessed():
    dataset = dataset_of((10, 10, 20, 20), (5, 5, 5, 9), size=(NAN, NAN))
    assert reasons(dataset) == ["image_size_unknown", "no_area"]
    assert not labels.prepare(dataset).usable.any()


def test_no_boxes():
    prepared = labels.prepare(dataset_of())
    assert len(prepared.usable) == 0
    assert prepared.reasons() == {}
    assert labels.clipped_boxes(dataset_of(), slice(None)).shape == (0, 4)
