"""Advice part by part: that of the whole, to the last digit, in any order and however the parts are cut."""

import json
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import AnchorauditError, advise, advise_partitions, load_detector, read
from anchoraudit.advice.advise import Advice
from anchoraudit.advice.rescue import Scales, rescue
from anchoraudit.advice.rounds import InRounds
from anchoraudit.advice.usable import Of
from anchoraudit.advice.variants import Variants
from anchoraudit.anchors.clustering.centres import find_centres
from anchoraudit.cli import run as run_here
from anchoraudit.formats.table.pieces import TableParts
from anchoraudit.partitions.engines import Failed
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.rescuing import rescue_partitions
from anchoraudit.report.text.advice import advice_json, advice_parts
from anchoraudit.report.text.rescue import rescue_json, rescue_parts
from anchoraudit.report.text.terminal import to_text
from tests.in_parts import InThisProcess
from tests.test_coco_pieces import pieces_of
from tests.test_partitions import drawn, run, write
from tests.test_partitions_engines import needs_dask
from tests.test_partitions_property import ROW, SCHEMA

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

WITH_ANCHORS = [
    *("reference", "yolov5", "torchvision-retinanet_resnet50_fpn", "torchvision-fasterrcnn_resnet50_fpn"),
    *("mmdet-atss", "mmdet-ssd300"),
]
WITHOUT = [
    "ultralytics-yolo11",
    "ultralytics-yolo11-8.3",
    "torchvision-fcos_resnet50_fpn",
    "rt-detr",
    "yolox",
]


@pytest.fixture(scope="module", autouse=True)
def _anchors_take_little_time():
    """Try few anchors and combinations, and cluster the same sizes but once.

    Here anchors need to be the same, not good. Nearly all of the time would go into finding good ones.
    """
    known = {}

    def centres(distinct, weight, k, **options):
        key = distinct.tobytes(), weight.tobytes(), k, *options.items()
        if key not in known:
            known[key] = find_centres(distinct, weight, k, **options)
        found, rounds = known[key]
        return found.copy(), rounds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anchoraudit.advice.variants._EVALUATIONS", 200)
        patch.setattr("anchoraudit.advice.variants.MOST_K", 7)
        patch.setattr("anchoraudit.advice.variants.MOST_TRIED", 100)
        patch.setattr("anchoraudit.anchors.clustering.search.SMALL", 0)
        patch.setattr("anchoraudit.anchors.clustering.search.ROUGH_SURVIVORS", 1)
        patch.setattr("anchoraudit.anchors.clustering.centres.find_centres", centres)
        yield


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(40), 3)


@pytest.fixture
def small(tmp_path):
    return write(tmp_path / "shards", drawn(12), 3)


@pytest.fixture
def few_sizes(tmp_path):
    """A box that fits an anchor, and one too small for all: something helps, and few anchors can be made."""
    boxes = [(400.0, 360.0, 474.0, 509.0), (400.0, 300.0, 420.0, 320.0)]
    rows = [(f"{n}.jpg", 960, 720, "cat", *boxes[n % 2]) for n in range(9)]
    return write(tmp_path / "few", rows, 3)


class Failing(InThisProcess):
    """The same engine, of which tasks fail.

    fails: tells of a pass and a part whether it fails. The first pass looks which images there are.
    """

    def __init__(self, fails=lambda a_pass, part: False):
        self.passes, self._fails = 0, fails

    def each(self, work, common, tasks):
        self.passes += 1
        yield from super().each(work, common, tasks)

    def done(self, work, common, task):
        if self.passes > 1 and self._fails(self.passes, task):
            return Failed(f"part {task} is gone")
        return super().done(work, common, task)


def told(found):
    """All that a user is told: as text, as JSON, and the detector."""
    if isinstance(found, Advice):
        return to_text(*advice_parts(found, [], None)), advice_json(found), found.detector
    return to_text(*rescue_parts(found, [], None)), rescue_json(found), found.best and found.best.detector


def of_the_whole(source, name, images="none", **options):
    """What `advise` says of the data set; for detectors without anchors, what the command `advise` says."""
    detector = load_detector(name)
    if detector.anchors.levels:
        return told(advise(anchoraudit.audit(str(source), detector, images=images), **options))
    return told(rescue(read(str(source)), detector, **options))


