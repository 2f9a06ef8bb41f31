"""JSON Lines: boxes or images a line, as in Parquet, and whatever is no line of JSON."""

import json
import random
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import audit_partitions, merge, read
from anchoraudit.dataset.locations import Locations
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table import json_lines, lines
from tests.builders import assert_counts_of_the_whole, make, run

NAN = float("nan")


def written(path, objects, end="\n"):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("".join(f"{json.dumps(each)}{end}" for each in objects))
    return path


def found(dataset):
    return [(finding.code, finding.place, finding.message) for finding in dataset.findings]


def broken(dataset):
    return [each for each in found(dataset) if each[0] in ("PAR003", "PAR004")]


# Images a line


def as_struct(objects):
    return {
        "bbox": [each["bbox"] for each in objects],
        "categories": [each["categories"] for each in objects],
    }


@pytest.mark.parametrize("shape", ["structs", "struct", "columns"])
def test_an_image_a_line_with_its_objects(tmp_path, shape):
    objects = [
        [{"bbox": [1, 2, 30, 40], "categories": 0}, {"bbox": [5, 5, 10.5, 10], "categories": 1}],
        [],
        [{"bbox": [0, 0, 9, 9], "categories": 1}],
    ]
    held = {
        "structs": lambda each: {"objects": each},
        "struct": lambda each: {"objects": as_struct(each)},
        "columns": as_struct,
    }[shape]
    rows = [{"file_name": f"{i}.png", **held(each)} for i, each in enumerate(objects)]
    dataset = read(written(tmp_path / "boxes.jsonl", rows))
    holder = "" if shape == "columns" else "objects."
    assert dataset.recognised == (
        f"table: a JSON Lines file, 3 rows, one row an image ({holder}bbox: x, y, width, height)"
    )
    assert dataset.images.ids == ["0.png", "1.png", "2.png"]
    assert dataset.boxes.image.tolist() == [0, 0, 2]
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 31, 42], [5, 5, 15.5, 15], [0, 0, 9, 9]]
    assert [dataset.categories[i].name for i in dataset.boxes.category.tolist()] == ["0", "1", "1"]
    assert broken(dataset) == []
    where = Locations(dataset)
    assert (where.of_box(1).place, where.of_box(2).place) == ("line 1.objects[1]", "line 3.objects[0]")
    assert where.of_image(1).place == "line 2"


def test_an_image_folder_of_datasets(tmp_path):
    for split, size in (("train", (640, 480)), ("test", (320, 240))):
        make(tmp_path, {f"{split}/a.png": size})
        row = {"file_name": "a.png", "objects": {"bbox": [[1, 2, 3, 4]], "categories": ["cat"]}}
        written(tmp_path / split / "metadata.jsonl", [row])
    dataset = read(tmp_path)
    assert dataset.recognised.startswith("table: 2 split folder(s) with metadata.jsonl")
    assert dataset.splits == ("test", "train")
    assert sorted(dataset.images.width.tolist()) == [320, 640]
    assert dataset.image_path(0) == tmp_path / "test" / "a.png"
    assert read(tmp_path / "train").images.width.tolist() == [640]
    assert read(tmp_path, splits=("train",)).images.width.tolist() == [640]
    found = merge(audit_partitions(tmp_path))
    assert found.summary() == anchoraudit.audit(tmp_path, images="none").summary()


