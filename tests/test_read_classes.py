"""Files that say which classes there are: each kind literally, and files that are broken or mean harm."""

import json
import os
import textwrap

import pytest

import anchoraudit
from anchoraudit.classes.readers import kinds, readers
from anchoraudit.detectors.spec import Classes
from anchoraudit.detectors.well_known_classes import COCO, COCO_IDS
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import module_names
from tests.test_detector_files import YOLOV5


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    return make


@pytest.fixture
def read(write):
    """What is read of a file of this name with this text."""
    return lambda name, text: anchoraudit.read_classes(write(name, text))


@pytest.fixture
def refused(read):
    """The error about a file of this name with this text: its place and its message with the remedy."""

    def make(name, text):
        with pytest.raises(AnchorauditError) as error:
            read(name, text)
        assert error.value.path and error.value.remedy
        assert str(error.value).isprintable() or "\n  " in str(error.value)
        return error.value.place, str(error.value)

    return make


def test_every_reader_has_its_names():
    names = module_names("anchoraudit.classes.readers")
    assert len(readers()) == len(names) >= 10
    for reader in readers():
        assert reader.SUFFIXES and all(suffix.startswith(".") for suffix in reader.SUFFIXES)
        assert reader.LOOKS_FOR in kinds() and callable(reader.detect) and callable(reader.read)


class TestNames:
    @pytest.mark.parametrize("name", ["classes.txt", "obj.names", "a.labels", "short.list", "UPPER.TXT"])
    def test_a_name_a_line(self, read, name):
        assert read(name, "cat\nhot dog\n") == Classes(names=("cat", "hot dog"), stated_in=name)

    def test_as_windows_and_editors_write_it(self, read):
        text = "\N{BYTE ORDER MARK}cat\r\n dog \r\n\r\n\n".encode()
        assert read("classes.txt", text).names == ("cat", "dog")

    def test_a_blank_line_has_its_position_and_nothing_is_a_comment(self, read):
        """As in darknet and mmengine, where the second class is one without a name."""
        assert read("classes.txt", "# my classes\n\ncat\ncat\n").names == ("# my classes", "", "cat", "cat")

    def test_other_lists(self, refused):
        assert "labels of YOLO" in refused("a.txt", "0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n")[1]
        assert "a list of images" in refused("train.txt", "/data/a.jpg\n/data/b.PNG\n")[1]
        assert "at most 100,000" in refused("many.txt", "a\n" * 100_001)[1]


class TestCsv:
    @pytest.mark.parametrize(
        "text",
        [
            "cat,0\ndog,5\ncat,5\n",
            "name,id\ncat,0\ndog,5\ncat,5\n",
            "id,name\n0,cat\n5,dog\n5,cat\n",
            '"class_name";"class_id"\n"cat";0\n\n"dog";5\n"cat";5\n',
            "supercategory,id,name\nanimal,0,cat\nanimal,5,dog\nanimal,5,cat\n",
            "cat, 0\r\ndog, 5\r\ncat, 5\r\n",
        ],
    )
    def test_names_and_ids_as_they_stand(self, read, text):
        found = read("classes.csv", text)
        assert found == Classes(names=("cat", "dog", "cat"), ids=(0, 5, 5), stated_in="classes.csv")

    def test_ids_that_are_the_positions_are_left_out(self, read):
        assert read("classes.csv", "cat,0\ndog,1\n").ids == ()
        assert read("classes.csv", "cat,-1\ndog,0\n").ids == (-1, 0)

    def test_names_alone(self, read):
        assert read("classes.csv", "name\ncat\ndog\n").names == ("cat", "dog")
        assert read("classes.csv", 'cat\n"dog, big"\n').names == ("cat", "dog, big")

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("cat,0\ndog,x\n", "line 2", "the id is 'x', not a whole number"),
            ("cat,0\ndog,1.5\n", "line 2", "'1.5'"),
            ("cat,0\n\ndog\n", "line 3", "1 of 2 columns: 'dog'"),
            ("a.jpg,1,2,3,4,cat\n", "line 1", "6 columns and no header"),
            ("cat,\n", "line 1", "the id is ''"),
            (f"cat,{'9' * 5000}\n", "line 1", "not a whole number"),
            (f"cat,0\n{'x' * 200_000},1\n", "line 2", "not valid CSV"),
        ],
    )
    def test_errors(self, refused, text, place, words):
        found = refused("classes.csv", text)
        assert (found[0], words in found[1]) == (place, True)


