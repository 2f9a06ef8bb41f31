"""Tables of boxes: what their columns are called, what their rows mean, and what is wrong with them."""

import csv
import json
import math
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import audit, audit_partitions, load_detector, merge
from anchoraudit.auditing.tables import boxes_frame
from anchoraudit.dataset.conventions import convention_of
from anchoraudit.dataset.locations import Locations
from anchoraudit.dataset.readings import reread
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, read
from anchoraudit.formats.table import csv_file
from anchoraudit.formats.table.columns import Numbers, Texts, joined_numbers, joined_texts
from tests.builders import GOOD, annotation, document, image, make, run

OWN = "image_id,label,x1,y1,x2,y2"


def table(root, text, **images):
    """A data set of one CSV file."""
    root.mkdir(exist_ok=True)
    (root / "boxes.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    make(root, {name.replace("_", "."): size for name, size in images.items()})
    return read(root / "boxes.csv")


def found(dataset):
    return [(finding.code, finding.place, finding.evidence) for finding in dataset.findings]


# Makes


def test_keras_retinanet_has_no_header_and_empty_fields_for_a_blank_image(tmp_path):
    make(tmp_path, {"im/a.jpg": (100, 50), "im/b.jpg": (10, 10)})
    dataset = table(tmp_path, "im/a.jpg,10,20,30,40,cat\nim/a.jpg,1,2,3,4,dog\nim/b.jpg,,,,,\n")
    assert dataset.recognised == (
        "table: a CSV file, 3 rows, keras-retinanet's (no header: path,x1,y1,x2,y2,class)"
    )
    assert dataset.images.ids == dataset.images.file_names == ["im/a.jpg", "im/b.jpg"]
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([100, 10], [50, 10])
    assert dataset.boxes.image.tolist() == [0, 0]
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 30, 40], [1, 2, 3, 4]]
    assert dataset.boxes.entry.tolist() == [0, 1]
    assert [category.name for category in dataset.categories] == ["cat", "dog"]
    assert dataset.boxes.category.tolist() == [0, 1]
    source = dataset.sources[0]
    assert (source.path, source.item, source.suffix) == (tmp_path / "boxes.csv", "line", "")
    assert dataset.image_path(1) == tmp_path / "im/b.jpg"
    assert dataset.findings == dataset.notes == []


def test_tensorflow_declares_sizes(tmp_path):
    text = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,cat,1,2,3,4\nb.jpg,,,cat,1,2,3,4\n"
    dataset = table(tmp_path, text, b_jpg=(7, 9))
    assert dataset.recognised.endswith("TensorFlow's (filename,class,xmin,ymin,xmax,ymax)")
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([640, 7], [480, 9])
    assert dataset.images.measured.tolist() == [False, True]
    assert dataset.boxes.entry.tolist() == [1, 2]
    assert found(dataset) == [("IMG001", "line 2", "a.jpg")]


def test_open_images_are_shares_and_its_ids_are_stems(tmp_path):
    text = "ImageID,Source,LabelName,XMin,XMax,YMin,YMax\n0a,x,/m/01,0.1,0.5,0.2,1\n0b,x,/m/01,0,1,0,1\n"
    dataset = table(tmp_path, text, **{"0a_jpg": (100, 50)})
    assert dataset.boxes.xyxy[0].tolist() == [10, 10, 50, 50]
    assert np.isnan(dataset.boxes.xyxy[1]).all()
    assert (dataset.images.ids, dataset.images.file_names) == (["0a", "0b"], ["0a.jpg", "0b"])
    assert [code for code, *_ in found(dataset)] == ["IMG001", "IMG002"]


def test_what_export_boxes_writes_is_read_again(tmp_path):
    documents = document([image(1), image(2)], [annotation(1, 1), annotation(2, 2, [5, 6, 700.25, 8])])
    make(tmp_path, {"a.json": documents})
    frame = boxes_frame(audit(read(tmp_path / "a.json"), load_detector("reference")))
    frame["width"], frame["height"] = 960, 720
    x, y, w, h = GOOD
    for name in ("boxes.csv", "boxes.parquet"):
        path = tmp_path / name
        frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)
        dataset = read(path)
        assert dataset.images.ids == ["1", "2"]
        assert dataset.boxes.xyxy.tolist() == [[x, y, x + w, y + h], [5, 6, 705.25, 14]]
        assert dataset.images.width.tolist() == [960, 960]
        assert dataset.categories[0].name == "cat"
        assert dataset.findings == []
        assert dataset.sources[0].item == {".csv": "line", ".parquet": "row"}[path.suffix]