def of_parts(source, name, engine=None, **options):
    reading = InParts(source, engine=engine or InThisProcess())
    advised = advise_partitions if load_detector(name).anchors.levels else rescue_partitions
    return told(advised(reading, name, **options))


class TestAgainstTheWhole:
    @pytest.mark.parametrize("name", WITH_ANCHORS + WITHOUT)
    def test_tables(self, shards, name):
        assert of_parts(shards, name) == of_the_whole(shards, name)

    @pytest.mark.parametrize(
        ("folder", "name"),
        [
            *(("coco", "mmdet-atss"), ("coco", "rt-detr")),
            *(("voc", "yolov5"), ("voc", "ultralytics-yolo11")),
        ],
    )
    def test_sample_data(self, folder, name):
        source = f"sample_data/{folder}"
        whole = of_the_whole(source, name, images="header")
        assert of_parts(source, name, images="header") == whole

    @pytest.mark.parametrize("name", ["reference", "ultralytics-yolo11"])
    def test_coco_in_pieces(self, name):
        source = "sample_data/coco"
        with pieces_of(16):
            assert of_parts(source, name, images="header") == of_the_whole(source, name, images="header")

    @pytest.mark.parametrize(
        ("name", "folder"),
        [
            *(("yolov5", "coco38"), ("torchvision-fcos_resnet50_fpn", "coco38")),
            *(("yolov5", "bccd/BCCD"), ("ultralytics-yolo11", "bccd/BCCD")),
        ],
    )
    def test_real_data(self, shared, name, folder):
        """Annotations of COCO, in pieces of some 120 boxes, in another order of images; and VOC's files."""
        source = shared / "data" / folder
        with pieces_of(120):
            found = of_parts(source, name, images="header")
        assert found == of_the_whole(source, name, images="header")

    def test_samples_of_large_data(self, shards, monkeypatch):
        """Anchors come from some boxes only: the same ones, although files cut images."""
        monkeypatch.setattr("anchoraudit.advice.usable.SIZES", 20)
        monkeypatch.setattr("anchoraudit.partitions.advising.SIZES", 20)
        monkeypatch.setattr("anchoraudit.advice.usable.MOST_BOXES", 25)
        monkeypatch.setattr("anchoraudit.partitions.advising.MOST_BOXES", 25)
        whole = {seed: of_the_whole(shards, "reference", seed=seed) for seed in (0, 3)}
        assert whole[0] != whole[3]
        assert {seed: of_parts(shards, "reference", seed=seed) for seed in (0, 3)} == whole

    def test_options(self, shards):
        options = {"batch_sizes": (3, 5), "drop_difficult": True, "loader": "none"}
        whole = told(advise(str(shards), "yolov5", **options))
        assert of_parts(shards, "yolov5", **options) == whole
        name = "torchvision-fcos_resnet50_fpn"
        whole = told(rescue(read(str(shards)), load_detector(name), loader="none", tile=200, overlap=0.5))
        assert "tiles of 200 px, overlap 0.5" in whole[0]
        assert of_parts(shards, name, loader="none", tile=200, overlap=0.5) == whole


@pytest.mark.parametrize(
    "name", ["reference", "ultralytics-yolo11-8.3", "torchvision-retinanet_resnet50_fpn"]
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=4))
def test_any_rows_in_any_files(files, name):
    folder = Path(tempfile.mkdtemp())
    try:
        for number, rows in enumerate(files):
            table = pa.Table.from_pylist(rows, SCHEMA).drop_columns(["split"])
            parquet.write_table(table, folder / f"part-{number}.parquet")
        assert of_parts(folder, name) == of_the_whole(folder, name)
    finally:
        shutil.rmtree(folder)


@given(
    groups=st.lists(st.lists(st.sampled_from([0.25, 0.5, 0.7, 1.0, 1.25]), max_size=5), max_size=5),
    last=st.lists(st.floats(0.01, 4), min_size=1, max_size=9),
    order=st.randoms(use_true_random=False),
)
def test_scales_add_up_in_any_order_and_have_the_median_of_all(groups, last, order):
    parts = [Scales.of(np.array(own), np.ones(len(own), dtype=np.int64)) for own in (*groups, last)]
    order.shuffle(parts)
    total = sum(parts[1:], parts[0])
    every = [scale for own in (*groups, last) for scale in own]
    assert (total.median, total.least) == (float(np.median(every)), min(every))


