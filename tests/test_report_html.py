"""The HTML report: what is in it, and in headless Chromium that it works and asks nobody anything."""

import json
import re
from importlib import util
from pathlib import Path

import numpy as np
import pytest

import anchoraudit
from anchoraudit.advice.rescue import rescue
from anchoraudit.advice.trainability import BEST_KNOWN, FACTORS, best_known, trainability
from anchoraudit.auditing import distributions
from anchoraudit.dataset import drift
from anchoraudit.dataset.parts import of_images
from anchoraudit.detectors import load_detector
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import NEVER, has
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import html
from anchoraudit.report.html import gallery, report_html
from anchoraudit.report.html.figures import figures
from anchoraudit.report.html.page import script_json
from anchoraudit.report.html.remedies import remedies
from anchoraudit.report.html.thumbnails import Thumbnails
from tests import browser, mutants, originals
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE

HOSTILE = '<img src=x onerror="window.pwned=1">\u2028</script><!--\''


@pytest.fixture(scope="module")
def sample():
    return anchoraudit.audit(SAMPLE / "coco")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Names of files, classes, splits and folders that are markup."""
    root = tmp_path_factory.mktemp("data") / "<b>data"
    files = {}
    for split, first in (("train", 1), ("val<i>", 4)):
        images = [image(first + n, file_name=f"{HOSTILE}{n}.jpg".replace("/", "")) for n in range(3)]
        boxes = [annotation(first, first, [4, 4, 3, 3]), annotation(first + 1, first + 1)]
        named = document(images, boxes)
        named["categories"] = [{"id": 1, "name": HOSTILE}, {"id": 2, "name": f"{HOSTILE} %{{x}}"}]
        files[f"annotations/instances_{split}.json"] = named
    return make(root, files)


def data_of(page):
    """What the page's script is given."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


def text_of(page):
    """The page without scripts and styles."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


# What is in the page


@pytest.fixture(scope="module")
def page(sample):
    """The report of the sample data, as if it were made in 1970."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "0")
        return "".join(report_html(sample, options=["--drop-difficult"]))


def test_it_is_one_page_with_all_parts(page):
    text = text_of(page)
    for part in ("summary", "map", "gallery", "plots", "findings"):
        assert f'id="{part}"' in text
    assert "19 of 26 images would train without foreground" in text
    assert "--drop-difficult" in text
    assert len(page) < 12_000_000


def test_nothing_is_loaded_from_anywhere(page):
    text = text_of(page)
    assert not re.search(r"<(link|iframe|object|embed)\b|\ssrc=|url\(", text)
    assert re.findall(r'href="([^#][^"]*)"', text) == []
    assert "default-src 'none'" in text


def test_every_plot_has_a_sentence_that_names_its_images_and_a_table(sample):
    drawn = list(figures(sample))
    ids = "sizes best classes per-image centres image-sizes together resize chance drift"
    assert [figure.id for figure in drawn] == ids.split()
    for figure in drawn:
        assert re.match(r"(All|Each|Split) ", figure.sentence), figure.sentence
        assert figure.table.rows
        assert {len(row) for row in figure.table.rows} == {len(figure.table.head)}


@pytest.mark.parametrize(
    ("name", "part"),
    {
        "reference": "reaches the threshold, 0.5: 60.6 % of",
        "torchvision-retinanet_resnet50_fpn": "only the best anchor is positive, by force.",
        "mmdet-faster_rcnn_fpn": "by force if it reaches 0.3.",
        "mmdet-atss": "Each box has a threshold of its own",
        "yolov3-darknet": "The anchor most like a box trains it",
    }.items(),
)
def test_what_a_threshold_means(name, part):
    drawn = {figure.id: figure for figure in figures(anchoraudit.audit(SAMPLE / "coco", name))}
    assert part in drawn["best"].sentence


