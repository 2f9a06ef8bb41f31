"""FiftyOne: labels.json and samples.json, boxes in fractions, unlabelled images, fields."""

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import fiftyone, read
from tests.builders import make, run

BOX = [0.1, 0.2, 0.4, 0.4]  # of an image of 200x100: 20, 20, 100, 60


def detections(*boxes, label="cat"):
    listed = [{"_cls": "Detection", "label": label, "bounding_box": [*box]} for box in boxes]
    return {"_cls": "Detections", "detections": listed}


def sample(name="a.jpg", **fields):
    return {"filepath": f"data/{name}", "tags": [], **fields}


def rounded(dataset):
    return dataset.boxes.xyxy.round(9).tolist()


def test_the_example_is_read(tmp_path):
    dataset = read(make(tmp_path, {fiftyone.EXAMPLE_PATH: fiftyone.EXAMPLE, **fiftyone.EXAMPLE_BESIDE}))
    assert dataset.boxes.xyxy.round(3).tolist() == [[10, 20, 110, 70]]


def test_a_label_is_a_place_in_the_classes_and_null_is_unlabelled(tmp_path):
    labels = {
        "a": [{"label": 0, "bounding_box": BOX}],
        "b": None,
        "c": [],
        "d": [{"label": 7, "bounding_box": BOX}, {"label": 0}, 5],
    }
    images = {f"data/{name}.jpg": (200, 100) for name in "abcd"}
    dataset = read(make(tmp_path, {"labels.json": {"classes": ["cat"], "labels": labels}, **images}))
    assert rounded(dataset)[:2] == [[20, 20, 100, 60]] * 2
    assert dataset.images.file_names == ["a.jpg", "c.jpg", "d.jpg"]
    assert dataset.notes == ["labels.json: 1 image is unlabelled (null), so not blank, and not read"]
    assert dataset.left_out == ((0, "b.jpg"),)
    assert [(f.code, f.place) for f in dataset.findings] == [
        ("CLS001", "labels['d'][0]"),
        ("PAR003", "labels['d'][1]"),
        ("PAR003", "labels['d'][2]"),
    ]


def test_without_classes_labels_are_names(tmp_path):
    value = {"labels": {"x/a.png": [{"label": "cat", "bounding_box": BOX}]}}
    dataset = read(make(tmp_path, {"labels.json": value, "data/x/a.png": (200, 100)}))
    assert [one.name for one in dataset.categories] == ["cat"]
    assert rounded(dataset) == [[20, 20, 100, 60]]


def test_a_missing_image_has_no_size(tmp_path):
    value = {"labels": {"a": [{"label": "cat", "bounding_box": BOX}], "b": []}}
    dataset = read(make(tmp_path, {"labels.json": value, "data/b.jpg": (9, 9)}))
    assert [f.code for f in dataset.findings] == ["IMG001", "IMG002"]


class TestSamples:
    def test_the_truth_is_read_and_the_rest_is_named(self, tmp_path):
        samples = [
            sample(ground_truth=detections(BOX), predictions=detections(BOX, BOX), tags=["train"]),
            sample("b.jpg", ground_truth=None, tags=["validation"]),
            sample("c.jpg", ground_truth=detections(), tags=["validation", "x"]),
            {"tags": []},
        ]
        images = {f"data/{name}.jpg": (200, 100) for name in "abc"}
        make(tmp_path, {"samples.json": {"samples": samples}, "metadata.json": {"info": {}}, **images})
        dataset = read(tmp_path)
        assert (dataset.format, dataset.splits) == ("fiftyone", ("train", "validation"))
        assert rounded(dataset) == [[20, 20, 100, 60]]
        assert dataset.images.file_names == ["data/a.jpg", "data/c.jpg"]
        assert dataset.notes == [
            "the boxes are those of the field `ground_truth`; not read: predictions",
            "samples.json: 1 image is unlabelled (null), so not blank, and not read",
        ]
        assert [(f.code, f.place) for f in dataset.findings] == [("PAR002", "samples[3]")]
        assert read(tmp_path, splits=("validation",)).images.file_names == ["data/c.jpg"]

    def test_a_large_file_is_the_same(self, tmp_path, monkeypatch):
        own = [sample(f"{n}.jpg", ground_truth=detections(BOX), tags=["train"]) for n in range(3)]
        files = {"samples.json": {"samples": own}, **{f"data/{n}.jpg": (200, 100) for n in range(3)}}
        small = read(make(tmp_path, files))
        monkeypatch.setattr(fiftyone, "_LARGE", 1)
        large = read(tmp_path)
        assert rounded(large) == rounded(small) == [[20, 20, 100, 60]] * 3
        assert large.images.file_names == small.images.file_names
        broken = '{"samples": [' + '{"filepath": "a", "tags": []}, ' * 1_000 + "}"
        (tmp_path / "samples.json").write_text(broken)
        with pytest.raises(AnchorauditError, match="not valid JSON"):
            read(tmp_path)

    def test_another_field_is_asked_for(self, tmp_path, capsys):
        metadata = {"width": 200, "height": 100}
        make(
            tmp_path, {"s.json": {"samples": [sample(a=detections(BOX), b=detections(), metadata=metadata)]}}
        )
        with pytest.raises(AnchorauditError, match="which field has the annotations"):
            read(tmp_path / "s.json")
        assert rounded(read(tmp_path / "s.json", box_field="a")) == [[20, 20, 100, 60]]
        assert run("scan", tmp_path / "s.json", "--box-field", "c") == 2
        assert "Choose with --box-field from: a, b." in capsys.readouterr().err

    def test_predictions_alone_are_not_the_truth(self, tmp_path):
        make(tmp_path, {"s.json": {"samples": [sample(predictions=detections(BOX))]}})
        with pytest.raises(AnchorauditError, match="which field"):
            read(tmp_path / "s.json")


def test_other_files_of_these_names(tmp_path):
    """Both names are those of thousands of unrelated files."""
    make(tmp_path, {"labels.json": {"0": "cat"}, "samples.json": {"samples": [{"id": 1}]}})
    make(tmp_path, {"x/labels.json": {"classes": ["a"], "labels": {"a": "cat"}}, "y.json": ["cat"]})
    assert fiftyone.detect(tmp_path) is None
