"""A training split that cannot be used is an error; of other splits the same is a warning."""

from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import AnchorauditError, Chosen
from anchoraudit.dataset.splits import training_splits
from anchoraudit.rules import all_rules
from tests.builders import annotation, document, image, make, run
from tests.test_voc import xml

LINE = "0 .5 .5 .2 .3\n"
CAT = ("cat", 100, 100, 174, 249)
NAMES = "names: [cat]\n"
TRAIN = {"images/train/a.jpg": (64, 48), "labels/train/a.txt": LINE}
VAL = {"images/val/b.jpg": (64, 48), "labels/val/b.txt": LINE}
YOLO = {**TRAIN, **VAL}
CODES = ("SET005", "SET009", "SET010", "SET011", "SET012", "SET013")
TABLE = "image,xmin,ymin,xmax,ymax,label\n"


def told(root, **options):
    """Code, severity, file and place, and message of what is said of the splits."""
    found = anchoraudit.audit(root, rules=Chosen(select=CODES), **options).findings
    rules = all_rules()
    base = Path(root)
    return [
        (f.code, rules[f.code].severity, str(Path(f.path).relative_to(base)), f.place, f.message)
        for f in found
    ]


def only(root, **options):
    (found,) = told(root, **options)
    return found


def yaml(train, val="images/val"):
    return f"train: {train}\nval: {val}\n{NAMES}"


class TestNames:
    @pytest.mark.parametrize(
        ("names", "found"),
        [
            (["train", "val"], ["train"]),
            (["VOC2007/train", "VOC2012/trainval", "VOC2012/test"], ["VOC2007/train", "VOC2012/trainval"]),
            (["Train2017"], ["Train2017"]),
            (["whole"], ["whole"]),
            (["", ""], [""]),
            (["val", "test"], []),
            ([], []),
        ],
    )
    def test_training_splits(self, names, found):
        assert training_splits(names) == found


