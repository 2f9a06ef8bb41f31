"""BDD100K and Scalabel: lists of frames, tracking, the old files for single images."""

from anchoraudit.formats import bdd100k, detect, read
from tests.builders import make


def label(x1=10, y1=20, x2=110, y2=70, category="car", **more):
    corners = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return {"id": "0", "category": category, "attributes": {"occluded": False}, "box2d": corners, **more}


LANE = {"category": "lane", "poly2d": [[1, 2, "L"], [3, 4, "L"]], "box2d": None}


def test_the_example_has_the_right_answer(tmp_path):
    dataset = read(make(tmp_path, {bdd100k.EXAMPLE_PATH: bdd100k.EXAMPLE, **bdd100k.EXAMPLE_BESIDE}))
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert (dataset.format, dataset.splits, dataset.findings) == ("bdd100k", ("train",), [])


def test_frames_without_labels_are_blank_and_counted(tmp_path):
    frames = [{"name": "a.jpg", "labels": [label()]}, {"name": "b.jpg"}, {"name": "c.jpg", "labels": None}]
    frames.append({"name": "d.jpg", "labels": [LANE, {"category": "x", "box3d": {}}]})
    images = {f"images/100k/val/{name}.jpg": (1280, 720) for name in "abcd"}
    dataset = read(make(tmp_path, {"labels/bdd100k_labels_images_val.json": frames, **images}))
    assert dataset.images.file_names == ["a.jpg", "b.jpg", "c.jpg"]
    assert dataset.findings == []
    assert dataset.notes == [
        "val: taken as blank, of 3 images: 2 without `labels`",
        "not read: 1 poly2d, 1 box3d",
        "not read: 1 image which has only such shapes, so not blank: d.jpg",
    ]
    assert dataset.left_out == ((0, "d.jpg"),)


def test_an_object_with_frames_has_the_size_in_its_config(tmp_path):
    value = {
        "frames": [{"name": "a", "labels": [label(attributes={"crowd": True}), label(score=0.5)]}],
        "config": {"imageSize": {"width": 640, "height": 480}},
    }
    dataset = read(make(tmp_path, {"a.json": value}) / "a.json")
    assert dataset.images.width.tolist() == [640]
    assert dataset.boxes.crowd.tolist() == [True, False]
    assert any("1 label has a `score`, so it may be of a detector" in n for n in dataset.notes)


def test_tracking_has_a_file_for_each_video(tmp_path):
    files = {}
    for video in ("v1", "v2"):
        frames = [
            {"name": f"{video}-{n}.jpg", "videoName": video, "frameIndex": n, "labels": [label()]}
            for n in range(2)
        ]
        files[f"labels/box_track_20/train/{video}.json"] = frames
        files |= {f"images/track/train/{video}/{video}-{n}.jpg": (64, 48) for n in range(2)}
    dataset = read(make(tmp_path, files))
    assert dataset.images.file_names == ["v1/v1-0.jpg", "v1/v1-1.jpg", "v2/v2-0.jpg", "v2/v2-1.jpg"]
    assert (dataset.splits, dataset.findings) == (("train",), [])
    assert len(dataset.boxes) == 4


def test_old_files_have_one_image_whose_name_has_no_suffix(tmp_path):
    def old(name, *objects):
        return {"name": name, "frames": [{"timestamp": 10000, "objects": [*objects]}], "attributes": {}}

    files = {
        "labels/100k/train/a.json": old("a", label(), LANE, {"category": "car", "box2d": {"x1": 1}}),
        "labels/100k/train/b.json": old("b", LANE),
        "labels/100k/train/c.json": old("c"),
        **{f"images/100k/train/{name}.jpg": (1280, 720) for name in "abc"},
    }
    dataset = read(make(tmp_path, files))
    assert dataset.images.file_names == ["images/100k/train/a.jpg", "images/100k/train/c.jpg"]
    assert [(f.code, f.place) for f in dataset.findings] == [("PAR003", "frames[0].objects[2].box2d")]
    assert dataset.boxes.xyxy[0].tolist() == [10, 20, 110, 70]
    assert any("b" in note and "so not blank" in note for note in dataset.notes)


def test_what_is_broken_is_a_finding(tmp_path):
    frames = [
        {"name": "a.jpg", "labels": [label(), 7, {"category": "x", "box2d": [1, 2]}]},
        {"name": "", "labels": []},
        "x",
        {"name": "b.jpg", "labels": {"0": label()}},
    ]
    dataset = read(make(tmp_path, {"det.json": frames, "a.jpg": (640, 480)}))
    assert [(f.code, f.place) for f in dataset.findings] == [
        ("PAR003", "[0].labels[1]"),
        ("PAR003", "[0].labels[2].box2d"),
        ("PAR002", "[1]"),
        ("PAR002", "[2]"),
        ("PAR003", "[3].labels"),
    ]


def test_other_lists_of_names_are_not_taken(tmp_path):
    make(tmp_path, {"a.json": [{"name": "a", "labels": ["cat"]}], "b.json": [{"name": "x"}]})
    assert bdd100k.detect(tmp_path) is None
    make(tmp_path, {"c.json": [{"name": "a.jpg", "videoName": "v", "labels": None}]})
    assert detect(tmp_path / "c.json").format == "bdd100k"
