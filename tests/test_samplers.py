"""Samplers: what frameworks' own samplers handed out, without torch; and what holds for all of them.

`tests/data/samplers` has the frameworks' answers, one file a sampler. `python -m tests.test_samplers` writes
what docs/blame.md says of the samplers anew, after a change of one.
"""

import hashlib
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from anchoraudit import audit, load_detector, read
from anchoraudit.detectors import preset_names
from anchoraudit.detectors.versions import Versions
from anchoraudit.errors import AnchorauditError
from anchoraudit.loaders import in_training_order, loaders
from anchoraudit.training import samplers
from anchoraudit.training.samplers import _mersenne as mersenne
from anchoraudit.training.samplers import defaults_of, order_of, sampler, sampler_for, sampler_names
from anchoraudit.training.samplers._numbering import numbered
from anchoraudit.training.samplers._run import ByEpoch, Numbered, Run
from anchoraudit.training.samplers._stream import stream
from tests.builders import annotation, document, image, make
from tests.test_docs import DOCS, generated_part

DATA = Path(__file__).parent / "data"
PAGE = DOCS / "blame.md"


def pictures(count, sizes=None):
    width, height = np.array(sizes or [(640, 480)] * count, dtype=float).reshape(count, 2).T
    return Numbered(count, width, height)


def run_of(one, own=None, version="", **given):
    values = {name: setting.default for name, setting in one.SETTINGS.items()} | (own or {})
    versions = Versions(package="p", since=version, rule="r", version=version) if version else Versions()
    return Run(**({"batch_size": 4, "seed": 0} | given), versions=versions, own=values)


def order(name, count=10, sizes=None, **given):
    one = sampler(name)
    return order_of(one, pictures(count, sizes), run_of(one, **given))[0]


def answers():
    for path in sorted((DATA / "samplers").glob("*.json")):
        for answer in json.loads(path.read_text())["answers"]:
            yield pytest.param(path.stem, answer, id=" ".join([path.stem, *answer["versions"].values()]))


@pytest.mark.parametrize(("name", "answer"), list(answers()))
def test_batches_are_those_of_the_framework(name, answer):
    version = answer["versions"].get("ultralytics", "")
    for case in answer["cases"]:
        found = order(
            name, case["images"], case.get("sizes"), own=case.get("own"), version=version, **case["run"]
        )
        step = 0
        for epoch, batches in enumerate(case["epochs"]):
            for inside, batch in enumerate(batches):
                got = found.batch(step)
                assert list(got.numbers) == batch, (case, step)
                step += 1
                if got.step_of_epoch is not None:
                    assert (got.epoch, got.step_of_epoch) == (epoch, inside)
                    assert found.batch(inside, epoch) == got
            assert found.steps_of(epoch) in (None, len(batches))


def test_every_sampler_has_answers():
    assert {path.stem for path in (DATA / "samplers").glob("*.json")} == set(sampler_names())


SHUFFLES = json.loads((DATA / "torch_randperm.json").read_text())["cases"]


@pytest.mark.parametrize("case", SHUFFLES, ids=lambda case: f"{case['n']}, seed {case['seed']}")
def test_a_shuffle_is_that_of_torch(case):
    generator = mersenne.Generator(case["seed"])
    whole = generator.permutation(case["n"])
    assert whole[:10].tolist() == case["first"]
    assert hashlib.sha256(whole.astype("<i8").tobytes()).hexdigest() == case["sha256"]
    assert generator.permutation(case["n"])[:10].tolist() == case["second"]
    assert generator.int64() == case["then"]


def test_numbers_are_skipped_as_they_are_drawn(monkeypatch):
    monkeypatch.setattr(mersenne, "_BLOCK", 3)
    skipped, drawn = mersenne.Generator(5), mersenne.Generator(5)
    skipped.skip(mersenne.drawn_by(9))
    drawn.permutation(9)
    assert skipped.int64() == drawn.int64()


def test_torch_shuffles_very_many_images_in_another_way():
    with pytest.raises(AnchorauditError, match="214,748,364 and more in another way"):
        mersenne.Generator(0).permutation(mersenne.MOST_IMAGES)