class TestJson:
    def test_a_list_of_names(self, read):
        assert read("a.json", '["cat", "dog", "cat", 7]').names == ("cat", "dog", "cat", "7")

    def test_coco(self, read):
        categories = [{"id": 3, "name": "cat"}, {"id": "1", "name": "cat", "supercategory": "x"}]
        document = {"images": [], "annotations": [{"id": 1, "area": float("nan")}], "categories": categories}
        found = read("instances.json", json.dumps(document))
        assert found == Classes(names=("cat", "cat"), ids=(3, 1), stated_in="instances.json, categories")
        del document["annotations"]
        assert read("again.json", json.dumps(document)).ids == (3, 1)
        assert read("list.json", json.dumps(categories)).ids == (3, 1)

    def test_a_large_coco_file_is_read(self, read):
        notes = ", ".join(['{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]}'] * 120_000)
        text = f'{{"annotations": [{notes}], "categories": [{{"id": 1, "name": "cat"}}]}}'
        assert len(text) > 5_000_000 and read("large.json", text).names == ("cat",)

    def test_hugging_face(self, read):
        text = '{"architectures": ["X"], "id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0}}'
        found = read("config.json", text)
        assert found == Classes(names=("cat", "dog"), count=2, stated_in="config.json, id2label")
        assert read("config.json", '{"id2label": {"1": "cat", "7": "cat"}}').ids == (1, 7)

    def test_names_and_ids(self, read):
        assert read("a.json", '{"cat": 1, "dog": 2}') == read("a.json", '{"1": "cat", "2": "dog"}')
        assert read("a.json", '{"cat": 1, "dog": 2}').ids == (1, 2)

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("{", "line 1", "not valid JSON"),
            ("[1, 2", "line 1", "not valid JSON"),
            ("[" * 100_000, "line 1", "nested too deeply"),
            ("[]", "", "no class is listed"),
            ("{}", "", "no class is listed"),
            ("3", "", "the number 3 instead of classes"),
            ('["cat", null]', "[1]", "null is not a name"),
            ('{"categories": 3}', "categories", "the number 3 instead of classes"),
            ('{"categories": []}', "categories", "no class is listed"),
            ('{"categories": [{"id": 1}]}', "categories[0]", "no `id` and `name`"),
            ('{"categories": [{"id": 1.5, "name": "a"}]}', "categories[0].id", "'1.5'"),
            ('{"categories": [{"id": true, "name": "a"}]}', "categories[0].id", "'True'"),
            ('{"id2label": ["cat"]}', "id2label", "a list instead of classes"),
            ('{"cat": "one", "dog": 1}', "cat", "the id is 'one'"),
            ('{"cat": {"a": 1}}', "cat", "not a whole number"),
        ],
    )
    def test_errors(self, refused, text, place, words):
        found = refused("a.json", text)
        assert (found[0], words in found[1]) == (place, True)


