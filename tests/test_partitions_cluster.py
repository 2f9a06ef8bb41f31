"""Anchors from a histogram of sizes: as good as those from all boxes, whatever the order of the parts."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import AnchorauditError, audit_partitions, load_detector, measure_fit, merge
from anchoraudit.anchors.clustered import cluster_sizes, network_sizes
from anchoraudit.partitions.clustering import network_sizes_of
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.sizes import SizeHistogram, clustered
from tests.test_partitions import drawn, run, write

pytest.importorskip("pyarrow")


def lognormal(count, sigma, seed):
    rng = np.random.default_rng(seed)
    width = np.exp(rng.normal(4, sigma, count))
    return np.column_stack([width, width * np.exp(rng.normal(0, 0.4, count))])


SETS = {
    "wide": lognormal(20_000, 1.2, 1),
    "narrow": lognormal(1_500, 0.3, 2),
    "whole pixels": np.maximum(np.rint(lognormal(10_000, 1.0, 3) / 4), 1),
    "few sizes": np.random.default_rng(4).choice(lognormal(30, 1.0, 4), 3_000),
    "two that are alike": np.repeat([[100.0, 50.0], [100.3, 50.0], [20.0, 80.0]], 50, axis=0),
}


class TestAgainstAllBoxes:
    @pytest.mark.parametrize(
        ("name", "k"),
        [*(("wide", 3), ("narrow", 5), ("whole pixels", 3)), *(("few sizes", 9), ("two that are alike", 3))],
    )
    def test_the_mean_iou_is_that_of_all_boxes(self, name, k):
        sizes = SETS[name]
        histogram = SizeHistogram.of(sizes)
        exact = cluster_sizes(sizes, k).fit.mean_iou
        found = [clustered(histogram, k, seed=seed) for seed in (0, 1)]
        best = max(found, key=lambda one: one.fit.mean_iou)
        reached = measure_fit(sizes, best.anchors).mean_iou
        assert reached > exact - 1e-4
        assert best.fit.mean_iou == pytest.approx(reached, abs=1e-4)

    def test_few_boxes_are_counted_one_by_one(self):
        sizes = np.array([[10.0, 20.0], [10.0, 20.0], [30.5, 40.0]])
        histogram = SizeHistogram.of(sizes)
        assert histogram.mean.tolist() == [[10.0, 20.0], [30.5, 40.0]]
        assert histogram.count.tolist() == [2, 1]

    def test_weights_are_boxes(self):
        sizes = np.array([[10.0, 20.0], [30.0, 40.0], [90.0, 20.0]])
        weight = np.array([3.0, 1.0, 2.0])
        every = np.repeat(sizes, weight.astype(int), axis=0)
        for k in (1, 2, 3):
            assert cluster_sizes(sizes, k, weight=weight) == cluster_sizes(every, k)

    def test_weights_of_another_length(self):
        with pytest.raises(ValueError, match="weight: expected shape"):
            measure_fit([[1, 1]], [[1, 1]], weight=[1, 2])


class TestMerging:
    @given(
        st.lists(st.tuples(*[st.floats(1e-3, 1e5)] * 2), min_size=1, max_size=60),
        st.lists(st.integers(0, 60), max_size=3),
        st.integers(1, 20),
    )
    def test_any_division_gives_the_same_bins(self, sizes, cuts, most):
        every = np.array(sizes)
        limits = [0, *sorted(min(cut, len(every)) for cut in cuts), len(every)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("anchoraudit.partitions.sizes.MOST", most)
            whole = SizeHistogram.of(every)
            parts = [SizeHistogram.of(every[a:b]) for a, b in pairwise(limits)]
            forward = backward = SizeHistogram.none()
            for part, other in zip(parts, reversed(parts), strict=True):
                forward, backward = forward + part, other + backward
        assert forward.to_builtins() == backward.to_builtins() == whole.to_builtins()
        assert SizeHistogram.from_builtins(whole.to_builtins()).to_builtins() == whole.to_builtins()
        assert int(whole.count.sum()) == len(every)
        assert len(whole.codes) <= most or whole.fineness == 0


class TestFromParts:
    @pytest.mark.parametrize("detector", ["yolov5", "torchvision-retinanet_resnet50_fpn"])
    def test_the_sizes_are_those_of_the_whole(self, tmp_path, detector):
        source = write(tmp_path / "in", drawn(120), 5)
        found = network_sizes_of(InParts(source), load_detector(detector), loader="none")
        sizes = network_sizes(anchoraudit.read(source), load_detector(detector))
        assert found.sizes.to_builtins() == SizeHistogram.of(sizes).to_builtins()
        assert found.tally is None

    def test_of_a_merged_audit(self, tmp_path):
        whole = merge(audit_partitions(write(tmp_path / "in", drawn(120), 5), "reference", loader="none"))
        found = whole.cluster(5, seed=3)
        assert len(found.anchors) == 5
        assert found.fit.boxes == whole.summary()["usable"]

    def test_without_a_detector(self, tmp_path):
        whole = merge(audit_partitions(write(tmp_path / "in", drawn(9), 1), None))
        with pytest.raises(AnchorauditError, match="has no detector"):
            whole.cluster(3)

    def test_what_the_loader_did_is_added_up(self, tmp_path):
        source = write(tmp_path / "in", drawn(120), 5)
        detector = load_detector("yolov5")
        found = network_sizes_of(InParts(source), detector)
        from anchoraudit.loaders import load_as

        loaded = load_as(anchoraudit.read(source), "yolov5", detector=detector)
        assert found.tally is not None
        assert found.tally.of == loaded.tally.of
        assert sorted(found.tally.sentences()[0]) == sorted(loaded.sentences()[0])


class TestCommandLine:
    def test_it_says_what_the_whole_says(self, tmp_path):
        source = write(tmp_path / "in", drawn(120), 5)
        words = ("cluster", source, "--k", "6", "--output-format", "json")
        parts = json.loads(run(*words, "--engine", "local", cwd=tmp_path).stdout)
        whole = json.loads(run(*words, cwd=tmp_path).stdout)
        assert parts["boxes"] == whole["boxes"]
        assert parts["mean_iou"] == pytest.approx(whole["mean_iou"], abs=1e-4)
        assert parts["present"]["mean_iou"] == pytest.approx(whole["present"]["mean_iou"], abs=1e-4)
        assert parts["present"]["anchors"] == whole["present"]["anchors"]

    def test_files_of_anchors_and_for_frameworks(self, tmp_path):
        source = write(tmp_path / "in", drawn(60), 3)
        done = run("cluster", source, "--engine", "local", "-o", "anchors.toml", cwd=tmp_path)
        assert done.returncode == 0
        assert run("scan", source, "--anchors", "anchors.toml", "--exit-zero", cwd=tmp_path).returncode == 0
        shown = run("cluster", source, "--memory", "4G", "--k", "6", "--for", "yolov5", cwd=tmp_path)
        assert "anchors:\n  - [" in shown.stdout

    def test_what_needs_the_whole(self, tmp_path):
        source = write(tmp_path / "in", drawn(9), 1)
        done = run("cluster", source, "--engine", "local", "--objective", "foreground", cwd=tmp_path)
        assert done.returncode == 2
        assert "--objective foreground needs the whole data set at once" in done.stderr