class TestYolo:
    @pytest.mark.parametrize(
        ("train", "files", "place", "words"),
        [
            (
                "images/trian",
                {},
                "data.yaml line 1",
                "'images/trian' does not exist; did you mean images/train?",
            ),
            ("../imags/train", {}, "data.yaml line 1", "does not exist; did you mean images/train?"),
            (
                "trian.txt",
                {"train.txt": "images/train/a.jpg\n"},
                "data.yaml line 1",
                "did you mean train.txt?",
            ),
            ("/home/u/set/images/trian", {}, "data.yaml line 1", "did you mean images/train?"),
            (r"C:\set\images\trian", {}, "data.yaml line 1", "did you mean images/train?"),
            ("Imags/Trian", {}, "data.yaml line 1", "did you mean images/train?"),
            ("images/trian/", {}, "data.yaml line 1", "did you mean images/train?"),
            (
                "pictures",
                {},
                "data.yaml line 1",
                "'pictures' does not exist. Ultralytics and YOLOv5 stop with",
            ),
            ("[images/train, more]", {}, "data.yaml line 1", "'more' does not exist."),
            ("", {}, "data.yaml line 1", "train: names neither a folder nor a list of images"),
            ("[]", {}, "data.yaml line 1", "train: names neither a folder nor a list of images"),
            ("train.txt", {"train.txt": "\n \n"}, "train.txt line 1", "train: the list names no image"),
            (
                *("train.txt", {"train.txt": "images/train/x.jpg\nimages/train/y.jpg\n"}, "train.txt line 1"),
                "none of the 2 images that the list of train names exists",
            ),
            (
                "images/none",
                {"images/none/.keep": ""},
                "images/none ",
                "train: there is no image in the folder",
            ),
            (
                "data.csv",
                {"data.csv": "a"},
                "data.yaml line 1",
                "'data.csv' is neither a folder nor a .txt list.",
            ),
        ],
    )
    def test_a_train_that_names_nothing(self, tmp_path, train, files, place, words):
        make(tmp_path, {**YOLO, **files, "data.yaml": yaml(train)})
        code, severity, file, line, message = only(tmp_path)
        assert (code, severity, f"{file} {line}") == ("SET009", "error", place)
        assert words in message

    def test_the_frameworks_own_words_are_said(self, tmp_path):
        make(tmp_path, {**YOLO, "data.yaml": yaml("images/trian")})
        assert only(tmp_path)[-1] == (
            "train: 'images/trian' does not exist; did you mean images/train? Ultralytics and YOLOv5 stop "
            'with "Error loading data from images/trian"'
        )

    def test_of_darknet(self, tmp_path):
        data = "classes = 1\ntrain = train.list.txt\nvalid = val.txt\nnames = obj.names\n"
        make(tmp_path, {**YOLO, "obj.data": data, "obj.names": "cat\n", "val.txt": "images/val/b.jpg\n"})
        assert only(tmp_path)[:4] == ("SET009", "error", "obj.data", "line 2")
        assert only(tmp_path)[-1].endswith('darknet stops with "Couldn\'t open file: train.list.txt"')

    def test_of_darknet_without_a_value(self, tmp_path):
        data = "train =\nvalid = val.txt\nnames = obj.names\n"
        make(tmp_path, {**YOLO, "obj.data": data, "obj.names": "cat\n", "val.txt": "images/val/b.jpg\n"})
        assert only(tmp_path)[:4] == ("SET009", "error", "obj.data", "line 1")

    def test_some_absent_images_of_a_list_stay_a_warning(self, tmp_path):
        files = {"train.txt": "images/train/a.jpg\nimages/train/x.jpg\n", "data.yaml": yaml("train.txt")}
        make(tmp_path, {**YOLO, **files})
        assert only(tmp_path)[:4] == ("SET005", "warning", "train.txt", "line 2")

    @pytest.mark.parametrize(
        ("val", "files", "place"),
        [
            ("images/vla", {}, "data.yaml line 2"),
            ("val.txt", {"val.txt": ""}, "val.txt line 1"),
            ("val.txt", {"val.txt": "images/val/x.jpg"}, "val.txt line 1"),
            ("images/none", {"images/none/.keep": ""}, "images/none "),
        ],
    )
    def test_of_validation_it_is_a_warning(self, tmp_path, val, files, place):
        make(tmp_path, {**TRAIN, **files, "data.yaml": yaml("images/train", val)})
        code, severity, file, line, _ = only(tmp_path)
        assert (code, severity, f"{file} {line}") == ("SET005", "warning", place)

    def test_a_test_without_a_value_is_usual(self, tmp_path):
        make(tmp_path, {**YOLO, "data.yaml": f"{yaml('images/train')}test: # optional\n"})
        assert told(tmp_path) == []

    def test_nothing_to_read_is_still_refused(self, tmp_path):
        make(tmp_path, {**TRAIN, "data.yaml": f"train: images/trian\n{NAMES}"})
        with pytest.raises(
            AnchorauditError, match="'images/trian' does not exist; did you mean images/train"
        ):
            anchoraudit.read(tmp_path)

    def test_a_split_that_was_not_asked_for_is_no_error(self, tmp_path):
        make(tmp_path, {**YOLO, "data.yaml": yaml("images/trian")})
        dataset = anchoraudit.read(tmp_path, splits=("val",))
        assert [f.code for f in dataset.findings] == ["SET005"]

    @pytest.mark.parametrize("folders", ["images/{0} labels/{0}", "{0}/images {0}/labels"])
    def test_a_training_folder_without_labels(self, tmp_path, folders):
        images, labels = folders.format("train").split()
        other_images, other_labels = folders.format("valid").split()
        make(
            tmp_path,
            {f"{images}/a.jpg": (64, 48), f"{other_images}/b.jpg": (64, 48), f"{other_labels}/b.txt": LINE},
        )
        code, severity, file, _, message = only(tmp_path)
        assert (code, severity) == ("SET010", "error")
        assert (file, message) in (
            (labels, "no image of the training split 'train' has an annotation, of 1"),
            ("train", "train/ has 1 image, but no annotations like those of valid/"),
        )

    def test_labels_beside_images(self, tmp_path):
        make(tmp_path, {"train/a.jpg": (64, 48), "valid/b.jpg": (64, 48), "valid/b.txt": LINE})
        assert only(tmp_path)[0] == "SET010"
        make(tmp_path, {"train/a.txt": LINE})
        assert told(tmp_path) == []

    def test_images_that_are_elsewhere(self, tmp_path):
        make(tmp_path, {**YOLO, "data.yaml": yaml("images/train"), "images/train/z.jpg": (64, 48)})
        (tmp_path / "images" / "train" / "a.jpg").unlink()
        assert [found[0] for found in told(tmp_path)] == []  # z.jpg is trained, as background
        (tmp_path / "images" / "train" / "z.jpg").unlink()  # now only the label file is there
        code, severity, _, _, message = only(tmp_path)
        assert (code, severity) == ("SET012", "error")
        assert message == "no image of the training split 'train' is there, of 1, but those of 'val' are"


