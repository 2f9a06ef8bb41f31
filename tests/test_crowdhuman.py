"""CrowdHuman's .odgt: three boxes a person, crowds, results of detectors, broken lines."""

import json

import pytest

from anchoraudit import audit_partitions, merge
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import crowdhuman, read
from tests.builders import make, run
from tests.conftest import SAMPLE

PERSON = {
    "tag": "person",
    "fbox": [10, 20, 100, 50],
    "vbox": [10, 20, 90, 50],
    "hbox": [40, 20, 20, 20],
    "head_attr": {"ignore": 1, "occ": 0, "unsure": 0},
    "extra": {"box_id": 0, "occ": 0},
}
MASK = {"tag": "mask", "fbox": [-5, 0, 30, 40], "vbox": [0, 0, 25, 40], "extra": {"ignore": 1}}


def odgt(*lines):
    return "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)


def people(identity="1,ab", *boxes):
    return {"ID": identity, "gtboxes": [*boxes]}


def test_the_example_has_the_right_answer(tmp_path):
    files = {crowdhuman.EXAMPLE_PATH: crowdhuman.EXAMPLE, **crowdhuman.EXAMPLE_BESIDE}
    dataset = read(make(tmp_path, files))
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert (dataset.splits, dataset.images.ids) == (("train",), ["1,ab"])
    assert dataset.images.file_names == ["1,ab.jpg"]


def test_parts_get_their_sizes_from_headers_too(tmp_path):
    """What the reader saw of image files is of a part, and does not go into the result of all."""
    files = {crowdhuman.EXAMPLE_PATH: crowdhuman.EXAMPLE, **crowdhuman.EXAMPLE_BESIDE}
    whole = merge(audit_partitions(make(tmp_path, files)))
    assert (whole.dataset.format, whole.dataset.splits) == ("crowdhuman", ("train",))


@pytest.mark.parametrize(
    ("field", "boxes", "crowds"),
    [
        ("fbox", [[10, 20, 110, 70], [-5, 0, 25, 40]], [False, True]),
        ("vbox", [[10, 20, 100, 70], [0, 0, 25, 40]], [False, True]),
        ("hbox", [[40, 20, 60, 40]], [True]),
    ],
)
def test_the_box_is_chosen(tmp_path, field, boxes, crowds):
    files = {"annotation_val.odgt": odgt(people("a", PERSON, MASK)), "Images/a.jpg": (640, 480)}
    dataset = read(make(tmp_path, files), box_field=field)
    assert dataset.boxes.xyxy.tolist() == boxes
    assert dataset.boxes.crowd.tolist() == crowds
    assert {one.name for one in dataset.categories} == {"person"}
    assert dataset.notes[0].startswith(f"the boxes are {field}, of ")
    assert ("not read: 1 crowd without hbox" in dataset.notes) == (field == "hbox")
    assert dataset.findings == []


def test_the_program_says_which_boxes_it_took(tmp_path, here, capsys):
    make(tmp_path, {"a.odgt": odgt(people("a", PERSON)), "Images/a.jpg": (640, 480)})
    run("scan", tmp_path / "a.odgt", "--verbose")
    assert "--box-field vbox or hbox" in " ".join(capsys.readouterr().out.split())
    run("scan", tmp_path / "a.odgt", "--box-field", "vbox", "--verbose")
    assert "the boxes are vbox, of visible parts" in " ".join(capsys.readouterr().out.split())
    assert run("scan", tmp_path / "a.odgt", "--box-field", "xbox") == 2
    assert "people have no 'xbox'" in capsys.readouterr().err


def test_where_there_is_nothing_to_choose_the_option_is_refused(capsys):
    assert run("scan", SAMPLE / "coco", "--box-field", "vbox") == 2
    assert "coco has no boxes to choose from" in capsys.readouterr().err


def test_broken_lines_and_people_are_findings(tmp_path):
    lines = [
        people("a", {**PERSON, "fbox": [1, 2, 3]}, 5, {"tag": "person"}),
        '{"ID": "b", "gtbo\n',
        "\n",
        people(None),
        {"ID": "c", "gtboxes": None},
        people("d"),
    ]
    dataset = read(make(tmp_path, {"a.odgt": odgt(*lines), "d.jpg": (9, 9), "a.jpg": (9, 9)}))
    assert [(f.code, f.place) for f in dataset.findings] == [
        ("PAR003", "line 1, gtboxes[0]"),
        ("PAR003", "line 1, gtboxes[1]"),
        ("PAR003", "line 1, gtboxes[2]"),
        ("PAR003", "line 2"),
        ("PAR002", "line 4"),
        ("PAR003", "line 5"),
    ]
    assert dataset.images.ids == ["a", "d"]


def test_results_of_a_detector_are_refused_by_name(tmp_path):
    results = odgt({"ID": "a", "dtboxes": [{"box": [1, 2, 3, 4], "score": 0.9}]})
    make(tmp_path, {"results.odgt": results})
    with pytest.raises(AnchorauditError, match=r"results for CrowdHuman \(`dtboxes`\)"):
        read(tmp_path)
    make(tmp_path, {"annotation_val.odgt": odgt(people("a", PERSON)), "Images/a.jpg": (640, 480)})
    assert read(tmp_path).splits == ("val",)