def test_a_stream_goes_on_where_it_is_asked_to():
    whole = list(islice(stream(5, 3), 40))
    for start in (0, 3, 5, 12, 25):
        assert list(islice(stream(5, 3, start=start), 10)) == whole[start : start + 10]


class TestErrors:
    def test_no_such_sampler(self):
        with pytest.raises(AnchorauditError, match="Did you mean ultralytics"):
            sampler("ultralytic")

    def test_a_seed_that_is_needed(self):
        with pytest.raises(AnchorauditError, match="sampler mmdet needs the seed"):
            order("mmdet", seed=None)

    def test_a_seed_that_torch_does_not_take(self):
        assert order("torch-generator", seed=2**64 - 1).batch(0) == order("torch-generator", seed=-1).batch(0)
        for seed in (2**64, -(2**63) - 1):
            with pytest.raises(AnchorauditError, match=f"{seed} is not a seed that torch takes"):
                order("torch-generator", seed=seed)

    def test_a_setting_that_the_sampler_does_not_take(self):
        with pytest.raises(AnchorauditError, match="torch-generator takes no --world-size"):
            order("torch-generator", world_size=2)
        with pytest.raises(AnchorauditError, match="sequential takes no --workers"):
            order("sequential", workers=0)

    def test_no_images(self):
        with pytest.raises(AnchorauditError, match="no image is left to train on"):
            order("sequential", count=0)

    @pytest.mark.parametrize("name", ["torch-generator", "mmdet", "mmengine", "transformers"])
    def test_an_epoch_without_a_step(self, name):
        with pytest.raises(AnchorauditError, match="an epoch has no step"):
            order(name, count=3, drop_last=True).batch(0)

    def test_a_step_beyond_the_run(self):
        found = order("torch-generator", epochs=2)
        assert found.batch(5).epoch == 1
        with pytest.raises(AnchorauditError, match="step 6 is beyond the run: 2 epochs end at step 5"):
            found.batch(6)
        with pytest.raises(AnchorauditError, match="epoch 0 has no step 3: it has 3, counted from 0"):
            found.batch(3, 0)
        with pytest.raises(AnchorauditError, match="step 0 is beyond the run"):
            found.batch(0, 2)

    def test_a_step_beyond_epochs_of_different_length(self):
        batches = {0: [[0], [1]], 1: [[2]], 2: [[0], [1], [2]]}
        found = ByEpoch(batches.__getitem__, None, 3)
        assert [found.batch(step).numbers for step in range(6)] == [(0,), (1,), (2,), (0,), (1,), (2,)]
        assert (found.batch(4).epoch, found.batch(4).step_of_epoch) == (2, 1)
        assert found.batch(1, 2).step == 4
        with pytest.raises(AnchorauditError, match="3 epochs end at step 5"):
            found.batch(6)

    @pytest.mark.parametrize("name", ["detectron2", "mmengine-infinite"])
    def test_a_stream_has_no_epochs(self, name):
        assert order(name).steps_of(0) is None
        with pytest.raises(AnchorauditError, match=f"sampler {name} has no epochs"):
            order(name).batch(0, 0)

    @pytest.mark.parametrize("name", ["detectron2", "mmdet"])
    def test_images_of_unknown_size(self, name):
        with pytest.raises(AnchorauditError, match="1 of 2 have no known size"):
            order(name, 2, [(640, 480), (np.nan, 480)])

    def test_workers_that_decide(self):
        found = order("ultralytics", epochs=4, own={"close_mosaic": 2})
        assert found.batch(5).epoch == 1
        with pytest.raises(AnchorauditError, match="epoch 2 depends on the number of worker processes"):
            found.batch(6)
        for name in ("yolov5", "ultralytics"):
            found = order(name, world_size=2)
            assert found.batch(1).epoch == 0
            with pytest.raises(AnchorauditError, match="epoch 1 depends on the number of worker processes"):
                found.batch(2)

    def test_what_is_not_replayed(self):
        with pytest.raises(AnchorauditError, match="--drop-last with 2 processes"):
            order("ultralytics", world_size=2, drop_last=True)
        with pytest.raises(AnchorauditError, match="mode=rect with 2 processes"):
            order("yolov5", world_size=2, own={"mode": "rect"})

    @pytest.mark.parametrize("seed", [-1, 2**32])
    def test_detectron2_seeded_at_random(self, seed):
        with pytest.raises(AnchorauditError, match="NumPy is seeded at random"):
            order("detectron2", seed=seed, own={"seeded_by": "numpy"})


