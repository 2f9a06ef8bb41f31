"""Where the images of an annotation file are found: the same usual places for every format."""

import json

import pytest

from anchoraudit.formats import read
from anchoraudit.images.found import (
    IMAGE_FOLDERS,
    are_present,
    find_folder,
    find_images,
    folder_of,
    folders_around,
    images_of,
    is_image_name,
    list_images,
    usual_folders,
)
from tests.builders import make

CVAT = (
    "<annotations><version>1.1</version><meta><task><labels><label><name>cat</name></label></labels></task>"
    '</meta><image id="0" name="x.png" width="9" height="7">'
    '<box label="cat" xtl="1" ytl="1" xbr="5" ybr="5"/></image></annotations>'
)
COCO = {
    "images": [{"id": 1, "file_name": "x.png"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}],
    "categories": [{"id": 1, "name": "cat"}],
}
TABLE = "image_id,label,x1,y1,x2,y2,split\nx.png,cat,1,1,5,5,\n"
AROUND = ["", *(f"{name}/" for name in IMAGE_FOLDERS)]
OF_SPLIT = ["s/", *(place for name in IMAGE_FOLDERS for place in (f"{name}/s/", f"s/{name}/"))]


@pytest.mark.parametrize("above", ["", "../"], ids=["beside", "above"])
@pytest.mark.parametrize("place", [*AROUND, *OF_SPLIT])
def test_coco_images_are_found(tmp_path, above, place):
    make(tmp_path, {"a/b/instances_s.json": json.dumps(COCO), f"a/b/{above}{place}x.png": (9, 7)})
    dataset = read(tmp_path / "a/b/instances_s.json")
    assert (dataset.findings, dataset.notes) == ([], [])
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([9], [7])


@pytest.mark.parametrize("above", ["", "../"], ids=["beside", "above"])
@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize(("name", "text"), [("t.csv", TABLE), ("c.xml", CVAT)], ids=["table", "cvat"])
def test_images_of_other_files_are_found(tmp_path, above, place, name, text):
    make(tmp_path, {f"a/b/{name}": text, f"a/b/{above}{place}x.png": (9, 7)})
    dataset = read(tmp_path / "a/b" / name)
    assert (dataset.findings, dataset.notes) == ([], [])
    assert dataset.images.width.tolist() == [9]
    assert dataset.image_path(0) is not None


@pytest.mark.parametrize("place", ["", *(f"{name}/" for name in IMAGE_FOLDERS)])
def test_images_of_a_table_of_a_split_are_found(tmp_path, place):
    make(tmp_path, {"s/_annotations.csv": TABLE, "t/_annotations.csv": TABLE, f"s/{place}x.png": (9, 7)})
    assert read(tmp_path, splits=("s",)).findings == []


@pytest.mark.parametrize("place", IMAGE_FOLDERS)
def test_voc_images_are_found(tmp_path, place):
    make(tmp_path, {"Annotations/x.xml": "<annotation/>", f"{place.upper()}/x.png": (9, 7)})
    dataset = read(tmp_path)
    assert dataset.findings == []
    assert dataset.images.width.tolist() == [9]


def test_places_are_tried_from_the_nearest(tmp_path):
    file = tmp_path / "a" / "b" / "f.json"
    relative = [str(f.relative_to(tmp_path)) for f in usual_folders(file, "s")]
    assert relative[:4] == ["a/b", "a/b/s", "a/b/JPEGImages/s", "a/b/s/JPEGImages"]
    assert relative[-2:] == ["a/Images", "a"]
    assert len(set(relative)) == len(relative) == 2 * (1 + 1 + 3 * len(IMAGE_FOLDERS))
    assert len(usual_folders(file)) == 2 * (1 + len(IMAGE_FOLDERS))


def test_the_first_folder_with_one_of_the_names_is_taken(tmp_path):
    make(tmp_path, {"a/other.png": (1, 1), "b/x.png": (1, 1), "c/x.png": (1, 1)})
    folders = [tmp_path / name for name in "abc"]
    assert find_folder(["", "y.png", "x.png"], folders) == tmp_path / "b"
    assert find_folder(["../b/x.png", "/etc/passwd", "a\0b"], folders) is None


