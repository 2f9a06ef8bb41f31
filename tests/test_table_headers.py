"""Headers of tables: which ones are known, which are asked for, and what `--columns` names."""

import numpy as np
import pandas as pd
import pytest

from anchoraudit import audit, audit_partitions, merge, read
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table import lines
from tests.builders import document, make, run

BOX = [10, 20, 110, 70]


def table(root, text, **images):
    make(root, {name.replace("_", "."): size for name, size in images.items()})
    (root / "boxes.csv").write_text(text)
    return read(root / "boxes.csv")


def classes_of(dataset):
    return [dataset.categories[i].name if i >= 0 else "" for i in dataset.boxes.category.tolist()]


def told(dataset):
    return [(finding.code, finding.place, finding.message) for finding in dataset.findings]


# Headers that are known. Each row is the box 10,20,110,70 of the class cat.
KNOWN = {
    "rsna": "patientId,x,y,width,height,Target\na,10,20,100,50,cat\n",
    "udacity": "frame,x1,x2,y1,y2,label\na.jpg,10,110,20,70,cat\n",
    "own sides": "name,x,y,w,h,class\na.jpg,10,20,100,50,cat\n",
    "left and top": "image,left,top,width,height,label\na.jpg,10,20,100,50,cat\n",
    "min and width": "image,x_min,y_min,width,height,label\na.jpg,10,20,100,50,cat\n",
    "centre": "file,x_center,y_center,w,h,class\na.jpg,60,45,100,50,cat\n",
    "from zero": "image,x0,y0,x1,y1,label\na.jpg,10,20,110,70,cat\n",
    "make-sense": (
        "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\n"
        "cat,10,20,100,50,a.jpg,200,100\n"
    ),
    "make-sense, old": "cat,10,20,100,50,a.jpg,200,100\n",
    "sku-110k": "a.jpg,10,20,110,70,cat,200,100\n",
    "tensorflow without header": "a.jpg,200,100,cat,10,20,110,70\n",
    "gtsrb": "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\na.jpg;200;100;10;20;110;70;cat;\n",
    "gtsrb without header": "a.jpg;200;100;10;20;110;70;16\n",
    "vinbigdata": "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\na,cat,8,R1,10,20,110,70\n",
    "vott": '"image","xmin","ymin","xmax","ymax","label"\n"a.jpg",10.0,20.0,110.0,70.0,"cat"\n',
    "list in a cell": 'image,label,bbox\na.jpg,cat,"[10, 20, 100, 50]"\n',
    "numbers in a cell": "image,label,bbox\na.jpg,cat,10.0 20.0 100 50\n",
    "open images": (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"
        "a,xclick,cat,1,0.05,0.55,0.2,0.7,0,0,0\n"
    ),
    "automl, two vertices": "TRAIN,gs://b/d/a.jpg,cat,0.05,0.2,,,0.55,0.7,,\n",
    "automl, four": "gs://b/d/a.jpg,cat,0.05,0.2,0.55,0.2,0.55,0.7,0.05,0.7\n",
    "automl with header": (
        "set,path,label,x_min,y_min,x_max,y_min,x_max,y_max,x_min,y_max\n"
        "TEST,gs://b/a.jpg,cat,0.05,0.2,,,0.55,0.7,,\n"
    ),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_headers_that_are_known(tmp_path, kind):
    dataset = table(tmp_path, KNOWN[kind], a_jpg=(200, 100))
    assert dataset.boxes.xyxy.round(9).tolist() == [BOX]
    assert classes_of(dataset) == ["16" if kind == "gtsrb without header" else "cat"]
    assert dataset.images.width.tolist() == [200]
    assert dataset.findings == []
    assert all("the boxes fit as x, y, w, h and as corners" in note for note in dataset.notes)
    assert len(dataset.notes) == kind.endswith("in a cell")


def test_wheat_has_boxes_in_a_cell_and_no_class(tmp_path):
    text = 'image_id,width,height,bbox,source\na,1024,1024,"[834.0, 222.0, 56.0, 36.0]",usask_1\n'
    text += 'a,1024,1024,"[226.0, 548.0, 130.0]",usask_1\nb,1024,1024,,usask_1\n'
    dataset = table(tmp_path, text)
    assert dataset.recognised.endswith("Kaggle wheat's (image_id,width,height,bbox,source)")
    assert dataset.boxes.xyxy[0].tolist() == [834, 222, 890, 258]
    assert (dataset.images.ids, dataset.images.width.tolist()) == (["a", "b"], [1024, 1024])
    assert told(dataset) == [("PAR003", "line 3", "bbox is not a list of four numbers")]
    assert dataset.boxes.image.tolist() == [0, 0]
    assert "no column is known as the class; not read: source." in dataset.notes[1]


@pytest.mark.parametrize(
    "text",
    [
        "patientId,x,y,width,height,Target\nb,,,,,0\n",
        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\nb,No finding,14,R1,,,,\n",
        "image,label,x1,y1,x2,y2\nb,,nan,nan,nan,nan\n",
        "image,label,x1,y1,x2,y2\nb,background,None,None,None,None\n",
        "UNASSIGNED,gs://b/b.jpg,,,,,,,,,\n",
    ],
)
def test_rows_of_images_without_objects(tmp_path, text):
    dataset = table(tmp_path, text, b_jpg=(9, 9))
    assert (len(dataset.images), len(dataset.boxes), dataset.categories) == (1, 0, ())
    assert dataset.findings == []


def test_automl_names_the_splits(tmp_path):
    text = "TRAIN,gs://b/a.jpg,cat,0.1,0.2,,,0.5,0.6,,\nVALIDATION,gs://b/b.jpg,cat,0.1,0.2,,,,,,\n"
    dataset = table(tmp_path, text, a_jpg=(100, 100), b_jpg=(100, 100))
    assert dataset.splits == ("train", "validation")
    assert told(dataset) == [("PAR003", "line 2", "the row lacks x1, y1, x2, y2")]


def test_open_images_groups_are_crowds_and_its_codes_have_names(tmp_path):
    text = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf\n" + "".join(
        f"a,/m/{code},0,1,0,1,{flag}\n" for code, flag in (("01", 1), ("02", 0), ("03", -1))
    )
    (tmp_path / "class-descriptions-boxable.csv").write_text('/m/01,Cat\n/m/02,"Dog, small"\n')
    dataset = table(tmp_path, text, a_jpg=(100, 50))
    assert dataset.boxes.crowd.tolist() == [True, False, False]
    assert classes_of(dataset) == ["Cat", "Dog, small", "/m/03"]
    assert dataset.notes == [
        f"{tmp_path / 'boxes.csv'}: class names from {tmp_path / 'class-descriptions-boxable.csv'}"
    ]


