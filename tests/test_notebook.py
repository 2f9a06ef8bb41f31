"""Results at a prompt, in a notebook and as plots; and advice and comparisons of whatever can be audited."""

import re
import typing

import numpy as np
import pandas as pd
import pytest

import anchoraudit
from anchoraudit import AnchorauditError, advise, audit, compare, read
from anchoraudit.advice import advise as advising
from anchoraudit.auditing.asked import asked
from anchoraudit.auditing.audit import Counts, Summary
from anchoraudit.detectors import preset_names
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import notebook
from anchoraudit.report.plots import _display, display_of, plot_names
from tests.builders import GOOD
from tests.test_readme import ROOT

CAT = [GOOD[0], GOOD[1], GOOD[0] + GOOD[2], GOOD[1] + GOOD[3]]
ENTRY = {"width": 960, "height": 720, "boxes": [CAT], "labels": ["cat"]}
FRAME = pd.DataFrame(
    [dict(zip(("image_id", "label", "x1", "y1", "x2", "y2"), ("a", "cat", *CAT), strict=True))]
).assign(width=960, height=720)
HOSTILE = "<b>$\\x\n</td>" * 40
EVIL = {"width": 960, "height": 720, "boxes": [CAT], "labels": [HOSTILE], "split": HOSTILE}


@pytest.fixture(scope="module")
def sample():
    return audit("sample_data/coco")


@pytest.fixture(scope="module")
def results(sample):
    """One of each kind of result, of ordinary data and of data whose names are hostile."""
    evil = read([{**EVIL, "labels": [f"{i}{HOSTILE}"]} for i in range(30)])
    judged = audit(evil, loader="none")
    row = advising.Row("present", HOSTILE, 1, 1, 1, 1, 1, 1, 1, ())
    return [
        sample.dataset,
        sample,
        audit("sample_data/coco", None),
        compare(sample, ["reference", "yolov5"]),
        compare(evil, preset_names()[:10]),
        advise([ENTRY]),
        advising.Advice(judged, [row] * 40, row),
        advising.Advice(judged, [row], None, None, row),
        evil,
        judged,
    ]


def test_a_repr_fits_a_screen(results):
    for result in results:
        lines = repr(result).splitlines()
        assert 1 < len(lines) <= notebook.MOST_LINES
        assert max(map(len, lines)) <= 110
    assert repr(results[1]).splitlines()[1].strip().startswith("19 of 26 images would train without")


def test_parts_of_results_have_a_short_repr_too(sample):
    with_loader = audit("sample_data/coco", "yolov5")
    for part in (
        sample.dataset.images,
        sample.dataset.boxes,
        sample.image_results,
        sample.box_results,
        sample.labels,
        sample.findings,
        sample.classes,
        sample.image_files,
        sample.plot,
        sample.detector,
        with_loader.loaded,
        with_loader.admitted,
    ):
        assert len(repr(part)) < 300, type(part)


def test_html_holds_names_as_text(results):
    for result in results:
        html = result._repr_html_()
        assert html.startswith("<div") and html.endswith("</div>")
        assert "<b>" not in html and "<script" not in html and "http" not in html
        assert len(html) < 30_000
        for tag in ("div", "table", "td", "th", "span", "tr"):
            assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>"), tag
    assert "empty_foreground 14" in results[1]._repr_html_()


def test_an_empty_data_set_can_be_shown():
    nothing = audit(read([]))
    assert "0 images" in repr(nothing) and "0 images" in nothing._repr_html_()
    for name in ("sizes", "classes", "centres", "best_iou", "boxes_per_image", "image_sizes", "verdicts"):
        display_of(name).of(nothing)


def test_the_keys_of_a_summary_are_those_that_its_type_has(sample):
    summary = sample.summary()
    assert set(summary) == set(typing.get_type_hints(Summary))
    assert set(STATUSES[1:]) < set(typing.get_type_hints(Counts))
    for counts in summary["splits"].values():
        assert set(counts) == set(typing.get_type_hints(Counts))
    assert list(summary["verdicts"]) == list(VERDICTS)
    assert list(summary["causes"]) == list(CAUSES)


@pytest.mark.parametrize(
    "source", [[ENTRY], FRAME, read([ENTRY]), audit([ENTRY], rules=anchoraudit.Chosen(ignore=("ALL",)))]
)
def test_what_can_be_audited_can_be_compared_and_advised_on(source):
    (found,) = compare(source, "reference")
    assert found.statuses["matched"] == 1
    advice = advise(source)
    assert not advice.needed
    assert advice.audit.detector.name == "reference"
    assert audit(source).summary()["matched"] == 1


