"""What is said of files and folders that are no data set: short, about what is there, and with a way out."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import format_names, formats, read
from anchoraudit.formats._unrecognised import unrecognised
from anchoraudit.formats._unrecognised.known import by_content
from anchoraudit.formats._unrecognised.nearest import nearest
from anchoraudit.formats._unrecognised.outline import JSON, TEXT, example_outline, outline_of
from tests.builders import make, run

IMAGE = (64, 48)
BOX = {"x": 0.1, "y": 0.1, "x2": 0.2, "y2": 0.2, "label": "cat"}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"
PREDICTION = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
TASK = {"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": [{"type": "choices"}]}]}


def refused(path, **options):
    """The lines of the refusal, none of them long."""
    with pytest.raises(AnchorauditError) as raised:
        read(path, **options)
    lines = str(raised.value).replace(f"{path.parent}/", "").splitlines()
    assert len(lines) <= 8 and max(map(len, lines)) <= 102, lines
    return lines


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("r.json", [PREDICTION], "COCO results: predictions with a score, not labels"),
        ("r.odgt", '{"ID": "1", "dtboxes": []}\n{"ID": "2", "dtboxes": []}\n', "results for CrowdHuman"),
        ("r.json", '{"ID": "1", "dtboxes": []}\n{"ID": "2", "dtboxes": []}\n', "results for CrowdHuman"),
        ("det.txt", "1,-1,10,20,30,40,0.9,-1,-1,-1\n", "detections of MOTChallenge"),
        ("a.json", {"type": "localization", "annotations": {"a.jpg": [BOX]}}, "IBM Cloud Annotations"),
        ("info.labels", {"version": 1, "files": [{"path": "a", "boundingBoxes": []}]}, "Edge Impulse"),
        ("p.json", {"name": "p", "assets": {}, "tags": []}, "a VoTT project"),
        ("p.vott", "{}", "a VoTT project"),
        ("output.manifest", '{"source-ref": "s3://b/a.jpg"}\n', "a SageMaker manifest"),
        ("train.tfrecord-00000-of-00010", b"\0", "TFRecord"),
        ("_classes.csv", "filename, cat\na.jpg, 1\n", "classes of whole images"),
        ("train.pkl", b"\x80\4", "never opened, because that may run code"),
        ("a.json.gz", b"\x1f\x8b", "a compressed file; only tables"),
        *((name, POINTER, "a Git LFS pointer") for name in ("a.json", "a.csv", "a.txt", "a.xml", "a.jsonl")),
        *((name, PAGE, "a web page (HTML)") for name in ("a.json", "a.csv", "a.txt", "a.xml")),
        ("a.json", b"\0\5\x16\7\0\2\0\0Mac OS X        ", "(AppleDouble)"),
    ],
)
def test_what_is_no_data_set_is_named(tmp_path, name, content, words):
    lines = refused(make(tmp_path / "ds", {name: content}) / name)
    assert words in " ".join(lines[:2]) and lines[-1].endswith(".")
    assert "not valid JSON" not in lines[0]


def test_tasks_without_rectangles_hold_no_boxes():
    """Whether or not a reader takes them, so not by way of one."""
    found = outline_of(json.dumps([TASK]).encode(), JSON)
    assert "without boxes (no `rectanglelabels`)" in by_content(Path("export.json"), found).words
    drawn = [{**TASK, "annotations": [{"result": [{"type": "rectanglelabels"}]}]}]
    assert by_content(Path("export.json"), outline_of(json.dumps(drawn).encode(), JSON)) is None


def test_a_folder_is_described(tmp_path):
    pictures = {f"{name}.jpg": IMAGE for name in "abc"}
    root = make(tmp_path / "ds", {"train.pkl": b"\x80\4", "x/y.txt": "a b", **pictures})
    assert refused(root) == [
        "ds: no data set recognised",
        "  It holds 3 .jpg, 1 .pkl.",
        "  Below: x/ (1 .txt).",
        "  train.pkl: a file of Python or NumPy objects, which is never opened, because that may run code.",
        "  x/y.txt: a text that begins `a b`.",
        "  Save the annotations as COCO JSON, or as a table (.csv, .parquet).",
    ]


def test_pointers_are_counted(tmp_path):
    root = make(tmp_path / "ds", {f"labels/{number}.txt": POINTER for number in range(12)})
    assert (
        "  labels/0.txt: a Git LFS pointer in place of the file, as 12 *.txt of its folder are."
        in refused(root)
    )


def known(**examples):
    """Formats of which nothing is known but a JSON file as an example."""
    made = {
        name: SimpleNamespace(EXAMPLE=json.dumps(one), EXAMPLE_PATH="a.json")
        for name, one in examples.items()
    }
    return {**made, "other": SimpleNamespace()}


def test_the_nearest_format_and_what_it_lacks(tmp_path):
    box = {"label": "cat", "coordinates": {"x": 1, "y": 2, "width": 3, "height": 4}}
    ones = known(createml=[{"image": "a.jpg", "annotations": [box]}], of_names={"a.jpg12": {"boxes": []}})
    odd = {"label": "cat", "bbox": [1, 2, 3, 4]}
    files = {"labels.json": [{"image": "b.jpg", "annotations": [odd]}], "b.json": {"a": 1}}
    lines = str(unrecognised(make(tmp_path / "ds", files), ones)).splitlines()
    words = "labels.json: a JSON list of objects with `image`, `annotations`. Like createml, but without"
    assert lines[2].strip() == words
    assert lines[3].strip() == "`coordinates` (anchoraudit formats show createml)."
    assert lines[4].strip() == "b.json: a JSON object with `a`."
    by_name = make(tmp_path, {"c.json": {"b.png": {"boxes": [1]}, "c.png": {}}}) / "c.json"
    assert "It looks like of_names." in str(unrecognised(by_name, ones))


def test_a_better_folder_is_named(tmp_path):
    root = make(tmp_path / "ds", {"a/b/c/images/a.jpg": IMAGE, "a/b/c/labels/a.txt": "0 .5 .5 .1 .1\n"})
    said = " ".join(map(str.strip, refused(root / "a/b/c/labels")))
    assert said.endswith("a/b/c instead: it looks like yolo (images/ beside labels/).")
    said = " ".join(map(str.strip, refused(root)))
    assert said.endswith("a/b instead: it looks like yolo (images/ beside labels/ in c).")
    image = root / "a/b/c/images/a.jpg"
    assert refused(image)[1] == "  It is an image."


def test_a_chosen_format_says_what_it_looks_for(tmp_path):
    root = make(tmp_path / "ds", {"images/a.jpg": IMAGE, "labels/a.txt": "0 .5 .5 .1 .1\n"})
    lines = refused(root, format="voc")
    assert (
        lines[0] == "ds: no data set recognised as voc"
        and lines[-1] == "  It looks like yolo: leave out --format."
    )
    assert any("voc is recognised by: XML files in Annotations/" in line for line in lines)


def test_only_images(tmp_path):
    root = make(tmp_path / "ds", {"images/a.jpg": IMAGE, "masks/a.png": IMAGE})
    assert any("Boxes are not made from masks" in line for line in refused(root))


def test_broken_files_keep_their_own_words(tmp_path):
    make(tmp_path, {"a.json": '{"images": [}', "b.json": "", "lines.json": '{"a": 1}\n{"a": 2}\n'})
    assert "not valid JSON: unexpected '}'" in refused(tmp_path / "a.json")[0]
    assert "the file is empty" in refused(tmp_path / "b.json")[0]
    assert refused(tmp_path / "lines.json")[1] == "  Give the file the suffix .jsonl."


def test_no_value_of_a_file_controls_the_terminal_or_makes_a_line_long(tmp_path, capsys):
    hostile = {"\x1b[31m" + "x" * 5000: 1, "\n::error::": 2}
    rows = ",".join(f"c{number}" for number in range(9999))
    make(tmp_path / "ds", {"a.json": hostile, "b.csv": rows, "c\n::error::.txt": "\x1b[31m" * 99})
    for path in ("ds", "ds/a.json", "ds/b.csv"):
        assert run("scan", tmp_path / path) == 2
        said = capsys.readouterr().err
        assert "\x1b" not in said and "\n::" not in said and len(said.splitlines()) <= 8


def test_what_every_format_is_nearest_to_is_itself(tmp_path):
    """The outline of an example has all that the example has."""
    for name in format_names():
        module = formats()[name]
        found = example_outline(module.EXAMPLE_PATH, module.EXAMPLE)
        if found is not None and found.syntax != TEXT:
            assert nearest(found, {name: module}).lacks == (), json.dumps(module.EXAMPLE)
