"""Model files of ultralytics (version 8 and later), and the names that it has for its models."""

import importlib.metadata
import textwrap

import pytest

from anchoraudit.classes.readers import read_classes
from anchoraudit.detectors import load_detector, means_file
from anchoraudit.errors import AnchorauditError
from tests.builders import make

# Three levels, as of YOLO11: what each row does is in the comment.
MODEL = """
    nc: 80
    scales:
      n: [0.50, 0.25, 1024]
      x: [1.00, 1.50, 512]
    backbone:
      - [-1, 1, Conv, [64, 3, 2]]  # 0: stride 2
      - [-1, 1, Conv, [128, 3, 2]]  # 1: 4
      - [-1, 2, C3k2, [256, False, 0.25]]
      - [-1, 1, Conv, [256, 3, 2]]  # 3: 8
      - [-1, 2, C3k2, [512, False, 0.25]]
      - [-1, 1, Conv, [512, 3, 2]]  # 5: 16
      - [-1, 1, Conv, [1024, 3, 2]]  # 6: 32
      - [-1, 1, SPPF, [1024, 5]]
      - [-1, 2, C2PSA, [1024]]  # 8
    head:
      - [-1, 1, nn.Upsample, [None, 2, "nearest"]]  # 9: 16
      - [[-1, 5], 1, Concat, [1]]
      - [-1, 2, C3k2, [512, False]]  # 11
      - [-1, 1, nn.Upsample, [None, 2, "nearest"]]  # 12: 8
      - [[-1, 4], 1, Concat, [1]]
      - [-1, 2, C3k2, [256, False]]  # 14
      - [[14, 11, 8], 1, Detect, [nc]]
    """
QUERIES = """
    nc: 80
    backbone:
      - [-1, 1, HGStem, [32, 48]]
      - [-1, 6, HGBlock, [48, 128, 3]]
    head:
      - [-1, 1, AIFI, [1024, 8]]
      - [[0, 1, 2], 1, RTDETRDecoder, [nc]]
    """
