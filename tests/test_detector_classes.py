"""What detector files say of classes: names and counts, where they stand, and what ends the framework."""

import textwrap
from types import SimpleNamespace as Plain

import msgspec
import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.detectors.readers import stated_classes
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.detectors.toml_text import to_toml
from anchoraudit.detectors.well_known_classes import COCO, COCO_IDS, VOC
from anchoraudit.errors import AnchorauditError
from tests.test_detector_files import D2_BASE, FASTER, RETINA, YOLOV3, YOLOV5
from tests.test_from_torchvision import FPN, SSD300, faster_rcnn, retinanet


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name, text):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return make


@pytest.fixture
def config(write):
    """Classes and remarks of an mmdetection config."""

    def make(text, name="config.py"):
        path = write(name, text)
        return stated_classes(path, path.read_text())

    return make


HEAD = "model = dict(bbox_head=dict(type='RetinaHead', num_classes=2))\n"


class TestWellKnown:
    def test_numbers(self):
        assert (len(COCO), len(COCO_IDS), len(VOC)) == (80, 80, 20)
        assert (COCO_IDS[0], COCO_IDS[11], COCO_IDS[-1]) == (1, 13, 90)
        assert dict(zip(COCO_IDS, COCO, strict=True))[44] == "bottle"


class TestMmdet:
    def test_names_of_the_data_set_and_heads_of_the_model(self, write):
        text = textwrap.dedent(FASTER) + textwrap.dedent("""
            classes = ('cat', 'dog')
            metainfo = dict(classes=classes, palette=[(220, 20, 60)] * 2)
            model.update(dict(roi_head=dict(
                bbox_head=[dict(type='Shared2FCBBoxHead', num_classes=2),
                           dict(type='Shared2FCBBoxHead', num_classes=80)],
                mask_head=dict(type='FCNMaskHead', num_classes=2),
                semantic_head=dict(num_classes=183))))
            train_dataloader = dict(dataset=dict(
                type='CocoDataset', metainfo=metainfo))
            """)
        path = write("mine.py", text)
        detector = load_detector(path)
        line = 1 + next(n for n, row in enumerate(text.split("\n")) if row.startswith("metainfo"))
        assert detector.classes == Classes(
            names=("cat", "dog"),
            count=2,
            heads={
                "model.roi_head.bbox_head[0].num_classes": 2,
                "model.roi_head.bbox_head[1].num_classes": 80,
                "model.roi_head.mask_head.num_classes": 2,
            },
            stated_in=f"mine.py, line {line}",
        )
        shown = to_toml(detector)
        assert '[classes]\nnames = ["cat", "dog"]\ncount = 2\n' in shown
        assert load_detector(write("again.toml", shown)) == detector

    @pytest.mark.parametrize(
        ("dataset", "names"),
        [
            ("dict(type='RepeatDataset', times=3, dataset={})", ("cat",)),
            ("dict(type='ConcatDataset', datasets=[{}, {}])", ("cat",)),
            ("dict(type='ClassBalancedDataset', oversample_thr=0.1, dataset={})", ("cat",)),
            ("dict(type='MultiImageMixDataset', dataset=dict(datasets=[{}]), pipeline=[])", ("cat",)),
        ],
    )
    def test_wrappers(self, config, dataset, names):
        inner = "dict(type='CocoDataset', metainfo=dict(classes=('cat', )))"
        found = config(f"{HEAD}train_dataloader = dict(dataset={dataset.replace('{}', inner)})\n")
        assert (found.classes.names, found.classes.by_default, found.notes) == (names, False, ())

    def test_data_sets_that_differ(self, config):
        sets = ", ".join(
            f"dict(type='CocoDataset', metainfo=dict(classes=('{c}', )))" for c in ("cat", "dog")
        )
        found = config(f"{HEAD}train_dataloader = dict(dataset=dict(datasets=[{sets}]))\n")
        assert found.classes.names == ("cat",)
        assert "train_dataloader.dataset have different classes" in found.notes[0]

    def test_evaluated_by_another_list(self, config):
        text = """
            model = dict(bbox_head=dict(num_classes=1))
            train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes=('cat',))))
            val_dataloader = dict(dataset=dict(type='CocoDataset'{}))
            """
        assert config(text.replace("{}", "")).classes.evaluated == COCO
        same = config(text.replace("{}", ", metainfo=dict(classes=['cat'])"))
        assert same.classes.evaluated == ()

    @pytest.mark.parametrize(
        ("kind", "names"),
        [
            ("CocoDataset", COCO),
            ("mmdet.VOCDataset", VOC),
            ("YOLOv5CocoDataset", COCO),
            ("WIDERFaceDataset", ("face",)),
        ],
    )
    def test_the_own_names_of_a_class(self, config, kind, names):
        found = config(f"{HEAD}train_dataloader = dict(dataset=dict(type='{kind}'))\n")
        assert found.classes == Classes(names=names, count=2, by_default=True, stated_in="config.py")

    @pytest.mark.parametrize("kind", ["LVISV1Dataset", "MyDataset"])
    def test_names_that_are_not_known_are_not_guessed(self, config, kind):
        found = config(f"{HEAD}train_dataloader = dict(dataset=dict(type='{kind}'))\n")
        assert (found.classes.names, found.classes.by_default, found.classes.count) == ((), False, 2)
        assert f"the own names of {kind} are not known here" in found.notes[0]

    def test_classes_that_no_data_set_takes(self, config):
        text = "metainfo = dict(classes=('cat',))\n" + HEAD
        found = config(f"{text}train_dataloader = dict(dataset=dict(type='CocoDataset'))\n")
        assert (found.classes.names, found.classes.by_default) == (COCO, True)
        assert "`metainfo` (config.py, line 1) is not handed to train_dataloader.dataset" in found.notes[0]
        assert "80 own names" in found.notes[0]

    def test_the_key_of_the_first_candidates(self, config):
        data = "train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(CLASSES=('cat',))))"
        found = config(HEAD + data)
        assert found.classes.names == COCO
        assert "metainfo has CLASSES (config.py, line 2)" in found.notes[0] and "3.0.0rc4" in found.notes[0]

    def test_version_2(self, config):
        text = """
            classes = ('cat', 'dog')
            data = dict(
                train=[dict(type='CocoDataset', classes=classes), dict(type='CocoDataset', classes=classes)],
                val=dict(type='CocoDataset', classes=('dog', 'cat')))
            """
        found = config(HEAD + textwrap.dedent(text))
        assert found.classes == Classes(
            names=("cat", "dog"), evaluated=("dog", "cat"), count=2, stated_in="config.py, line 5"
        )

    def test_a_text_is_part_of_the_names_of_a_coco_file(self, config):
        for text in ("'cat'", "('cat')"):
            data = f"train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes={text})))"
            found = config(HEAD + data)
            assert found.classes.names == ("cat",)
            assert "is the text 'cat' (config.py, line 2), no list" in found.notes[0]

    def test_a_text_ends_a_voc_run(self, config):
        data = "train_dataloader = dict(dataset=dict(type='VOCDataset', metainfo=dict(classes=('cat'))))"
        with pytest.raises(AnchorauditError, match="stops with KeyError") as error:
            config(HEAD + data)
        assert error.value.place == "line 2" and "classes=('cat',)" in error.value.remedy

    def test_a_text_may_name_a_file(self, config, write):
        write("names.txt", "cat\nbig dog \n")
        data = "train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes='names.txt')))"
        found = config(HEAD + data)
        assert found.classes.names == ("cat", "big dog ")
        assert found.classes.stated_in == "names.txt, named in config.py, line 2"
        missing = config(HEAD + data.replace("names.txt", "other.txt"))
        assert missing.classes.names == () and missing.unread is not None
        assert "no such file here (config.py, line 2)" in missing.notes[-1]

    def test_version_2_takes_every_text_for_a_file(self, config):
        found = config(f"{HEAD}data = dict(train=dict(type='CocoDataset', classes='cat'))\n")
        assert found.classes.names == () and "'cat', a file in the folder" in found.notes[0]

    def test_an_empty_list_takes_all(self, config):
        data = "train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes=[])))"
        found = config(HEAD + data)
        assert (found.classes.names, found.classes.by_default) == ((), False)
        assert "takes every category" in found.notes[0]

    @pytest.mark.parametrize("value", ["load()", "(load(), 'cat')", "tuple(open('x'))", "[f'{x}']"])
    def test_what_is_computed_is_said(self, config, value):
        found = config(
            f"{HEAD}train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes={value})))"
        )
        assert (found.classes.names, found.classes.by_default, found.classes.count) == ((), False, 2)
        (note,) = found.notes
        assert note.startswith("what is said of classes is not read in full: ") and "line 2" in note

    def test_a_count_that_is_computed(self, config):
        found = config("model = dict(bbox_head=dict(num_classes=count()), mask_head=dict(num_classes=3))")
        assert found.classes.count == 3 and found.unread is not None
        assert "model.bbox_head.num_classes is 'count()'" in str(found.unread)

    def test_heads_that_are_computed(self, config):
        found = config("model = dict(roi_head=dict(bbox_head=[dict(num_classes=3) for _ in range(6)]))")
        assert found.classes.is_silent and found.unread is not None

    @pytest.mark.parametrize("count", ["-1", "'3'", "2.5", "True", "200000"])
    def test_a_count_that_is_none(self, config, count):
        with pytest.raises(AnchorauditError, match=r"num_classes is .*; it must be a whole number"):
            config(f"model = dict(bbox_head=dict(num_classes={count}))")

    def test_classes_beside_metainfo_end_version_3(self, config):
        data = "train_dataloader = dict(dataset=dict(type='CocoDataset', classes=('cat',)))"
        with pytest.raises(AnchorauditError, match="unexpected keyword argument 'classes'") as error:
            config(HEAD + data)
        assert error.value.place == "line 2"

    def test_xml_without_classes(self, config):
        found = config(f"{HEAD}train_dataloader = dict(dataset=dict(type='XMLDataset'))\n")
        assert "`classes` in `XMLDataset` can not be None." in found.notes[0]

    def test_mmyolo_counts_its_names(self, config, write):
        write("base.py", "model = dict(bbox_head=dict(head_module=dict(num_classes=80)))\n")
        text = """
            _base_ = 'base.py'
            class_name = ('cat', 'dog', 'cat')
            num_classes = len(class_name)
            metainfo = dict(classes=class_name, palette=[(20, 220, 60)])
            train_dataloader = dict(dataset=dict(type='YOLOv5CocoDataset', metainfo=metainfo))
            model = dict(
                bbox_head=dict(head_module=dict(num_classes=num_classes)),
                train_cfg=dict(assigner=dict(num_classes=num_classes)))
            """
        found = config(text)
        assert found.classes.names == ("cat", "dog", "cat")
        assert set(found.classes.heads.values()) == {3} and found.classes.count == 3

    def test_a_file_without_data_says_no_names(self, write):
        path = write("model.py", RETINA)
        assert load_detector(path).classes.names == ()


