"""Which files of a folder are read as one table, which are left out, and that neither is silent."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from anchoraudit import audit, audit_partitions, merge
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import ReadOptions, detect, read

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from anchoraudit.formats.table.in_memory import TableInMemory, assemble_tables  # noqa: E402
from tests.in_parts import InThisProcess  # noqa: E402

CORNERS = {"x1": 100.0, "y1": 100.0, "x2": 200.0, "y2": 200.0}


def shard(path, images, label="cat", **more):
    """Write a file with a box for each image; None leaves out a column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"image": images, "label": label, **CORNERS, "width": 960, "height": 720, **more}
    rows = range(len(images))
    pd.DataFrame({k: v for k, v in columns.items() if v is not None}, index=rows).to_parquet(path)


def shards(root, *names):
    """Write files, each with a box in the image that is called after its place among them."""
    for number, name in enumerate(names):
        shard(root / name, [f"{number}"])
    return root


def in_both(path, **options):
    """Read in one piece and in parts, which must say the same; return the data set and its findings."""
    dataset = read(path, **options)
    found = audit(dataset, None).findings
    whole = merge(audit_partitions(path, None, engine=InThisProcess(), **options))
    assert whole.summary()["images"] == len(dataset.images)
    assert whole.summary()["boxes"] == len(dataset.boxes)
    assert dict(whole.findings.counts) == dict(found.counts)
    assert whole.by_class.boxes.tolist() == [
        int((dataset.boxes.category == i).sum()) for i in range(len(dataset.categories))
    ]
    assert [one.name for one in whole.dataset.categories] == [one.name for one in dataset.categories]
    assert sorted(whole.dataset.splits) == sorted(dataset.splits)
    assert {*dataset.notes} == {*whole.notes}
    # Where each is, and what it says.
    said = sorted((one.code, one.path, one.place, one.message) for one in found)
    assert sorted((one.code, one.path, one.place, one.message) for one in whole.findings) == said
    return dataset, said


def told(said, *codes):
    return [(code, Path(path).name, words) for code, path, _, words in said if code in codes]


def note_on(dataset, begins):
    (note,) = [note for note in dataset.notes if note.startswith(begins)]
    return note.partition(": ")[2]


# What cannot be read


def test_a_link_to_nothing_is_told_and_the_others_are_read(tmp_path):
    shards(tmp_path, "part-0.parquet", "part-1.parquet")
    for name in ("part-8.parquet", "part-9.parquet"):
        (tmp_path / name).symlink_to("gone.parquet")
    dataset, said = in_both(tmp_path)
    assert dataset.images.ids == ["0", "1"]
    words = "a link to gone.parquet, which is not there"
    assert told(said, "PAR001") == [
        ("PAR001", "part-8.parquet", words),
        ("PAR001", "part-9.parquet", words),
    ]


def test_a_pipe_a_link_to_itself_and_an_empty_folder_are_told(tmp_path):
    shards(tmp_path, "0.parquet")
    os.mkfifo(tmp_path / "1.parquet")
    (tmp_path / "2.parquet").symlink_to("2.parquet")
    (tmp_path / "3.parquet").mkdir()
    (tmp_path / "3.parquet" / "_SUCCESS").touch()
    dataset, said = in_both(tmp_path)
    assert dataset.images.ids == ["0"]
    assert [each[1] for each in told(said, "PAR001")] == ["1.parquet", "2.parquet", "3.parquet"]
    assert told(said, "PAR001")[0][2] == "cannot be read: it is not a regular file"
    assert told(said, "PAR001")[2][2] == "a folder without Parquet files"


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    root = shards(tmp_path, "split=train/0.parquet", "split=val/1.parquet")
    closed = root / "split=val"
    scandir, access = os.scandir, os.access

    def refused(path):
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and access(path, mode))
    dataset = read(root)
    assert dataset.images.ids == ["0"]
    assert [(one.code, one.path) for one in dataset.findings] == [("PAR001", str(closed))]