def test_a_real_export_is_read_again_with_the_sizes_of_its_images(tmp_path, shared):
    voc = read(shared / "data" / "bccd")
    boxes_frame(audit(voc, load_detector("reference"))).to_csv(tmp_path / "boxes.csv", index=False)
    dataset = read(tmp_path / "boxes.csv", image_folder=voc.sources[0].image_folder)
    assert dataset.images.ids == voc.images.ids
    assert np.array_equal(dataset.images.width, voc.images.width)
    assert np.array_equal(dataset.boxes.xyxy, voc.boxes.xyxy)
    assert [c.name for c in dataset.categories] == [c.name for c in voc.categories]
    assert dataset.findings == []


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Image_Path,Left,Top,Right,Bottom,Category", "columns Image_Path,Left,Top,Right,Bottom,Category"),
        ("image,x_min,y_min,x_max,y_max,extra", "columns image,x_min,y_min,x_max,y_max"),
    ],
)
def test_other_headers(tmp_path, header, shown):
    dataset = table(tmp_path, f"{header}\na.jpg,1,2,3,4,cat\n", a_jpg=(9, 9))
    assert dataset.recognised.endswith(shown)
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 3, 4]]


def test_a_column_of_splits(tmp_path):
    text = f"{OWN},split\na.jpg,c,1,2,3,4,train\nb.jpg,c,1,2,3,4,val\na.jpg,c,1,2,3,4,val\n"
    images = {"a_jpg": (9, 9), "b_jpg": (9, 9)}
    dataset = table(tmp_path, text, **images)
    assert (dataset.splits, dataset.images.split.tolist()) == (("train", "val"), [0, 1])
    assert found(dataset) == [("SET004", "line 4", "a.jpg")]
    val = read(tmp_path / "boxes.csv", splits=("val",))
    assert (val.splits, val.images.ids, len(val.boxes)) == (("val",), ["a.jpg", "b.jpg"], 3)
    with pytest.raises(AnchorauditError, match="unknown split 'test'"):
        read(tmp_path / "boxes.csv", splits=("test",))


def test_roboflows_folder_for_each_split(tmp_path):
    text = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,9,9,cat,1,2,3,4\n"
    make(
        tmp_path,
        {
            f"{split}/{name}": content
            for split in ("train", "valid")
            for name, content in (("_annotations.csv", text), ("a.jpg", (9, 9)))
        },
    )
    dataset = read(tmp_path)
    assert (dataset.splits, dataset.images.source.tolist()) == (("train", "valid"), [0, 1])
    assert read(tmp_path, splits=("valid",)).sources[0].path == tmp_path / "valid/_annotations.csv"
    assert read(tmp_path / "train").images.ids == ["a.jpg"]


def test_a_table_among_other_annotations_is_left_alone(tmp_path):
    make(
        tmp_path,
        {"annotations/instances_a.json": document(), "_annotations.csv": f"{OWN}\n", "boxes.csv": "x"},
    )
    assert detect(tmp_path).format == "coco"


_FIELDS = st.sampled_from(["", "1", "-2.5", "1e3", " 7", "nan", "inf", "x", "1_0", "+3", "1e999", "ä b", " "])
_QUOTED = st.sampled_from(
    ['"1"', '""', '" 7"', '"a,b"', '"a ""b"""', '"a\nb"', '"a\rb"', 'a"b', 'a"', '"a', '"a"b', '"1" ', ' "1"']
)
_LINES = st.lists(
    st.lists(_FIELDS | _QUOTED, min_size=6, max_size=6) | st.lists(_FIELDS, max_size=7), max_size=6
)


@given(_LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_all_ways_of_reading_give_the_same(tmp_path_factory, lines, end, closed):
    """By pyarrow, at once, and line by line. Each may refuse a file, and leave it to the next."""
    folder = tmp_path_factory.mktemp("table")
    plain = ["a.jpg,cat, 1,2 ,3,4e0", "b.jpg,,,,,", '"a.jpg",dog,1,2,3,4']
    text = end.join([OWN, *plain, *(",".join(line) for line in lines)]) + end * closed
    (folder / "boxes.csv").write_text(text, newline="")

    def seen(by_arrow, at_once):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_file, "_WORTH_ARROW", 0)
            for name, used in (("by_arrow", by_arrow), ("_at_once", at_once)):
                if not used:
                    patch.setattr(csv_file, name, lambda *_, **__: None)
            dataset = read(folder / "boxes.csv")
        boxes = dataset.boxes
        columns = [boxes.image.tolist(), boxes.category.tolist(), boxes.entry.tolist(), repr(boxes.xyxy)]
        return dataset.images.ids, dataset.categories, dataset.findings, columns

    slow = seen(by_arrow=False, at_once=False)
    assert seen(by_arrow=True, at_once=False) == slow
    assert seen(by_arrow=False, at_once=True) == slow


