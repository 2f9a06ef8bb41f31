"""The block `labels` of a detector and its key `loader`: checks, words, and the way through TOML."""

from pathlib import Path

import msgspec
import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.detectors.labels import FATAL, OUTCOMES, RULES, Labels
from anchoraudit.detectors.toml_text import from_toml, to_toml
from anchoraudit.errors import AnchorauditError


def with_(**changes):
    return msgspec.structs.replace(load_detector("reference"), **changes)


class TestDefaults:
    def test_nothing_is_said(self):
        labels = Labels()
        assert labels.is_silent
        assert {labels.outcome(rule) for rule in RULES} == {"trains", "no_effect"}
        assert {labels.error(rule) for rule in RULES} == {""}
        assert str(labels) == "nothing stated"

    def test_a_file_without_the_block_has_them(self):
        text = to_toml(with_(labels=Labels(), loader=""))
        assert "[labels]" not in text and "loader" not in text
        assert from_toml(text, Path("own.toml")).labels == Labels()

    def test_outcomes_that_end_training_are_the_worst(self):
        assert OUTCOMES[-len(FATAL) :] == FATAL


class TestChecks:
    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"zero_side_error": "boom"}, "zero_side_error has no effect: zero_side is 'no_effect'"),
            ({"outside": "trains", "outside_error": "boom"}, "outside_error has no effect"),
            ({"id_zero_error": "boom"}, "id_zero_error has no effect: id_zero is 'class'"),
            ({"above_count_error": "boom"}, "above_count_error needs at_count or above_count"),
            ({"beyond": "drawn"}, "beyond needs most_labels above 0"),
            ({"most_labels": 3, "beyond_error": "boom"}, "beyond_error needs most_labels"),
            ({"least_side": -1}, "least_side is -1; it must be 0 to 100000"),
            ({"least_side": float("nan")}, "least_side is nan"),
            ({"least_side": 2, "least_side_of": "fraction"}, "least_side is 2; it must be 0 to 1"),
            ({"least_side_of": "image"}, "least_side_of needs a least_side above 0"),
            ({"greatest_aspect": 0.5}, "greatest_aspect is 0.5; it must be 1 to 100000, or 0"),
            ({"most_labels": -1}, "most_labels is -1"),
            ({"least_side_inclusive": False}, "least_side_inclusive needs a least_side above 0"),
            ({"greatest_aspect_inclusive": False}, "greatest_aspect_inclusive needs a greatest_aspect"),
            ({"limits_in": "float64"}, 'limits_in needs limits_by = "loader"'),
            ({"limits_by": "loader"}, "limits_by needs a least_side, a greatest_aspect or most_labels"),
            (
                {
                    "limits_by": "loader",
                    "greatest_aspect": 9,
                    "least_side": 1,
                    "least_side_of": "image",
                },
                "a greatest_aspect that the loader has needs least_side_of",
            ),
        ],
    )
    def test_impossible_values_are_refused(self, keys, message):
        with pytest.raises(ValueError, match=message):
            Labels(**keys)

    def test_a_word_that_is_not_known(self):
        text = to_toml(with_(labels=Labels(at_count="raises")))
        with pytest.raises(AnchorauditError) as caught:
            from_toml(text.replace('"raises"', '"rises"'), Path("own.toml"))
        assert "labels.at_count" in str(caught.value)
        assert "Did you mean raises?" in str(caught.value)

    def test_a_mapping_that_names_no_loader(self):
        for loader in ({}, {"voc": ""}):
            with pytest.raises(ValueError, match="loader is empty"):
                with_(loader=loader)


class TestWords:
    def test_outcome_error_and_sentence(self):
        labels = Labels(zero_side="raises", zero_side_error="AssertionError: no area.", inverted="nan")
        assert labels.outcome("zero_side") == "raises"
        assert labels.error("zero_side") == "AssertionError: no area."
        assert labels.sentence("zero_side") == (
            "a box without width or height makes the framework raise an error: AssertionError: no area"
        )
        assert labels.sentence("inverted") == (
            "a box that ends before it starts makes the loss NaN or infinite"
        )
        assert labels.error("inverted") == labels.error("outside") == ""

    @pytest.mark.parametrize(
        ("unit", "words"),
        [("input", "1 px of the input"), ("image", "1 px"), ("fraction", "1 of the input's")],
    )
    def test_units_of_the_least_side(self, unit, words):
        labels = Labels(least_side=1, least_side_of=unit)
        assert labels.sentence("least_side") == f"a box with a side below {words} is dropped by the model"

    def test_limits_of_a_loader(self):
        ends = {"least_side_inclusive": False, "greatest_aspect_inclusive": False}
        labels = Labels(least_side=2, greatest_aspect=100, **ends, limits_by="loader")
        assert (
            labels.sentence("least_side")
            == "a box with a side of 2 px of the input or less is dropped by the loader"
        )
        longer = "a box 100 times as long as wide or more is dropped by the loader"
        assert labels.sentence("greatest_aspect") == longer
        plain = Labels(greatest_aspect=100).sentence("greatest_aspect")
        assert plain == "a box more than 100 times as long as wide is dropped by the model"

    @pytest.mark.parametrize(
        ("beyond", "words"),
        [
            ("dropped", "are too many: only the first 90 are trained"),
            ("drawn", "are too many: 90 of them are drawn at random each time"),
            ("raises", "make the framework raise an error: boom"),
        ],
    )
    def test_too_many(self, beyond, words):
        error = "boom" if beyond == "raises" else ""
        labels = Labels(most_labels=90, beyond=beyond, beyond_error=error)
        assert labels.sentence("most_labels") == f"more than 90 boxes in an image {words}"

    def test_every_rule_has_words_for_every_outcome(self):
        for rule in RULES:
            assert Labels(most_labels=1, least_side=1, greatest_aspect=2).sentence(rule)

    def test_one_error_for_all_ids_beyond(self):
        labels = Labels(at_count="background", above_count="raises", above_count_error="IndexError")
        assert labels.error("at_count") == ""
        assert labels.error("above_count") == "IndexError"

    @pytest.mark.parametrize(
        ("id_zero", "includes", "end"),
        [("class", False, 3), ("class", True, 2), ("background", True, 3), ("reserved", False, 4)],
    )
    def test_where_the_classes_of_a_model_for_3_end(self, id_zero, includes, end):
        labels = Labels(id_zero=id_zero, count_includes_background=includes)
        assert labels.classes_end(3) == end


class TestLoader:
    @pytest.mark.parametrize(
        ("loader", "voc", "coco"),
        [
            ("", None, None),
            ("yolov5", "yolov5", "yolov5"),
            ({"voc": "mmdet-voc", "*": "mmdet-coco"}, "mmdet-voc", "mmdet-coco"),
            ({"voc": "ssd-pytorch"}, "ssd-pytorch", None),
        ],
    )
    def test_by_format(self, loader, voc, coco):
        detector = with_(loader=loader)
        assert (detector.loader_for("voc"), detector.loader_for("coco")) == (voc, coco)

    @pytest.mark.parametrize("loader", ["yolov5", {"voc": "mmdet-voc", "*": "mmdet-coco", 'a "b"': "c"}])
    def test_written_and_read_back(self, loader):
        detector = with_(loader=loader, labels=Labels(outside="trains", least_side=0.001))
        assert from_toml(to_toml(detector), Path("own.toml")) == detector

    def test_a_detector_with_a_mapping_has_a_hash(self):
        one, other = with_(loader={"voc": "a"}), with_(loader={"voc": "a"})
        assert one == other and hash(one) == hash(other)