def test_corners_crowds_splits_and_sizes(tmp_path):
    objects = [{"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4, "label": "cat", "iscrowd": True}]
    objects.append({"xmin": 1, "ymin": 2, "xmax": None, "ymax": 4, "label": "cat", "iscrowd": 0})
    row = {"image": {"path": "a.png", "bytes": None}, "annotations": objects, "split": "val"}
    dataset = read(written(tmp_path / "x.ndjson", [{**row, "width": 20, "height": 10}]))
    assert (dataset.images.ids, dataset.splits) == (["a.png"], ("val",))
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([20], [10])
    assert dataset.boxes.crowd.tolist() == [True, False]
    assert dataset.boxes.xyxy[0].tolist() == [1, 2, 3, 4]
    assert broken(dataset) == [("PAR003", "line 1.objects[1]", "the row lacks x2")]


def test_lists_that_are_none_cost_their_own_box(tmp_path):
    boxes = [[1, 2, 3, 4], [1, 2, 3], None, "abcd", [1, 2, 3, "x"], ["1", 2, 3, 4], [1, 2, 3, 1e400]]
    row = {"image": "a.png", "objects": {"bbox": boxes, "category": list("abcdef")}}
    other = {"image": "b.png", "objects": {"bbox": "none", "category": None}}
    dataset = read(written(tmp_path / "x.jsonl", [row, other]))
    place = "line 1.objects[{}]".format
    words = "bbox is not a list of four numbers"
    assert broken(dataset) == [
        *(("PAR003", place(i), words) for i in (1, 2, 3, 4)),
        ("PAR003", "line 1", "its list of classes is not as long as that of its boxes"),
        ("PAR003", place(6), "the row names no class"),
    ]
    assert np.isfinite(dataset.boxes.xyxy).all(axis=1).tolist() == [True, *[False] * 4, True, False]
    assert len(dataset.images) == 2


# Boxes a line


def test_a_box_a_line_is_a_row_as_of_csv(tmp_path):
    rows = [
        {"image_id": 7, "label": "cat", "x1": 1, "y1": 2, "x2": 3.5, "y2": 4, "width": 20, "height": 10},
        {"label": "dog", "image_id": 7, "x1": "5", "y1": None, "x2": 3.5, "y2": True, "more": [1]},
        {"image_id": "b", "width": 5, "height": 5},
    ]
    dataset = read(written(tmp_path / "x.jsonl", rows))
    assert dataset.images.ids == ["7", "b"]
    assert dataset.images.width.tolist() == [20, 5]
    assert dataset.boxes.xyxy[0].tolist() == [1, 2, 3.5, 4]
    assert broken(dataset) == [
        ("PAR003", "line 2", "the row lacks y1"),
        ("PAR004", "line 2", "y2 is True, not a number"),
    ]
    assert Locations(dataset).of_box(1).place == "line 2"


# Keys that come first behind the lines by which the columns are recognised


def flat(image, **more):
    return {"image_id": f"{image:04d}", "x1": 10, "y1": 10, "x2": 60, "y2": 50, **more}


def nested(image, objects=None, **more):
    own = [{"bbox": [10, 10, 50, 40]}] if objects is None else objects
    return {"image_id": f"{image:04d}", "objects": own, **more}


def as_flat(late):
    return {**late, "x1": 1, "y1": 2, "x2": 30, "y2": 40, "width": 64, "height": 48}


def as_objects(late):
    more = {key: value for key, value in late.items() if key == "split"}
    inner = {key: value for key, value in late.items() if key != "split"}
    return {"objects": [{"bbox": [1, 2, 29, 38], **inner}], "width": 64, "height": 48, **more}


def as_lists(late):
    more = as_objects(late)
    (own,) = more["objects"]
    return {**more, "objects": {key: [value] for key, value in own.items()}}


@pytest.mark.parametrize("form", [as_flat, as_objects, as_lists])
@pytest.mark.parametrize("label", ["label", "category"])
def test_late_keys_are_read_as_early_ones(tmp_path, form, label):
    early = [{**form({}), "image_id": f"{i:04d}"} for i in range(300)]
    for each in early:
        del each["width"], each["height"]
    late = [{**form({label: "cat", "iscrowd": 1, "split": "val"}), "image_id": f"{i}"} for i in range(3)]
    dataset = read(written(tmp_path / "late.jsonl", early + late))
    assert (dataset.boxes.category >= 0).tolist() == [False] * 300 + [True] * 3
    assert dataset.boxes.crowd.tolist() == [False] * 300 + [True] * 3
    assert dataset.images.width[-3:].tolist() == [64] * 3
    assert np.isnan(dataset.images.width[:300]).all()
    assert dataset.splits == ("", "val")
    assert {message for *_, message in broken(dataset)} == {"the row names no class"}
    other = read(written(tmp_path / "early.jsonl", late + early))
    assert other.boxes.xyxy[:3].tolist() == dataset.boxes.xyxy[-3:].tolist()
    assert other.boxes.category[:3].tolist() == dataset.boxes.category[-3:].tolist()
    assert len(broken(other)) == len(broken(dataset)) == 300


def test_several_names_of_a_late_key_are_one_column(tmp_path):
    rows = [nested(i) for i in range(250)]
    rows += [nested(250, [{"bbox": [1, 2, 3, 4], "class": "cat"}, {"bbox": [1, 2, 3, 4], "label": "dog"}])]
    dataset = read(written(tmp_path / "x.jsonl", rows))
    assert [dataset.categories[i].name for i in dataset.boxes.category[-2:].tolist()] == ["cat", "dog"]


def test_what_the_first_lines_have_stays_as_it_is(tmp_path):
    rows = [flat(i, category_id=i % 2) for i in range(250)] + [flat(250, category_id=1, label="other")]
    dataset = read(written(tmp_path / "x.jsonl", rows))
    assert [each.name for each in dataset.categories] == ["0", "1"]


@pytest.mark.parametrize(
    ("first", "odd", "told"),
    [
        (flat, nested(300), ("line 301", "objects", "x1, y1, x2, y2")),
        (nested, flat(300), ("line 301", "x1, y1, x2, y2", "objects")),
        (
            nested,
            {"image_id": "z", "objects": [], "annotations": [{"bbox": [1, 2, 3, 4]}]},
            ("line 301", "annotations", "objects"),
        ),
        (
            lambda i: nested(i, [{"x1": 1, "y1": 1, "x2": 9, "y2": 9}]),
            nested(300, [{"bbox": [1, 2, 3, 4]}]),
            ("line 301.objects[0]", "bbox", "x1, y1, x2, y2"),
        ),
    ],
)
def test_boxes_under_other_keys_are_not_passed_over(tmp_path, first, odd, told):
    place, there, ours = told
    dataset = read(written(tmp_path / "x.jsonl", [*map(first, range(300)), odd]))
    words = f"boxes are in {there} here, in {ours} in the first lines, and are not read"
    assert ("PAR003", place, words) in broken(dataset)
    assert len(dataset.boxes) == 300


@pytest.mark.parametrize("blank", [{"objects": []}, {}, {"objects": None}])
def test_the_first_images_may_have_no_objects(tmp_path, blank):
    rows = [{"file_name": f"{i}.jpg", **blank} for i in range(1_000)]
    rows += [{"file_name": "z.jpg", "objects": [{"bbox": [1, 2, 3, 4], "label": "cat"}]}]
    dataset = read(written(tmp_path / "x.jsonl", rows))
    assert (len(dataset.images), len(dataset.boxes)) == (1_001, 1)


@settings(max_examples=15)
@given(st.data())
def test_late_keys_in_pieces_are_those_of_the_whole(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("late")
    is_flat, is_struct = data.draw(st.booleans()), data.draw(st.booleans())
    values = {"label": ["cat", "dog", None], "class": ["dog"], "iscrowd": [0, 1, None], "difficult": [1]}
    sizes = {"split": ["train", "val", None], "width": [64, None], "height": [48], "note": ["x"]}

    def drawn(of):
        keys = data.draw(st.sets(st.sampled_from(sorted(of)), max_size=3))
        return {key: data.draw(st.sampled_from(of[key])) for key in sorted(keys)}

    def held(objects):
        keys = sorted({key for each in objects for key in each})
        return {key: [each.get(key) for each in objects] for key in keys} if is_struct else objects

    first = held([{"bbox": [10, 10, 50, 40]}])
    rows = [flat(i) if is_flat else nested(i, first) for i in range(4)]
    for i in range(data.draw(st.integers(1, 12))):
        more = drawn(sizes)
        is_new = "split" in more or data.draw(st.booleans())
        of = f"{i}" if is_new else f"{data.draw(st.integers(0, 3)):04d}"
        if is_flat:
            rows.append({**flat(i, **drawn(values), **more), "image_id": of})
        else:
            objects = [{"bbox": [1, 2, 30, 40], **drawn(values)} for _ in range(data.draw(st.integers(0, 2)))]
            holder = data.draw(st.sampled_from(["objects", "objects", "annotations"]))
            rows.append({"image_id": of, holder: held(objects), **more})
    path = written(folder / "x.jsonl", rows)
    with (
        mock.patch.object(json_lines, "_TELLING", 4),
        mock.patch.object(lines, "_BYTES_OF_ROW", 1),
        mock.patch("anchoraudit.partitions.reading.rows_of_part", lambda *_: 100),
    ):
        whole = anchoraudit.audit(path, "yolov5", images="none")
        parts = list(audit_partitions(path, "yolov5"))
    together = merge(parts)
    assert len(parts) > 1
    assert_counts_of_the_whole(together, whole)


# What is no JSON


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"image": "a.png"', "not valid JSON: Expecting ',' delimiter"),
        (b"[1, 2]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (b'{"image": "\xff"}', "not UTF-8: invalid start byte"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b"9" * 5000, "not valid JSON: a number has too many digits"),
    ],
)
def test_a_line_that_is_none_costs_itself(tmp_path, line, words):
    good = b'{"image": "a.png", "x1": 1, "y1": 1, "x2": 5, "y2": 5, "width": 9, "height": 9}\n'
    (tmp_path / "x.jsonl").write_bytes(good + b"\r\n" + line + b"\n" + good)
    dataset = read(tmp_path / "x.jsonl")
    assert broken(dataset) == [("PAR003", "line 3", words)]
    assert len(dataset.boxes) == 2
    assert Locations(dataset).of_box(1).place == "line 4"


def test_nan_as_python_writes_it(tmp_path):
    row = {"image": "a", "bbox": [[1, 2, NAN, 4]], "label": ["a"]}
    dataset = read(written(tmp_path / "x.jsonl", [row]))
    assert [code for code, *_ in found(dataset) if code.startswith(("PAR", "BOX"))] == ["BOX001"]


@pytest.mark.parametrize(
    "data", [b"", b"\n \n", b"x", b"7\n", b'{"a": 1}\n', b"\xff\xfe{\0}\0", bytes(range(256))]
)
def test_what_is_no_table(tmp_path, data):
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "x.jsonl")
    assert caught.value.path == str(tmp_path / "x.jsonl")


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 1_000)
    monkeypatch.setattr(lines, "_BLOCK", 100)
    row = {"image": "a.png", "objects": {"bbox": [[1, 2, 3, 4]] * 1_000, "category": [1] * 1_000}}
    with pytest.raises(AnchorauditError, match="the line has more than 1,000 bytes") as caught:
        list(lines.blocks(written(tmp_path / "x.jsonl", [row]), size=100))
    assert caught.value.place == "line 1"


