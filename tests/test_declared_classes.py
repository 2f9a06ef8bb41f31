"""What data sets declare of their classes, held to what the frameworks' own code made of such files."""

import json
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import Chosen, read
from anchoraudit.dataset.declared import ClassEntry, DeclaredClasses, Stated
from anchoraudit.loaders import class_readings, load_as
from tests.builders import make

ANSWERS = json.loads((Path(__file__).parent / "fixtures" / "declared_classes.json").read_text("utf-8"))
LABEL = "0 0.5 0.5 0.2 0.2\n"
YOLO = ("ultralytics", "ultralytics-8.3", "yolov5", "yolov7")
OWN = ("CLS018", "CLS019")


def yolo(root, text, labels=LABEL):
    files = {"data.yaml": f"train: images\nval: images\n{text}\n", "images/a.png": (40, 30)}
    return make(root, {**files, "labels/a.txt": labels})


def table(root, classes, rows="a.png,1,1,9,9,cat\n"):
    return make(root, {"train.csv": rows, "classes.csv": classes, "a.png": (40, 30)})


def told(root, loader="", codes=OWN, detector="reference"):
    """Codes, places and messages of findings about the declaration, under the loader of a framework."""
    more = {"loader": loader} if loader else {}
    found = anchoraudit.audit(root, detector, rules=Chosen(select=codes), **more).findings
    return [(code, one.place, one.message) for code in found.counts for one in found.of(code)]


@pytest.mark.parametrize("row", ANSWERS["data_yaml"], ids=lambda row: row["yaml"])
def test_a_data_yaml_as_each_framework_reads_it(tmp_path, row):
    declared = read(yolo(tmp_path, row["yaml"]) / "data.yaml").declared_classes
    readings = class_readings(declared)
    assert {name: one.refused or one.count for name, one in readings.items()} == row["answers"]


@pytest.mark.parametrize("row", ANSWERS["data_yaml"], ids=lambda row: row["yaml"])
def test_a_refusal_is_an_error_and_no_other_is(tmp_path, row):
    file = yolo(tmp_path, row["yaml"]) / "data.yaml"
    for loader, answer in row["answers"].items():
        errors = [message for code, _, message in told(file, loader) if code == "CLS018"]
        expected = f"loader {loader} raises {answer}" if isinstance(answer, str) else None
        assert len(errors) == (expected is not None)
        assert all(message.startswith(expected) for message in errors)


@pytest.mark.parametrize("row", ANSWERS["classes_csv"], ids=lambda row: row["csv"])
def test_a_list_of_classes_as_keras_retinanet_reads_it(tmp_path, row):
    (tmp_path / "classes.csv").write_bytes(row["csv"].encode())
    from anchoraudit.formats.table.class_list import read_class_list

    reading = class_readings(read_class_list(tmp_path / "classes.csv"))
    assert {name: one.refused or one.count for name, one in reading.items()} == {
        "keras-retinanet": row["answer"]
    }


# What is trained, but not as its author believes: (yaml, loader, place, message)
SILENT = [
    (
        "nc: 3\nnames: [a, b]",
        "yolov5",
        "line 3",
        "nc is 3, but there are 2 names; it counts the names, and trains 2",
    ),
    ("nc: two\nnames: [a, b]", "yolov5", "line 3", "nc is 'two', not a whole number; it counts the names"),
    (
        "names: {0: a, 2: b}",
        "yolov5",
        "line 3",
        "there is no 1; it trains 2 classes, 0 to 1 (1 without a name, 2 never)",
    ),
    ("names: {1: a, 2: b}", "yolov5", "line 3", "run 1 to 2, 0 is unused: subtract 1"),
    ("names: {1: a, 2: b}\nnc: 2", "yolov7", "line 3", "run 1 to 2, 0 is unused: subtract 1"),
    ("names: {-1: a, 0: b}", "ultralytics", "line 3", "begin below 0: -1, 0"),
    ("names: ab", "ultralytics-8.3", "line 3", "'ab', not a list; each of its 2 letters becomes a class"),
    ("names: ab\nnc: 2", "yolov7", "line 3", "each of its 2 letters becomes a class"),
    ("names: [no, yes]", "ultralytics", "line 3", "YAML reads the name 'no' as False, 'yes' as True"),
    ("names: [no, yes]", "yolov5", "line 3", "YAML reads the name 'no' as False, 'yes' as True"),
    ("names:\n- cat\n- 0: dog", "yolov5", "line 5", "YAML reads the name '0: dog' as a list or a mapping"),
    (
        "names: {0: a, 0: b}",
        "ultralytics",
        "line 3",
        "0 is the index of 'a' and of 'b'; the last name counts",
    ),
    ("names: []", "yolov5", "line 3", "there are no names; it counts the names, and trains 0 classes"),
]