def test_a_detector_whose_configuration_repeats_the_data_set():
    ssd = load_detector("mmdet-ssd300")
    assert defaults_of(sampler_for(ssd), ssd) == {"shuffle": True, "repeat": 5}
    centernet = load_detector("mmdet-centernet512")
    assert sampler_for(centernet).NAME == "mmdet"
    assert defaults_of(sampler_for(centernet), centernet)["repeat"] == 5
    assert order("mmdet", own={"repeat": 5}).steps_of(0) == 13  # 50 images in batches of 4
    for times in (0, 1001):
        with pytest.raises(AnchorauditError, match=f"--set repeat={times} is not from 1 to 1000"):
            order("mmengine", own={"repeat": times})


def test_every_detector_that_a_sampler_names_exists():
    for one in samplers.samplers().values():
        for name, own in getattr(one, "DETECTORS", {}).items():
            assert name in preset_names()
            assert set(own) <= set(one.SETTINGS)


def test_an_earlier_step_can_be_asked_for_later():
    found = order("detectron2")
    first = [found.batch(step).numbers for step in range(5)]
    assert [found.batch(step).numbers for step in (4, 1, 2)] == [first[4], first[1], first[2]]


def test_a_script_that_never_tells_the_epoch():
    found = order("torch-distributed", own={"set_epoch": False})
    assert found.batch(0).numbers == found.batch(3).numbers
    assert order("torch-distributed").batch(3).numbers != found.batch(3).numbers


def test_yolov5_sorts_by_aspect_ratio():
    """Its own data set, of images of these sizes, had them in this order."""
    sizes = [(64, 48), (48, 64), (50, 50), (64, 32)]
    assert order("yolov5", 4, sizes, own={"mode": "rect"}).batch(0).numbers == (3, 0, 2, 1)


class TestVersions:
    """Ultralytics uses the seed since 8.4.124."""

    def remarks(self, versions, **given):
        one = sampler("ultralytics")
        run = run_of(one, **given)
        return order_of(one, pictures(10), Run(run.batch_size, run.seed, versions=versions, own=run.own))

    def test_old_and_new(self):
        old, new = (order("ultralytics", seed=5, version=v).batch(0) for v in ("8.4.123", "8.4.124"))
        assert old == order("ultralytics", seed=0, version="8.4.124").batch(0)
        assert old != new

    def test_a_preset_of_versions_on_both_sides(self):
        both = Versions(package="ultralytics", since="8.4.52", until="8.4.127", rule="r")
        _, said = self.remarks(both, seed=5)
        assert "Versions before 8.4.124 do not use the seed" in said[0]
        assert "8.4.124" not in " ".join(self.remarks(both, seed=0)[1])
        before = Versions(package="ultralytics", since="8.4.0", until="8.4.51", rule="r")
        found, said = self.remarks(before, seed=5)
        assert found.batch(0) == order("ultralytics", seed=0).batch(0)
        assert "8.4.124" not in " ".join(said)

    def test_the_end_of_mosaic(self):
        assert "last 10 epochs" in self.remarks(Versions())[1][0]
        assert self.remarks(Versions(), own={"close_mosaic": 0})[1] == []


class TestSettings:
    def test_values(self):
        setting = sampler("ultralytics").SETTINGS["close_mosaic"]
        assert setting.parse("close_mosaic", " 5") == 5
        with pytest.raises(AnchorauditError, match="--set close_mosaic=-1 means nothing"):
            setting.parse("close_mosaic", "-1")
        setting = sampler("detectron2").SETTINGS["grouping"]
        assert [setting.parse("grouping", text) for text in ("yes", "True", "no", "0")] == [
            True,
            True,
            False,
            False,
        ]
        with pytest.raises(AnchorauditError, match="grouping takes yes or no"):
            setting.parse("grouping", "maybe")
        setting = sampler("yolov5").SETTINGS["mode"]
        assert setting.parse("mode", "quad") == "quad"
        with pytest.raises(AnchorauditError, match="mode takes plain, rect, quad"):
            setting.parse("mode", "Quad")

    @pytest.mark.parametrize("name", sampler_names())
    def test_every_module_is_complete(self, name):
        one = sampler(name)
        assert name == one.NAME
        assert set(one.TAKES) <= {"drop_last", "rank", "world_size", "workers", "epochs", "versions"}
        for setting in one.SETTINGS.values():
            value = str(setting.default)
            if setting.takes == "yes or no":
                value = "yes" if setting.default else "no"
            assert setting.parse("x", value) == setting.default
        assert all(text.endswith((".", ").")) for text in one.CANNOT_KNOW)