class TestDetectron2:
    def test_only_the_head_that_is_used(self, write):
        more = "\n      ROI_HEADS:\n        NUM_CLASSES: 3\n      RETINANET:\n        NUM_CLASSES: 5\n"
        text = D2_BASE.replace("\n      RPN:", f"{more}      RPN:")
        detector = load_detector(write("mine.yaml", text))
        assert detector.classes == Classes(count=3, stated_in="mine.yaml, line 12")
        other = text.replace("GeneralizedRCNN", "RetinaNet").replace(
            "build_resnet_fpn", "build_retinanet_resnet_fpn"
        )
        path = write("other.yaml", other.replace("p2", "p3"))
        assert stated_classes(path, path.read_text()).classes.count == 5

    def test_the_default(self, write):
        detector = load_detector(write("mine.yaml", D2_BASE))
        assert detector.classes.count == 80 and detector.classes.by_default
        assert detector.classes.stated_in == "mine.yaml, without MODEL.ROI_HEADS.NUM_CLASSES"

    def test_an_rpn_alone_has_no_classes(self, write):
        detector = load_detector(write("rpn.yaml", D2_BASE.replace("GeneralizedRCNN", "ProposalNetwork")))
        assert detector.classes.is_silent

    def test_of_another_architecture_the_one_number_counts(self, write):
        path = write("own.yaml", "MODEL:\n  META_ARCHITECTURE: Mine\n  FCOS:\n    NUM_CLASSES: 4\n")
        assert stated_classes(path, path.read_text()).classes.count == 4
        path.write_text(f"{path.read_text()}  ROI_HEADS:\n    NUM_CLASSES: 5\n")
        with pytest.raises(AnchorauditError, match="unknown which NUM_CLASSES it uses"):
            stated_classes(path, path.read_text())

    @pytest.mark.parametrize("count", ["-1", "many", "1.5"])
    def test_a_count_that_is_none(self, write, count):
        text = D2_BASE.replace(
            "\n      RPN:", f"\n      ROI_HEADS:\n        NUM_CLASSES: {count}\n      RPN:"
        )
        with pytest.raises(AnchorauditError, match="line 12"):
            load_detector(write("mine.yaml", text))