class TestYaml:
    @pytest.mark.parametrize(
        "names", ["[cat, no, 3]", "\n  0: cat\n  1: no\n  2: 3", "\n- cat\n- 'no'\n- \"3\""]
    )
    def test_names_as_they_are_written(self, read, names):
        found = read("data.yaml", f"train: x\nnc: 3\nnames: {names}\n")
        assert (found.names, found.ids, found.count) == (("cat", "no", "3"), (), 3)
        assert found.stated_in.startswith("data.yaml, line ")

    def test_keys_are_ids(self, read):
        found = read("data.yaml", "names:\n  1: cat\n  '7': dog\n  7: cat\n")
        assert (found.names, found.ids, found.count) == (("cat", "dog", "cat"), (1, 7, 7), 0)

    def test_a_count_alone(self, read):
        assert read("data.yaml", "nc: 3\n") == Classes(count=3, stated_in="data.yaml, line 1")
        assert read("data.yaml", "nc: '2'\nnames: [a]\n").count == 2

    def test_a_file_of_names(self, read, write):
        write("my.names", "cat\ndog\n")
        assert read("data.yaml", "names: my.names\n").names == ("cat", "dog")

    def test_no_python_is_made(self, read, tmp_path):
        text = "names: !!python/object/apply:os.system ['touch made']\nnc: 1\n"
        assert read("data.yaml", text).names == ("touch made",)
        assert not (tmp_path / "made").exists()

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("names: [a\n", "line 2, column 1", "not valid YAML"),
            ("names: other.txt\n", "line 1", "'other.txt' is missing"),
            ("nc: many\n", "line 1", "nc is 'many'"),
            ("nc: -3\n", "line 1", "nc is -3"),
            ("names:\nnc:\n", "line 1", "neither names nor nc"),
            ("names: []\n", "line 1", "no class is listed"),
            ("names: {a: b}\n", "line 1", "a key of names is 'a'"),
            ("names: [[a]]\n", "line 1", "names[0] is a list or a mapping"),
            ("- names: 3\nnames: x", "line 2, column 1", "not valid YAML"),
            ("x: &a [1]\nnames: [" + "*a, " * 1001 + "]\n", "line 2", "too many aliases"),
        ],
    )
    def test_errors(self, refused, text, place, words):
        found = refused("data.yaml", text)
        assert (found[0], words in found[1]) == (place, True)

    def test_a_model_file_says_nothing(self, refused):
        assert "training takes the number of classes of data.yaml" in refused("yolov5s.yaml", YOLOV5)[1]

    def test_the_record_of_a_run(self, read, refused, write):
        write("data/my.yaml", "names: [cat]\n")
        assert read("args.yaml", "task: detect\nmodel: a.pt\ndata: data/my.yaml\n").names == ("cat",)
        assert read("opt.yaml", "weights: a.pt\nhyp: x.yaml\ndata: ./data/my.yaml\n").names == ("cat",)
        assert "is missing" in refused("opt.yaml", "weights: a.pt\ndata: coco128.yaml\n")[1]
        write("other.yaml", "path: x\n")
        assert "neither names nor nc" in refused("opt.yaml", "hyp: a\ndata: other.yaml\n")[1]
        assert refused("opt.yaml", "hyp: a\ndata:\n")[0] == "line 2"

    def test_keys_that_only_look_like_those_of_a_run(self, refused):
        text = 'x: "\ndata: my.yaml\nweights: a.pt"\n'
        place, words = refused("opt.yaml", text)
        assert (place, "data has no value" in words) == ("line 1", True)
        assert "not a file of classes" in refused("opt.yaml", "data:a: my.yaml\nweights:b: a.pt\n")[1]