# As Parquet


@given(
    st.lists(
        st.lists(
            st.tuples(st.lists(st.floats(0, 100), min_size=4, max_size=4), st.integers(0, 3)), max_size=4
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_it_is_read_as_parquet_is(tmp_path_factory, images, structs):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("same")
    objects = [[{"bbox": list(box), "categories": label} for box, label in each] for each in images]
    objects[0].append({"bbox": [1.0, 2.0, 3.0, 4.0], "categories": 0})
    held = objects if structs else list(map(as_struct, objects))
    names = [f"{i}.png" for i in range(len(images))]
    parquet.write_table(pa.table({"file_name": names, "objects": held}), folder / "a.parquet")
    rows = [{"file_name": name, "objects": each} for name, each in zip(names, held, strict=True)]
    one, other = read(folder / "a.parquet"), read(written(folder / "a.jsonl", rows))
    assert one.boxes.xyxy.tolist() == other.boxes.xyxy.tolist()
    assert one.boxes.category.tolist() == other.boxes.category.tolist()
    assert one.categories == other.categories
    assert (one.images.ids, one.images.entry.tolist()) == (other.images.ids, other.images.entry.tolist())
    assert one.boxes.entry.tolist() == other.boxes.entry.tolist()


# In pieces


def many(count, seed=0):
    """Images of all kinds, and lines that are none."""
    rng = random.Random(seed)
    rows = []
    for image in range(count):
        objects = [
            {
                "bbox": [
                    rng.uniform(-9, 600),
                    rng.uniform(0, 400),
                    rng.choice([0, 3, 90]),
                    rng.choice([2, 80]),
                ],
                "category": rng.choice(["cat", "dog", "Cat", ""]),
            }
            for _ in range(rng.choice([0, 1, 5]))
        ]
        rows.append({"file_name": f"{image:04d}.jpg", "width": 640, "height": 480, "objects": objects})
    return rows


@pytest.mark.parametrize("size", [1, 50, 1_000, 100_000])
def test_the_pieces_are_the_whole(tmp_path, size):
    path = written(tmp_path / "x.jsonl", many(40), end="\r\n")
    data = path.read_bytes()
    path.write_bytes(data + b"no JSON\n" + data[: data.index(b"\n")])
    cut = lines.cut(path, size) or [None]
    whole = json_lines.read_json_lines(path)
    parts = [json_lines.read_json_lines(path, each) for each in cut]
    assert sum(map(len, parts)) == len(whole)
    assert np.concatenate([part.parents for part in parts]).tolist() == whole.parents.tolist()
    assert [finding for part in parts for finding in part.findings] == whole.findings
    assert len(cut) > 1 or size > 100
    if cut[0] is not None:
        assert [each.start for each in cut[1:]] == [each.end for each in cut[:-1]]
        assert (cut[0].start, cut[-1].end) == (0, path.stat().st_size)


def test_an_audit_in_pieces_is_that_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 40)
    path = written(tmp_path / "x.jsonl", [*many(80), many(1)[0]])
    with path.open("a") as file:
        file.write("no JSON\n")
    parts = list(audit_partitions(path, "yolov5"))
    whole = anchoraudit.audit(path, "yolov5", images="none")
    together = merge(parts)
    assert len(parts) > 4
    assert_counts_of_the_whole(together, whole)
    for code in together.findings.counts:
        told = {(f.message, f.path, f.place) for f in whole.findings.of(code)}
        assert {(f.message, f.path, f.place) for f in together.findings.of(code)} <= told
    assert ("PAR003", "line 82") in {(f.code, f.place) for f in together.findings}


def test_the_program_scans_it(tmp_path, here, capsys):
    path = written(tmp_path / "x.jsonl", many(5))
    assert run("scan", path, "--exit-zero") == 0
    assert "5 images" in capsys.readouterr().out
