"""Data sets of training frameworks in memory: read as their files are, and without opening a picture.

Stand-ins have the attributes that the frameworks' own classes have; tests with the real packages follow, and
are skipped without them.
"""

import collections
import contextlib
import io
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import anchoraudit
from anchoraudit import AnchorauditError, audit, from_torch, read
from anchoraudit.formats._memory.kinds import kind_names, kinds
from anchoraudit.io.steps import heard_by
from tests.builders import GOOD, annotation, document, image, make

SAMPLE = Path("sample_data")
CORNERS = [GOOD[0], GOOD[1], GOOD[0] + GOOD[2], GOOD[1] + GOOD[3]]


def facts(dataset):
    """What an audit goes by: each image by its file's name, with its size and its boxes."""
    found = {}
    for row, name in enumerate(dataset.images.file_names):
        boxes = np.flatnonzero(dataset.boxes.image == row)
        names = [dataset.categories[c].name if c >= 0 else "" for c in dataset.boxes.category[boxes].tolist()]
        corners = map(repr, np.round(dataset.boxes.xyxy[boxes], 3).tolist())
        flags = dataset.boxes.crowd[boxes].tolist(), dataset.boxes.difficult[boxes].tolist()
        size = repr((float(dataset.images.width[row]), float(dataset.images.height[row])))
        found[Path(name).name] = (size, sorted(zip(names, corners, *flags, strict=True)))
    return found


def problems(dataset):
    return collections.Counter((f.code, f.place, f.message) for f in dataset.findings)


def same(ours, theirs):
    assert facts(ours) == facts(theirs)
    assert problems(ours) == problems(theirs)


# Stand-ins


class CocoDetection:
    """torchvision's: pycocotools' content of the file, sorted ids, the folder of the images."""

    def __init__(self, root, content):
        content = json.loads(Path(content).read_text()) if isinstance(content, Path) else content
        self.root, self.coco = str(root), SimpleNamespace(dataset=content)
        self.ids = sorted({one["id"] for one in content["images"]})
        self.transforms = None

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        raise RuntimeError("a picture would be opened")


class VOCDetection:
    def __init__(self, root, split):
        stems = (root / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
        self.images = [str(root / "JPEGImages" / f"{stem}.jpg") for stem in stems]
        self.annotations = [str(root / "Annotations" / f"{stem}.xml") for stem in stems]
        self.image_set = split

    def __len__(self):
        return len(self.images)


class Subset:
    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, i):
        return self.dataset[self.indices[i]]


class ConcatDataset:
    def __init__(self, datasets):
        self.datasets = datasets
        self.cumulative_sizes = np.cumsum([*map(len, datasets)]).tolist()

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, i):
        at = int(np.searchsorted(self.cumulative_sizes, i, side="right"))
        return self.datasets[at][i - ([0, *self.cumulative_sizes][at])]


class YOLODataset:
    def __init__(self, labels, names, augment=False):
        self.labels, self.data, self.augment = labels, {"names": names}, augment

    def __len__(self):
        return len(self.labels)


class BaseDetDataset:
    def __init__(self, infos, classes):
        self.infos, self.metainfo, self.pipeline = infos, {"classes": classes}, SimpleNamespace(transforms=[])

    def load_data_list(self):
        return self.infos

    def get_data_info(self, i):
        return self.infos[i]

    def __len__(self):
        return len(self.infos)


class Pairs:
    """A torch Dataset of one's own."""

    def __init__(self, *entries):
        self.entries, self.asked = entries, []

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, i):
        self.asked.append(i)
        return self.entries[i]


def pair(width=960, height=720, **more):
    return np.zeros((3, height, width), dtype=np.uint8), {"boxes": [CORNERS], "labels": [1], **more}


# CocoDetection