def test_a_split_of_which_no_file_can_be_read_hides_nothing_of_the_others(tmp_path):
    root = shards(tmp_path, "split=train/0.parquet")
    (root / "split=val").mkdir()
    (root / "split=val" / "0.parquet").symlink_to("gone")
    dataset, said = in_both(root)
    assert dataset.splits == ("train",)
    assert [each[1] for each in told(said, "PAR001")] == ["0.parquet"]


# Folders among shards


def test_a_folder_in_place_of_a_file_is_what_it_holds(tmp_path):
    names = ("a.parquet", "b.parquet/part-00000-1f.snappy.parquet", "b.parquet/part-00001-1f.snappy.parquet")
    dataset, said = in_both(shards(tmp_path, *names))
    assert dataset.images.ids == ["0", "1", "2"]
    assert not told(said, "PAR001", "SET019")


def test_folders_in_place_of_files_are_splits_by_their_names(tmp_path):
    dataset, _ = in_both(shards(tmp_path, "train.parquet/part-0.parquet", "val.parquet/part-0.parquet"))
    assert dataset.splits == ("train", "val")


def test_tables_in_other_folders_are_a_finding_and_a_pattern_reads_them(tmp_path):
    root = shards(
        tmp_path / "ds", "a.parquet", "more/c.parquet", "more/deep/d.parquet", "x.parquet/b.parquet"
    )
    pd.DataFrame({"vector": [1.0]}).to_parquet(root / "no_boxes.txt")
    (root / "embeddings").mkdir()
    (root / "no_boxes.txt").rename(root / "embeddings" / "0.parquet")
    (root / "_temporary").mkdir()
    dataset, said = in_both(root)
    assert dataset.images.ids == ["0", "3"]
    words = "2 Parquet files in this folder not read"
    assert told(said, "SET019") == [("SET019", "more", words)]
    dataset, said = in_both(root / "**" / "*.parquet")
    assert sorted(dataset.images.ids) == ["0", "1", "2", "3"]
    assert [each[1] for each in told(said, "PAR001")] == ["0.parquet"]
    dataset, said = in_both(root / "*.parquet")
    assert dataset.images.ids == ["0", "3"]
    assert not said or not told(said, "SET019")


def test_tables_of_another_kind_beside_shards_are_noted(tmp_path):
    shards(tmp_path, "a.parquet")
    (tmp_path / "b.csv").write_text("image,x1,y1,x2,y2\n")
    (tmp_path / "classes.csv").write_text("cat,0\n")
    dataset, _ = in_both(tmp_path)
    assert note_on(dataset, "not read, beside Parquet files") == "b.csv"


# Names that are left out


def test_hidden_names_are_left_out_with_a_note(tmp_path):
    names = ("a.parquet", "_tmp.parquet", ".h.parquet", "_temporary/0/t.parquet", "_k=1/b.parquet")
    dataset, _ = in_both(shards(tmp_path, *names))
    assert dataset.images.ids == ["0", "4"]
    assert note_on(dataset, "left out, as their names") == ".h.parquet, _tmp.parquet, _temporary"


def test_hidden_names_that_the_user_names_are_read(tmp_path):
    shards(tmp_path, "_a.parquet", "_b.parquet", "c.parquet")
    assert in_both(tmp_path / "_a.parquet")[0].images.ids == ["0"]
    (tmp_path / "only").mkdir()
    shard(tmp_path / "only" / "_a.parquet", ["0"])
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "only")
    hint = r"Parquet files whose names begin with _ or . are left out (_a.parquet): name the file."
    assert hint in f"{caught.value}"
    assert in_both(tmp_path / "_*.parquet")[0].images.ids == ["0", "1"]
    dataset, _ = in_both(tmp_path / "*.parquet")
    assert dataset.images.ids == ["2"]
    assert note_on(dataset, "left out, as their names") == "_a.parquet, _b.parquet"


def test_tables_of_text_may_begin_so(tmp_path):
    for name in ("_annotations.csv", "more.csv"):
        (tmp_path / name).write_text(f"image,width,height,label,x1,y1,x2,y2\n{name},90,90,cat,1,2,30,40\n")
    assert in_both(tmp_path / "*.csv")[0].images.ids == ["_annotations.csv", "more.csv"]


# Links