@pytest.mark.parametrize(("yaml", "loader", "place", "words"), SILENT)
def test_what_a_framework_takes_in_silence_is_a_warning(tmp_path, yaml, loader, place, words):
    ((code, where, message),) = told(yolo(tmp_path, yaml), loader)
    assert (code, where) == ("CLS019", place)
    assert message.startswith(f"loader {loader}: ")
    assert words in message


# What frameworks take as it is meant
FINE = [
    ("names: [a, b]", ("ultralytics", "ultralytics-8.3", "yolov5")),
    ("nc: 2\nnames: [a, b]", YOLO),
    ("nc: 2\nnames: {0: a, 1: b}", YOLO),
    ("nc: '2'\nnames: [a, b]", ("ultralytics", "yolov5", "yolov7")),
    ("names: {'0': a, '1': b}", ("ultralytics", "ultralytics-8.3")),
    ("nc: 2", ("ultralytics", "ultralytics-8.3")),
    ("nc: 2\nnames: [1, 2]", YOLO),
    ("nc: 2\nnames: ['no', \"yes\"]", YOLO),
]


@pytest.mark.parametrize(("yaml", "loaders"), FINE)
def test_what_is_taken_as_it_is_meant_is_not_told(tmp_path, yaml, loaders):
    yolo(tmp_path, yaml)
    assert [told(tmp_path, loader) for loader in loaders] == [[]] * len(loaders)


# Without a framework that reads a data.yaml
@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        (
            "nc: 3\nnames: [a]",
            "nc is 3, but there is 1 name; ultralytics, ultralytics-8.3 and yolov7 stop there",
        ),
        ("nc: '2'\nnames: [a, b]", "nc is the text '2', not a number; ultralytics-8.3 stops there"),
        (
            "names: {1: a, 2: b}",
            "run 1 to 2, 0 is unused: subtract 1; ultralytics and ultralytics-8.3 stop there",
        ),
        ("names: {'0': a}", "a key of names is the text '0', not a number; yolov5 stops there"),
        ("names: obj.names", "names is the text 'obj.names', not a list; ultralytics and yolov5 stop there"),
        (
            "names:",
            "neither names nor nc is given; ultralytics, ultralytics-8.3, yolov5 and yolov7 stop there",
        ),
    ],
)
@pytest.mark.parametrize("loader", ["", "none", "torchvision"])
def test_without_such_a_framework_those_that_stop_are_named(tmp_path, yaml, words, loader):
    ((code, _, message),) = told(yolo(tmp_path, yaml), loader)
    assert code == "CLS019"
    assert message.endswith(words)


@pytest.mark.parametrize("yaml", ["names: [a, b]", "nc: 2", "nc: 2\nnames: [a, b]", "names: {1: b, 0: a}"])
def test_without_such_a_framework_what_is_usual_is_not_told(tmp_path, yaml):
    assert told(yolo(tmp_path, yaml)) == []


def test_eighty_names_of_which_fewer_are_used(tmp_path):
    names = "\n".join(f"  {number}: class {number}" for number in range(80))
    root = yolo(tmp_path, f"names:\n{names}", LABEL + "79 .5 .5 .1 .1\n")
    assert [told(root, loader) for loader in ("", "yolov5", "ultralytics")] == [[]] * 3


# Labels against the number that the framework itself counts


@pytest.mark.parametrize(
    ("yaml", "label", "loader", "words"),
    [
        ("names: {0: a, 2: b}", 2, "yolov5", "Label class 2 exceeds nc=2"),
        ("names: {1: a, 2: b}", 2, "yolov5", "Label class 2 exceeds nc=2"),
        ("names: [a, b]\nnc: 5", 2, "yolov5", "Label class 2 exceeds nc=2"),
        ("names: [a]\nnc: 1", 1, "yolov5", "Label class 1 exceeds nc=1"),
        ("names: {0: a, 2: b}\nnc: 2", 2, "yolov7", "Label class 2 exceeds nc=2"),
        ("nc: 2", 2, "ultralytics", "Label class 2 exceeds dataset class count 2"),
        ("nc: '2'", 2, "ultralytics", "Label class 2 exceeds dataset class count 2"),
        ("names: ab", 2, "ultralytics-8.3", "Label class 2 exceeds dataset class count 2"),
        # Refused: a label is only told if it is beyond whatever the file may mean.
        ("names: {1: a, 2: b}", 2, "ultralytics", ""),
        ("names: [a, b]\nnc: 3", 2, "ultralytics", ""),
        ("names: [a, b]\nnc: 3", 3, "ultralytics", "Label class 3 exceeds dataset class count 3"),
        ("names: {x: a}", 7, "ultralytics", ""),
    ],
)
def test_labels_are_counted_as_the_framework_counts(tmp_path, yaml, label, loader, words):
    dataset = read(yolo(tmp_path, yaml, LABEL.replace("0", str(label), 1)))
    said = load_as(dataset, loader).words(0)
    assert words in said
    assert bool(words) == bool(said)