@pytest.mark.parametrize("split", ["train", "val"])
def test_coco_is_read_as_its_file(split):
    file = SAMPLE / f"coco/annotations/instances_{split}.json"
    theirs = read(file)
    ours = from_torch(CocoDetection(theirs.sources[0].image_folder, file))
    same(ours, theirs)
    assert (ours.format, ours.categories) == (theirs.format, theirs.categories)
    assert np.array_equal(ours.boxes.annotation_ids, theirs.boxes.annotation_ids)
    assert np.array_equal(ours.boxes.area, theirs.boxes.area, equal_nan=True)
    verdicts = [
        audit(one, "torchvision-retinanet_resnet50_fpn").summary()["verdicts"] for one in (ours, theirs)
    ]
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize(
    "annotations",
    [
        [annotation(bbox=[1, 2, math.nan, 4]), annotation(2)],
        [annotation(bbox=[1, 2, "x", 4])],
        [annotation(bbox=[1, 2, 3])],
        [annotation(segmentation=[1, 2, 3, 4, 5, 6])],
        [annotation(bbox=None, segmentation=[[1, 2, 30, 40, 5, 60]])],
        [annotation(category_id=9), annotation(2, iscrowd=1)],
        [annotation(image_id=5), annotation(1)],
        [annotation(area=None, iscrowd="1")],
    ],
)
def test_what_is_wrong_in_coco_is_found_as_in_the_file(tmp_path, annotations):
    content = document([image(), image(2)], annotations)
    make(tmp_path, {"a/1.jpg": (960, 720), "a.json": content})
    theirs = read(tmp_path / "a.json", image_folder=tmp_path / "a")
    ours = from_torch(CocoDetection(tmp_path / "a", json.loads(json.dumps(content))))
    same(ours, theirs)
    assert [f.location.partition(", ")[0] for f in ours.findings] == ["<CocoDetection>"] * len(
        theirs.findings
    )


@pytest.mark.parametrize("loader", ["torchvision", "torchvision-coco", "detectron2", "mmdet-coco"])
def test_loaders_make_the_same_of_coco_in_memory(loader):
    """Also of what its segmentations are, which only loaders ask for."""
    file = SAMPLE / "coco/annotations/instances_train.json"
    theirs = read(file)
    ours = from_torch(CocoDetection(theirs.sources[0].image_folder, file))
    results = [audit(one, "torchvision-retinanet_resnet50_fpn", loader=loader) for one in (ours, theirs)]
    assert results[0].summary()["verdicts"] == results[1].summary()["verdicts"]
    assert results[0].findings.counts == results[1].findings.counts


def test_numbers_of_numpy_in_coco_are_numbers(tmp_path):
    content = document(annotations=[annotation(bbox=[np.float32(v) for v in GOOD], category_id=np.int64(1))])
    dataset = from_torch(CocoDetection(make(tmp_path, {"1.jpg": (960, 720)}), content))
    assert dataset.boxes.xyxy.tolist() == [CORNERS]
    assert dataset.boxes.category.tolist() == [0]


def test_images_are_in_the_order_of_the_items():
    content = document(
        [image(3), image(1), image(2)], [annotation(image_id=i, identity=i) for i in (1, 2, 2, 3)]
    )
    source = CocoDetection("nowhere", content)
    dataset = from_torch(source)
    assert dataset.images.ids == source.ids == [1, 2, 3]
    assert np.bincount(dataset.boxes.image).tolist() == [1, 2, 1]
    assert dataset.images.entry.tolist() == [1, 2, 0]


def test_of_images_with_one_id_the_last_has_the_boxes():
    """As in pycocotools: `imgs` has the last one, and annotations are found by the id."""
    content = document([image(1, width=500), image(2), image(1, width=400)], [annotation(), annotation(2, 2)])
    dataset = from_torch(CocoDetection("nowhere", content))
    assert dataset.images.width.tolist() == [400, 960]
    assert dataset.boxes.image.tolist() == [0, 1]


# VOCDetection


def test_voc_is_read_as_its_files():
    ours = from_torch(source := VOCDetection(SAMPLE / "voc", "val"))
    same(ours, read(SAMPLE / "voc", splits=("val",)))
    assert ours.images.ids == [Path(name).stem for name in source.annotations]
    assert (ours.format, ours.splits) == ("voc", ("val",))


def test_an_annotation_that_is_not_there_is_found():
    source = VOCDetection(SAMPLE / "voc", "train")
    source.annotations[2] = "nowhere.xml"
    dataset = from_torch(source)
    assert any(f.code == "PAR001" and f.path.endswith("nowhere.xml") for f in dataset.findings)
    stems = [Path(name).stem for name in source.annotations]
    assert from_torch(Subset(source, [3, 2, 1])).images.ids == [stems[3], stems[1]]


# Arranged