class TestRtDetr:
    def test_the_table_of_coco(self, read, write):
        write("base/coco.yml", "num_classes: 80\nremap_mscoco_category: True\n")
        found = read("mine.yml", "__include__: ['base/coco.yml', ]\nnum_classes: 5\n")
        assert (found.names, found.ids, found.count, found.by_default) == (COCO, COCO_IDS, 5, True)
        assert found.stated_in == "coco.yml, line 2 (remap_mscoco_category)"

    def test_ids_as_they_are(self, read, write):
        write("base/coco.yml", "num_classes: 80\nremap_mscoco_category: True\n")
        found = read(
            "mine.yml", "__include__: [base/coco.yml]\nnum_classes: 5\nremap_mscoco_category: False\n"
        )
        assert found == Classes(count=5, stated_in="mine.yml, line 2")
        assert read("none.yml", "remap_mscoco_category: no\n") == Classes(
            count=80, by_default=True, stated_in="none.yml"
        )

    def test_what_is_included_last_counts(self, read, write):
        write("a.yml", "num_classes: 1\n")
        write("b.yml", "num_classes: 2\n")
        assert read("mine.yml", "__include__: [a.yml, b.yml]\n").count == 2
        assert read("mine.yml", "__include__: [b.yml, a.yml]\n").stated_in == "a.yml, line 1"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("__include__: [mine.yml]\n", "leads back"),
            ("__include__: [absent.yml]\n", "'absent.yml' is missing"),
            ("__include__: [[a]]\n", "a list or a mapping"),
            ("num_classes: x\n", "num_classes is 'x'"),
            ("num_classes: -2\n", "count is -2"),
            ("remap_mscoco_category: maybe\n", "remap_mscoco_category is 'maybe'"),
        ],
    )
    def test_errors(self, refused, text, words):
        assert words in refused("mine.yml", text)[1]


class TestDarknet:
    def test_data(self, read, write):
        write("names/obj.names", "cat\ndog\n\n")
        found = read("cfg/obj.data", "# x\nclasses = 2\ntrain=a.txt\nnames = names/obj.names\nclasses=9\n")
        assert found == Classes(names=("cat", "dog"), count=2, stated_in="obj.names")

    def test_names_beside_the_file_or_above_it(self, read, write, monkeypatch, tmp_path):
        write("data/obj.names", "cat\n")
        write("elsewhere/x", "")
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert read("data/obj.data", "names=data/obj.names\n").names == ("cat",)
        assert read("data/obj.data", "labels=obj.names\n").names == ("cat",)

    def test_a_count_alone(self, read):
        assert read("obj.data", "classes=3\n") == Classes(count=3, stated_in="obj.data, line 1")

    @pytest.mark.parametrize(
        ("text", "place"),
        [("classes=x\n", "line 1"), ("names=absent\n", "line 1"), ("classes=-1\n", "line 1")],
    )
    def test_errors(self, refused, text, place):
        assert refused("obj.data", text)[0] == place

    def test_cfg(self, read, refused):
        """Only the sections with anchors are looked at; `detectors` says what else is wrong."""
        text = "[net]\n[fancy]\n[yolo]\nclasses=3\nanchors=1\n"
        assert read("net.cfg", text) == Classes(count=3, stated_in="net.cfg, line 4")
        assert "filters=1, but" in refused("net.cfg", text.replace("fancy", "convolutional"))[1]


PIPELINE = """
    # TensorFlow
    model {
      ssd {
        num_classes: 90
        image_resizer { fixed_shape_resizer { height: 300 width: .3e3 } }
        loss: < weights: [1.0, 2], name: "a" 'b' >
      }
    }
    train_input_reader: {
      label_map_path: "PATH/map.pbtxt"  # here
      tf_record_input_reader { input_path: ["a", "b"]; }
    }
    """


