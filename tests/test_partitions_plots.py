"""Plots and next steps of an audit in parts: of what adds up, the same as of the whole."""

import numpy as np
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, Partial, audit_partitions, merge
from anchoraudit.report.plots import display_of, plot_names
from tests.test_partitions import drawn, run, write

pytest.importorskip("pyarrow")

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
            behind = ("see", "find", "drop", "fix", "--limit")  # what the next line begins with
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