def test_a_subset_has_its_images_in_its_order_and_nothing_of_the_others():
    content = document(
        [image(1), image(2), image(3, width="wide")],
        [annotation(1, 1, bbox=[1, 2]), annotation(2, 2), annotation(3, 3), annotation(4, 3)],
    )
    source = CocoDetection("nowhere", content)
    dataset = from_torch(Subset(source, [2, 1]))
    assert dataset.images.ids == [3, 2]
    assert dataset.boxes.annotation_ids.tolist() == [2, 3, 4]
    assert dataset.boxes.image.tolist() == [1, 0, 0]
    assert "PAR003" not in {f.code for f in dataset.findings}
    assert {f.place for f in from_torch(Subset(source, [0])).findings if f.code == "PAR003"} == {
        "annotations[0].bbox"
    }


def test_an_error_of_a_framework_is_said():
    source = BaseDetDataset([1], ("cat",))
    source.get_data_info = lambda i: {}["img"]
    with pytest.raises(AnchorauditError) as error:
        from_torch(source)
    assert "cannot be read as MMDetection's BaseDetDataset: KeyError: 'img'" in str(error.value)


def test_what_is_chosen_again_is_judged_once():
    source = CocoDetection("nowhere", document([image(1), image(2), image(3)], [annotation(1, 3)]))
    nested = Subset(ConcatDataset([Subset(source, np.array([2, 0])), source]), [0, 2, 3, 4])
    dataset = from_torch(nested)
    assert dataset.images.ids == [3, 1, 2]
    assert len(dataset.boxes) == 1
    assert (
        dataset.notes[-1] == "1 of its 4 items is an image that was chosen before; each image is judged once"
    )
    repeated = SimpleNamespace(dataset=source, times=3)
    assert kinds()["composed"].recognises(repeated)


def test_data_sets_of_several_kinds_become_one(tmp_path):
    coco = CocoDetection(
        make(tmp_path, {"1.jpg": (960, 720)}),
        document(annotations=[annotation(7, bbox=[1, 2, math.inf, 4]), annotation(8, category_id=5)]),
    )
    voc = VOCDetection(SAMPLE / "voc", "val")
    own = Pairs(pair(), pair(labels=[4]))
    dataset = from_torch(ConcatDataset([coco, Subset(voc, [1]), Subset(own, [1])]))
    assert dataset.images.ids == [1, Path(voc.annotations[1]).stem, 1]
    assert own.asked == [1]
    assert dataset.splits == ("", "val")
    names = [dataset.categories[c].name if c >= 0 else "" for c in dataset.boxes.category.tolist()]
    assert names[:2] == ["cat", ""] and names[-1] == "4"
    assert dataset.boxes.class_texts == {1: "5"}
    assert dataset.boxes.annotation_ids.tolist()[:2] == [7, 8]
    result = audit(dataset)
    assert {f.location for f in result.findings.of("BOX001")} == {"<CocoDetection>, annotations[0].bbox"}
    assert sum(result.summary()["verdicts"].values()) == 3
    assert read(ConcatDataset([coco, voc]), splits=("val",)).images.ids == [
        Path(name).stem for name in voc.annotations
    ]
    with pytest.raises(AnchorauditError, match="unknown split 'test'"):
        read(voc, splits=("test",))


def test_a_subset_of_ones_own_data_set_is_asked_itself():
    """It may do more than the one within."""

    class Doubling(Subset):
        def __getitem__(self, i):
            picture, target = self.dataset[self.indices[i]]
            return picture, {**target, "boxes": target["boxes"] * 2, "labels": [1, 1]}

    assert len(from_torch(Doubling(Pairs(pair(), pair()), [1])).boxes) == 2


# Hugging Face


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow", reason="pip install pyarrow")


class Features(dict):
    arrow_schema = None


class ArrowDataset:
    """`datasets.Dataset`: tables of Arrow, of which `select_columns` leaves some."""

    def __init__(self, table, split=None):
        self.features, self.table, self.split = Features(dict.fromkeys(table.schema.names)), table, split
        self.features.arrow_schema = table.schema

    def with_format(self, kind):
        assert kind == "arrow"
        return self

    def select_columns(self, names):
        return ArrowDataset(self.table.select(names))

    def __len__(self):
        return len(self.table)

    def __getitem__(self, rows):
        assert isinstance(rows, slice), "an item would be decoded"
        return self.table[rows]


def png(size):
    held = io.BytesIO()
    Image.new("L", size).save(held, "PNG")
    return held.getvalue()