def test_a_class_column_shows_in_its_values(tmp_path):
    rows = [("a.jpg", "RBC", 7), ("a.jpg", "WBC", 8), ("b.jpg", "RBC", 9), ("b.jpg", "RBC", 4)]
    text = "image,xmin,ymin,xmax,ymax,cell_type,area\n"
    text += "".join(f"{name},1,2,3,4,{kind},{area}\n" for name, kind, area in rows)
    dataset = table(tmp_path, text)
    assert classes_of(dataset) == ["RBC", "WBC", "RBC", "RBC"]
    assert dataset.notes[1].endswith(
        "the class is taken from the column cell_type, by its values; --columns names another"
    )
    frame = pd.read_csv(tmp_path / "boxes.csv")
    assert classes_of(read(frame)) == classes_of(dataset)
    frame.to_parquet(tmp_path / "x.parquet")
    assert classes_of(read(tmp_path / "x.parquet")) == classes_of(dataset)
    two = table(tmp_path, text.replace("area", "stage").replace(",7\n", ",i\n").replace(",4\n", ",i\n"))
    assert classes_of(two) == classes_of(dataset)  # numbers and words are no classes
    both = table(
        tmp_path,
        text.replace(",area", ",stain")
        .replace(",7\n", ",x\n")
        .replace(",8\n", ",x\n")
        .replace(",9\n", ",y\n")
        .replace("4\n", "4,y\n")
        .replace(",4,4,y", ",4,y"),
    )
    assert both.notes


def test_a_decimal_comma(tmp_path):
    text = "image;class;x1;y1;x2;y2\na.jpg;cat;10,0;20;110,0;70\na.jpg;cat;10;2,0,0;110;70\n"
    dataset = table(tmp_path, text, a_jpg=(200, 100))
    assert dataset.boxes.xyxy[0].tolist() == BOX
    assert [finding.evidence for finding in dataset.findings] == ["2,0,0"]
    assert dataset.notes[0].endswith("numbers such as 0,5 are read with a decimal comma, as 0.5")