def test_a_file_with_quotes_around_fields_is_read_by_arrow(tmp_path, monkeypatch):
    text = '"image_id","label","x1","y1","x2","y2"\n' + '"a ""b"".jpg","cat, dog",1,"2",3,4\n' * 9
    monkeypatch.setattr(csv_file, "_WORTH_ARROW", 0)
    monkeypatch.setattr(csv_file, "_BLOCK", 1)
    monkeypatch.setattr(csv_file, "_columns", None)
    dataset = table(tmp_path, text)
    assert dataset.images.ids == ['a "b".jpg']
    assert [category.name for category in dataset.categories] == ["cat, dog"]
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 3, 4]] * 9
    assert dataset.boxes.entry.tolist() == list(range(1, 10))


def test_a_plain_file_is_read_by_arrow(tmp_path, monkeypatch):
    text = f"{OWN},width,height\n" + "".join(f"{n % 3}, c{n % 2} ,{n},{n}.5,9,1e1,,\n" for n in range(9))
    monkeypatch.setattr(csv_file, "_WORTH_ARROW", 0)
    monkeypatch.setattr(csv_file, "_at_once", None)
    dataset = table(tmp_path, text)
    assert dataset.images.ids == ["0", "1", "2"]
    assert [category.name for category in dataset.categories] == ["c0", "c1"]
    assert dataset.boxes.image.tolist() == [0, 1, 2] * 3
    assert dataset.boxes.category.tolist() == [n % 2 for n in range(9)]
    assert dataset.boxes.xyxy[3].tolist() == [3, 3.5, 9, 10]
    assert dataset.boxes.entry.tolist() == list(range(1, 10))


@given(st.lists(st.sampled_from(["", "a", "b", "a "])), st.data())
def test_texts_are_codes_into_distinct_names_by_first_row(values, data):
    names = ["b", "a ", "", "a", "b", "unused", "a"]
    codes = [data.draw(st.sampled_from([i for i, n in enumerate(names) if n == value])) for value in values]
    for texts in (Texts.of(values), Texts.of_codes(np.array(codes, dtype=np.int64), names)):
        assert [texts[row] for row in range(len(texts))] == values
        assert texts.names == list(dict.fromkeys(values))
        assert texts.first.tolist() == [values.index(name) for name in texts.names]
        assert texts.are("a").tolist() == [value == "a" for value in values]
        assert texts.stripped().names == list(dict.fromkeys(value.strip() for value in values))
    cut = len(values) // 2
    assert joined_texts([Texts.of(values[:cut]), Texts.of(values[cut:])]).names == texts.names


def test_numbers_of_chunks_keep_their_rows():
    joined = joined_numbers([Numbers.of(["1", ""]), Numbers.of([]), Numbers.of(["x", "nan", "2"])])
    assert np.array_equal(joined.values, [1, np.nan, np.nan, np.nan, 2], equal_nan=True)
    assert joined.empty.tolist() == [False, True, False, False, False]
    assert joined.odd == {2: "x"}


# Where images are


@pytest.mark.parametrize(
    "name", ["/content/x/im/a.jpg", "C:\\x\\im\\a.jpg", "./im/a.jpg", "../../im/a.jpg", "im/a.jpg"]
)
def test_paths_of_another_machine(tmp_path, name):
    make(tmp_path, {"im/a.jpg": (100, 50)})
    dataset = table(tmp_path, f"{name},1,2,3,4,cat\n")
    assert dataset.images.width.tolist() == [100]
    assert dataset.image_path(0) == tmp_path / "im/a.jpg"


def test_a_named_folder_of_images_is_the_only_one(tmp_path):
    make(tmp_path, {"a.jpg": (100, 50), "other/a.jpg": (7, 7)})
    (tmp_path / "boxes.csv").write_text("a.jpg,1,2,3,4,cat\n")
    assert read(tmp_path / "boxes.csv", image_folder=tmp_path / "other").images.width.tolist() == [7]


def test_no_images_at_all(tmp_path):
    dataset = table(tmp_path, "a.jpg,1,2,3,4,cat\n")
    assert math.isnan(dataset.images.width[0])
    assert found(dataset) == [("IMG002", "line 1", "a.jpg")]
    assert dataset.notes == [
        f"{tmp_path / 'boxes.csv'}: no images found beside it, so missing images were not checked"
    ]


# Rows


