"""CVAT: its XML for images and for video."""

import numpy as np
import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, read
from tests.builders import make, run

LABELS = "<labels><label><name>cat</name></label><label><name>dog</name></label></labels>"
IMAGE = '<image id="0" name="a.jpg" width="640" height="480">{}</image>'
SIZE = "<original_size><width>640</width><height>480</height></original_size>"


def document(*body, meta=f"<task>{LABELS}</task>"):
    inside = "\n".join(body)
    return f"<annotations><version>1.1</version>\n<meta>{meta}</meta>\n{inside}\n</annotations>"


def of(root, *body, **more):
    make(root, {"t.xml": document(*body, **more)})
    return read(root / "t.xml")


def shape(root, text):
    dataset = of(root, IMAGE.format(text))
    assert dataset.findings == []
    return dataset


def told(dataset):
    return [(finding.code, finding.message, finding.place) for finding in dataset.findings]


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ('<box label="cat" xtl="10" ytl="20" xbr="50.5" ybr="40"/>', [10, 20, 50.5, 40]),
        ('<box label="cat" xtl="10" ytl="20" xbr="50" ybr="40" rotation="0.0"/>', [10, 20, 50, 40]),
        ('<box label="cat" xtl="10" ytl="20" xbr="50" ybr="40" rotation="90"/>', [20, 10, 40, 50]),
        ('<box label="cat" xtl="10" ytl="20" xbr="50" ybr="40" rotation="-180"/>', [10, 20, 50, 40]),
        ('<polygon label="cat" points="1,2;5.5,3;4,9"/>', [1, 2, 5.5, 9]),
        ('<ellipse label="cat" cx="50" cy="40" rx="20" ry="10"/>', [30, 30, 70, 50]),
        ('<ellipse label="cat" cx="50" cy="40" rx="20" ry="10" rotation="270"/>', [40, 20, 60, 60]),
        ('<mask label="cat" left="5" top="6" width="7" height="8" rle="1, 55"/>', [5, 6, 12, 14]),
    ],
)
def test_boxes_of_shapes(tmp_path, text, box):
    assert shape(tmp_path, text).boxes.xyxy.tolist() == [box]


def test_a_turned_box_is_turned_about_its_centre(tmp_path):
    text = '<box label="cat" xtl="-2" ytl="-1" xbr="2" ybr="1" rotation="{}"/>'
    for angle in (30, 150):
        half_w, half_h = 2 * np.cos(np.pi / 6) + 0.5, 1 + np.cos(np.pi / 6)
        found = shape(tmp_path, text.format(angle)).boxes.xyxy[0]
        assert np.allclose(found, [-half_w, -half_h, half_w, half_h])


def test_other_shapes_are_counted_and_leave_no_blank_image(tmp_path):
    points = '<points label="cat" points="1,2"/><polyline label="cat" points="1,2;3,4"/>'
    body = [IMAGE.format(points), IMAGE.replace("a.jpg", "b.jpg").format('<tag label="q"/>')]
    box = '<box label="cat" xtl="1" ytl="2" xbr="3" ybr="4"/><polygon label="cat" points="1,2;3,4"/>'
    dataset = of(tmp_path, *body, IMAGE.replace("a.jpg", "c.jpg").format(box))
    assert dataset.images.ids == ["b.jpg", "c.jpg"]
    assert dataset.notes[:4] == [
        "read as the boxes around them: polygons (1)",
        "not read: points (1), polylines (1)",
        "tags of whole images: 1, not read",
        "left out, with nothing but shapes that are not read: 1 images",
    ]


def test_classification_is_refused_by_name(tmp_path):
    with pytest.raises(AnchorauditError, match="no boxes, only 1 tags, which are classes of whole images"):
        of(tmp_path, IMAGE.format('<tag label="cat"/>'))
    with pytest.raises(AnchorauditError, match="neither an <image> nor a <track>"):
        of(tmp_path)