def test_a_link_in_a_circle_doubles_nothing(tmp_path):
    root = shards(tmp_path / "ds", "0.parquet", "split=b/1.parquet")
    (root / "split=a").symlink_to(".")
    (root / "split=b" / "split=c").symlink_to("..")
    dataset, said = in_both(root)
    assert dataset.images.ids == ["0", "1"]
    assert note_on(dataset, "left out, as links") == "split=a, split=b/split=c"
    assert not told(said, "PAR001", "SET019")


def test_what_links_lead_to_is_read_by_its_own_name(tmp_path):
    root = shards(tmp_path / "ds", "split=b/1.parquet", "2.parquet", "elsewhere.txt/3.parquet")
    (root / "split=a").symlink_to("split=b")
    (root / "0.parquet").symlink_to("2.parquet")
    (root / "elsewhere.txt").rename(tmp_path / "elsewhere")
    (root / "split=z").symlink_to("../elsewhere")
    dataset, _ = in_both(root)
    assert sorted(dataset.splits) == ["", "b", "z"]
    assert note_on(dataset, "left out, as links") == "0.parquet, split=a"


def test_a_pattern_takes_each_file_once(tmp_path):
    root = shards(tmp_path / "ds", "split=b/1.parquet")
    (root / "split=a").symlink_to("split=b")
    dataset, _ = in_both(root / "*" / "*.parquet")
    assert dataset.images.ids == ["0"]
    assert Path(detect(root / "*" / "*.parquet").files[0]) == root / "split=b" / "1.parquet"


# Several data sets


def test_a_pattern_for_several_data_sets_is_named_and_works(tmp_path):
    root = shards(tmp_path / "d s", "shard0/x.parquet", "shard1/x.parquet", "shard2/label=a/x.parquet")
    (root / "_SUCCESS").touch()
    with pytest.raises(AnchorauditError, match="3 data sets here") as caught:
        read(root)
    assert caught.value.remedy.endswith(f"If all are one, name them by a pattern: '{root}/*'.")
    assert in_both(root / "*")[0].images.ids == ["0", "1", "2"]


def test_a_pattern_is_named_only_if_it_works(tmp_path):
    root = shards(tmp_path / "ds", "shard0/x.parquet", "shard1/x.parquet")
    (root / "README.md").touch()
    with pytest.raises(AnchorauditError) as caught:
        read(root)
    assert caught.value.remedy.endswith("/*/*.parquet'.")
    (root / "shard2").mkdir()
    (root / "shard2" / "boxes.csv").write_text("image,x1,y1,x2,y2\na,1,2,3,4\n")
    with pytest.raises(AnchorauditError) as caught:
        read(root)
    assert "pattern" not in caught.value.remedy


# Folders that are columns


def test_the_null_of_hive_is_an_empty_cell(tmp_path):
    null = "__HIVE_DEFAULT_PARTITION__"
    shard(tmp_path / "split=train" / "label=a" / "0.parquet", ["0"], label=None)
    shard(tmp_path / f"split={null}" / f"label={null}" / "1.parquet", ["1"], label=None)
    dataset, said = in_both(tmp_path)
    assert sorted(dataset.splits) == ["", "train"]
    assert [category.name for category in dataset.categories] == ["a"]
    assert told(said, "PAR003") == [("PAR003", tmp_path.name, "the row names no class")]
    assert in_both(tmp_path, splits=("train",))[0].images.ids == ["0"]


@pytest.mark.parametrize("key", ["image_id", "filename", "img"])
def test_a_folder_may_be_the_image(tmp_path, key):
    for name in ("a", "b%2Fc.jpg"):
        shard(tmp_path / f"{key}={name}" / "0.parquet", [""] * 2, image=None, x2=[200.0, 300.0])
    dataset, said = in_both(tmp_path)
    assert dataset.images.ids == ["a", "b/c.jpg"]
    assert dataset.boxes.image.tolist() == [0, 0, 1, 1]
    assert not said


def test_a_folder_is_the_column_that_the_user_says(tmp_path):
    shard(tmp_path / "foo=a" / "kind=dog" / "0.parquet", [""], image=None, label=None)
    with pytest.raises(AnchorauditError, match="not known: the image"):
        read(tmp_path)
    dataset, _ = in_both(tmp_path, columns="image=foo,class=kind")
    assert dataset.images.ids == ["a"]
    assert [category.name for category in dataset.categories] == ["dog"]