class TestYolo:
    def test_nc_is_that_of_the_data(self, write):
        """train.py puts the number of data.yaml in its place, whatever stands there."""
        assert load_detector(write("m.yaml", YOLOV5)).classes.is_silent

    def test_a_number_in_the_head_counts(self, write):
        detector = load_detector(write("m.yaml", YOLOV5.replace("Detect, [nc", "Detect, [3")))
        assert detector.classes == Classes(count=3, stated_in="m.yaml, head")


class TestDarknet:
    NET = YOLOV3.format(width=416, height=416)

    def test_each_section_counts(self, write):
        """Labels are read by the classes of the last section."""
        text = self.NET.replace("mask = 0,1,2\n", "classes = 4\n    mask = 0,1,2\n")
        detector = load_detector(write("net.cfg", text))
        assert detector.classes == Classes(
            count=4,
            heads={"[yolo] on line 25": 20, "[yolo] on line 43": 4},
            stated_in="net.cfg, line 44",
        )

    def test_20_by_default(self, write):
        detector = load_detector(write("net.cfg", self.NET))
        assert (detector.classes.count, detector.classes.by_default) == (20, True)

    @pytest.mark.parametrize(
        ("section", "filters", "needed"),
        [("yolo", 51, 50), ("Gaussian_yolo", 50, 58), ("yolo", 18, 50)],
    )
    def test_filters_that_end_darknet(self, write, section, filters, needed):
        text = self.NET.replace("[yolo]", f"[{section}]").replace("filters=50", f"filters={filters}")
        with pytest.raises(AnchorauditError) as error:
            load_detector(write("net.cfg", text))
        assert f"filters={filters}, but [{section}] on line 25 takes {needed}" in error.value.message
        assert f"doesn't correspond to classes= or mask= in [{section}]-layer" in error.value.message
        assert (error.value.place, f"filters={needed}" in error.value.remedy) == ("line 24", True)

    def test_filters_of_a_region(self, write):
        text = "[net]\nwidth=416\nheight=416\n[convolutional]\nstride=32\nfilters=30\n"
        text += "[region]\nanchors=1,2, 3,4\nnum=2\nclasses=9\ncoords=5\nbias_match=1\n"
        assert load_detector(write("net.cfg", text)).classes.count == 9
        with pytest.raises(AnchorauditError, match=r"classes= or num= in \[region\]"):
            load_detector(write("net.cfg", text.replace("coords=5", "coords=4")))

    @pytest.mark.parametrize("count", ["0", "-3", "x", "1000000"])
    def test_classes_that_are_no_number(self, write, count):
        with pytest.raises(AnchorauditError, match="line 28"):
            load_detector(write("net.cfg", self.NET.replace("classes=20", f"classes={count}")))