def test_broken_shapes(tmp_path):
    shapes = [
        '<box label="cat" xtl="one" ytl="2" xbr="3" ybr="4"/>',
        '<box label="bus" xtl="1" ytl="2" xbr="NaN" ybr="4"/>',
        '<box xtl="1" ytl="2" xbr="3"/>',
        '<box label="bus" xtl="1" ytl="2" xbr="3" ybr="4" rotation="x"/>',
        '<polygon label="cat" points="1;2"/>',
        '<polygon label="cat"/>',
        '<image width="640" height="480"/>',
    ]
    image = IMAGE.replace('640"', 'wide"').format("\n".join(shapes[:-1]))
    dataset = of(tmp_path, image, shapes[-1])
    assert told(dataset) == [
        ("PAR002", "the image has no name", "line 9"),
        ("PAR004", "`xtl` is 'one', not a number", "line 3"),
        ("CLS001", "the label 'bus' is not among the 2 labels of the file", "line 4"),
        ("PAR003", "the box has no label", "line 5"),
        ("PAR003", "the box has no `ybr`", "line 5"),
        ("PAR004", "`rotation` is not a number", "line 6"),
        ("PAR004", "`points` are not pairs of numbers", "line 7"),
        ("PAR003", "the polygon has no points", "line 8"),
        ("IMG002", "image 'a.jpg' has no declared size, and its file cannot be read", "line 3"),
        ("BOX001", "a coordinate is not finite", "line 4"),
    ]
    assert [category.name for category in dataset.categories] == ["bus", "cat", "dog"]


@pytest.mark.parametrize("place", ["task", "project", "job"])
def test_labels_are_found_wherever_they_are(tmp_path, place):
    labels = (
        "<labels><label><name>cat</name><attributes><attribute><name>colour</name></attribute></attributes>"
        "</label><label><name>nose</name><type>points</type></label></labels>"
    )
    dataset = of(tmp_path, IMAGE.format(""), meta=f"<{place}>{labels}</{place}>")
    assert [category.name for category in dataset.categories] == ["cat"]


def test_subsets_and_files_are_splits(tmp_path):
    image = '<image name="{0}.jpg" subset="{1}" width="640" height="480"><box label="cat" xtl="x"/></image>'
    body = [image.format("a", "Train"), image.format("b", "Val"), image.format("c", "Train")]
    names = ("Train/a.jpg", "Train/c.jpg", "Val/b.jpg")
    make(tmp_path, {f"images/{name}": (640, 480) for name in names})
    dataset = of(tmp_path, *body)
    assert dataset.splits == ("Train", "Val")
    assert dataset.images.ids == ["a.jpg", "c.jpg", "b.jpg"]
    assert [f.place for f in dataset.findings if f.code == "PAR003"] == ["line 3", "line 4", "line 5"]
    assert dataset.image_path(2) == tmp_path / "images/Val/b.jpg"
    val = read(tmp_path / "t.xml", splits=("Val",))
    assert (val.images.ids, val.splits) == (["b.jpg"], ("Val",))
    text = document(IMAGE.format(""))
    two = make(tmp_path / "two", {"train.xml": text, "val.xml": text})
    assert read(two).splits == ("train", "val")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</image>", "", "not well-formed XML: mismatched tag"),
        ("<annotations>", "<!DOCTYPE annotations [<!ENTITY a 'b'>]><annotations>", "document type"),
        ("<annotations>", '<?xml version="1.0" encoding="x-none"?><annotations>', "unknown encoding"),
    ],
)
def test_a_file_that_is_no_xml_is_refused(tmp_path, old, new, words):
    text = document(IMAGE.format("")).replace(old, new, 1)
    make(tmp_path, {"t.xml": text})
    with pytest.raises(AnchorauditError, match=words):
        read(tmp_path / "t.xml")