# Darknet's file, and lists of names


def test_darknet_counts_by_its_cfg_and_only_prints(tmp_path):
    files = {
        "obj.data": "classes = 3\ntrain = train.txt\nnames = obj.names\n",
        "obj.names": "cat\ndog\n",
        "train.txt": "images/a.png\n",
        "images/a.png": (40, 30),
        "labels/a.txt": LABEL,
    }
    make(tmp_path, files)
    for loader in ("", "yolov5"):
        ((code, place, message),) = told(tmp_path / "obj.data", loader)
        assert (code, place) == ("CLS019", "line 1")
        assert message == "classes is 3, but there are 2 names in obj.names"
    make(tmp_path, {"obj.names": "cat\ndog\nbird\n"})
    assert told(tmp_path / "obj.data") == []
    (tmp_path / "obj.names").unlink()
    ((_, place, message),) = told(tmp_path / "obj.data")
    assert (place, message) == ("line 3", "the file of names, 'obj.names', does not exist")


def test_a_list_of_names_beside_labels_declares_them(tmp_path):
    make(tmp_path, {"images/a.png": (40, 30), "labels/a.txt": LABEL, "classes.txt": "cat\ndog\n"})
    declared = read(tmp_path).declared_classes
    assert (declared.path, declared.form) == (tmp_path / "classes.txt", "lines")
    assert declared.by_index == {0: "cat", 1: "dog"}
    assert told(tmp_path, "yolov5") == []


def test_other_formats_declare_none(tmp_path):
    make(
        tmp_path, {"boxes.csv": "filename,class,xmin,ymin,xmax,ymax\na.png,cat,1,1,9,9\n", "a.png": (40, 30)}
    )
    make(tmp_path, {"classes.csv": "cat,0\n"})  # keras-retinanet's, of whose tables this is none
    assert read(tmp_path / "boxes.csv").declared_classes is None


# keras-retinanet


@pytest.mark.parametrize(
    ("classes", "place", "words"),
    [
        ("cat,1\ndog,2\n", "line 1", "the ids run 1 to 2, 0 is unused: subtract 1; the model gets 3 classes"),
        ("cat,0\ndog,2\n", "line 1", "the ids have gaps: there is no 1; the model gets 3 classes"),
        ("cat,0\ndog,0\n", "line 2", "0 is the index of 'cat' and of 'dog'; both are one class"),
        ("cat,-1\ndog,0\n", "line 1", "the ids begin below 0: -1, 0; an index below 0 counts from the end"),
    ],
)
@pytest.mark.parametrize("loader", ["", "keras-retinanet"])
def test_ids_that_keras_retinanet_takes_in_silence(tmp_path, classes, place, words, loader):
    table(tmp_path, classes)
    ((code, where, message),) = told(tmp_path / "train.csv", loader)
    assert (code, where) == ("CLS019", place)
    assert words in message


@pytest.mark.parametrize(
    ("classes", "place", "words"),
    [
        (
            "name,id\ncat,0\n",
            "line 1",
            "line 1: malformed class ID: invalid literal for int() with base 10: 'id'",
        ),
        ("cat,0\ncat,1\n", "line 2", "line 2: duplicate class name: 'cat'"),
        ("cat,0\n\n", "line 2", "line 2: format should be 'class_name,class_id'"),
    ],
)
def test_a_list_that_keras_retinanet_refuses(tmp_path, classes, place, words):
    table(tmp_path, classes)
    ((code, where, message),) = told(tmp_path / "train.csv", "keras-retinanet")
    assert (code, where) == ("CLS018", place)
    assert (
        message == f"loader keras-retinanet raises ValueError: invalid CSV class file: classes.csv: {words}"
    )
    ((code, where, message),) = told(tmp_path / "train.csv")
    assert (code, where, message) == ("CLS019", place, f"{words}; keras-retinanet stops there")