@pytest.mark.parametrize(
    ("row", "code", "evidence", "xyxy"),
    [
        ("a.jpg,c,x,2,3,4", "PAR004", "x", [None] * 4),
        ("a.jpg,c,1,2,,4", "PAR003", "", [None] * 4),
        ("a.jpg,c,,,,", "PAR003", "", [None] * 4),
        ("a.jpg,,1,2,3,4", "PAR003", "", [1, 2, 3, 4]),
        ("a.jpg,c,1,2,3", "PAR003", "a.jpg,c,1,2,3", [None] * 4),
        ("a.jpg,c,1,2,3,4,5", "PAR003", "a.jpg,c,1,2,3,4,5", [None] * 4),
        ("a.jpg,c,nan,2,3,4", "BOX001", "nan, 2, 3, 4", [None, 2, 3, 4]),
        ("a.jpg,c,1,2,inf,4", "BOX001", "1, 2, inf, 4", [1, 2, math.inf, 4]),
        ("a.jpg,c,1,2,1e999,4", "BOX001", "1, 2, inf, 4", [1, 2, math.inf, 4]),
    ],
)
def test_a_broken_row_is_told_and_costs_itself(tmp_path, row, code, evidence, xyxy):
    dataset = table(tmp_path, f"{OWN}\na.jpg,c,1,2,3,4\n\n{row}\na.jpg,c,5,6,7,8\n", a_jpg=(9, 9))
    assert found(dataset) == [(code, "line 4", evidence)]
    assert dataset.findings[0].path == str(tmp_path / "boxes.csv")
    expected = [[1, 2, 3, 4], [math.nan if value is None else value for value in xyxy], [5, 6, 7, 8]]
    assert np.array_equal(dataset.boxes.xyxy, expected, equal_nan=True)
    assert dataset.boxes.entry.tolist() == [1, 3, 4]
    assert dataset.boxes.category[1] == (-1 if row.startswith("a.jpg,,") else 0)


def test_a_row_without_an_image(tmp_path):
    dataset = table(tmp_path, f"{OWN}\n,c,1,2,3,4\na.jpg,c,1,2,3,4\n", a_jpg=(9, 9))
    assert found(dataset) == [("PAR003", "line 2", "")]
    assert dataset.boxes.entry.tolist() == [2]


def test_lines_are_counted_through_quoted_line_ends_and_other_separators(tmp_path):
    dataset = table(
        tmp_path, '"image_id";"label";"x1";"y1";"x2";"y2"\r\n"a\r\nb";"c";1;2;3;4\r\n"d";"c";1;2;3;q\r\n'
    )
    assert dataset.images.ids == ["a\r\nb", "d"]
    assert [(code, place) for code, place, _ in found(dataset) if code == "PAR004"] == [("PAR004", "line 4")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_encodings(tmp_path, encoding):
    dataset = table(tmp_path, f"{OWN}\na.jpg,Tür,1,2,3,4\n".encode(encoding), a_jpg=(9, 9))
    name = dataset.categories[0].name
    assert name == ("T\udcfcr" if encoding == "latin-1" else "Tür")
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 3, 4]]


def test_a_field_larger_than_python_takes_costs_its_row(tmp_path):
    long = "x" * (csv.field_size_limit() + 1)
    dataset = table(tmp_path, f"{OWN}\na.jpg,c,1,2,3,4\n{long},c,1,2,3,4\na.jpg,c,5,6,7,8\n", a_jpg=(9, 9))
    assert [(code, place) for code, place, _ in found(dataset)] == [("PAR003", "line 3")]
    assert dataset.boxes.entry.tolist() == [1, 3]


def test_a_table_with_a_header_only_has_no_image(tmp_path):
    dataset = table(tmp_path, f"{OWN}\n")
    assert (len(dataset.images), len(dataset.boxes), dataset.splits) == (0, 0, ("",))


def test_empty_cells_of_parquet(tmp_path):
    columns = {
        "image_id": [1, 2, None],
        "label": ["a", None, "b"],
        **{c: [1.0, None, 3] for c in ("x1", "y1", "x2")},
    }
    pd.DataFrame({**columns, "y2": 2, "width": 9, "height": 9}).to_parquet(tmp_path / "x.parquet")
    dataset = read(tmp_path / "x.parquet")
    assert dataset.images.ids == ["1", "2"]
    assert dataset.boxes.category.tolist() == [0, -1]
    assert [(f.code, f.place, f.message) for f in dataset.findings] == [
        ("PAR003", "row 3", "the row names no image"),
        ("PAR003", "row 2", "the row lacks x1, y1, x2"),
        ("PAR003", "row 2", "the row names no class"),
    ]


@pytest.mark.parametrize("in_memory", [False, True])
def test_values_of_any_type(tmp_path, in_memory):
    """Ids are numbers with missing ones, coordinates whole numbers, decimals or text."""
    frame = pd.DataFrame(
        {
            "image_id": pd.array([7, 8, None, 7], dtype="Int64"),
            "label": pd.Categorical(["dog", "cat", "cat", None], categories=["bird", "cat", "dog"]),
            "x1": np.array([1, 2, 3, 4], dtype=np.uint8),
            "y1": ["1", "2.5", "q", ""],
            "x2": [Decimal("5.5"), Decimal(6), Decimal(7), Decimal(8)],
            "y2": np.array([5, np.nan, 7, np.inf], dtype=np.float32),
            "width": 90,
            "height": 80,
        }
    )
    path = tmp_path / "x.parquet"
    frame.to_parquet(path, row_group_size=2)
    dataset = read(frame) if in_memory else read(path)
    assert dataset.images.ids == ["7", "8"]
    assert [category.name for category in dataset.categories] == ["cat", "dog"]
    expected = [[1, 1, 5.5, 5], [math.nan] * 4, [math.nan] * 4]
    assert np.array_equal(dataset.boxes.xyxy, expected, equal_nan=True)
    assert [finding.message for finding in dataset.findings if finding.code == "PAR003"] == [
        "the row names no image",
        "the row lacks y2",
        "the row lacks y1",
        "the row names no class",
    ]