def test_sides_of_boxes_are_no_sizes_of_images(tmp_path):
    text = "image,class,x1,y1,x2,y2,width,height\n" + "".join(
        f"a.jpg,cat,{n},5,{n + 10},25,10,20\n" for n in range(4)
    )
    dataset = table(tmp_path, text, a_jpg=(200, 100))
    assert dataset.images.width.tolist() == [200]
    assert "width and height are the sides of the boxes" in dataset.notes[0]


def test_in_eight_numbers_the_boxes_tell_which_are_the_sizes(tmp_path):
    assert table(tmp_path, "a.jpg,10,20,110,70,0,640,480\n").boxes.xyxy.tolist() == [BOX]
    assert table(tmp_path, "a.ppm;53;54;6;5;48;49;16\n").boxes.xyxy.tolist() == [[6, 5, 48, 49]]


# Headers that are not


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            "pfad,x,y,w,h,typ\na.jpg,1,2,3,4,cat\n",
            "columns not understood: pfad, x, y, w, h, typ; not known: the image",
            '--columns "image=COLUMN,x=x,y=y,w=w,h=h,class=COLUMN"',
        ),
        (
            "image,x,y,label\na.jpg,1,2,cat\n",
            "not known: w, h of the box",
            '--columns "image=image,x=x,y=y,w=COLUMN,h=COLUMN,class=label"',
        ),
        (
            "filename,width,height,class,xmin,ymin,xmx,ymx\n"
            + "".join(f"a.jpg,640,480,c,{n},2,30,40\n" for n in range(4)),
            "not known: whether width and height are those of the box",
            "--columns",
        ),
        ("a.jpg,b.jpg,10,20,110,70,0,640\n", "columns not understood: a.jpg, b.jpg", "by name or number"),
        ("a.jpg,10,x,110,70,cat\nb.jpg,10,20,110,70,cat\n", "columns not understood: a.jpg", "--columns"),
    ],
)
def test_a_header_that_is_not_understood_is_no_data(tmp_path, text, message, remedy):
    with pytest.raises(AnchorauditError) as caught:
        table(tmp_path, text)
    assert message in caught.value.message
    assert remedy in caught.value.remedy
    assert (caught.value.path, caught.value.place) == (str(tmp_path / "boxes.csv"), "line 1")


# Columns that the user names

GERMAN = "pfad,links,oben,breite,hoehe,typ\n" + "".join(f"a.jpg,{n},20,100,50,cat\n" for n in range(10, 40))
NAMED = "image=pfad,x=links,y=oben,w=breite,h=hoehe,class=typ"


def test_named_columns_read_any_table(tmp_path, here, capsys, monkeypatch):
    make(tmp_path, {"a.jpg": (200, 100), "t.csv": GERMAN})
    whole = read(tmp_path / "t.csv", columns=NAMED)
    assert whole.boxes.xyxy[0].tolist() == BOX
    assert read(
        tmp_path / "t.csv", columns={"image": 1, "x": 2, "y": 3, "w": 4, "h": 5, "class": 6}
    ).boxes.xyxy[-1].tolist() == [39, 20, 139, 70]
    assert run("scan", tmp_path / "t.csv", "--columns", NAMED, "--exit-zero", "-v") == 0
    assert "columns pfad,links,oben,breite,hoehe,typ (x, y, w, h)" in capsys.readouterr().out
    monkeypatch.setattr(lines, "_BYTES_OF_ROW", 1)
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 200)
    parts = list(audit_partitions(tmp_path / "t.csv", columns=NAMED))
    assert len(parts) > 2
    assert merge(parts).summary()["boxes"] == 30


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "frame"])
def test_named_columns_of_every_kind_of_table(tmp_path, kind):
    frame = pd.DataFrame(
        {"bild": ["a"], "u": [10], "v": [20], "x1": [110], "y1": [70], "art": ["cat"], "more": 5}
    )
    path = tmp_path / f"x.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    columns = {"image": "bild", "x1": "u", "y1": "v", "x2": "x1", "y2": "y1", "class": "Art"}
    dataset = read(frame if kind == "frame" else path, columns=columns)
    assert (dataset.boxes.xyxy.tolist(), classes_of(dataset)) == ([BOX], ["cat"])


def test_named_columns_without_a_header(tmp_path):
    make(tmp_path, {"t.csv": "7,10,20,110,70,a.jpg\n7,10,20,110,70,b.jpg\n"})
    dataset = read(tmp_path / "t.csv", columns="class=1,x1=2,y1=3,x2=4,y2=5,image=6")
    assert (dataset.images.ids, classes_of(dataset)) == (["a.jpg", "b.jpg"], ["7", "7"])