class AnyAnswers:
    """Boxes on which each detector leaves what is drawn for it, whatever it is."""

    number, empty = 100, 9

    def __init__(self, left):
        self._left = left

    def sizes(self, detector):
        return np.ones((1, 2))  # from which no anchors can be clustered

    def leaves(self, questions):
        return [self._leaves(question.detector, question.of) for question in questions]

    def _leaves(self, detector, of):
        text = repr((detector.border, detector.match.positive, detector.match.force, detector.resize))
        left, more = self._left[sum(map(ord, text)) % len(self._left)]
        return (left if of is Of.EMPTY else left + more), 0


@settings(max_examples=10)
@given(left=st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, 0, 1, 5])), min_size=1, max_size=40))
def test_looking_ahead_changes_nothing(left):
    """Also where an image that is not empty now becomes so, and where answers are known too late."""
    reference, boxes = load_detector("reference"), AnyAnswers(left)
    with (
        mock.patch.object(Variants, "foreground", lambda _: []),
        mock.patch("anchoraudit.advice.variants.MOST_TRIED", 60),
    ):
        one_by_one, ahead = Variants(reference, boxes), InRounds(reference, boxes)
        assert one_by_one.cheapest() == ahead.cheapest()


class TestPasses:
    def test_a_part_is_read_once_a_pass(self, shards, monkeypatch):
        numbers = []
        own = TableParts.read

        def counted(self, piece, *rest):
            numbers.append(piece.number)
            return own(self, piece, *rest)

        monkeypatch.setattr(TableParts, "read", counted)
        engine = Failing()
        of_parts(shards, "reference", engine)
        looked = 1
        assert numbers == [2, 1, 0] * (engine.passes - looked)
        assert engine.passes - looked <= 6
        numbers.clear()
        engine = Failing()
        of_parts(shards, "ultralytics-yolo11", engine)
        assert len(numbers) == 2 * 3

    def test_where_nothing_is_to_be_done_one_is_enough(self, tmp_path):
        rows = [(f"{n}.jpg", 960, 720, "cat", 400.0, 360.0, 474.0, 509.0) for n in range(9)]
        source, engine = write(tmp_path / "fine", rows, 3), Failing()
        text, _, _ = of_parts(source, "reference", engine)
        assert "Nothing to fix" in text
        assert engine.passes == 2  # the first looks which classes there are

    def test_progress_is_told(self, shards):
        heard = []
        reading = InParts(
            shards, engine=InThisProcess(), progress=lambda what, done, of: heard.append((what, done, of))
        )
        rescue_partitions(reading, "ultralytics-yolo11")
        assert heard[:3] == [("looking", n, 3) for n in range(1, 4)]
        assert heard[3:] == 2 * [("asking parts", n, 4) for n in range(1, 5)]  # and the images that are cut


class TestPartsThatCannotBeRead:
    @pytest.mark.parametrize("name", ["reference", "ultralytics-yolo11"])
    def test_the_others_are_advised_on(self, small, tmp_path, name):
        others = tmp_path / "others"
        others.mkdir()
        for file in small.iterdir():
            if file.name != "part-1.parquet":
                shutil.copy(file, others)
        (small / "part-1.parquet").write_bytes(b"PAR1 cut off")
        reading = InParts(small, engine=InThisProcess())
        advised = advise_partitions if name == "reference" else rescue_partitions
        found = advised(reading, name)
        assert len(found.not_read) == 1
        assert "part-1.parquet: cannot be read as Parquet" in found.not_read[0]
        told_of_it = json.loads(told(found)[1])
        assert told_of_it["notes"][-1] == found.not_read[0]
        assert told_of_it["rows"] == json.loads(of_parts(others, name)[1])["rows"]

    @pytest.mark.parametrize("name", ["reference", "ultralytics-yolo11"])
    def test_one_that_is_gone_between_two_passes(self, small, tmp_path, name):
        """All begins anew without it: nothing of it is in the answer."""
        once = of_parts(small, name, Failing(lambda a_pass, part: part == 1))
        engine = Failing(lambda a_pass, part: part == 1 and a_pass > 2)
        assert of_parts(small, name, engine) == once
        assert "part 1 is gone" in once[1]

    def test_none_can_be_read(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"no")
        with pytest.raises(AnchorauditError, match="cannot be read as Parquet"):
            advise_partitions(tmp_path, "yolov5")

    def test_all_are_gone_between_two_passes(self, small):
        with pytest.raises(AnchorauditError, match="part 0 is gone"):
            of_parts(small, "reference", Failing(lambda a_pass, part: a_pass > 2))