class TestTensorFlow:
    def test_a_label_map(self, read):
        text = """
            item { id: 1 name: 'cat' }
            item: {
              name: "/m/01g317", id: 3
              display_name: "caf\\303\\251"
            }
            item <id: 3; name: "cat" display_name: "Cat">
            item { name: 'z\N{LATIN SMALL LETTER E WITH ACUTE}\\'' }
            """
        found = read("map.pbtxt", text)
        assert found.names == (
            "cat",
            "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
            "cat",
            "z\N{LATIN SMALL LETTER E WITH ACUTE}'",
        )
        assert found.ids == (1, 3, 3, 0)
        assert read("map.txt", text) == Classes(names=found.names, ids=found.ids, stated_in="map.txt")

    def test_a_pipeline(self, read, write):
        write("PATH/map.pbtxt", "item { id: 1 name: 'cat' }")
        found = read("pipeline.config", PIPELINE)
        assert found == Classes(names=("cat",), ids=(1,), count=90, stated_in="map.pbtxt")

    def test_a_pipeline_that_is_not_filled_in(self, refused):
        place, words = refused("pipeline.config", PIPELINE)
        assert (place, "'PATH/map.pbtxt' is missing" in words) == ("line 11", True)

    def test_a_count_alone(self, read):
        text = "model { faster_rcnn { num_classes: 3 } }"
        assert read("pipeline.config", text) == Classes(count=3, stated_in="pipeline.config, line 1")

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("item {\n id: x name: 'a' }", "line 2", "id is 'x'"),
            ("item {\n id: 1 }", "line 1", "without a name"),
            ("item {\n id: 1 name: 'a'", "line 2", "'}' is missing"),
            ("item {\n id: 1 name: 'a }", "line 2", "unexpected"),
            ("item {\n id 1 }", "line 2", "instead of a value"),
            ("item {\n id:", "line 2", "a value is missing"),
            ("item { id: [1,", "line 1", "a value is missing"),
            ("}", "line 1", "'}' instead of a field"),
            ("a {" * 100, "line 1", "nested too deeply"),
            ("item { name: '\\xZZ' }", "line 1", "escape"),
            ("things { id: 1 }", "", "no class is listed"),
        ],
    )
    def test_errors(self, refused, text, place, words):
        found = refused("map.pbtxt", text)
        assert (found[0], words in found[1]) == (place, True)


EXP = """
    import os
    from yolox.exp import Exp as MyExp

    N = 2

    class Exp(MyExp):
        def __init__(self):
            super().__init__()
            self.depth = 0.33
            self.num_classes = {}

        def get_model(self):
            self.num_classes = 9
    """


class TestPython:
    @pytest.mark.parametrize(("value", "count"), [("71", 71), ("N + 1", 3), ("len(('a', 'b'))", 2)])
    def test_an_experiment_of_yolox(self, read, value, count):
        assert read("exp.py", EXP.format(value)) == Classes(count=count, stated_in="exp.py, line 11")

    def test_the_class_may_have_it(self, read):
        text = "from yolox.exp import Exp as B\nclass Exp(B):\n    num_classes: int = 4\n"
        assert read("exp.py", text).count == 4

    def test_80_by_default(self, read):
        text = EXP.replace("            self.num_classes = {}\n", "")
        assert read("exp.py", text) == Classes(
            count=80, by_default=True, stated_in="exp.py, without num_classes"
        )
        text = "import yolox.exp\nclass Exp(yolox.exp.Exp):\n    pass\n"
        assert read("exp.py", text).by_default

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (EXP.format("int(os.environ['N'])"), "is not executed"),
            (EXP.format("3\n        if N:\n            self.num_classes = 4"), "is not executed"),
            (EXP.format("'3'"), "Expected `int`"),
            (EXP.format("-1"), "count is -1"),
            (
                EXP.replace("yolox.exp", "mine").replace("            self.num_classes = {}\n", ""),
                "extends MyExp",
            ),
            ("class Exp:\n    pass\n", "extends no class of YOLOX"),
            ("class Exp(X:\n", "not valid Python"),
        ],
    )
    def test_what_is_not_known_of_an_experiment(self, refused, text, words):
        assert words in refused("exp.py", text)[1]

    @pytest.mark.parametrize("name", ["VOC_CLASSES", "classes", "CLASS_NAMES", "VOC_BBOX_LABEL_NAMES"])
    def test_a_list_of_names(self, read, name):
        text = f"import os\n{name} = (\n    'cat',\n    'dog',\n)\ncount = 3\n"
        assert read("voc_classes.py", text) == Classes(
            names=("cat", "dog"), stated_in="voc_classes.py, line 2"
        )

    def test_lists_that_are_not_one(self, refused):
        assert "several lists" in refused("a.py", "classes = ['a']\nCLASSES = ['b']\n")[1]
        assert "no list of names" in refused("a.py", "classes = [f() for f in x]\n")[1]

    def test_a_config_of_mmdetection_whatever_its_detector_is(self, read, refused):
        data = "train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes=('cat',))))\n"
        found = read("fcos.py", f"model = dict(bbox_head=dict(type='FCOSHead', num_classes=1))\n{data}")
        assert found == Classes(names=("cat",), count=1, stated_in="fcos.py, line 2")
        assert read("data.py", data).names == ("cat",)
        assert "is not executed" in refused("a.py", data.replace("('cat',)", "load()"))[1]
        assert (
            "own names of X are not known"
            in refused("a.py", data.replace("CocoDataset', metainfo=dict(classes=('cat',))", "X'"))[1]
        )
        assert "neither names nor a number" in refused("a.py", "model = dict(type='X')\n")[1]
        assert "new style" in refused("a.py", f"with read_base():\n    from .x import *\n{data}")[1]

    def test_nothing_is_executed(self, read, tmp_path):
        text = "import os\nos.system('touch made')\nclasses = ('cat',)\n"
        assert read("a.py", text).names == ("cat",)
        assert not (tmp_path / "made").exists()