@pytest.mark.parametrize(
    ("detector", "name"),
    [
        ("ultralytics-yolo11", "ultralytics"),
        ("ultralytics-yolo11-8.3", "ultralytics"),
        ("yolov5", "yolov5"),
        ("detectron2-retinanet", "detectron2"),
        ("mmdet-atss", "mmdet"),
        ("mmdet-rtmdet", "mmengine"),
        ("mmdet-ssd300", "mmengine"),
        ("mmyolo-rtmdet", "mmengine"),
        ("torchvision-retinanet_resnet50_fpn", "torch-generator"),
        ("reference", None),
    ],
)
def test_the_sampler_of_a_framework(detector, name):
    found = sampler_for(load_detector(detector))
    assert (found and found.NAME) == name


class TestOrderOfImages:
    """pycocotools, torchvision's CocoDetection and detectron2's load_coco_json, on these ids and names."""

    IDS = (30, 4, 100, 5, 21)
    NAMES = ("b10.jpg", "b2.jpg", "B3.jpg", "a.jpg", "c.jpg")

    def coco(self, tmp_path):
        images = [image(i, file_name=name) for i, name in zip(self.IDS, self.NAMES, strict=True)]
        notes = [annotation(k, i) for k, i in enumerate(self.IDS, 1)]
        return read(make(tmp_path, {"a.json": document(images, notes)}) / "a.json")

    def names(self, dataset, loader):
        found = in_training_order(dataset, loader, np.arange(len(dataset.images)))
        return found if found is None else [dataset.images.file_names[row] for row in found]

    @pytest.mark.parametrize(
        ("loader", "expected"),
        [
            ("mmdet-coco", ["b10.jpg", "b2.jpg", "B3.jpg", "a.jpg", "c.jpg"]),
            ("torchvision-coco", ["b2.jpg", "a.jpg", "c.jpg", "b10.jpg", "B3.jpg"]),
            ("detectron2", ["b2.jpg", "a.jpg", "c.jpg", "b10.jpg", "B3.jpg"]),
            ("ultralytics", ["B3.jpg", "a.jpg", "b10.jpg", "b2.jpg", "c.jpg"]),
            ("yolov5", ["B3.jpg", "a.jpg", "b10.jpg", "b2.jpg", "c.jpg"]),
            ("mmdet-voc", None),
            ("none", None),
        ],
    )
    def test_coco(self, tmp_path, loader, expected):
        assert self.names(self.coco(tmp_path), loader) == expected

    def test_ids_that_cannot_be_sorted(self, tmp_path):
        images = [image(1, file_name="a.jpg"), image("b", file_name="b.jpg")]
        dataset = read(make(tmp_path, {"a.json": document(images)}) / "a.json")
        assert self.names(dataset, "detectron2") is None

    def test_paths_are_compared_character_by_character(self, tmp_path):
        """The order of YOLOv5's own data set of these files."""
        names = ["b10", "b2", "B3", "a", "z/1", "z/0", "m-1", "m.1", "m_1", "c"]
        files = {f"images/{name}.jpg": (64, 48) for name in names}
        files |= {f"labels/{name}.txt": "0 0.5 0.5 0.2 0.2\n" for name in names}
        dataset = read(make(tmp_path, files))
        expected = ["B3", "a", "b10", "b2", "c", "m-1", "m.1", "m_1", "z/0", "z/1"]
        assert self.names(dataset, "yolov5") == [f"{name}.jpg" for name in expected]

    def test_voc_is_in_the_order_of_its_list(self, tmp_path):
        """That of torchvision's VOCDetection and detectron2's load_voc_instances."""
        listed = ["b10", "a", "c", "B3", "b2"]
        xml = (
            "<annotation><filename>{}.jpg</filename><size><width>64</width><height>48</height><depth>3</depth>"
            "</size><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
            "</bndbox></object></annotation>"
        )
        files = {f"Annotations/{name}.xml": xml.format(name) for name in listed}
        files |= {f"JPEGImages/{name}.jpg": (64, 48) for name in listed}
        root = make(tmp_path, files | {"ImageSets/Main/train.txt": "\n".join(listed) + "\n"})
        dataset = read(root)
        for loader in ("mmdet-voc", "torchvision-voc", "detectron2"):
            assert self.names(dataset, loader) == [f"{name}.jpg" for name in listed]
        (root / "ImageSets/Main/train.txt").write_text("b10\n")
        assert self.names(dataset, "mmdet-voc") is None  # the other images are on no list

    def test_no_such_loader(self, tmp_path):
        with pytest.raises(AnchorauditError, match="no loader 'mmdet'"):
            self.names(self.coco(tmp_path), "mmdet")

    def test_an_order_is_one_of_a_known_format(self):
        from anchoraudit.formats import format_names

        for loader in loaders().values():
            assert set(getattr(loader, "ORDERS", {})) <= {"", *format_names()}


