"""`export`: flagged images in files that other programs import.

The importers of these programs read such files: FiftyOne 1.22.1 (FiftyOneDatasetImporter, on a database in
memory), datumaro 1.13.12 (CVAT and COCO), label-studio-sdk 2.1.2 (LabelInterface), cvat-sdk 2.80.0 (its
models of labels). The tests hold the forms that they read.
"""

import json
import xml.etree.ElementTree as ET

import pytest
from pycocotools.coco import COCO

import anchoraudit
from anchoraudit import AnchorauditError, audit, export, read
from anchoraudit.report.exports import target_names, target_of
from tests.builders import GOOD, annotation, document, image, make, run

SAMPLE = "sample_data/coco"
CAT = [GOOD[0], GOOD[1], GOOD[0] + GOOD[2], GOOD[1] + GOOD[3]]
EVIL = "<\"&'>\x1b[31m\n$"


@pytest.fixture(scope="module")
def sample():
    return audit(SAMPLE)


@pytest.fixture(scope="module")
def written(sample, tmp_path_factory):
    """All images of the sample data for each program: name -> folder."""
    root = tmp_path_factory.mktemp("exports")
    found = {name: export(sample, root / name, name, verdicts=["all"]) for name in target_names()}
    return {name: one.folder for name, one in found.items()}


def load(path):
    return json.loads(path.read_text())


def corners(dataset):
    boxes, images = dataset.boxes, dataset.images
    names = [images.file_names[i].rpartition("/")[2] for i in boxes.image.tolist()]
    return sorted((n, *row) for n, row in zip(names, boxes.xyxy.round(6).tolist(), strict=True))


def test_coco_is_read_back(sample, written):
    again = read(written["coco"] / "annotations.json", image_folder=SAMPLE)
    assert corners(again) == corners(sample.original)
    assert {(c.id, c.name) for c in again.categories} == {(c.id, c.name) for c in sample.original.categories}
    assert again.images.ids == sample.original.images.ids
    found = COCO(str(written["coco"] / "annotations.json"))
    by_tag = {tag for one in found.imgs.values() for tag in one["tags"]}
    assert {"verdict:empty_foreground", "cause:small", "split:val"} <= by_tag
    assert sum(one["attributes"]["status"] == "unmatched" for one in found.anns.values()) == 20


def test_cvat_is_read_back(sample, written):
    """By labelformat, and in the order in which CVAT numbers the images of a task."""
    again = read(written["cvat"], image_folder=SAMPLE)
    assert corners(again) == [row for row in corners(sample.original) if row[0] != "lost_photo.jpg"]
    root = ET.parse(written["cvat"] / "annotations.xml").getroot()
    images = list(root.iter("image"))
    assert [one.get("id") for one in images] == [str(i) for i in range(25)]
    assert [one.get("name") for one in images] == sorted(one.get("name") for one in images)
    tags = {tag.get("label") for one in images for tag in one.iter("tag")}
    declared = {label.findtext("name"): label.findtext("type") for label in root.iter("label")}
    assert {name for name, kind in declared.items() if kind == "tag"} == tags
    assert "verdict:blank" in tags
    labels = load(written["cvat"] / "labels.json")
    assert {one["name"]: one["type"] for one in labels} == declared
    causes = [a.text for one in images for a in one.iter("attribute") if a.get("name") == "cause" and a.text]
    assert sorted(causes) == sorted(
        ["edge"] * 6 + ["stride"] + ["small"] * 7 + ["large"] * 3 + ["elongated"] * 3
    )


def test_fiftyone_has_fields_tags_and_shares(sample, written):
    metadata, samples = (load(written["fiftyone"] / f"{name}.json") for name in ("metadata", "samples"))
    fields = {field["name"] for field in metadata["sample_fields"]}
    internal = {"_id", "_cls"}
    for one in samples["samples"]:
        assert set(one) - internal <= fields
        assert one["filepath"].startswith("/") or "lost_photo" in one["filepath"]
    assert len({one["_id"]["$oid"] for one in samples["samples"]}) == 26
    by_verdict = {}
    for one in samples["samples"]:
        by_verdict.setdefault(one["verdict"], []).append(one)
    assert len(by_verdict["empty_foreground"]) == 14
    first = by_verdict["ok"][0]
    assert first["tags"] == ["verdict:ok", "split:train"]
    assert first["ground_truth"]["detections"][0]["bounding_box"] == [400 / 960, 0.5, 180 / 960, 260 / 720]
    detections = [d for one in samples["samples"] for d in one["ground_truth"]["detections"]]
    assert sum("status:unmatched" in one["tags"] for one in detections) == 20
    described = metadata["sample_fields"][
        [f["name"] for f in metadata["sample_fields"]].index("ground_truth")
    ]
    nested = {field["name"] for field in described["fields"][0]["fields"]}
    assert all(set(one) - internal - {"attributes"} <= nested for one in detections)


