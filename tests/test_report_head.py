"""The head of the HTML report, which a notebook shows too: no scripts, and all names as text."""

import re

from anchoraudit import audit, read
from anchoraudit.report.html import head
from anchoraudit.report.html.head import date, facts, head_html, verdict_parts
from tests.builders import annotation, document, image, make


def test_it_says_what_matters():
    html = head_html(audit(read("sample_data/coco")))
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    assert "19 of 26 images would train without foreground (73.1 %)" in text
    assert "At batch size 2 expect 6.84 NaN steps per epoch" in text
    assert "Images by split train 19, val 7" in re.sub(r"\s+", " ", text)
    assert "<script" not in html


def test_the_bar_has_the_verdicts_that_occur():
    result = audit(read("sample_data/coco"))
    parts = verdict_parts(result)
    assert [(part.verdict, part.images) for part in parts] == [
        ("ok", 6),
        ("empty_foreground", 14),
        ("blank", 3),
        ("no_usable_box", 2),
        ("unknown", 1),
    ]
    assert round(sum(part.share for part in parts), 9) == 1


def test_without_a_detector_there_is_no_bar():
    result = audit(read("sample_data/coco"), None)
    assert verdict_parts(result) == []
    assert "aa-bar" not in re.sub(r"<style>.*?</style>", "", head_html(result), flags=re.DOTALL)


def test_names_with_markup_stay_text(tmp_path):
    folder = "<img src=x onerror=alert(1)>"
    make(tmp_path, {f"{folder}/ann.json": document([image()], [annotation()])})
    html = head_html(
        audit(tmp_path / folder / "ann.json", images="none"), [("do <b>this</b>", "run </code>")]
    )
    assert "<img" not in html
    assert "Do &lt;b&gt;this&lt;/b&gt;" in html
    assert "run &lt;/code&gt;" in html


def test_a_command_without_a_sentence_belongs_to_the_one_before():
    html = head_html(audit(read("sample_data/coco")), [("first", "a"), ("", "b")])
    assert html.count("<li><span>") == 1


def test_the_date_can_be_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert date() == "2023-11-14"
    assert facts(audit(read("sample_data/coco")))[-1][1].endswith("2023-11-14")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date())
    assert head.percent(0.0001) == "< 0.1 %"
