"""What `filter` writes of YOLO and Pascal VOC is read by their frameworks, with the images that stay."""

import os

import pytest

from anchoraudit import read
from tests.builders import make, run
from tests.test_voc import xml

GOOD = "0 .455 .603 .077 .207\n"  # an anchor of the reference, in an image of 960x720
TINY = "1 .001 .001 .002 .002\n"
DATA = {
    "ds/data.yaml": "# ours\npath: .\ntrain: images/train\nval: [images/val]\n"
    "names:\n  0: cat # first\n  1: dog\nnc: 2\n",
    "ds/images/train/a.jpg": (960, 720),
    "ds/images/train/b.jpg": (960, 719),
    "ds/labels/train/a.txt": GOOD,
    "ds/labels/train/b.txt": TINY,
    "ds/images/val/c.jpg": (960, 718),
    "ds/labels/val/c.txt": GOOD,
}


def kept(name):
    dataset = read(name)
    return {split: [i for i, own in zip(dataset.images.ids, dataset.images.split, strict=True)
                    if dataset.splits[own] == split] for split in dataset.splits}  # fmt: skip


def test_a_list_names_images_by_paths(here):
    make(here, DATA)
    assert run("filter", "ds", "-o", "clean.txt") == 0
    assert (here / "clean.txt").read_text() == "./ds/images/train/a.jpg\n./ds/images/val/c.jpg\n"
    (here / "lists").mkdir()
    assert run("filter", "ds", "-o", "lists/{split}.txt") == 0
    assert (here / "lists/val.txt").read_text() == f"{here.as_posix()}/ds/images/val/c.jpg\n"


def test_a_data_yaml_comes_with_a_list_for_each_split(here, capsys):
    make(here, DATA)
    assert run("filter", "ds", "-o", "clean.yaml") == 0
    assert "anchoraudit scan clean.yaml" in capsys.readouterr().out
    assert (here / "clean.yaml").read_text() == (
        f'path: "{here.as_posix()}"\ntrain: "clean-train.txt"\nval: "clean-val.txt"\n'
        "# ours\nnames:\n  0: cat # first\n  1: dog\nnc: 2\n"
    )
    assert kept("clean.yaml") == {"train": ["train/a"], "val": ["val/c"]}
    assert run("scan", "clean.yaml", "--ignore", "CLS") == 0
    assert run("filter", "ds", "-o", "clean.yaml") == 2  # it exists
    assert "Use --force" in capsys.readouterr().err


def test_without_a_data_yaml_the_names_are_written(here, capsys):
    make(here, {"images/a.jpg": (960, 720), "labels/a.txt": GOOD, "classes.txt": "cat\nno\n"})
    assert run("filter", ".", "-o", "x.yaml") == 0
    assert "x.yaml has no `val`, without which Ultralytics and YOLOv5 stop" in capsys.readouterr().out
    text = (here / "x.yaml").read_text()
    assert text == f'path: "{here.as_posix()}"\ntrain: "x-train.txt"\nnames:\n  0: "cat"\n  1: "no"\n'
    assert [category.name for category in read("x.yaml").categories] == ["cat", "no"]


def test_what_has_no_data_yaml(here, capsys):
    make(here, {"voc/Annotations/a.xml": xml(), **DATA})
    make(here, {"mix/p/a.jpg": (960, 720), "mix/p/a.txt": GOOD, "mix/q/b.jpg": (960, 7), "mix/q/b.txt": GOOD})
    for source, output, words in [
        ("voc", "a.yaml", "only YOLO has a data.yaml"),
        ("ds", "a-{split}.yaml", "only YOLO has a data.yaml"),
        ("mix", "a.yaml", "'p' is none of them"),
    ]:
        assert run("filter", source, "-o", output) == 2
        assert words in capsys.readouterr().err
    assert run("filter", "ds", "--fix", "-o", "a.yaml") == 2
    assert "a list of images holds no boxes" in capsys.readouterr().err
    assert not list(here.glob("a*"))


def test_ultralytics_reads_them(here, tmp_path, monkeypatch):
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    pytest.importorskip("ultralytics", reason="the loader of Ultralytics did not read what filter writes")
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import check_det_dataset

    make(here, DATA)
    assert run("filter", "ds", "-o", "clean.yaml") == 0
    data = check_det_dataset(str(here / "clean.yaml"))
    assert data["names"] == {0: "cat", 1: "dog"}
    for split, name in (("train", "a"), ("val", "c")):
        read_by_it = YOLODataset(img_path=data[split], data=data, task="detect", augment=False, batch_size=1)
        ((path, classes),) = ((label["im_file"], label["cls"]) for label in read_by_it.labels)
        assert os.path.samefile(path, here / f"ds/images/{split}/{name}.jpg")  # noqa: PTH121
        assert classes.tolist() == [[0]]


def test_torchvision_reads_a_list_of_voc(here):
    pytest.importorskip("torchvision", reason="VOCDetection did not read what filter writes")
    from torchvision.datasets import VOCDetection

    root = here / "VOCdevkit/VOC2012"
    good = xml(("cat", 400, 360, 474, 509), size=(960, 720), file_name="a.jpg")
    tiny = xml(("cat", 1, 1, 3, 3), size=(960, 719), file_name="b.jpg")
    make(root, {"Annotations/a.xml": good, "Annotations/b.xml": tiny})
    make(root, {"JPEGImages/a.jpg": (960, 720), "JPEGImages/b.jpg": (960, 719)})
    make(root, {"ImageSets/Main/train.txt": "a\nb\n"})
    assert run("filter", "VOCdevkit", "-o", "clean.txt") == 0
    # VOCDetection takes these names of lists only.
    (root / "ImageSets/Main/trainval.txt").write_bytes((here / "clean.txt").read_bytes())
    found = VOCDetection(here, year="2012", image_set="trainval")
    assert [target["annotation"]["filename"] for _, target in found] == ["a.jpg"]