def test_the_own_columns_of_a_file_count_first(tmp_path):
    shard(tmp_path / "image=x" / "label=dog" / "0.parquet", ["a"])
    dataset, _ = in_both(tmp_path)
    assert dataset.images.ids == ["a"]
    assert [category.name for category in dataset.categories] == ["cat"]


def test_a_folder_is_the_class_of_objects_and_not_of_images_without_any(tmp_path):
    folder = tmp_path / "label=dog"
    folder.mkdir()
    objects = [[{"bbox": [200.0, 100.0, 50.0, 40.0]}], []]
    table = {"image": ["a", "b"], "width": [960] * 2, "height": [720] * 2, "objects": objects}
    parquet.write_table(pa.table(table), folder / "0.parquet")
    dataset, said = in_both(tmp_path)
    assert [category.name for category in dataset.categories] == ["dog"]
    assert dataset.images.ids == ["a", "b"]
    assert len(dataset.boxes) == 1
    assert not told(said, "PAR003")


# Boxes in structs


def structs(path, boxes, **more):
    """Write rows of boxes, each a struct."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(boxes)
    columns = {"image": [f"{i}" for i in range(count)], "width": [960] * count, "height": [720] * count}
    parquet.write_table(
        pa.table({**columns, "label": ["cat"] * count, "bbox": pa.array(boxes), **more}), path
    )


@pytest.mark.parametrize(
    ("names", "xyxy"),
    [
        (("xmin", "ymin", "xmax", "ymax"), [10, 20, 30, 60]),
        (("x1", "y1", "x2", "y2"), [10, 20, 30, 60]),
        (("left", "top", "right", "bottom"), [10, 20, 30, 60]),
        (("x", "y", "width", "height"), [10, 20, 40, 80]),
        (("x_center", "y_center", "w", "h"), [-5, -10, 25, 50]),
    ],
)
def test_a_struct_with_known_names_is_a_box(tmp_path, names, xyxy):
    box = dict(zip(names, (10.0, 20.0, 30.0, 60.0), strict=True))
    for part in range(2):
        structs(tmp_path / f"{part}.parquet", [box, None], score=[0.5, 0.5])
    with_nothing = parquet.read_table(tmp_path / "0.parquet").set_column(3, "label", pa.array(["cat", None]))
    parquet.write_table(with_nothing, tmp_path / "0.parquet")
    dataset, said = in_both(tmp_path)
    assert dataset.boxes.xyxy[0].tolist() == xyxy
    assert dataset.images.ids == ["0", "1"]
    # A row with a class and no box lacks it; one without both is an image without objects.
    assert in_both(tmp_path, columns="class=label")[0].boxes.xyxy[0].tolist() == xyxy
    lacking = [place for code, _, place, _ in said if code == "PAR003"]
    assert lacking == ["1.parquet row 2"]


def test_fields_of_a_struct_may_be_named(tmp_path):
    box = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 60.0}
    structs(tmp_path / "0.parquet", [box])
    dataset, _ = in_both(tmp_path, columns="x1=bbox.a,y1=bbox.b,x2=bbox.c,y2=bbox.d")
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 30, 60]]


@pytest.mark.parametrize(
    ("boxes", "kind"),
    [
        ([{"a": 1, "b": 2, "c": 3, "d": 4}], "struct<a: int64, "),
        (pa.array([[("xmin", 1.0)]], pa.map_(pa.string(), pa.float64())), "map<string, double"),
        ([7], "int64"),
    ],
)
def test_a_column_without_boxes_is_told_once(tmp_path, boxes, kind):
    structs(tmp_path / "0.parquet", boxes)
    for reading in (read, lambda path: merge(audit_partitions(path, None))):
        with pytest.raises(AnchorauditError) as caught:
            reading(tmp_path)
        assert caught.value.message.startswith(f"no box can be read from bbox, which is {kind}")
        assert "xmin, ymin, xmax, ymax" in caught.value.remedy


def test_a_column_without_any_box_is_of_images_without_objects(tmp_path):
    structs(tmp_path / "0.parquet", pa.nulls(2), label=pa.nulls(2))
    dataset, _ = in_both(tmp_path)
    assert (dataset.images.ids, len(dataset.boxes)) == (["0", "1"], 0)


@pytest.mark.parametrize(
    ("box", "said"),
    [({"xmin": 10, "ymin": 20, "xmax": 30, "ymax": 60}, ""), ({"a": 1, "b": 2}, "an object with a, b")],
)
def test_objects_of_json_lines(tmp_path, box, said):
    lines = [{"image": f"{i}", "width": 960, "height": 720, "label": "cat", "bbox": box} for i in range(2)]
    file = tmp_path / "boxes.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    if said:
        with pytest.raises(AnchorauditError, match=f"no box can be read from bbox, which is {said}"):
            read(file)
    else:
        assert in_both(file)[0].boxes.xyxy.tolist() == [[10, 20, 30, 60]] * 2


def test_a_struct_in_a_table_in_memory(tmp_path):
    structs(tmp_path / "0.parquet", [{"xmin": 10.0, "ymin": 20.0, "xmax": 30.0, "ymax": 60.0}])
    table = parquet.read_table(tmp_path / "0.parquet")
    there = TableInMemory(table.schema, 1, lambda names, start, end: table.select(names)[start:end])
    dataset = assemble_tables([(there, "")], Path("<Table>"), "a table", ReadOptions())
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 30, 60]]


def test_own_columns_count_before_a_struct(tmp_path):
    own = {name: [value] for name, value in zip(("x", "y", "w", "h"), (1.0, 2.0, 3.0, 4.0), strict=True)}
    structs(tmp_path / "0.parquet", [{"xmin": 10.0, "ymin": 20.0, "xmax": 30.0, "ymax": 60.0}], **own)
    assert in_both(tmp_path)[0].boxes.xyxy.tolist() == [[1, 2, 4, 6]]


# At an address


@pytest.fixture
def at_address(tmp_path):
    """Copy a folder into memory:// and return its address."""
    memory = pytest.importorskip("fsspec").filesystem("memory")

    def copied(folder):
        for file in folder.rglob("*.parquet"):
            if file.is_file():
                memory.pipe(f"/trial/{file.relative_to(folder).as_posix()}", file.read_bytes())
        return "memory://trial"

    yield copied
    memory.rm("/trial", recursive=True)