def parts(**layers):
    return Plain(**{name: Plain(**values) for name, values in layers.items()})


class TestTorchvision:
    def test_roi_heads_count_the_background(self):
        model = faster_rcnn(FPN)
        model.roi_heads = Plain(
            box_predictor=parts(cls_score={"out_features": 3}, bbox_pred={"out_features": 12}),
            keypoint_predictor=parts(kps_score_lowres={"out_channels": 17}),
        )
        detector = Detector.from_torchvision(model)
        place = "SimpleNamespace.roi_heads.box_predictor.cls_score"
        assert detector.classes == Classes(count=3, stated_in=place)
        assert detector.labels.classes_end(3) == (1, 3) or detector.labels.count_includes_background

    def test_heads_that_do_not_agree(self):
        model = faster_rcnn(FPN)
        model.roi_heads = Plain(
            box_predictor=parts(cls_score={"out_features": 3}, bbox_pred={"out_features": 364}),
            mask_predictor=parts(mask_fcn_logits={"out_channels": 91}),
        )
        assert Detector.from_torchvision(model).classes.heads == {
            "roi_heads.box_predictor.cls_score": 3,
            "roi_heads.mask_predictor.mask_fcn_logits": 91,
            "roi_heads.box_predictor.bbox_pred": 91,
        }

    def test_retinanet_and_a_number_beside_its_layer(self):
        model = retinanet()
        head = Plain(num_classes=5, num_anchors=9, cls_logits=Plain(out_channels=45))
        model.head = Plain(classification_head=head)
        assert Detector.from_torchvision(model).classes.count == 5
        assert Detector.from_torchvision(model).classes.heads == {}
        head.num_classes = 3
        found = Detector.from_torchvision(model).classes
        assert (found.count, found.heads) == (
            3, {"head.classification_head": 3, "head.classification_head.cls_logits": 5},
        )  # fmt: skip

    def test_ssd_counts_columns(self):
        model = Plain(**vars(SSD300), head=Plain(classification_head=Plain(num_columns=21)))
        assert Detector.from_torchvision(model).classes.count == 21

    def test_a_head_of_ones_own_says_nothing(self):
        assert Detector.from_torchvision(retinanet()).classes.is_silent