def test_parquet_of_many_row_groups_and_unneeded_columns(tmp_path):
    names = [f"{n % 50}.jpg" for n in range(1000)]
    numbers = {corner: np.arange(1000) + i for i, corner in enumerate(("x1", "y1", "x2", "y2"))}
    frame = pd.DataFrame({"image": names, "label": [f"c{n % 3}" for n in range(1000)], **numbers})
    frame["masks"] = [[1, 2]] * 1000
    frame.to_parquet(tmp_path / "x.parquet", row_group_size=64)
    dataset = read(tmp_path / "x.parquet")
    assert dataset.images.ids == names[:50]
    assert dataset.boxes.image.tolist() == [n % 50 for n in range(1000)]
    assert dataset.boxes.category.tolist() == [n % 3 for n in range(1000)]
    assert np.array_equal(dataset.boxes.xyxy, frame[["x1", "y1", "x2", "y2"]])


# One row an image

_TWO = [{"bbox": [10, 20, 30, 40], "category": 1}, {"bbox": [1, 2, 3, 4], "category": 0}]
_METADATA = {
    "info": {
        "features": {"objects": {"category": {"feature": {"names": ["dog", "cat"], "_type": "ClassLabel"}}}}
    }
}


def as_lists(objects):
    return {key: [one[key] for one in objects] for key in ("bbox", "category")}


def nested(path, columns, metadata=None):
    """Write a Parquet file of one row an image, in two row groups, and read it."""
    import pyarrow as pa
    from pyarrow import parquet

    written = pa.table(columns)
    if metadata is not None:
        written = written.replace_schema_metadata({b"huggingface": json.dumps(metadata).encode()})
    parquet.write_table(written, path, row_group_size=2)
    return read(path)


@pytest.mark.parametrize("kind", ["list of structs", "struct of lists", "columns", "fixed"])
@pytest.mark.parametrize("declared", [False, True])
def test_rows_with_lists_of_objects(tmp_path, kind, declared):
    import pyarrow as pa

    images = [_TWO, [], None, [{"bbox": [5, 5, 5, 5], "category": 1}]]
    own = {"image_id": [7, 8, 9, 10], "width": [100] * 4, "height": [80] * 4}
    if kind == "list of structs":
        columns = {"objects": images}
    elif kind == "struct of lists":
        columns = {"objects": [None if each is None else as_lists(each) for each in images]}
    else:
        boxes, labels = (
            [None if each is None else as_lists(each)[key] for each in images] for key in ("bbox", "category")
        )
        four = pa.list_(pa.float32(), 4) if kind == "fixed" else pa.list_(pa.int64())
        columns = {"boxes": pa.array(boxes, pa.list_(four)), "labels": labels}
    metadata = None
    if declared:
        metadata = json.loads(
            json.dumps(_METADATA).replace("category", "labels" if "boxes" in columns else "category")
        )
        if "boxes" in columns:
            metadata["info"]["features"].update(metadata["info"]["features"].pop("objects"))
    dataset = nested(tmp_path / "x.parquet", {**own, **columns}, metadata)
    holder = "boxes" if "boxes" in columns else "objects.bbox"
    assert dataset.recognised == (
        f"table: a Parquet file, 4 rows, one row an image ({holder}: x, y, width, height)"
    )
    assert dataset.images.ids == ["7", "8", "9", "10"]
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([100] * 4, [80] * 4)
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6], [5, 5, 10, 10]]
    assert dataset.boxes.image.tolist() == [0, 0, 3]
    called = [dataset.categories[code].name for code in dataset.boxes.category]
    assert called == (["cat", "dog", "cat"] if declared else ["1", "0", "1"])
    assert dataset.findings == []
    where = Locations(dataset)
    assert (where.of_box(1).place, where.of_box(2).place) == ("rows[0].objects[1]", "rows[3].objects[0]")
    assert where.of_image(3).place == "rows[3]"
    assert reread(dataset, convention_of("xyxy")).boxes.xyxy[0].tolist() == [10, 20, 30, 40]


def test_a_class_that_the_file_declares_counts_without_boxes(tmp_path):
    objects = [{"bbox": [1, 2, 3, 4], "category": 1}, {"bbox": [1, 2, 3, 4], "category": 5}]
    dataset = nested(tmp_path / "x.parquet", {"image": ["a.jpg"], "objects": [objects]}, _METADATA)
    assert [category.name for category in dataset.categories] == ["5", "cat", "dog"]