class TestCommandLine:
    @pytest.mark.parametrize(
        ("engine", "detector", "form"),
        [
            *(("local", "yolov5", "text"), ("local", "torchvision-fcos_resnet50_fpn", "json")),
            pytest.param("dask", "mmdet-atss", "text", marks=needs_dask),
        ],
    )
    def test_all_forms_say_what_the_whole_says(self, small, tmp_path, engine, detector, form):
        words = ["advise", small, "--detector", detector, "--output-format", form]
        own = run(*words, "--engine", engine, "--workers", "2", cwd=tmp_path)
        whole = run(*words, cwd=tmp_path)
        assert own.returncode == whole.returncode == 0
        assert " ".join(own.stdout.replace("\\\n", " ").split()).replace(
            f" --engine {engine} --workers 2", ""
        ) == " ".join(whole.stdout.replace("\\\n", " ").split())
        assert own.stderr == whole.stderr

    def test_the_commands_that_it_names_work(self, few_sizes, tmp_path):
        done = run("advise", few_sizes, "--memory", "2G", cwd=tmp_path)
        told_to = " ".join(done.stdout.replace("\\\n", " ").split())
        commands = [part.split() for part in told_to.split(" anchoraudit ")[1:]]
        assert [words[0] for words in commands] == ["advise", "scan"]
        assert "--memory" in commands[0] and "--memory" in commands[1]
        writing = commands[0][: commands[0].index("advised.toml") + 1]
        written = run(*writing, "--output-format", "json", cwd=tmp_path)
        assert written.returncode == 0
        confirmed = run(*commands[1], "--output-format", "json", "--exit-zero", cwd=tmp_path)
        assert confirmed.returncode == 0
        best = json.loads(written.stdout)["best"]
        verdicts = json.loads(confirmed.stdout)["summary"]["verdicts"]
        assert verdicts["empty_foreground"] == best["empty"] - best["blank"] == 0

    def test_a_part_that_cannot_be_read(self, few_sizes, tmp_path):
        (few_sizes / "part-1.parquet").write_bytes(b"PAR1 cut off")
        for detector in ("reference", "torchvision-fcos_resnet50_fpn"):
            done = run("advise", few_sizes, "--engine", "local", "--detector", detector, cwd=tmp_path)
            assert done.returncode == 0
            said = "".join(done.stdout.split())  # a long path goes to lines of its own
            assert "note:notread:" in said and "part-1.parquet" in said
        for file in few_sizes.iterdir():
            file.write_bytes(b"PAR1 cut off")
        done = run("advise", few_sizes, "--engine", "local", cwd=tmp_path)
        assert done.returncode == 2
        assert "part-0.parquet: cannot be read as Parquet" in done.stderr

    @pytest.mark.parametrize("words", [["--report", "r.html"], ["--output-format", "html", "-o", "r.html"]])
    def test_a_report_needs_the_whole(self, small, tmp_path, words):
        done = run("advise", small, "--engine", "local", *words, cwd=tmp_path)
        assert done.returncode == 2
        assert "a report needs the whole data set at once" in done.stderr
        assert not (tmp_path / "r.html").exists()

    def test_tiles_with_anchors(self, small, tmp_path):
        done = run("advise", small, "--engine", "local", "--tile", "320", cwd=tmp_path)
        assert done.returncode == 2
        assert "--tile is for detectors without anchors" in done.stderr

    def test_what_does_not_fit_into_memory(self, tmp_path, monkeypatch, capfd):
        shards = write(tmp_path / "shards", drawn(60), 3)
        monkeypatch.setattr("anchoraudit.formats._ALWAYS_TRIED", 0)
        monkeypatch.setattr("anchoraudit.formats.table._SMALL", 0)
        monkeypatch.setattr("anchoraudit.formats.available", lambda: 1_000)
        assert run_here(["advise", str(shards), "--detector", "torchvision-fcos_resnet50_fpn"]) == 0
        said = capfd.readouterr()
        assert "read part by part, as by --engine local" in said.err
        assert "--engine local" in said.out
