"""Advice: every row is what a replay of that change alone gives, and the combination holds when scanned."""

import json

import msgspec
import numpy as np
import pytest

import anchoraudit
from anchoraudit.advice import variants
from anchoraudit.advice.advise import advise
from anchoraudit.advice.rounds import InRounds
from anchoraudit.advice.usable import UsableOfAudit
from anchoraudit.anchors.foreground.searched import fit_foreground
from anchoraudit.auditing.risk import nan_risk
from anchoraudit.detectors import load_detector, override
from anchoraudit.report.text.detectors import show_toml
from anchoraudit.rules import Chosen
from tests.builders import annotation, document, image, run

NOTHING = Chosen(ignore=("ALL",))


def scene(tmp_path, *boxes, images=None):
    """Write one box an image of 960x720, and `images` images in all; return the file."""
    count = len(boxes) if images is None else images
    content = document(
        images=[image(i + 1, width=960, height=720) for i in range(count)],
        annotations=[annotation(i + 1, i + 1, list(box)) for i, box in enumerate(boxes)],
    )
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(content))
    return path


def empty_with(path, detector):
    result = anchoraudit.audit(path, detector, rules=NOTHING, images="none")
    return len(result.images_with("empty_foreground", "blank", "no_usable_box")), int(
        result.image_results.unmatched.sum()
    )


# Fits (74, 149), fits it but hangs over the edge, is far too small for all; and a blank image.
FITTING, AT_EDGE, TINY = (400, 300, 74, 149), (0, 300, 60, 149), (400, 300, 20, 20)


@pytest.fixture
def advice(tmp_path):
    path = scene(tmp_path, FITTING, AT_EDGE, TINY, images=4)
    return path, advise(anchoraudit.read(path), load_detector("reference"), batch_sizes=(1, 2))


def test_rows_of_the_present_state_and_of_the_loss(advice):
    path, found = advice
    rows = {row.remedy: row for row in found.rows}
    now = rows["as it is"]
    assert (now.images, now.blank) == (4, 1)
    assert (now.empty, now.unmatched) == empty_with(path, "reference")
    assert now.empty > 1
    assert [risk.expected for risk in now.risks] == [nan_risk(4, now.empty, b).expected for b in (1, 2)]
    truncated = rows["truncated loss"]
    assert (truncated.empty, truncated.idle, truncated.survives) == (now.empty, now.empty, [1, 2])
    left_out = rows["dropped (filter)"]
    assert (left_out.images, left_out.empty, left_out.images_lost) == (4 - now.empty, 0, now.empty)
    assert left_out.boxes_lost == now.empty - 1  # the blank image has none
    guarded = rows["guarded normaliser"]
    assert (guarded.empty, guarded.survives) == (now.empty, [1, 2])


def test_rows_that_change_the_detector_are_what_an_audit_of_it_says(advice):
    path, found = advice
    reference = load_detector("reference")
    changed = {
        "border 0 px": override(reference, allowed_border=0.0),
        "border 64 px": override(reference, allowed_border=64.0),
        "border off": override(reference, allowed_border="off"),
        "positive IoU from 0.3": override(reference, positive_iou=0.3),
        "input 1920x1440": override(reference, input_size="1920x1440"),
    }
    rows = {row.remedy: row for row in found.rows}
    for remedy, detector in changed.items():
        assert (rows[remedy].empty, rows[remedy].unmatched) == empty_with(path, detector), remedy


def test_combination_is_the_cheapest_that_helps_and_holds(advice):
    path, found = advice
    assert found.best is not None
    assert found.best.with_boxes == 0
    assert empty_with(path, found.detector) == (1, 0)  # the blank image
    cost = sum(change.cost for change in found.best.changes)
    cheaper = [row for row in found.rows if row.changes and sum(c.cost for c in row.changes) < cost]
    assert cheaper and all(row.with_boxes > 0 for row in cheaper)


def test_border_alone_is_advised_where_it_is_enough(tmp_path):
    """A square anchor of 100 px overlaps a box of 55x100 px in the corner by half if it may hang over."""
    path = scene(tmp_path, (0, 0, 55, 100))
    square = override(load_detector("reference"), allowed_border=0.0, shapes=[(100.0, 100.0)])
    assert empty_with(path, square) == (1, 1)
    found = advise(anchoraudit.read(path), square)
    assert found.best.remedy == "border 16 px"
    assert found.detector.name == f"{square.name}-advised"
    assert "border 16 px" in found.detector.notes[0]
    given = msgspec.structs.replace(found.detector, name=square.name, notes=square.notes)
    assert given == override(square, allowed_border=16.0)


def test_nothing_to_advise_on(tmp_path, capsys):
    path = scene(tmp_path, FITTING)
    found = advise(anchoraudit.read(path), load_detector("reference"))
    assert not found.needed
    assert len(found.rows) == 1
    assert run("advise", path) == 0
    assert "Nothing to fix" in capsys.readouterr().out


