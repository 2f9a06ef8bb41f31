"""Where a box or an image stands: the file, the place in it, and what it is called whatever its place."""

import pytest

from anchoraudit import read
from anchoraudit.dataset.locations import Location, Locations
from tests.builders import annotation, document, image, make
from tests.test_voc import xml


def places_of(root, files, name=""):
    return Locations(read(make(root, files) / name))


class TestCoco:
    def test_positions_are_those_of_the_file(self, tmp_path):
        listed = [annotation(7, 99), annotation(8, 1), {"id": 9}, annotation(10, 2)]
        locations = places_of(tmp_path, {"a.json": document([{"no": "id"}, image(1), image(2)], listed)})
        path = str(tmp_path / "a.json")
        assert [locations.of_box(row) for row in range(2)] == [
            Location(path, "annotations[1]", "annotation 8"),
            Location(path, "annotations[3]", "annotation 10"),
        ]
        assert [locations.of_image(i) for i in range(2)] == [
            Location(path, "images[1]", "image 1"),
            Location(path, "images[2]", "image 2"),
        ]

    @pytest.mark.parametrize("ids", [(None, "x"), ("", "x")])
    def test_a_box_without_an_id_is_called_by_image_class_and_corners(self, tmp_path, ids):
        listed = [{**annotation(bbox=[1, 2, 3, 4.5]), "id": identity} for identity in ids]
        locations = places_of(tmp_path, {"a.json": document(annotations=listed)})
        assert [locations.of_box(row).thing for row in range(2)] == ["image 1: cat 1 2 4 6.5", "annotation x"]

    def test_a_box_without_class(self, tmp_path):
        listed = [{"image_id": 1, "bbox": [1, 2, 3, 4]}]
        assert places_of(tmp_path, {"a.json": document(annotations=listed)}).of_box(0).thing == (
            "image 1:  1 2 4 6"
        )

    def test_the_id_0_is_an_id(self, tmp_path):
        locations = places_of(tmp_path, {"a.json": document([image(0)], [annotation(0, 0)])})
        assert (locations.of_box(0).thing, locations.of_image(0).thing) == ("annotation 0", "image 0")

    def test_each_split_has_its_file(self, tmp_path):
        files = {
            f"annotations/{split}.json": document([image(number)], [annotation(number, number)] * 2)
            for number, split in enumerate(("train", "val"))
        }
        locations = places_of(tmp_path, files)
        assert [locations.of_box(row) for row in (1, 2)] == [
            Location(str(tmp_path / "annotations" / "train.json"), "annotations[1]", "annotation 0"),
            Location(str(tmp_path / "annotations" / "val.json"), "annotations[0]", "annotation 1"),
        ]
        assert locations.of_image(1).path == str(tmp_path / "annotations" / "val.json")

    def test_images(self, tmp_path):
        files = {"a.json": document([image(1, file_name="sub/a.jpg")]), "images/sub/a.jpg": (960, 720)}
        locations = places_of(tmp_path, files, "a.json")
        assert locations.of_image_file(0) == Location(
            str(tmp_path / "images" / "sub" / "a.jpg"), "", "image 1"
        )

    def test_a_picture_whose_folder_is_not_known_is_its_entry(self, tmp_path):
        locations = places_of(tmp_path, {"a.json": document([image(1)])})
        assert locations.of_image_file(0) == locations.of_image(0)

    def test_an_image_that_no_entry_names_has_no_place(self, tmp_path):
        make(tmp_path, {"a.json": document([image(1)]), "1.jpg": (960, 720), "2.jpg": (960, 720)})
        locations = Locations(read(tmp_path / "a.json", unlisted=True))
        assert locations.of_image(1) == Location(str(tmp_path / "a.json"), "", "image 2.jpg")


class TestVoc:
    CAT = ("cat", 1, 2, 30, 40.25)

    def test_objects_are_counted_from_1_in_their_own_file(self, tmp_path):
        unusable = ("dog", "x", 1, 5, 5)
        locations = places_of(
            tmp_path,
            {
                "Annotations/a.xml": xml(self.CAT),
                "Annotations/b.xml": xml(unusable, self.CAT),
                "JPEGImages/c.jpg": (5, 5),
            },
        )
        b = str(tmp_path / "Annotations" / "b.xml")
        assert locations.of_box(0).path == str(tmp_path / "Annotations" / "a.xml")
        assert locations.of_box(1) == Location(b, "object 1", "image b: dog nan 1 5 5")
        assert locations.of_box(2) == Location(b, "object 2", "image b: cat 1 2 30 40.25")
        assert locations.of_image(1) == Location(b, "", "image b")
        assert locations.of_image_file(2) == Location(str(tmp_path / "JPEGImages" / "c.jpg"), "", "image c")

    def test_without_a_box(self, tmp_path):
        locations = places_of(tmp_path, {"Annotations/a.xml": xml(), "JPEGImages/a.jpg": (640, 480)})
        assert locations.of_image(0).thing == "image a"


def test_yolo_boxes_stand_in_lines(tmp_path):
    files = {
        "data.yaml": "train: images\nnames: [cat]\n",
        "images/a.jpg": (100, 50),
        "labels/a.txt": "\n0 0.5 0.5 0.2 0.4\n\n0 0.5 0.5 0.2 0.2\n",
    }
    locations = places_of(tmp_path, files)
    assert [locations.of_box(row).place for row in range(2)] == ["line 2", "line 4"]
    assert locations.of_box(1).path == str(tmp_path / "labels" / "a.txt")
    assert locations.of_box(1).thing == "image a: cat 40 20 60 30"


def test_an_image_that_no_file_annotates_stands_in_its_own(tmp_path):
    voc = {"Annotations/a.xml": xml(), "JPEGImages/a.jpg": (9, 9), "JPEGImages/b.jpg": (9, 9)}
    assert [places_of(tmp_path / "voc", voc).of_image(i) for i in (0, 1)] == [
        Location(str(tmp_path / "voc/Annotations/a.xml"), "", "image a"),
        Location(str(tmp_path / "voc/JPEGImages/b.jpg"), "", "image b"),
    ]
    yolo = {"images/a.jpg": (9, 9), "images/b.jpg": (9, 9), "labels/a.txt": ""}
    assert [places_of(tmp_path / "yolo", yolo).of_image(i) for i in (0, 1)] == [
        Location(str(tmp_path / "yolo/labels/a.txt"), "", "image a"),
        Location(str(tmp_path / "yolo/images/b.jpg"), "", "image b"),
    ]