class TestOthers:
    def test_detectron2(self, read, refused):
        text = "MODEL:\n  META_ARCHITECTURE: RetinaNet\n  RETINANET:\n    NUM_CLASSES: 3\n"
        assert read("config.yaml", text) == Classes(count=3, stated_in="config.yaml, line 4")
        assert "unknown which" in refused("rpn.yaml", text.replace("RetinaNet", "ProposalNetwork"))[1]

    def test_the_table_of_a_detector(self, read, refused):
        text = '[classes]\nnames = ["cat", "dog"]\nids = [3, 4]\ncount = 5\n'
        assert read("a.toml", text) == Classes(
            names=("cat", "dog"), ids=(3, 4), count=5, stated_in="a.toml, [classes]"
        )
        assert "neither names nor a number" in refused("a.toml", "name = 'x'\n")[1]
        assert "Did you mean names?" in refused("a.toml", "[classes]\nnamse = []\n")[1]
        assert refused("a.toml", "[classes]\nids = [1]\n")[0].startswith("line 1")


class TestFilesThatAreNone:
    @pytest.mark.parametrize("name", [f"a{suffix}" for reader in readers() for suffix in reader.SUFFIXES])
    def test_of_every_kind(self, refused, name):
        assert "empty file" in refused(name, "")[1]
        assert "empty file" in refused(name, " \n\n")[1]
        assert "not UTF-8 text" in refused(name, b"cat\n\xff\xfe\n")[1]
        assert "not UTF-8 text, but UTF-16" in refused(name, "cat\n".encode("utf-16"))[1]
        assert "binary" in refused(name, b"PK\x03\x04\0\0")[1]

    @pytest.mark.parametrize("name", ["a.txt", "a.yaml", "a.csv", "a.py", "a.pbtxt"])
    def test_too_large(self, refused, name):
        assert "are too many" in refused(name, b"a\n" * 2_600_000)[1]

    def test_a_kind_that_is_unknown(self, refused):
        for name in ("weights.pt", "names", "a.xml"):
            words = refused(name, "cat\n")[1]
            assert "not a file of classes that can be read" in words and "Give one of: " in words
        assert "not a file of classes that can be read" in refused("a.yaml", "lr: 3\n")[1]

    def test_not_there_a_folder_or_a_pipe(self, tmp_path):
        (tmp_path / "folder.txt").mkdir()
        os.mkfifo(tmp_path / "pipe.txt")
        for name in ("absent.txt", "folder.txt", "pipe.txt", "a\0.txt"):
            with pytest.raises(AnchorauditError, match="cannot be read"):
                anchoraudit.read_classes(tmp_path / name)