def test_what_a_detector_does_not_take_is_named(tmp_path):
    path = scene(tmp_path, FITTING, TINY, images=3)
    found = advise(anchoraudit.read(path), load_detector("mmdet-atss"), loader="none")
    assert any("border 0 px" in note and "ATSS" in note for note in found.notes)
    assert all("border" not in row.remedy for row in found.rows)


def test_same_seed_same_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(variants, "_EVALUATIONS", 200)
    monkeypatch.setattr(variants, "MOST_K", 4)
    rng = np.random.default_rng(5)
    boxes = [(100, 100, *size) for size in rng.integers(8, 300, (24, 2)).tolist()]
    dataset = anchoraudit.read(scene(tmp_path, *boxes))
    first, second = (advise(dataset, load_detector("reference"), seed=3) for _ in range(2))
    assert first.rows == second.rows
    assert first.detector == second.detector


def test_anchors_searched_for_foreground_are_tried_as_well(tmp_path, monkeypatch):
    """Forty shapes: nine anchors by IoU match fewer of them than nine that are searched."""
    monkeypatch.setattr(variants, "_EVALUATIONS", 500)
    monkeypatch.setattr(variants, "MOST_K", 4)
    rng = np.random.default_rng(2)
    boxes = [(100, 100, *size) for size in np.exp(rng.uniform(np.log(20), np.log(600), (40, 2))).tolist()]
    path = scene(tmp_path, *boxes)
    reference = load_detector("reference")
    found = advise(anchoraudit.read(path), reference)
    rows = {row.remedy: row for row in found.rows}
    by_iou, searched = rows["9 anchors clustered"], rows["9 anchors for foreground"]
    assert (searched.empty, searched.unmatched) < (by_iou.empty, by_iou.unmatched)
    own = fit_foreground(anchoraudit.read(path), reference, 9, evaluations=500)
    assert (searched.empty, searched.unmatched) == (own.found.empty, own.found.unmatched)
    with_them = override(reference, shapes=own.found.clustered.anchors)
    assert (searched.empty, searched.unmatched) == empty_with(path, with_them)


class TestTheBestNumberOfAnchors:
    """Of many boxes, numbers are tried from the largest down, two at a time, until fewer are worse."""

    @pytest.fixture
    def tried(self, tmp_path, monkeypatch):
        """A function that returns the best number, and which were asked about, for what each leaves."""
        rng = np.random.default_rng(0)
        boxes = [(100, 100, *size) for size in rng.integers(8, 300, (60, 2)).tolist()]
        path = scene(tmp_path, *boxes)
        now = anchoraudit.audit(path, "reference", rules=NOTHING)

        def best(left, *, most=12, rounds=False, many=True):
            monkeypatch.setattr(variants, "MOST_K", most)
            monkeypatch.setattr(variants, "_MANY", 60 + (not many))
            kind = InRounds if rounds else variants.Variants
            one, asked = kind(now.replayed, UsableOfAudit(now)), []

            def changed(changes):
                asked.append(changes[0].value)
                return changes[0].value

            def leaves(k):
                return left(k), 0

            one.changed, one._leaves, one._find = changed, leaves, lambda _: None
            return one._best_number, sorted(asked, reverse=True)

        return best

    def test_fewer_are_not_tried_where_the_most_are_best(self, tried):
        assert tried(lambda k: 100 - k) == (12, [12, 11])

    def test_of_equally_good_ones_the_least(self, tried):
        assert tried(lambda k: max(0, 6 - k)) == (6, list(range(12, 4, -1)))

    def test_it_goes_on_where_one_of_the_lowest_is_best(self, tried):
        assert tried(lambda k: abs(11 - k)) == (11, list(range(12, 8, -1)))
        assert tried(lambda k: abs(10 - k)) == (10, list(range(12, 8, -1)))
        assert tried(lambda k: k) == (1, list(range(12, 0, -1)))

    def test_few_numbers(self, tried):
        assert tried(lambda k: -k, most=2) == (2, [2, 1])

    def test_of_few_boxes_all_numbers_are_tried(self, tried):
        assert tried(lambda k: 100 - k, many=False) == (12, list(range(12, 0, -1)))
        assert tried(lambda k: abs(7 - k), many=False) == (7, list(range(12, 0, -1)))

    def test_in_rounds(self, tried):
        assert tried(lambda k: abs(10 - k), rounds=True) == (10, list(range(12, 8, -1)))


def test_as_many_anchors_as_there_are_sizes_are_tried_and_more_are_named(tmp_path):
    path = scene(tmp_path, *[(100, 100, side, side) for side in (8, 8, 30, 90, 250)])
    found = advise(anchoraudit.read(path), load_detector("reference"))
    assert [note for note in found.notes if "clustered" in note] == [
        "not tried: 5 anchors clustered: cannot make 5 anchors from 4 distinct box sizes",
        "not tried: 9 anchors clustered, 9 anchors for foreground: cannot make 9 anchors from 4 distinct "
        "box sizes",
    ]
    assert any(row.remedy == "4 anchors clustered" and row.empty == 0 for row in found.rows)