def test_plots_do_not_grow_with_the_data(tmp_path):
    random = np.random.default_rng(0)
    boxes = np.column_stack([random.uniform(0, 800, (10_000, 2)), random.uniform(1, 150, (10_000, 2))])
    listed = [annotation(n, 1 + n % 50, row) for n, row in enumerate(boxes.round(1).tolist(), 1)]
    root = make(tmp_path, {"a.json": document([image(n) for n in range(1, 51)], listed)})
    result = anchoraudit.audit(root / "a.json", images="none")
    assert len(json.dumps([figure.plot() for figure in figures(result)])) < 250_000
    shown = gallery.gallery(result, [])["images"]
    assert max(len(one["boxes"]) for one in shown) == 60
    assert {one["of"] for one in shown} == {200}


def test_without_a_detector_there_are_findings_and_images_with_errors():
    result = anchoraudit.audit(SAMPLE / "coco", None)
    page = "".join(report_html(result))
    assert "Images with errors" in page
    assert {figure.id for figure in figures(result)} == {
        *("classes", "per-image", "centres", "image-sizes", "together", "drift")
    }
    assert [one["name"] for one in data_of(page)["images"]] == ["cropped_away.jpg"]


def test_a_detector_with_points(hostile):
    result = anchoraudit.audit(hostile, "mmdet-fcos", images="none", loader="none")
    data = data_of("".join(report_html(result)))
    assert {one["verdict"] for one in data["images"]} == {"empty_foreground", "blank"}
    assert any(point[2] == 2 for one in data["images"] for point in one["points"])


def test_names_with_markup_stay_text(hostile):
    page = "".join(report_html(anchoraudit.audit(hostile, images="none")))
    text = text_of(page)
    assert "<img" not in text
    assert "<b>data" not in text
    assert page.count("</script>") == 3  # the data, Plotly, and the page's own
    plots = json.dumps(data_of(page)["plots"])
    assert "&lt;img" in plots
    assert "<img" not in plots


def test_json_in_a_script_cannot_leave_it():
    written = script_json(["</script><!--", "\u2028", "a & b"])
    assert not re.search("[<>&\u2028]", written)
    assert json.loads(written) == ["</script><!--", "\u2028", "a & b"]


