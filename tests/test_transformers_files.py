"""Detectors from the config.json of Hugging Face's transformers, as its own classes write it."""

import json
import subprocess
import sys

import pytest

from anchoraudit.advice.suggested import suggest
from anchoraudit.classes.readers import read_classes
from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from tests.builders import annotation, document, image, make

PROCESSOR = {"do_resize": True, "size": {"shortest_edge": 480, "longest_edge": 900}}


@pytest.fixture
def model(tmp_path):
    """Write a config.json and, if there is one, a preprocessor_config.json beside it."""

    def write(config, processor=None):
        folder = tmp_path / "my-detr"
        folder.mkdir(exist_ok=True)
        for name, content in (("config.json", config), ("preprocessor_config.json", processor)):
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                (folder / name).write_text(text)
        return folder / "config.json"

    return write


def refused(path):
    with pytest.raises(AnchorauditError) as error:
        load_detector(path)
    assert error.value.remedy
    return str(error.value)


# The defaults that CONFIG_MAPPING[name]() of 5.24.0 has, and the size of its image processor.
DEFAULTS = {
    **dict.fromkeys(
        ("detr", "table-transformer", "yolos"), (100, "hf-detr", "shorter side 800, longer at most")
    ),
    **dict.fromkeys(
        ("conditional_detr", "deformable_detr", "dab-detr", "rf_detr", "lw_detr"),
        (300, "hf-deformable-detr", "shorter side 800, longer at most 1333"),
    ),
    **dict.fromkeys(("rt_detr", "rt_detr_v2", "d_fine", "deimv2"), (300, "hf-deformable-detr", "640x640")),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_a_saved_file_leaves_out(model, name):
    found = load_detector(model({"model_type": name}))
    queries, rules, size = DEFAULTS[name]
    assert (found.match.kind, found.match.queries, found.class_rules) == ("queries", queries, rules)
    assert str(found.resize).startswith(size)
    assert (found.classes.count, found.classes.by_default) == (2, True)
    assert (found.name, found.loader, found.framework) == ("my-detr", "none", f"transformers 5.24.0 ({name})")
    assert found.labels.at_count == ("background" if rules == "hf-detr" else "raises")
    assert any("No preprocessor_config.json" in note for note in found.notes)
    assert any("Denoising" in note for note in found.notes) == (size == "640x640")


@pytest.mark.parametrize(
    ("name", "keys", "queries"),
    [
        ("detr", {"num_queries": 57}, 57),
        ("yolos", {"num_detection_tokens": 20, "num_queries": 9}, 20),
        ("deformable_detr", {"two_stage": True, "two_stage_num_proposals": 900, "num_queries": 9}, 900),
        ("deformable_detr", {"two_stage": False, "two_stage_num_proposals": 900}, 300),
    ],
)
def test_queries(model, name, keys, queries):
    assert load_detector(model({"model_type": name, **keys})).match.queries == queries


def test_groups_and_denoising_are_said(model):
    notes = load_detector(model({"model_type": "rf_detr", "group_detr": 5})).notes
    assert any("5 groups of these queries" in note for note in notes)
    notes = load_detector(model({"model_type": "rt_detr", "num_denoising": 0})).notes
    assert not any("Denoising" in note for note in notes)


@pytest.mark.parametrize(
    ("processor", "said"),
    [
        ({"size": {"height": 512, "width": 384}}, "384x512"),
        ({"size": {"shortest_edge": 480, "longest_edge": 900}}, "shorter side 480, longer at most 900"),
        ({"size": {"shortest_edge": 800, "longest_edge": 640}}, "longer side 640"),
        ({"size": {"max_height": 700, "max_width": 700, "height": None}}, "longer side 700"),
        ({"size": 600, "max_size": 1000}, "shorter side 600, longer at most 1000"),
        ({"size": 600}, "shorter side 600, longer at most 1333"),
        ({"do_resize": False, "size": 600}, "original size"),
        ({}, "shorter side 800, longer at most 1333"),
    ],
)
def test_the_size_of_the_image_processor(model, processor, said):
    found = load_detector(model({"model_type": "detr"}, processor))
    assert str(found.resize) == said
    assert not any("preprocessor_config" in note for note in found.notes)


def test_labels(model):
    path = model({"model_type": "detr", "id2label": {"1": "dog", "0": "cat"}}, PROCESSOR)
    found = load_detector(path).classes
    assert (found.names, found.ids, found.count) == (("cat", "dog"), (), 2)
    assert found.stated_in == "config.json, id2label"
    assert read_classes(path).count == 2
    gap = load_detector(model({"model_type": "detr", "id2label": {"1": "dog", "3": "cat"}})).classes
    assert (gap.names, gap.ids, gap.count) == (("dog", "cat"), (1, 3), 2)
    assert load_detector(model({"model_type": "detr", "num_labels": 7})).classes.count == 7


@pytest.mark.parametrize(
    ("config", "processor", "words"),
    [
        ({"model_type": "vit"}, None, "config.json, model_type: model_type 'vit' is not replayed"),
        ({"model_type": "owlvit"}, None, "its classes are texts"),
        ({"model_type": ["detr"]}, None, "is not replayed"),
        ({"inner": {"model_type": "detr"}}, None, "model_type 'None'"),
        ({"model_type": "detr", "num_queries": 0}, None, "config.json, num_queries: num_queries is '0'"),
        ({"model_type": "detr", "num_queries": True}, None, "num_queries is 'True'"),
        ({"model_type": "detr", "num_queries": "9"}, None, "num_queries is '9'"),
        ({"model_type": "detr", "id2label": ["cat"]}, None, "id2label is not a mapping"),
        ({"model_type": "detr", "id2label": {"a": "cat"}}, None, "id 'a' of id2label"),
        (
            {"model_type": "detr"},
            {"size": {"shortest_edge": 800}},
            "preprocessor_config.json, size: size is {",
        ),
        ({"model_type": "detr"}, {"size": {"height": 0, "width": 9}}, "size is {'height': 0"),
        ({"model_type": "detr"}, {"size": {"max_height": 9, "max_width": 8}}, "size is {'max_height'"),
        ({"model_type": "detr"}, {"size": "large"}, "size is large"),
        ({"model_type": "detr"}, {"do_resize": "no"}, "do_resize is 'no'"),
        ({"model_type": "detr"}, "[]", "not a JSON object"),
        ({"model_type": "detr"}, "{", "preprocessor_config.json"),
        ('{"model_type": "detr",', None, "config.json"),
    ],
)
def test_what_cannot_be_replayed_is_an_error(model, config, processor, words):
    assert words in refused(model(config, processor))


def test_a_config_is_found_beside_a_data_set_among_many_other_files(tmp_path):
    """Of other files with the suffix .json, which data sets have by the thousand, none is opened."""
    make(tmp_path, {f"a{number:03}.json": "{}" for number in range(60)})
    make(tmp_path, {"config.json": '{"model_type": "detr"}', "data/labels.json": document()})
    assert str(suggest(read(tmp_path / "data"))).endswith("config.json")
    (tmp_path / "config.json").rename(tmp_path / "other.json")
    assert suggest(read(tmp_path / "data")) is None


def test_on_the_command_line(model, tmp_path):
    """Of three boxes on one image, two are beyond the queries; a box without area is not handed over."""
    config = model({"model_type": "yolos", "num_detection_tokens": 2, "num_labels": 3}, PROCESSOR)
    shapes = [(5, 5, 20, 20), (30, 30, 20, 20), (60, 60, 0, 20), (60, 60, 9, 20)]
    notes = [annotation(i, 1, shape) for i, shape in enumerate(shapes, 1)]
    make(tmp_path, {"data.json": document([image(1)], notes)})
    command = [sys.executable, "-m", "anchoraudit", "scan", "data.json", "--output-format", "json"]
    done = subprocess.run(
        [*command, "--detector", str(config)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert answer["detector"]["name"] == "my-detr"
    assert "ANC017" in done.stdout
