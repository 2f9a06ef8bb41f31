"""`filter --fix` in parts: the bytes that `filter` of the whole file writes, and the same words."""

import json
import os
import re
import shutil
import signal
from unittest import mock

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, fixes, load_detector
from anchoraudit.formats.coco.pieces import CocoParts
from anchoraudit.io import in_order
from anchoraudit.io.unchanged import Stamp
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.keeping import DEFAULT_DROP, kept_by
from anchoraudit.manifest.writing import write_manifest
from anchoraudit.partitions.filtering import filter_partitions
from anchoraudit.partitions.fixing import Fixing
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.conftest import SAMPLE, SHARED
from tests.in_parts import InThisProcess
from tests.test_coco_pieces import box, coco, image, pieces_of, write
from tests.test_hostile import png
from tests.test_partitions import run
from tests.test_partitions_filter_coco import RETINANET

GOOD = (100, 100, 140, 100)
SHAPES = [
    GOOD,
    (1, 1, 2, 2),
    (600, 100, 40.7, 100.25),  # past the edge by less than a pixel
    (-0.5, 3, 80, 90),
    (100, 100, 0, 5),
    (900, 900, 20, 20),
    (300, 200, -120, -80),  # inverted
    (10, 400, 100, 80.5),
]


def shapes():
    """Images of 640 x 480 with boxes of every kind that is fixed; an annotation of no image; other ids."""
    rng = np.random.default_rng(3)
    images = [image(n, note=f"n{n}") for n in range(20)]
    annotations = []
    for number in range(48):  # each shape in each class, twice
        of, shape = int(rng.integers(1, 19)), SHAPES[number % len(SHAPES)]
        annotations.append(box(5 * number, of, shape, category_id=[3, 7, 9][number % 3]))
        if number % 10 == 0:
            annotations.append(box(5 * number + 1, of, shape, category_id=[3, 7, 9][number % 3]))  # equal
        if number % 10 == 1:
            near = [round(value + 0.4, 1) for value in shape]
            annotations.append(box(5 * number + 2, of, near, category_id=[3, 7, 9][number % 3]))
    annotations.append(box(7001, 999, category_id=3))
    for number, annotation in enumerate(annotations):
        x, y, width, height = annotation["bbox"]
        annotation["area"] = width * height if number % 2 else 17.5
        annotation["segmentation"] = [[x, y, x + width, y, x + width, y + height]]
    plain = coco(images, annotations[::3] + annotations[1::3] + annotations[2::3])
    plain["categories"] = [{"id": number, "name": f"c{number}", "supercategory": "c"} for number in (3, 7, 9)]
    return plain


def swapped(folder):
    """A file of twelve images of which four have their sides exchanged, and the pictures beside it."""
    plain = coco([image(n) for n in range(12)], [box(n, n, GOOD) for n in range(12)])
    for number, each in enumerate(plain["images"]):
        each["file_name"] = f"{number}.png"
        if number % 3 == 0:
            each["width"], each["height"] = 480, 640
        (folder / f"{number}.png").write_bytes(png(640, 480))
    return write(folder / "in.json", plain)


def whole_filter(source, output, detector, unsafe):
    named, dataset = load_detector(detector), anchoraudit.read(source)
    plan = fixes.plan(dataset, unsafe=unsafe)

    def judge(data):
        return anchoraudit.audit(data, named, loader="none", images="none")

    result, taken, found = judged(plan.apply(dataset), judge, boxes_may_go=True)
    keep = ~found.images & kept_by(result, DEFAULT_DROP)
    write_manifest(result, keep, output, plan, taken=taken)
    return output.read_bytes()


def in_parts(source, output, detector=RETINANET, *, unsafe=False, rows=16, **options):
    own = {name: options.pop(name) for name in ("replace",) if name in options}
    with pieces_of(rows):
        chosen = Settings(load_detector(detector), loader="none")
        reading = InParts(source, engine=options.pop("engine", None) or InThisProcess(), **options)
        return filter_partitions(reading, output, chosen, fixing=Fixing(unsafe), **own)


def of_command(folder, *words, source="in.json", output="out.json"):
    """What `filter` of the whole and in parts write and say, each in its turn."""
    found = []
    for how in (("--images", "none"), ("--memory", "600M")):
        done = run("filter", source, *how, *words, "-o", output, cwd=folder)
        assert done.returncode == 0, done.stderr
        found.append(((folder / output).read_bytes(), done.stdout))
        (folder / output).unlink()
        (folder / f"{output}.manifest.json").unlink(missing_ok=True)
    return found


