"""`--export-images` and `--export-boxes`: columns, values, and both formats alike."""

import numpy as np
import pandas as pd
import pytest

from anchoraudit import audit, cli
from tests.builders import annotation, document, image, make
from tests.conftest import SAMPLE

IMAGES = [
    "image_id",
    "file_name",
    "width",
    "height",
    "boxes",
    "usable",
    "matched",
    "forced",
    "foreground",
    "best_iou",
    "verdict",
    "cause",
]
BOXES = [
    "image_id",
    "box",
    "annotation_id",
    "label",
    "x1",
    "y1",
    "x2",
    "y2",
    "usable",
    "best_iou",
    "status",
    "cause",
    "candidates",
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(dataset, suffix, *options):
    """Both tables of a scan."""
    names = f"images{suffix}", f"boxes{suffix}"
    args = ["scan", str(dataset), "-q", "--export-images", names[0], "--export-boxes", names[1], *options]
    assert cli.run(args) in (0, 1)
    return [(pd.read_csv if suffix == ".csv" else pd.read_parquet)(name) for name in names]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
class TestColumns:
    def test_of_one_split(self, here, suffix):
        make(here, {"a.json": document()})
        images, boxes = export("a.json", suffix)
        assert (list(images), list(boxes)) == (IMAGES, BOXES)

    def test_of_several_splits_and_counts(self, here, suffix):
        images, boxes = export(SAMPLE / "coco", suffix, "--counts")
        assert list(images) == [*IMAGES, "positives", "negatives", "ignored", "split"]
        assert list(boxes) == [*BOXES, "assigned", "split"]
        assert set(images["split"]) == set(boxes["split"]) == {"train", "val"}

    def test_of_nothing(self, here, suffix):
        make(here, {"a.json": document([], [])})
        images, boxes = export("a.json", suffix)
        assert (len(images), len(boxes)) == (0, 0)
        assert (list(images), list(boxes)) == (IMAGES, BOXES)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", ["voc", "coco"])
def test_rows_agree_with_the_summary(here, kind, suffix):
    images, boxes = export(SAMPLE / kind, suffix, "--counts")
    summary = audit(SAMPLE / kind).summary()
    assert (len(images), len(boxes)) == (summary["images"], summary["boxes"])
    for name in ("boxes", "usable", "matched", "forced"):
        assert images[name].sum() == summary[name]
    assert images["verdict"].value_counts().to_dict() == {k: v for k, v in summary["verdicts"].items() if v}
    causes = boxes["cause"].replace("", np.nan).value_counts().to_dict()
    assert causes == {k: v for k, v in summary["causes"].items() if v}
    assert (boxes["status"].replace("", np.nan) == "unmatched").sum() == summary["unmatched"]
    unknown = images[images["verdict"] == "unknown"].iloc[0]
    assert unknown[["width", "height", "foreground", "best_iou", "positives"]].isna().all()
    assert boxes["annotation_id"].isna().all() == (kind == "voc")
    # An image's best IoU is that of its best box, and its usable boxes are numbered from 0.
    usable = boxes[boxes["usable"]]
    assert boxes.loc[~boxes["usable"], ["box", "best_iou", "assigned"]].isna().all(axis=None)
    for identity, own in usable.groupby(["image_id"], sort=False):
        row = images[images["image_id"] == identity[0]].iloc[0]
        assert own["best_iou"].max() == row["best_iou"]
        assert own["box"].tolist() == list(range(len(own)))
        assert (own["best_iou"] >= 0.5).any() == row["foreground"]


def test_both_formats_say_the_same_of_the_same_images(here):
    (voc, _), (coco, _) = export(SAMPLE / "voc", ".csv"), export(SAMPLE / "coco", ".csv")
    for table in (voc, coco):
        table.index = [name.rpartition("/")[2] for name in table["file_name"]]
    columns = ["width", "height", "boxes", "usable", "matched", "verdict", "cause", "best_iou", "split"]
    pd.testing.assert_frame_equal(voc[columns].sort_index(), coco[columns].sort_index())


def test_boxes_are_numbered_in_file_order_where_images_are_mixed(here):
    mixed = [annotation(i, image_id) for i, image_id in enumerate((2, 1, 2, 1, 2))]
    mixed.insert(1, annotation(9, 2, [5, 5, 0, 0]))
    make(here, {"a.json": document([image(1), image(2)], mixed)})
    _, boxes = export("a.json", ".csv")
    got = {int(row.annotation_id): (row.image_id, row.box) for row in boxes.itertuples()}
    assert {k: v for k, v in got.items() if k != 9} == {0: (2, 0), 1: (1, 0), 2: (2, 1), 3: (1, 1), 4: (2, 2)}
    assert np.isnan(got[9][1])
    assert boxes["image_id"].is_monotonic_increasing


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_ids_of_two_kinds_and_hostile_names(here, suffix):
    images = [image("7", file_name='a,"b"\n\x1b[31m.jpg'), image(7, file_name="=1+1.jpg"), image(10**30)]
    make(here, {"a.json": document(images, [annotation("x", "7"), annotation(5, 7), annotation(10**30, 7)])})
    tables = export("a.json", suffix)
    assert tables[0]["image_id"].astype(str).tolist() == ["7", "7", str(10**30)]
    assert tables[0]["file_name"].tolist() == [entry["file_name"] for entry in images]
    assert tables[1]["annotation_id"].astype(str).tolist() == ["x", "5", str(10**30)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("width", [1e300, 10**20, 1e18, 640.5, 1e-300])
def test_any_declared_size(here, suffix, width):
    make(here, {"a.json": document([image(width=width), image(2)], [annotation(), annotation(2, 2)])})
    images, _ = export("a.json", suffix)
    assert images["verdict"].tolist()[1] == "ok"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_undecodable_file_names(here, suffix):
    make(here, {"ds/a.xml": "<annotation><size><width>960</width><height>720</height></size></annotation>"})
    (here / "ds" / "a.xml").rename(here / "ds" / "a\udcff.xml")
    export("ds", suffix)
    assert cli.run(["scan", "ds", "--output-format", "json"]) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("x.xlsx", "b.csv"),
        ("x", "b.csv"),
        ("i.csv", "i.csv"),
        ("i.csv", "./i.csv"),
        ("i.csv", "sub/../i.csv"),
    ],
)
def test_refused_before_anything_is_written(here, capsys, names):
    make(here, {"a.json": document(), "sub/x": ""})
    assert cli.run(["scan", "a.json", "--export-images", names[0], "--export-boxes", names[1]]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
    assert sorted(path.name for path in here.iterdir()) == ["a.json", "sub"]