def test_objects_with_a_field_for_each_corner_and_crowds(tmp_path):
    fields = {"xmin": 1, "ymin": 2.5, "xmax": 30, "ymax": 40, "label": "cat", "iscrowd": 1}
    columns = {"file_name": ["a.jpg"], "faces": [[fields, {**fields, "xmax": None, "iscrowd": 0}]]}
    dataset = nested(tmp_path / "x.parquet", {**columns, "split": ["val"]})
    assert dataset.recognised.endswith("one row an image (faces.xmin/ymin/xmax/ymax)")
    assert dataset.boxes.xyxy[0].tolist() == [1, 2.5, 30, 40]
    assert dataset.boxes.crowd.tolist() == [True, False]
    assert (dataset.splits, dataset.categories[0].name) == (("val",), "cat")
    assert [f.message for f in dataset.findings if f.place == "rows[0].objects[1]"] == ["the row lacks x2"]


def test_sizes_and_names_of_pictures_in_the_file(tmp_path):
    make(tmp_path, {"a.jpg": (100, 50), "b.png": (7, 9)})
    pictures = [{"bytes": (tmp_path / name).read_bytes(), "path": name} for name in ("a.jpg", "b.png")]
    pictures.append({"bytes": b"none", "path": "c.jpg"})
    (tmp_path / "other").mkdir()
    objects = [[{"bbox": [1, 2, 3, 4]}]] * 3
    for columns, ids in (
        ({"image": pictures}, ["a.jpg", "b.png", "c.jpg"]),
        ({"image": [picture["bytes"] for picture in pictures]}, ["0", "1", "2"]),
    ):
        dataset = nested(tmp_path / "other" / "x.parquet", {**columns, "objects": objects})
        assert dataset.images.ids == ids
        assert dataset.images.width[:2].tolist() == [100, 7]
        assert dataset.images.height[:2].tolist() == [50, 9]
        assert [(f.code, f.place) for f in dataset.findings if f.code == "IMG002"] == [("IMG002", "rows[2]")]


def test_broken_lists_cost_their_own_box(tmp_path):
    import pyarrow as pa

    boxes = [[[1, 2, 3, 4], [1, 2, 3], None, [1, None, 3, 4]], [[5, 6, 7, 8], [1, math.nan, 1, 1]]]
    objects = [{"bbox": boxes[0], "category": list("abcd")}, {"bbox": boxes[1], "category": ["a"]}]
    columns = {"image": ["a.jpg", "b.jpg"], "objects": pa.array(objects)}
    dataset = nested(tmp_path / "x.parquet", columns)
    nan = [math.nan] * 4
    expected = [[1, 2, 4, 6], nan, nan, nan, [5, 6, 12, 14], [1, math.nan, 2, math.nan]]
    assert np.array_equal(dataset.boxes.xyxy, expected, equal_nan=True)
    assert [(f.place, f.message) for f in dataset.findings if f.code == "PAR003"] == [
        ("rows[0].objects[1]", "bbox is not a list of four numbers"),
        ("rows[0].objects[2]", "bbox is not a list of four numbers"),
        ("rows[0].objects[3]", "bbox is not a list of four numbers"),
        ("rows[1]", "its list of classes is not as long as that of its boxes"),
        ("rows[1].objects[1]", "the row names no class"),
    ]
    assert [f.place for f in dataset.findings if f.code == "BOX001"] == ["rows[1].objects[1]"]


def test_the_program_filters_it(tmp_path, here):
    import pyarrow as pa

    objects = [
        [{"bbox": [100, 100, 200, 200], "category": "cat"}],
        [{"bbox": [1, 1, 1, 1], "category": "cat"}],
    ]
    columns = {"image": ["a.jpg", "b.jpg"], "width": [960] * 2, "height": [720] * 2, "objects": objects}
    nested(tmp_path / "x.parquet", {name: pa.array(column) for name, column in columns.items()})
    assert run("filter", tmp_path / "x.parquet", "-o", "clean.json") == 0
    clean = json.loads((here / "clean.json").read_text("utf-8"))
    assert [image["file_name"] for image in clean["images"]] == ["a.jpg"]
    assert clean["annotations"][0]["bbox"] == [100, 100, 200, 200]


# Many files


def write_parts(root, parts):
    """Write Parquet files. parts: by name, the image of each row."""
    for name, images in parts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        corners = {"x1": 100, "y1": 100, "x2": 200, "y2": 200, "width": 960, "height": 720}
        pd.DataFrame({"image": images, "label": "cat", **corners}).to_parquet(root / name)