def test_the_same_at_an_address(tmp_path, at_address):
    names = ("a.parquet", "b.parquet/0.parquet", "_t.parquet", "more/d.parquet", "images/e.parquet")
    dataset, said = in_both(at_address(shards(tmp_path, *names)))
    assert dataset.images.ids == ["0", "1"]
    assert note_on(dataset, "left out, as their names") == "_t.parquet"
    assert note_on(dataset, "not looked into for tables") == "images/"
    assert told(said, "SET019") == [("SET019", "more", "1 Parquet file in this folder not read")]


def test_a_pattern_for_several_data_sets_at_an_address(tmp_path, at_address):
    root = at_address(shards(tmp_path, "shard0/x.parquet", "shard1/x.parquet", "_temporary/x.parquet"))
    with pytest.raises(AnchorauditError, match="2 data sets here") as caught:
        read(root)
    assert caught.value.remedy.endswith("name them by a pattern: 'memory://trial/*'.")
    assert in_both("memory://trial/*")[0].images.ids == ["0", "1"]


# The program


def test_no_way_to_run_it_is_silent_about_what_was_not_read(tmp_path, anchoraudit):
    shards(tmp_path / "ds", "0.parquet", "more/1.parquet")
    (tmp_path / "ds" / "9.parquet").symlink_to("gone")
    for options in ((), ("-q",), ("--engine", "local"), ("--engine", "local", "-q")):
        done = anchoraudit("scan", tmp_path / "ds", "--detector", "none", *options)
        assert done.returncode == 1
        assert "2 errors" in done.stdout
        if "-q" not in options:
            assert "SET019" in done.stdout
            assert "PAR001" in done.stdout