class TestToml:
    FULL = Classes(
        names=("cat", 'a "dog"'), ids=(0, -7), evaluated=("x",), count=3, heads={"a.b[0]": 3, "c": 4},
        by_default=True, stated_in="classes.csv",
    )  # fmt: skip

    def test_all_of_it_is_written_and_read(self, write):
        detector = msgspec.structs.replace(load_detector("mmdet-ssd300"), classes=self.FULL)
        assert load_detector(write("own.toml", to_toml(detector))) == detector

    def test_a_detector_without_classes_has_no_such_table(self):
        assert "[classes]" not in to_toml(load_detector("mmdet-ssd300"))

    def test_a_file_by_hand_states_them(self, write):
        text = to_toml(load_detector("mmdet-ssd300")) + '\n[classes]\nnames = ["cat"]\n'
        assert load_detector(write("own.toml", text)).classes.stated_in == "own.toml, [classes]"

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("nams = []", "Did you mean names?"),
            ("ids = [1]", "1 ids for 0 names"),
            ("count = -1", "count is -1"),
        ],
    )
    def test_errors(self, write, line, words):
        text = to_toml(load_detector("mmdet-ssd300")) + f"\n[classes]\n{line}\n"
        with pytest.raises(AnchorauditError) as error:
            load_detector(write("own.toml", text))
        assert words in str(error.value)