def fixes_in(text):
    """The table of fixes in a report, and its notes on them."""
    table = re.search(r"^Fixes\n.*?\n\n", text, re.DOTALL | re.MULTILINE)
    notes = [line.split(maxsplit=1)[1].strip() for line in text.splitlines() if line.startswith("note")]
    return table and re.sub(r" +", " ", table[0]), notes, "after the fixes" in text


class TestTheBytesOfTheWhole:
    @pytest.mark.parametrize(
        ("detector", "unsafe", "spelling"),
        [
            ("reference", False, {}),
            (RETINANET, False, {"indent": 1}),
            ("reference", True, {"indent": 1}),
            (RETINANET, True, {"separators": (",", ":")}),
            ("yolov5", True, {}),
        ],
    )
    def test_of_every_kind_of_fix(self, tmp_path, detector, unsafe, spelling):
        source = write(tmp_path / "in.json", shapes(), **spelling)
        expected = whole_filter(source, tmp_path / "whole.json", detector, unsafe)
        with mock.patch("anchoraudit.formats.coco.pieces._RANGE", 900):
            found = in_parts(source, tmp_path / "out.json", detector, unsafe=unsafe)
        assert (tmp_path / "out.json").read_bytes() == expected
        counts = fixes.plan(anchoraudit.read(source), unsafe=unsafe).counts
        wanted = {"clipped", "exact_duplicate", "outside", "no_area"}
        wanted |= {"near_duplicate", "exchanged", "renumbered"} if unsafe else set()
        assert {name for name in found.fixed.counts if found.fixed.counts[name]} == wanted
        for name in wanted - {"clipped", "exchanged"}:  # of these, those in images that stay count
            assert found.fixed.counts[name] == counts[name]
        assert found.audit.about["parts"] > 5

    @pytest.mark.parametrize(
        ("order", "at_once"),
        [("annotations first", 400), ("categories in the middle", 900), ("annotations first", 5000)],
    )
    def test_in_any_order_of_the_lists(self, tmp_path, order, at_once):
        plain = shapes()
        names = ["annotations", "info", "categories", "images"]
        if order != "annotations first":
            names = ["images", "categories", "annotations"]
        source = write(tmp_path / "in.json", {name: plain[name] for name in names if name in plain})
        expected = whole_filter(source, tmp_path / "whole.json", "reference", True)
        with mock.patch("anchoraudit.formats.coco.pieces._RANGE", at_once):
            in_parts(source, tmp_path / "out.json", "reference", unsafe=True)
        assert (tmp_path / "out.json").read_bytes() == expected

    def test_many_classes_over_several_ranges(self, tmp_path):
        plain = shapes()
        plain["categories"] += [{"id": 10 * n, "name": f"d{n}", "x": [{"id": 1}]} for n in range(2, 60)]
        source = write(tmp_path / "in.json", plain)
        expected = whole_filter(source, tmp_path / "whole.json", RETINANET, True)
        with mock.patch("anchoraudit.formats.coco.pieces._RANGE", 400):
            found = in_parts(source, tmp_path / "out.json", unsafe=True, rows=30)
        assert (tmp_path / "out.json").read_bytes() == expected
        assert found.fixed.counts["renumbered"] == 61

    def test_more_than_is_in_memory(self, tmp_path, monkeypatch):
        for name, value in (("_HELD", 3), ("_FILES", 2), ("_BLOCK", 2)):
            monkeypatch.setattr(in_order, name, value)
        source = write(tmp_path / "in.json", shapes())
        expected = whole_filter(source, tmp_path / "whole.json", RETINANET, True)
        in_parts(source, tmp_path / "out.json", unsafe=True)
        assert (tmp_path / "out.json").read_bytes() == expected

    def test_a_second_run_finds_nothing(self, tmp_path):
        in_parts(write(tmp_path / "in.json", shapes()), tmp_path / "out.json", unsafe=True, rows=30)
        found = in_parts(tmp_path / "out.json", tmp_path / "again.json", unsafe=True, rows=30)
        assert not any(found.fixed.counts.values())
        assert (tmp_path / "again.json").read_bytes() == (tmp_path / "out.json").read_bytes()

    def test_a_file_of_each_split(self, tmp_path):
        for split in ("train", "valid"):
            write(tmp_path / "in" / split / "_annotations.coco.json", shapes())
        in_parts(tmp_path / "in", tmp_path / "out", unsafe=True, rows=30)
        for split in ("train", "valid"):
            source = tmp_path / "in" / split / "_annotations.coco.json"
            expected = whole_filter(source, tmp_path / f"{split}.json", RETINANET, True)
            assert (tmp_path / "out" / split / "_annotations.coco.json").read_bytes() == expected

    def test_sizes_that_are_swapped(self, tmp_path):
        source = swapped(tmp_path)
        (tmp_path / "5.png").unlink()
        expected = whole_filter(source, tmp_path / "whole.json", RETINANET, True)
        found = in_parts(source, tmp_path / "out.json", unsafe=True, rows=2)
        assert (tmp_path / "out.json").read_bytes() == expected
        assert found.fixed.counts == {"swapped": 4}
        assert found.remarks == ("sizes of 1 image(s) were not compared: their files are not there",)

    @pytest.mark.parametrize(
        ("name", "unsafe"), [("sample", False), ("coco38", True), ("nasty", False), ("nasty", True)]
    )
    def test_real_data(self, tmp_path, name, unsafe):
        paths = {
            "sample": SAMPLE / "coco/annotations/instances_train.json",
            "coco38": SHARED / "data/coco38/annotations/instances_train2017.json",
            "nasty": SHARED / "data/nasty/coco/annotations/instances_train.json",
        }
        if not paths[name].exists():
            pytest.skip("without the shared data")
        source = shutil.copy(paths[name], tmp_path / "in.json")
        option = "--unsafe-fixes" if unsafe else "--fix"
        words = (option, "--detector", RETINANET, "--loader", "none")
        whole, parts = of_command(tmp_path, *words)
        assert parts[0] == whole[0]
        assert fixes_in(parts[1]) == fixes_in(whole[1])
        assert source.exists()