class TestVoc:
    FILES = {
        **{f"Annotations/{stem}.xml": xml(CAT) for stem in "ab"},
        **{f"JPEGImages/{stem}.jpg": (640, 480) for stem in "ab"},
    }
    LISTS = "ImageSets/Main/"

    @pytest.mark.parametrize(
        ("train", "line", "words"),
        [
            ("", "line 1", "the list train names no image"),
            ("\n \nx\ny\n", "line 3", "none of the 2 images that the list train names exists"),
        ],
    )
    def test_a_list_that_names_nothing(self, tmp_path, train, line, words):
        make(tmp_path, {**self.FILES, f"{self.LISTS}train.txt": train, f"{self.LISTS}val.txt": "a\nb\n"})
        assert only(tmp_path) == ("SET009", "error", f"{self.LISTS}train.txt", line, words)

    @pytest.mark.parametrize("val", ["", "x\ny\n"])
    def test_of_validation_it_is_a_warning(self, tmp_path, val):
        make(tmp_path, {**self.FILES, f"{self.LISTS}train.txt": "a\nb\n", f"{self.LISTS}val.txt": val})
        assert only(tmp_path)[:3] == ("SET005", "warning", f"{self.LISTS}val.txt")

    def test_some_absent_names_stay_warnings(self, tmp_path):
        make(tmp_path, {**self.FILES, f"{self.LISTS}train.txt": "a\nx\n", f"{self.LISTS}val.txt": "b\n"})
        assert only(tmp_path)[:4] == ("SET005", "warning", f"{self.LISTS}train.txt", "line 2")

    def test_an_empty_list_of_a_class_is_no_training_split(self, tmp_path):
        lists = {
            f"{self.LISTS}train.txt": "a\n",
            f"{self.LISTS}cat_train.txt": "",
            f"{self.LISTS}val.txt": "b\n",
        }
        make(tmp_path, {**self.FILES, **lists})
        assert "error" not in [found[1] for found in told(tmp_path)]

    def test_folders_of_splits(self, tmp_path):
        make(tmp_path, {"train/a.jpg": (640, 480), "valid/b.jpg": (640, 480), "valid/b.xml": xml(CAT)})
        assert only(tmp_path)[:3] == ("SET010", "error", "train")
        make(tmp_path, {"train/a.xml": xml(CAT)})
        assert told(tmp_path) == []

    def test_images_that_are_called_otherwise(self, tmp_path):
        make(tmp_path, {"Annotations/a.xml": xml(CAT), "JPEGImages/z.jpg": (640, 480)})
        found = [found for found in told(tmp_path) if found[0] == "SET012"]
        assert found == []  # z.jpg is an image of the data set too, without annotation