def test_a_folder_of_parquet_files_is_one_table(tmp_path):
    """An image whose rows are in two files is one image; each row keeps its file as its place."""
    root = tmp_path / "ds"
    write_parts(root, {"part-0.parquet": ["a", "b", "b"], "part-1.parquet": ["b", "c"]})
    frame = pd.read_parquet(root / "part-1.parquet").assign(image=["d", "a"], x1=[150, None])
    frame.to_parquet(root / "part-2.PARQUET")
    dataset = read(root)
    assert dataset.recognised.startswith("table: 3 Parquet files, 7 rows, ")
    assert dataset.images.ids == ["a", "b", "c", "d"]
    assert dataset.boxes.image.tolist() == [0, 1, 1, 1, 2, 3, 0]
    assert [(f.code, f.path, f.place) for f in dataset.findings if f.code == "PAR003"] == [
        ("PAR003", str(root), "part-2.PARQUET row 2")
    ]
    places = [Locations(dataset).of_box(row).place for row in range(7)]
    assert places[0] == "part-0.parquet row 1"
    assert places[3:5] == ["part-1.parquet row 1", "part-1.parquet row 2"]
    assert detect(tmp_path).path == root


def test_splits_of_files_and_of_folders(tmp_path):
    names = ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")
    write_parts(
        tmp_path / "names", {f"{name}.parquet": [own] for name, own in zip(names, "abc", strict=True)}
    )
    dataset = read(tmp_path / "names")
    assert (dataset.splits, dataset.images.ids) == (("test", "train"), ["c", "a", "b"])
    assert read(tmp_path / "names", splits=("train",)).images.ids == ["a", "b"]
    with pytest.raises(AnchorauditError, match="unknown split 'val'"):
        read(tmp_path / "names", splits=("val",))
    folders = ("split=train/label=a%20b", "split=train/label=c", "split=val/label=c")
    write_parts(
        tmp_path / "keys", {f"{name}/x.parquet": [own] for name, own in zip(folders, "aad", strict=True)}
    )
    for path in (tmp_path / "keys").rglob("*.parquet"):
        pd.read_parquet(path).drop(columns="label").to_parquet(path)
    dataset = read(tmp_path / "keys")
    assert (dataset.splits, dataset.images.ids) == (("train", "val"), ["a", "d"])
    assert [category.name for category in dataset.categories] == ["a b", "c"]
    assert dataset.boxes.category.tolist() == [0, 1, 1]
    assert Locations(dataset).of_box(1).place == "split=train/label=c/x.parquet row 1"


def test_a_part_that_cannot_be_read_is_named_and_the_others_count(tmp_path):
    write_parts(tmp_path, {f"{n}.parquet": [f"{n}"] for n in range(4)})
    whole = (tmp_path / "1.parquet").read_bytes()
    (tmp_path / "1.parquet").write_bytes(whole[: len(whole) // 2])
    pd.read_parquet(tmp_path / "2.parquet").drop(columns="label").to_parquet(tmp_path / "2.parquet")
    dataset = read(tmp_path)
    assert dataset.images.ids == ["0", "3"]
    told = [(f.code, Path(f.path).name, f.message) for f in dataset.findings]
    assert [each[:2] for each in told[:2]] == [("PAR001", "1.parquet"), ("PAR001", "2.parquet")]
    assert told[0][2].startswith("cannot be read as Parquet: ")
    assert told[1][2] == "its columns are not those of 0.parquet: it lacks label"
    for name in ("0.parquet", "2.parquet", "3.parquet"):
        (tmp_path / name).unlink()
    with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
        read(tmp_path)


def test_files_of_one_row_an_image(tmp_path):
    objects = [[{"bbox": [1, 2, 3, 4], "label": "cat"}], [], [{"bbox": [1, 2, 3], "label": "cat"}]]
    size = {"width": [90] * 3, "height": [80] * 3}
    for n in range(2):
        (tmp_path / "ds").mkdir(exist_ok=True)
        names = [f"{n}{i}.jpg" for i in range(3)]
        nested(tmp_path / "ds" / f"{n}.parquet", {"image": names, "objects": objects, **size})
    dataset = read(tmp_path / "ds")
    assert dataset.images.ids == ["00.jpg", "01.jpg", "02.jpg", "10.jpg", "11.jpg", "12.jpg"]
    assert dataset.boxes.image.tolist() == [0, 2, 3, 5]
    where = Locations(dataset)
    assert where.of_box(2).place == "1.parquet rows[0].objects[0]"
    assert where.of_image(4).place == "1.parquet rows[1]"
    assert [(Path(f.path).name, f.place) for f in dataset.findings if f.code == "PAR003"] == [
        ("0.parquet", "rows[2].objects[0]"),
        ("1.parquet", "rows[2].objects[0]"),
    ]


# Patterns


def some_tables(folder):
    """data/a.csv, data/b.csv, and train/ and val/ beside them with Parquet."""
    make(folder, {f"data/{name}.csv": f"{OWN}\n{name}.jpg,cat,1,1,9,9\n" for name in "ab"})
    frame = pd.DataFrame({"image": ["x.jpg"], "width": 9, "height": 9, "label": "dog"})
    for split in ("train", "val"):
        (folder / split).mkdir()
        for part in range(2):
            named = frame.assign(image=f"{split}{part}.jpg", x1=1, y1=1, x2=5, y2=5)
            named.to_parquet(folder / split / f"{part}.parquet")


@pytest.mark.parametrize(
    ("pattern", "images", "splits"),
    [
        ("data/*.csv", ["a.jpg", "b.jpg"], ("",)),
        ("data/[b-z].csv", ["b.jpg"], ("",)),
        ("train/?.parquet", ["train0.jpg", "train1.jpg"], ("",)),
        ("*/1.parquet", ["train1.jpg", "val1.jpg"], ("train", "val")),
        ("**/0.parquet", ["train0.jpg", "val0.jpg"], ("train", "val")),
        ("[tv]*", ["train0.jpg", "train1.jpg", "val0.jpg", "val1.jpg"], ("train", "val")),
        ("tr*", ["train0.jpg", "train1.jpg"], ("",)),
    ],
)
def test_a_pattern_is_one_table(tmp_path, pattern, images, splits):
    pytest.importorskip("pyarrow")
    some_tables(tmp_path)
    dataset = read(tmp_path / pattern)
    assert dataset.images.ids == images
    assert dataset.splits == splits
    assert str(dataset.root) == str(tmp_path / pattern)
    found = merge(audit_partitions(tmp_path / pattern))
    assert found.summary()["images"] == len(images)
    assert str(found.dataset.root) == str(tmp_path / pattern)


def test_folders_of_splits_are_one_table(tmp_path):
    pytest.importorskip("pyarrow")
    some_tables(tmp_path)
    (tmp_path / "data" / "a.csv").unlink()
    (tmp_path / "data" / "b.csv").unlink()
    dataset = read(tmp_path)
    assert dataset.splits == ("train", "val")
    assert read(tmp_path, splits=("val",)).images.ids == ["val0.jpg", "val1.jpg"]
    assert dataset.sources[0].place_of_box(0, -1) == "train/0.parquet row 1"


def test_a_pattern_that_matches_one_folder_of_any_format(tmp_path):
    make(tmp_path, {"coco/a.json": document([image(1)], [annotation(1, 1, GOOD)]), "other": ""})
    assert read(tmp_path / "co*").format == "coco"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("none-*.csv", "no file or folder matches"),
        ("[", "no file or folder matches"),
        ("*/*", "the 6 matches are not one data set"),
    ],
)
def test_patterns_of_no_table(tmp_path, pattern, said):
    pytest.importorskip("pyarrow")
    some_tables(tmp_path)
    with pytest.raises(AnchorauditError, match=said):
        read(tmp_path / pattern)


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path):
    make(tmp_path, {"a[1].csv": f"{OWN}\na.jpg,cat,1,1,9,9\n", "a1.csv": "no table"})
    assert read(tmp_path / "a[1].csv").images.ids == ["a.jpg"]