def test_labelstudio_has_choices_that_its_interface_has(written):
    tasks = load(written["labelstudio"] / "tasks.json")
    config = ET.parse(written["labelstudio"] / "config.xml").getroot()
    controls = {one.get("name"): one for one in config if one.get("toName")}
    values = {name: {value.get("value") for value in one} for name, one in controls.items()}
    kinds = {name: one.tag.lower() for name, one in controls.items()}
    assert len(tasks) == 26
    for task in tasks:
        assert task["data"]["image"].startswith("/data/local-files/?d=")
        for region in task["predictions"][0]["result"]:
            value = region["value"]
            assert kinds[region["from_name"]] == region["type"]
            assert set(value.get("choices") or value["rectanglelabels"]) <= values[region["from_name"]]
            assert all(0 <= value[side] <= 100 for side in ("x", "y", "width", "height") if side in value)
    first = tasks[0]["predictions"][0]["result"][0]["value"]
    assert [round(first[side], 4) for side in ("x", "y", "width", "height")] == [41.6667, 50, 18.75, 36.1111]


def test_only_flagged_images_are_written_unless_others_are_named(sample, tmp_path):
    result = export(sample, tmp_path / "a", "coco")
    assert result.images == 20
    verdicts = {one["verdict"] for one in load(tmp_path / "a" / "annotations.json")["images"]}
    assert verdicts == {"empty_foreground", "blank", "no_usable_box", "unknown"}
    assert export(sample, tmp_path / "b", "coco", verdicts=["ok", "blank"]).images == 9
    with pytest.raises(AnchorauditError, match="Did you mean blank"):
        export(sample, tmp_path / "c", "coco", verdicts=["blnk"])
    with pytest.raises(AnchorauditError, match="no image has the verdict forced_only"):
        export(sample, tmp_path / "c", "coco", verdicts=["forced_only"])
    assert not (tmp_path / "c").exists()


def test_without_a_detector_images_with_an_error_are_written(tmp_path):
    boxes = [CAT, [2000, 1, 2010, 5]]
    entries = [{"width": 960, "height": 720, "boxes": boxes[:n], "labels": [1] * n} for n in (1, 2)]
    judged = audit(entries, None)
    assert export(judged, tmp_path, "coco").images == 1
    (one,) = load(tmp_path / "annotations.json")["images"]
    assert one["tags"] == ["error:BOX003"]
    with pytest.raises(AnchorauditError, match="no verdicts"):
        export(judged, tmp_path, "coco", verdicts=["ok"], force=True)


@pytest.mark.parametrize("name", target_names())
def test_hostile_names_and_odd_boxes_end_no_file(name, tmp_path):
    """Names are text everywhere; what has no coordinates or no size is left out, and said."""
    entries = [
        {
            "width": 960,
            "height": 720,
            "boxes": [CAT, [1, 2, float("nan"), 4]],
            "labels": [EVIL, ""],
            "split": EVIL,
        },
        {"boxes": [CAT, [-50, -50, -10, -10]], "labels": ["a", None], "file_name": EVIL},
        {"width": 960, "height": 720, "boxes": [[-50, -50, -10, 5000]], "labels": [EVIL]},
    ]
    result = export(audit(entries), tmp_path, name, verdicts=["all"])
    for file in result.files:
        text = (tmp_path / file).read_text()
        assert "\x1b" not in text
        (json.loads if file.endswith(".json") else ET.fromstring)(text)
    assert any("left out: not finite" in remark for remark in result.remarks)
    assert ("1 image of unknown size left out" in result.remarks) == (name == "cvat")
    assert any("not found" in remark for remark in result.remarks)
    assert str(tmp_path) in result.how


def test_files_are_replaced_only_if_told(sample, tmp_path):
    export(sample, tmp_path, "cvat")
    with pytest.raises(AnchorauditError, match="exists already"):
        export(sample, tmp_path, "cvat")
    export(sample, tmp_path, "cvat", force=True)
    with pytest.raises(AnchorauditError, match="cannot export to 'excel'"):
        target_of("excel")
    with pytest.raises(AnchorauditError, match="a file, not a folder"):
        export(sample, tmp_path / "labels.json", "cvat")


def test_inputs_are_never_replaced(tmp_path):
    make(tmp_path, {"annotations.json": document()})
    judged = audit(tmp_path / "annotations.json")
    before = (tmp_path / "annotations.json").read_bytes()
    with pytest.raises(AnchorauditError, match="inputs are never changed"):
        export(judged, tmp_path, "coco", verdicts=["all"], force=True)
    assert (tmp_path / "annotations.json").read_bytes() == before


def test_the_command_says_what_it_wrote_and_how_to_import_it(here, capsys):
    make(here, {"a.json": document([image(1), image(2)], [annotation()])})
    assert run("export", "a.json", "--to", "fiftyone", "-o", "out", "--detector", "reference") == 0
    told = capsys.readouterr()
    assert "Wrote 1 image and 0 boxes to out/metadata.json, out/samples.json." in told.out
    assert "FiftyOneDataset" in told.out
    assert "No --detector given" not in told.out
    assert "image files not found" in told.err
    assert run("export", "a.json", "--to", "coco", "-o", "out", "--verdict", "all") == 0
    assert "2 images and 1 box" in capsys.readouterr().out
    assert run("export", "a.json", "--to", "coco", "-o", "out") == 2
    assert "exists already" in capsys.readouterr().err
    assert run("export", "a.json", "-o", "out") == 2
    assert run("export", "a.json", "--to", "coco", "-o", "none", "--detector", "none") == 2
    assert "no image is flagged" in capsys.readouterr().err


def test_a_data_set_is_audited_first(tmp_path):
    assert anchoraudit.export(SAMPLE, tmp_path, "coco", verdicts=["ok"]).images == 6