class TestCoco:
    def splits(self, root, train, val=None, **more):
        val = document([image(9)], [annotation(9, 9)]) if val is None else val
        files = {"annotations/instances_train.json": train, "annotations/instances_val.json": val}
        return make(root, {**files, **more})

    def test_without_images(self, tmp_path):
        self.splits(tmp_path, document([], []))
        expected = ("annotations/instances_train.json", "", "the training split 'train' has no image")
        assert only(tmp_path) == ("SET009", "error", *expected)

    def test_without_annotations(self, tmp_path):
        self.splits(tmp_path, document([image(1), image(2)], []))
        words = "no image of the training split 'train' has an annotation, of 2"
        assert only(tmp_path) == ("SET010", "error", "annotations/instances_train.json", "", words)

    def test_without_a_usable_box(self, tmp_path):
        boxes = [annotation(1, iscrowd=1), annotation(2, bbox=[9, 9, 0, 5]), annotation(3, bbox=[9, 9, 0, 0])]
        self.splits(tmp_path, document(annotations=boxes))
        words = "no box of the training split 'train' is usable: 1 crowd, 2 without area"
        assert only(tmp_path)[-1] == words

    def test_of_validation_it_is_a_warning(self, tmp_path):
        self.splits(tmp_path, document(), document([image(9)], []))
        assert only(tmp_path)[:2] == ("SET013", "warning")
        self.splits(tmp_path, document(), document([], []))
        assert only(tmp_path)[::4] == ("SET013", "the split 'val' has no image")
        self.splits(tmp_path, document(), document([image(9)], [annotation(9, 9, iscrowd=1)]))
        assert only(tmp_path)[::4] == ("SET013", "no box of the split 'val' is usable: 1 crowd")

    def test_of_a_whole_data_set(self, tmp_path):
        self.splits(tmp_path, document(annotations=[]), document([image(9)], []))
        assert only(tmp_path)[::4] == ("SET011", "no image has an annotation, of 2")

    def test_of_a_split_that_was_chosen(self, tmp_path):
        self.splits(tmp_path, document(), document([image(9)], []))
        assert told(tmp_path, **{}) != []
        assert anchoraudit.audit(anchoraudit.read(tmp_path, splits=("val",))).findings.of("SET011") == []
        self.splits(tmp_path, document(annotations=[]))
        assert (
            len(anchoraudit.audit(anchoraudit.read(tmp_path, splits=("train",))).findings.of("SET011")) == 1
        )

    def test_unknown_sizes_are_another_problem(self, tmp_path):
        make(tmp_path, {"a.json": document([{"id": 1, "file_name": "1.jpg"}])})
        assert told(tmp_path) == []

    def test_absent_images(self, tmp_path):
        self.splits(
            tmp_path, document(), **{"images/val/9.jpg": (960, 720), "images/trian/1.jpg": (960, 720)}
        )
        code, severity, file, _, message = only(tmp_path)
        assert (code, severity, file) == ("SET012", "error", "annotations/instances_train.json")
        folder = tmp_path / "images" / "trian"
        expected = f"images are elsewhere: did you mean {folder}/?"
        assert message == f"no image of the training split 'train' is there, of 1, but {expected}"

    def test_images_of_other_names_in_the_splits_folder(self, tmp_path):
        self.splits(
            tmp_path, document(), **{"images/val/9.jpg": (960, 720), "images/train/x.jpg": (960, 720)}
        )
        folder = tmp_path / "images" / "train"
        assert only(tmp_path)[-1].endswith(f"but {folder} has others, such as 'x.jpg'")

    def test_a_logo_is_not_an_image_of_the_data_set(self, tmp_path):
        make(tmp_path, {"a.json": document([image(n) for n in range(20)]), "img/logo.png": (9, 9)})
        assert told(tmp_path) == []

    def test_without_any_image_nothing_is_known(self, tmp_path):
        self.splits(tmp_path, document(), **{"plot.png": (9, 9)})
        assert told(tmp_path) == []

    def test_roboflow_without_annotations_of_train(self, tmp_path):
        make(tmp_path, {"valid/_annotations.coco.json": document(), "valid/1.jpg": (960, 720)})
        assert told(tmp_path) == []
        make(tmp_path, {"train/x.jpg": (960, 720), "train/y.jpg": (960, 720)})
        words = "train/ has 2 images, but no annotations like those of valid/"
        assert only(tmp_path) == ("SET010", "error", "train", "", words)

    def test_the_scan_fails_and_does_not_suggest_training(self, tmp_path, capsys):
        self.splits(tmp_path, document([], []))
        assert run("scan", tmp_path, "--verbose") == 1
        out = capsys.readouterr().out
        assert "python train.py" not in out
        assert "training split without images" in out


class TestTables:
    ROW = "a.jpg,100,100,174,249,cat\n"

    def test_a_table_without_rows(self, tmp_path):
        files = {"train/_annotations.csv": TABLE, "valid/_annotations.csv": f"{TABLE}{self.ROW}"}
        make(tmp_path, {**files, "valid/a.jpg": (640, 480)})
        assert only(tmp_path)[:3] == ("SET009", "error", "train/_annotations.csv")

    def test_a_split_of_rows_without_boxes(self, tmp_path):
        text = "image,split,xmin,ymin,xmax,ymax,label\na.jpg,train,,,,,\nb.jpg,val,100,100,174,249,cat\n"
        make(tmp_path, {"boxes.csv": text, "images/a.jpg": (640, 480), "images/b.jpg": (640, 480)})
        found = anchoraudit.audit(tmp_path / "boxes.csv", rules=Chosen(select=CODES)).findings
        assert [(f.code, f.evidence) for f in found] == [("SET010", "train")]


def test_yolo_trees_that_are_right_are_told_nothing(tmp_path):
    make(tmp_path, {**YOLO, "data.yaml": yaml("images/train")})
    assert told(tmp_path) == []