def test_one_named_column_beside_known_ones(tmp_path):
    make(tmp_path, {"t.csv": "image,x1,y1,x2,y2,kind,side\na,1,2,3,4,cat,left\na,1,2,3,4,cat,left\n"})
    assert classes_of(read(tmp_path / "t.csv", columns="class=side")) == ["left", "left"]


@pytest.mark.parametrize("shape", ["structs", "columns"])
def test_named_fields_of_objects(tmp_path, shape):
    pytest.importorskip("pyarrow")
    held = {"coords": [[10, 20, 100, 50]], "what": ["cat"]}
    row = {"bild": ["a.jpg"]}
    if shape == "structs":
        row["items"] = [[{"coords": held["coords"][0], "what": "cat"}]]
        columns = "image=bild,bbox=items.coords,class=what"
    else:
        row |= {key: [value] for key, value in held.items()}
        columns = "image=bild,bbox=coords,class=what"
    frame = pd.DataFrame(row)
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    for name in ("x.parquet", "x.jsonl"):
        dataset = read(tmp_path / name, columns=columns)
        assert (dataset.images.ids, dataset.boxes.xyxy.tolist()) == (["a.jpg"], [BOX])
        assert classes_of(dataset) == ["cat"]
        with pytest.raises(AnchorauditError, match="the table has no column 'whta'"):
            read(tmp_path / name, columns=columns.replace("what", "whta"))


def test_a_box_in_a_list_of_each_row(tmp_path):
    frame = pd.DataFrame(
        {"image": ["a", "b", "a"], "bbox": [[10, 20, 100, 50], None, [1, 2]], "label": "cat"}
    )
    frame.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "x.parquet")
    for source in (tmp_path / "x.jsonl", tmp_path / "x.parquet", frame):
        dataset = read(source)
        assert dataset.boxes.xyxy[0].tolist() == BOX
        assert np.isnan(dataset.boxes.xyxy[1:]).all()
        assert [(code, message) for code, _, message in told(dataset) if code == "PAR003"] == [
            ("PAR003", "bbox is not a list of four numbers"),
            ("PAR003", "the row lacks x, y, w, h"),
        ]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("imge=pfad", "Did you mean image?"),
        ("width=breite", "w and h are the box's sides"),
        ("image", "image is not KEY=COLUMN"),
        ("image=pfad,image=typ", "image is there twice"),
        ("class=typ,label=typ", "label is there twice"),
        ("image=pfat", "Did you mean pfad?"),
        ("image=pfad,class=9", "the table has no column '9'"),
        ("image=pfad,class=pfad", "image, label are the same column"),
        ("image=pfad,x=links,y=oben", "w, h of the box not named"),
        ("image=pfad,x1=links,w=breite", "a box (w, x1 are not of one)"),
    ],
)
def test_columns_that_cannot_be(tmp_path, columns, words):
    make(tmp_path, {"t.csv": GERMAN})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "t.csv", columns=columns)
    assert words in str(caught.value)


def test_columns_of_what_is_no_table(tmp_path):
    make(tmp_path, {"a.json": document()})
    with pytest.raises(AnchorauditError, match="--columns is for tables, and this is coco"):
        read(tmp_path / "a.json", columns=NAMED)
    with pytest.raises(AnchorauditError, match="--columns is for tables"):
        list(audit_partitions(tmp_path / "a.json", columns=NAMED))
    with pytest.raises(AnchorauditError, match="columns are those of a table"):
        read([{"width": 9, "height": 9, "boxes": [], "labels": []}], columns=NAMED)


def test_open_images_columns_in_pixels(tmp_path):
    text = "ImageID,LabelName,XMin,XMax,YMin,YMax\n"
    text += "".join(f"a,cat,{n},110,20,70\n" for n in range(10, 14))
    dataset = table(tmp_path, text, a_jpg=(200, 100))
    assert dataset.boxes.xyxy[0].tolist() == BOX
    assert dataset.notes[0].endswith("coordinates are pixels, not fractions of the image, by their values")


# Folders of tables

_ROWS = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,200,100,cat,10,20,110,70\n"