def test_where_nothing_helps_what_remains_is_told_with_its_causes(tmp_path, capsys):
    """YOLOv5 forces nothing, and of two sizes no three anchors can be clustered, one a level."""
    path = scene(tmp_path, *[(30, y, 900, 1) for y in range(100, 700, 40)], FITTING)
    found = advise(anchoraudit.read(path), override(load_detector("yolov5"), input_size="960"))
    assert (found.rows[0].empty, found.best, found.nearest, found.detector) == (15, None, None, None)
    assert sum(found.causes.values()) == 15
    assert any("distinct box sizes" in note for note in found.notes)
    assert run("advise", path, "--detector", "yolov5", "--input-size", "960") == 0
    text = capsys.readouterr().out
    assert "15 images stay empty" in text
    assert all(f"{n} images {cause}" in text for cause, n in found.causes.items())


class TestCommand:
    def test_writes_a_detector_that_leaves_no_image_with_boxes_empty(self, tmp_path, anchoraudit):
        path = scene(tmp_path, FITTING, AT_EDGE, TINY)
        file = tmp_path / "advised.toml"
        done = anchoraudit("advise", path, "--write-detector", file, "--output-format", "json")
        assert (done.returncode, done.stderr) == (0, "")
        told = json.loads(done.stdout)
        assert told["needed"] is True
        assert told["best"]["empty"] == 0
        assert [risk["batch_size"] for risk in told["rows"][0]["risks"]] == [1, 2, 4, 8, 16]
        assert anchoraudit("scan", path, "--detector", file, "-q").returncode == 0

    def test_text_names_the_command_that_confirms_it(self, tmp_path, anchoraudit):
        path = scene(tmp_path, FITTING, TINY)
        done = anchoraudit("advise", path, "--batch-size", "2,64")
        assert done.returncode == 0
        assert "--write-detector advised.toml" in done.stdout
        assert "anchoraudit scan" in done.stdout.partition("  confirm it:\n")[2]

    @pytest.mark.parametrize("sizes", ["0", "2,", "two", "1.5", "-1", "9999999999"])
    def test_batch_sizes_that_are_none(self, tmp_path, sizes, anchoraudit):
        done = anchoraudit("advise", scene(tmp_path, FITTING), "--batch-size", sizes)
        assert (done.returncode, done.stdout) == (2, "")
        assert sizes in done.stderr

    def test_only_what_it_wrote_is_replaced(self, tmp_path, anchoraudit):
        path, own = scene(tmp_path, FITTING, TINY), tmp_path / "own.toml"
        own.write_text("[mine]\n")
        done = anchoraudit("advise", path, "--write-detector", own)
        assert (done.returncode, own.read_text()) == (2, "[mine]\n")
        assert "own.toml" in done.stderr and "not replaced" in done.stderr
        for _ in range(2):
            assert anchoraudit("advise", path, "--write-detector", tmp_path / "new.toml").returncode == 0
        assert load_detector(tmp_path / "new.toml").name == "reference-advised"

    def test_nothing_is_written_where_nothing_is_to_change(self, tmp_path, anchoraudit):
        done = anchoraudit("advise", scene(tmp_path, FITTING), "--write-detector", tmp_path / "new.toml")
        assert done.returncode == 0
        assert "was not written: there is nothing to change" in done.stderr
        assert not (tmp_path / "new.toml").exists()

    def test_another_suffix_than_toml(self, tmp_path, anchoraudit):
        done = anchoraudit("advise", scene(tmp_path, TINY), "--write-detector", tmp_path / "d.yaml")
        assert (done.returncode, done.stdout) == (2, "")
        assert "d.yaml" in done.stderr

    def test_a_normaliser_of_each_image_makes_every_empty_image_a_nan(self, tmp_path, anchoraudit):
        path, own = scene(tmp_path, FITTING, TINY, images=3), tmp_path / "own.toml"
        text = show_toml(load_detector("reference")).replace('"batch_positives"', '"image_positives"')
        own.write_text(text)
        told = json.loads(anchoraudit("advise", path, "--detector", own, "--output-format", "json").stdout)
        rows = {row["remedy"]: row for row in told["rows"]}
        assert [risk["expected"] for risk in rows["as it is"]["risks"]] == [2, 2, 2, 2, 2]
        assert rows["as it is"]["survives"] == []
        assert rows["guarded normaliser"]["survives"] == [1, 2, 4, 8, 16]
        said = anchoraudit("scan", path, "--detector", own).stdout
        assert "At batch size 2 expect 2 images with a NaN loss per epoch" in " ".join(said.split())