def hub(boxes):
    import pyarrow

    picture = pyarrow.array([{"bytes": png((64, 48)), "path": f"{i}.png"} for i in range(len(boxes))])
    objects = [{"bbox": own, "category": [0] * len(own)} for own in boxes]
    table = pyarrow.table({"image": picture, "objects": pyarrow.array(objects)})
    feature = {
        "image": {"_type": "Image"},
        "objects": {"category": {"names": ["cat"], "_type": "ClassLabel"}},
    }
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": feature}})})


def test_a_data_set_of_the_hub_is_read_as_its_parquet(tmp_path, pyarrow):
    from pyarrow import parquet

    table = hub([[[1.0, 2, 30, 40]], [], [[5.0, 6, 7, 8], [20.0, 1, 40, 45]]])
    parquet.write_table(table, tmp_path / "a.parquet")
    same(ours := from_torch(ArrowDataset(table)), read(tmp_path / "a.parquet"))
    assert ours.images.width.tolist() == [64] * 3
    assert [c.name for c in ours.categories] == ["cat"]
    assert from_torch(Subset(ArrowDataset(table), [2])).boxes.xyxy.tolist() == [
        [5, 6, 12, 14],
        [20, 1, 60, 46],
    ]


@pytest.mark.usefixtures("pyarrow")
def test_the_first_boxes_decide_what_they_are_or_the_user():
    corners = [[[20.0, 20, 60, 45], [30.0, 30, 62, 47]]] * 30
    dataset = from_torch(ArrowDataset(hub(corners)))
    assert dataset.boxes.xyxy.tolist()[:2] == corners[0]
    assert "the boxes are read as x1, y1, x2, y2" in dataset.notes[0]
    assert from_torch(ArrowDataset(hub([[[1.0, 2, 3, 4]]])), convention="xyxy").boxes.xyxy.tolist() == [
        [1, 2, 3, 4]
    ]


def test_a_dict_of_data_sets_has_splits(tmp_path, pyarrow):
    make(tmp_path, {"a.png": (30, 20)})
    paths = pyarrow.array(
        [{"bytes": None, "path": str(tmp_path / "a.png")}], hub([[]]).schema.field("image").type
    )
    test = hub([[[1.0, 2, 3, 4]]]).set_column(0, "image", paths)
    both = {"train": ArrowDataset(hub([[[1.0, 2, 3, 4]], []])), "test": ArrowDataset(test)}
    dataset = from_torch(both)
    assert dataset.split_names == ["train", "train", "test"]
    assert dataset.image_path(2) == tmp_path / "a.png"
    assert dataset.images.width.tolist() == [64, 64, 30]
    assert read(both, splits=("test",)).split_names == ["test"]


def test_a_row_may_be_a_box(pyarrow):
    columns = {"image": ["a", "a", "b"], "label": ["x", "y", "x"], "width": [64] * 3, "height": [48] * 3}
    table = pyarrow.table(
        {**columns, **{name: [1, 2, 3] for name in ("xmin", "ymin")}, "xmax": [9] * 3, "ymax": 3 * [9]}
    )
    source = ArrowDataset(table)
    assert from_torch(source).images.ids == ["a", "b"]
    with pytest.raises(AnchorauditError, match="3 items and 2 images"):
        from_torch(Subset(source, [0]))
    with pytest.raises(AnchorauditError, match="columns not understood: a"):
        from_torch(ArrowDataset(pyarrow.table({"a": [1]})))


# Frameworks


def test_labels_of_ultralytics(tmp_path):
    make(tmp_path, {"images/a.jpg": (640, 480), "images/b.jpg": (640, 480)})
    labels = [
        {
            "im_file": str(tmp_path / "images" / name),
            "shape": (480, 640),
            "cls": np.array(classes, dtype=np.float32).reshape(-1, 1),
            "bboxes": np.array(boxes, dtype=np.float32).reshape(-1, 4),
            "segments": [],
            "normalized": True,
            "bbox_format": "xywh",
        }
        for name, classes, boxes in (("a.jpg", [1], [[0.5, 0.5, 0.25, 0.5]]), ("b.jpg", [], []))
    ]
    dataset = from_torch(YOLODataset(labels, {0: "cat", 1: "dog"}, augment=True))
    assert dataset.boxes.xyxy.tolist() == [[240, 120, 400, 360]]
    assert [c.name for c in dataset.categories] == ["cat", "dog"]
    assert dataset.boxes.category.tolist() == [1]
    assert dataset.image_path(1) == tmp_path / "images" / "b.jpg"
    assert dataset.classes_are_indices and dataset.findings == []
    assert "augmentations are not applied" in dataset.notes[0]
    labels[0] |= {"bbox_format": "xyxy", "normalized": False, "segments": [np.zeros((3, 2))]}
    labels[0]["bboxes"] = np.array([[1, 2, 3, 4]])
    assert from_torch(YOLODataset(labels, ["cat", "dog"])).boxes.xyxy.tolist() == [[1, 2, 3, 4]]
    labels[0]["bbox_format"] = "yxyx"
    with pytest.raises(AnchorauditError, match="'yxyx', which Ultralytics does not have"):
        from_torch(YOLODataset(labels, ["cat", "dog"]))