def test_tables_that_are_called_after_splits(tmp_path):
    other = "id,text\n1,a\n"
    files = {"train_labels.csv": _ROWS, "test_labels.csv": _ROWS.replace("a.jpg", "b.jpg"), "more.csv": other}
    make(tmp_path, {**files, "val.csv": other, "test/b.jpg": (200, 100), "train/a.jpg": (200, 100)})
    dataset = read(tmp_path)
    assert dataset.recognised.startswith("table: a folder with test_labels.csv and train_labels.csv, 2 rows")
    assert (dataset.splits, dataset.images.ids) == (("test", "train"), ["b.jpg", "a.jpg"])
    assert dataset.image_path(1) == tmp_path / "train/a.jpg"
    assert dataset.notes == ["not read: more.csv, val.csv"]
    assert read(tmp_path, splits=("train",)).images.ids == ["a.jpg"]
    assert merge(audit_partitions(tmp_path)).summary()["boxes"] == 2


def test_tables_of_which_nobody_can_tell_which_is_meant(tmp_path):
    make(tmp_path, {"train_a.csv": _ROWS, "train_b.csv": _ROWS, "x.csv": "a,b\n1,2\n"})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path)
    assert "train_a.csv, train_b.csv are tables of boxes: name the file." in caught.value.remedy


def test_a_table_of_a_test_split_is_not_the_whole(tmp_path):
    rows = "a.jpg,10,20,110,70,cat\n"
    make(tmp_path, {"annotations.csv": rows, "annotations_test.csv": rows, "classes.csv": "cat,0\n"})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path)
    assert "annotations.csv, annotations_test.csv are tables of boxes" in caught.value.remedy
    (tmp_path / "annotations.csv").rename(tmp_path / "annotations_train.csv")
    dataset = read(tmp_path)
    assert dataset.splits == ("test", "train")
    assert not any("not read" in note for note in dataset.notes)


def test_the_only_table_beside_a_folder_of_images(tmp_path):
    make(tmp_path, {"labels.csv": _ROWS, "notes.csv": "a,b\n1,2\n", "images/a.jpg": (200, 100)})
    dataset = read(tmp_path)
    assert dataset.recognised.startswith("table: a folder with labels.csv, 1 rows")
    assert (dataset.sources[0].path, dataset.images.ids) == (tmp_path / "labels.csv", ["a.jpg"])
    assert dataset.notes == ["not read: notes.csv"]


def test_a_table_in_the_folder_of_each_split(tmp_path):
    make(tmp_path, {"train/a.csv": _ROWS, "val/b.csv": _ROWS.replace("a.jpg", "b.jpg"), "other/c.csv": _ROWS})
    dataset = read(tmp_path)
    assert "a folder with train/a.csv and val/b.csv" in dataset.recognised
    assert (dataset.splits, dataset.images.ids) == (("train", "val"), ["a.jpg", "b.jpg"])


# A row an image, with lists in its cells


def test_metadata_csv_of_an_image_folder(tmp_path):
    json_cell = '"{""bbox"": [[10, 20, 100, 50]], ""categories"": [""cat""]}"'
    python = "\"[{'bbox': [10, 20, 100, 50], 'categories': 'cat'}, {'bbox': [1, 2], 'categories': None}]\""
    rows = [f"a.jpg,{json_cell}", f"b.jpg,{python}", "c.jpg,", 'd.jpg,"{""bbox"": x}"', "a.jpg"]
    make(tmp_path, {"train/metadata.csv": "file_name,objects\n" + "\n".join(rows), "train/a.jpg": (200, 100)})
    dataset = read(tmp_path)
    assert dataset.recognised == (
        "table: 1 split folder(s) with metadata.csv, 3 rows, one row an image "
        "(objects.bbox: x, y, width, height)"
    )
    assert dataset.splits == ("train",)
    assert dataset.images.ids == ["a.jpg", "b.jpg", "c.jpg"]
    assert dataset.boxes.xyxy[:2].tolist() == [BOX, BOX]
    assert classes_of(dataset) == ["cat", "cat", ""]
    assert [each for each in told(dataset) if each[0] == "PAR003"] == [
        ("PAR003", "line 5", "objects is neither JSON nor a Python value; the image is left out"),
        ("PAR003", "line 6", "1 fields, not 2; the image is left out"),
        ("PAR003", "line 3.objects[1]", "bbox is not a list of four numbers"),
    ]


