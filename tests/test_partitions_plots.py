"""Plots and next steps of an audit in parts: of what adds up, the same as of the whole."""

from pathlib import Path

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, Partial, audit_partitions, merge
from anchoraudit.partitions.partial import WORST
from anchoraudit.report.plots import display_of, plot_names
from anchoraudit.report.text.parts_steps import after_scan_in_parts
from anchoraudit.report.words import flagged, is_flagged
from tests.test_partitions import drawn, run, write

pytest.importorskip("pyarrow")

SAMPLES = Path(__file__).parent.parent / "sample_data"
OF_SUMS = {"sizes", "classes", "verdicts", "causes"}


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "shards", drawn(120), 5)


@pytest.fixture(scope="module")
def whole(shards):
    return merge(audit_partitions(shards, "reference"))


class TestNumbers:
    @pytest.mark.parametrize("name", ["verdicts", "causes"])
    def test_counts(self, shards, whole, name):
        display = display_of(name)
        expected = display.of(anchoraudit.audit(str(shards), images="none"))
        assert display.of_parts(whole).counts == expected.counts

    def test_classes(self, shards, whole):
        display = display_of("classes")
        expected = display.of(anchoraudit.audit(str(shards), images="none"), most=2)
        found = display.of_parts(Partial.from_json(whole.to_json()), most=2)
        assert found.names == expected.names
        assert found.left_out == expected.left_out
        for name in ("boxes", "trained", "usable", "images"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()

    def test_sizes(self, shards, whole):
        expected = display_of("sizes").of(anchoraudit.audit(str(shards), images="none"))
        found = display_of("sizes").of_parts(whole)
        assert int(found.count.sum()) == len(expected.sizes)
        assert found.anchors.tolist() == expected.anchors.tolist()
        mean = np.average(found.sizes, axis=0, weights=found.count)
        assert mean == pytest.approx(expected.sizes.mean(axis=0), abs=1e-3)

    def test_others_say_what_they_need(self, whole):
        for name in set(plot_names()) - OF_SUMS:
            with pytest.raises(AnchorauditError, match=f"the plot {name} needs all images and boxes at once"):
                display_of(name).of_parts(whole)

    def test_without_a_detector(self, shards):
        data = merge(audit_partitions(shards, None))
        assert display_of("classes").of_parts(data).names
        for name in OF_SUMS - {"classes"}:
            with pytest.raises(AnchorauditError, match="has no detector"):
                display_of(name).of_parts(data)


def test_they_are_drawn(whole):
    pytest.importorskip("matplotlib")
    for name in OF_SUMS:
        display = getattr(whole.plot, name)()
        assert display.ax_.get_title()
    with pytest.raises(AttributeError, match="no plot 'size'"):
        whole.plot.size()


class TestNextSteps:
    def test_every_command_that_a_scan_names_works(self, shards, tmp_path):
        done = run("scan", shards, "--engine", "local", "--detector", "reference", cwd=tmp_path)
        told = " ".join(done.stdout.replace("\\\n", " ").split())
        commands = ["anchoraudit" + part for part in told.split(" anchoraudit")[1:]]
        names = [command.split()[1] for command in commands]
        assert names == ["advise", "compare", "cluster", "filter"]
        for command in commands:
            words = command.split()[1:]
            behind = ("see", "find", "drop", "fix", "or", "--limit")  # what the next line begins with
            end = next((i for i, word in enumerate(words) if word in behind), len(words))
            own = words[:end]
            if own[0] == "compare":
                own += ["--detector", "yolov5"]
            own += ["--ignore", "BOX017"] if own[0] == "filter" else []
            assert run(*own, cwd=tmp_path).returncode == 0
        assert (tmp_path / "anchors.toml").exists()

    def test_what_filter_cannot_fix(self, shards, tmp_path):
        source = write(tmp_path / "in", drawn(30), 3)
        (source / "part-1.parquet").write_bytes(b"PAR1 cut off")
        done = run("scan", source, "--engine", "local", "--detector", "reference", cwd=tmp_path)
        assert "fix by hand what filter cannot (PAR001" in done.stdout
        assert "anchoraudit filter" not in done.stdout

    def test_entries_at_which_a_framework_stops_come_first(self, tmp_path):
        rows = [("a", 640, 480, "cat", 50, 50, 10, 10), ("b", 640, 480, "cat", 100, 100, 240, 200)]
        folder = write(tmp_path / "in", rows, 2)
        whole = merge(audit_partitions(folder, "torchvision-fasterrcnn_resnet50_fpn"))
        (what, _), *_ = after_scan_in_parts(whole, [], ["--engine", "local"])
        assert what == "fix the entries that RUN005 lists, and scan again"

    def test_a_data_set_that_is_fine(self, tmp_path):
        rows = [(f"{i}", 640, 480, "cat", 100 + i, 100, 340, 300) for i in range(8)]
        folder = write(tmp_path / "in", rows, 2)
        whole = merge(audit_partitions(folder, "torchvision-retinanet_resnet50_fpn"))
        told = after_scan_in_parts(whole, ["--detector", "x"], ["--engine", "local"])
        guard = f"anchoraudit scan {folder} --detector x --engine local && python train.py"
        assert told == [("every checked image has foreground; to guard a training run:", guard)]
        (folder / "part-1.parquet").write_bytes(b"PAR1 cut off")
        whole = merge(audit_partitions(folder, "torchvision-retinanet_resnet50_fpn"))
        ((what, _),) = after_scan_in_parts(whole, [], [])
        assert what.startswith("fix the findings at error level (")

    def test_a_format_that_is_one_part_is_filtered_whole(self, tmp_path):
        data = SAMPLES / "voc"
        whole = merge(audit_partitions(data, "reference"))
        commands = [told for _, told in after_scan_in_parts(whole, [], ["--engine", "local"])]
        assert f"anchoraudit filter {data} -o clean.json" in commands


class TestWorst:
    def test_each_verdict_that_a_rule_reports_has_its_worst_image(self, tmp_path):
        pixel = [(f"far-{i}", 640, 480, "cat", 3, 3, 4 + i % 3, 5) for i in range(WORST + 5)]
        never = ("never", 640, 480, "cat", 50, 50, 50, 60)
        good = ("good", 640, 480, "cat", 100, 100, 340, 300)
        folder = write(tmp_path / "in", [*pixel, never, good], 4)
        for detector, verdicts in (
            ("reference", {"empty_foreground", "no_usable_box"}),
            ("detectron2-retinanet", {"forced_only"}),
        ):
            whole = anchoraudit.audit(str(folder), detector, images="none")
            found = merge(audit_partitions(folder, detector))
            assert found.flagged == found.flagged[:WORST]
            assert all(is_flagged(image["verdict"]) for image in found.flagged)
            named: dict[str, str] = {}
            for _, image in found.worst:
                named.setdefault(image["verdict"], image["image_id"])
            assert set(named) >= verdicts
            for verdict, image in named.items():
                worst = flagged(whole, verdict)[0]
                assert image == whole.dataset.images.ids[worst]
            again = merge(reversed(list(audit_partitions(folder, detector))))
            assert again.to_json() == found.to_json()


class TestImageFiles:
    def test_that_nobody_looked_is_said(self, tmp_path):
        folder = write(tmp_path / "in", drawn(12), 2)
        (folder / "images").mkdir()
        (folder / "images" / "00003.jpg").write_bytes(b"no picture")
        done = run("scan", folder, "--engine", "local", "--image-folder", folder / "images", cwd=tmp_path)
        told = " ".join(done.stdout.split())
        assert "IMG005, IMG006, IMG007, IMG008, IMG009: image files are looked at only with --images" in told
        unseen = audit_partitions(folder, image_folder=folder / "images")
        seen = audit_partitions(folder, image_folder=folder / "images", images="header")
        assert "IMG005" in [rule.code for rule in merge(unseen).findings.not_seen]
        assert not merge(seen).findings.not_seen

    def test_without_a_folder_there_is_nothing_to_look_at(self, whole):
        assert not whole.findings.not_seen
