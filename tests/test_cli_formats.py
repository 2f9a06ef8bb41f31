"""`anchoraudit formats`: the list and the pages are made from what each format's module says of itself."""

import json
import re

import pytest

from anchoraudit import formats
from tests.builders import run


@pytest.fixture(autouse=True)
def _here(here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def output(capsys, *words):
    capsys.readouterr()
    assert run(*words) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_every_format_is_a_row(capsys):
    text = output(capsys, "formats")
    names = formats.format_names()
    assert re.findall(rf"^({'|'.join(names)})  ", text, re.M) == names
    assert f"Formats ({len(names)})" in text and max(map(len, text.splitlines())) <= 100
    assert output(capsys, "formats", "list") == text


def test_json_is_a_list_of_what_show_gives(capsys):
    listed = json.loads(output(capsys, "formats", "--output-format", "json"))
    assert [one["name"] for one in listed] == formats.format_names()
    shown = json.loads(output(capsys, "formats", "show", "voc", "--output-format", "json"))
    assert shown == next(one for one in listed if one["name"] == "voc")
    assert shown["page"] == "docs/formats.md#pascal-voc"
    assert shown["title"] == "Pascal VOC" and shown["example"]["JPEGImages/a.jpg"] == [640, 480]


def test_one_format(capsys):
    text = output(capsys, "formats", "show", "YOLO")
    assert text.startswith("YOLO: a text file of labels for each image")
    assert "\nchosen with    --format yolo\n" in text
    assert "\nlabels/train/a.txt\n    0 0.09375 0.09375 0.15625 0.10416667\n" in text
    assert "\nimages/train/a.jpg  an image of 640x480\n" in text


def test_the_list_fits_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    text = output(capsys, "formats")
    assert "recognised by" in text and max(map(len, text.splitlines())) <= 50


def test_into_a_file(capsys, here):
    assert output(capsys, "formats", "show", "coco", "-o", "coco.txt") == ""
    assert '"images": [{"id": 1' in (here / "coco.txt").read_text()


def test_one_that_does_not_exist(capsys):
    assert run("formats", "show", "x" * 300) == 2
    assert "`anchoraudit formats` lists them." in capsys.readouterr().err