class TestWords:
    @pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes"])
    def test_the_table_of_the_whole(self, tmp_path, option):
        write(tmp_path / "in.json", shapes())
        whole, parts = of_command(tmp_path, option, "--detector", RETINANET)
        assert parts[0] == whole[0]
        assert fixes_in(parts[1]) == fixes_in(whole[1])
        table, notes, after = fixes_in(parts[1])
        assert "annotations[" in table and "more (all with --diff)" in table and after
        assert any("sizes were not compared" in note for note in notes) == (option != "--fix")

    def test_nothing_to_fix(self, tmp_path):
        write(tmp_path / "in.json", coco([image(n) for n in range(9)], [box(n, n, GOOD) for n in range(9)]))
        for _, text in of_command(tmp_path, "--fix"):
            assert re.search(r"^fixes +there was nothing to fix$", text, re.MULTILINE)

    @pytest.mark.parametrize("why", ["undeclared", "texts"])
    def test_ids_that_stay(self, tmp_path, why):
        plain = shapes()
        if why == "texts":
            plain["categories"].append({"id": "a", "name": "z"})
        else:
            for annotation in plain["annotations"][:5]:
                annotation["category_id"] = 8
        write(tmp_path / "in.json", plain)
        words = ("--unsafe-fixes", "--detector", RETINANET, "--ignore", "CLS016")
        whole, parts = of_command(tmp_path, *words)
        assert parts[0] == whole[0]
        assert fixes_in(parts[1]) == fixes_in(whole[1])
        assert any("category ids stay as they are: " in note for note in fixes_in(parts[1])[1])

    def test_an_entry_with_two_boxes(self, tmp_path):
        text = json.dumps(shapes()).replace('"bbox": [-0.5', '"bbox": [1, 2, 3, 4], "bbox": [-0.5', 1)
        (tmp_path / "in.json").write_text(text)
        whole, parts = of_command(tmp_path, "--fix", "--detector", RETINANET)
        assert parts[0] == whole[0]
        assert fixes_in(parts[1]) == fixes_in(whole[1])
        assert any("not clipped: their entries have no bbox" in note for note in fixes_in(parts[1])[1])

    @pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes"])
    def test_a_table_cannot_hold_fixes(self, tmp_path, option):
        text = "image_id,width,height,label,x1,y1,x2,y2\na,640,480,cat,100,100,240,200\n"
        (tmp_path / "in.csv").write_text(text)
        said = []
        for how in (("--images", "none"), ("--engine", "local")):
            done = run("filter", "in.csv", *how, option, "-o", "out.csv", cwd=tmp_path)
            assert done.returncode == 2
            said.append(done.stderr)
        assert said[0] == said[1]
        assert "a table keeps its rows as they are, so it cannot hold fixes" in said[0]
        assert not (tmp_path / "out.csv").exists()

    def test_what_else_is_written(self, tmp_path):
        """The manifest counts the fixes, and the table and the certificate are those of the whole."""
        write(tmp_path / "in.json", shapes())
        words = ("--unsafe-fixes", "--detector", RETINANET, "--dropped", "gone.csv", "--certify")
        others = []
        for how in (("--images", "none"), ("--memory", "600M")):
            done = run("filter", "in.json", *how, *words, "-o", "out.json", "--force", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            others.append(
                [(tmp_path / name).read_bytes() for name in ("gone.csv", "out.json.certificate.json")]
            )
        assert others[0] == others[1]
        assert run("verify", "out.json", "--sources", "-q", cwd=tmp_path).returncode == 0
        fixed = json.loads((tmp_path / "out.json.manifest.json").read_text())["fixed"]
        assert fixed["renumbered"] == 3
        assert fixed["clipped"] > 0


class TestWhatGoesWrong:
    def test_a_key_that_is_there_twice(self, tmp_path):
        text = json.dumps(
            coco([image(1), image(2)], [box(1, 1, GOOD, category_id=3), box(2, 2, GOOD, category_id=3)])
        )
        text = text.replace('"id": 1, "name"', '"id": 3, "name"')
        again = text.replace('"category_id": 3', '"category_id": 3, "category_id": 3', 1)
        (tmp_path / "in.json").write_text(again)
        done = [
            run("filter", "in.json", *how, "--unsafe-fixes", "-o", "out.json", cwd=tmp_path)
            for how in (("--images", "none"), ("--memory", "600M"))
        ]
        assert [each.returncode for each in done] == [2, 2]
        assert "annotations[0]: 'category_id' cannot be replaced: a key occurs twice" in done[0].stderr
        assert "annotations[0]" in done[1].stderr and "a key occurs twice" in done[1].stderr
        assert [path.name for path in tmp_path.iterdir()] == ["in.json"]

    def test_a_worker_that_dies_is_begun_again(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in.json", shapes())
        expected = whole_filter(source, tmp_path / "whole.json", RETINANET, True)
        own, marks = CocoParts.rewrite, tmp_path / "deaths"
        marks.mkdir()

        def dying(self, file, left_out, output, edit=None):
            class Half:
                def write(self, data):
                    if len(list(marks.iterdir())) < 2:
                        output.write(data[: len(data) // 2])
                        (marks / str(os.getpid())).touch()
                        os.kill(os.getpid(), signal.SIGKILL)
                    return output.write(data)

            return own(self, file, left_out, Half(), edit)

        monkeypatch.setattr(CocoParts, "rewrite", dying)
        in_parts(source, tmp_path / "out.json", unsafe=True, rows=30, engine="local")
        assert len(list(marks.iterdir())) == 2
        assert (tmp_path / "out.json").read_bytes() == expected

    def test_a_write_that_fails_leaves_nothing(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in.json", shapes())

        def failing(self, file, left_out, output, edit=None):
            output.write(b"{")
            raise AnchorauditError("no more room")

        monkeypatch.setattr(CocoParts, "rewrite", failing)
        with pytest.raises(AnchorauditError, match="no more room"):
            in_parts(source, tmp_path / "out.json", rows=30)
        assert [path.name for path in tmp_path.iterdir()] == ["in.json"]

    def test_a_file_that_changes_meanwhile(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in.json", shapes())
        stamp = Stamp.of(source.stat())
        monkeypatch.setattr(
            "anchoraudit.partitions.judging.Judging.require_clean",
            lambda *_: source.write_bytes(source.read_bytes() + b"\n"),
        )
        with pytest.raises(AnchorauditError, match="changed while it was read"):
            in_parts(source, tmp_path / "out.json", rows=30)
        assert Stamp.of(source.stat()) != stamp
        assert not (tmp_path / "out.json").exists()