def dicts():
    return [
        {
            "file_name": "a.jpg",
            "height": 480,
            "width": 640,
            "image_id": 7,
            "annotations": [
                {"bbox": [1, 2, 30, 40], "bbox_mode": 1, "category_id": 0, "iscrowd": 1},
                {"bbox": [1, 2, 30, 40], "bbox_mode": 0, "category_id": 2},
                {"bbox": [50, 50, 20, 10, 30], "bbox_mode": 4, "category_id": 1},
            ],
        },
        {"file_name": "b.jpg", "height": 480, "width": 640, "image_id": "8", "annotations": []},
    ]


def test_dicts_of_detectron2():
    dataset = from_torch(dicts())
    assert dataset.images.ids == [7, "8"]
    # The last: what detectron2's own BoxMode.convert answers.
    expected = [[1, 2, 31, 42], [1, 2, 30, 40], [38.839745, 40.669872, 61.160255, 59.330128]]
    assert dataset.boxes.xyxy == pytest.approx(np.array(expected), abs=1e-6)
    assert dataset.boxes.crowd.tolist() == [True, False, False]
    assert dataset.boxes.category.tolist() == [0, 2, 1]
    assert [c.id for c in dataset.categories] == [0, 1, 2]
    held = type("DatasetFromList", (Pairs,), {"_lst": 1})(*dicts())
    mapped = SimpleNamespace(_dataset=held, _map_func=lambda one: 1 / 0)
    assert facts(from_torch(mapped)) == facts(dataset)


@pytest.mark.parametrize(
    "wrong, code, place, words",
    [
        ({"bbox_mode": 2}, "PAR003", "['bbox_mode']", "bbox_mode is 'XYXY_REL'"),
        ({"bbox_mode": None}, "PAR003", "['bbox_mode']", "there is no bbox_mode"),
        ({"bbox": [1, 2, 3]}, "PAR003", "['bbox']", "a box has 3 numbers, not 4"),
        ({"bbox": [1, 2, 3, "4"]}, "PAR004", "['bbox']", "'4' in a box is not a number"),
        ({"bbox": None}, "PAR003", "['bbox']", "a box is None, not 4 numbers"),
        ({"category_id": None}, "PAR003", "['category_id']", "a class is None"),
        ({"category_id": -1}, "PAR003", "['category_id']", "a class is -1"),
        ({"bbox": [1, 2, math.nan, 4]}, "BOX001", "", "not finite"),
    ],
)
def test_a_value_of_detectron2_that_cannot_be_read_is_a_finding(wrong, code, place, words):
    source = dicts()
    source[0]["annotations"][0] |= wrong
    (finding,) = from_torch(source).findings
    assert (finding.code, finding.place) == (code, f"[0]['annotations'][0]{place}")
    assert words in finding.message


def test_infos_of_mmdetection():
    instances = [
        {"bbox": [1.0, 2.0, 31.0, 42.0], "bbox_label": 1, "ignore_flag": 0},
        {"bbox": np.array([5, 6, 7, 8]), "bbox_label": 0, "ignore_flag": 1},
    ]
    infos = [{"img_path": "x/a.jpg", "img_id": 4, "width": 640, "height": 480, "instances": instances}]
    dataset = from_torch(source := BaseDetDataset(infos, ("cat", "dog")))
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 31, 42], [5, 6, 7, 8]]
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert [dataset.categories[c].name for c in dataset.boxes.category.tolist()] == ["dog", "cat"]
    assert (dataset.images.ids, dataset.notes) == ([4], [])
    source.pipeline = SimpleNamespace(transforms=[1])
    assert "transforms are not applied" in from_torch(source).notes[0]