def test_the_same_data_make_the_same_page(sample, page, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert "".join(report_html(sample, options=["--drop-difficult"])) == page
    assert "1970-01-01" in page


# The first mutant of each kind of data.
@pytest.mark.parametrize("name", {name.partition(":")[0]: name for name in mutants.names(8)[::-1]}.values())
def test_a_report_on_broken_data_is_whole_or_absent(here, name):
    mutant = mutants.make(name)
    originals.lay(mutant.files, here)
    options = next((command for command in mutant.commands if command[0] == "scan"), ["scan", "ds"])[2:]
    if "--output-format" in options:
        place = options.index("--output-format")
        del options[place : place + 2]
    code = run("scan", "ds", *options, "-q", "--report", "report.html")
    assert code in (0, 1, 2)
    assert (code < 2) == (here / "report.html").exists()
    if code < 2:
        page = (here / "report.html").read_text("utf-8")
        assert page.endswith("</html>")
        assert data_of(page)["plots"]


# The images


def test_some_of_each_are_shown(sample):
    shown = gallery.gallery(sample, [], most=9)["images"]
    verdicts = [one["verdict"] for one in shown]
    assert len(shown) == 9
    assert set(verdicts) == {"empty_foreground", "unknown", "no_usable_box", "blank"}
    assert verdicts == sorted(verdicts, key=["empty_foreground", "unknown", "no_usable_box", "blank"].index)


def test_flagged_images_come_before_others_with_lost_boxes(sample):
    found = gallery.gallery(sample, [])
    assert (found["flagged"], found["others"]) == (20, 1)
    assert found["images"][-1]["why"] == "1 of 4 boxes is never trained: 1 small"
    assert found["images"][0]["command"] == f"anchoraudit explain 9 {SAMPLE / 'coco'}"


def test_boxes_that_the_loader_drops_are_shown(tmp_path):
    boxes = [
        annotation(1, area=9),
        annotation(2, bbox=[9, 9, 0.4, 90], area=9),
        annotation(3, iscrowd=1, area=9),
    ]
    root = make(tmp_path, {"a.json": document([image()], boxes)})
    (one,) = gallery.gallery(anchoraudit.audit(root / "a.json", "mmdet-faster_rcnn_fpn"), [])["images"]
    assert one["why"] == "1 of 3 boxes is never trained: 1 dropped by the loader"
    assert [box["status"] for box in one["boxes"]] == ["matched", "unusable", "unusable"]


def test_an_image_whose_id_is_not_its_own_is_explained_with_its_split(tmp_path):
    empty = document([image(1)], [annotation(1, 1, [1, 1, 5, 5])])
    files = {f"annotations/instances_{split}.json": empty for split in ("train", "val")}
    result = anchoraudit.audit(make(tmp_path, files), images="none")
    commands = [one["command"] for one in gallery.gallery(result, [])["images"]]
    assert [text.split()[-1] for text in commands] == ["train", "val"]


def test_the_best_anchor_is_where_explain_has_it(sample):
    from anchoraudit.advice.explain import explain

    shown = gallery.gallery(sample, [])["images"]
    one = next(image for image in shown if image["name"] == "kittens_far_away.jpg")
    explained = explain(sample.dataset, sample.dataset.images.file_names.index("kittens_far_away.jpg"))
    scale = explained.canvas[0] / one["width"]
    for box, other in zip(one["boxes"], explained.boxes, strict=True):
        assert [round(value * scale, 0) for value in box["best"]] == [round(v, 0) for v in other.best_anchor]


def test_a_picture_that_cannot_be_made_is_left_out(tmp_path):
    make(tmp_path, {"good.jpg": (64, 48), "bad.jpg": b"no picture"})
    maker = Thumbnails(2)
    assert maker.of(tmp_path / "good.jpg", 64, 48).startswith("data:image/jpeg;base64,/9j/")
    assert maker.of(tmp_path / "bad.jpg", 64, 48) == ""
    assert maker.of(tmp_path / "good.jpg", 1e5, 1e5) == ""
    assert maker.of(tmp_path / "good.jpg", np.nan, np.nan) == ""
    assert maker.of(None, 64, 48) == ""


# Numbers


def test_sizes_count_every_usable_box(sample):
    found = distributions.sizes(sample)
    never = int(np.count_nonzero(has(sample.box_results.status, *NEVER)))
    assert (found.boxes, found.never, len(found.lost)) == (33, never, never)
    assert int(found.counts.sum()) == 33 - never
    assert found.octaves[:, 1:].sum(axis=0).tolist() == [33, never]


def test_input_sizes_are_compared_with_plain_counting():
    result = anchoraudit.audit(SAMPLE / "coco", "yolov5", loader="none")
    found = distributions.resize_impact(result)
    assert [one.factor for one in found.sizes] == [0.25, 0.375, 0.5, 0.625, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4]
    own = next(one for one in found.sizes if one.factor == 1)
    boxes = result.net_boxes(np.flatnonzero(result.box_results.usable))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert own.below == tuple(np.mean(area < limit) for limit in distributions.AREAS)
    points = np.arange(4.0, 640.0, 8.0)  # the middles of cells of stride 8
    inside = [
        np.any((points > x1) & (points < x2)) and np.any((points > y1) & (points < y2))
        for x1, y1, x2, y2 in boxes.tolist()
    ]
    assert own.pointless == 1 - np.mean(inside)


def test_the_map_agrees_with_the_audit(sample):
    detectors = [sample.detector, load_detector("mmdet-faster_rcnn_fpn")]
    found = trainability(sample.original, detectors, files=sample.image_files)
    own = found.rows[0].cells[FACTORS.index(1.0)]
    assert (own.boxes, found.boxes) == (20, 33)
    assert own.why == {"small": 7, "edge": 6, "large": 3, "elongated": 3, "stride": 1}
    assert own.images == 14
    other = anchoraudit.audit(SAMPLE / "coco", "mmdet-faster_rcnn_fpn")
    plain = sample.labels.usable
    handed = plain & other.labels.usable
    never = int(np.count_nonzero(handed & has(other.box_results.status, *NEVER)))
    mmdet = found.rows[1].cells[FACTORS.index(1.0)]
    assert found.rows[1].loader == "mmdet-coco"
    assert sum(mmdet.why.get(cause, 0) for cause in CAUSES) == never
    assert mmdet.boxes == never + int(np.count_nonzero(plain & ~other.labels.usable))


def test_what_the_loader_drops_and_what_stops_the_framework_is_lost(tmp_path):
    sides = [(1, [400, 360, 74, 149]), (1, [400, 360, 0.4, 90]), (2, [10, 10, 0.0, 5]), (2, [9, 9, 80, 90])]
    boxes = [annotation(n, of, box, area=100) for n, (of, box) in enumerate(sides, 1)]
    root = make(tmp_path, {"a.json": document([image(1), image(2)], boxes)})
    names = ["torchvision-fasterrcnn_resnet50_fpn", "mmdet-faster_rcnn_fpn"]
    found = trainability(anchoraudit.read(root / "a.json"), [load_detector(name) for name in names])
    raises, drops = (row.cells[FACTORS.index(1.0)] for row in found.rows)
    assert found.boxes == 3
    assert raises.why == {"the framework stops": 1}  # the box without area is in image 2
    assert (raises.images, raises.worst[0].row) == (1, 1)
    assert drops.why == {"not handed over": 1}


def test_eight_detectors_stand_beside_the_present_one():
    assert best_known(load_detector("yolov5"))[0].name == "yolov5"
    assert len(best_known(load_detector("yolov5"))) == len(best_known(load_detector("reference"))) == 9
    assert len(best_known(None)) == 8
    assert len(set(BEST_KNOWN)) == len(BEST_KNOWN)


def test_a_part_of_a_data_set_is_judged_as_in_the_whole(sample):
    rows = np.array([20, 3, 11, 7])
    part = anchoraudit.audit(of_images(sample.original, rows), images="none")
    assert part.image_results.verdict.tolist() == sample.image_results.verdict[rows].tolist()
    assert VERDICTS[int(part.image_results.verdict[0])] == "ok"


def test_drift_of_numbers_and_of_classes(tmp_path):
    def split(first, sides, category):
        images = [image(first + n) for n in range(len(sides))]
        boxes = [
            {**annotation(first + n, first + n, [9, 9, side, side]), "category_id": category}
            for n, side in enumerate(sides)
        ]
        categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
        return {**document(images, boxes), "categories": categories}

    files = {
        "annotations/instances_train.json": split(1, [10, 20, 30, 40], 1),
        "annotations/instances_val.json": split(11, [10, 20, 300, 400], 2),
    }
    found = {one.name: one for one in drift.drifts(anchoraudit.read(make(tmp_path, files)), [(0, 1)])}
    assert found["box size"].figure == 0.5
    assert found["classes"].figure == 1.0
    assert found["boxes per image"].figure == 0.0
    assert found["classes"].typical == ("cat 100.0 %", "cat 0.0 %")
    assert found["box size"].is_by_chance
    assert list(found) == list(drift.PROPERTIES)


def test_remedies_of_a_detector_with_points(tmp_path):
    found = remedies(rescue(anchoraudit.read(SAMPLE / "coco"), load_detector("yolox")), [])
    assert (found.sentence, found.table) == (
        "Nothing to fix: every usable box can be trained at its own place.",
        None,
    )
    boxes = [annotation(1, area=9), annotation(2, bbox=[4, 4, 3, 3], area=9)]
    root = make(tmp_path, {"a.json": document([image()], boxes)})
    found = remedies(rescue(anchoraudit.read(root / "a.json"), load_detector("mmdet-fcos")), ["--split", "a"])
    assert found.sentence.startswith("Recommended: ")
    assert found.table.rows[0][:3] == ("as it is", "0", "1")
    assert any("--split a" in command for _, command in found.commands)


# The command line


@pytest.mark.parametrize("command", ["scan", "compare", "advise"])
def test_a_file_that_is_no_html_is_refused(here, capsys, command):
    assert run(command, SAMPLE / "coco", "--report", "report.txt") == 2
    assert "report.txt: the report is an HTML file" in capsys.readouterr().err
    assert not (here / "report.txt").exists()


def test_a_missing_package_is_said_with_the_command_that_installs_it(here, capsys, monkeypatch):
    monkeypatch.setattr(html, "find_spec", lambda name: None if name == "plotly" else util.find_spec(name))
    assert run("scan", SAMPLE / "coco", "--report", "report.html") == 2
    error = capsys.readouterr().err
    assert "the HTML report needs plotly\n  Run: pip install 'anchoraudit[report]'" in error


def test_scan_writes_the_report_beside_its_text(here, capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run("scan", SAMPLE / "coco", "--report", "report.html") == 1
    printed = capsys.readouterr()
    assert "19 of 26 images" in printed.out
    assert "report.html" in printed.err
    assert run("scan", SAMPLE / "coco", "--output-format", "html", "-o", "other.html", "-q") == 1
    assert (here / "report.html").read_bytes() == (here / "other.html").read_bytes()


def test_two_outputs_need_two_files(here, capsys):
    assert run("scan", SAMPLE / "coco", "--report", "a.html", "--output-format", "html", "-o", "a.html") == 2
    assert "two outputs would go to this file" in capsys.readouterr().err


def test_advise_and_compare_add_their_parts(here, capsys):
    assert run("advise", SAMPLE / "coco", "--output-format", "html", "-o", "advice.html") == 0
    text = text_of((here / "advice.html").read_text("utf-8"))
    assert "Recommended: 12 anchors clustered." in text
    assert "--write-detector advised.toml" in text
    make(
        here, {"own.toml": (Path(html.__file__).parents[2] / "detectors/presets/reference.toml").read_text()}
    )
    named = ["--detector", "yolov5", "--detector", "own.toml"]
    assert run("compare", SAMPLE / "coco", *named, "--output-format", "html", "-o", "compared.html") == 0
    page = (here / "compared.html").read_text("utf-8")
    assert 'id="compared"' in page
    rows = data_of(page)["map"]["rows"]
    assert [row["name"] for row in rows] == ["yolov5", "reference"]
    assert rows[1]["cells"][2]["command"].endswith("--detector own.toml")
    assert run("compare", SAMPLE / "coco", "--loaders", "--report", "x.html") == 2
    assert "a report is about detectors" in capsys.readouterr().err


# In a browser


@pytest.fixture(scope="module")
def opened(page, hostile, tmp_path_factory):
    """Opens a report in Chromium: that of the sample data, or that with hostile names."""
    if browser.find() is None:
        pytest.skip("REPORT NOT TESTED IN A BROWSER: there is no Chromium (apt-get install chromium)")
    folder = tmp_path_factory.mktemp("reports")
    (folder / "sample.html").write_text(page, "utf-8")
    audit = anchoraudit.audit(hostile, images="none")
    (folder / "hostile.html").write_bytes("".join(report_html(audit)).encode("utf-8", "backslashreplace"))
    with browser.Page() as shown:

        def open_(name):
            shown.errors.clear()
            shown.requests.clear()
            shown.open(folder / f"{name}.html")
            return shown

        yield open_


def test_no_error_no_request_and_every_plot_is_drawn(opened):
    page = opened("sample")
    assert page.errors == []
    assert [url.rpartition("/")[2] for url in page.requests if not url.startswith("data:")] == ["sample.html"]
    count = "(plot) => plot.querySelectorAll('.plot-container').length"
    assert page.run(f"[...document.querySelectorAll('.plot')].map({count})") == [1] * 10


def test_filters_and_search(opened):
    page = opened("sample")
    count = "document.getElementById('count').textContent"
    cards = "document.querySelectorAll('#cards article').length"
    assert (page.run(count), page.run(cards)) == ("21 of 21 matching images shown", 21)

    def choose(name, value):
        page.run(
            f"(() => {{ const form = document.getElementById('filters'); "
            f"form.elements[{name!r}].value = {value!r}; form.dispatchEvent(new Event('input')); }})()"
        )
        return page.run(cards)

    assert choose("verdict", "blank") == 3
    assert choose("split", "val") == 1
    assert choose("verdict", "") == 6
    assert choose("split", "") == 21
    assert choose("cause", "edge") == 5
    assert choose("class", "cat_ear") == 1
    assert choose("search", "nothing like it") == 0
    assert page.run(count) == "No image matches these filters."
    page.run("document.querySelector('#filters button[type=reset]').click()")
    page.wait(f"{cards} === 21")
    assert choose("search", "KITTENS_FAR") == 1
    assert "explain 9" in page.run("document.querySelector('#cards .command').textContent")
    page.run("document.querySelector('#cards .frame').click()")
    assert page.run("document.getElementById('large').open") is True
    assert page.errors == []


def test_cells_of_the_map_say_which_and_why(opened):
    page = opened("sample")
    detail = "document.getElementById('map-detail').textContent"
    assert page.run(detail).startswith("reference at 960x72020 of 33 boxes (60.6 %)")
    page.run('document.querySelector(\'.cell[data-row="2"][data-cell="5"]\').click()')
    assert page.run(detail).startswith("yolov5 at 1920")
    assert "--detector yolov5 --input-size 1920" in page.run(detail)
    cell = "document.querySelector('.cell b').textContent"
    boxes = page.run(cell)
    page.run("document.querySelector('input[value=image]').click()")
    assert page.run(cell) != boxes


def test_names_with_markup_stay_text_in_the_browser(opened):
    page = opened("hostile")
    assert page.errors == []
    assert page.run("window.pwned") is None
    assert page.run("document.querySelectorAll('main img, main b b, main i').length") == 0
    assert "<img src=x" in page.run("document.querySelector('#cards h3').textContent")
    assert "<img src=x" in page.run("document.querySelector('#plot-classes').textContent")


CONTRAST = """(() => {
  const part = (value) => value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function rgb(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }
  function behind(element) {
    for (let at = element; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found[3] > 200) return found;
    }
    return [255, 255, 255];
  }
  const low = new Set();
  for (const element of document.querySelectorAll("main *, nav *, footer *")) {
    if (element.closest("svg, .plot, [hidden]")) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return [...low];
})()"""


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_phone_and_dark_and_that_text_stands_out(opened, width, scheme):
    page = opened("sample")
    try:
        page.prefer(scheme)
        page.resize(width)
        assert page.run("document.documentElement.scrollWidth") <= width
        ink = page.run("getComputedStyle(document.body).color")
        assert (ink == "rgb(230, 237, 243)") == (scheme == "dark")
        text = "document.querySelector('#plot-sizes .xtick text').style.fill"
        page.wait(f"{text} === {ink!r}")
        assert page.errors == []
        assert page.picture()[:4] == b"\x89PNG"
        # Text stands out from what is behind it at least 4.5 to 1, as WCAG 2.1 asks (1.4.3).
        assert page.run(CONTRAST) == []
    finally:
        page.prefer("light")
        page.resize(1280)


def test_everything_has_a_name_for_who_cannot_see_it(opened):
    page = opened("sample")
    parts = "[...document.querySelectorAll('button, select, input, [role=img], [role=region]')]"
    named = "part.textContent.trim() || part.getAttribute('aria-label') || part.labels?.length"
    assert page.run(f"{parts}.filter((part) => !({named})).length") == 0
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("document.querySelectorAll('h1').length") == 1
    assert page.run("document.querySelectorAll('figure.plot-card table').length") == 10
