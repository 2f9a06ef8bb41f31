"""`anchoraudit filter`, and the three commands in their order, as processes."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from anchoraudit import read
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT, SAMPLE
from tests.forks import in_another_process

TINY = [1, 1, 3, 3]
MIXED = document([image(1), image(2), image(3)], [annotation(1), annotation(2, 2, TINY)])


def contents(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def ids_in(path):
    return [entry["id"] for entry in json.loads(path.read_text("utf-8"))["images"]]


@pytest.mark.parametrize("output", ["clean.csv", "clean.json"])
def test_a_folder_with_a_table_of_text(tmp_path, output):
    (tmp_path / "data").mkdir()
    boxes = "image_id,width,height,label,x1,y1,x2,y2\na.jpg,640,480,cat,100,100,240,200\n"
    (tmp_path / "data" / "boxes.csv").write_text(boxes)
    words = ("filter", "data", "-o", output, "--certify", "--detector", "torchvision-retinanet_resnet50_fpn")
    done = in_another_process(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert in_another_process(("verify", output), tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("data", "output", "is_found"),
    [
        ("table", "data/clean.json", True),  # a scan of the folder would read nothing else
        ("table", "clean.json", False),
        ("voc", "data/clean.json", True),  # two data sets
        ("voc", "data/clean.txt", False),
        ("voc", "clean.json", False),
    ],
)
def test_an_output_that_a_scan_of_the_data_set_would_find(tmp_path, data, output, is_found):
    if data == "voc":
        shutil.copytree(SAMPLE / "voc", tmp_path / "data")
    else:
        (tmp_path / "data").mkdir()
        rows = [f"{i}.jpg,640,480,cat,100,100,240,200" for i in range(3)]
        header = "image_id,width,height,label,x1,y1,x2,y2"
        (tmp_path / "data" / "boxes.csv").write_text("\n".join([header, *rows]))
    words = ("filter", "data", "-o", output, "--detector", "torchvision-retinanet_resnet50_fpn")
    done = in_another_process(words, tmp_path)
    assert done.returncode == 0
    said = f"note: {output} is in data, and a scan of that finds it now: name the one you mean, or move it"
    assert (said in done.stderr.splitlines()) == is_found


@pytest.mark.parametrize("data", ["sample/voc", "sample/coco", "bccd"])
def test_scan_cluster_filter_and_scan_again(anchoraudit, data, request):
    root = SAMPLE / data[7:] if "/" in data else request.getfixturevalue("shared") / "data" / data
    before = contents(root)
    assert anchoraudit("scan", root).returncode == 1
    clustered = anchoraudit("cluster", "--k", "9")
    assert clustered.returncode == 0
    assert clustered.stderr.startswith(f"using {root}, as in the last scan\n")
    filtered = anchoraudit("filter", "-o", "clean.json")
    assert (filtered.returncode, filtered.stderr) == (0, f"using {root}, as in the last scan\n")
    again = anchoraudit("scan", "clean.json", "-q")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith("0 of ")
    assert contents(root) == before
    assert sorted(path.name for path in anchoraudit.cwd.iterdir()) == [".anchoraudit", "clean.json"]


class TestOptions:
    def test_drop(self, here, capsys):
        make(here, {"in.json": MIXED})
        for number, (words, kept) in enumerate(
            [
                ([], [1]),
                (["--keep-blank"], [1, 3]),
                (["--drop", "blank"], [1, 2]),
                (["--drop", " empty_foreground , blank"], [1]),
                (["--drop", ""], [1, 2, 3]),
                (["--drop", "blank", "--keep-blank"], [1, 2, 3]),
            ]
        ):
            assert run("filter", "in.json", "-o", f"{number}.json", *words) == 0
            assert ids_in(here / f"{number}.json") == kept

    def test_kept_blanks_scan_clean_when_allowed(self, here):
        make(here, {"in.json": MIXED})
        assert run("filter", "in.json", "-o", "out.json", "--keep-blank") == 0
        assert run("scan", "out.json") == 1
        assert run("scan", "out.json", "--allow-blank") == 0

    def test_the_detector_of_the_scan_before(self, here):
        make(here, {"in.json": document(annotations=[annotation(bbox=[400, 360, 74, 80])])})
        assert run("scan", "in.json", "--positive-iou", "0.9") == 1
        assert run("filter", "-o", "out.json") == 2  # nothing would be left
        assert run("filter", "in.json", "-o", "out.json") == 0  # a named data set: the defaults

    def test_one_file_a_split(self, here, capsys):
        make(here, {f"ds/annotations/instances_{name}.json": MIXED for name in ("train", "val")})
        assert run("filter", "ds", "-o", "all.json") == 0
        assert "a file for each split" in capsys.readouterr().err
        assert not (here / "all.json").exists()
        assert run("filter", "ds", "-o", "clean-{split}.json") == 0
        for name in ("train", "val"):
            assert (here / f"all-{name}.json").read_bytes() == (here / f"clean-{name}.json").read_bytes()
            assert ids_in(here / f"clean-{name}.json") == [1]
            assert run("scan", f"clean-{name}.json") == 0

    def test_one_file_a_split_of_two_years(self, here, capsys):
        box = "<xmin>400</xmin><ymin>360</ymin><xmax>474</xmax><ymax>509</ymax>"
        text = (
            "<annotation><size><width>960</width><height>720</height></size>"
            f"<object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
        )
        for year in ("VOC2007", "VOC2012"):
            make(
                here,
                {
                    f"kit/{year}/Annotations/{year}.xml": text,
                    f"kit/{year}/JPEGImages/{year}.jpg": (960, 720),
                    f"kit/{year}/ImageSets/Main/train.txt": year,
                },
            )
        assert run("filter", "kit", "-o", "clean-{split}.json") == 0, capsys.readouterr().err
        assert len(list(here.glob("clean-*.json"))) == 2

    def test_an_object_without_a_name_does_not_make_its_image_blank(self, here, capsys):
        box = "<xmin>400</xmin><ymin>360</ymin><xmax>474</xmax><ymax>509</ymax>"
        size = "<size><width>960</width><height>720</height></size>"
        make(here, {"ds/a.xml": f"<annotation>{size}<object><bndbox>{box}</bndbox></object></annotation>"})
        if run("filter", "ds", "-o", "out.json") == 0:
            assert run("scan", "out.json") == 0, capsys.readouterr().out

    def test_images_of_unknown_size_alone_are_no_clean_manifest(self, here, capsys):
        images = [image(1), {"id": 2, "file_name": "2.jpg"}]
        make(here, {"in.json": document(images, [annotation(1, 1, TINY), annotation(2, 2)])})
        if run("filter", "in.json", "-o", "out.json") == 0:
            assert run("scan", "out.json") == 0

    def test_errors_that_stay_are_named(self, here, capsys):
        nan = annotation(2, bbox=[1, 2, float("nan"), 4])
        make(here, {"a.json": document([image(1), image(1), {"file_name": "x.jpg"}], [annotation(1), nan])})
        assert run("filter", "a.json", "-o", "b.json") == 0
        assert "scan it again (filter does not fix PAR002, SET001):" in capsys.readouterr().out
        make(here, {"a.json": document([image(1)], [annotation(1), nan])})
        assert run("filter", "a.json", "-o", "b.json", "--force") == 0
        assert "confirm it (exit code 0):" in capsys.readouterr().out

    def test_a_list_selects_what_was_kept(self, here):
        before = read(SAMPLE / "voc")
        assert run("filter", SAMPLE / "voc", "-o", "clean.txt") == 0
        kept = (here / "clean.txt").read_text().split()
        assert 0 < len(kept) < len(before.images)
        for name in ("Annotations", "JPEGImages"):
            (here / "ds").mkdir(exist_ok=True)
            (here / "ds" / name).symlink_to(SAMPLE / "voc" / name)
        make(here, {"ds/ImageSets/Main/clean.txt": (here / "clean.txt").read_text()})
        assert run("scan", "ds", "--split", "clean") == 0
        assert read(here / "ds", splits=("clean",)).images.ids == kept


FAULTY = (
    '{"images": [{"id": 1, "file_name": "1.jpg", "width": 960, "height": 720}], "annotations": [\n'
    ' {"id": 1, "image_id": 1, "category_id": 7, "bbox": [400, 360, 74, 149], "note": 1.50},\n'
    ' {"id": 2, "image_id": 1, "category_id": 7, "bbox": [400, 360, 74, 149]},\n'
    ' {"id": 3, "image_id": 1, "category_id": 7, "bbox": [400, 360, 74, 150]},\n'
    ' {"id": 4, "image_id": 1, "category_id": 3, "bbox": [900.50, 10, 60.5, 20]},\n'
    ' {"id": 5, "image_id": 1, "category_id": 3, "bbox": [10, 10, 0, 20]}\n'
    '], "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]}\n'
)
SAFE = (
    '{"images": [{"id": 1, "file_name": "1.jpg", "width": 960, "height": 720}], "annotations": [\n'
    ' {"id": 1, "image_id": 1, "category_id": 7, "bbox": [400, 360, 74, 149], "note": 1.50},\n'
    ' {"id": 3, "image_id": 1, "category_id": 7, "bbox": [400, 360, 74, 150]},\n'
    ' {"id": 4, "image_id": 1, "category_id": 3, "bbox": [900.50, 10, 59.5, 20]}\n'
    '], "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]}\n'
)
ALL = (
    '{"images": [{"id": 1, "file_name": "1.jpg", "width": 960, "height": 720}], "annotations": [\n'
    ' {"id": 1, "image_id": 1, "category_id": 2, "bbox": [400, 360, 74, 149], "note": 1.50},\n'
    ' {"id": 4, "image_id": 1, "category_id": 1, "bbox": [900.50, 10, 59.5, 20]}\n'
    '], "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}\n'
)


class TestFixes:
    """As a user runs them: in processes of their own."""

    @pytest.fixture
    def here(self, anchoraudit):
        return make(anchoraudit.cwd, {"in.json": FAULTY})

    @pytest.mark.parametrize(
        ("options", "content"),
        [(["--fix"], SAFE), (["--unsafe-fixes"], ALL), (["--fix", "--unsafe-fixes"], ALL)],
    )
    def test_fixed_once_and_for_all(self, anchoraudit, here, options, content):
        done = anchoraudit("filter", "in.json", "-o", "out.json", *options)
        assert (done.returncode, done.stderr) == (0, "")
        assert (here / "out.json").read_text() == content
        assert (here / "in.json").read_text() == FAULTY
        for words in (
            "clipped",
            "annotations[3]",
            "exact duplicate",
            "annotations[1]",
            "no area",
            "annotations[4]",
        ):
            assert words in done.stdout
        again = anchoraudit("filter", "out.json", "-o", "again.json", *options)
        assert "there was nothing to fix" in again.stdout
        assert (here / "again.json").read_text() == content
        fixable = ["--select", "BOX001,BOX002,BOX003,BOX004,BOX005,BOX011", "--fail-on", "warning"]
        assert anchoraudit("scan", "in.json", *fixable, "-q").returncode == 1
        assert anchoraudit("scan", "out.json", *fixable, "-q").returncode == 0

    def test_the_difference_and_nothing_else(self, anchoraudit, here):
        before = contents(here)
        done = anchoraudit("filter", "in.json", "--diff", "--fix")
        assert done.returncode == 0
        assert done.stderr.endswith("nothing was written: 0 of 1 image would go, and 3 entries change\n")
        assert done.stdout == (
            "--- in.json\n"
            "+++ in.json (filtered)\n"
            "@@ annotations[1] (annotation 2): dropped: equals annotations[0] @@\n"
            "-  bbox: [400, 360, 74, 149]\n"
            "-  category_id: 7\n"
            "@@ annotations[3] (annotation 4): clipped to its image @@\n"
            "-  bbox: [900.50, 10, 60.5, 20]\n"
            "+  bbox: [900.50, 10, 59.5, 20]\n"
            "@@ annotations[4] (annotation 5): dropped: no area, or inverted @@\n"
            "-  bbox: [10, 10, 0, 20]\n"
            "-  category_id: 3\n"
        )
        assert anchoraudit("filter", "in.json", "--diff", "--fix", "-o", "out.json").stdout == done.stdout
        unsafe = anchoraudit("filter", "in.json", "--diff", "--unsafe-fixes")
        assert "@@ categories[0]: new id, also in its annotations @@\n-  id: 3\n+  id: 1\n" in unsafe.stdout
        assert "nearly equals annotations[0]" in unsafe.stdout
        assert "note: sizes were not compared" in unsafe.stderr
        plain = anchoraudit("filter", "in.json", "--diff")
        assert (plain.returncode, plain.stdout) == (0, "")
        assert plain.stderr.endswith("nothing would change: 1 image\n")
        assert contents(here) == before

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["in.json", "--fix"], "Missing option '-o' / '--output'"),
            (["in.json", "--fix", "-o", "in.json"], "inputs are never changed"),
            (["in.json", "--unsafe-fixes", "-o", "./in.json", "--force"], "inputs are never changed"),
            (["in.json", "--fix", "-o", "old.json"], "--force"),
            (["in.json", "--fix", "-o", "out.txt"], "holds no boxes"),
            (["in.json", "--fix", "--diff", "-o", "out.txt"], "holds no boxes"),
            (["in.json", "--diff", "-o", "out.csv"], "a manifest must be .json"),
            (["in.json", "--diff", "--dropped", "gone.csv"], "--diff writes nothing"),
            (["cut.json", "--fix", "-o", "out.json"], "cut off"),
            (["cut.json", "--diff", "--fix"], "cut off"),
            (["twice.json", "--unsafe-fixes", "-o", "out.json"], "annotations[0]"),
            (["twice.json", "--unsafe-fixes", "-o", "out.json"], "a key occurs twice"),
            (["none.json", "--fix", "-o", "out.json"], "no image has an annotation"),
            (["missing.json", "--diff"], "no such file"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, anchoraudit, here, args, words):
        make(
            here,
            {
                "old.json": "old",
                "cut.json": FAULTY[:300],
                "twice.json": FAULTY.replace('"category_id": 7', '"category_id": 3, "category_id": 7'),
                "none.json": document(annotations=[annotation(bbox=[5, 5, 0, 5])]),
            },
        )
        before = contents(here)
        done = anchoraudit("filter", *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert "internal error" not in done.stderr
        assert contents(here) == before

    def test_a_reader_that_goes_away(self, here):
        script = f"{sys.executable} -m anchoraudit filter in.json --fix --diff | head -1"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "--- in.json\n"
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(
        ("data", "option", "detector"),
        [
            ("sample/voc", "--fix", "reference"),
            ("sample/coco", "--unsafe-fixes", "reference"),
            ("bccd", "--unsafe-fixes", "reference"),
            ("coco38", "--fix", "yolov5"),
            ("coco38", "--unsafe-fixes", "yolov5"),
        ],
    )
    def test_a_scan_after_it(self, anchoraudit, data, option, detector, request):
        root = SAMPLE / data[7:] if "/" in data else request.getfixturevalue("shared") / "data" / data
        before = contents(root)
        words = option, "--detector", detector
        shown = anchoraudit("filter", root, *words, "--diff")
        assert (shown.returncode, shown.stdout[:4]) == (0, "--- ")
        assert anchoraudit("filter", root, *words, "-o", "clean.json").returncode == 0
        assert anchoraudit("scan", "clean.json", "--detector", detector, "-q").returncode == 0
        assert anchoraudit("filter", "clean.json", *words, "-o", "again.json").returncode == 0
        assert (anchoraudit.cwd / "again.json").read_bytes() == (anchoraudit.cwd / "clean.json").read_bytes()
        assert contents(root) == before


class TestOutputs:
    """Nothing but the output changes, and inputs never do."""

    @pytest.fixture(autouse=True)
    def data(self, here):
        make(
            here,
            {
                "ds/annotations/instances_train.json": MIXED,
                "ds/annotations/instances_val.json": MIXED,
                "ds/annotations/captions_train.json": MIXED,
                "ds/images/deep/1.jpg": (960, 720),
                "in.json": MIXED,
                "my.toml": (ROOT / "anchoraudit/detectors/presets/reference.toml").read_text(),
                "anchors.txt": "10,12\n",
                "anchors.toml": "anchors = [[10, 12]]\n",
                "old.json": "old",
                "folder.json/x": "x",
            },
        )
        make(
            here,
            {"flat/deep/1.jpg": (960, 720), "flat/train.json": document([image(file_name="deep/1.jpg")])},
        )
        images = document([image(file_name="deep/1.jpg")])
        make(here, {"nested/images/deep/1.jpg": (960, 720), "nested/annotations/instances_x.json": images})
        (here / "hard.json").hardlink_to(here / "in.json")
        (here / "soft.json").symlink_to(here / "in.json")

    def refused(self, here, capsys, *args):
        before = contents(here)
        assert run(*args) == 2
        error = capsys.readouterr().err
        assert error.startswith("Error: ")
        assert "internal error" not in error
        assert contents(here) == before
        return error

    def test_an_existing_one_needs_force(self, here, capsys):
        assert "--force" in self.refused(here, capsys, "filter", "in.json", "-o", "old.json")
        assert run("filter", "in.json", "-o", "old.json", "--force") == 0
        assert ids_in(here / "old.json") == [1]
        make(here, {"gone.csv": "old"})
        words = ["filter", "in.json", "-o", "new.json", "--dropped", "gone.csv"]
        assert "--force" in self.refused(here, capsys, *words)

    @pytest.mark.parametrize("name", ["in.json", "./in.json", "ds/../in.json", "soft.json", "hard.json"])
    def test_an_input_under_any_name(self, here, capsys, name):
        self.refused(here, capsys, "filter", "in.json", "-o", name)
        self.refused(here, capsys, "filter", "in.json", "-o", name, "--force")
        self.refused(here, capsys, "scan", "in.json", "-o", name)
        self.refused(here, capsys, "cluster", "in.json", "--k", "1", "-o", name)

    @pytest.mark.parametrize("name", ["instances_val", "instances_train", "captions_train"])
    @pytest.mark.parametrize("command", [["scan"], ["filter", "--force"], ["cluster", "--k", "1"]])
    def test_a_file_of_the_data_set_that_was_not_read(self, here, capsys, command, name):
        words = [*command, "ds", "--split", "train", "-o", f"ds/annotations/{name}.json"]
        self.refused(here, capsys, *words)

    @pytest.mark.parametrize("command", [["scan"], ["filter", "--force"]])
    def test_a_split_list_of_the_data_set(self, here, capsys, command):
        for name in ("Annotations", "JPEGImages"):
            (here / "voc").mkdir(exist_ok=True)
            (here / "voc" / name).symlink_to(SAMPLE / "voc" / name)
        make(here, {"voc/ImageSets/Main/train.txt": "on_the_rug\n"})
        self.refused(here, capsys, *command, "voc", "-o", "voc/ImageSets/Main/train.txt")

    @pytest.mark.parametrize(("root", "folder"), [("flat", "flat/deep"), ("nested", "nested/images/deep")])
    def test_an_image_in_a_folder_of_its_own(self, here, capsys, root, folder):
        self.refused(here, capsys, "explain", "1", root, "-o", f"{folder}/1.jpg")

    @pytest.mark.parametrize(
        "args",
        [
            ["scan", "in.json", "--anchors", "anchors.txt", "-o", "anchors.txt"],
            ["scan", "in.json", "--detector", "my.toml", "-o", "my.toml"],
            ["cluster", "in.json", "--k", "1", "--detector", "my.toml", "-o", "my.toml"],
        ],
    )
    def test_anchors_and_detectors_are_inputs_too(self, here, capsys, args):
        self.refused(here, capsys, *args)

    @pytest.mark.parametrize(
        "name", ["missing/x.json", "folder.json", "in.json/x.json", "", "x", "x.csv", ".json", "/dev/null"]
    )
    def test_places_where_no_manifest_can_be(self, here, capsys, name):
        self.refused(here, capsys, "filter", "in.json", "--force", "-o", name)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_a_read_only_folder(self, here, capsys):
        (here / "locked").mkdir(mode=0o500)
        assert "ermission denied" in self.refused(here, capsys, "filter", "in.json", "-o", "locked/x.json")

    def test_the_longest_name_a_file_can_have(self, here):
        name = "😀" * 62 + ".json"  # 253 bytes
        assert run("filter", "in.json", "-o", name) == 0
        assert ids_in(here / name) == [1]

    def test_through_a_link_and_with_its_permissions(self, here):
        (here / "old.json").chmod(0o640)
        (here / "link.json").symlink_to("old.json")
        assert run("filter", "in.json", "-o", "link.json", "--force") == 0
        assert (here / "link.json").is_symlink()
        assert ids_in(here / "old.json") == [1]
        assert (here / "old.json").stat().st_mode & 0o777 == 0o640

    def test_into_pipes_and_devices(self, anchoraudit, here):
        if not os.path.exists("/dev/stdout"):  # noqa: PTH110
            pytest.skip("no /dev/stdout here")
        result = anchoraudit("scan", here / "in.json", "-q", "-o", "/dev/stdout")
        assert (result.returncode, result.stderr) == (1, "")
        assert result.stdout.startswith("2 of 3 images")
        assert anchoraudit("scan", here / "in.json", "-q", "-o", "/dev/null").returncode == 1
        if os.path.exists("/dev/full"):  # noqa: PTH110
            full = anchoraudit("scan", here / "in.json", "-o", "/dev/full")
            assert (full.returncode, "No space left" in full.stderr) == (2, True)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A file whose manifest takes a while to write."""
    root = tmp_path_factory.mktemp("large")
    images = [image(i, padding="x" * 60_000) for i in range(200)]
    make(root, {"in.json": document(images, [annotation(i, i) for i in range(1, 200)])})
    return root


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
class TestKilled:
    def start(self, root):
        """Start a filter and return once it writes, or is done."""
        process = subprocess.Popen(
            [sys.executable, "-m", "anchoraudit", "filter", "in.json", "-o", "out.json", "--force"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None and not any(name.endswith(".tmp") for name in os.listdir(root)):  # noqa: PTH208
            pass
        return process

    @pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
    def test_leaves_the_old_file_or_the_new_one(self, large, sent):
        (large / "out.json").write_text("old")
        with self.start(large) as process:
            process.send_signal(sent)
            _, err = process.communicate(timeout=60)
        now = (large / "out.json").read_text()
        if now != "old":
            assert len(json.loads(now)["images"]) == 199
        left = [path for path in large.iterdir() if path.name not in ("in.json", "out.json")]
        if sent == signal.SIGINT:
            assert left == []
            assert (process.returncode, "Traceback" in err) in ((130, False), (0, False))
            assert now == "old" or process.returncode in (0, 130)
        for path in left:  # what a killed process cannot clear away
            path.unlink()