def test_global_wheat_2021(tmp_path, monkeypatch):
    text = "image_name,BoxesString,domain\na.jpg,10 20 110 70;1 2 3 4,Arvalis_1\nb.jpg,no_box,Arvalis_2\n"
    dataset = table(tmp_path, text, a_jpg=(200, 100), b_jpg=(200, 100))
    assert dataset.recognised.endswith("one row an image (bbox: x1, y1, x2, y2)")
    assert dataset.boxes.xyxy.tolist() == [BOX, [1, 2, 3, 4]]
    assert (dataset.images.ids, dataset.findings) == (["a.jpg", "b.jpg"], [])
    monkeypatch.setattr(lines, "_BYTES_OF_ROW", 1)
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 40)
    parts = list(audit_partitions(tmp_path / "boxes.csv"))
    assert len(parts) > 1
    assert merge(parts).summary()["boxes"] == 2


def test_cells_with_lists_that_are_no_boxes(tmp_path):
    with pytest.raises(AnchorauditError, match="cells hold lists, but none of boxes"):
        table(tmp_path, 'image,tags\na.jpg,"[[""x""]]"\n')


# Boxes in lists, of which no name says what they mean


def in_lists(path, boxes, repeat=1):
    """Parquet of one row an image, each 200x100 with all these boxes."""
    objects = [{"bbox": [list(map(float, box)) for box in boxes], "category": ["cat"] * len(boxes)}] * repeat
    names = [f"{number}.jpg" for number in range(repeat)]
    frame = pd.DataFrame({"image_id": names, "width": 200, "height": 100, "objects": objects})
    frame.to_parquet(path, row_group_size=5)
    return frame


CORNERS = [[100, 60, 190, 95], [120, 10, 180, 90], [150, 50, 199, 99]]


def test_corners_in_lists_are_found(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    in_lists(tmp_path / "x.parquet", CORNERS, 20)
    dataset = read(tmp_path / "x.parquet")
    assert dataset.boxes.xyxy[:3].tolist() == CORNERS
    assert dataset.conventions[0].name == "xyxy"
    assert dataset.recognised.endswith("one row an image (objects.bbox: x1, y1, x2, y2)")
    assert "the boxes are read as x1, y1, x2, y2: as x, y, w, h, many of the first" in dataset.notes[1]
    assert read(tmp_path / "x.parquet", box_convention="xywh").boxes.xyxy[0].tolist() == [100, 60, 290, 155]
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 5)
    monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
    parts = list(audit_partitions(tmp_path / "x.parquet"))
    together = merge(parts)
    assert len(parts) == 4
    assert together.summary()["boxes"] == 60
    assert "BOX017" not in together.findings.counts
    assert dataset.notes[1] in together.notes


def test_sides_in_lists_are_sides(tmp_path):
    pytest.importorskip("pyarrow")
    in_lists(tmp_path / "x.parquet", [[x, y, right - x, low - y] for x, y, right, low in CORNERS])
    dataset = read(tmp_path / "x.parquet")
    assert (dataset.boxes.xyxy.tolist(), len(dataset.notes)) == (CORNERS, 1)


def test_what_fits_both_ways_is_told(tmp_path):
    pytest.importorskip("pyarrow")
    in_lists(tmp_path / "x.parquet", [[10, 10, 60, 50]])
    dataset = read(tmp_path / "x.parquet")
    assert dataset.boxes.xyxy.tolist() == [[10, 10, 70, 60]]
    assert "If they are corners, use --box-convention xyxy" in dataset.notes[1]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_in_parts_are_the_whole(tmp_path, kind, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(lines, "_BYTES_OF_ROW", 1)
    monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
    monkeypatch.setattr(
        "anchoraudit.partitions.reading.rows_of_part", lambda *_: 20 if kind == "parquet" else 400
    )
    columns = {"image_id": [f"{n // 3}" for n in range(60)], "width": 200, "height": 100}
    classes = ["No finding" if n // 3 % 2 else f"c{n % 2}" for n in range(60)]
    frame = pd.DataFrame({**columns, "class_name": classes, "x": 10.0, "y": 20.0, "w": 100.0, "h": 50.0})
    frame.loc[frame.class_name == "No finding", list("xywh")] = np.nan
    path = tmp_path / f"x.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path, row_group_size=20)
    whole, parts = audit(path, "yolov5", images="none"), list(audit_partitions(path, "yolov5"))
    assert len(parts) > 2
    assert merge(parts).summary() == whole.summary()
    assert whole.summary()["boxes"] == 30
    assert len(merge(parts).dataset.categories) == 2