DETECT = "[[14, 11, 8], 1, Detect, [nc]]"
SAME = ("resize", "points", "match", "loss", "labels", "loader", "class_rules")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty working directory, and no ultralytics installed."""

    def missing(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here):
    def written(name, text):
        make(here, {name: textwrap.dedent(text)})
        return here / name

    return written


def refused(detector, **options):
    with pytest.raises(AnchorauditError) as caught:
        load_detector(detector, **options)
    assert caught.value.remedy
    return str(caught.value)


def same(detector, preset):
    return all(getattr(detector, block) == getattr(load_detector(preset), block) for block in SAME)


def of_layers(*rows, scales="", head="[[-1], 1, Detect, [nc]]"):
    layers = "\n".join(f"  - {row}" for row in rows)
    return f"nc: 3\n{scales}backbone:\n{layers}\nhead:\n  - {head}\n"


class TestFiles:
    def test_a_model_of_three_levels(self, write):
        detector = load_detector(write("mine.yaml", MODEL))
        assert detector.name == "mine"
        assert same(detector, "ultralytics-yolo11")
        assert detector.sources[0] == "mine.yaml; what it does not say: preset ultralytics-yolo11"
        assert "replayed at 640" in detector.notes[-1]
        assert detector.classes.is_silent  # training puts the number of data.yaml in the place of nc

    def test_other_levels_move_the_floor_of_the_sides(self, write):
        p2 = MODEL.replace(DETECT, "[[2, 14, 11, 8], 1, Detect, [nc]]")
        detector = load_detector(write("p2.yaml", p2))
        assert same(detector, "ultralytics-yolo26-p2")
        old = load_detector(write("p2.yaml", p2), framework_version="8.4.10")
        assert (old.match.narrow_below, old.match.widened_to) == (4, 8)
        p5 = load_detector(write("p5.yaml", MODEL.replace(DETECT, "[[11, 8], 1, Detect, [nc]]")))
        assert p5.strides == (16, 32)
        assert p5.match.narrow_below == p5.match.widened_to == 32

    def test_end_to_end_came_with_version_8_4(self, write):
        path = write("mine.yaml", MODEL.replace("    scales:", "    end2end: True\n    scales:"))
        assert same(load_detector(path), "ultralytics-yolo26")
        assert "it came with 8.4.0" in refused(path, framework_version="8.3.120")

    @pytest.mark.parametrize("head", ["WorldDetect", "YOLOEDetect", "v10Detect"])
    def test_heads_with_the_rule_of_detect(self, write, head):
        assert same(load_detector(write("m.yaml", MODEL.replace("Detect", head))), "ultralytics-yolo11")

    def test_masks_and_keypoints_say_what_is_not_replayed(self, write):
        masks = load_detector(write("m.yaml", MODEL.replace("Detect, [nc]", "Segment, [nc, 32, 256]")))
        assert same(masks, "ultralytics-yolo11")
        assert "Segment chooses among the same points" in masks.notes[-1]
        assert "8.4.180" in masks.notes[-1]
        pose = load_detector(write("m.yaml", MODEL.replace("Detect, [nc]", "Pose, [nc, [17, 3]]")))
        assert "2 to 12 strides" in pose.notes[-1]

    @pytest.mark.parametrize(
        ("head", "why"),
        [("OBB", "rotated"), ("Classify", "no boxes"), ("SemanticSegment", "pixels"), ("Depth", "depths")],
    )
    def test_heads_that_are_not_replayed(self, write, head, why):
        path = write("m.yaml", MODEL.replace("Detect", head))
        for error in (refused(path), refused(path, assume_standard=True)):
            assert all(
                word in error for word in ("m.yaml, line 23", f"a head of {head} is not replayed", why)
            )

    def test_queries(self, write):
        assert load_detector(write("m.yaml", QUERIES)).match.queries == 300
        assert load_detector(write("m.yaml", QUERIES.replace("[nc]", "[nc, 256, 500]"))).match.queries == 500
        assert "line 8: RTDETRDecoder has 'many' queries" in refused(
            write("m.yaml", QUERIES.replace("[nc]", "[nc, 256, many]"))
        )

    def test_classes(self, write):
        assert "puts it in place of `nc`" in str(_error(read_classes, write("m.yaml", MODEL)))
        assert read_classes(write("m.yaml", MODEL.replace("[nc]", "[3]"))).count == 3


class TestYolov9:
    """Files of WongKinYiu/yolov9, which say `anchors: 3`."""

    def test_levels(self, write):
        text = MODEL.replace("nc: 80", "nc: 80\n    anchors: 3")
        for head, sources in [("DDetect", "14, 11, 8"), ("DualDDetect", "4, 5, 6, 14, 11, 8")]:
            detector = load_detector(write("m.yaml", text.replace(DETECT, f"[[{sources}], 1, {head}, [nc]]")))
            assert same(detector, "yolov9")
            assert detector.versions.chosen == ""

    def test_errors(self, write):
        text = MODEL.replace(DETECT, "[[14, 11, 8], 1, DualDDetect, [nc]]")
        assert "line 23: DualDDetect takes 3 layers, for 2 branches" in refused(write("m.yaml", text))


def _error(function, *arguments):
    with pytest.raises(AnchorauditError) as caught:
        function(*arguments)
    return caught.value


class TestStrides:
    @pytest.mark.parametrize(
        ("row", "stride"),
        [
            ("[-1, 1, Conv, [64]]", 1),
            ("[-1, 1, Conv, [64, 3, 2]]", 2),
            ("[-1, 1, Conv, [64, 6, 2, 2]]", 2),
            ("[-1, 1, Conv, [64, 3, 4]]", 4),
            ("[-1, 1, Conv, [64, 3, 2, None, 1, 1, False]]", 2),
            ("[-1, 1, Conv, [64, 3, 2, null, 1, 2]]", 2),
            ("[-1, 1, DWConv, [64, 3, 2]]", 2),
            ("[-1, 1, GhostConv, [64, 3, 2]]", 2),
            ("[-1, 1, SCDown, [64, 3, 2]]", 2),
            ("[-1, 1, ADown, [64]]", 2),
            ("[-1, 1, AConv, [64]]", 2),
            ("[-1, 1, Focus, [64, 3]]", 2),
            ("[-1, 1, HGStem, [32, 48]]", 4),
            ("[-1, 1, ResNetLayer, [3, 64, 1, True, 1]]", 4),
            ("[-1, 1, ResNetLayer, [64, 64, 2, False, 4]]", 2),
            ("[-1, 1, nn.MaxPool2d, [2, 2, 0]]", 2),
            ("[-1, 1, nn.MaxPool2d, [4]]", 4),
            ("[-1, 1, nn.ConvTranspose2d, [64, 2, 2, 0]]", 1),  # after a Conv of stride 2
            ("[-1, 1, nn.Upsample, [None, 2, nearest]]", 1),
            ("[-1, 1, C2f, [64, True]]", 1),
            ("[-1, 2, Conv, [64, 3, 2]]", 4),  # repeated
        ],
    )
    def test_of_a_module(self, write, row, stride):
        before = ["[-1, 1, Conv, [64, 3, 2]]"] if "Upsample" in row or "Transpose" in row else []
        text = of_layers(*before, row, "[-1, 1, Conv, [9, 3, 2]]", head="[[-2, -1], 1, Detect, [nc]]")
        assert load_detector(write("m.yaml", text)).strides == (stride, 2 * stride)

    def test_padding_before_a_pool(self, write):
        rows = ["[-1, 1, Conv, [64, 3, 2]]", "[-1, 1, nn.ZeroPad2d, [[0, 1, 0, 1]]]"]
        text = of_layers(*rows, "[-1, 1, nn.MaxPool2d, [2, 1, 0]]")
        assert load_detector(write("m.yaml", text)).strides == (2,)

    def test_what_is_repeated_follows_the_scale_of_the_name(self, write):
        scales = "scales:\n  n: [0.33, 0.25, 1024]\n  x: [1, 1, 512]\n"
        text = of_layers("[-1, 3, Conv, [64, 3, 2]]", scales=scales)
        for name, stride in [("yolov8n", 2), ("yolov8x", 8), ("mine", 2), ("yolov8s", 2)]:
            assert load_detector(write(f"{name}.yaml", text)).strides == (stride,)

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("[-1, 1, SPPF, [1024, 5]]", "[-1, SPPF]", ["line 14: layer 7 is not [from, repeats"]),
            ("[-1, 1, SPPF, [1024, 5]]", "3", ["line 14: layer 7 is not [from, repeats"]),
            ("[-1, 1, SPPF", "[x, 1, SPPF", ["line 14", "layer 7"]),
            ("[-1, 1, SPPF", "[[x], 1, SPPF", ["line 14", "takes its input from ['x']"]),
            ("[-1, 1, SPPF", "[[], 1, SPPF", ["line 14", "takes its input from []"]),
            ("[-1, 1, SPPF", "[[4, 5], 1, SPPF", ["line 14", "takes one input"]),
            ("[-1, 1, SPPF", "[9, 1, SPPF", ["line 14", "layer 9, which is not before it"]),
            ("[-1, 1, SPPF", "[-9, 1, SPPF", ["line 14", "layer -9"]),
            ("[-1, 1, SPPF", "[-1, 9999, SPPF", ["line 14", "repeated 9999 times"]),
            ("SPPF", "MyBlock", ["line 14", "MyBlock is not a module of ultralytics", "--assume-standard"]),
            ("SPPF", "TorchVision", ["line 14", "another library"]),
            ("[512, 3, 2]", "[512, three, 2]", ["line 12", "'three' where a number belongs"]),
            ("[512, 3, 2]", "[512, 3, 512]", ["line 12", "512 where a number belongs"]),
            ("[512, 3, 2]", "[512, 3, 256]", ["line 18: Concat of layer 10", "128, 256"]),
            ("[[-1, 5], 1", "[[-1, 3], 1", ["line 18: Concat of layer 10", "strides 16, 8"]),
            ('[None, 2, "nearest"]]  # 9', '[64, None, "nearest"]]  # 9', ["line 17", "scale_factor"]),
            ("[[14, 11, 8], 1", "[[8, 11, 14], 1", ["line 23", "32, 16, 8", "finest to the coarsest"]),
            ("[[14, 11, 8], 1", "[[14, 13], 1", ["line 23", "8, 8"]),
            ("[[14, 11, 8], 1", "[[14, 15], 1", ["line 23", "layer 15"]),
            ("Detect, [nc]", "MyHead, [nc]", ["line 23", "MyHead", "--assume-standard"]),
            ("    head:\n", "    head: 3\n    other:\n", ["head is not a list of layers"]),
            ("    backbone:\n", "    backbone: []\n    other:\n", ["backbone is not a list of layers"]),
            ("n: [0.50, 0.25, 1024]", "n: many", ["scales"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        assert old in MODEL
        error = refused(write("m.yaml", MODEL.replace(old, new)))
        for word in ("m.yaml", *words):
            assert word in error

    def test_modules_of_ones_own_at_the_users_word(self, write):
        path = write("m.yaml", MODEL.replace("SPPF", "MyBlock").replace("Detect", "MyHead"))
        detector = load_detector(path, assume_standard=True)
        assert detector.strides == (8, 16, 32)
        assert detector.name == "m (assumed standard)"
        assert "Assumed, not read: MyHead takes the points of ultralytics' Detect." in detector.notes
        assert "Assumed, not read: MyBlock (line 14) keeps the size of its input." in detector.notes

    def test_pooled_images_are_no_level(self, write):
        text = MODEL.replace("[-1, 1, SPPF, [1024, 5]]", "[[5, 6], 1, ImagePoolingAttn, [256]]")
        assert "line 15: layer 8 takes an input that is no feature map" in refused(write("m.yaml", text))
        text = text.replace("[-1, 2, C2PSA", "[6, 2, C2PSA")
        assert load_detector(write("m.yaml", text)).strides == (8, 16, 32)


P3, P2, P6 = (8, 16, 32), (4, 8, 16, 32), (8, 16, 32, 64)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "strides"),
        [
            *((f"yolov8{scale}.pt", P3) for scale in "nsmlx"),
            *((f"yolo11{scale}.yaml", P3) for scale in "nsmlx"),
            *(
                ("yolo11n", P3),
                ("yolo12l.pt", P3),
                ("yolo26x.pt", P3),
                ("yolov8", P3),
                ("YOLOv8x-seg.pt", P3),
            ),
            *(("yolov9t.pt", P3), ("yolov9c-seg.pt", P3), ("yolov10b.pt", P3), ("yolov6n.yaml", P3)),
            *(("yolov8n-p2.yaml", P2), ("yolo26s-p2.yaml", P2), ("yolov8-ghost-p2.yaml", P2)),
            *(
                ("yolo26-p6.yaml", P6),
                ("yolov8x6.yaml", P6),
                ("yolov8x-pose-p6.pt", P6),
                ("yolov5n6u.pt", P6),
            ),
            *(("yolov8n-oiv7.pt", P3), ("yolov8s-worldv2.pt", P3), ("yoloe-11s-seg-pf.pt", P3)),
            *(("yolov5su.pt", P3), ("yolov3u.pt", P3), ("yolov3-sppu", None), ("yolov3-tinyu.pt", (16, 32))),
            *(("weights/yolo11n.pt", P3), ("yolo26n-objv1-150.pt", P3), ("yolo11n-grayscale.pt", P3)),
        ],
    )
    def test_strides(self, name, strides):
        detector = load_detector(name)
        assert strides is None or detector.strides == strides
        assert detector.match.kind == "in_box"
        assert f"Known by its name, {name}: no file was read." in detector.notes
        assert "ultralytics" in detector.loader

    @pytest.mark.parametrize("name", ["rtdetr-l.pt", "rtdetr-x.yaml", "rtdetr-resnet50.yaml", "rtdetr-l"])
    def test_queries(self, name):
        assert load_detector(name).match.queries == 300

    @pytest.mark.parametrize(
        ("name", "version", "recipe"),
        [
            ("yolo11n.pt", "8.4.190", "ultralytics"),
            ("yolo11n.pt", "8.3.253", "ultralytics-8.3"),
            ("yolov8m.yaml", "8.4.190", "ultralytics"),
            ("yolo26n.pt", "8.4.190", "ultralytics"),
            ("yolov10b.pt", "8.3.253", "ultralytics-8.3"),
            ("rtdetr-l.pt", "8.4.190", "ultralytics-rtdetr"),
            # Masks, keypoints and prompts have trainers of their own.
            ("yolo11n-seg.pt", "8.4.190", ""),
            ("yolov8s-worldv2.pt", "8.4.190", ""),
            ("yoloe-11s-seg-pf.pt", "8.4.190", ""),
        ],
    )
    def test_a_name_has_the_usual_training(self, name, version, recipe):
        assert load_detector(name, framework_version=version).augmentation == recipe

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("yolo11n-obb.pt", "rotated boxes"),
            ("yolov8x-cls.pt", "classifies"),
            ("yolo26n-sem.pt", "labels pixels"),
            ("yolo26n-depth.pt", "depths"),
        ],
    )
    def test_what_is_not_replayed(self, name, why):
        error = refused(name)
        assert f"{name} is not replayed" in error
        assert why in error
        assert not means_file(name)

    @pytest.mark.parametrize("name", ["yolov5s.pt", "yolov5s.yaml", "yolov3.pt", "yolov6n.pt", "yolov9-c.pt"])
    def test_names_of_other_frameworks_are_not_taken(self, name):
        refused(name)

    def test_a_version_before_the_model_was_there(self):
        assert "8.3.120 has no yolo26n: it came with 8.4.0" in refused(
            "yolo26n.pt", framework_version="8.3.120"
        )

    def test_a_file_is_read_instead(self, write):
        write("yolo11n.yaml", MODEL.replace(DETECT, "[[11, 8], 1, Detect, [nc]]"))
        detector = load_detector("yolo11n.yaml")
        assert detector.strides == (16, 32)
        assert means_file("yolo11n.yaml")

    def test_a_file_without_the_scale_is_read_too(self, write):
        # As yaml_model_load has it: yolo11x.yaml is yolo11.yaml with scale x.
        write("yolo11.yaml", MODEL.replace(DETECT, "[[11, 8], 1, Detect, [nc]]"))
        assert load_detector("yolo11x.yaml").strides == (16, 32)

    def test_a_checkpoint_is_known_by_its_name_alone(self, here):
        make(here, {"yolo11n.pt": b"PK\x03\x04", "runs/best.pt": b"PK\x03\x04"})
        assert load_detector("yolo11n.pt").strides == (8, 16, 32)
        assert load_detector(here / "yolo11n.pt").strides == (8, 16, 32)
        error = refused("runs/best.pt")
        assert "runs/best.pt: a checkpoint is not read" in error
        assert "Name the model that it was trained from, as yolo11n.pt" in error

    @pytest.mark.parametrize("name", ["models/yolo11n.yaml", "best.pt", "yolo11n.onnx", "yolo11q.pt"])
    def test_what_is_neither(self, name):
        refused(name)