def test_names_are_followed_as_far_as_their_ends_fit(tmp_path):
    make(tmp_path, {"im/x.png": (1, 1), "im/y.png": (1, 1)})
    found = find_images(["/content/im/x.png", r"\content\im\z.png"], [tmp_path])
    assert (found.folder, found.names, found.present) == (tmp_path, ["im/x.png", "im/z.png"], [True, False])
    by_stem = find_images(["y", "z"], [tmp_path, tmp_path / "im"])
    assert (by_stem.folder, by_stem.names, by_stem.present) == (
        tmp_path / "im",
        ["y.png", "z"],
        [True, False],
    )
    nowhere = find_images(["q.png"], [tmp_path])
    assert (nowhere.folder, nowhere.names, nowhere.present) == (None, ["q.png"], [False])


def test_images_are_found_in_folders_of_any_name(tmp_path):
    x, y = ({**COCO, "images": [{"id": 1, "file_name": name}]} for name in ("x.png", "y.png"))
    make(
        tmp_path,
        {
            "51/labels.json": x,
            "51/data/x.png": (9, 7),
            "two/annotations/instances_train.json": x,
            "two/annotations/instances_val.json": y,
            "two/photos/train/x.png": (9, 7),
            "two/photos/val/y.png": (9, 7),
            "t/t.csv": TABLE,
            "t/frames/x.png": (9, 7),
        },
    )
    for name, folders in [
        ("51", ["51/data"]),
        ("two", ["two/photos/train", "two/photos/val"]),
        ("t/t.csv", ["t/frames"]),
    ]:
        dataset = read(tmp_path / name)
        assert (dataset.findings, dataset.notes) == ([], [])
        assert [source.image_folder for source in dataset.sources] == [tmp_path / name for name in folders]


def test_a_folder_of_any_name_needs_half_of_the_images_and_is_not_that_of_another_split(tmp_path):
    make(tmp_path, {"train.json": b"", "val/a.png": (1, 1), "pics/a.png": (1, 1), "pics/b.png": (1, 1)})
    file = tmp_path / "train.json"
    assert folder_of(["a.png", "b.png", "c.png"], file, "train") == tmp_path / "pics"
    assert images_of(["/content/a.png", "b.png"], file, "train").names == ["a.png", "b.png"]
    assert images_of(["a", "b"], file, "train").names == ["a.png", "b.png"]
    assert folder_of(["a.png", "c.png", "d.png"], file, "train") is None
    assert tmp_path / "val" not in list(folders_around(file, "train"))


def test_where_no_name_fits_the_note_names_the_folder_that_has_images(tmp_path):
    make(tmp_path, {"a/f.json": COCO, "a/pics/b.png": (1, 1), "a/pics/c.png": (1, 1)})
    (note,) = read(tmp_path / "a/f.json").notes
    pics = tmp_path / "a/pics"
    assert note.endswith(f"; {pics} has 2 image files of other names (--image-folder {pics})")
    make(tmp_path, {"v/ann/x.xml": "<annotation/>", "v/pics/c.png": (1, 1)})
    (note,) = read(tmp_path / "v").notes
    assert note.endswith(
        f"{tmp_path}/v/pics has 1 image file of other names (--image-folder {tmp_path}/v/pics)"
    )


def test_no_name_leads_out_of_the_folder(tmp_path):
    make(tmp_path, {"in/x.png": (1, 1), "y.png": (1, 1)})
    names = ["x.png", "./x.png", "../y.png", f"{tmp_path}/y.png", "a\0b/x.png", ""]
    assert are_present(tmp_path / "in", names) == [True, True, False, False, False, False]


def test_images_are_told_by_their_suffix(tmp_path):
    make(tmp_path, {"b.JPG": b"", "a.png": b"", "c.txt": b"", "noimage": b""})
    assert list_images(tmp_path) == ["a.png", "b.JPG"]
    assert list_images(tmp_path / "none") == []
    assert is_image_name("x.webp") and not is_image_name("png")