# Any other


def test_any_other_data_set_is_asked_for_its_items():
    class Listener:
        def __init__(self):
            self.heard = []

        def hear(self, what, done, of, *, holds):
            self.heard.append((what, done, of))

        def hush(self):
            pass

    whole = {"image": np.zeros((3, 720, 960)), "bboxes": [CORNERS], "labels": ["cat"]}
    with heard_by(listener := Listener()):
        dataset = from_torch(Pairs(pair(), (*pair(), "more"), whole))
    assert dataset.boxes.xyxy.tolist() == [CORNERS] * 3
    assert dataset.images.width.tolist() == [960] * 3
    assert "it is one draw" in dataset.notes[-1]
    assert listener.heard[-1] == ("reading items", 3, 3)
    assert facts(read(Pairs(pair()))) == facts(from_torch(Pairs(pair())))
    assert not read([pair()[1]]).notes


def test_an_error_of_the_data_set_says_at_which_item():
    class Broken(Pairs):
        def __getitem__(self, i):
            raise KeyError("boxes")

    with pytest.raises(AnchorauditError) as error:
        from_torch(Broken(1, 2))
    assert str(error.value).startswith("<Broken>, [0]: the data set raises KeyError: 'boxes'")


class IterableDataset:
    def __iter__(self):
        while True:
            yield pair()


IterableDataset.__module__ = "torch.utils.data.dataset"


class DataLoader:
    batch_sampler = None

    def __init__(self, dataset):
        self.dataset = dataset

    def __iter__(self):
        return iter([])


@pytest.mark.parametrize(
    "source, words, remedy",
    [
        (type("Mine", (IterableDataset,), {})(), "an IterableDataset has no items by number", "islice"),
        (DataLoader(Pairs(pair())), "a DataLoader hands over batches", "loader.dataset"),
        ("a/path", "this is a path", "anchoraudit.read"),
        (5, "cannot read a data set from a value of type int", "a torch Dataset"),
        (Subset(CocoDetection("x", document()), []), "a Subset without images", "Look at it"),
    ],
)
def test_what_has_no_items_is_refused(source, words, remedy):
    with pytest.raises(AnchorauditError) as error:
        from_torch(source)
    assert words in str(error.value)
    assert remedy in error.value.remedy


def test_whatever_an_attribute_raises_is_no_error():
    class Hostile(Pairs):
        def __getattr__(self, name):
            raise RuntimeError(name)

    assert len(from_torch(Hostile(pair())).images) == 1


@pytest.mark.usefixtures("pyarrow")
def test_exactly_one_kind_recognises_a_data_set():
    coco = CocoDetection("x", document())
    label = {"im_file": "a.jpg", "shape": (4, 4), "cls": [], "bboxes": []}
    cases = {
        "coco_detection": coco,
        "composed": Subset(coco, [0]),
        "detectron2_dicts": dicts(),
        "hugging_face": ArrowDataset(hub([[]])),
        "mmdetection": BaseDetDataset([], ("cat",)),
        "ultralytics": YOLODataset([label], ["cat"]),
        "voc_detection": VOCDetection(SAMPLE / "voc", "val"),
    }
    assert sorted(cases) == kind_names()
    for name, case in cases.items():
        assert [own for own, kind in kinds().items() if kind.recognises(case)] == [name]


def test_the_page_has_all_kinds():
    page = Path("docs/python.md").read_text("utf-8")
    assert [kind.TITLE for kind in kinds().values() if f"| {kind.TITLE} |" not in page] == []


def test_compare_and_export_take_it(tmp_path):
    file = SAMPLE / "coco/annotations/instances_val.json"
    source = CocoDetection(read(file).sources[0].image_folder, file)
    assert anchoraudit.compare(source, ["reference"]).frame()["images"].tolist() == [7]
    anchoraudit.export(source, tmp_path / "out", "coco")
    assert (tmp_path / "out").exists()


# The real packages


@pytest.fixture
def torchvision():
    return pytest.importorskip("torchvision", reason="pip install torch torchvision")


