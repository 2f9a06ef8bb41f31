"""How much memory a COCO file takes is known before it is read, and whoever has less is told in time."""

import json

import pytest

import anchoraudit
from anchoraudit.errors import TooLargeError
from anchoraudit.formats.coco import chunks, estimates
from tests.builders import run

BOXES, IMAGES = 6_000, 1_500


@pytest.fixture(autouse=True)
def every_file_counts(monkeypatch):
    monkeypatch.setattr(estimates, "_SMALL", 0)
    monkeypatch.setattr(estimates, "_WINDOW", 4_096)
    monkeypatch.setattr("anchoraudit.formats._ALWAYS_TRIED", 0)
    monkeypatch.setattr(chunks, "WORTH_IT", 0)


def write(path, *, points=8, odd=False, **style):
    entries = [
        {
            "id": number,
            "image_id": number % IMAGES,
            "category_id": 1,
            "segmentation": [[1.5, 2.5] * points],
            "bbox": [1, 2, 30, 40],
            "iscrowd": 0,
        }
        for number in range(BOXES)
    ]
    if odd:
        entries[BOXES // 2]["bbox"][0] = "1"
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 48} for i in range(IMAGES)]
    content = {"images": images, "annotations": entries, "categories": [{"id": 1, "name": "cat"}]}
    path.write_text(json.dumps(content, **style), encoding="utf-8")
    return path


@pytest.mark.parametrize("points", [3, 100])
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 2}])
def test_entries_are_counted_by_samples(tmp_path, points, style):
    boxes, images = estimates._counts(write(tmp_path / "a.json", points=points, **style))
    assert boxes == pytest.approx(BOXES, rel=0.15)
    assert images <= IMAGES * 1.5  # less than a window may have been seen of them
    assert estimates.least_in_chunks(tmp_path / "a.json") == 270 * boxes + 200 * images


def test_what_cannot_be_read_or_is_small_takes_nothing(tmp_path, monkeypatch):
    assert estimates._counts(tmp_path / "gone.json") == (0, 0)
    assert estimates.least_in_one_piece(tmp_path / "gone.json") == 0
    monkeypatch.setattr(estimates, "_SMALL", 1 << 40)
    assert estimates.least_in_chunks(write(tmp_path / "a.json")) == 0


def test_polygons_take_no_memory(tmp_path, monkeypatch):
    """A file of twice the bytes that are free is read: a clean one is never in memory as a whole."""
    file = write(tmp_path / "a.json", points=300)
    monkeypatch.setattr("anchoraudit.formats.available", lambda: file.stat().st_size // 2)
    assert len(anchoraudit.read(file).boxes) == BOXES


def test_a_clean_file_that_is_too_large_is_scanned_in_parts(tmp_path, monkeypatch, capfd):
    file = write(tmp_path / "a.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("anchoraudit.formats.available", lambda: 1_000_000)
    with pytest.raises(TooLargeError, match=r"to read it whole takes at least 0\.0 GB, and 0\.0 GB are free"):
        anchoraudit.read(file)
    run("scan", "a.json")
    said = capfd.readouterr()
    assert "scanned part by part, as by --engine local" in said.err
    assert f"{BOXES:,} boxes" in said.out


def test_one_odd_entry_takes_more_than_is_free(tmp_path, monkeypatch, capfd):
    """Known only once the file is read. It cannot be scanned in parts either."""
    file = write(tmp_path / "a.json", points=300, odd=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("anchoraudit.formats.available", lambda: file.stat().st_size)
    with pytest.raises(TooLargeError, match="an entry of it is unusual, so it is decoded in one piece"):
        anchoraudit.read(file)
    assert run("scan", "a.json") == 2
    assert "Read it where more memory is free" in capfd.readouterr().err
    monkeypatch.setattr("anchoraudit.formats.available", lambda: 2 * file.stat().st_size)
    assert len(anchoraudit.read(file).boxes) == BOXES
