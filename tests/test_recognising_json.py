"""Every format of JSON is recognised by what is in a file, wherever that is, and however much is before."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from anchoraudit import formats
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Sureness, _documents, detect
from anchoraudit.formats._looking import STEPS
from tests.builders import document, make
from tests.test_format_examples import EXTRAS

MORE = STEPS[0] + 1000  # bytes that hide what comes after them from the first look


def in_json():
    """The formats whose example is JSON, or lines of it."""
    for name, module in formats.formats().items():
        if Path(module.EXAMPLE_PATH).suffix in (".json", ".odgt", ".ndjson"):
            yield name


def objects(value, path=()):
    """The paths of all objects in a value."""
    if isinstance(value, dict):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from objects(inner, (*path, key))


def changed(value, path, change):
    """The value with one object of it changed."""
    if not path:
        return change(value)
    inner = changed(value[path[0]], path[1:], change)
    if isinstance(value, list):
        return [inner if n == path[0] else one for n, one in enumerate(value)]
    return {key: inner if key == path[0] else one for key, one in value.items()}


def prolonged(value, size):
    """A value of the same kind that is longer; numbers stay as they are."""
    if isinstance(value, dict):
        (first, *_) = value.values() or [0]
        count = 1 + size // (len(json.dumps(first)) + 10)
        return {**value, **{f"~{n}": first for n in range(count)}}
    if isinstance(value, list):
        return (value or [0]) * (1 + size // len(json.dumps(value or [0])))
    return f"{value or ''}" + "~" * size if value is None or isinstance(value, str) else value


def variants(example, size, images):
    """The example with each key of its objects first, and long; and with another key before all of them.

    images: their names without suffix. Where those are keys, there are no others.
    """
    longs = [[0] * (size // 3), "A" * size, [{"a": ['"]}{', {}]}] * (size // 20)]
    for path in objects(example):
        keys = changed(example, path, list)
        for part in path:
            keys = keys[part]
        for long in longs if images.isdisjoint(key.split(".")[0] for key in keys) else ():
            yield changed(example, path, lambda value, long=long: {"~": long, **value})
        for key in keys:
            yield changed(
                example,
                path,
                lambda value, key=key: {
                    key: prolonged(value[key], size),
                    **{other: one for other, one in value.items() if other != key},
                },
            )


def taken_for(path):
    """The format of a path, "" if none is sure."""
    try:
        found = detect(path)
    except AnchorauditError:
        return ""
    return found.format if found.sureness > Sureness.SUFFIX else ""


@pytest.mark.parametrize("name", [*in_json()])
def test_a_format_is_recognised_in_whatever_order_its_keys_are(tmp_path, name):
    module = formats.formats()[name]
    example = json.loads(module.EXAMPLE)
    make(tmp_path / "folder", {**module.EXAMPLE_BESIDE, module.EXAMPLE_PATH: module.EXAMPLE})
    file = tmp_path / "folder" / module.EXAMPLE_PATH
    # By a name that says nothing, some are not recognised at all.
    other = tmp_path / f"some{file.suffix}"
    other.write_text(module.EXAMPLE)
    paths = {other: other, file: tmp_path / "folder"} if taken_for(other) else {file: tmp_path / "folder"}
    images = {Path(beside).stem for beside in module.EXAMPLE_BESIDE}
    for value in variants(example, MORE, images):
        text = json.dumps(value)
        for file, path in paths.items():
            file.write_text(f"{text}\n")
            assert taken_for(path) == name, (path.name, text[:80])


LONG, TEXT = {"~": [0] * 9_000}, "A" * 20_000
CORNERS = {"x1": 1, "y1": 2, "x2": 5, "y2": 6}
# What else the formats read than their examples, with what is long before what tells.
OTHERS = {
    "coco": [
        {"annotations": [{"segmentation": [[1.5] * 5_000], "image_id": 1}], "images": [], "categories": []},
        {"info": {"text": TEXT}, "licenses": LONG, "annotations": [{**LONG, "image_id": 1}]},
    ],
    "fiftyone": [{"info": LONG, "name": TEXT, "samples": [{"tags": [0] * 9_000, "filepath": "a.jpg"}]}],
    "bdd100k": [
        {
            "config": LONG,
            "frames": [{"labels": [{**LONG, "category": "car", "box2d": CORNERS}], "name": "a"}],
        },
        {"attributes": LONG, "frames": [{**LONG, "objects": []}], "name": "a"},
    ],
    "via": [{"_via_settings": LONG, "_via_attributes": {}, "_via_img_metadata": {}}],
    "labelstudio": [
        {
            "predictions": [{**LONG, "result": []}],
            "data": {"image": "a.jpg"},
            "annotations": [{"result": []}],
        },
        [{**LONG, "label": [{**LONG, "original_width": 9, "rectanglelabels": ["cat"]}], "image": "a.jpg"}],
    ],
    "createml": [[{"annotation": [{**LONG, "coordinates": {}}], "imagefilename": "a.jpg"}]],
}


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, many in OTHERS.items() for one in many])
def test_its_other_kinds_are_too(tmp_path, name, value):
    make(tmp_path / "folder", {"x.json": value})
    assert taken_for(tmp_path / "folder") == name
    assert taken_for(tmp_path / "folder" / "x.json") == name


@pytest.mark.parametrize("name", [*in_json()])
def test_a_long_file_is_read_as_a_short_one(tmp_path, name):
    """And so is one that lies among short ones."""
    module = formats.formats()[name]
    if name in EXTRAS and find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    example = json.loads(module.EXAMPLE)
    long = {**LONG, **example} if isinstance(example, dict) else [{**LONG, **one} for one in example]
    if name == "via":  # whose keys are names of images
        long = {key: {**LONG, **one} for key, one in example.items()}
    make(tmp_path / "short", {**module.EXAMPLE_BESIDE, module.EXAMPLE_PATH: module.EXAMPLE})
    make(tmp_path / "long", {**module.EXAMPLE_BESIDE, module.EXAMPLE_PATH: json.dumps(long) + "\n"})
    short, read = (formats.read(tmp_path / folder) for folder in ("short", "long"))
    assert (read.format, read.findings, read.images.file_names) == (name, [], short.images.file_names)
    assert read.boxes.xyxy.tolist() == short.boxes.xyxy.tolist()


def looks(monkeypatch):
    """Record how many bytes are looked at."""
    taken = []
    shortened = _documents.json_shortened.shortened

    def recorded(path, most):
        taken.append(most)
        return shortened(path, most)

    monkeypatch.setattr(_documents.json_shortened, "shortened", recorded)
    return taken


def test_no_more_is_looked_at_than_tells(tmp_path, monkeypatch):
    taken = looks(monkeypatch)
    entries = document(images=[{"id": n, "file_name": f"{n}.jpg"} for n in range(9_000)])
    make(tmp_path, {"a.json": entries, "b/b.json": {"project": {"vid_list": [0] * 9_000}, "config": {}}})
    assert taken_for(tmp_path / "a.json") == "coco" and taken == [STEPS[0]]
    assert taken_for(tmp_path / "b") == "via3" and taken == [STEPS[0], STEPS[0], STEPS[1]]
    assert taken_for(tmp_path / "b/b.json") == "via3" and len(taken) == 3


def test_a_large_file_of_no_format_costs_nothing_beside_one(tmp_path, monkeypatch):
    taken = looks(monkeypatch)
    make(
        tmp_path, {"annotations/instances_a.json": document(), "statistics.json": {"a": [0] * 9_000, "b": 1}}
    )
    assert taken_for(tmp_path) == "coco" and set(taken) == {STEPS[0]}


def test_the_keys_of_a_long_file_of_no_format_are_named(tmp_path):
    make(tmp_path, {"a.json": {"first": [{"x": 0}] * 30_000, "second": {}, "third": 1}})
    with pytest.raises(AnchorauditError, match="a JSON object with `first`, `second`, `third`"):
        formats.read(tmp_path)