# What cannot be read at all


@pytest.mark.parametrize("text", ["", "\n\n", "a,b,c\n1,2,3\n", "only words\n", bytes(range(256))])
def test_columns_that_are_not_understood(tmp_path, text):
    with pytest.raises(AnchorauditError) as caught:
        table(tmp_path, text)
    assert caught.value.path == str(tmp_path / "boxes.csv")
    assert "image_id,label,x1,y1,x2,y2" in caught.value.remedy


def test_parquet_that_is_none_and_parquet_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "x.parquet").write_text("none")
    with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
        read(tmp_path / "x.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(AnchorauditError, match=r"pip install 'anchoraudit\[parquet\]'"):
        read(tmp_path / "x.parquet")


def test_the_program_scans_it(tmp_path, here, capsys):
    make(tmp_path / "ds", {"k.csv": "a.jpg,100,100,200,200,cat\n", "a.jpg": (960, 720)})
    assert run("scan", Path(tmp_path, "ds", "k.csv"), "--exit-zero", "-v") == 0
    assert "keras-retinanet's" in capsys.readouterr().out


def test_parquet_whose_text_is_no_text(tmp_path):
    frame = pd.DataFrame({"image": ["a.jpg"], "x1": 1, "y1": 1, "x2": 5, "y2": 5, "label": "cat"})
    frame.to_parquet(tmp_path / "x.parquet", compression=None)
    data = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(data.replace(b"a.jpg", b"a.j\xffg"))
    with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
        read(tmp_path / "x.parquet")


def test_class_names_that_are_no_text_are_spelt_out_in_a_manifest(tmp_path, here):
    rows = "a.jpg,T\xfcr,400,360,474,509\na.jpg,T\xf6r,400,360,474,509\n"
    make(tmp_path, {"x.csv": f"{OWN}\n{rows}".encode("latin-1"), "a.jpg": (960, 720)})
    assert run("filter", tmp_path / "x.csv", "-o", "clean.json") == 0
    categories = json.loads((here / "clean.json").read_text("utf-8"))["categories"]
    assert [category["name"] for category in categories] == ["T\\udcf6r", "T\\udcfcr"]