def test_a_class_that_the_list_lacks(tmp_path):
    table(tmp_path, "cat,0\nbird,1\n", "a.png,1,1,9,9,cat\na.png,1,1,9,19,dog\na.png,2,1,9,19,dog\n")
    words = "class 'dog' of 2 boxes is not among the 2 names of classes.csv"
    assert told(tmp_path / "train.csv", codes=("CLS001",)) == [("CLS001", "line 2", words)]
    ((_, place, message),) = told(tmp_path / "train.csv", "keras-retinanet", ("RUN001",))
    assert place == "line 2"
    assert "ValueError: invalid CSV annotations file: train.csv: line 2: unknown class name: 'dog'" in message
    assert [category.name for category in read(tmp_path / "train.csv").categories] == ["bird", "cat", "dog"]


@pytest.mark.parametrize("name", ["classes.csv", "class_mapping.csv", "my-classes.csv", "Mapping.csv"])
def test_a_list_of_classes_is_found_by_its_name_and_its_rows(tmp_path, name):
    make(tmp_path, {"train.csv": "a.png,1,1,9,9,cat\n", name: "cat,0\n", "a.png": (40, 30)})
    dataset = read(tmp_path / "train.csv")
    assert dataset.declared_classes.path == tmp_path / name
    assert dataset.notes == [f"class ids from {tmp_path / name}"]
    (tmp_path / name).write_text("a.png,1,1,9,9,cat\n")  # another table
    assert read(tmp_path / "train.csv").declared_classes is None


# As objects


def test_it_holds_what_the_file_says():
    entries = tuple(ClassEntry(Stated(str(n), n, n), Stated(f"c{n}", n, f"c{n}")) for n in (0, 7, 2, 10**9))
    declared = DeclaredClasses(Path("data.yaml"), "mapping", entries, count=Stated("4", 9, 4))
    assert declared.positions == [0, 2, 7, 10**9]
    assert declared.widest == 10**9 + 1
    assert [fault.words for fault in declared.faults()] == [
        "the keys of names have gaps: there is no 1, 3, 4, 5, 6, 8, ..."
    ]


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [
        ("dog,0\ncat,1\nbird,2\n", [("dog", 0), ("cat", 1), ("bird", 2)]),
        ("dog,0\ncat,5\nbird,2\n", [("dog", 0), ("bird", 2), ("cat", 5)]),
    ],
)
def test_the_indices_of_classes_are_those_of_the_list_beside_the_table(tmp_path, classes, wanted):
    rows = "a.png,1,1,20,20,cat\na.png,5,5,30,30,dog\n"
    make(tmp_path, {"train.csv": rows, "classes.csv": classes, "a.png": (40, 30)})
    found = anchoraudit.audit(tmp_path / "train.csv", "keras-retinanet", images="none")
    assert [(row.name, row.index) for row in found.classes.rows] == wanted
    assert {row.outcome for row in found.classes.rows} == {"trains"}


@pytest.mark.parametrize(
    ("text", "loader", "words"),
    [
        ("train: images\n", "ultralytics", "data.yaml 'val:' key missing. 'train' and 'val' are required"),
        (
            "train: images\n",
            "ultralytics-8.3",
            "data.yaml 'val:' key missing. 'train' and 'val' are required",
        ),
        ("train: images\n", "yolov5", "AssertionError: data.yaml 'val:' field missing"),
        ("train: images\nnc: 1\n", "yolov7", "KeyError: 'val'"),
        ("val: images\n", "ultralytics", "data.yaml 'train:' key missing"),
        ("train: images\nvalidation: images\n", "ultralytics", ""),
        ("train: images\nvalidation: images\n", "yolov5", "AssertionError: data.yaml 'val:' field missing"),
        ("train: images\nval:\n", "ultralytics", ""),
    ],
)
def test_a_data_yaml_without_a_split(tmp_path, text, loader, words):
    """In the words of `check_det_dataset`, of YOLOv5's `check_dataset` and of YOLOv7's `train.py`."""
    files = {"images/a.jpg": (64, 64), "labels/a.txt": "0 0.5 0.5 0.5 0.5\n"}
    make(tmp_path, {**files, "data.yaml": f"{text}names: [cat]\n"})
    found = anchoraudit.audit(tmp_path, loader=loader).findings.of("CLS018")
    assert [words in each.message for each in found] == [True] * bool(words)