class TestNumbering:
    def audited(self, tmp_path, loader=None):
        images = [image(i, file_name=f"{i}.jpg") for i in (3, 1, 2)]
        files = {
            "annotations/instances_train.json": document(images, [annotation(1, 3), annotation(2, 1)]),
            "annotations/instances_val.json": document([image(9)], [annotation(3, 9)]),
        }
        return audit(make(tmp_path, files), "detectron2-retinanet", loader=loader)

    def test_dropped_images_and_other_splits_have_no_number(self, tmp_path):
        result = self.audited(tmp_path)
        rows, pictures, said = numbered(result)
        assert [result.dataset.images.ids[row] for row in rows] == [1, 3]  # 2 has no annotation
        assert pictures.count == 2
        assert said == [
            "Split train is taken to be the one that is trained on; --split chooses.",
            "1 image that loader detectron2 drops has no number.",
        ]

    def test_splits_that_the_user_chose(self, tmp_path):
        result = self.audited(tmp_path)
        rows, _, said = numbered(result, ["train", "val"])
        assert [result.dataset.images.ids[row] for row in rows] == [1, 3, 9]
        assert said == ["1 image that loader detectron2 drops has no number."]

    def test_an_order_that_is_unknown_is_said(self, tmp_path):
        result = self.audited(tmp_path, "none")
        rows, _, said = numbered(result)
        assert [result.dataset.images.ids[row] for row in rows] == [3, 1, 2]
        assert said[1].startswith("Without a loader, it is unknown how the images are numbered")
        rows, _, said = numbered(self.audited(tmp_path, "yolox-coco"))
        assert said[1].startswith("With loader yolox-coco and data of this format, it is unknown")

    def test_no_split_for_training(self, tmp_path):
        files = {f"annotations/instances_{name}.json": document([image(1)]) for name in ("test", "val")}
        result = audit(make(tmp_path, files), "detectron2-retinanet")
        with pytest.raises(AnchorauditError, match=r"which of the splits is trained on\? \(test, val\)"):
            numbered(result)


def described():
    rows = [
        "| name | whose | seed by default | takes | `--set` | replayed |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in samplers.samplers().items():
        seed = "" if one.DEFAULT_SEED is None else f"{one.DEFAULT_SEED}"
        takes = ", ".join(
            f"`--{key.replace('_', '-')}`" for key in one.TAKES if key not in ("epochs", "versions")
        )
        own = "; ".join(f"`{key}`: {setting.help}" for key, setting in one.SETTINGS.items())
        rows.append(f"| `{name}` | {one.TITLE} | {seed} | {takes} | {own} | {one.READS} |")
    return "\n".join(rows)


def test_the_page_describes_samplers_as_they_are():
    _, generated, _ = generated_part(PAGE.read_text(), "samplers")
    assert generated.strip() == described(), "`python -m tests.test_samplers` writes it anew"


if __name__ == "__main__":
    before, _, after = generated_part(PAGE.read_text(), "samplers")
    PAGE.write_text(f"{before}\n{described()}\n{after}")