@pytest.mark.parametrize("wrapped", [False, True])
def test_torchvision(torchvision, tmp_path, wrapped):
    pytest.importorskip("pycocotools", reason="pip install pycocotools")
    from torch.utils.data import ConcatDataset, DataLoader, random_split

    file = SAMPLE / "coco/annotations/instances_train.json"
    theirs = read(file)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = torchvision.datasets.CocoDetection(str(theirs.sources[0].image_folder), str(file))
    kit = tmp_path / "VOCdevkit"
    kit.mkdir()
    (kit / "VOC2012").symlink_to((SAMPLE / "voc").resolve())
    voc = torchvision.datasets.VOCDetection(str(tmp_path), image_set="val")
    wrap = torchvision.datasets.wrap_dataset_for_transforms_v2 if wrapped else (lambda one: one)
    same(from_torch(wrap(coco)), theirs)
    same(from_torch(wrap(voc)), read(SAMPLE / "voc", splits=("val",)))
    first, second = random_split(wrap(coco), [5, len(coco) - 5])
    assert from_torch(first).images.ids == [coco.ids[i] for i in first.indices]
    both = from_torch(ConcatDataset([first, second]))
    assert facts(both) == facts(theirs)
    with pytest.raises(AnchorauditError, match="a DataLoader hands over batches"):
        from_torch(DataLoader(coco))


@pytest.mark.usefixtures("pyarrow")
def test_huggingface():
    datasets = pytest.importorskip("datasets", reason="pip install datasets")
    table = hub([[[1.0, 2, 30, 40]], [], [[5.0, 6, 7, 8]]])
    objects = {
        "bbox": datasets.List(datasets.List(datasets.Value("float64"))),
        "category": datasets.List(datasets.ClassLabel(names=["cat"])),
    }
    features = datasets.Features({"image": datasets.Image(), "objects": objects})
    source = datasets.Dataset.from_list(table.to_pylist(), features=features)
    same(from_torch(source), from_torch(ArrowDataset(table)))
    assert from_torch(source.select([2, 0])).images.ids == ["2.png", "0.png"]
    assert from_torch(source.shuffle(seed=1)).images.ids == [
        one["path"] for one in source.shuffle(seed=1).with_format("arrow")[:]["image"].to_pylist()
    ]
    assert from_torch(datasets.DatasetDict(train=source, test=source.select([0]))).splits == ("train", "test")
    with pytest.raises(AnchorauditError, match="IterableDataset"):
        from_torch(source.to_iterable_dataset())


def test_ultralytics(tmp_path):
    dataset = pytest.importorskip("ultralytics.data.dataset", reason="pip install ultralytics")
    make(
        tmp_path,
        {
            "data.yaml": "train: images/train\nval: images/train\nnames: [cat, dog]\n",
            "images/train/a.jpg": (640, 480),
            "images/train/b.jpg": (320, 240),
            "labels/train/a.txt": "1 0.5 0.5 0.25 0.5\n0 0.3 0.3 0.111 0.222\n",
        },
    )
    source = dataset.YOLODataset(
        img_path=str(tmp_path / "images/train"), data={"names": {0: "cat", 1: "dog"}, "channels": 3}
    )
    assert facts(from_torch(source)) == facts(read(tmp_path))


def test_detectron2(tmp_path):
    data = pytest.importorskip(
        "detectron2.data", reason="pip install git+https://github.com/facebookresearch/detectron2"
    )
    from detectron2.data.datasets import load_coco_json

    make(tmp_path, {"a.json": document(annotations=[annotation(), annotation(2, iscrowd=1)])})
    source = load_coco_json(str(tmp_path / "a.json"), str(tmp_path))
    for own in (source, data.DatasetFromList(source), data.MapDataset(data.DatasetFromList(source), len)):
        dataset = from_torch(own)
        assert dataset.boxes.xyxy.tolist() == [CORNERS] * 2
        assert dataset.boxes.crowd.tolist() == [False, True]


def test_mmdetection(tmp_path):
    datasets = pytest.importorskip("mmdet.datasets", reason="pip install mmdet mmcv", exc_type=ImportError)
    from mmengine.dataset import RepeatDataset

    make(tmp_path, {"a.json": document(annotations=[annotation(area=9), annotation(2, area=9, iscrowd=1)])})
    source = datasets.CocoDataset(
        ann_file=str(tmp_path / "a.json"),
        metainfo={"classes": ("cat",)},
        data_prefix={"img": ""},
        pipeline=[],
        lazy_init=True,
    )
    for own in (source, RepeatDataset(source, 2)):
        dataset = from_torch(own)
        assert dataset.boxes.xyxy.tolist() == [CORNERS] * 2
        assert dataset.boxes.crowd.tolist() == [False, True]