def test_a_broken_file_among_others_is_a_finding(tmp_path):
    text = document(IMAGE.format(""))
    make(tmp_path, {"a.xml": text, "b.xml": text[:-9], "c.xml": text.replace("annotations", "note")})
    dataset = read(tmp_path, format="cvat")
    assert [(code, place) for code, _, place in told(dataset)] == [
        ("PAR001", "line 4, column 1"),
        ("PAR001", ""),
    ]
    assert dataset.splits == ("a",)


# Video

TRACK = '<track id="0" label="cat">{}</track>'
BOX = '<box frame="{}" keyframe="1" outside="{}" occluded="0" xtl="10" ytl="20" xbr="110" ybr="70"/>'


def task(size, start, stop, more=""):
    first, last = f"<start_frame>{start}</start_frame>", f"<stop_frame>{stop}</stop_frame>"
    return f"<task><size>{size}</size>{first}{last}{more}{SIZE}</task>"


def test_frames_without_a_visible_box_are_blank(tmp_path):
    boxes = [BOX.format(0, 0), BOX.format(1, 1), BOX.format(3, 0).replace('keyframe="1"', 'keyframe="0"')]
    dataset = of(tmp_path, TRACK.format("".join(boxes)), meta=task(4, 0, 3))
    assert dataset.images.ids == [f"frame_{n:06d}" for n in range(4)]
    assert dataset.images.width.tolist() == [640] * 4
    assert dataset.boxes.image.tolist() == [0, 3]  # a gap is not interpolated
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]] * 2
    assert dataset.recognised == "CVAT for video: an XML file"


def test_frames_are_those_of_the_video(tmp_path):
    step = "<frame_filter>step=3</frame_filter>"
    make(tmp_path, {"images/frame_000010.PNG": (640, 480), "images/frame_000013.PNG": (640, 480)})
    dataset = of(tmp_path, TRACK.format(BOX.format(13, 0)), meta=task(3, 10, 16, step))
    assert dataset.images.file_names == ["frame_000010.PNG", "frame_000013.PNG", "frame_000016"]
    assert [code for code, *_ in told(dataset)] == ["IMG001"]


def test_frames_that_the_task_does_not_have(tmp_path):
    boxes = (
        BOX.format(0, 0) + BOX.format(7, 0) + BOX.format("x", 0) + BOX.format(1, 0).replace("box", "points")
    )
    dataset = of(tmp_path, TRACK.format(boxes), meta=task(2, 0, 1))
    assert dataset.images.ids == ["frame_000000", "frame_000007"]  # frame 1 has only points
    assert [(code, message) for code, message, _ in told(dataset)] == [
        ("PAR003", "the box has no number of a frame"),
        ("SET003", "boxes in 1 frames that the task does not have: 0 to 1"),
    ]


@pytest.mark.parametrize("meta", ["", task(2, 0, 1) * 2, task("many", "", "")])
def test_without_a_length_only_frames_with_boxes_are_read(tmp_path, meta):
    dataset = of(tmp_path, TRACK.format(BOX.format(5, 0)), meta=meta + SIZE)
    assert dataset.images.ids == ["frame_000005"]
    assert any(note.startswith("frames without boxes are not read") for note in dataset.notes)


# Recognising it


def test_where_it_is_found(tmp_path):
    text = document(IMAGE.format(""))
    make(tmp_path, {"annotations.xml": text, "images/a.jpg": (9, 9)})
    assert detect(tmp_path).path == tmp_path / "annotations.xml"
    make(tmp_path, {"a.xml": "<annotation/>"})
    assert detect(tmp_path).format == "voc"
    make(tmp_path / "below", {"annotations/train.xml": text, "images/a.jpg": (640, 480)})
    assert (detect(tmp_path / "below").format, read(tmp_path / "below").findings) == ("cvat", [])


def test_a_scan_of_a_video(tmp_path, here, capsys):
    make(tmp_path, {"t.xml": document(TRACK.format(BOX.format(0, 0)), meta=task(2, 0, 1))})
    assert run("scan", tmp_path / "t.xml") == 1  # a frame without an object has no foreground
    assert "2 images" in capsys.readouterr().out