def test_an_audit_brings_its_settings():
    """Its detector, its loader and its policy, unless others are named."""
    difficult = [{**ENTRY, "difficult": [True]}]
    judged = audit(difficult, "yolov5", loader="mmdet-coco", drop_difficult=True)
    about = asked(judged)
    assert (about.detector.name, about.loader, about.drop_difficult) == ("yolov5", "mmdet-coco", True)
    assert about.dataset is judged.original
    about = asked(judged, "mmdet-retinanet_fpn")
    assert (about.detector.name, about.loader) == ("mmdet-retinanet_fpn", None)
    assert asked(audit(difficult, loader="none")).loader == "none"
    assert asked(audit(difficult)).loader is None
    assert asked(audit(difficult, None)).detector is None
    assert asked(judged, loader="none").loader == "none"
    assert advise(judged).audit.labels.reasons() == {"difficult": 1}


def test_what_cannot_be_advised_on_is_said():
    with pytest.raises(AnchorauditError, match="cannot read a data set from None"):
        advise(None)
    with pytest.raises(AnchorauditError, match="Did you mean yolov5"):
        compare([ENTRY], ["yolov55"])


def test_a_comparison_is_a_sequence_and_a_table(sample):
    found = compare(sample, ["reference", "yolov5"])
    assert (
        [one.detector for one in found] == ["reference", "yolov5"] == [found[0].detector, found[-1].detector]
    )
    assert len(found[1:]) == 1
    assert found.frame()["unmatched"].tolist() == [20, 0]


# Plots


@pytest.fixture
def plots():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


OF_POINTS = {"candidates"}


@pytest.mark.parametrize("name", plot_names())
def test_every_plot_draws_on_new_axes_and_on_given_ones(name, plots):
    """Of ordinary data, and of classes whose names are no words."""
    detector = "torchvision-fcos_resnet50_fpn" if name in OF_POINTS else "reference"
    result = audit([ENTRY, {**EVIL, "boxes": [[1, 1, 3, 3]]}], detector)
    display = getattr(result.plot, name)()
    assert display.figure_ is display.ax_.figure
    assert display.ax_.get_title()
    figure, axes = plots.subplots()
    same = display_of(name).from_audit(result, ax=axes)
    assert same.ax_ is axes and same.figure_ is figure
    same.plot(axes)
    figure.savefig("/dev/null", format="svg")


def test_plots_hold_what_they_show(plots):
    small = {**ENTRY, "boxes": [CAT, [1, 1, 3, 3]], "labels": ["cat", "dog"]}
    result = audit([ENTRY, small, {**ENTRY, "boxes": [], "labels": []}])
    assert result.plot.verdicts().counts == {"ok": 2, "blank": 1}
    assert result.plot.causes().counts == {"small": 1}
    assert result.plot.sizes().sizes.tolist() == [[74, 149], [74, 149], [2, 2]]
    assert result.plot.sizes().cause.tolist() == ["", "", "small"]
    classes = result.plot.classes(most=1)
    assert (classes.names, classes.boxes.tolist(), classes.images.tolist()) == (["cat"], [2], [2])
    assert classes.left_out == 1 and "1 class " in classes.ax_.get_xlabel()
    assert result.plot.boxes_per_image().values.tolist() == [1, 2, 0]
    assert result.plot.image_sizes().images.tolist() == [3]
    assert result.plot.centres(label="dog", bins=2).counts.tolist() == [[1, 0], [0, 0]]
    assert result.plot.cooccurrence().images.tolist() == [[2, 1], [1, 1]]
    assert np.round(result.plot.best_iou().values, 2).tolist() == [0.86, 0.86, 0.0]


def test_a_plot_without_numbers_says_which_one_has_them(plots):
    with pytest.raises(AnchorauditError, match=r"best_iou\(\) shows"):
        audit([ENTRY]).plot.candidates()
    with pytest.raises(AnchorauditError, match=r"candidates\(\) shows"):
        audit([ENTRY], "torchvision-fcos_resnet50_fpn").plot.best_iou()
    with pytest.raises(AnchorauditError, match="no class 'cot'"):
        audit([ENTRY]).plot.centres(label="cot")
    with pytest.raises(AnchorauditError, match="has no detector"):
        audit([ENTRY], None).plot.sizes()


def test_a_plot_that_does_not_exist_is_named(sample):
    with pytest.raises(AttributeError, match="Did you mean sizes"):
        _ = sample.plot.size
    with pytest.raises(AnchorauditError, match="Choose one of: best_iou"):
        display_of("nothing")


def test_without_matplotlib_the_command_that_installs_it_is_named(sample, monkeypatch):
    monkeypatch.setattr(_display, "find_spec", lambda name: None)
    with pytest.raises(AnchorauditError, match=r"pip install 'anchoraudit\[plot\]'"):
        sample.plot.verdicts()


def test_the_page_lists_every_plot_and_every_public_name():
    page = (ROOT / "docs" / "python.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \|", page.partition("## Plots")[2], re.M)
    assert listed == plot_names()
    assert [name for name in anchoraudit.__all__ if not re.search(rf"\b{name}\b", page)] == []
